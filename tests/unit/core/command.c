/* Commands: words, rows, answers. */
#include "core/module.h"
#include "core/command_page.h"
#include "core/command_words.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

const struct module *const modules[] = { NULL };

static struct command_run *kept;

static void say_all(struct command_run *run)
{
	command_row(run);
	command_text(run, "who", command_get(run, "WHO"));
	command_text(run, "why", command_get(run, "WHY"));
	command_text(run, "key", command_get(run, "-k KEY"));
	command_yes(run, "all", command_get(run, "--all") != NULL);
	command_done(run);
}

static void keep(struct command_run *run)
{
	kept = run;
}

static void sort(struct command_run *run)
{
	static const char *const names[] = { "romeo", "juliet", "mercutio" };
	for (size_t i = 0; i < 3; i++) {
		command_row(run);
		command_text(run, "name", names[i]);
	}
	command_sort(run, "name");
	command_fail(run, "%s", "the end");
}

static void say_none(struct command_run *run)
{
	command_done(run);
}

static const struct command
	greet = { .noun = "people", .verb = "greet", .help = "Greets", .run = say_all,
		.args = ARGS({ "WHO", "a person", 0 }, { "WHY", "words", ARG_OPTIONAL | ARG_REST }, { "-k KEY", "a key", ARG_ASKED }, { "--all", "all", 0 }),
		.fields = FIELDS({ "who", "a person" }, { "list", "of things", FIELD_ROWS, FIELDS({ "n", "a number", FIELD_NUMBER | OR_NULL }) }) },
	load = { .noun = "people", .verb = "load", .help = "Loads", .run = keep,
		.args = ARGS({ "WHO", "a person", ARG_UNLESS_INPUT }, { "--batch", "many", ARG_INPUT }) },
	pick = { .noun = "pick", .help = "Picks", .run = say_none, .args = ARGS({ "COLOUR", "one", ARG_OPTIONAL, "red blue" }) },
	tally = { .noun = "count", .help = "Counts", .run = say_none, .args = ARGS({ "N", "how far", ARG_OPTIONAL | ARG_NUMBER, NULL, 1, 300 }) },
	written = { .noun = "written", .help = "Writes", .run = say_none, .args = ARGS({ "FILE", "where", ARG_TO_FILE }) },
	followed = { .noun = "followed", .help = "Follows", .run = say_none, .is_local = true },
	later = { .noun = "later", .help = "Waits", .run = keep, .args = ARGS({ "NAME", "a name", ARG_OPTIONAL }) },
	sorted = { .noun = "sorted", .help = "Sorts", .run = sort },
	serve = { .noun = "serve", .help = "Serves", .where = COMMAND_PROGRAM };
const struct command *const commands[] = { &greet, &load, &pick, &tally, &written, &followed, &later, &sorted, &serve, NULL };

static void take(struct command_run *run, void *with)
{
	json_t *answer = command_answer(run);
	*(char **)with = json_dumps(answer, JSON_COMPACT);
	json_decref(answer);
}

static const struct command_asker asker = { .finished = take };

/* Words separated by blanks; the answer is freed by the next. */
static const char *answer(const char *line)
{
	static char *text;
	char *copy = strdup(line), *rest = copy;
	const char *words[16];
	size_t count = 0;
	for (char *word; (word = strsep(&rest, " ")); )
		words[count++] = word;
	free(text);
	text = NULL;
	command_start(words, count, "in", NULL, &asker, &text);
	memset(copy, 'x', strlen(line));     /* all is copied */
	free(copy);
	if (kept)
		command_done(kept);
	kept = NULL;
	return text;
}

static void words_find_their_places(void **state)
{
	assert_string_equal(answer("people greet romeo"), "{\"ok\":true,\"rows\":[{\"who\":\"romeo\",\"why\":null,\"key\":null,\"all\":false}]}");
	assert_string_equal(answer("people greet --all romeo -k -x"), "{\"ok\":true,\"rows\":[{\"who\":\"romeo\",\"why\":null,\"key\":\"-x\",\"all\":true}]}");
	assert_string_equal(answer("people greet romeo for his wit"), "{\"ok\":true,\"rows\":[{\"who\":\"romeo\",\"why\":\"for his wit\",\"key\":null,\"all\":false}]}");
	assert_string_equal(answer("people greet -- --all"), "{\"ok\":true,\"rows\":[{\"who\":\"--all\",\"why\":null,\"key\":null,\"all\":false}]}");
}

static void wrong_words_are_misuse_and_say_how(void **state)
{
	static const char *const wrong[][2] = {
		{ "people greet", "missing: WHO" }, { "people greet a -z", "unknown option -z" }, { "people greet a -k", "a value is missing after -k" },
		{ "later a b", "one word too many: b" }, { "people load", "missing: WHO" }, { "people", "people what? greet, load" },
		{ "people gret", "did you mean 'people greet'" }, { "peple load", "did you mean 'people load'" }, { "latr", "did you mean 'later'" },
		{ "people frobnicate", "there are greet, load" }, { "frobnicate", "jackdaw help" },
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		const char *text = answer(wrong[i][0]);
		assert_non_null(strstr(text, "\"ok\":false"));
		assert_non_null(strstr(text, "\"usage\":true"));
		if (!strstr(text, wrong[i][1]))
			fail_msg("%s: %s", wrong[i][0], text);
	}
	assert_non_null(strstr(answer("people greet"), "usage: jackdaw people greet WHO [WHY...] [-k KEY] [--all]"));
}

static void a_word_is_one_of_those_that_are_declared(void **state)
{
	assert_non_null(strstr(answer("pick Red"), "\"ok\":true"));
	assert_non_null(strstr(answer("pick"), "\"ok\":true"));
	assert_non_null(strstr(answer("pick green"), "'green' is none of: red blue; usage:"));
	assert_non_null(strstr(answer("pick re"), "none of"));
	assert_non_null(strstr(answer("pick redd"), "none of"));
}

static void input_stands_for_a_missing_word(void **state)
{
	assert_string_equal(answer("people load --batch"), "{\"ok\":true,\"rows\":[]}");
}

static void a_command_may_end_later_and_keeps_its_words(void **state)
{
	const char *words[] = { strdup("later"), strdup("name") };
	char *text = NULL;
	command_start(words, 2, "input", NULL, &asker, &text);
	for (size_t i = 0; i < 2; i++)
		free((char *)(uintptr_t)words[i]);
	assert_null(text);
	assert_string_equal(command_get(kept, "NAME"), "name");
	assert_string_equal(kept->input, "input");
	command_done(kept);
	kept = NULL;
	assert_string_equal(text, "{\"ok\":true,\"rows\":[]}");
	free(text);
}

static void a_failure_tells_the_rows_it_has(void **state)
{
	assert_string_equal(answer("sorted"), "{\"ok\":false,\"error\":\"the end\",\"rows\":[{\"name\":\"juliet\"},{\"name\":\"mercutio\"},{\"name\":\"romeo\"}]}");
}

static void the_program_s_own_commands_do_not_run_here(void **state)
{
	assert_non_null(strstr(answer("serve"), "\"ok\":false"));
}

static void strange_bytes_do_not_break_an_answer(void **state)
{
	assert_non_null(strstr(answer("people greet \xff\xfe"), "\"who\":\"??\""));
}

static void the_page_names_every_command(void **state)
{
	struct buf out = { 0 };
	command_markdown(&out);
	buf_byte(&out, '\0');
	for (size_t i = 0; commands[i]; i++)
		assert_non_null(strstr(buf_start(&out), commands[i]->help));
	buf_clear(&out);
	command_json_page(&out);
	buf_byte(&out, '\0');
	assert_non_null(strstr(buf_start(&out), "## `people greet`\n\n| field | type | |\n|---|---|---|\n| `who` | text | a person |\n| `list` | rows | of things |\n| `list.n` | number, or null | a number |\n"));
	assert_non_null(strstr(buf_start(&out), "## `people load`\n\nNo rows"));
	assert_null(strstr(buf_start(&out), "## `serve`"));
	buf_clear(&out);
	command_man(&out);
	buf_byte(&out, '\0');
	assert_non_null(strstr(buf_start(&out), ".B jackdaw people greet WHO [WHY...] [\\-k KEY] [\\-\\-all]\n"));
	buf_clear(&out);
	man_text(&out, ".a\n'b\\c a|b");
	buf_byte(&out, '\0');
	assert_string_equal(buf_start(&out), "\\&.a\n\\&'b\\ec a|\\:b");
	buf_clear(&out);
	command_help(&out, "nobody");
	assert_int_equal(buf_length(&out), 0);
}

static void numbers_are_numbers_and_within_their_bounds(void **state)
{
	for (const char *const *good = (const char *const []){ "count", "count 1", "count 300", "count 007", NULL }; *good; good++)
		assert_null(strstr(answer(*good), "error"));
	for (const char *const *bad = (const char *const []){ "count 0", "count 301", "count -- -1", "count +1", "count 1x", "count 1.5",
		"count 99999999999999999999", NULL }; *bad; bad++)
		if (!strstr(answer(*bad), "is no number from 1 to 300: N"))
			fail_msg("%s: %s", *bad, answer(*bad));
}

static void values_in_their_places_are_looked_at_like_words(void **state)
{
	char *text = NULL;
	command_start_with(&greet, (const char *[COMMAND_ARGS]){ "romeo", NULL, NULL, "" }, "in", NULL, &asker, &text);
	assert_null(strstr(text, "error"));
	free(text);
	command_start_with(&greet, (const char *[COMMAND_ARGS]){ NULL, "words" }, NULL, NULL, &asker, &text);
	assert_non_null(strstr(text, "missing: WHO"));
	free(text);
	command_start_with(&pick, (const char *[COMMAND_ARGS]){ "green" }, NULL, NULL, &asker, &text);
	assert_non_null(strstr(text, "none of: red blue"));
	free(text);
}

static void what_may_be_asked_from_elsewhere_needs_nothing_of_the_asker(void **state)
{
	assert_true(command_is_remote(&greet));
	assert_true(command_is_remote(&load));
	assert_false(command_is_remote(&written));
	assert_false(command_is_remote(&followed));
	assert_false(command_is_remote(&serve));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_numbers_and_within_their_bounds),
		cmocka_unit_test(values_in_their_places_are_looked_at_like_words),
		cmocka_unit_test(what_may_be_asked_from_elsewhere_needs_nothing_of_the_asker),
		cmocka_unit_test(words_find_their_places),
		cmocka_unit_test(wrong_words_are_misuse_and_say_how),
		cmocka_unit_test(a_word_is_one_of_those_that_are_declared),
		cmocka_unit_test(input_stands_for_a_missing_word),
		cmocka_unit_test(a_command_may_end_later_and_keeps_its_words),
		cmocka_unit_test(a_failure_tells_the_rows_it_has),
		cmocka_unit_test(the_program_s_own_commands_do_not_run_here),
		cmocka_unit_test(strange_bytes_do_not_break_an_answer),
		cmocka_unit_test(the_page_names_every_command),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
