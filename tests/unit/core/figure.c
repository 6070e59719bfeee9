/* Figures as Prometheus reads them: one head a name, labels, what grows ends in _total. */
#include "core/figure.h"
#include "core/module.h"
#include "core/server.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct server server;
const struct module *const modules[] = { NULL };

static char *printed(void)
{
	static struct buf out;
	int64_t *values = calloc(figures_count(), sizeof *values);
	for (size_t i = 0; i < figures_count(); i++)
		values[i] = (int64_t)i * 1000;
	buf_clear(&out);
	figures_print(&out, values);
	buf_byte(&out, '\0');
	free(values);
	return buf_start(&out);
}

static void each_figure_has_its_line_and_each_name_one_head(void **state)
{
	char *text = printed(), line[256];
	size_t lines = 0, heads = 0;
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	for (size_t i = 0; i < figures_count(); i++) {
		const struct figure *f = figure_number(i);
		bool is_first = !i || strcmp(figure_number(i - 1)->name, f->name) != 0;
		const char *total = f->kind == FIGURE_COUNT ? "_total" : "";
		snprintf(line, sizeof line, "\njackdaw_%s%s%s%s%s %zu\n", f->name, total, f->label ? "{" : "", f->label ? f->label : "", f->label ? "}" : "", i * 1000);
		assert_non_null(strstr(text, line));
		snprintf(line, sizeof line, "# TYPE jackdaw_%s%s %s\n", f->name, total, *total ? "counter" : "gauge");
		const char *head = strstr(text, line);
		assert_non_null(head);
		assert_null(strstr(head + 1, line));
		heads += is_first;
	}
	assert_int_equal(lines, figures_count() + 2 * heads);
}

static void names_and_labels_are_what_prometheus_takes(void **state)
{
	for (size_t i = 0; i < figures_count(); i++) {
		const struct figure *f = figure_number(i);
		assert_int_equal(strspn(f->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(f->name));
		assert_null(strpbrk(f->help, "\n\\"));
		if (f->label) {
			size_t name = strspn(f->label, "abcdefghijklmnopqrstuvwxyz_");
			assert_true(name && strncmp(f->label + name, "=\"", 2) == 0 && f->label[strlen(f->label) - 1] == '"');
		}
		for (size_t k = 0; k < i; k++)       /* those of one name stand together, and no two are the same */
			assert_true(strcmp(figure_number(k)->name, f->name) != 0 || (f->label && figure_number(k)->label && strcmp(figure_number(k)->label, f->label) != 0
				&& strcmp(figure_number(i - 1)->name, f->name) == 0));
	}
}

static void a_loop_s_field_is_its_own(void **state)
{
	struct home_counts counts = { .logins = 5, .denied = 7 };
	int found = 0;
	for (size_t i = 0; i < figures_count(); i++) {
		const struct figure *f = figure_number(i);
		uint64_t n = f->read ? 0 : figure_of_loop(f, &counts);
		assert_true(n == 0 || (n == 5 && strcmp(f->name, "logins") == 0) || (n == 7 && strcmp(f->label, "reason=\"access\"") == 0));
		found += n != 0;
	}
	assert_int_equal(found, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_figure_has_its_line_and_each_name_one_head),
		cmocka_unit_test(names_and_labels_are_what_prometheus_takes),
		cmocka_unit_test(a_loop_s_field_is_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
