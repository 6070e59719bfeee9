/* One chapter for each section, in the order of the declarations. */
#include "core/config_reference.h"
#include "base/arena.h"
#include "core/config_table.h"
#include "core/config_value.h"
#include <string.h>

static const char intro[] =
	"# Settings\n\n"
	"Made from the table of settings: `jackdaw config reference` prints it.\n\n"
	"A setting is written `key = value`, in a section `section { key = value }` or as `section.key = value`. Case, `-` and `_` in names\n"
	"do not matter. Scopes inherit: global, then xmpp_listener, listen, peer; global, then domain, then a component whose name ends\n"
	"with the domain's. In component \"irc.example.com\" { } the prefix `component.` is left out. A *live* setting counts from\n"
	"`jackdaw reload`, one of *new connections* for those that come after it, a *restart* one from the next start; `jackdaw reload\n"
	"--dry-run` says beforehand which is which. *Not yet* means that it is accepted and has no effect; so is all that stands in\n"
	"pathway_group, pathway, binding_group and binding.\n";

static void add(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

static const char *cell(struct arena *a, const char *text)      /* a bar would end the cell */
{
	char *copy = arena_bytes(a, strlen(text) * 2 + 1), *to = copy;
	for (; *text; text++) {
		if (*text == '|')
			*to++ = '\\';
		*to++ = *text;
	}
	*to = '\0';
	return copy;
}

static void row(struct buf *b, struct arena *a, const struct config_entry *e)
{
	const struct setting *s = &e->setting;
	add(b, arena_printf(a, "| `%s` | %s | %s%s%s | %s | %s%s | %s |\n", e->path, cell(a, config_entry_expects(a, e)),
		s->preset ? "`" : "", s->preset ? cell(a, config_value_print(a, &e->preset)) : "none", s->preset ? "`" : "",
		config_kinds_text(a, s->scopes), option_reload_name(s->reload), s->later ? ", not yet" : "", cell(a, s->help)));
}

static size_t section_length(const char *path)
{
	return strcspn(path, ".") < strlen(path) ? strcspn(path, ".") : 0;
}

static void heading(struct buf *b, struct arena *a, const char *path, size_t length)
{
	add(b, length ? arena_printf(a, "\n## %.*s\n\n", (int)length, path) : "\n## Without a section\n\n");
	add(b, "| name | value | default | where | reload | what |\n|---|---|---|---|---|---|\n");
}

static bool is_same_section(const struct config_entry *a, const struct config_entry *b)
{
	size_t n = section_length(a->path);
	return n == section_length(b->path) && strncmp(a->path, b->path, n) == 0;
}

/* Sections may be declared in parts: each is printed where it first appears. */
static bool is_first_of_section(const struct config_entry *e)
{
	for (const struct config_entry *x = config_table_first(); x != e; x = x->next)
		if (is_same_section(x, e))
			return false;
	return true;
}

void config_reference(struct buf *b)
{
	struct arena *a = arena_new();
	add(b, intro);
	for (const struct config_entry *e = config_table_first(); e; e = e->next) {
		if (!is_first_of_section(e))
			continue;
		heading(b, a, e->path, section_length(e->path));
		for (const struct config_entry *x = e; x; x = x->next)
			if (is_same_section(x, e))
				row(b, a, x);
	}
	arena_free(a);
}
