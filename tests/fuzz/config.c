/*
 * A configuration from bytes to a snapshot: no crash, no leak, and three
 * readings that must agree. A tree without errors is printed and parsed again
 * as the same tree; a value is printed and read again as the same value; a
 * snapshot is printed, scope by scope, and loaded again without a difference.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "core/config_diff.h"
#include "core/config_load.h"
#include "core/config_print.h"
#include "core/config_value.h"
#include "modules/modules.h"

const struct module *const modules[] = { &mod_xmpp_logger, NULL };       /* one that looks at its settings itself */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

/* --- the tree --- */

static void tree_again(struct arena *a, const struct config_node *tree)
{
	struct config_report report;
	struct buf once = { 0 }, twice = { 0 };
	config_report_init(&report);
	config_print(&once, tree);
	if (buf_length(&once)) {
		config_print(&twice, config_parse(a, "again", buf_start(&once), buf_length(&once), &report));
		if (report.error_count || buf_length(&once) != buf_length(&twice) || memcmp(buf_start(&once), buf_start(&twice), buf_length(&once)) != 0)
			abort();
	}
	config_report_clear(&report);
	buf_clear(&once);
	buf_clear(&twice);
}

static void parse(const char *text, size_t size)
{
	struct config_report report;
	struct arena *a = arena_new();
	config_report_init(&report);
	const struct config_node *tree = config_parse(a, "fuzz", text, size, &report);
	if (!report.error_count)
		tree_again(a, tree);
	if (tree)
		(void)config_table_nearest(tree->key, CONFIG_DOMAIN);
	config_report_clear(&report);
	arena_free(a);
}

/* --- the snapshot --- */

static void print_scope(struct arena *a, struct buf *b, const struct config_scope *s)
{
	for (const struct config_value *v = s->values; v; v = v->next)
		add(b, arena_printf(a, "%s = %s\n", v->entry->path, config_value_text(a, v)));
	for (const struct config_scope *child = s->children; child; child = child->next) {
		const char *name = child->protocol ? arena_printf(a, "#%s#%s", child->protocol, child->name) : child->name;
		if (child->is_derived)
			continue;
		add(b, arena_printf(a, *name ? "%s %s {\n" : "%s {\n", config_kind_keyword(child->kind), config_quote(a, name)));
		print_scope(a, b, child);
		add(b, "}\n");
	}
}

static void load_again(const struct config *c)
{
	struct config_report report;
	struct arena *a = arena_new();
	struct buf text = { 0 };
	config_report_init(&report);
	print_scope(a, &text, config_global(c));
	buf_byte(&text, '\n');
	struct config *again = config_load_text("/fuzz/conf", buf_start(&text), buf_length(&text), &report);
	if (!again || config_diff(a, c, again) || config_diff(a, again, c))
		abort();
	config_drop(again);
	config_report_clear(&report);
	buf_clear(&text);
	arena_free(a);
}

static void load(const char *text, size_t size)
{
	struct config_report report;
	config_report_init(&report);
	struct config *c = config_load_text("/fuzz/conf", text, size, &report);
	if (!c != (report.error_count != 0))
		abort();
	if (c)
		load_again(c);
	config_drop(c);
	config_report_clear(&report);
}

/* Files are the world's: a fuzzer must not open them. */
static int names_a_file(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i + 7 <= size; i++)
		if (strncasecmp((const char *)data + i, "include", 7) == 0)
			return 1;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (names_a_file(data, size))
		return -1;
	parse((const char *)data, size);
	load((const char *)data, size);
	return 0;
}
