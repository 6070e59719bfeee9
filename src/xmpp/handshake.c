/* SHA-1 of the stream's id and the secret, in lower case: the protocol has no other. */
#include "xmpp/handshake.h"
#include "base/check.h"
#include "base/mem.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

void handshake_make(char to[HANDSHAKE], const char *stream_id, const char *secret)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	char *text = mem_printf("%s%s", stream_id, secret);
	ASSERT(EVP_Digest(text, strlen(text), digest, &size, EVP_sha1(), NULL) == 1 && size == 20);
	for (unsigned i = 0; i < size; i++)
		snprintf(to + 2 * (size_t)i, 3, "%02x", digest[i]);
	OPENSSL_cleanse(text, strlen(text));
	mem_free(text);
}

bool handshake_is(const char *said, const char *stream_id, const char *secret)
{
	char right[HANDSHAKE];
	handshake_make(right, stream_id, secret);
	return strlen(said) == HANDSHAKE - 1 && CRYPTO_memcmp(said, right, HANDSHAKE - 1) == 0;
}
