/*
 * Keys first, then the exchange.
 *
 *	salted = PBKDF2(password, salt, rounds)
 *	client = HMAC(salted, "Client Key")        stored = H(client): what we keep
 *	server = HMAC(salted, "Server Key")        what we keep too
 *
 *	client's proof = client XOR HMAC(stored, all messages so far)
 *	our signature  =            HMAC(server, all messages so far)
 *
 * So who steals the keys cannot log in with them, and who knows nothing learns
 * nothing from an exchange. A message is first taken apart, with no decision
 * but whether it is one; what it claims is judged afterwards.
 */
#include "xmpp/scram.h"
#include "base/check.h"
#include "base/random.h"
#include "xmpp/base64.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <unistr.h>

enum { OUR_NONCE = 24 };             /* characters of six random bits */

static const struct kind {
	const char *name, *plus;
	const EVP_MD *(*md)(void);
	size_t size;
} kinds[SCRAM_HASHES] = {
	[SCRAM_SHA_1]   = { "SCRAM-SHA-1",   "SCRAM-SHA-1-PLUS",   EVP_sha1,   20 },
	[SCRAM_SHA_256] = { "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", EVP_sha256, 32 },
	[SCRAM_SHA_512] = { "SCRAM-SHA-512", "SCRAM-SHA-512-PLUS", EVP_sha512, 64 },
};

size_t scram_size(enum scram_hash hash)
{
	return kinds[hash].size;
}

const EVP_MD *scram_md(enum scram_hash hash)
{
	return kinds[hash].md();
}

const char *scram_mechanism(enum scram_hash hash, bool plus)
{
	return plus ? kinds[hash].plus : kinds[hash].name;
}

bool scram_find(const char *mechanism, enum scram_hash *hash, bool *plus)
{
	for (enum scram_hash h = 0; h < SCRAM_HASHES; h++) {
		*hash = h;
		*plus = strcmp(mechanism, kinds[h].plus) == 0;
		if (*plus || strcmp(mechanism, kinds[h].name) == 0)
			return true;
	}
	return false;
}

static void hmac(enum scram_hash hash, const unsigned char *key, const char *text, unsigned char *to)
{
	if (!HMAC(kinds[hash].md(), key, (int)scram_size(hash), (const unsigned char *)text, strlen(text), to, NULL))
		BUG("no HMAC");
}

static void digest(enum scram_hash hash, const unsigned char *from, unsigned char *to)
{
	if (!EVP_Digest(from, scram_size(hash), to, NULL, kinds[hash].md(), NULL))
		BUG("no digest");
}

void scram_keys_from_salted(struct scram_keys *keys, const unsigned char *salted)
{
	unsigned char client[SCRAM_DIGEST];
	hmac(keys->hash, salted, "Client Key", client);
	digest(keys->hash, client, keys->stored);
	hmac(keys->hash, salted, "Server Key", keys->server);
	OPENSSL_cleanse(client, sizeof client);
}

void scram_keys_make(struct scram_keys *keys, enum scram_hash hash, const char *password, const void *salt, size_t salt_size, unsigned rounds)
{
	unsigned char salted[SCRAM_DIGEST];
	ASSERT(salt_size <= SCRAM_SALT && rounds > 0);

	*keys = (struct scram_keys){ .hash = hash, .rounds = rounds, .salt_size = salt_size };
	memcpy(keys->salt, salt, salt_size);
	if (!PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt, (int)salt_size, (int)rounds,
			kinds[hash].md(), (int)scram_size(hash), salted))
		BUG("no PBKDF2");
	scram_keys_from_salted(keys, salted);
	OPENSSL_cleanse(salted, sizeof salted);
}

bool scram_verify_password(const struct scram_keys *keys, const char *password)
{
	struct scram_keys made;
	scram_keys_make(&made, keys->hash, password, keys->salt, keys->salt_size, keys->rounds);
	bool fits = CRYPTO_memcmp(made.stored, keys->stored, scram_size(keys->hash)) == 0;
	OPENSSL_cleanse(&made, sizeof made);
	return fits && !keys->fake;
}

/* The mechanism's name goes in with its NUL, so that no two pairs of name and user make the same bytes. */
void scram_fake_keys(struct scram_keys *keys, const void *secret, size_t secret_size, const char *user,
	enum scram_hash hash, size_t salt_size, unsigned rounds)
{
	unsigned char salt[SCRAM_DIGEST];
	struct arena *a = arena_new();
	size_t name = strlen(kinds[hash].name) + 1, size = name + strlen(user);
	char *text = arena_bytes(a, size + 1);
	ASSERT(salt_size <= SCRAM_SALT && rounds > 0);

	strcpy(text, kinds[hash].name);
	strcpy(text + name, user);
	if (!HMAC(EVP_sha512(), secret, (int)secret_size, (unsigned char *)text, size, salt, NULL))
		BUG("no HMAC");
	*keys = (struct scram_keys){ .hash = hash, .rounds = rounds, .fake = true, .salt_size = salt_size };
	memcpy(keys->salt, salt, salt_size);
	arena_free(a);
}

/* The exchange. */

static enum sasl_failure refuse(struct scram *s, enum sasl_failure failure, const char *why)
{
	s->step = SCRAM_OVER;
	s->why = why;
	return failure;
}

/* Our own copy as a string; NULL when it is too long or no text. */
static char *text_of(const struct scram *s, const char *text, size_t size)
{
	if (size > s->longest || memchr(text, '\0', size) || u8_check((const uint8_t *)text, size))
		return NULL;
	return arena_copy(s->arena, text, size);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The value of "X=value", not empty; NULL when the part is another one or missing. */
static const char *value_of(const char *part, char attribute)
{
	bool fits = part && part[0] == attribute && part[1] == '=' && part[2];
	return fits ? part + 2 : NULL;
}

/*
 * Attributes that we don't know are ignored, save `m`, which wants to be
 * understood (RFC 5802 §5.1). One that has its own place isn't an extension.
 * Takes what is left of a message apart; NULL when all is well, or why not.
 */
static const char *wrong_extension(char *rest)
{
	for (char *part = strsep(&rest, ","); part; part = strsep(&rest, ",")) {
		if (value_of(part, 'm'))
			return "a mandatory extension";
		if (!is_letter(part[0]) || !value_of(part, part[0]))
			return "an extension without name or value";
		if (strchr("acinprsve", part[0]))
			return "an attribute out of place";
	}
	return NULL;
}

/* RFC 5802 §5.1: "=2C" is a comma, "=3D" is an equals sign, and no other '=' may be there. NULL when it is no saslname. */
static const char *decoded_name(struct arena *a, const char *from)
{
	char *name = arena_bytes(a, strlen(from) + 1), *to = name;
	for (; *from; from++) {
		if (*from != '=')
			*to++ = *from;
		else if (strncmp(from, "=2C", 3) == 0)
			*to++ = ',', from += 2;
		else if (strncmp(from, "=3D", 3) == 0)
			*to++ = '=', from += 2;
		else
			return NULL;
	}
	*to = '\0';
	return *name ? name : NULL;
}

static bool is_printable(const char *text)       /* and so not empty: the caller has seen a value */
{
	for (; *text; text++)
		if (*text < 0x21 || *text > 0x7e || *text == ',')
			return false;
	return true;
}

/* "n", "y" or "p=NAME" */
static bool read_flag(struct scram *s, const char *part)
{
	static const char name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";
	s->flag = part[0];
	s->binding = value_of(part, 'p');
	if (s->binding)
		return strspn(s->binding, name) == strlen(s->binding);
	return strcmp(part, "n") == 0 || strcmp(part, "y") == 0;
}

static bool read_authzid(struct scram *s, const char *part)
{
	if (part && !*part)
		return true;
	const char *name = value_of(part, 'a');
	s->authzid = name ? decoded_name(s->arena, name) : NULL;
	return s->authzid;
}

static const char *read_first(struct scram *s, const char *text)       /* NULL, or what is wrong */
{
	char *copy = arena_string(s->arena, text), *rest = copy;
	if (!read_flag(s, strsep(&rest, ",")))
		return "no GS2 flag";
	if (!read_authzid(s, strsep(&rest, ",")))
		return "no authzid";
	if (!rest)
		return "nothing behind the GS2 header";
	s->header = arena_copy(s->arena, text, (size_t)(rest - copy));
	s->bare = text + (rest - copy);

	const char *user = strsep(&rest, ","), *nonce = strsep(&rest, ",");
	if (value_of(user, 'm'))
		return "a mandatory extension";
	user = value_of(user, 'n');
	s->nonce = value_of(nonce, 'r');
	s->user = user ? decoded_name(s->arena, user) : NULL;
	if (!s->user)
		return "no user";
	if (!s->nonce || !is_printable(s->nonce))
		return "no nonce";
	return wrong_extension(rest);
}

static const struct scram_binding *find_binding(const struct scram_terms *terms, const char *type)
{
	for (size_t i = 0; i < terms->bindings_count; i++)
		if (strcmp(terms->bindings[i].type, type) == 0 && terms->bindings[i].size)
			return &terms->bindings[i];
	return NULL;
}

/* What the client will have to repeat behind "c=": the GS2 header and the channel's own bytes. */
static const char *cbind_input(const struct scram *s, const struct scram_binding *binding)
{
	size_t header = strlen(s->header), size = binding ? binding->size : 0;
	char *input = arena_bytes(s->arena, header + size);
	memcpy(input, s->header, header);
	if (size)
		memcpy(input + header, binding->data, size);
	return base64_encode(s->arena, input, header + size);
}

/* RFC 5802 §6 */
static enum sasl_failure agree(struct scram *s, const struct scram_terms *terms)
{
	const struct scram_binding *binding = s->binding ? find_binding(terms, s->binding) : NULL;
	if (terms->plus != (s->flag == 'p'))
		return refuse(s, SASL_MALFORMED_REQUEST, "the GS2 flag contradicts the mechanism");
	if (s->flag == 'y' && terms->plus_offered)
		return refuse(s, SASL_NOT_AUTHORIZED, "a downgrade: the client was not shown our -PLUS mechanisms");
	if (s->binding && !binding)
		return refuse(s, SASL_NOT_AUTHORIZED, "a channel binding that this connection doesn't have");

	s->cbind = cbind_input(s, binding);
	return SASL_OK;
}

enum sasl_failure scram_first(struct scram *s, struct arena *a, const struct scram_terms *terms, const char *text, size_t size)
{
	*s = (struct scram){ .arena = a, .hash = terms->hash, .longest = terms->longest };
	const char *copy = text_of(s, text, size);
	if (!copy)
		return refuse(s, SASL_MALFORMED_REQUEST, "too long, or no text");
	const char *wrong = read_first(s, copy);
	if (wrong)
		return refuse(s, SASL_MALFORMED_REQUEST, wrong);
	return agree(s, terms);
}

const char *scram_challenge(struct scram *s, const struct scram_keys *keys, const char *nonce, const char *extensions)
{
	char ours[OUR_NONCE + 1];
	ASSERT(s->step == SCRAM_ASKED && keys->hash == s->hash);

	s->step = SCRAM_CHALLENGED;
	s->keys = *keys;
	s->nonce = arena_printf(s->arena, "%s%s", s->nonce, nonce ? nonce : random_text(ours, OUR_NONCE));
	s->challenge = arena_printf(s->arena, "r=%s,s=%s,i=%u%s%s", s->nonce,
		base64_encode(s->arena, keys->salt, keys->salt_size), keys->rounds,
		extensions ? "," : "", extensions ? extensions : "");
	return s->challenge;
}

struct claims {                      /* the client's last message */
	const char *cbind, *nonce;
	const char *unproved;        /* all but the proof: what it proves */
	const unsigned char *proof;
};

static const char *read_final(const struct scram *s, char *text, struct claims *c)      /* NULL, or what is wrong */
{
	size_t size = 0;
	char *last = strrchr(text, ',');
	const char *proof = last ? value_of(last + 1, 'p') : NULL;
	c->proof = proof ? base64_decode(s->arena, proof, &size) : NULL;
	if (!c->proof || size != scram_size(s->hash))
		return "no proof";
	*last = '\0';
	c->unproved = arena_string(s->arena, text);

	char *rest = text;
	c->cbind = value_of(strsep(&rest, ","), 'c');
	c->nonce = value_of(strsep(&rest, ","), 'r');
	if (!c->cbind || !base64_decode(s->arena, c->cbind, &size))
		return "no channel binding";
	if (!c->nonce || !is_printable(c->nonce))
		return "no nonce";
	return wrong_extension(rest);
}

static bool same(const char *a, const char *b)
{
	size_t size = strlen(a);
	return size == strlen(b) && CRYPTO_memcmp(a, b, size) == 0;
}

/* The client's key is what the proof hides; only who knew it can have hidden it. */
static bool proves(const struct scram *s, const unsigned char *proof, const char *messages)
{
	unsigned char key[SCRAM_DIGEST], hashed[SCRAM_DIGEST];
	hmac(s->hash, s->keys.stored, messages, key);
	for (size_t i = 0; i < scram_size(s->hash); i++)
		key[i] ^= proof[i];
	digest(s->hash, key, hashed);
	OPENSSL_cleanse(key, sizeof key);
	return CRYPTO_memcmp(hashed, s->keys.stored, scram_size(s->hash)) == 0 && !s->keys.fake;
}

static const char *signature(const struct scram *s, const char *messages)
{
	unsigned char signed_with[SCRAM_DIGEST];
	hmac(s->hash, s->keys.server, messages, signed_with);
	return arena_printf(s->arena, "v=%s", base64_encode(s->arena, signed_with, scram_size(s->hash)));
}

enum sasl_failure scram_final(struct scram *s, const char *text, size_t size, const char **answer)
{
	struct claims c;
	ASSERT(s->step == SCRAM_CHALLENGED);
	*answer = NULL;

	char *copy = text_of(s, text, size);
	if (!copy)
		return refuse(s, SASL_MALFORMED_REQUEST, "too long, or no text");
	const char *wrong = read_final(s, copy, &c);
	if (wrong)
		return refuse(s, SASL_MALFORMED_REQUEST, wrong);
	if (!same(c.nonce, s->nonce))
		return refuse(s, SASL_NOT_AUTHORIZED, "another nonce");
	if (!same(c.cbind, s->cbind))
		return refuse(s, SASL_NOT_AUTHORIZED, "another channel: the binding differs");

	const char *messages = arena_printf(s->arena, "%s,%s,%s", s->bare, s->challenge, c.unproved);
	if (!proves(s, c.proof, messages))
		return refuse(s, SASL_NOT_AUTHORIZED, s->keys.fake ? "no such user" : "a wrong password");
	s->step = SCRAM_OVER;
	*answer = signature(s, messages);
	return SASL_OK;
}
