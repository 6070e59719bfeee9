/*
 * The same table three times: for readers of the documents, for programs that
 * read answers, and for `man`.
 */
#include "core/command_page.h"
#include "core/command.h"
#include "core/command_words.h"
#include <string.h>

static const struct command_arg none[] = { { NULL, NULL, 0 } };

static void add(struct buf *out, const char *text)
{
	buf_add(out, text, strlen(text));
}

static const char *const places[] = {
	[COMMAND_SERVER]   = "Needs the running server.",
	[COMMAND_STORE]    = "Works in the running server, or without one on the database itself.",
	[COMMAND_ANYWHERE] = "Needs no server.",
	[COMMAND_PROGRAM]  = "Needs no running server.",
};

/* Only what can be asked of a server can be asked by somebody else. */
static const char *who_may(struct arena *a, const struct command *c)
{
	if (c->may != MAY_DOMAIN_ADMIN)
		return "";
	return arena_printf(a, " A domain's administrators may run it where %s is of their domain.", c->concerns);
}

static void markdown_of(struct buf *out, struct arena *a, const struct command *c)
{
	add(out, arena_printf(a, "\n## `%s`\n\n    jackdaw %s\n\n%s. %s%s\n",
		command_name(a, c), command_usage(a, c), c->help, places[c->where], who_may(a, c)));
	if (c->args)
		add(out, "\n| argument | |\n|---|---|\n");
	for (const struct command_arg *arg = c->args ? c->args : none; arg->name; arg++)
		add(out, arena_printf(a, "| `%s` | %s |\n", arg->name, arg->help));
}

static const char preface[] =
	"# Commands\n\n"
	"This page is made by `jackdaw help --markdown`: change the table of commands (`src/admin`), not the page.\n\n"
	"    jackdaw [-c FILE] [--socket PATH] [--json] COMMAND …\n\n"
	"A command asks the running server through its control socket, a Unix socket that only the server's own user and root may use\n"
	"(`control_socket` of the configuration; without it `control.sock` in the data folder). `-c` names the configuration; else it is\n"
	"`$JACKDAW_CONF`, `./jackdaw.conf` if it is the caller's own, or `/etc/jackdaw/jackdaw.conf`. `--socket` names the socket itself.\n\n"
	"With `--json` the answer is one line of JSON: [json.md](json.md) says what is in it. The exit code is 0 when all went well, 1 when\n"
	"the command was refused or failed, and 2 when its words were wrong. `jackdaw completion bash` prints the completion of these words,\n"
	"`jackdaw help --man` and `jackdaw config reference --man` print the manual.\n\n"
	"Administrators of the server may run all of it: who reaches the control socket, and the addresses in the top level's `admins`.\n"
	"Those in a domain's `admins` may run what says so below, and nothing against an account of a server's administrator.\n\n"
	"These addresses ask by XMPP, with any client that has ad-hoc commands (XEP-0050): `user add` is the node `jackdaw:user add` of a\n"
	"domain, and XEP-0133's nodes are there, too. What writes or reads a file of the caller, and `log follow`, are for the socket only.\n"
	"Where a domain may be given, the one that was asked stands there already; lists are no longer than `adhoc.rows`.\n\n"
	"The socket itself speaks lines of JSON: `{\"args\":[\"user\",\"list\"],\"stdin\":\"…\"}` is answered by a line as above, in order.\n";

void command_markdown(struct buf *out)
{
	struct arena *a = arena_new();
	add(out, preface);
	for (size_t i = 0; commands[i]; i++)
		markdown_of(out, a, commands[i]);
	arena_free(a);
}

/* --- docs/json.md --- */

static const char json_preface[] =
	"# Answers in JSON\n\n"
	"This page is made by `jackdaw help --json-page`: change the table of commands (`src/admin`), not the page. A test compares it with\n"
	"what commands answer.\n\n"
	"Every command with `--json`, and every line of the control socket, answers with one line of UTF-8, an object:\n\n"
	"| field | type | |\n|---|---|---|\n"
	"| `ok` | yes | whether all went well |\n"
	"| `error` | text, or missing | what went wrong, when `ok` is false; lines are separated by a line feed |\n"
	"| `usage` | yes, or missing | true: the words of the command were wrong |\n"
	"| `words` | text, or missing | what is said to people, besides the rows or instead of them |\n"
	"| `rows` | rows, or missing | what the command found or did: always there when `ok` is true; a failed command may have some too |\n"
	"| `more` | number, or missing | how many rows were left out: the command tells how to ask for them |\n\n"
	"*text* is a string, *number* a whole number, *yes* a boolean, *time* a string as `2026-01-31T12:00:00Z`, *rows* an array of objects.\n"
	"*Or null*: the field is there and is null. *Or missing*: it may be left out. Fields may be added to a row in later versions; none\n"
	"is taken away, renamed or given another type.\n\n"
	"A command that gives its output piece by piece (`log follow`, `backup -`, `export -`) writes the pieces there and the answer to\n"
	"stderr.\n";

static const char *type_of(struct arena *a, const struct command_field *f)
{
	static const char *const names[] = {
		[FIELD_TEXT] = "text", [FIELD_NUMBER] = "number", [FIELD_YES] = "yes", [FIELD_TIME] = "time", [FIELD_ROWS] = "rows" };
	return arena_printf(a, "%s%s%s", names[f->type & FIELD_TYPES], f->type & OR_NULL ? ", or null" : "",
		f->type & OR_MISSING ? ", or missing" : "");
}

/* What is in the rows of a field stands below it, with its name before: `values.scope`. */
static void json_fields(struct buf *out, struct arena *a, const char *prefix, const struct command_field *f)
{
	for (; f->name; f++) {
		const char *name = arena_printf(a, "%s%s", prefix, f->name);
		add(out, arena_printf(a, "| `%s` | %s | %s |\n", name, type_of(a, f), f->help));
		if (f->fields)
			json_fields(out, a, arena_printf(a, "%s.", name), f->fields);
	}
}

static void json_table(struct buf *out, struct arena *a, const struct command_field *fields)
{
	add(out, "| field | type | |\n|---|---|---|\n");
	json_fields(out, a, "", fields);
}

static void json_of(struct buf *out, struct arena *a, const struct command *c)
{
	if (c->where == COMMAND_PROGRAM)
		return;
	add(out, arena_printf(a, "\n## `%s`\n\n", command_name(a, c)));
	add(out, c->fields ? "" : "No rows; `words` says it.\n");
	if (c->fields)
		json_table(out, a, c->fields);
	if (c->beside) {
		add(out, "\nBeside `rows`:\n\n");
		json_table(out, a, c->beside);
	}
}

void command_json_page(struct buf *out)
{
	struct arena *a = arena_new();
	add(out, json_preface);
	for (size_t i = 0; commands[i]; i++)
		json_of(out, a, commands[i]);
	arena_free(a);
}

/* --- jackdaw(1) --- */

void man_text(struct buf *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		add(out, "\\&");
	for (; *text; text++) {
		if (*text == '\\')
			add(out, "\\e");
		else if (*text == '-')
			add(out, "\\-");
		else if (*text == '|')
			add(out, "|\\:");     /* a line may end there */
		else if (*text == '\n' && (text[1] == '.' || text[1] == '\''))
			add(out, "\n\\&");
		else
			buf_byte(out, *text);
	}
}

void man_title(struct buf *out, const char *name, int section)
{
	struct arena *a = arena_new();
	add(out, arena_printf(a, ".\\\" Made by the program itself; -*- coding: utf-8 -*-\n.TH %s %d \"\" \"%s %s\" \"%s\"\n.ad l\n", name, section,
		SERVER_NAME, SERVER_VERSION, SERVER_NAME));
	arena_free(a);
}

static void man_term(struct buf *out, const char *term, const char *text)
{
	add(out, ".TP\n.B ");
	man_text(out, term);
	add(out, "\n");
	man_text(out, text);
	add(out, "\n");
}

static void man_of(struct buf *out, struct arena *a, const struct command *c)
{
	add(out, ".TP\n.B jackdaw ");
	man_text(out, command_usage(a, c));
	add(out, "\n");
	man_text(out, arena_printf(a, "%s. %s%s\n", c->help, places[c->where], who_may(a, c)));
	if (!c->args)
		return;
	add(out, ".RS\n");
	for (const struct command_arg *arg = c->args; arg->name; arg++)
		man_term(out, arg->name, arg->help);
	add(out, ".RE\n");
}

void command_man(struct buf *out)
{
	struct arena *a = arena_new();
	man_title(out, "JACKDAW", 1);
	add(out, ".SH NAME\njackdaw \\- an XMPP server, and the commands that administrate it\n"
		".SH SYNOPSIS\n.B jackdaw\n[\\fB\\-c\\fR \\fIFILE\\fR]\n[\\fB\\-\\-socket\\fR \\fIPATH\\fR]\n[\\fB\\-\\-json\\fR]\n"
		"\\fICOMMAND\\fR ...\n.SH DESCRIPTION\n"
		"A command asks the running server through its control socket, which only the server's own user and root may use.\n"
		".SH OPTIONS\n");
	man_term(out, "-c FILE", "The configuration; else $JACKDAW_CONF, ./jackdaw.conf if it is the caller's own, or /etc/jackdaw/jackdaw.conf.");
	man_term(out, "--socket PATH", "The control socket itself, whatever the configuration says.");
	man_term(out, "--json", "The answer is one line of JSON.");
	add(out, ".SH COMMANDS\n");
	for (size_t i = 0; commands[i]; i++)
		man_of(out, a, commands[i]);
	add(out, ".SH EXIT STATUS\n0: all went well. 1: the command was refused or failed. 2: its words were wrong.\n"
		".SH SIGNALS\nThe server reloads its configuration at SIGHUP, and stops in order at SIGTERM and SIGINT.\n"
		".SH SEE ALSO\n.BR jackdaw.conf (5)\n");
	arena_free(a);
}
