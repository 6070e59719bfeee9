/*
 * figures: all numbers that the server tells of itself.
 */
#include "core/figure.h"
#include "admin/commands.h"
#include "admin/figures.h"
#include "core/call.h"
#include "core/home.h"
#include "xmpp/ns.h"
#include <stdlib.h>
#include <string.h>

struct asked { void (*done)(void *with, const int64_t *values); void *with; int64_t *values; };

/* Runs on every loop, one after the other. */
static void visit(struct home *home, struct arena *a, struct xml *result, void *with)
{
	struct asked *asked = with;
	for (size_t i = 0; i < figures_count(); i++)
		if (!figure_number(i)->read)
			asked->values[i] += (int64_t)figure_of_loop(figure_number(i), &home->counts);
}

static void summed(struct arena *a, struct xml *result, void *with)
{
	struct asked *asked = with;
	for (size_t i = 0; i < figures_count(); i++)
		if (figure_number(i)->read)
			asked->values[i] = figure_number(i)->read();
	asked->done(asked->with, asked->values);
}

void figures_read(struct arena *a, void (*done)(void *with, const int64_t *values), void *with)
{
	struct asked *asked = ARENA_NEW(a, struct asked);
	*asked = (struct asked){ done, with, arena_alloc(a, figures_count() * sizeof(int64_t)) };
	call_homes(visit, summed, asked);
}

static void print(struct command_run *run, const int64_t *values)
{
	struct buf out = { 0 };
	figures_print(&out, values);
	buf_byte(&out, '\0');
	command_say(run, "%s", buf_start(&out));
	buf_clear(&out);
}

static void list(struct command_run *run, const int64_t *values)
{
	for (size_t i = 0; i < figures_count(); i++) {
		const struct figure *f = figure_number(i);
		command_row(run);
		command_text(run, "figure", f->name);
		command_text(run, "of", f->label);
		command_number(run, "value", values[i]);
		command_text(run, "kind", f->kind == FIGURE_COUNT ? "count" : "now");
		command_text(run, "help", f->help);
	}
}

static void read_done(void *with, const int64_t *values)
{
	struct command_run *run = with;
	(command_get(run, "--prometheus") ? print : list)(run, values);
	command_done(run);
}

static void figures(struct command_run *run)
{
	figures_read(run->arena, read_done, run);
}

const struct command cmd_figures = {
	.noun = "figures", .run = figures, .help = "Lists all figures: counted since the start, or as they are now",
	.args = ARGS({ "--prometheus", "in Prometheus' text format", 0 }),
	.fields = FIELDS({ "figure", "its name" }, { "of", "which of several, as a label of Prometheus", FIELD_TEXT | OR_NULL }, { "value", "of all loops together", FIELD_NUMBER },
		{ "kind", "count: since the start; now: as it is" }, { "help", "what it is" }),
};
