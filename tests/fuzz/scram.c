/*
 * A client that says anything, against an account whose password it cannot
 * know: no message may crash us, and no exchange may end well.
 *
 * The first byte chooses the mechanism and what was offered; the client's
 * first message goes to the first line's end, its last one is the rest. Our
 * nonce is fixed, so that an input can repeat it and get as far as its proof.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "xmpp/scram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct scram_binding bindings[] = { { "tls-exporter", "exported", 8 }, { "tls-server-end-point", "\xff\0x", 3 } };

static void must(bool what)
{
	if (!what)
		abort();
}

static void finish(struct scram *s, enum scram_hash hash, const char *text, size_t size)
{
	struct scram_keys keys;
	const char *answer;
	scram_keys_make(&keys, hash, "nobody's password", "salt", 4, 1);
	const char *challenge = scram_challenge(s, &keys, "server", NULL);
	must(strncmp(challenge, "r=", 2) == 0 && strstr(challenge, "server,s=c2FsdA==,i=1"));

	enum sasl_failure failure = scram_final(s, text, size, &answer);
	must(failure == SASL_MALFORMED_REQUEST || failure == SASL_NOT_AUTHORIZED);
	must(!answer && s->why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	struct scram_terms terms = { .hash = data[0] % SCRAM_HASHES, .plus = data[0] & 0x10, .plus_offered = data[0] & 0x20,
		.bindings = bindings, .bindings_count = 2, .longest = 1000 };
	const char *text = (const char *)data + 1;
	const char *line = memchr(text, '\n', size - 1);
	size_t first = line ? (size_t)(line - text) : size - 1;

	struct scram s;
	struct arena *a = arena_new();
	enum sasl_failure failure = scram_first(&s, a, &terms, text, first);
	must(failure ? s.why != NULL : s.user && *s.user && strlen(s.user) <= first);
	if (!failure && line)
		finish(&s, terms.hash, line + 1, size - 2 - first);
	arena_free(a);
	return 0;
}
