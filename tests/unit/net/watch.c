/* Watch: changes in folders are told once they are over. */
#include "helper.h"
#include "net/watch.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct loop *l;
static struct watch *w;
static char folder[32], other[32];
static atomic_int told;

static void changed(void *with)
{
	atomic_fetch_add(&told, 1);
}

static void start(void *unused)
{
	w = watch_new((const char *const[]){ folder, "/nowhere", other, NULL }, changed, NULL);
}

static void stop(void *unused)
{
	watch_free(w);
}

static int begin(void **state)
{
	strcpy(folder, "/tmp/net-watch-XXXXXX");
	strcpy(other, "/tmp/net-watch-XXXXXX");
	assert_true(mkdtemp(folder) && mkdtemp(other));
	told = 0;
	l = begin_loop(0);
	on_loop(l, start, NULL);
	return 0;
}

static int end(void **state)
{
	char command[80];
	on_loop(l, stop, NULL);
	end_loop(l);
	snprintf(command, sizeof command, "rm -r %s %s", folder, other);
	return system(command);
}

static void put(const char *in, const char *name)
{
	char path[64];
	snprintf(path, sizeof path, "%s/%s", in, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs("x", f);
	fclose(f);
}

static void many_changes_in_a_row_are_told_once(void **state)
{
	for (int i = 0; i < 10; i++) {
		put(folder, "a");
		usleep(20000);
	}
	assert_int_equal(atomic_load(&told), 0);
	wait_until(&told, 1);
	usleep(300000);
	assert_int_equal(atomic_load(&told), 1);
}

static void a_file_put_in_anothers_place_and_a_link_are_changes(void **state)
{
	char from[64], to[64];
	put(folder, "new");
	wait_until(&told, 1);
	snprintf(from, sizeof from, "%s/new", folder);
	snprintf(to, sizeof to, "%s/old", other);
	assert_int_equal(rename(from, to), 0);
	wait_until(&told, 2);
	assert_int_equal(symlink(to, from), 0);
	wait_until(&told, 3);
	assert_int_equal(chmod(to, 0600), 0);
	wait_until(&told, 4);
	assert_int_equal(unlink(from), 0);
	wait_until(&told, 5);
}

static void a_folder_that_is_never_quiet_is_told_of(void **state)
{
	for (int i = 0; i < 70 && !atomic_load(&told); i++) {
		put(folder, "a");
		usleep(100000);
	}
	assert_int_equal(atomic_load(&told), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(many_changes_in_a_row_are_told_once), TEST(a_file_put_in_anothers_place_and_a_link_are_changes),
		TEST(a_folder_that_is_never_quiet_is_told_of),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
