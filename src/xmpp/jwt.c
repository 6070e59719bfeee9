/*
 * header.claims.signature, each in base64url. The signature is checked before
 * a word of the claims is read.
 */
#include "xmpp/jwt.h"
#include "xmpp/base64.h"
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <string.h>

enum { P384_SIGNATURE = 96 };

/* RFC 7518 §3, RFC 8037 §3. "none" is not among them, and never will be. */
static const struct algorithm {
	const char   *name;
	enum jwk_kind kind;
	const EVP_MD *(*hash)(void);         /* NULL: the key's own */
	bool          is_pss;
	size_t        size;                  /* of a signature by an elliptic curve: two numbers; 0: as the key is */
} algorithms[] = {
	{ "RS256", JWK_RSA, EVP_sha256, false, 0 },
	{ "RS384", JWK_RSA, EVP_sha384, false, 0 },
	{ "RS512", JWK_RSA, EVP_sha512, false, 0 },
	{ "PS256", JWK_RSA, EVP_sha256, true, 0 },
	{ "ES256", JWK_P256, EVP_sha256, false, 64 },
	{ "ES384", JWK_P384, EVP_sha384, false, P384_SIGNATURE },
	{ "EdDSA", JWK_ED25519, NULL, false, 0 },
	{ "HS256", JWK_SECRET_KIND, EVP_sha256, false, 32 },
};

struct part { const char *text; size_t length; };

struct token {
	struct part head, claims, signature;
	struct part signed_part;             /* the first two, with their dot */
	const char *key_id;
	const struct algorithm *algorithm;
};

const char *jwt_fault_words(enum jwt_fault fault)
{
	static const char *const words[JWT_FAULTS] = {
		[JWT_OK] = "is good", [JWT_MALFORMED] = "is no signed token", [JWT_UNSIGNED] = "was signed by no key of ours",
		[JWT_EXPIRED] = "has expired", [JWT_EARLY] = "isn't valid yet", [JWT_FOREIGN] = "is of another issuer or for another audience",
		[JWT_SCOPE] = "is for other uses", [JWT_NAMELESS] = "says no name",
	};
	return words[fault];
}

/* --- its parts --- */

static bool cut(struct token *t, const char *text)
{
	const char *first = strchr(text, '.'), *second = first ? strchr(first + 1, '.') : NULL;
	if (!second || strchr(second + 1, '.'))
		return false;
	t->head = (struct part){ text, (size_t)(first - text) };
	t->claims = (struct part){ first + 1, (size_t)(second - first - 1) };
	t->signature = (struct part){ second + 1, strlen(second + 1) };
	t->signed_part = (struct part){ text, (size_t)(second - text) };
	return true;
}

/* An object whose names are there once (RFC 7515 §4, RFC 7519 §4). */
static json_t *read_object(struct arena *a, struct part part)
{
	size_t size;
	const unsigned char *bytes = base64_decode_url(a, part.text, part.length, &size);
	json_t *json = bytes ? json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (json_is_object(json))
		return json;
	json_decref(json);
	return NULL;
}

static const struct algorithm *find_algorithm(const char *name)
{
	for (size_t i = 0; name && i < sizeof algorithms / sizeof *algorithms; i++)
		if (strcmp(algorithms[i].name, name) == 0)
			return &algorithms[i];
	return NULL;
}

/* RFC 8725 §3.11: a token of another kind, such as a logout's, is none for us. RFC 9068 names the access token's. */
static bool is_our_type(const json_t *type)
{
	const char *text = json_string_value(type);
	if (!type)
		return true;
	if (text && strncasecmp(text, "application/", 12) == 0)
		text += 12;
	return text && (strcasecmp(text, "JWT") == 0 || strcasecmp(text, "at+jwt") == 0);
}

static bool read_head(struct token *t, struct arena *a)
{
	json_t *head = read_object(a, t->head);
	const json_t *id = json_object_get(head, "kid");
	t->algorithm = find_algorithm(json_string_value(json_object_get(head, "alg")));
	t->key_id = arena_string(a, json_string_value(id));
	/* RFC 7515 §4.1.11: what must be understood, and isn't. */
	bool ok = t->algorithm && is_our_type(json_object_get(head, "typ")) && !json_object_get(head, "crit")
	       && (!id || t->key_id);
	json_decref(head);
	return ok;
}

/* --- the signature --- */

static bool is_by_secret(const struct jwk *key, const struct token *t, const unsigned char *signature)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned size = sizeof mac;
	const unsigned char *text = (const unsigned char *)t->signed_part.text;
	HMAC(t->algorithm->hash(), key->secret, (int)key->secret_size, text, t->signed_part.length, mac, &size);
	return size == t->algorithm->size && CRYPTO_memcmp(mac, signature, size) == 0;
}

/* RFC 7518 §3.4 has the two numbers bare, OpenSSL wants them in ASN.1. */
static int wrap_numbers(const unsigned char *bare, size_t size, unsigned char **wrapped)
{
	ECDSA_SIG *signature = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(bare, (int)size / 2, NULL), *s = BN_bin2bn(bare + size / 2, (int)size / 2, NULL);
	ECDSA_SIG_set0(signature, r, s);
	int length = i2d_ECDSA_SIG(signature, wrapped);
	ECDSA_SIG_free(signature);
	return length;
}

static bool verify(const struct jwk *key, const struct token *t, const unsigned char *signature, size_t size)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *of_key;
	bool ok = EVP_DigestVerifyInit(ctx, &of_key, t->algorithm->hash ? t->algorithm->hash() : NULL, NULL, key->key) == 1;
	if (ok && t->algorithm->is_pss)
		ok = EVP_PKEY_CTX_set_rsa_padding(of_key, RSA_PKCS1_PSS_PADDING) == 1
		  && EVP_PKEY_CTX_set_rsa_pss_saltlen(of_key, RSA_PSS_SALTLEN_DIGEST) == 1;
	ok = ok && EVP_DigestVerify(ctx, signature, size, (const unsigned char *)t->signed_part.text, t->signed_part.length) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

static bool is_by_curve(const struct jwk *key, const struct token *t, const unsigned char *signature)
{
	unsigned char *wrapped = NULL;
	int size = wrap_numbers(signature, t->algorithm->size, &wrapped);
	bool ok = size > 0 && verify(key, t, wrapped, (size_t)size);
	OPENSSL_free(wrapped);
	return ok;
}

static bool may_sign(const struct jwk *key, const struct token *t)
{
	return key->kind == t->algorithm->kind && (!key->algorithm || strcmp(key->algorithm, t->algorithm->name) == 0)
	    && (!key->id || !t->key_id || strcmp(key->id, t->key_id) == 0);
}

static bool is_signed(const struct token *t, struct arena *a, const struct jwks *set)
{
	size_t size;
	const unsigned char *signature = base64_decode_url(a, t->signature.text, t->signature.length, &size);
	if (!signature || !size || (t->algorithm->size && size != t->algorithm->size))
		return false;
	bool ok = false;
	for (unsigned i = 0; i < set->count && !ok; i++) {
		const struct jwk *key = &set->keys[i];
		if (may_sign(key, t))
			ok = !key->key ? is_by_secret(key, t, signature)
			   : t->algorithm->size ? is_by_curve(key, t, signature) : verify(key, t, signature, size);
	}
	ERR_clear_error();
	return ok;
}

/* --- the claims --- */

/* RFC 7519 §2: a number of seconds, perhaps with a fraction. */
static bool read_time(const json_t *claim, int64_t *seconds)
{
	double number = json_number_value(claim);
	if (!json_is_number(claim) || !(number > -1e15 && number < 1e15))
		return false;
	*seconds = (int64_t)number;
	return true;
}

static bool is_among(const char *word, const char *const *words)
{
	for (; word && *words; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

static bool is_for(const json_t *audience, const char *const *ours)
{
	size_t i;
	const json_t *one;
	if (json_is_string(audience))
		return is_among(json_string_value(audience), ours);
	json_array_foreach(audience, i, one)
		if (is_among(json_string_value(one), ours))
			return true;
	return false;
}

static bool has_word(const char *words, const char *word)                    /* RFC 8693 §4.2: with spaces between */
{
	const size_t length = strlen(word);
	for (; words; words = strchr(words, ' ')) {
		words += strspn(words, " ");
		if (strcspn(words, " ") == length && strncmp(words, word, length) == 0)
			return true;
	}
	return false;
}

/* A token without an end would open the door for ever, so "exp" must be there. */
static enum jwt_fault check_times(struct jwt *jwt, const json_t *claims, const struct jwt_terms *terms, int64_t now)
{
	const json_t *early = json_object_get(claims, "nbf");
	int64_t begins = 0;
	if (!read_time(json_object_get(claims, "exp"), &jwt->expires) || (early && !read_time(early, &begins)))
		return JWT_MALFORMED;
	if (now >= jwt->expires + terms->leeway)
		return JWT_EXPIRED;
	return early && now < begins - terms->leeway ? JWT_EARLY : JWT_OK;
}

static bool is_foreign(const json_t *claims, const struct jwt_terms *terms)
{
	const char *issuer = json_string_value(json_object_get(claims, "iss"));
	if (terms->issuer && (!issuer || strcmp(issuer, terms->issuer) != 0))
		return true;
	return !is_for(json_object_get(claims, "aud"), terms->audiences) || json_object_get(claims, "cnf");
}

static enum jwt_fault check_claims(struct jwt *jwt, struct arena *a, const json_t *claims, const struct jwt_terms *terms, int64_t now)
{
	enum jwt_fault fault = check_times(jwt, claims, terms, now);
	if (fault != JWT_OK)
		return fault;
	if (is_foreign(claims, terms))
		return JWT_FOREIGN;
	if (terms->scope && !has_word(json_string_value(json_object_get(claims, "scope")), terms->scope))
		return JWT_SCOPE;
	jwt->name = arena_string(a, json_string_value(json_object_get(claims, terms->claim)));
	return jwt->name && *jwt->name ? JWT_OK : JWT_NAMELESS;
}

enum jwt_fault jwt_check(struct jwt *jwt, struct arena *a, const struct jwks *set, const struct jwt_terms *terms, int64_t now,
	const char *text)
{
	struct token t;
	*jwt = (struct jwt){ 0 };
	if (!cut(&t, text) || !read_head(&t, a))
		return JWT_MALFORMED;
	if (!is_signed(&t, a, set))
		return JWT_UNSIGNED;
	json_t *claims = read_object(a, t.claims);
	enum jwt_fault fault = claims ? check_claims(jwt, a, claims, terms, now) : JWT_MALFORMED;
	json_decref(claims);
	return fault;
}
