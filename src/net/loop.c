/*
 * A loop's thread and its rounds.
 *
 *   sockets → kept bytes → timers → inbox → the owner's work → hand over → flush
 *
 * libuv only waits and calls the sockets; the rest of the round is ours, so
 * that each step handles everything that the step before has brought: one
 * hand-over for each other loop, one system call for each connection.
 */
#include "net/inside.h"
#include "base/check.h"
#include "base/mem.h"

static _Thread_local struct loop *here;
static atomic_int loops;                     /* the workers end with the last one */

struct loop *loop_here(void)
{
	return here;
}

unsigned loop_number(const struct loop *l)
{
	CHECK(l, LOOP_MAGIC);
	return l->number;
}

static void woken(uv_async_t *wake)          /* the inbox is read later in the round */
{
}

static void alarm_rang(uv_timer_t *alarm)
{
	struct loop *l = alarm->data;
	l->alarm_at = 0;
}

struct loop *loop_new(unsigned number)
{
	ASSERT(number < LOOP_LIMIT);
	struct loop *l = NEW(struct loop);
	l->magic = LOOP_MAGIC;
	l->number = number;
	l->alarm_at = -1;
	list_init(&l->dirty);
	list_init(&l->offers);
	wheel_init(&l->wheel, clock_now());
	post_init(l);
	if (uv_loop_init(&l->uv) || uv_async_init(&l->uv, &l->wake, woken) || uv_timer_init(&l->uv, &l->alarm))
		BUG("cannot make an event loop");      /* out of descriptors before anything began */
	l->alarm.data = l;
	atomic_fetch_add(&loops, 1);
	return l;
}

void loop_woke(struct loop *l)
{
	if (l->has_ticked)
		return;
	clock_tick();
	l->has_ticked = true;
	atomic_store_explicit(&l->is_asleep, false, memory_order_relaxed);
}

/* A timer moved before the alarm, or the alarm rang: when is the wheel due next? */
static void set_alarm(struct loop *l)
{
	if (l->alarm_at)
		return;
	l->alarm_at = wheel_next(&l->wheel);
	if (l->alarm_at < 0) {
		uv_timer_stop(&l->alarm);
		return;
	}
	msec wait = l->alarm_at - clock_now();
	uv_update_time(&l->uv);
	/* It goes on ringing until it is set anew: uv_run runs timers before it sleeps, so one that rang just then would not wake it. */
	uv_timer_start(&l->alarm, alarm_rang, wait > 0 ? (uint64_t)wait + 1 : 0, 1);
}

static bool let_owners_work(struct loop *l)
{
	bool more = false;
	for (unsigned i = 0; i < l->rounds; i++)
		more |= l->on_round[i].fn(l->on_round[i].with);
	return more;
}

static void turn_once(struct loop *l)
{
	l->has_ticked = false;
	uv_run(&l->uv, !l->has_more && post_may_sleep(l) ? UV_RUN_ONCE : UV_RUN_NOWAIT);
	loop_woke(l);
	conns_offer(l);
	wheel_run(&l->wheel, clock_now());
	post_read(l);
	l->has_more = let_owners_work(l);
	l->has_more |= post_hand_over(l);
	conns_flush(l);
	/* What flushing brought (`written` may write and post) waits for the next round, which then must not sleep. */
	l->has_more |= l->touched_count || !list_is_empty(&l->dirty) || !list_is_empty(&l->offers);
	set_alarm(l);
}

static void *run(void *with)
{
	struct loop *l = here = with;
	clock_key_loop(l->number);
	clock_tick();
	wheel_run(&l->wheel, clock_now());
	if (l->first)
		l->first(l->first_with);
	l->has_more = true;                  /* what `first` began is seen to before the first sleep */
	while (!atomic_load(&l->stopping))
		turn_once(l);
	conns_flush(l);
	post_hand_over(l);
	return NULL;
}

void loop_start(struct loop *l, void (*first)(void *), void *with)
{
	CHECK(l, LOOP_MAGIC);
	l->first = first;
	l->first_with = with;
	if (pthread_create(&l->thread, NULL, run, l))
		BUG("cannot start a loop's thread");
	l->has_thread = true;
}

void loop_stop(struct loop *l)
{
	CHECK(l, LOOP_MAGIC);
	atomic_store(&l->stopping, true);
	uv_async_send(&l->wake);
}

void loop_join(struct loop *l)
{
	CHECK(l, LOOP_MAGIC);
	if (l->has_thread)
		pthread_join(l->thread, NULL);
	l->has_thread = false;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	CHECK(l, LOOP_MAGIC);
	ASSERT(!l->has_thread);
	work_wait(l);
	if (atomic_fetch_sub(&loops, 1) == 1)
		work_end();
	conns_end(l);
	uv_close((uv_handle_t *)&l->wake, NULL);
	uv_close((uv_handle_t *)&l->alarm, NULL);
	while (uv_run(&l->uv, UV_RUN_NOWAIT))
		continue;
	if (uv_loop_close(&l->uv))
		BUG("a loop ends while something lives on it");
	post_free(l);
	l->magic = 0;
	mem_free(l);
}

void loop_on_round(struct loop *l, bool (*fn)(void *), void *with)
{
	CHECK(l, LOOP_MAGIC);
	ASSERT(l->rounds < LOOP_HOOKS);
	l->on_round[l->rounds].fn = fn;
	l->on_round[l->rounds++].with = with;
}

static void each_second(struct timer *t)
{
	struct loop *l = CONTAINER(t, struct loop, second);
	timer_start(t, 1000, each_second);
	for (unsigned i = 0; i < l->seconds; i++)
		l->on_second[i].fn(l->on_second[i].with);
}

static void begin_seconds(void *loop)
{
	struct loop *l = loop;
	if (!timer_is_running(&l->second))
		timer_start(&l->second, 1000, each_second);
}

void loop_on_second(struct loop *l, void (*fn)(void *), void *with)
{
	CHECK(l, LOOP_MAGIC);
	ASSERT(l->seconds < LOOP_HOOKS);
	l->on_second[l->seconds].fn = fn;
	l->on_second[l->seconds++].with = with;
	post(l, begin_seconds, l);
}
