/* OpenSSL's, under other names. */
#include "xmpp/hashes.h"
#include "xmpp/base64.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

static const EVP_MD *find(const char *name)
{
	static const struct { const char *name; const EVP_MD *(*md)(void); } known[] = {
		{ "sha-256", EVP_sha256 }, { "sha-384", EVP_sha384 }, { "sha-512", EVP_sha512 },
		{ "sha3-256", EVP_sha3_256 }, { "sha3-384", EVP_sha3_384 }, { "sha3-512", EVP_sha3_512 }, { "blake2b-512", EVP_blake2b512 },
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].md();
	return NULL;
}

/* The digest's size; 0: there is none. */
static unsigned digest_of(const EVP_MD *md, const void *from, size_t size, unsigned char digest[EVP_MAX_MD_SIZE])
{
	unsigned length = 0;
	return md && EVP_Digest(from, size, digest, &length, md, NULL) ? length : 0;
}

char *hash_base64(struct arena *a, const char *name, const void *from, size_t size)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = digest_of(find(name), from, size, digest);
	return length ? base64_encode(a, digest, length) : NULL;
}

char *hash_hex(struct arena *a, const char *name, const void *from, size_t size)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = digest_of(strcmp(name, "sha1") == 0 ? EVP_sha1() : find(name), from, size, digest);
	char *hex = length ? arena_bytes(a, 2 * length + 1) : NULL;
	for (unsigned i = 0; i < length; i++)
		snprintf(hex + 2 * (size_t)i, 3, "%02x", digest[i]);
	return hex;
}
