/*
 * Any bytes as a JID, as each of its parts and as what XEP-0106 escapes.
 *
 * What is prepared must be stable, within its limits and free of what its
 * part excludes; what is escaped must come back. Built with libFuzzer, or
 * with -DSTANDALONE to run the files that are named as arguments.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/check.h"
#include "xmpp/jid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_part(const char *part, size_t limit)
{
	ASSERT(!part || (*part && strlen(part) <= limit));
}

static void check_jid(struct arena *a, const char *text)
{
	struct jid *j = jid_parse(a, text);
	if (!j)
		return;
	struct jid *again = jid_parse(a, j->full);
	ASSERT(again && jid_same(j, again) && jid_same_bare(j, again));
	ASSERT(jid_same(j, jid_copy(a, j)));
	ASSERT(jid_same(j, jid_make(a, j->local, j->domain, j->resource)));
	ASSERT(jid_is_bare(jid_with(a, j, NULL)) && jid_same_bare(j, jid_with(a, j, NULL)));
	ASSERT(strlen(j->full) <= JID_LENGTH && *j->domain);
	ASSERT(!j->local || !strpbrk(j->local, "\"&'/:<>@ "));
	ASSERT(!strpbrk(j->domain, "@/ "));
	check_part(j->local, JID_PART);
	check_part(j->domain, JID_PART);
	check_part(j->resource, JID_PART);
}

static void check_stable(struct arena *a, const char *(*prepare)(struct arena *, const char *), const char *text)
{
	const char *once = prepare(a, text);
	if (!once)
		return;
	check_part(once, JID_PART);
	const char *twice = prepare(a, once);
	ASSERT(twice && strcmp(once, twice) == 0);
}

/* Escaping comes back; and unescaping does where the text was escaped to begin with. */
static void check_escape(struct arena *a, const char *text)
{
	const char *escaped = jid_escape(a, text);
	if (escaped) {
		ASSERT(!strpbrk(escaped, " \"&'/:<>@"));
		ASSERT(strcmp(jid_unescape(a, escaped), text) == 0);
	}
	const char *shown = jid_unescape(a, text);
	ASSERT(strlen(shown) <= strlen(text));
	const char *local = jid_local(a, text);
	ASSERT(!local || (*jid_unescape(a, local) != ' '));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *text = arena_copy(a, data, size);
	check_jid(a, text);
	check_stable(a, jid_local, text);
	check_stable(a, jid_domain, text);
	check_stable(a, jid_resource, text);
	check_stable(a, jid_password, text);
	check_escape(a, text);
	arena_free(a);
	return 0;
}

#ifdef STANDALONE
int main(int count, char **files)
{
	static uint8_t data[1 << 20];
	for (int i = 1; i < count; i++) {
		FILE *f = fopen(files[i], "rb");
		if (!f) {
			perror(files[i]);
			return 1;
		}
		LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof data, f));
		fclose(f);
	}
	return 0;
}
#endif
