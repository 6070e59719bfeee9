/*
 * SCRAM-SHA-256 (RFC 5802, RFC 7677), the client's half.
 *
 * The salted password is kept for the last salt: accounts that were made with
 * one salt cost one derivation, and what is measured is the server.
 */
#include "load.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HASH = 32 };

struct scram {
	char first_bare[128];
};

static struct { char salt[128]; int rounds; unsigned char salted[HASH], client[HASH], stored[HASH], server[HASH]; } known;

static void hmac(const unsigned char *key, const char *text, size_t size, unsigned char *out)
{
	unsigned length;
	HMAC(EVP_sha256(), key, HASH, (const unsigned char *)text, size, out, &length);
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

static void derive(const char *salt, int rounds)
{
	unsigned char raw[256];
	if (strcmp(salt, known.salt) == 0 && rounds == known.rounds)
		return;
	size_t size = decode(salt, strlen(salt), raw, sizeof raw);
	PKCS5_PBKDF2_HMAC(options.password, (int)strlen(options.password), raw, (int)size, rounds, EVP_sha256(), HASH, known.salted);
	hmac(known.salted, "Client Key", 10, known.client);
	hmac(known.salted, "Server Key", 10, known.server);
	EVP_Digest(known.client, HASH, known.stored, NULL, EVP_sha256(), NULL);
	snprintf(known.salt, sizeof known.salt, "%s", salt);
	known.rounds = rounds;
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
	client_print(c, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>%s</auth>", encoded);
}

void scram_final(struct client *c, struct piece challenge)
{
	unsigned char text[400], signature[HASH], proof[HASH];
	char nonce[160], salt[128], without_proof[200], all[800], encoded[64], final[300], final_encoded[500];
	int rounds;
	const char *from = memchr(challenge.at, '>', challenge.size), *to = from ? memchr(from, '<', challenge.size - (size_t)(from - challenge.at)) : NULL;
	if (!to)
		die("an empty challenge");
	decode(from + 1, (size_t)(to - from - 1), text, sizeof text);
	if (sscanf((char *)text, "r=%159[^,],s=%127[^,],i=%d", nonce, salt, &rounds) != 3)
		die("a challenge that can't be read: %s", text);
	derive(salt, rounds);
	snprintf(without_proof, sizeof without_proof, "c=biws,r=%s", nonce);
	int size = snprintf(all, sizeof all, "%s,%s,%s", c->scram->first_bare, text, without_proof);
	hmac(known.stored, all, (size_t)size, signature);
	for (int i = 0; i < HASH; i++)
		proof[i] = known.client[i] ^ signature[i];
	EVP_EncodeBlock((unsigned char *)encoded, proof, HASH);
	size = snprintf(final, sizeof final, "%s,p=%s", without_proof, encoded);
	EVP_EncodeBlock((unsigned char *)final_encoded, (const unsigned char *)final, size);
	client_print(c, "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%s</response>", final_encoded);
}

void scram_end(struct client *c)
{
	free(c->scram);
	c->scram = NULL;
}
