/* Figures of gates are atomics, so whoever asks reads them where it is. */
#include "admin/doors.h"
#include "base/clock.h"
#include "base/mem.h"
#include "core/certificates.h"
#include "core/entrance.h"
#include "core/home.h"
#include "core/pool.h"
#include <stdlib.h>

enum { SHOWN = 20 };

static json_t *listener_row(struct gate *g)
{
	const struct entrance *e = hosts_here()->entrances->at[g->number];
	return json_pack("{s:s, s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "address", g->address, "open", (int)atomic_load(&g->is_open),
		"pool", e ? e->pool->name : "", "channels", (json_int_t)(e ? e->channels : 0), "connected", (json_int_t)atomic_load(&g->connected),
		"waiting", (json_int_t)atomic_load(&g->waiting), "accept_queue_backlog", (json_int_t)(e ? e->accept_queue : 0),
		"accepted", (json_int_t)atomic_load(&g->accepted), "refused", (json_int_t)atomic_load(&g->refused),
		"denied", (json_int_t)atomic_load(&g->denied));
}

const struct command_field doors_listener_fields[] = {
	{ "address", "as it is configured" }, { "open", "whether it listens", FIELD_YES }, { "pool", "whose loops accept" },
	{ "channels", "connections that it may have", FIELD_NUMBER }, { "connected", "and has", FIELD_NUMBER },
	{ "waiting", "of them: who hasn't said yet what they speak", FIELD_NUMBER }, { "accept_queue_backlog", "how many may; 0: all", FIELD_NUMBER },
	{ "accepted", "since the start", FIELD_NUMBER }, { "refused", "one too many", FIELD_NUMBER }, { "denied", "by `access`", FIELD_NUMBER },
	{ NULL, NULL, 0 }
};

json_t *doors_listeners(void)
{
	json_t *rows = json_array();
	for (unsigned i = 0; i < gates_count(); i++)
		if (hosts_here()->entrances->at[i] || atomic_load(&gate_number(i)->connected))       /* configured, or not yet left by all */
			json_array_append_new(rows, listener_row(gate_number(i)));
	return rows;
}

const struct command_field doors_pool_fields[] = {
	{ "pool", "its name; empty: the common one" }, { "first_loop", "its number", FIELD_NUMBER }, { "loops", "how many", FIELD_NUMBER },
	{ NULL, NULL, 0 }
};

json_t *doors_pools(void)
{
	json_t *rows = json_array();
	for (unsigned i = 0; i < pools_count(); i++)
		json_array_append_new(rows, json_pack("{s:s, s:i, s:i}", "pool", pool_number(i)->name, "first_loop", (int)pool_number(i)->first,
			"loops", (int)pool_number(i)->count));
	return rows;
}

static int sooner(const void *a, const void *b)
{
	msec one = tls_expires((*(const struct certificate *const *)a)->tls), other = tls_expires((*(const struct certificate *const *)b)->tls);
	return (one > other) - (one < other);
}

static json_t *certificate_row(const struct certificate *c)
{
	msec left = tls_expires(c->tls) - clock_wall();
	return json_pack("{s:s, s:s, s:i, s:I}", "file", c->certificate, "first_user", c->whose, "users", (int)c->users,
		"expires_in_s", (json_int_t)(left / 1000));
}

const struct command_field doors_certificate_fields[] = {
	{ "file", "its first" }, { "first_user", "the first domain or listener that names it" }, { "users", "how many do", FIELD_NUMBER },
	{ "expires_in_s", "seconds; below zero: it has expired", FIELD_NUMBER }, { NULL, NULL, 0 }
};

json_t *doors_certificates(void)
{
	json_t *rows = json_array();
	size_t count = 0, at = 0;
	for (const struct certificate *c = hosts_here()->certificates->first; c; c = c->next)
		count++;
	const struct certificate **all = mem_new((count + 1) * sizeof *all);
	for (const struct certificate *c = hosts_here()->certificates->first; c; c = c->next)
		all[at++] = c;
	qsort(all, count, sizeof *all, sooner);
	for (at = 0; at < count && at < SHOWN; at++)
		json_array_append_new(rows, certificate_row(all[at]));
	mem_free(all);
	return rows;
}
