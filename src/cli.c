/*
 * Words → command → answer → print. Global options may stand anywhere before
 * a "--".
 */
#include "cli.h"
#include "admin/init.h"
#include "admin/table.h"
#include "ask.h"
#include "core/command_words.h"
#include "core/config.h"
#include "core/control.h"
#include "core/module.h"
#include "net/tls.h"
#include "offline.h"
#include "serve.h"
#include "xmpp/ns.h"
#include <stdio.h>
#include <string.h>

struct cli {
	struct arena  *arena;
	const char    *file, *socket;        /* -c, --socket; NULL: not given */
	bool           json;
	const char   **words;
	size_t         count;
	struct config *config;               /* NULL: not read */
	struct command_words command;
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
	if (words)
		printf("%s%s", words, !*words || words[strlen(words) - 1] == '\n' ? "" : "\n");
	else if (cli->command.command && cli->command.command->is_card && json_array_size(rows) == 1)
		table_print_card(&out, json_array_get(rows, 0));
	else
		table_print(&out, rows);
	if (buf_length(&out))
		fwrite(buf_start(&out), 1, buf_length(&out), stdout);
	fflush(stdout);
	if (error)
		fprintf(stderr, "jackdaw: %s\n", error);
	buf_clear(&out);
}

static void print_answer(struct cli *cli, const json_t *answer)
{
	if (!json_is_true(json_object_get(answer, "ok")))
		cli->status = json_is_true(json_object_get(answer, "usage")) ? CLI_MISUSED : CLI_REFUSED;
	if (cli->json) {
		json_dumpf(answer, stdout, JSON_COMPACT);
		putchar('\n');
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

static void finished(struct command_run *run, void *with)
{
	json_t *answer = command_answer(run);
	print_answer(with, answer);
	json_decref(answer);
}

static void run_here(struct cli *cli, const char *input, const struct command_direct *direct)
{
	command_start(cli->words, cli->count, input, &(struct command_from){ .file = cli->file, .direct = direct }, finished, cli);
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
		fail_with(cli, arena_printf(cli->arena, "%s, and without a server: %s", why_no_server, why.text), false);
		return;
	}
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
	json_t *answer = fd < 0 ? NULL : ask_server(fd, cli->words, cli->count, input, &why);
	if (answer)
		print_answer(cli, answer);
	else
		fail_with(cli, why.text, false);
	json_decref(answer);
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

static void run(struct cli *cli)
{
	const struct command *command = cli->command.command;
	if (command->where == COMMAND_ANYWHERE) {
		run_here(cli, NULL, NULL);
		return;
	}
	if (!cli->socket && !load_config(cli))
		return;
	const char *input = input_of(cli);
	if (input)
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
