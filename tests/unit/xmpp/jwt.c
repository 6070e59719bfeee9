/*
 * Tokens: the RFCs' examples, and all that must be refused.
 *
 * The tests sign their own with OpenSSL's primitives alone, so that one thing
 * can then be made wrong. A token of the RFCs has no audience of ours: that it
 * is refused for this, and not for its signature, shows that the signature was
 * found right.
 */
#include "xmpp/jwt.h"
#include "xmpp/base64.h"
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define NOW 1700000000LL
#define GOOD "\"sub\":\"romeo\",\"aud\":\"example\",\"iss\":\"https://id.example\",\"exp\":1700000600"
#define JOE "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

static struct arena *a;
static struct jwks set;
static struct jwt said;
static struct fail why;
static EVP_PKEY *rsa, *rsa2, *p256, *p384, *ed;

static const char secret[] = "a secret that has more than thirty-two bytes";
static const char *const audiences[] = { "xmpp:example", "example", NULL };
static const struct jwt_terms terms = { .issuer = "https://id.example", .audiences = audiences, .claim = "sub", .leeway = 30 };

static int begin(void **state)
{
	a = arena_new();
	jwks_init(&set, a);
	why.text[0] = '\0';
	return 0;
}

static int end(void **state)
{
	jwks_clear(&set);
	arena_free(a);
	return 0;
}

/* --- making tokens --- */

static const char *url(const void *bytes, size_t size)
{
	char *text = base64_encode(a, bytes, size);
	for (char *p = text; *p; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
	text[strcspn(text, "=")] = '\0';
	return text;
}

static const char *encode(const char *json)
{
	return url(json, strlen(json));
}

static const char *pem_of(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	PEM_write_bio_PUBKEY(bio, key);
	long size = BIO_get_mem_data(bio, &text);
	const char *copy = arena_copy(a, text, (size_t)size);
	BIO_free(bio);
	return copy;
}

static bool add(const char *text)
{
	return jwks_add(&set, "keys", text, strlen(text), &why);
}

static const char *sign(EVP_PKEY *key, const EVP_MD *md, bool pss, const char *text)
{
	unsigned char signature[1024];
	size_t size = sizeof signature;
	EVP_PKEY_CTX *of_key;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(ctx, &of_key, md, NULL, key), 1);
	if (pss) {
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(of_key, RSA_PKCS1_PSS_PADDING), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(of_key, RSA_PSS_SALTLEN_DIGEST), 1);
	}
	assert_int_equal(EVP_DigestSign(ctx, signature, &size, (const unsigned char *)text, strlen(text)), 1);
	EVP_MD_CTX_free(ctx);
	return arena_copy(a, signature, size);
}

static const char *sign_curve(EVP_PKEY *key, const EVP_MD *md, int half, const char *text)
{
	unsigned char der[256], bare[128];
	size_t size = sizeof der;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, md, NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, der, &size, (const unsigned char *)text, strlen(text)), 1);
	EVP_MD_CTX_free(ctx);
	const unsigned char *at = der;
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &at, (long)size);
	BN_bn2binpad(ECDSA_SIG_get0_r(s), bare, half);
	BN_bn2binpad(ECDSA_SIG_get0_s(s), bare + half, half);
	ECDSA_SIG_free(s);
	return arena_copy(a, bare, (size_t)half * 2);
}

static const char *body(const char *head, const char *claims)
{
	return arena_printf(a, "%s.%s", encode(arena_printf(a, "{%s}", head)), encode(arena_printf(a, "{%s}", claims)));
}

static const char *mac_token(const char *head, const char *claims, const char *key)
{
	unsigned char mac[32];
	const char *text = body(head, claims);
	HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)text, strlen(text), mac, NULL);
	return arena_printf(a, "%s.%s", text, url(mac, sizeof mac));
}

static const char *rsa_token(EVP_PKEY *key, const char *head, const char *claims)
{
	const char *text = body(head, claims);
	return arena_printf(a, "%s.%s", text, url(sign(key, EVP_sha256(), false, text), (size_t)EVP_PKEY_get_size(key)));
}

static enum jwt_fault verdict(const char *token)
{
	return jwt_check(&said, a, &set, &terms, NOW, token);
}

static enum jwt_fault claims_verdict(const char *claims)
{
	if (!set.count)
		assert_true(jwks_add_secret(&set, "secret", secret, strlen(secret), &why));
	return verdict(mac_token("\"alg\":\"HS256\"", claims, secret));
}

/* --- the RFCs' examples --- */

static void is_found_signed(const char *key, const char *token)
{
	char *wrong = arena_string(a, token);
	assert_true(add(key));
	assert_int_equal(jwt_check(&said, a, &set, &terms, 1300819379, token), JWT_FOREIGN);
	assert_int_equal(verdict(token), JWT_EXPIRED);
	wrong[strlen(wrong) - 3] ^= 1;
	assert_int_equal(verdict(wrong), JWT_UNSIGNED);
}

static void rfc_7515_a_1_hs256(void **state)
{
	static const char token[] = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." JOE ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
	static const char k[] = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
	size_t size;
	const char *key = (const char *)base64_decode_url(a, k, strlen(k), &size);
	assert_true(jwks_add_secret(&set, "secret", key, size, &why));
	assert_int_equal(verdict(token), JWT_EXPIRED);
	assert_int_equal(jwt_check(&said, a, &set, &terms, 1300819379, token), JWT_FOREIGN);
}

static void rfc_7515_a_2_rs256(void **state)
{
	is_found_signed("{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR"
		"T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQ"
		"Y4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\",\"e\":\"AQAB\"}",
		"eyJhbGciOiJSUzI1NiJ9." JOE ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9C"
		"UAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZE"
		"Sc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw");
}

static void rfc_7515_a_3_es256(void **state)
{
	is_found_signed("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
		"eyJhbGciOiJFUzI1NiJ9." JOE ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
}

/* Its payload is no JSON: that we come to say so shows that the signature was right. */
static void rfc_8037_a_4_ed25519(void **state)
{
	static const char head[] = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.";
	static const char signature[] = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
	assert_true(add("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"));
	assert_int_equal(verdict(arena_printf(a, "%s%s", head, signature)), JWT_MALFORMED);
	assert_int_equal(verdict(arena_printf(a, "%s%s", "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmd.", signature)), JWT_UNSIGNED);
}

/* --- every algorithm --- */

static void is_good(const char *token)
{
	assert_int_equal(verdict(token), JWT_OK);
	assert_string_equal(said.name, "romeo");
	assert_int_equal(said.expires, NOW + 600);
}

static void each_algorithm_is_known_by_its_key(void **state)
{
	EVP_PKEY *const keys[] = { rsa, p256, p384, ed };
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		assert_true(add(pem_of(keys[i])));
	assert_true(jwks_add_secret(&set, "secret", secret, strlen(secret), &why));
	is_good(rsa_token(rsa, "\"alg\":\"RS256\",\"typ\":\"JWT\"", GOOD));
	is_good(mac_token("\"alg\":\"HS256\"", GOOD, secret));
	const char *text = body("\"alg\":\"PS256\"", GOOD);
	is_good(arena_printf(a, "%s.%s", text, url(sign(rsa, EVP_sha256(), true, text), 256)));
	text = body("\"alg\":\"RS512\"", GOOD);
	is_good(arena_printf(a, "%s.%s", text, url(sign(rsa, EVP_sha512(), false, text), 256)));
	text = body("\"alg\":\"ES256\",\"typ\":\"at+jwt\"", GOOD);
	is_good(arena_printf(a, "%s.%s", text, url(sign_curve(p256, EVP_sha256(), 32, text), 64)));
	text = body("\"alg\":\"ES384\"", GOOD);
	is_good(arena_printf(a, "%s.%s", text, url(sign_curve(p384, EVP_sha384(), 48, text), 96)));
	text = body("\"alg\":\"EdDSA\"", GOOD);
	is_good(arena_printf(a, "%s.%s", text, url(sign(ed, NULL, false, text), 64)));
}

/* --- who tries to choose how it is checked --- */

static void nothing_is_good_without_a_signature(void **state)
{
	assert_true(add(pem_of(rsa)));
	assert_int_equal(verdict(arena_printf(a, "%s.", body("\"alg\":\"none\"", GOOD))), JWT_MALFORMED);
	assert_int_equal(verdict(arena_printf(a, "%s.", body("\"alg\":\"None\"", GOOD))), JWT_MALFORMED);
	assert_int_equal(verdict(arena_printf(a, "%s.", body("\"alg\":\"RS256\"", GOOD))), JWT_UNSIGNED);
	assert_int_equal(verdict(body("\"alg\":\"RS256\"", GOOD)), JWT_MALFORMED);
	assert_int_equal(verdict(arena_printf(a, "%s.AAAA", body("\"alg\":\"RS256\"", GOOD))), JWT_UNSIGNED);
}

/* The public key, which everybody has, is no secret. */
static void a_public_key_is_no_secret(void **state)
{
	assert_true(add(pem_of(rsa)));
	assert_int_equal(verdict(mac_token("\"alg\":\"HS256\"", GOOD, pem_of(rsa))), JWT_UNSIGNED);
}

static void a_key_has_its_algorithms(void **state)
{
	assert_true(add(pem_of(p256)));
	const char *text = body("\"alg\":\"ES384\"", GOOD);
	assert_int_equal(verdict(arena_printf(a, "%s.%s", text, url(sign_curve(p256, EVP_sha384(), 48, text), 96))), JWT_UNSIGNED);
	text = body("\"alg\":\"ES256\"", GOOD);
	assert_int_equal(verdict(arena_printf(a, "%s.%s", text, url(sign_curve(p256, EVP_sha256(), 32, text), 63))), JWT_UNSIGNED);
	static const unsigned char zeros[64];
	assert_int_equal(verdict(arena_printf(a, "%s.%s", text, url(zeros, 64))), JWT_UNSIGNED);         /* CVE-2022-21449 elsewhere */
}

static const char *jwk_of(EVP_PKEY *key, const char *more)
{
	BIGNUM *n = NULL;
	unsigned char bytes[512];
	assert_int_equal(EVP_PKEY_get_bn_param(key, "n", &n), 1);
	int size = BN_bn2bin(n, bytes);
	BN_free(n);
	return arena_printf(a, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"%s}", url(bytes, (size_t)size), more);
}

static void a_key_is_chosen_by_its_name(void **state)
{
	assert_true(add(arena_printf(a, "{\"keys\":[%s,%s]}", jwk_of(rsa, ",\"kid\":\"one\",\"alg\":\"RS256\""), jwk_of(rsa2, ",\"kid\":\"two\",\"use\":\"sig\""))));
	assert_int_equal(set.count, 2);
	is_good(rsa_token(rsa, "\"alg\":\"RS256\",\"kid\":\"one\"", GOOD));
	is_good(rsa_token(rsa2, "\"alg\":\"RS256\",\"kid\":\"two\"", GOOD));
	is_good(rsa_token(rsa2, "\"alg\":\"RS256\"", GOOD));
	assert_int_equal(verdict(rsa_token(rsa, "\"alg\":\"RS256\",\"kid\":\"two\"", GOOD)), JWT_UNSIGNED);
	assert_int_equal(verdict(rsa_token(rsa, "\"alg\":\"RS256\",\"kid\":\"three\"", GOOD)), JWT_UNSIGNED);
	assert_int_equal(verdict(rsa_token(rsa, "\"alg\":\"RS256\",\"kid\":1", GOOD)), JWT_MALFORMED);
	const char *text = body("\"alg\":\"RS512\",\"kid\":\"one\"", GOOD);
	assert_int_equal(verdict(arena_printf(a, "%s.%s", text, url(sign(rsa, EVP_sha512(), false, text), 256))), JWT_UNSIGNED);     /* its alg says RS256 */
}

static void headers_that_must_be_understood_are_refused(void **state)
{
	assert_true(add(pem_of(rsa)));
	assert_int_equal(verdict(rsa_token(rsa, "\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false", GOOD)), JWT_MALFORMED);
	assert_int_equal(verdict(rsa_token(rsa, "\"alg\":\"RS256\",\"typ\":\"logout+jwt\"", GOOD)), JWT_MALFORMED);
	assert_int_equal(verdict(rsa_token(rsa, "\"alg\":\"RS256\",\"alg\":\"RS256\"", GOOD)), JWT_MALFORMED);
	assert_int_equal(verdict(rsa_token(rsa, "\"alg\":7", GOOD)), JWT_MALFORMED);
	is_good(rsa_token(rsa, "\"alg\":\"RS256\",\"jwk\":{\"kty\":\"RSA\"},\"jku\":\"https://evil.example\"", GOOD));       /* not looked at */
	assert_int_equal(verdict(rsa_token(rsa2, arena_printf(a, "\"alg\":\"RS256\",\"jwk\":%s", jwk_of(rsa2, "")), GOOD)), JWT_UNSIGNED);
}

/* --- claims --- */

static void times_count_with_leeway(void **state)
{
	assert_int_equal(claims_verdict("\"sub\":\"x\",\"aud\":\"example\",\"iss\":\"https://id.example\",\"exp\":1699999971"), JWT_OK);
	assert_int_equal(claims_verdict("\"sub\":\"x\",\"aud\":\"example\",\"iss\":\"https://id.example\",\"exp\":1699999970"), JWT_EXPIRED);
	assert_int_equal(claims_verdict("\"sub\":\"x\",\"aud\":\"example\",\"iss\":\"https://id.example\",\"exp\":1699999970.9"), JWT_EXPIRED);
	assert_int_equal(claims_verdict(GOOD ",\"nbf\":1700000030"), JWT_OK);
	assert_int_equal(claims_verdict(GOOD ",\"nbf\":1700000031"), JWT_EARLY);
	assert_int_equal(claims_verdict(GOOD ",\"nbf\":\"1\""), JWT_MALFORMED);
	assert_int_equal(claims_verdict("\"sub\":\"x\",\"aud\":\"example\",\"iss\":\"https://id.example\""), JWT_MALFORMED);
	assert_int_equal(claims_verdict("\"sub\":\"x\",\"aud\":\"example\",\"iss\":\"https://id.example\",\"exp\":\"1700000600\""), JWT_MALFORMED);
	assert_int_equal(claims_verdict("\"sub\":\"x\",\"aud\":\"example\",\"iss\":\"https://id.example\",\"exp\":1e300"), JWT_MALFORMED);
}

static void issuer_and_audience_must_be_ours(void **state)
{
	assert_int_equal(claims_verdict("\"sub\":\"x\",\"exp\":1700000600,\"iss\":\"https://id.example\",\"aud\":[\"a\",\"xmpp:example\"]"), JWT_OK);
	assert_int_equal(claims_verdict("\"sub\":\"x\",\"exp\":1700000600,\"iss\":\"https://id.example\",\"aud\":[\"a\",\"b\"]"), JWT_FOREIGN);
	assert_int_equal(claims_verdict("\"sub\":\"x\",\"exp\":1700000600,\"iss\":\"https://id.example\",\"aud\":[]"), JWT_FOREIGN);
	assert_int_equal(claims_verdict("\"sub\":\"x\",\"exp\":1700000600,\"iss\":\"https://id.example\",\"aud\":\"example2\""), JWT_FOREIGN);
	assert_int_equal(claims_verdict("\"sub\":\"x\",\"exp\":1700000600,\"iss\":\"https://id.example\""), JWT_FOREIGN);
	assert_int_equal(claims_verdict("\"sub\":\"x\",\"exp\":1700000600,\"iss\":\"https://id.example/\",\"aud\":\"example\""), JWT_FOREIGN);
	assert_int_equal(claims_verdict("\"sub\":\"x\",\"exp\":1700000600,\"aud\":\"example\""), JWT_FOREIGN);
	assert_int_equal(claims_verdict(GOOD ",\"cnf\":{\"jkt\":\"x\"}"), JWT_FOREIGN);       /* RFC 9449: to be shown with a proof */
}

static void a_name_must_be_said(void **state)
{
	assert_int_equal(claims_verdict("\"aud\":\"example\",\"exp\":1700000600,\"iss\":\"https://id.example\""), JWT_NAMELESS);
	assert_int_equal(claims_verdict("\"sub\":\"\",\"aud\":\"example\",\"exp\":1700000600,\"iss\":\"https://id.example\""), JWT_NAMELESS);
	assert_int_equal(claims_verdict("\"sub\":5,\"aud\":\"example\",\"exp\":1700000600,\"iss\":\"https://id.example\""), JWT_NAMELESS);
	assert_int_equal(claims_verdict(GOOD ",\"sub\":\"juliet\""), JWT_MALFORMED);          /* said twice */
}

static void a_scope_is_a_word_among_words(void **state)
{
	struct jwt_terms scoped = terms;
	scoped.scope = "xmpp";
	assert_true(jwks_add_secret(&set, "secret", secret, strlen(secret), &why));
	static const struct { const char *scope; enum jwt_fault fault; } rows[] = {
		{ "xmpp", JWT_OK }, { "mail xmpp", JWT_OK }, { "xmpp mail", JWT_OK }, { "xmpps", JWT_SCOPE }, { "mail", JWT_SCOPE }, { "", JWT_SCOPE }, { "  xmpp ", JWT_OK } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *token = mac_token("\"alg\":\"HS256\"", arena_printf(a, GOOD ",\"scope\":\"%s\"", rows[i].scope), secret);
		assert_int_equal(jwt_check(&said, a, &set, &scoped, NOW, token), rows[i].fault);
	}
	assert_int_equal(jwt_check(&said, a, &set, &scoped, NOW, mac_token("\"alg\":\"HS256\"", GOOD, secret)), JWT_SCOPE);
}

static void rubbish_is_malformed(void **state)
{
	static const char *const tokens[] = { "", ".", "..", "...", "a.b.c", "e30.e30.e30", "e30=.e30.e30", "W10.e30.AA", "!.e30.AA",
		"eyJhbGciOiJSUzI1NiJ9", "eyJhbGciOiJSUzI1NiJ9.e30.AA.AA.AA" };
	assert_true(add(pem_of(rsa)));
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
		assert_int_equal(verdict(tokens[i]), JWT_MALFORMED);
	assert_int_equal(claims_verdict("broken"), JWT_UNSIGNED);                            /* nothing is read before the signature */
}

/* --- keys --- */

static void what_is_dangerous_is_no_key(void **state)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	PEM_write_bio_PrivateKey(bio, p256, NULL, NULL, 0, NULL, NULL);
	long size = BIO_get_mem_data(bio, &text);
	assert_false(jwks_add(&set, "keys", text, (size_t)size, &why));
	assert_non_null(strstr(why.text, "private key"));
	BIO_free(bio);
	assert_false(add("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T\"}]}"));
	assert_non_null(strstr(why.text, "secret"));
	assert_false(add(jwk_of(rsa, ",\"d\":\"AQAB\"")));
	assert_false(add("{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pC\",\"e\":\"AQAB\"}"));
	assert_non_null(strstr(why.text, "2048"));
	assert_false(add("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}"));   /* not on the curve */
	assert_false(jwks_add_secret(&set, "secret", "short", 5, &why));
	assert_int_equal(set.count, 0);
}

static void what_is_for_others_is_passed_over(void **state)
{
	assert_true(add(arena_printf(a, "{\"keys\":[{\"kty\":\"AKP\",\"alg\":\"ML-DSA-44\"},{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"\",\"y\":\"\"},%s,%s]}",
		jwk_of(rsa2, ",\"use\":\"enc\""), jwk_of(rsa, ",\"key_ops\":[\"verify\"]"))));
	assert_int_equal(set.count, 1);
	assert_false(add(arena_printf(a, "{\"keys\":[%s]}", jwk_of(rsa, ",\"use\":\"enc\""))));
	assert_false(add("{\"keys\":[]}"));
	assert_false(add(""));
	assert_false(add("neither"));
	assert_false(add("{"));
}

static void pem_may_hold_several(void **state)
{
	assert_true(add(arena_printf(a, "the first\n%sand the second\n%s", pem_of(rsa), pem_of(p256))));
	assert_int_equal(set.count, 2);
	assert_false(add("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"));
}

static int make_keys(void **state)
{
	rsa = EVP_RSA_gen(2048);
	rsa2 = EVP_RSA_gen(2048);
	p256 = EVP_EC_gen("P-256");
	p384 = EVP_EC_gen("P-384");
	ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return !rsa || !rsa2 || !p256 || !p384 || !ed;
}

static int free_keys(void **state)
{
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(rsa2);
	EVP_PKEY_free(p256);
	EVP_PKEY_free(p384);
	EVP_PKEY_free(ed);
	return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(rfc_7515_a_1_hs256),
		TEST(rfc_7515_a_2_rs256),
		TEST(rfc_7515_a_3_es256),
		TEST(rfc_8037_a_4_ed25519),
		TEST(each_algorithm_is_known_by_its_key),
		TEST(nothing_is_good_without_a_signature),
		TEST(a_public_key_is_no_secret),
		TEST(a_key_has_its_algorithms),
		TEST(a_key_is_chosen_by_its_name),
		TEST(headers_that_must_be_understood_are_refused),
		TEST(times_count_with_leeway),
		TEST(issuer_and_audience_must_be_ours),
		TEST(a_name_must_be_said),
		TEST(a_scope_is_a_word_among_words),
		TEST(rubbish_is_malformed),
		TEST(what_is_dangerous_is_no_key),
		TEST(what_is_for_others_is_passed_over),
		TEST(pem_may_hold_several),
	};
	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
