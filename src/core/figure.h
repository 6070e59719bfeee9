/*
 * Figures: numbers that the server tells of itself, each declared once.
 *
 * A loop counts in its home's `counts`, whose fields are made from the table;
 * whoever asks sums over the loops (core/call.h). The rest is read where it
 * is: the store, the process. `jackdaw figures` shows all, `--prometheus` as
 * Prometheus wants it.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"

struct home;

/* field, kind, name, label (NULL: none), help. Those with one name stand together. */
#define LOOP_FIGURES(X) \
	X(sessions,       FIGURE_NOW,   "sessions",       NULL,               "Clients that are logged in") \
	X(sessions_hibernating, FIGURE_NOW, "sessions_hibernating", NULL,        "Of them, those without a connection, whose clients may resume") \
	X(resumed,        FIGURE_COUNT, "resumptions",    "result=\"resumed\"", "Clients that came back to their session (XEP-0198), or wanted to") \
	X(not_resumed,    FIGURE_COUNT, "resumptions",    "result=\"failed\"",  "Clients that came back to their session (XEP-0198), or wanted to") \
	X(turns,          FIGURE_COUNT, "turns",          NULL,               "Visits of stanzas to accounts") \
	X(stanzas_in,     FIGURE_COUNT, "stanzas_in",     NULL,               "Stanzas that clients sent") \
	X(messages,       FIGURE_COUNT, "stanzas",        "kind=\"message\"",  "Stanzas that clients sent, by kind") \
	X(presences,      FIGURE_COUNT, "stanzas",        "kind=\"presence\"", "Stanzas that clients sent, by kind") \
	X(iqs,            FIGURE_COUNT, "stanzas",        "kind=\"iq\"",       "Stanzas that clients sent, by kind") \
	X(stanzas_out,    FIGURE_COUNT, "stanzas_out",    NULL,               "Stanzas that were given to clients") \
	X(bytes_in,       FIGURE_COUNT, "bytes_in",       NULL,               "Bytes of XML that clients sent") \
	X(streams,        FIGURE_COUNT, "streams",        NULL,               "Connections that began a stream") \
	X(logins,         FIGURE_COUNT, "logins",         NULL,               "Logins that went well") \
	X(logins_refused, FIGURE_COUNT, "logins_refused", NULL,               "Logins that failed") \
	X(source_questions, FIGURE_COUNT, "source_questions", NULL,            "Questions to programs, PAM and web services that check passwords") \
	X(source_failures,  FIGURE_COUNT, "source_failures",  NULL,            "Those of them that got no answer, or none in time") \
	X(refused,        FIGURE_COUNT, "connections_refused", "reason=\"limit\"",  "Connections that were turned away") \
	X(denied,         FIGURE_COUNT, "connections_refused", "reason=\"access\"", "Connections that were turned away") \
	X(stream_errors,  FIGURE_COUNT, "stream_errors",  NULL,               "Streams that were ended with an error") \
	X(components,     FIGURE_NOW,   "components",     NULL,               "Components that are connected") \
	X(component_in,   FIGURE_COUNT, "component_stanzas_in",  NULL,        "Stanzas that components sent") \
	X(component_out,  FIGURE_COUNT, "component_stanzas_out", NULL,        "Stanzas that were given to components") \
	X(component_waiting, FIGURE_NOW, "component_waiting", NULL,           "Stanzas that wait for a component that is away") \
	X(component_returned, FIGURE_COUNT, "component_returned", NULL,       "Stanzas that went back, because no component took them")

enum figure_kind { FIGURE_COUNT, FIGURE_NOW };       /* since the start; as it is now */

#define FIGURE_FIELD(field, kind, name, label, help) uint64_t field;
struct home_counts { LOOP_FIGURES(FIGURE_FIELD) };
#undef FIGURE_FIELD

struct figure {
	const char *name, *label, *help;
	enum figure_kind kind;
	size_t      at;              /* of a loop's: where in struct home_counts */
	int64_t   (*read)(void);     /* of all others; NULL: it is a loop's */
};

size_t figures_count(void);
const struct figure *figure_number(size_t);
uint64_t figure_of_loop(const struct figure *, const struct home_counts *);
/* Prometheus' text format 0.0.4; `values` in the table's order. */
void figures_print(struct buf *, const int64_t values[]);
