/*
 * Chance: two streams from one seed, one for what happens next and one for the
 * server's own random bytes, so that a seed replays to the byte.
 */
#include "sim.h"
#include "base/random.h"
#include <string.h>

static uint64_t fate = 1, server = 2;

static uint64_t next(uint64_t *state)                /* splitmix64 */
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

void dice_seed(uint64_t seed)
{
	fate = seed * 0x2545f4914f6cdd1du + 1;
	server = ~fate;
}

uint64_t dice(void)
{
	return next(&fate);
}

unsigned dice_below(unsigned n)
{
	return n ? (unsigned)(dice() >> 11) % n : 0;
}

unsigned dice_between(unsigned least, unsigned most)
{
	return least + dice_below(most - least + 1);
}

bool dice_chance(unsigned percent)
{
	return dice_below(100) < percent;
}

size_t dice_piece(size_t size)
{
	unsigned n = size > 100000 ? 100000 : (unsigned)size;
	switch (dice_below(4)) {
	case 0:  return dice_between(1, n < 8 ? n : 8);
	case 1:  return dice_between(1, n);
	default: return size;
	}
}

/* --- base/random.h --- */

void random_fill(void *to, size_t size)
{
	for (unsigned char *p = to; size; p++, size--)
		*p = (unsigned char)next(&server);
}

uint64_t random_number(void)
{
	return next(&server);
}

char *random_text(char *to, size_t n)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	for (size_t i = 0; i < n; i++)
		to[i] = letters[next(&server) & 63];
	to[n] = '\0';
	return to;
}
