/*
 * At most so many acts a second, where that was promised with --at-most.
 *
 * A bucket of a tenth of a second's acts. Who must wait stands in a line and
 * goes on in the order in which it came.
 */
#include "load.h"

static struct client *first, **last = &first;
static void (*how)(struct client *);
static double level;
static int64_t filled_at;

bool pace_take(void)
{
	int64_t now = now_us();
	if (!options.at_most)
		return true;
	double most = options.at_most > 10 ? options.at_most / 10.0 : 1;
	level += (double)(now - filled_at) * options.at_most / 1e6;
	level = level < most ? level : most;
	filled_at = now;
	if (level < 1)
		return false;
	level--;
	return true;
}

void pace_wait(struct client *c, void (*go)(struct client *))
{
	how = go;
	if (c->is_waiting)
		return;
	c->is_waiting = true;
	c->next_waiting = NULL;
	*last = c;
	last = &c->next_waiting;
}

void pace_resume(void)
{
	while (first && pace_take()) {
		struct client *c = first;
		if (!(first = c->next_waiting))
			last = &first;
		c->is_waiting = false;
		how(c);
	}
}
