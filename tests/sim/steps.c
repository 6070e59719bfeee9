/*
 * What happens next: every part of the world says what it could do, and one of
 * these things is drawn and done.
 *
 * In each life each part is more or less eager, drawn anew: a store that is
 * slow against everything else provokes other orders than a slow network.
 */
#include "record.h"
#include "sim.h"
#include "speaker.h"
#include "base/check.h"

enum { CHOICES = 512 };
static struct choice { void (*run)(void *); void *with; } choices[PARTS][CHOICES];
static unsigned counts[PARTS];
static unsigned weights[PARTS];
static msec now = 1000000;

void step_may(enum part part, void (*run)(void *), void *with)
{
	ASSERT(counts[part] < CHOICES);
	choices[part][counts[part]++] = (struct choice){ run, with };
}

void steps_weigh(void)
{
	static const unsigned eager[] = { 1, 4, 16, 64 };
	for (unsigned i = 0; i < PARTS; i++)
		weights[i] = eager[dice_below(4)];
	record->wall += record->wall ? 5000 : 1800000000000;
	clock_set(now, record->wall);
}

void time_pass(msec by)
{
	now += by;
	record->wall += by;
	clock_set(now, record->wall);
}

static void look_around(void)
{
	for (unsigned i = 0; i < PARTS; i++)
		counts[i] = 0;
	loops_steps();
	store_steps();
	conns_steps();
	speakers_steps();
}

static unsigned draw_part(void)
{
	unsigned all = 0, i = 0;
	for (unsigned n = 0; n < PARTS; n++)
		all += counts[n] ? weights[n] : 0;
	unsigned at = dice_below(all);
	for (;; i++) {
		unsigned weight = counts[i] ? weights[i] : 0;
		if (at < weight)
			return i;
		at -= weight;
	}
}

bool step_once(void)
{
	look_around();
	if (!counts[IN_LOOPS] && !counts[IN_STORE] && !counts[IN_NET] && !counts[IN_SPEAKERS])
		return false;
	unsigned part = draw_part();
	struct choice *c = &choices[part][dice_below(counts[part])];
	c->run(c->with);
	if (dice_chance(20))
		time_pass(dice_between(1, 3));
	return true;
}
