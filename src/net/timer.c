/* Timers of this thread's loop: each lies in the loop's wheel. */
#include "net/inside.h"
#include "base/check.h"

void timer_start(struct timer *t, msec after, void (*fn)(struct timer *))
{
	struct loop *l = loop_here();
	ASSERT(l);
	list_remove(&t->link);
	t->at = clock_now() + (after > 0 ? after : 0);
	t->fn = fn;
	wheel_put(&l->wheel, t);
	if (l->alarm_at < 0 || t->at < l->alarm_at)
		l->alarm_at = 0;             /* set anew at the end of the round */
}

void timer_stop(struct timer *t)
{
	list_remove(&t->link);
}

bool timer_is_running(const struct timer *t)
{
	return !list_is_empty(&t->link);
}
