/*
 * A setting is compared in the scopes where one of the two snapshots sets it,
 * by what counts there: taking away a line that said the default is no change.
 */
#include "core/config_diff.h"
#include "core/config_value.h"
#include <string.h>

struct diff {
	struct arena *arena;
	struct config_change *first, **last;
};

static void add(struct diff *d, struct config_change change)
{
	*d->last = ARENA_NEW(d->arena, struct config_change);
	**d->last = change;
	d->last = &(*d->last)->next;
}

static void compare_value(struct diff *d, const struct config_scope *before, const struct config_scope *after, const struct config_entry *e)
{
	const struct config_value *old = config_effective(before, e), *new = config_effective(after, e);
	if (strcmp(config_value_text(d->arena, old), config_value_text(d->arena, new)) == 0)
		return;
	add(d, (struct config_change){ config_scope_text(d->arena, after), e, config_value_print(d->arena, old),
		config_value_print(d->arena, new), config_origin(d->arena, new), e->setting.reload });
}

static void compare_scope(struct diff *d, const struct config_scope *before, const struct config_scope *after)
{
	for (const struct config_value *v = after->values; v; v = v->next)
		compare_value(d, before, after, v->entry);
	for (const struct config_value *v = before->values; v; v = v->next)
		if (!config_set_here(after, v->entry))
			compare_value(d, before, after, v->entry);
}

static void came_or_went(struct diff *d, const struct config_scope *s, bool came)
{
	const char *text = config_scope_text(d->arena, s);
	add(d, (struct config_change){ text, NULL, came ? NULL : text, came ? text : NULL,
		came ? arena_printf(d->arena, "%s:%d", s->place.file, s->place.line) : NULL, config_kind_reload(s->kind) });
}

static void compare_tree(struct diff *d, const struct config *before, const struct config *after, const struct config_scope *s)
{
	const struct config_scope *old = config_scope_like(before, s);
	if (s->is_derived)
		return;
	if (old)
		compare_scope(d, old, s);
	else
		came_or_went(d, s, true);
	for (const struct config_scope *child = s->children; child; child = child->next)
		compare_tree(d, before, after, child);
}

static void find_gone(struct diff *d, const struct config *after, const struct config_scope *s)
{
	if (!s->is_derived && !config_scope_like(after, s))
		came_or_went(d, s, false);
	for (const struct config_scope *child = s->children; child; child = child->next)
		find_gone(d, after, child);
}

struct config_change *config_diff(struct arena *a, const struct config *before, const struct config *after)
{
	struct diff d = { .arena = a };
	d.last = &d.first;
	compare_tree(&d, before, after, config_global(after));
	find_gone(&d, after, config_global(before));
	return d.first;
}
