/*
 * The configuration language, from bytes to values: no crash, no leak, and
 * what has no errors is printed and read again with the same meaning.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "core/config_parse.h"
#include "core/config_table.h"
#include "core/config_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void values(struct arena *a, const struct config_node *n, struct config_report *r)
{
	for (; n; n = n->next) {
		const struct config_entry *e = config_table_find(config_table_alias(n->key), CONFIG_GLOBAL);
		struct config_value v, again;
		(void)config_table_nearest(n->key, CONFIG_DOMAIN);
		if (e && config_value_read(a, e, n, &v, r)) {
			const char *text = config_value_text(a, &v), *line = arena_printf(a, "x = %s", text);
			struct config_node *node = config_parse(a, "again", line, strlen(line), r);
			if (!node || !config_value_read(a, e, node, &again, r) || strcmp(config_value_text(a, &again), text) != 0)
				abort();
		}
		values(a, n->children, r);
	}
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
	struct config_report report;
	struct arena *a = arena_new();
	config_report_init(&report);
	values(a, config_parse(a, "fuzz", (const char *)data, size, &report), &report);
	config_report_clear(&report);
	arena_free(a);
	return 0;
}
