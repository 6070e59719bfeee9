/*
 * A JWK Set may be what an issuer publishes: keys of kinds that we don't know
 * are passed over (RFC 7517 §5), as are those for encryption. What would be
 * dangerous is refused: secrets and private keys among public ones, and RSA
 * that is too short.
 */
#include "xmpp/jwk.h"
#include "xmpp/base64.h"
#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <string.h>

enum { RSA_LEAST = 2048, RSA_MOST = 8192 };  /* bits: RFC 7518 §3.3; above, a signature takes long to check */

void jwks_init(struct jwks *set, struct arena *a)
{
	*set = (struct jwks){ .arena = a };
}

void jwks_clear(struct jwks *set)
{
	for (unsigned i = 0; i < set->count; i++) {
		EVP_PKEY_free(set->keys[i].key);
		if (set->keys[i].secret)
			OPENSSL_cleanse((void *)(uintptr_t)set->keys[i].secret, set->keys[i].secret_size);
	}
	set->count = 0;
}

/* --- keys of any origin --- */

static bool is_curve(EVP_PKEY *key, const char *name)
{
	char its[32];
	size_t size;
	return EVP_PKEY_get_group_name(key, its, sizeof its, &size) == 1 && strcmp(its, name) == 0;
}

static const char *kind_of(EVP_PKEY *key, enum jwk_kind *kind)               /* NULL, or what is wrong */
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
		*kind = JWK_RSA;
		return EVP_PKEY_get_bits(key) < RSA_LEAST ? "RSA of fewer than 2048 bits"
			: EVP_PKEY_get_bits(key) > RSA_MOST ? "RSA of more than 8192 bits" : NULL;
	case EVP_PKEY_EC:
		*kind = is_curve(key, "prime256v1") ? JWK_P256 : JWK_P384;
		return *kind == JWK_P256 || is_curve(key, "secp384r1") ? NULL : "a curve that is neither P-256 nor P-384";
	case EVP_PKEY_ED25519:
		*kind = JWK_ED25519;
		return NULL;
	default:
		return "a kind of key that signs no tokens";
	}
}

static bool is_full(const struct jwks *set, const char *name, struct fail *why)
{
	return set->count == JWK_KEYS && !fail(why, "%s: more than %d keys", name, JWK_KEYS);
}

/* Takes the key. */
static bool put(struct jwks *set, const char *name, struct jwk jwk, struct fail *why)
{
	const char *wrong = kind_of(jwk.key, &jwk.kind);
	if (!wrong && !is_full(set, name, why)) {
		set->keys[set->count++] = jwk;
		return true;
	}
	EVP_PKEY_free(jwk.key);
	return wrong ? fail(why, "%s: %s", name, wrong) : false;
}

/* --- PEM --- */

static EVP_PKEY *key_of_certificate(BIO *bio)
{
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	EVP_PKEY *key = certificate ? X509_get_pubkey(certificate) : NULL;
	X509_free(certificate);
	return key;
}

/* Each block by itself, since OpenSSL's readers skip what they don't look for. */
static bool add_block(struct jwks *set, const char *name, const char *label, const char *text, size_t size, struct fail *why)
{
	if (strstr(label, "PRIVATE KEY"))
		return fail(why, "%s holds a private key: who checks tokens needs the public one", name);
	bool is_certificate = strcmp(label, "CERTIFICATE") == 0;
	if (!is_certificate && strcmp(label, "PUBLIC KEY") != 0)
		return fail(why, "%s: \"%s\" is no public key", name, label);
	BIO *bio = BIO_new_mem_buf(text, (int)size);
	EVP_PKEY *key = is_certificate ? key_of_certificate(bio) : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	BIO_free(bio);
	ERR_clear_error();
	return key ? put(set, name, (struct jwk){ .key = key }, why) : fail(why, "%s: a key that can't be read", name);
}

static bool add_pem(struct jwks *set, const char *name, const char *text, size_t size, struct fail *why)
{
	static const char begin[] = "-----BEGIN ", dashes[] = "-----";
	const unsigned before = set->count;
	for (const char *at = strstr(text, begin), *next; at; at = next) {
		const char *label = at + sizeof begin - 1, *end = strstr(label, dashes);
		if (!end)
			break;
		next = strstr(label, begin);
		const size_t length = next ? (size_t)(next - at) : size - (size_t)(at - text);
		if (!add_block(set, name, arena_copy(set->arena, label, (size_t)(end - label)), at, length, why))
			return false;
	}
	return set->count > before || fail(why, "%s holds no key", name);
}

/* --- JWK --- */

static const char *text_of(const json_t *jwk, const char *name)
{
	return json_string_value(json_object_get(jwk, name));
}

static bool is(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

static const unsigned char *bytes_of(struct arena *a, const json_t *jwk, const char *name, size_t *size)
{
	const char *text = text_of(jwk, name);
	return text ? base64_decode_url(a, text, strlen(text), size) : NULL;
}

static EVP_PKEY *key_from(const char *type, OSSL_PARAM_BLD *build)
{
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	ERR_clear_error();
	return key;
}

static EVP_PKEY *read_rsa(struct arena *a, const json_t *jwk)
{
	size_t n_size, e_size;
	const unsigned char *n = bytes_of(a, jwk, "n", &n_size), *e = bytes_of(a, jwk, "e", &e_size);
	if (!n || !e || n_size > RSA_MOST / 8 || e_size > 8)
		return NULL;
	BIGNUM *modulus = BN_bin2bn(n, (int)n_size, NULL), *exponent = BN_bin2bn(e, (int)e_size, NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent);
	EVP_PKEY *key = key_from("RSA", build);
	OSSL_PARAM_BLD_free(build);
	BN_free(modulus);
	BN_free(exponent);
	return key;
}

/* RFC 7518 §6.2.1: both coordinates in full length. OpenSSL sees to it that the point is on the curve. */
static EVP_PKEY *read_ec(struct arena *a, const json_t *jwk)
{
	static const struct { const char *curve, *name; size_t size; } curves[] = {
		{ "P-256", "prime256v1", 32 }, { "P-384", "secp384r1", 48 } };
	unsigned char point[1 + 2 * 48] = { POINT_CONVERSION_UNCOMPRESSED };
	size_t x_size, y_size;
	const unsigned char *x = bytes_of(a, jwk, "x", &x_size), *y = bytes_of(a, jwk, "y", &y_size);
	unsigned i = is(text_of(jwk, "crv"), curves[1].curve);
	if (!is(text_of(jwk, "crv"), curves[i].curve) || !x || !y || x_size != curves[i].size || y_size != curves[i].size)
		return NULL;
	memcpy(point + 1, x, x_size);
	memcpy(point + 1 + x_size, y, y_size);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curves[i].name, 0);
	OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * x_size);
	EVP_PKEY *key = key_from("EC", build);
	OSSL_PARAM_BLD_free(build);
	return key;
}

static EVP_PKEY *read_okp(struct arena *a, const json_t *jwk)                /* RFC 8037 §2 */
{
	size_t size;
	const unsigned char *x = is(text_of(jwk, "crv"), "Ed25519") ? bytes_of(a, jwk, "x", &size) : NULL;
	return x && size == 32 ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, size) : NULL;
}

static bool lists(const json_t *list, const char *word)
{
	size_t i;
	const json_t *item;
	json_array_foreach(list, i, item)
		if (is(json_string_value(item), word))
			return true;
	return false;
}

static bool is_for_signatures(const json_t *jwk)                             /* RFC 7517 §4.2, §4.3 */
{
	const json_t *use = json_object_get(jwk, "use"), *operations = json_object_get(jwk, "key_ops");
	return (!use || is(json_string_value(use), "sig")) && (!operations || lists(operations, "verify"));
}

static bool is_readable(const json_t *jwk)
{
	const char *type = text_of(jwk, "kty"), *curve = text_of(jwk, "crv");
	return is(type, "RSA") || (is(type, "EC") && (is(curve, "P-256") || is(curve, "P-384")))
	    || (is(type, "OKP") && is(curve, "Ed25519"));
}

static bool add_jwk(struct jwks *set, const char *name, const json_t *jwk, struct fail *why)
{
	struct arena *a = set->arena;
	const char *type = text_of(jwk, "kty");
	if (is(type, "oct"))
		return fail(why, "%s holds a secret among public keys: give it by itself, in auth.oauth.secret_file", name);
	if (json_object_get(jwk, "d"))
		return fail(why, "%s holds a private key: who checks tokens needs the public one", name);
	if (!is_for_signatures(jwk) || !is_readable(jwk))
		return true;
	EVP_PKEY *key = is(type, "RSA") ? read_rsa(a, jwk) : is(type, "EC") ? read_ec(a, jwk) : read_okp(a, jwk);
	ERR_clear_error();
	if (!key)
		return fail(why, "%s: a key that can't be read", name);
	const char *id = arena_string(a, text_of(jwk, "kid")), *algorithm = arena_string(a, text_of(jwk, "alg"));
	return put(set, name, (struct jwk){ .id = id, .algorithm = algorithm, .key = key }, why);
}

static bool add_json(struct jwks *set, const char *name, const char *text, size_t size, struct fail *why)
{
	json_error_t error;
	json_t *whole = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
	if (!whole)
		return fail(why, "%s:%d: %s", name, error.line, error.text);
	const unsigned before = set->count;
	const json_t *keys = json_object_get(whole, "keys"), *key;
	bool ok = true;
	size_t i;
	if (!keys)
		ok = add_jwk(set, name, whole, why);
	json_array_foreach(keys, i, key)
		ok = ok && add_jwk(set, name, key, why);
	json_decref(whole);
	return ok && (set->count > before || fail(why, "%s holds no key that could check a token", name));
}

/* --- files --- */

bool jwks_add(struct jwks *set, const char *name, const char *text, size_t size, struct fail *why)
{
	const char *copy = arena_copy(set->arena, text, size);
	return copy[strspn(copy, " \t\r\n")] == '{' ? add_json(set, name, text, size, why) : add_pem(set, name, copy, size, why);
}

bool jwks_add_secret(struct jwks *set, const char *name, const char *text, size_t size, struct fail *why)
{
	if (size < JWK_SECRET)
		return fail(why, "%s: a secret of fewer than %d bytes can be guessed", name, JWK_SECRET);
	if (is_full(set, name, why))
		return false;
	set->keys[set->count++] = (struct jwk){ .kind = JWK_SECRET_KIND, .secret = (unsigned char *)arena_copy(set->arena, text, size),
		.secret_size = size };
	return true;
}
