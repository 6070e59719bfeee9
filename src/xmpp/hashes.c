/* OpenSSL's, under other names. */
#include "xmpp/hashes.h"
#include "xmpp/base64.h"
#include <openssl/evp.h>
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

char *hash_base64(struct arena *a, const char *name, const void *from, size_t size)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;
	const EVP_MD *md = find(name);
	if (!md || !EVP_Digest(from, size, digest, &length, md, NULL))
		return NULL;
	return base64_encode(a, digest, length);
}
