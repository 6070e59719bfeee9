/*
 * XEP-0390 §6.1 wants the last three answers to be had by their hashes, so that who
 * was told one before a reload can still ask for it. Hosts of one
 * configuration answer alike, and so share what is remembered. It is each
 * loop's own.
 */
#include "modules/disco_told.h"
#include "base/hash.h"
#include "base/mem.h"
#include "xml/parser.h"
#include "xmpp/caps2.h"
#include "xmpp/ns.h"
#include <stdio.h>
#include <string.h>

enum { HOSTS = 64, ANSWERS = 32, ANSWER_MOST = 8000 };       /* bytes; a longer one is answered while it is the current one */

struct answer { struct told hashes; size_t size; char text[ANSWER_MOST]; };
static _Thread_local struct answer *answers;         /* in a ring */
static _Thread_local unsigned answered;

static void remember(const struct told *hashes, const char *text)
{
	size_t size = strlen(text);
	if (!answers)
		answers = mem_pages(ANSWERS * sizeof *answers);
	for (unsigned i = 0; i < ANSWERS; i++)
		if (strcmp(answers[i].hashes.sha_256, hashes->sha_256) == 0)
			return;
	if (size > ANSWER_MOST)
		return;
	struct answer *one = &answers[answered++ % ANSWERS];
	one->hashes = *hashes;
	one->size = size;
	memcpy(one->text, text, size);
}

static void take(struct told *hashes, struct arena *a, const struct xml *info)
{
	snprintf(hashes->ver, sizeof hashes->ver, "%s", caps_ver(a, info, "sha-1"));
	snprintf(hashes->sha_256, sizeof hashes->sha_256, "%s", caps2_hash(a, info, "", "sha-256"));
	snprintf(hashes->sha3_256, sizeof hashes->sha3_256, "%s", caps2_hash(a, info, "", "sha3-256"));
}

/* One slot for several hosts costs time and nothing else: the hashes are made again. */
const struct told *told_of(const struct host *host, struct xml *(*info)(const struct host *, struct arena *))
{
	static _Thread_local struct { const struct host *host; unsigned generation; struct told hashes; } known[HOSTS];
	size_t slot = hash_text(host->name) % HOSTS;
	unsigned generation = host->hosts->generation;
	if (known[slot].host != host || known[slot].generation != generation) {
		struct arena *a = arena_new();
		const struct xml *answer = info(host, a);
		take(&known[slot].hashes, a, answer);
		remember(&known[slot].hashes, xml_string(a, answer, NS_CLIENT));
		known[slot].host = host;
		known[slot].generation = generation;
		arena_free(a);
	}
	return &known[slot].hashes;
}

bool told_is(const struct told *hashes, struct arena *a, const char *node)
{
	const char *function, *hash;
	if (!caps2_read_node(a, node, &function, &hash))
		return false;
	if (strcmp(function, "sha-256") == 0)
		return strcmp(hash, hashes->sha_256) == 0;
	return strcmp(function, "sha3-256") == 0 && strcmp(hash, hashes->sha3_256) == 0;
}

struct xml *told_lately(struct arena *a, const char *node)
{
	for (unsigned i = 0; answers && i < ANSWERS; i++)
		if (answers[i].size && told_is(&answers[i].hashes, a, node))
			return xml_parse(a, answers[i].text, answers[i].size, NS_CLIENT);
	return NULL;
}
