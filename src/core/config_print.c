/* One setting a line; what could be read as something else is quoted. */
#include "core/config_print.h"
#include "core/config_value.h"
#include <string.h>

static void add(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

static void indent(struct buf *b, int depth)
{
	while (depth-- > 0)
		buf_byte(b, '\t');
}

static void print_list(struct arena *a, struct buf *b, const struct config_word *w)
{
	add(b, "[");
	for (; w; w = w->next) {
		add(b, " ");
		add(b, config_quote(a, w->text));
		add(b, w->next ? "," : "");
	}
	add(b, " ]\n");
}

static void print(struct arena *a, struct buf *b, const struct config_node *n, int depth)
{
	for (; n; n = n->next) {
		indent(b, depth);
		add(b, config_quote(a, n->key));
		if (n->shape == CONFIG_SECTION) {
			add(b, n->title ? arena_printf(a, " %s {\n", config_quote(a, n->title)) : " {\n");
			print(a, b, n->children, depth + 1);
			indent(b, depth);
			add(b, "}\n");
			continue;
		}
		add(b, " = ");
		if (n->shape == CONFIG_LIST)
			print_list(a, b, n->words);
		else
			add(b, arena_printf(a, "%s\n", config_quote(a, n->words->text)));
	}
}

void config_print(struct buf *b, const struct config_node *n)
{
	struct arena *a = arena_new();
	print(a, b, n, 0);
	arena_free(a);
}
