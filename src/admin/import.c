/*
 * import: what a XEP-0227 document holds becomes accounts here.
 *
 * The client reads the file and gives it piece by piece, each a document of
 * its own with some accounts (src/import.c); one that comes by another way is
 * taken whole. An account may be in several pieces. Some dozens are under way
 * at a time, so that commits are shared.
 */
#include "admin/accounts.h"
#include "admin/commands.h"
#include "xml/parser.h"
#include "xmpp/ns.h"
#include "xmpp/scram.h"
#include <stdlib.h>
#include <string.h>

enum { UNDER_WAY = 32 };

struct import {
	struct command_run *run;
	const struct xml *host, *user;       /* the next */
	unsigned under_way;
	int64_t  refused;
	bool     is_pumping;                 /* an answer that comes at once doesn't pump within the pump */
};

struct one { struct import *import; const char *jid; bool is_continued; };     /* continued: an earlier piece began it */

static void pump(struct import *);

static void add_row(struct import *i, const char *jid, const char *result, const char *note)
{
	command_row(i->run);
	command_text(i->run, "jid", jid);
	command_text(i->run, "result", result);
	command_text(i->run, "note", note);
	i->refused += strcmp(result, "refused") == 0;
}

static unsigned number(const struct xml *el, const char *name)
{
	const char *text = xml_get(el, name);
	return text ? (unsigned)strtoul(text, NULL, 10) : 0;
}

/* What somebody should know of it; NULL: nothing. */
static const char *note_of(struct arena *a, const struct xml *answer)
{
	unsigned wrong = number(answer, "wrong"), ignored = number(answer, "ignored");
	if (!wrong && !ignored)
		return NULL;
	return arena_printf(a, "%u wrong, %u ignored, such as %s", wrong, ignored, xml_get(answer, "example"));
}

static void answered(void *with, const struct xml *answer, const char *why)
{
	struct one *one = with;
	struct import *i = one->import;
	i->under_way--;
	if (!answer)
		add_row(i, one->jid, "refused", why);
	else if (strcmp(answer->name, "imported") != 0)
		add_row(i, one->jid, "refused", "the password is empty, or has characters that RFC 8265 forbids");
	else {
		unsigned hashes = number(answer, "hashes");
		add_row(i, one->jid, one->is_continued ? "continued" : xml_get(answer, "result"), note_of(i->run->arena, answer));
		command_yes(i->run, "old_keys", !one->is_continued && hashes && !(hashes & 1u << SCRAM_SHA_256));
	}
	pump(i);
}

static void ask(struct import *i, const char *domain, const struct xml *user)
{
	struct arena *a = i->run->arena;
	const char *name = xml_get(user, "name"), *error = "a user without a name", *text;
	text = name ? arena_printf(a, "%s@%s", name, domain ? domain : "?") : "?";
	const struct jid *jid = name && domain ? jid_make(a, name, domain, NULL) : NULL;
	if (name && !jid)
		error = "that is no address";
	if (jid && !accounts_domain(i->run, jid->domain, &error))
		jid = NULL;
	if (!jid) {
		add_row(i, text, "refused", error);
		return;
	}
	struct xml *question = xml_shallow(a, user);
	question->ns = NS_CALL;
	question->name = "import";
	xml_set(a, question, "name", NULL);
	xml_set(a, question, "continued", NULL);
	xml_set(a, question, "overwrite", command_get(i->run, "--overwrite") ? "yes" : NULL);
	struct one *one = ARENA_NEW(a, struct one);
	*one = (struct one){ i, jid->bare, xml_get(user, "continued") != NULL };
	i->under_way++;
	accounts_ask(i->run, jid, question, answered, one);
}

static void next_user(struct import *i)
{
	i->user = xml_next(i->user, NS_PIE, "user");
	while (!i->user && i->host && (i->host = xml_next(i->host, NS_PIE, "host")))
		i->user = xml_child(i->host, NS_PIE, "user");
}

static void pump(struct import *i)
{
	if (i->is_pumping)
		return;
	i->is_pumping = true;
	for (; i->user && i->under_way < UNDER_WAY; next_user(i))
		ask(i, xml_get(i->host, "jid"), i->user);
	i->is_pumping = false;
	if (i->under_way)
		return;
	if (i->refused)
		command_fail(i->run, "%lld refused", (long long)i->refused);
	else
		command_done(i->run);
}

static void import(struct command_run *run)
{
	struct import *i = ARENA_NEW(run->arena, struct import);
	const struct xml *data = xml_parse(run->arena, run->input, strlen(run->input), NS_CLIENT);
	if (!xml_is(data, NS_PIE, "server-data")) {
		command_fail(run, "that is no <server-data xmlns='urn:xmpp:pie:0'/>");
		return;
	}
	i->run = run;
	i->host = xml_child(data, NS_PIE, "host");
	i->user = xml_child(i->host, NS_PIE, "user");
	if (i->host && !i->user)
		next_user(i);
	pump(i);
}

const struct command cmd_import = {
	.noun = "import", .where = COMMAND_STORE, .is_act = true, .run = import,
	.help = "Takes accounts from XEP-0227 files; what is here already stays as it is, and the same file may be imported again",
	.args = ARGS({ "FILE", "one that export or another server wrote, or a folder of such; -: the input", ARG_FROM_FILE },
		{ "--overwrite", "keys, cards and contacts of the file take the place of those that are here", 0 }),
	.fields = FIELDS({ "jid", "the account" }, { "result", "made, merged, refused, or continued: an earlier piece of the file began it" },
		{ "note", "what was wrong with it, or what nobody here wants", FIELD_TEXT | OR_NULL },
		{ "old_keys", "its keys are for SCRAM-SHA-1 only", FIELD_YES | OR_MISSING }),
	.beside = FIELDS({ "made", "accounts, and so are the others", FIELD_NUMBER }, { "merged", "into one that was here", FIELD_NUMBER },
		{ "refused", "see its row", FIELD_NUMBER }, { "old_keys", "with keys for SCRAM-SHA-1 only", FIELD_NUMBER }),
};
