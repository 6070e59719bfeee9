/*
 * A session over a restart of the server: what it was, as text.
 *
 * Rows in flight are named by the module that they are of. A message that was
 * only in memory gets its row now: the server may end without warning before
 * the client is back, and what was kept is then used up.
 */
#include "core/session_inside.h"
#include "base/bytes.h"
#include "base/check.h"
#include "core/turn_out.h"
#include <stdlib.h>
#include <string.h>

static const char *print_number(struct arena *a, int64_t n)
{
	return arena_printf(a, "%lld", (long long)n);
}

static int64_t number(const struct xml *el, const char *name)
{
	const char *text = xml_get(el, name);
	return text ? strtoll(text, NULL, 10) : 0;
}

static const struct module *module_of_flight(const char *sql)
{
	for (unsigned i = 0; i < modules_count(); i++)
		if (modules[i]->flight == sql)
			return modules[i];
	BUG("a row in flight of no module");
}

static const struct module *module_named(const char *name)
{
	for (unsigned i = 0; name && i < modules_count(); i++)
		if (strcmp(modules[i]->name, name) == 0)
			return modules[i];
	return NULL;
}

/* --- saving --- */

static void save_flights(const struct session *s, struct arena *a, struct xml *el)
{
	for (const struct flight *f = s->flights; f; f = f->next) {
		if (!f->sql)
			continue;
		xml_append(el, EL(a, NS_CALL, "flight", ATTR(a, "n", print_number(a, (int64_t)f->number)), ATTR(a, "key", print_number(a, f->key)),
			ATTR(a, "of", module_of_flight(f->sql)->name)));
	}
}

static void save_modules(const struct session *s, struct arena *a, struct xml *el)
{
	for (unsigned i = 0; i < modules_count(); i++) {
		struct xml *data = modules[i]->session_save ? modules[i]->session_save(s, a) : NULL;
		if (data)
			xml_append(el, EL(a, NS_CALL, "of", ATTR(a, "module", modules[i]->name), data));
	}
}

struct xml *session_save(const struct session *s, struct arena *a)
{
	struct xml *el = EL(a, NS_CALL, "session", ATTR(a, "account", print_number(a, s->account->id)), ATTR(a, "resource", arena_string(a, s->resource)),
		ATTR(a, "since", print_number(a, s->since)), ATTR(a, "available", s->is_available ? "1" : NULL),
		ATTR(a, "priority", print_number(a, s->priority)), ATTR(a, "roster", s->wants_roster ? "1" : NULL), ATTR(a, "h", print_number(a, s->settled)));
	if (s->presence)
		xml_append(el, EL(a, NS_CALL, "presence", TEXT(a, arena_copy(a, s->presence->data, s->presence->size))));
	save_flights(s, a, el);
	save_modules(s, a, el);
	return el;
}

/* --- restoring --- */

bool session_may_return(const struct turn *t, const struct xml *el)
{
	const char *resource = xml_get(el, "resource");
	return t->account->state == ACCOUNT_READY && number(el, "account") == t->account->id && resource
	    && jid_with(t->arena, t->account->address, resource) && !account_session(t->account, resource);
}

static struct flight *flight_new(struct turn *t, uint64_t n, const char *sql, int64_t key)
{
	struct flight *f = ARENA_NEW(t->arena, struct flight);
	*f = (struct flight){ NULL, n, sql, key, NULL };
	return f;
}

static struct flight *put_row(struct turn *t, const struct untaken *u, uint64_t n)
{
	enum kind kind;
	enum type type;
	type_of(u->stanza, &kind, &type);
	for (unsigned i = 0; i < modules_count(); i++) {
		int64_t key = kind == KIND_MESSAGE && modules[i]->flight_put ? modules[i]->flight_put(t, u->stanza, type, u->since) : 0;
		if (key)
			return flight_new(t, n, modules[i]->flight, key);
	}
	return NULL;
}

static struct flight *read_flight(struct turn *t, const struct xml *el)
{
	const struct module *m = module_named(xml_get(el, "of"));
	return m && m->flight ? flight_new(t, (uint64_t)number(el, "n"), m->flight, number(el, "key")) : NULL;
}

struct flight *session_flights_again(struct turn *t, const struct xml *el, const struct untaken *untaken, uint64_t first)
{
	struct flight *all = NULL, **end = &all;
	const struct xml *row = xml_child(el, NS_CALL, "flight");
	for (uint64_t n = first; untaken && untaken->stanza; untaken++, n++) {
		while (row && (uint64_t)number(row, "n") < n)
			row = xml_next(row, NS_CALL, "flight");
		struct flight *f = row && (uint64_t)number(row, "n") == n ? read_flight(t, row) : NULL;
		if (!f)
			f = put_row(t, untaken, n);
		if (!f)
			continue;
		*end = f;
		end = &f->next;
	}
	return all;
}

static void restore_modules(struct session *s, const struct xml *el)
{
	for (const struct xml *of = xml_child(el, NS_CALL, "of"); of; of = xml_next(of, NS_CALL, "of")) {
		const struct module *m = module_named(xml_get(of, "module"));
		if (m && m->session_restore && xml_first(of))
			m->session_restore(s, xml_first(of));
	}
}

static void restore_presence(struct turn *t, struct session *s, const struct xml *el)
{
	const char *text = xml_child_text(el, NS_CALL, "presence", t->arena);
	s->is_available = xml_get(el, "available") != NULL;
	s->priority = (int)number(el, "priority");
	s->wants_roster = xml_get(el, "roster") != NULL;
	if (text)
		s->presence = bytes_new(text, strlen(text));
}

struct session *session_restore(struct turn *t, const struct xml *el, const struct flight *flights)
{
	struct session *s = session_new(t->account, xml_get(el, "resource"));
	s->since = number(el, "since");
	s->has_acks = true;
	s->received = s->settled = (uint32_t)number(el, "h");
	restore_presence(t, s, el);
	for (; flights; flights = flights->next)
		flight_add(s, flights->number, flights->sql, flights->key, NULL);
	restore_modules(s, el);
	return s;
}
