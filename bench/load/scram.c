/*
 * SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, RFC 7677), the client's half.
 *
 * Keys are derived once for each salt: at a user's first login, and where all
 * accounts were made with one salt once for all. From then on what is measured
 * is the server.
 */
#include "load.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 32 };

struct scram { char first_bare[128]; };
struct keys { enum mechanism mechanism; char salt[128]; int rounds; unsigned char client[MOST], stored[MOST]; };

static const struct keys *latest;        /* never freed: its users have it too */

static const EVP_MD *hash_of(enum mechanism m)
{
	return m == SCRAM_SHA_1 ? EVP_sha1() : EVP_sha256();
}

static int size_of(enum mechanism m)
{
	return m == SCRAM_SHA_1 ? 20 : 32;
}

static void hmac(enum mechanism m, const unsigned char *key, const char *text, size_t size, unsigned char *out)
{
	unsigned length;
	HMAC(hash_of(m), key, size_of(m), (const unsigned char *)text, size, out, &length);
}

static size_t decode(const char *text, size_t size, unsigned char *out, size_t room)
{
	unsigned char whole[512];
	if (size > sizeof whole || size % 4)
		die("odd base64 from the server");
	int n = EVP_DecodeBlock(whole, (const unsigned char *)text, (int)size);
	while (n > 0 && size && text[size - 1] == '=') {
		n--;
		size--;
	}
	if (n < 0 || (size_t)n >= room)
		die("bad base64 from the server");
	memcpy(out, whole, (size_t)n);
	out[n] = '\0';
	return (size_t)n;
}

static struct keys *derive(enum mechanism m, const char *salt, int rounds)
{
	unsigned char raw[256], salted[MOST];
	struct keys *k = calloc(1, sizeof *k);
	size_t size = decode(salt, strlen(salt), raw, sizeof raw);
	PKCS5_PBKDF2_HMAC(options.password, (int)strlen(options.password), raw, (int)size, rounds, hash_of(m), size_of(m), salted);
	hmac(m, salted, "Client Key", 10, k->client);
	EVP_Digest(k->client, (size_t)size_of(m), k->stored, NULL, hash_of(m), NULL);
	k->mechanism = m;
	k->rounds = rounds;
	snprintf(k->salt, sizeof k->salt, "%s", salt);
	return k;
}

static bool fits(const struct keys *k, enum mechanism m, const char *salt, int rounds)
{
	return k && k->mechanism == m && k->rounds == rounds && strcmp(k->salt, salt) == 0;
}

static const struct keys *keys_get(struct client *c, const char *salt, int rounds)
{
	if (fits(c->keys, c->mechanism, salt, rounds))
		return c->keys;
	if (!fits(latest, c->mechanism, salt, rounds))
		latest = derive(c->mechanism, salt, rounds);
	return c->keys = latest;
}

void scram_first(struct client *c)
{
	unsigned char nonce[12];
	char nonce_text[20], message[160], encoded[256];
	c->scram = malloc(sizeof *c->scram);
	RAND_bytes(nonce, sizeof nonce);
	EVP_EncodeBlock((unsigned char *)nonce_text, nonce, sizeof nonce);
	snprintf(c->scram->first_bare, sizeof c->scram->first_bare, "n=user%u,r=%s", c->number, nonce_text);
	int size = snprintf(message, sizeof message, "n,,%s", c->scram->first_bare);
	EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)message, size);
	client_print(c, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='%s'>%s</auth>",
		c->mechanism == SCRAM_SHA_1 ? "SCRAM-SHA-1" : "SCRAM-SHA-256", encoded);
}

/* What <challenge/> holds, decoded. */
static void read_challenge(struct piece p, unsigned char *text, size_t room)
{
	const char *from = memchr(p.at, '>', p.size), *to = from ? memchr(from, '<', p.size - (size_t)(from - p.at)) : NULL;
	if (!to)
		die("an empty challenge");
	decode(from + 1, (size_t)(to - from - 1), text, room);
}

void scram_final(struct client *c, struct piece challenge)
{
	unsigned char text[400], signature[MOST], proof[MOST];
	char nonce[160], salt[128], without_proof[200], all[800], encoded[64], final[300], final_encoded[500];
	int rounds;
	read_challenge(challenge, text, sizeof text);
	if (sscanf((char *)text, "r=%159[^,],s=%127[^,],i=%d", nonce, salt, &rounds) != 3)
		die("a challenge that can't be read: %s", text);
	const struct keys *k = keys_get(c, salt, rounds);
	snprintf(without_proof, sizeof without_proof, "c=biws,r=%s", nonce);
	int size = snprintf(all, sizeof all, "%s,%s,%s", c->scram->first_bare, text, without_proof);
	hmac(c->mechanism, k->stored, all, (size_t)size, signature);
	for (int i = 0; i < size_of(c->mechanism); i++)
		proof[i] = k->client[i] ^ signature[i];
	EVP_EncodeBlock((unsigned char *)encoded, proof, size_of(c->mechanism));
	size = snprintf(final, sizeof final, "%s,p=%s", without_proof, encoded);
	EVP_EncodeBlock((unsigned char *)final_encoded, (const unsigned char *)final, size);
	client_print(c, "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%s</response>", final_encoded);
}

void scram_end(struct client *c)
{
	free(c->scram);
	c->scram = NULL;
}
