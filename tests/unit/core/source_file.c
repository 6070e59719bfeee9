/* Files of passwords: which lines are taken, what is said of the others, and what the source then can. */
#include "core/source_inside.h"
#include "base/mem.h"
#include "core/module.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#undef fail
#include <cmocka.h>
#undef fail
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct module *const modules[] = { NULL };

static struct arena *a;
static char path[] = "/tmp/jackdaw-users-XXXXXX";
static struct sources all;
static struct source *source;
static struct fail why;

static int begin(void **state)
{
	a = arena_new();
	strcpy(path + sizeof path - 7, "XXXXXX");
	close(mkstemp(path));
	return 0;
}

static int end(void **state)
{
	sources_clear(&all);
	all = (struct sources){ 0 };
	source = NULL;
	unlink(path);
	arena_free(a);
	return 0;
}

static void write_file(const char *text, size_t size)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, size, f), size);
	fclose(f);
}

static bool read_text(const char *text)
{
	write_file(text, strlen(text));
	return sources_get(&all, arena_printf(a, "file:%s", path), &source, &why);
}

static struct file_user user(const char *jid, struct file_facts *facts)
{
	struct file_user u;
	struct file_facts unwanted;
	file_find(source, a, jid_parse(a, jid), &u, facts ? facts : &unwanted);
	return u;
}

static void a_line_is_a_user_and_a_password(void **state)
{
	assert_true(read_text("romeo:secret\r\n\n  \n# nurse:no\nNurse:a:b \njuliet@capulet.example:one\njuliet:two\nbrace:{CLEAR}{x}"));
	assert_string_equal(user("romeo@montague.example", NULL).clear, "secret");
	assert_string_equal(user("nurse@capulet.example", NULL).clear, "a:b ");
	assert_string_equal(user("juliet@capulet.example", NULL).clear, "one");
	assert_string_equal(user("juliet@montague.example", NULL).clear, "two");
	assert_string_equal(user("brace@montague.example", NULL).clear, "{x}");
	assert_null(user("tybalt@montague.example", NULL).clear);
}

static void keys_are_as_others_print_them(void **state)
{
	static const char *const ways[] = { "romeo:{SCRAM-SHA-1}4096,c2FsdA==,AAAAAAAAAAAAAAAAAAAAAAAAAAA=,AQAAAAAAAAAAAAAAAAAAAAAAAAA=,more",
		"romeo:{SCRAM-SHA-1}4096:c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAA=:AQAAAAAAAAAAAAAAAAAAAAAAAAA=" };
	for (size_t i = 0; i < 2; i++) {
		struct file_facts facts;
		assert_true(read_text(ways[i]));
		struct file_user u = user("romeo@example", &facts);
		assert_null(u.clear);
		assert_int_equal(u.has, 1 << SCRAM_SHA_1);
		assert_int_equal(u.keys[SCRAM_SHA_1].rounds, 4096);
		assert_int_equal(u.keys[SCRAM_SHA_1].salt_size, 4);
		assert_int_equal(u.keys[SCRAM_SHA_1].server[0], 1);
		assert_int_equal(facts.rounds[SCRAM_SHA_1], 4096);
		assert_int_equal(facts.rounds[SCRAM_SHA_256], 0);
		sources_clear(&all);
		all = (struct sources){ 0 };
	}
}

static void a_wrong_line_is_told_by_its_number(void **state)
{
	static const char *const wrong[][2] = {
		{ "a:b\nromeo secret\n", ":2: a line is" }, { "ro meo:secret", ":1: before the colon" }, { "@x:y", ":1: before the colon" },
		{ "a@b/c:d", ":1: before the colon" }, { "romeo:", ":1: the password is empty" }, { "a:b\n\nA:c\n", ":3: this user has a password already" },
		{ "romeo:{SHA}abc", ":1: in braces" }, { "romeo:{SCRAM-SHA-256", ":1: in braces" }, { "romeo:{CLEAR}", ":1: the password is empty" },
		{ "romeo:{SCRAM-SHA-1}0,c2FsdA==,AAAAAAAAAAAAAAAAAAAAAAAAAAA=,AAAAAAAAAAAAAAAAAAAAAAAAAAA=", ":1: behind" },
		{ "romeo:{SCRAM-SHA-1}99999999,c2FsdA==,AAAAAAAAAAAAAAAAAAAAAAAAAAA=,AAAAAAAAAAAAAAAAAAAAAAAAAAA=", ":1: behind" },
		{ "romeo:{SCRAM-SHA-256}4096,c2FsdA==,AAAAAAAAAAAAAAAAAAAAAAAAAAA=,AAAAAAAAAAAAAAAAAAAAAAAAAAA=", ":1: behind" },
		{ "romeo:{SCRAM-SHA-1}4096,,AAAAAAAAAAAAAAAAAAAAAAAAAAA=", ":1: behind" }, { "romeo:{SCRAM-SHA-1}", ":1: behind" },
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_false(read_text(wrong[i][0]));
		if (!strstr(why.text, wrong[i][1]))
			print_error("of %s is said: %s\n", wrong[i][0], why.text);
		assert_non_null(strstr(why.text, wrong[i][1]));
		assert_non_null(strstr(why.text, path));
	}
	write_file("a:b\0c:d", 7);
	assert_false(sources_get(&all, arena_printf(a, "file:%s", path), &source, &why));
	assert_non_null(strstr(why.text, "no text"));
}

static void what_it_can_is_what_is_in_it(void **state)
{
	assert_true(read_text("a:{SCRAM-SHA-1}4096,c2FsdA==,AAAAAAAAAAAAAAAAAAAAAAAAAAA=,AAAAAAAAAAAAAAAAAAAAAAAAAAA="));
	assert_int_equal(source_abilities(source), SOURCE_KEYS | SOURCE_CHECK | SOURCE_KNOWS | SOURCE_SHA_1);
	write_file("a:b", 3);
	assert_true(sources_look(&all, &why));
	assert_int_equal(source_abilities(source), SOURCE_KEYS | SOURCE_CHECK | SOURCE_KNOWS | SOURCE_CLEAR | SOURCE_SHA_1 | SOURCE_SHA_256 | SOURCE_SHA_512);
}

static void a_wrong_change_changes_nothing(void **state)
{
	assert_true(read_text("a:old"));
	uint32_t stamp = source_stamp(source);
	write_file("a:new\nb\n", 8);
	assert_false(sources_look(&all, &why));
	assert_string_equal(user("a@example", NULL).clear, "old");
	assert_int_equal(source_stamp(source), stamp);
	write_file("a:newer\n", 8);
	assert_true(sources_look(&all, &why));
	assert_string_equal(user("a@example", NULL).clear, "newer");
	assert_int_not_equal(source_stamp(source), stamp);
}

static void a_source_is_one_for_all_snapshots(void **state)
{
	struct sources other = { 0 };
	struct source *again;
	assert_true(read_text("a:b"));
	assert_true(sources_get(&other, source_uri(source), &again, &why));
	assert_ptr_equal(again, source);
	sources_clear(&all);
	all = (struct sources){ 0 };
	assert_string_equal(user("a@example", NULL).clear, "b");
	sources_clear(&other);
}

static void what_is_not_built_is_refused(void **state)
{
	assert_false(sources_get(&all, "ldap://x", &source, &why));
	assert_non_null(strstr(why.text, "ldap:"));
	assert_false(sources_get(&all, "sqlite:/not/there", &source, &why));
	assert_non_null(strstr(why.text, "/not/there"));
	assert_false(sources_get(&all, "http://www.example.com/", &source, &why));
	assert_non_null(strstr(why.text, "clear text"));
	assert_false(sources_get(&all, "http://127.evil.example/", &source, &why));
	assert_false(sources_get(&all, "http://u:p@example.com/", &source, &why));
	assert_null(strstr(why.text, "u:p"));
	assert_true(sources_get(&all, "http://[::1]:8080/x", &source, &why));
	assert_true(sources_get(&all, "https://name:hush@example.com/x@y", &source, &why));
	assert_string_equal(source_name(source), "https://********@example.com/x@y");
	assert_true(sources_get(&all, "sqlite:", &source, &why));
	assert_non_null(source);             /* said to be the store, and not unsaid */
	assert_null(source_uri(source));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(a_line_is_a_user_and_a_password), TEST(keys_are_as_others_print_them), TEST(a_wrong_line_is_told_by_its_number),
		TEST(what_it_can_is_what_is_in_it), TEST(a_wrong_change_changes_nothing), TEST(a_source_is_one_for_all_snapshots),
		TEST(what_is_not_built_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
