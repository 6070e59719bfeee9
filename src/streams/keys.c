/* Who asks for a user who isn't there sees the same salt at each try, as if somebody were. */
#include "streams/keys.h"
#include "base/random.h"
#include "core/credentials.h"
#include "core/host.h"
#include "xmpp/base64.h"
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

/* Of this process: no cached verifier and no fake salt says anything to another. */
static unsigned char secret[32];

__attribute__((constructor)) static void make_secret(void)
{
	random_fill(secret, sizeof secret);
}

static bool read_bytes(struct arena *a, const struct xml *el, const char *name, unsigned char *to, size_t least, size_t most, size_t *size)
{
	const char *text = xml_get(el, name);
	const unsigned char *bytes = text ? base64_decode(a, text, size) : NULL;
	if (!bytes || *size < least || *size > most)
		return false;
	memcpy(to, bytes, *size);
	return true;
}

static bool read_keys(struct arena *a, struct scram_keys *keys, enum scram_hash hash, const struct xml *answer)
{
	const char *rounds = xml_get(answer, "rounds");
	size_t size = scram_size(hash), got;
	keys->hash = hash;
	keys->fake = false;
	keys->rounds = rounds ? (unsigned)strtoul(rounds, NULL, 10) : 0;
	return keys->rounds
	    && read_bytes(a, answer, "salt", keys->salt, 1, SCRAM_SALT, &keys->salt_size)
	    && read_bytes(a, answer, "stored", keys->stored, size, size, &got)
	    && read_bytes(a, answer, "server", keys->server, size, size, &got);
}

/* What fake keys are to look like. */
static unsigned number(const struct xml *answer, const char *name, unsigned usual, unsigned most)
{
	const char *text = xml_get(answer, name);
	unsigned long n = text ? strtoul(text, NULL, 10) : 0;
	return n && n <= most ? (unsigned)n : usual;
}

void keys_take(struct exchange *x, struct scram_keys *keys, enum scram_hash usual, const char *user, const struct xml *answer)
{
	const char *its = xml_get(answer, "hash");
	const struct host *host = c2s_host(x->c);
	enum scram_hash hash = usual;
	bool plus;
	if (its && scram_find(its, &hash, &plus) && read_keys(x->arena, keys, hash, answer))
		return;
	scram_fake_keys(keys, secret, sizeof secret, x->jid ? x->jid->bare : user, hash, number(answer, "salt-size", SCRAM_SALT_USUAL, SCRAM_SALT),
		number(answer, "rounds", host ? host->passwords.rounds : password_terms_usual()->rounds, UINT_MAX));
}

const char *keys_verifier(struct exchange *x, const char *password)
{
	unsigned char mac[32];
	unsigned size = sizeof mac;
	const char *text = arena_printf(x->arena, "%s/%s", x->jid->bare, password);        /* of which source, the home knows */
	HMAC(EVP_sha256(), secret, sizeof secret, (const unsigned char *)text, strlen(text), mac, &size);
	return base64_encode(x->arena, mac, size);
}
