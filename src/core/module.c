/*
 * The wiring: from the modules' structs to what the hot path looks up.
 *
 * IQ handlers go into a table by name and namespace; hooks into one array for
 * each event, sorted by station, within a station in the order of the list.
 */
#include "core/module.h"
#include "base/check.h"
#include "base/mem.h"
#include "core/slots.h"
#include <string.h>

static struct stop *lines[EVENTS];
static size_t lengths[EVENTS];
static unsigned module_count;
static struct migration *migrations;
static size_t migration_count;

struct iq_entry { const struct iq_handler *handler; const struct module *module; uint64_t bit; };
static struct iq_entry *iqs;
static size_t iq_count;

unsigned modules_count(void)
{
	return module_count;
}

/* --- numbers --- */

enum { PLACES = 256 };               /* a power of two, and far more than modules: few fall on each other */
static struct { const struct module *module; unsigned number; } numbers[PLACES];

static unsigned place_of(const struct module *m)
{
	unsigned at = (unsigned)((uintptr_t)m >> 4) * 0x9E3779B1u >> 24;
	while (numbers[at].module && numbers[at].module != m)
		at = (at + 1) % PLACES;
	return at;
}

static void wire_number(const struct module *m)
{
	unsigned at = place_of(m);
	numbers[at].module = m;
	numbers[at].number = module_count;
}

unsigned module_number(const struct module *m)
{
	unsigned at = place_of(m);
	ASSERT(numbers[at].module);
	return numbers[at].number;
}

/* --- what an inactive session needn't hear now --- */

static const struct module *holder;

bool modules_hold_back(struct session *s, const struct xml *stanza, bool may)
{
	return holder && holder->hold_back(s, stanza, may);
}

void modules_attention(struct session *s)
{
	if (holder)
		holder->attention(s);
}

/* --- hooks --- */

static void add_stop(enum event event, struct stop stop)
{
	size_t at = lengths[event]++;
	lines[event] = mem_resize(lines[event], lengths[event] * sizeof *lines[event]);
	for (; at && lines[event][at - 1].station > stop.station; at--)
		lines[event][at] = lines[event][at - 1];
	lines[event][at] = stop;
}

static void wire_hooks(const struct module *m)
{
	for (const struct hook *h = m->hooks; h && h->run; h++)
		add_stop(h->event, (struct stop){ h->run, m, h->station, UINT64_C(1) << module_count });
}

const struct stop *modules_line(enum event event, size_t *count)
{
	*count = lengths[event];
	return lines[event];
}

/* --- IQs --- */

static bool wire_iqs(const struct module *m, struct fail *why)
{
	for (const struct iq_handler *h = m->iqs; h && h->run; h++) {
		for (size_t i = 0; i < iq_count; i++) {
			const struct iq_handler *other = iqs[i].handler;
			if (h->ns == other->ns && strcmp(h->name, other->name) == 0 && h->types & other->types && h->asked & other->asked)
				return fail(why, "modules %s and %s both answer <%s xmlns='%s'/>", iqs[i].module->name, m->name, h->name, h->ns);
		}
		iqs = mem_resize(iqs, (iq_count + 1) * sizeof *iqs);
		iqs[iq_count++] = (struct iq_entry){ h, m, UINT64_C(1) << module_count };
	}
	return true;
}

const struct iq_handler *modules_iq(const struct xml *payload, unsigned type, unsigned asked, uint64_t off, bool *known)
{
	for (size_t i = 0; i < iq_count; i++) {
		const struct iq_handler *h = iqs[i].handler;
		if (off & iqs[i].bit || h->ns != payload->ns || strcmp(h->name, payload->name) != 0 || !(h->asked & asked))
			continue;
		*known = true;
		if (h->types & type)
			return h;
	}
	return NULL;
}

const struct call_handler *modules_call(const char *name)
{
	for (unsigned i = 0; i < module_count; i++)
		for (const struct call_handler *h = modules[i]->calls; h && h->run; h++)
			if (strcmp(h->name, name) == 0)
				return h;
	return NULL;
}

/* --- tables --- */

static const struct migration core_migrations[] = {
	{ "core", 1,
	  "CREATE TABLE account (id INTEGER PRIMARY KEY, jid TEXT NOT NULL UNIQUE, host TEXT NOT NULL, created INTEGER NOT NULL);"
	  "CREATE INDEX account_host ON account (host, jid);"
	  "CREATE TABLE credential (account INTEGER NOT NULL, hash TEXT NOT NULL, rounds INTEGER NOT NULL, salt BLOB NOT NULL,"
	  " stored BLOB NOT NULL, server BLOB NOT NULL, PRIMARY KEY (account, hash)) WITHOUT ROWID;"
	  "CREATE TABLE secret (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;" },
	{ "kept_session", 1, "CREATE TABLE kept_session (id TEXT PRIMARY KEY, jid TEXT NOT NULL, state TEXT NOT NULL) WITHOUT ROWID;" },
	{ "disabled", 1, "ALTER TABLE account ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;" },
	{ NULL, 0, NULL },
};

static void add_migrations(const struct migration *m)
{
	for (; m && m->part; m++) {
		migrations = mem_resize(migrations, (migration_count + 1) * sizeof *migrations);
		migrations[migration_count++] = *m;
	}
}

const struct migration *modules_migrations(size_t *count)
{
	*count = migration_count;
	return migrations;
}

bool modules_wire(struct fail *why)
{
	add_migrations(core_migrations);
	for (; modules[module_count]; module_count++) {
		const struct module *m = modules[module_count];
		ASSERT(module_count < MODULES);
		wire_number(m);
		wire_hooks(m);
		if (m->hold_back)
			holder = m;
		add_migrations(m->migrations);
		if (!wire_iqs(m, why))
			return false;
	}
	slots_wire();
	return true;
}

/* Before a configuration is read: what modules may be told in it. */
void modules_declare(void)
{
	for (unsigned i = 0; modules[i]; i++) {
		const struct option *o = modules[i]->options;
		size_t n = 0;
		while (o && o[n].name)
			n++;
		struct setting *settings = mem_new((n + 1) * sizeof *settings);
		for (size_t k = 0; k < n; k++)
			settings[k] = (struct setting){ .name = o[k].name, .type = o[k].kind, .preset = o[k].fallback, .help = o[k].help,
				.scopes = IN_GLOBAL | IN_DOMAIN, .min = o[k].least, .max = o[k].most, .words = o[k].words };
		config_table_add_module(modules[i]->name, settings, n);
		mem_free(settings);
	}
}
