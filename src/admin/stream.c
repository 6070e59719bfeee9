/*
 * stream list, stream kick: every connection, also such as are not yet logged
 * in.
 *
 * A page is the connections with the smallest numbers behind that of the page
 * before, of those that are wanted. Each loop keeps no more than a page while
 * it looks through its own, so the memory for 50,000 is that of one page.
 */
#include "core/stream_table.h"
#include "admin/commands.h"
#include "core/call.h"
#include "core/home.h"
#include "xmpp/jid.h"
#include "xmpp/ns.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 200, PAGE_MOST = 10000 };

struct wanted {                      /* of each NULL or 0: any; read by all loops, changed by none */
	const char *domain, *jid, *address;
	uint64_t number, after;
	bool has_step;
	enum stream_step step;
	size_t page;
};

/* --- a loop's page: a heap of its smallest numbers, the largest on top --- */

struct page {
	struct arena *arena;
	const struct wanted *wanted;
	struct kept { uint64_t number; struct xml *row; } *kept;
	size_t count;
	int64_t more;                /* wanted, and too many for the page */
};

static void sift_down(struct page *p, size_t at)
{
	for (size_t child; (child = 2 * at + 1) < p->count; at = child) {
		if (child + 1 < p->count && p->kept[child + 1].number > p->kept[child].number)
			child++;
		if (p->kept[at].number >= p->kept[child].number)
			return;
		struct kept swapped = p->kept[at];
		p->kept[at] = p->kept[child];
		p->kept[child] = swapped;
	}
}

static void sift_up(struct page *p, size_t at)
{
	for (; at && p->kept[at].number > p->kept[(at - 1) / 2].number; at = (at - 1) / 2) {
		struct kept swapped = p->kept[at];
		p->kept[at] = p->kept[(at - 1) / 2];
		p->kept[(at - 1) / 2] = swapped;
	}
}

/* The element of one that is put out is used again for the one that comes in. */
static struct xml *place(struct page *p, uint64_t number)
{
	if (p->count < p->wanted->page) {
		p->kept[p->count++] = (struct kept){ number, EL(p->arena, NS_CALL, "stream", NULL) };
		struct xml *row = p->kept[p->count - 1].row;
		sift_up(p, p->count - 1);
		return row;
	}
	p->more++;
	if (number > p->kept[0].number)
		return NULL;
	struct xml *row = p->kept[0].row;
	p->kept[0].number = number;
	sift_down(p, 0);
	return row;
}

/* --- what is wanted --- */

static bool begins(const char *text, const char *with, char next)
{
	size_t size = strlen(with);
	return text && strncmp(text, with, size) == 0 && (!text[size] || text[size] == next);
}

static bool is_from(const char *peer, const char *address)
{
	const char *start = peer && *peer == '[' ? peer + 1 : peer;
	size_t size = strlen(address);
	return start && strncmp(start, address, size) == 0 && (start[size] == ':' || start[size] == ']') && (start == peer) == !strchr(address, ':');
}

static bool is_wanted(const struct wanted *w, const struct stream_row *r)
{
	return r->number > w->after && (!w->number || r->number == w->number) && (!w->has_step || r->step == w->step)
	    && (!w->domain || (r->host && strcmp(r->host, w->domain) == 0)) && (!w->jid || begins(r->jid, w->jid, '/'))
	    && (!w->address || is_from(r->peer, w->address));
}

/* --- telling --- */

static const struct { const char *name; size_t at; } numbers[] = {
	{ "stanzas_in", offsetof(struct stream_row, stanzas_in) }, { "stanzas_out", offsetof(struct stream_row, stanzas_out) },
	{ "bytes_in", offsetof(struct stream_row, bytes_in) }, { "bytes_out", offsetof(struct stream_row, bytes_out) },
	{ "queued", offsetof(struct stream_row, queued) }, { "unsettled", offsetof(struct stream_row, unsettled) },
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };
static const char *const texts[] = { "peer", "gate", "domain", "jid", "state", "doing", "tls", "cipher", "mechanism" };
enum { TEXTS = sizeof texts / sizeof *texts };

static const char *number(struct arena *a, uint64_t n)
{
	return arena_printf(a, "%llu", (unsigned long long)n);
}

/* One element for each row that is kept, written over: strings that are longer than those before take new room, no more often
 * than the heap's top falls. */
static void describe(struct arena *a, struct xml *el, const struct stream_row *r)
{
	const char *const values[] = { r->peer, r->gate, r->host, r->jid, stream_step_name(r->step), r->doing, r->tls, r->cipher, r->mechanism };
	xml_set(a, el, "n", number(a, r->number));
	char tag[STREAM_TAG];
	stream_tag(tag, r->kind, r->number);
	xml_set(a, el, "tag", arena_string(a, tag));
	xml_set(a, el, "since", number(a, (uint64_t)r->since));
	xml_set(a, el, "acks", r->has_acks ? "1" : NULL);
	for (size_t i = 0; i < TEXTS; i++)
		xml_set(a, el, texts[i], arena_string(a, values[i]));
	for (size_t i = 0; i < NUMBERS; i++)
		xml_set(a, el, numbers[i].name, number(a, *(const uint64_t *)(const void *)((const char *)r + numbers[i].at)));
}

static void see(void *with, const struct stream_row *r)
{
	struct page *p = with;
	struct xml *el = is_wanted(p->wanted, r) ? place(p, r->number) : NULL;
	if (el)
		describe(p->arena, el, r);
}

/* Runs on every loop in turn. */
static void visit_home(struct home *home, struct arena *a, struct xml *result, void *with)
{
	struct command_run *run = with;
	struct page p = { .arena = a, .wanted = run->own };
	p.kept = arena_alloc(a, p.wanted->page * sizeof *p.kept);
	stream_table.each(see, &p);
	for (size_t i = 0; i < p.count; i++)
		xml_append(result, p.kept[i].row);
	const char *before = xml_get(result, "more");
	xml_set(a, result, "more", number(a, (uint64_t)p.more + (before ? strtoull(before, NULL, 10) : 0)));
}

static uint64_t number_of(const struct xml *el, const char *name)
{
	const char *text = xml_get(el, name);
	return text ? strtoull(text, NULL, 10) : 0;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = number_of(*(const struct xml *const *)a, "n"), y = number_of(*(const struct xml *const *)b, "n");
	return x < y ? -1 : x > y;
}

static void add_row(struct command_run *run, const struct xml *el)
{
	command_row(run);
	command_number(run, "number", (int64_t)number_of(el, "n"));
	command_text(run, "stream", xml_get(el, "tag"));
	command_time(run, "since", (int64_t)number_of(el, "since"));
	for (size_t i = 0; i < TEXTS; i++)
		command_text(run, texts[i], xml_get(el, texts[i]));
	command_yes(run, "acks", xml_get(el, "acks") != NULL);
	for (size_t i = 0; i < NUMBERS; i++)
		command_number(run, numbers[i].name, (int64_t)number_of(el, numbers[i].name));
}

static void gathered(struct arena *a, struct xml *result, void *with)
{
	struct command_run *run = with;
	const struct wanted *w = run->own;
	size_t count = xml_count(result, NS_CALL, "stream"), at = 0;
	const struct xml **rows = arena_alloc(a, (count + 1) * sizeof *rows);
	for (const struct xml *el = xml_first(result); el; el = xml_next(el, NULL, NULL))
		rows[at++] = el;
	qsort(rows, count, sizeof *rows, by_number);
	for (size_t i = 0; i < count && i < w->page; i++)
		add_row(run, rows[i]);
	run->more = (int64_t)number_of(result, "more") + (int64_t)(count > w->page ? count - w->page : 0);
	command_done(run);
}

/* --- what was asked --- */

static bool read_who(struct command_run *run, struct wanted *w, const char *who)
{
	unsigned char bytes[16];
	if ((w->number = stream_number(who)))
		return true;
	if (inet_pton(AF_INET, who, bytes) == 1 || inet_pton(AF_INET6, who, bytes) == 1) {
		w->address = who;
		return true;
	}
	const struct jid *jid = jid_parse(run->arena, who);
	if (jid && jid->local)
		w->jid = jid->full;
	else
		w->domain = jid ? jid->domain : NULL;
	return jid != NULL;
}

static void list(struct command_run *run)
{
	struct wanted *w = ARENA_NEW(run->arena, struct wanted);
	const char *who = command_get(run, "WHO"), *state = command_get(run, "--state STATE"), *after = command_get(run, "--after NUMBER"),
		*page = command_get(run, "--page ROWS");
	w->page = page ? (size_t)strtoul(page, NULL, 10) : PAGE;
	w->after = after ? stream_number(after) : 0;
	w->has_step = state && stream_step_named(state, &w->step);
	run->own = w;
	if (who && !read_who(run, w, who))
		command_fail(run, "'%s' is no domain, no JID, no address and no connection", who);
	else if (w->page < 1 || w->page > PAGE_MOST)
		command_fail(run, "a page has from 1 to %d rows", PAGE_MOST);
	else
		call_homes(visit_home, gathered, run);
}

/* --- kick --- */

static void visit_to_end(struct home *home, struct arena *a, struct xml *result, void *with)
{
	struct command_run *run = with;
	const char *why = command_get(run, "WHY");
	if (stream_table.end(stream_number(command_get(run, "STREAM")), why ? why : "Ended by an administrator"))
		xml_set(a, result, "ended", "1");
}

static void visited(struct arena *a, struct xml *result, void *with)
{
	struct command_run *run = with;
	if (!xml_get(result, "ended")) {
		command_fail(run, "there is no connection %s", command_get(run, "STREAM"));
		return;
	}
	command_row(run);
	command_text(run, "stream", command_get(run, "STREAM"));
	command_done(run);
}

static void kick(struct command_run *run)
{
	if (stream_number(command_get(run, "STREAM")))
		call_homes(visit_to_end, visited, run);
	else
		command_fail(run, "'%s' is no connection: XMPPS-000017, or 17", command_get(run, "STREAM"));
}

const struct command cmd_stream_list = {
	.noun = "stream", .verb = "list", .run = list,
	.help = "Lists connections, oldest first and a page at a time, also such as are not yet logged in",
	.args = ARGS({ "WHO", "only this domain, account, full JID, IP address or connection", ARG_OPTIONAL },
		{ "--state STATE", "only those in this state", 0, "connected negotiating waiting bound leaving closing" },
		{ "--after NUMBER", "the next page: behind this one, the last of the page before", 0 }, { "--page ROWS", "how many; without it 200", 0 }),
	.fields = FIELDS({ "number", "grows with the connections", FIELD_NUMBER }, { "stream", "its tag in the log" }, { "since", "when it connected", FIELD_TIME },
		{ "peer", "address and port", FIELD_TEXT | OR_NULL }, { "gate", "the address by which it came in", FIELD_TEXT | OR_NULL },
		{ "domain", "of ours; null: not said yet", FIELD_TEXT | OR_NULL }, { "jid", "the account; with its resource once it is bound; null: not logged in", FIELD_TEXT | OR_NULL },
		{ "state", "connected, negotiating, waiting, bound, leaving, closing" }, { "doing", "what is under way, or why it isn't read", FIELD_TEXT | OR_NULL },
		{ "tls", "TLS's version; null: in the clear", FIELD_TEXT | OR_NULL }, { "cipher", "its cipher", FIELD_TEXT | OR_NULL },
		{ "mechanism", "SASL's", FIELD_TEXT | OR_NULL }, { "acks", "whether XEP-0198 is on", FIELD_YES },
		{ "stanzas_in", "of its client", FIELD_NUMBER }, { "stanzas_out", "to it", FIELD_NUMBER }, { "bytes_in", "of XML", FIELD_NUMBER },
		{ "bytes_out", "of XML, taken by its socket", FIELD_NUMBER }, { "queued", "bytes that its socket hasn't taken", FIELD_NUMBER },
		{ "unsettled", "bytes that it sent and that are not settled yet", FIELD_NUMBER }),
};
const struct command cmd_stream_kick = {
	.noun = "stream", .verb = "kick", .is_act = true, .help = "Ends one connection, also one that is not yet logged in", .run = kick,
	.args = ARGS({ "STREAM", "its tag or its number: XMPPS-000017, 17", 0 }, { "WHY", "words for the user", ARG_OPTIONAL | ARG_REST }),
	.fields = FIELDS({ "stream", "as it was asked" }),
};
