/*
 * completion bash: a script that knows the table of commands and the names of
 * settings, and asks nobody.
 */
#include "admin/commands.h"
#include "base/buf.h"
#include "core/command_words.h"
#include "core/config_table.h"
#include <string.h>

static const char head[] =
	"# Completion of jackdaw's words in bash: source it, or keep it as /usr/share/bash-completion/completions/jackdaw.\n"
	"# Made by `jackdaw completion bash`.\n"
	"_jackdaw() {\n"
	"\tlocal current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} said=() files='' known='' i\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\t-c | --socket) ((i++)) ;;\n"
	"\t\t--json) ;;\n"
	"\t\t*) said+=(\"${COMP_WORDS[i]}\") ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\tcase ${said[0]-} in\n";
static const char tail[] =
	"\tesac\n"
	"\t[[ $before != -c && $before != --socket ]] || files=1\n"
	"\tif [[ $files ]]; then\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
	"\telse\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$known\" -- \"$current\")\n"
	"\tfi\n"
	"}\n"
	"complete -F _jackdaw jackdaw\n";

static void add(struct buf *out, const char *text)
{
	buf_add(out, text, strlen(text));
}

static void add_nouns(struct buf *out)
{
	for (size_t i = 0; commands[i]; i++)
		if (!i || strcmp(commands[i]->noun, commands[i - 1]->noun) != 0) {
			add(out, commands[i]->noun);
			add(out, " ");
		}
}

static void add_keys(struct buf *out)
{
	for (const struct config_entry *e = config_table_first(); e; e = e->next) {
		add(out, e->path);
		add(out, " ");
	}
}

static void add_flag(struct buf *out, const struct command_arg *arg)
{
	buf_add(out, arg->name, strcspn(arg->name, " "));
}

/* What may stand where nothing was begun: switches, and the words of what goes by its place. */
static void add_known(struct buf *out, const struct command *c)
{
	add(out, "known='");
	for (const struct command_arg *arg = c->args; arg && arg->name; arg++) {
		if (arg->name[0] == '-')
			add_flag(out, arg);
		else if (strcmp(arg->name, "KEY") == 0)
			add_keys(out);
		else if (strcmp(arg->name, "NOUN") == 0)
			add_nouns(out);
		else
			add(out, arg->words ? arg->words : "");
		add(out, " ");
	}
	add(out, c->where == COMMAND_PROGRAM ? "'\n" : "--json'\n");
}

/* What may stand behind an option. */
static void add_values(struct buf *out, struct arena *a, const struct command *c)
{
	for (const struct command_arg *arg = c->args; arg && arg->name; arg++) {
		const char *value = strchr(arg->name, ' ');
		if (arg->name[0] != '-' || !value)
			continue;
		add(out, "\t\t\t[[ $before != ");
		add_flag(out, arg);
		add(out, strcmp(value, " FILE") == 0 ? " ]] || files=1\n" : arena_printf(a, " ]] || known='%s'\n", arg->words ? arg->words : ""));
	}
}

static void add_command(struct buf *out, struct arena *a, const struct command *c)
{
	add(out, arena_printf(a, "\t\t%s)\n\t\t\t", c->verb ? c->verb : "*"));
	add_known(out, c);
	add_values(out, a, c);
	add(out, "\t\t\t;;\n");
}

static void add_verbs(struct buf *out, const char *noun)
{
	add(out, "\t\t'') known='");
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->noun, noun) == 0 && commands[i]->verb) {
			add(out, commands[i]->verb);
			add(out, " ");
		}
	add(out, "' ;;\n");
}

static void add_noun(struct buf *out, struct arena *a, size_t first)
{
	const char *noun = commands[first]->noun;
	add(out, arena_printf(a, "\t%s)\n\t\tcase ${said[1]-} in\n", noun));
	if (commands[first]->verb)
		add_verbs(out, noun);
	for (size_t i = first; commands[i]; i++)
		if (strcmp(commands[i]->noun, noun) == 0)
			add_command(out, a, commands[i]);
	add(out, "\t\tesac\n\t\t;;\n");
}

static void completion(struct command_run *run)
{
	struct buf out = { 0 };
	add(&out, head);
	add(&out, "\t'') known='");
	add_nouns(&out);
	add(&out, "-c --socket --json' ;;\n");
	for (size_t i = 0; commands[i]; i++)
		if (!i || strcmp(commands[i]->noun, commands[i - 1]->noun) != 0)
			add_noun(&out, run->arena, i);
	add(&out, tail);
	buf_byte(&out, '\0');
	command_say(run, "%s", buf_start(&out));
	buf_clear(&out);
	command_done(run);
}

const struct command cmd_completion = {
	.noun = "completion", .help = "Prints a shell's completion of these words", .where = COMMAND_ANYWHERE, .run = completion,
	.args = ARGS({ "SHELL", "bash", 0, "bash" }),
};
