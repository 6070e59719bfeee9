/*
 * Reading: the first word or two name the command; options may stand anywhere
 * behind, and after "--" everything is by its place.
 */
#include "core/command_words.h"
#include <stdlib.h>
#include <string.h>

static const struct command_arg none[] = { { NULL, NULL, 0 } };

static bool is_option(const struct command_arg *arg)
{
	return arg->name[0] == '-';
}

/* Of "-p PASSWORD": the letters before the blank. */
static bool has_flag(const struct command_arg *arg, const char *word)
{
	size_t size = strcspn(arg->name, " ");
	return is_option(arg) && strlen(word) == size && memcmp(arg->name, word, size) == 0;
}

static bool takes_value(const struct command_arg *arg)
{
	return strchr(arg->name, ' ') != NULL;
}

const struct command *command_find(const char *noun, const char *verb)
{
	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];
		if (strcmp(c->noun, noun) == 0 && (!c->verb || (verb && strcmp(c->verb, verb) == 0)))
			return c;
	}
	return NULL;
}

char *command_name(struct arena *a, const struct command *c)
{
	return c->verb ? arena_printf(a, "%s %s", c->noun, c->verb) : arena_string(a, c->noun);
}

/* --- what was meant --- */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance; longer words than these are near to nothing. */
static size_t distance(const char *a, const char *b)
{
	enum { MOST = 40 };
	size_t row[MOST + 1], length = strlen(b);
	if (length > MOST || strlen(a) > MOST)
		return MOST;
	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t corner = row[0];
		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			size_t changed = corner + (a[i - 1] != b[j - 1]);
			corner = row[j];
			row[j] = least(changed, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[length];
}

static const struct command *nearest(struct arena *a, const char *said)
{
	const struct command *found = NULL;
	size_t best = 4;                     /* further away nobody would see the likeness */
	for (size_t i = 0; commands[i]; i++) {
		size_t d = distance(said, command_name(a, commands[i]));
		if (d < best && d < strlen(said)) {
			best = d;
			found = commands[i];
		}
	}
	return found;
}

static char *verbs_of(struct arena *a, const char *noun)
{
	char *verbs = NULL;
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->noun, noun) == 0 && commands[i]->verb)
			verbs = verbs ? arena_printf(a, "%s, %s", verbs, commands[i]->verb) : arena_string(a, commands[i]->verb);
	return verbs;
}

static const char *unknown(struct arena *a, const char *noun, const char *verb)
{
	const char *verbs = verbs_of(a, noun);
	if (verbs && !verb)
		return arena_printf(a, "%s what? %s", noun, verbs);
	const struct command *alone = nearest(a, noun), *meant = verb ? nearest(a, arena_printf(a, "%s %s", noun, verb)) : NULL;
	if (!meant && alone && !alone->verb)
		meant = alone;
	const char *said = verb && !(meant && !meant->verb) ? arena_printf(a, "%s %s", noun, verb) : noun;
	if (meant)
		return arena_printf(a, "unknown command '%s': did you mean '%s'?", said, command_name(a, meant));
	if (verbs)
		return arena_printf(a, "unknown command '%s': there are %s", said, verbs);
	return arena_printf(a, "unknown command '%s': 'jackdaw help' lists them", said);
}

/* --- arguments --- */

struct reading {
	struct arena *arena;
	const char *const *args;
	size_t count, at;
	struct command_words *words;
	bool has_ended;                      /* "--" was seen */
};

static bool is_wrong(struct arena *a, struct command_words *words, const char *what, const char *which)
{
	words->error = arena_printf(a, "%s%s; usage: jackdaw %s", what, which, command_usage(a, words->command));
	return false;
}

static bool wrong(struct reading *r, const char *what, const char *which)
{
	return is_wrong(r->arena, r->words, what, which);
}

static bool read_option(struct reading *r, const struct command_arg *args, const char *word)
{
	for (size_t i = 0; args[i].name; i++) {
		if (!has_flag(&args[i], word))
			continue;
		if (takes_value(&args[i]) && r->at == r->count)
			return wrong(r, "a value is missing after ", word);
		r->words->values[i] = takes_value(&args[i]) ? r->args[r->at++] : "";
		return true;
	}
	return wrong(r, "unknown option ", word);
}

static bool read_place(struct reading *r, const struct command_arg *args, const char *word)
{
	const char **values = r->words->values;
	for (size_t i = 0; args[i].name; i++) {
		if (is_option(&args[i]) || (values[i] && !(args[i].flags & ARG_REST)))
			continue;
		values[i] = values[i] ? arena_printf(r->arena, "%s %s", values[i], word) : word;
		return true;
	}
	return wrong(r, "one word too many: ", word);
}

static bool read_word(struct reading *r, const struct command_arg *args)
{
	const char *word = r->args[r->at++];
	if (!r->has_ended && strcmp(word, "--") == 0)
		return r->has_ended = true;
	if (!r->has_ended && word[0] == '-' && word[1])
		return read_option(r, args, word);
	return read_place(r, args, word);
}

static bool has_input(const struct command_words *words, const struct command_arg *args)
{
	for (size_t i = 0; args[i].name; i++)
		if (args[i].flags & ARG_INPUT && words->values[i])
			return true;
	return false;
}

static bool is_needed(const struct command_arg *arg, bool with_input)
{
	return !is_option(arg) && !(arg->flags & ARG_OPTIONAL) && !(arg->flags & ARG_UNLESS_INPUT && with_input);
}

/* One of its words, in any case? What it may be else. */
static bool is_one_of(const struct command_arg *arg, const char *value)
{
	size_t length = strlen(value);
	for (const char *w = arg->words; w && *w; w += strcspn(w, " "), w += *w == ' ')
		if (strcspn(w, " ") == length && strncasecmp(w, value, length) == 0)
			return true;
	return !arg->words;
}

static bool is_number(const struct command_arg *arg, const char *value)
{
	size_t digits = strspn(value, "0123456789");
	if (!(arg->flags & ARG_NUMBER))
		return true;
	if (!digits || digits > 18 || value[digits])
		return false;
	long long number = strtoll(value, NULL, 10);
	return number >= arg->least && number <= arg->most;
}

static bool is_right(struct arena *a, struct command_words *words, const struct command_arg *arg, const char *value)
{
	if (!is_one_of(arg, value))
		return is_wrong(a, words, arena_printf(a, "'%s' is none of: ", value), arg->words);
	if (!is_number(arg, value))
		return is_wrong(a, words, arena_printf(a, "'%s' is no number from %lld to %lld: ", value, (long long)arg->least, (long long)arg->most), arg->name);
	return true;
}

bool command_check(struct arena *a, struct command_words *words)
{
	const struct command_arg *args = words->command->args ? words->command->args : none;
	bool with_input = has_input(words, args);
	for (size_t i = 0; args[i].name; i++)
		if (!words->values[i] && is_needed(&args[i], with_input))
			return is_wrong(a, words, "missing: ", args[i].name);
	for (size_t i = 0; args[i].name; i++)
		if (words->values[i] && !is_right(a, words, &args[i], words->values[i]))
			return false;
	words->error = NULL;
	return true;
}

bool command_read(struct arena *a, const char *const *args, size_t count, struct command_words *words)
{
	*words = (struct command_words){ .error = "no command: 'jackdaw help' lists them" };
	if (!count)
		return false;
	const char *verb = count > 1 && args[1][0] != '-' ? args[1] : NULL;
	words->command = command_find(args[0], verb);
	if (!words->command) {
		words->error = unknown(a, args[0], verb);
		return false;
	}
	const struct command_arg *wanted = words->command->args ? words->command->args : none;
	struct reading r = { a, args, count, words->command->verb ? 2 : 1, words, false };
	while (r.at < count)
		if (!read_word(&r, wanted))
			return false;
	return command_check(a, words);
}

/* --- words for people --- */

char *command_usage(struct arena *a, const struct command *c)
{
	char *text = command_name(a, c);
	for (const struct command_arg *arg = c->args ? c->args : none; arg->name; arg++) {
		bool may_miss = is_option(arg) || arg->flags & (ARG_OPTIONAL | ARG_UNLESS_INPUT);
		text = arena_printf(a, may_miss ? "%s [%s%s]" : "%s %s%s", text, arg->name, arg->flags & ARG_REST ? "..." : "");
	}
	return text;
}

static void add(struct buf *out, const char *text)
{
	buf_add(out, text, strlen(text));
}

static void help_of(struct buf *out, struct arena *a, const struct command *c, bool with_args)
{
	add(out, arena_printf(a, "  %-44s %s\n", command_usage(a, c), c->help));
	for (const struct command_arg *arg = c->args ? c->args : none; with_args && arg->name; arg++)
		add(out, arena_printf(a, "      %-40s %s\n", arg->name, arg->help));
}

void command_help(struct buf *out, const char *noun)
{
	struct arena *a = arena_new();
	if (!noun)
		add(out, "jackdaw [-c FILE] [--socket PATH] [--json] COMMAND …\n\n");
	for (size_t i = 0; commands[i]; i++)
		if (!noun || strcmp(commands[i]->noun, noun) == 0)
			help_of(out, a, commands[i], noun != NULL);
	arena_free(a);
}
