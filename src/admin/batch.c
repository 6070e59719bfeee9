/*
 * Making keys takes milliseconds on a worker, and a commit a sync of the disk:
 * with some dozens under way the workers are busy and commits are shared.
 */
#include "admin/batch.h"
#include "admin/accounts.h"
#include "xmpp/ns.h"
#include <string.h>

enum { UNDER_WAY = 32 };

struct batch {
	struct command_run *run;
	const char *question;
	const char *(*reason)(const char *why);
	const char *at;                      /* the rest of the input */
	unsigned    line, under_way;
	int64_t     good, bad;
	bool        is_pumping;              /* an answer that comes at once doesn't pump within the pump */
};

struct line {
	struct batch *batch;
	unsigned      number;
	const char   *jid;
};

static void complain(struct batch *b, unsigned number, const char *jid, const char *error)
{
	command_row(b->run);
	command_number(b->run, "line", number);
	command_text(b->run, "jid", jid);
	command_text(b->run, "error", error);
	b->bad++;
}

static void pump(struct batch *);

static void answered(void *with, const struct xml *answer, const char *why)
{
	struct line *line = with;
	struct batch *b = line->batch;
	b->under_way--;
	if (answer && strcmp(answer->name, "done") == 0)
		b->good++;
	else
		complain(b, line->number, line->jid, answer ? b->reason(xml_get(answer, "why")) : why);
	pump(b);
}

/* The next line that isn't empty, without its end; NULL: there are no more. */
static char *next_line(struct batch *b)
{
	while (*b->at) {
		size_t size = strcspn(b->at, "\n"), kept = size;
		const char *start = b->at;
		b->at += size + (b->at[size] == '\n');
		b->line++;
		while (kept && start[kept - 1] == '\r')
			kept--;
		if (kept)
			return arena_copy(b->run->arena, start, kept);
	}
	return NULL;
}

static void ask(struct batch *b, char *text)
{
	struct arena *a = b->run->arena;
	const char *error = "a JID, a blank and a password are wanted";
	size_t size = strcspn(text, " \t");
	const char *password = text[size] ? text + size + 1 : NULL;
	text[size] = '\0';
	const struct jid *jid = password ? accounts_jid(b->run, text, &error) : NULL;
	if (!jid) {
		complain(b, b->line, text, error);
		return;
	}
	struct line *line = ARENA_NEW(a, struct line);
	*line = (struct line){ b, b->line, jid->bare };
	b->under_way++;
	accounts_ask(b->run, jid, EL(a, NS_CALL, b->question, ATTR(a, "password", password)), answered, line);
}

static void finish(struct batch *b)
{
	if (b->bad)
		command_fail(b->run, "%lld done, %lld failed", (long long)b->good, (long long)b->bad);
	else {
		command_say(b->run, "%lld done", (long long)b->good);
		command_row(b->run);
		command_number(b->run, "done", b->good);
		command_done(b->run);
	}
}

static void pump(struct batch *b)
{
	char *text;
	if (b->is_pumping)
		return;
	b->is_pumping = true;
	while (b->under_way < UNDER_WAY && (text = next_line(b)))
		ask(b, text);
	b->is_pumping = false;
	if (!b->under_way)
		finish(b);
}

void batch_start(struct command_run *run, const char *question, const char *(*reason)(const char *why))
{
	struct batch *b = ARENA_NEW(run->arena, struct batch);
	b->run = run;
	b->question = question;
	b->reason = reason;
	b->at = run->input;
	pump(b);
}
