/*
 * Words → command → answer → print. Global options may stand anywhere before
 * a "--".
 */
#include "cli.h"
#include "admin/commands.h"
#include "admin/init.h"
#include "admin/table.h"
#include "ask.h"
#include "core/audit.h"
#include "core/command_words.h"
#include "core/config.h"
#include "core/control.h"
#include "core/module.h"
#include "import.h"
#include "net/tls.h"
#include "offline.h"
#include "restore.h"
#include "serve.h"
#include "sink.h"
#include "xmpp/ns.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct cli {
	struct arena  *arena;
	const char    *file, *socket;        /* -c, --socket; NULL: not given */
	bool           json;
	const char   **words;
	size_t         count;
	struct config *config;               /* NULL: not read */
	struct command_words command;
	struct sink    sink;                 /* where parts of the answer go */
	struct fail    sink_fault;           /* they could not be kept: it says why */
	void         (*taken)(struct command_run *);         /* a run of ours waits for it */
	struct command_run *run;
	int            status;               /* what it comes to */
};

static int misused(const char *why)
{
	fprintf(stderr, "jackdaw: %s\n", why);
	return CLI_MISUSED;
}

/* --- words --- */

/* False: an option lacks its value. */
static bool take_words(struct cli *cli, int argc, char **argv)
{
	bool has_ended = false;
	cli->words = arena_alloc(cli->arena, (size_t)argc * sizeof *cli->words + sizeof *cli->words);
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i], **value = strcmp(word, "-c") == 0 ? &cli->file : strcmp(word, "--socket") == 0 ? &cli->socket : NULL;
		has_ended |= strcmp(word, "--") == 0;
		if (!has_ended && strcmp(word, "--json") == 0)
			cli->json = true;
		else if (has_ended || !value)
			cli->words[cli->count++] = word;
		else if (i + 1 == argc)
			return false;
		else
			*value = argv[++i];
	}
	return true;
}

static bool is_word(const struct cli *cli, const char *word)
{
	return cli->count && strcmp(cli->words[0], word) == 0;
}

/* --- printing --- */

static void print_for_people(const struct cli *cli, const json_t *answer)
{
	struct buf out = { 0 };
	const json_t *rows = json_object_get(answer, "rows");
	const char *words = json_string_value(json_object_get(answer, "words")), *error = json_string_value(json_object_get(answer, "error"));
	FILE *to = cli->sink.has_taken && !cli->sink.path ? stderr : stdout;     /* the output is the parts' */
	if (words)
		fprintf(to, "%s%s", words, !*words || words[strlen(words) - 1] == '\n' ? "" : "\n");
	else if (cli->command.command && cli->command.command->is_card && json_array_size(rows) == 1)
		table_print_card(&out, json_array_get(rows, 0));
	else
		table_print(&out, rows);
	if (buf_length(&out))
		fwrite(buf_start(&out), 1, buf_length(&out), to);
	fflush(to);
	if (json_integer_value(json_object_get(answer, "more")))
		fprintf(stderr, "and %lld more\n", (long long)json_integer_value(json_object_get(answer, "more")));
	if (error)
		fprintf(stderr, "jackdaw: %s\n", error);
	buf_clear(&out);
}

static void print_answer(struct cli *cli, const json_t *answer)
{
	if (!json_is_true(json_object_get(answer, "ok")))
		cli->status = json_is_true(json_object_get(answer, "usage")) ? CLI_MISUSED : CLI_REFUSED;
	FILE *to = cli->sink.has_taken && !cli->sink.path ? stderr : stdout;
	if (cli->json) {
		json_dumpf(answer, to, JSON_COMPACT);
		fputc('\n', to);
	} else {
		print_for_people(cli, answer);
	}
	if (fflush(stdout) != 0 || ferror(stdout))
		cli->status = CLI_REFUSED;
}

static void fail_with(struct cli *cli, const char *error, bool is_misused)
{
	json_t *answer = json_pack("{s:b, s:s}", "ok", 0, "error", error);
	if (is_misused)
		json_object_set_new(answer, "usage", json_true());
	print_answer(cli, answer);
	json_decref(answer);
}

/* --- running --- */

/* An answer counts once what came before it is kept. */
static void take_answer(struct cli *cli, const json_t *answer)
{
	bool is_good = json_is_true(json_object_get(answer, "ok")) && !*cli->sink_fault.text;
	bool is_kept = sink_close(&cli->sink, is_good, &cli->sink_fault);
	if (*cli->sink_fault.text || (is_good && !is_kept))
		fail_with(cli, cli->sink_fault.text, false);
	else
		print_answer(cli, answer);
}

static const char *who_calls(const struct cli *cli)
{
	return arena_printf(cli->arena, "uid %lu", (unsigned long)getuid());
}

static void finished(struct command_run *run, void *with)
{
	struct cli *cli = with;
	json_t *answer = command_answer(run);
	cli->run = NULL;
	cli->taken = NULL;
	take_answer(cli, answer);
	json_decref(answer);
}

static void part(struct command_run *run, const void *bytes, size_t size, void *with)
{
	struct cli *cli = with;
	cli->run = run;
	if (!*cli->sink_fault.text && !sink_take(&cli->sink, bytes, size, &cli->sink_fault))
		command_leave(run);
}

static void when_taken(struct command_run *run, void (*fn)(struct command_run *), void *with)
{
	struct cli *cli = with;
	cli->run = run;
	cli->taken = fn;
}

/* What would be a later round of a loop is one of ours. */
static void run_here(struct cli *cli, const char *input, const struct command_direct *direct)
{
	struct command_asker asker = { finished, part, when_taken, who_calls(cli), "command line" };
	command_start(cli->words, cli->count, input, &(struct command_from){ .file = cli->file, .direct = direct }, &asker, cli);
	while (cli->run && cli->taken) {
		void (*fn)(struct command_run *) = cli->taken;
		cli->taken = NULL;
		fn(cli->run);
	}
}

static bool load_config(struct cli *cli)
{
	struct config_report report;
	config_report_init(&report);
	cli->config = config_load(config_find_file(cli->file), 0, &report);
	if (!cli->config)
		fail_with(cli, config_report_errors(cli->arena, &report), false);
	config_report_clear(&report);
	return cli->config != NULL;
}

static void run_offline(struct cli *cli, const char *input, const char *why_no_server)
{
	struct fail why;
	struct offline *offline = offline_open(cli->arena, cli->config, &why);
	if (!offline) {
		fail(&cli->sink_fault, "%s, and without a server: %s", why_no_server, why.text);
		take_answer(cli, NULL);
		return;
	}
	audit_begin(audit_path(cli->arena, cli->config));
	run_here(cli, input, offline_direct(offline));
	offline_close(offline);
}

static void run_there(struct cli *cli, const char *input)
{
	struct fail why = { "" };
	const struct command *command = cli->command.command;
	const char *path = cli->socket ? cli->socket : control_path(cli->arena, cli->config);
	int fd = ask_connect(path, &why);
	if (fd < 0 && command->where == COMMAND_STORE && cli->config) {
		run_offline(cli, input, why.text);
		return;
	}
	struct ask_parts parts = { sink_take, &cli->sink };
	json_t *answer = fd < 0 ? NULL : ask_server(fd, cli->words, cli->count, input, &parts, &why);
	if (fd >= 0)
		close(fd);
	if (!answer)
		cli->sink_fault = why;
	take_answer(cli, answer);
	json_decref(answer);
}

/* --- import: the client reads the file, and asks once for each piece --- */

enum { NOTES = 1000 };

struct importing {
	struct cli *cli;
	int         fd;                      /* of the server; -1: we do it here */
	const struct command_direct *direct;
	uid_t       owner;                   /* of the data folder; the files are the caller's */
	json_t     *notes;                   /* rows of which something is to be said */
	json_int_t  made, merged, refused, old_keys, unsaid;
};

static void count_row(struct importing *i, json_t *row)
{
	const char *result = json_string_value(json_object_get(row, "result"));
	bool is_refused = result && strcmp(result, "refused") == 0;
	i->made += result && strcmp(result, "made") == 0;
	i->merged += result && strcmp(result, "merged") == 0;
	i->refused += is_refused;
	i->old_keys += json_is_true(json_object_get(row, "old_keys"));
	bool is_to_say = is_refused || json_is_string(json_object_get(row, "note"));
	if (is_to_say && json_array_size(i->notes) < NOTES)
		json_array_append(i->notes, row);
	else
		i->unsaid += is_to_say;
}

/* False: it was no answer about accounts. */
static bool take_piece(struct importing *i, const json_t *answer, struct fail *why)
{
	const json_t *rows = json_object_get(answer, "rows");
	if (!json_is_true(json_object_get(answer, "ok")) && !json_array_size(rows))
		return fail(why, "%s", answer ? json_string_value(json_object_get(answer, "error")) : why->text);
	for (size_t n = 0; n < json_array_size(rows); n++)
		count_row(i, json_array_get(rows, n));
	return true;
}

static void piece_done(struct command_run *run, void *with)
{
	*(json_t **)with = command_answer(run);
}

static bool give_piece(void *with, const char *piece, struct fail *why)
{
	struct importing *i = with;
	struct cli *cli = i->cli;
	json_t *answer = NULL;
	struct command_asker asker = { .finished = piece_done, .who = who_calls(cli), .face = "command line" };
	struct ask_parts parts = { sink_take, &cli->sink };
	if (i->fd >= 0)
		answer = ask_server(i->fd, cli->words, cli->count, piece, &parts, why);
	else if (seteuid(i->owner) == 0)
		command_start(cli->words, cli->count, piece, &(struct command_from){ .file = cli->file, .direct = i->direct }, &asker, &answer);
	if (seteuid(getuid()) < 0)
		json_decref(answer), answer = NULL;
	bool ok = take_piece(i, answer, why);
	json_decref(answer);
	return ok;
}

static void tell_import(struct importing *i, const struct fail *why)
{
	struct arena *a = i->cli->arena;
	const char *old = i->old_keys ? arena_printf(a, "; %lld have keys for SCRAM-SHA-1 only: give their domain"
		" auth { mechanisms = [ SCRAM-SHA-1-PLUS SCRAM-SHA-1 PLAIN ] } until their passwords were changed", (long long)i->old_keys) : "";
	const char *more = i->unsaid ? arena_printf(a, "; %lld more have notes", (long long)i->unsaid) : "";
	const char *words = arena_printf(a, "%lld accounts made, %lld merged, %lld refused%s%s", (long long)i->made, (long long)i->merged, (long long)i->refused, old, more);
	json_t *answer = json_pack("{s:b, s:O, s:I, s:I, s:I, s:I}", "ok", !*why->text && !i->refused, "rows", i->notes,
		"made", i->made, "merged", i->merged, "refused", i->refused, "old_keys", i->old_keys);
	if (*why->text || i->refused)
		json_object_set_new(answer, "error", json_string(*why->text ? arena_printf(a, "%s (%s)", why->text, words) : words));
	else if (!json_array_size(i->notes) || i->cli->json)
		json_object_set_new(answer, "words", json_string(words));
	else
		fprintf(stderr, "%s\n", words);
	print_answer(i->cli, answer);
	json_decref(answer);
}

static void import_with(struct importing *i)
{
	struct fail why = { "" };
	i->notes = json_array();
	if (import_read(i->cli->command.values[0], give_piece, i, &why))
		why.text[0] = '\0';
	tell_import(i, &why);
	json_decref(i->notes);
}

static void run_import(struct cli *cli)
{
	struct fail why = { "" }, without;
	struct importing i = { .cli = cli };
	if (!cli->socket && !load_config(cli))
		return;
	i.fd = ask_connect(cli->socket ? cli->socket : control_path(cli->arena, cli->config), &why);
	struct offline *offline = i.fd < 0 && cli->config ? offline_open(cli->arena, cli->config, &without) : NULL;
	if (i.fd < 0 && !offline) {
		fail_with(cli, arena_printf(cli->arena, "%s, and without a server: %s", why.text, cli->config ? without.text : "no configuration"), false);
		return;
	}
	i.direct = offline ? offline_direct(offline) : NULL;
	if (offline)
		audit_begin(audit_path(cli->arena, cli->config));
	i.owner = geteuid();
	if (seteuid(getuid()) == 0)
		import_with(&i);
	if (seteuid(i.owner) == 0 && offline)
		offline_close(offline);
	if (i.fd >= 0)
		close(i.fd);
}

/* What the command takes besides its words; NULL: it can't be had, which was said. */
static const char *input_of(struct cli *cli)
{
	struct fail why = { "" };
	const struct command_arg *args = cli->command.command->args;
	const char *input = "";
	bool wants_all = false, wants_password = false;
	for (size_t i = 0; args && args[i].name; i++) {
		wants_all |= args[i].flags & ARG_INPUT && cli->command.values[i];
		wants_password |= args[i].flags & ARG_ASKED && !cli->command.values[i];
	}
	if (wants_all)
		input = ask_input(cli->arena, CONTROL_LINE, &why);
	else if (wants_password)
		input = ask_password(cli->arena, &why);
	if (!input)
		fail_with(cli, why.text, false);
	return input;
}

/* A file that the command's answer goes to; else our output. */
static bool open_sink(struct cli *cli)
{
	struct fail why;
	const struct command_arg *args = cli->command.command->args;
	const char *path = NULL;
	for (size_t i = 0; args && args[i].name; i++)
		path = args[i].flags & ARG_TO_FILE ? cli->command.values[i] : path;
	if (sink_open(&cli->sink, path, &why))
		return true;
	fail_with(cli, why.text, false);
	return false;
}

static void run_restore(struct cli *cli)
{
	struct fail why = { "" };
	if (!load_config(cli))
		return;
	bool ok = restore(cli->config, cli->command.values[0], &why);
	audit_begin(ok ? audit_path(cli->arena, cli->config) : NULL);
	audit_act(who_calls(cli), "command line", "restore", json_pack("{s:s}", "FILE", cli->command.values[0]), NULL);
	if (ok)
		printf("restored into %s: start the server\n", config_data_dir(cli->config));
	else
		fail_with(cli, arena_printf(cli->arena, "nothing was restored: %s", why.text), false);
}

static void run(struct cli *cli)
{
	const struct command *command = cli->command.command;
	if (command == &cmd_restore) {
		run_restore(cli);
		return;
	}
	if (command == &cmd_import) {
		run_import(cli);
		return;
	}
	if (command->where == COMMAND_ANYWHERE) {
		run_here(cli, NULL, NULL);
		return;
	}
	if (!cli->socket && !load_config(cli))
		return;
	const char *input = input_of(cli);
	if (input && open_sink(cli))
		run_there(cli, input);
}

static const char *const spellings[][2] = { { "--help", "help" }, { "-h", "help" }, { "--version", "version" }, { "-V", "version" } };

static void understand(struct cli *cli)
{
	for (size_t i = 0; cli->count && i < sizeof spellings / sizeof *spellings; i++)
		if (strcmp(cli->words[0], spellings[i][0]) == 0)
			cli->words[0] = spellings[i][1];
	if (command_read(cli->arena, cli->words, cli->count, &cli->command))
		run(cli);
	else
		fail_with(cli, cli->command.error, true);
}

static bool prepare(struct fail *why)
{
	ns_intern();
	modules_declare();
	init_make_certificate = tls_make_self_signed;
	return modules_wire(why);
}

int cli_main(int argc, char **argv)
{
	struct fail why;
	struct cli cli = { .arena = arena_new() };
	bool is_right = take_words(&cli, argc, argv);
	if (!is_right)
		cli.status = misused("an option lacks its value");
	else if (is_word(&cli, "serve"))
		cli.status = cli.count > 1 ? misused("serve takes -c FILE and nothing else") : serve(config_find_file(cli.file));
	else if (!prepare(&why))
		fail_with(&cli, why.text, false);
	else
		understand(&cli);
	config_drop(cli.config);
	arena_free(cli.arena);
	return cli.status;
}
