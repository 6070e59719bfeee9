/* Names and numbers; the streams themselves are in their own room. */
#include "core/stream_table.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stream_table stream_table;

static const char *const steps[] = { "connected", "negotiating", "waiting", "bound", "leaving", "closing" };
_Static_assert(sizeof steps / sizeof *steps == STREAM_STEPS, "each has its word");

static atomic_uint_fast64_t connections;

const char *stream_step_name(enum stream_step step)
{
	return steps[step];
}

bool stream_step_named(const char *name, enum stream_step *step)
{
	for (int i = 0; i < STREAM_STEPS; i++) {
		if (strcasecmp(steps[i], name) != 0)
			continue;
		*step = (enum stream_step)i;
		return true;
	}
	return false;
}

uint64_t stream_number(const char *tag)
{
	const char *digits = strncasecmp(tag, "XMPP", 4) == 0 && tag[4] && tag[5] == '-' ? tag + 6 : tag;
	return *digits && strspn(digits, "0123456789") == strlen(digits) ? strtoull(digits, NULL, 10) : 0;
}

uint64_t stream_number_next(void)
{
	return atomic_fetch_add(&connections, 1) + 1;
}

void stream_tag(char tag[STREAM_TAG], char kind, uint64_t number)
{
	snprintf(tag, STREAM_TAG, "XMPP%c-%06llu", kind, (unsigned long long)number);
}
