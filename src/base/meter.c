/*
 * A token bucket that may go into debt.
 *
 * We count bytes after reading them, so the last reader can overdraw; it then
 * waits until the debt is paid, which keeps the long-run rate right without
 * ever splitting a read. Refill happens when somebody asks: an idle meter
 * costs nothing and needs no timer.
 */
#include "base/meter.h"

void meter_init(struct meter *m, int64_t per_second, int64_t burst, msec now)
{
	*m = (struct meter){ per_second, burst, burst, now };
}

static void refill(struct meter *m, msec now)
{
	msec full = (m->burst - m->level) * 1000 / m->per_second + 1;   /* longer than this overflows nothing */
	if (now - m->filled_at >= full) {
		m->level = m->burst;
		m->filled_at = now;
		return;
	}
	int64_t units = (now - m->filled_at) * m->per_second / 1000;
	if (units <= 0)
		return;                      /* too soon for a whole unit: let the time add up */
	m->level += units;
	m->filled_at = now;
}

msec meter_take(struct meter *m, int64_t units, msec now)
{
	if (!m->per_second)
		return 0;
	refill(m, now);
	m->level -= units;
	return m->level >= 0 ? 0 : (-m->level * 1000 + m->per_second - 1) / m->per_second;   /* rounded up */
}
