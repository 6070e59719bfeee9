/* XEP-0474 §4.1: sorted by bytes, joined by %x1E, and %x1F before the bindings. */
#include "xmpp/scram_downgrade.h"
#include "xmpp/base64.h"
#include "base/check.h"
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *joined(struct arena *a, const char **names, size_t count)
{
	const char *all = "";
	qsort(names, count, sizeof *names, by_bytes);
	for (size_t i = 0; i < count; i++)
		all = arena_printf(a, "%s%s%s", all, i ? "\x1e" : "", names[i]);
	return all;
}

const char *scram_downgrade_attribute(struct arena *a, enum scram_hash hash, const char **mechanisms, size_t mechanism_count,
	const char **bindings, size_t binding_count)
{
	unsigned char digest[SCRAM_DIGEST];
	const char *text = joined(a, mechanisms, mechanism_count);
	if (binding_count)
		text = arena_printf(a, "%s\x1f%s", text, joined(a, bindings, binding_count));
	if (!EVP_Digest(text, strlen(text), digest, NULL, scram_md(hash), NULL))
		BUG("no digest");
	return arena_printf(a, "h=%s", base64_encode(a, digest, scram_size(hash)));
}
