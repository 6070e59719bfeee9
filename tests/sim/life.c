/*
 * One life of the server: from its start on the database that the last one
 * left, to a stop between two steps or to a quiet end.
 */
#include "life.h"
#include "check.h"
#include "core/home.h"
#include "core/module.h"
#include "core/signal.h"
#include "record.h"
#include "sim.h"
#include "speaker.h"
#include "streams/c2s.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#if defined __SANITIZE_ADDRESS__
#define HAS_ASAN 1
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#ifdef HAS_ASAN
#include <sanitizer/lsan_interface.h>
#endif

enum { STEPS_MOST = 300000, SOON = 10000, QUIET_WITHIN = 600000 };     /* ms */

static void start(unsigned budget)
{
	steps_weigh();
	hosts_begin();
	store_begin();
	homes_start(plan.loops, plan.loops, (const unsigned char *)plan.secret, store_open(NULL, NULL, 0, NULL), hosts_of_sim());
	for (unsigned i = 0; i < plan.loops; i++) {
		struct home *home = home_number(i);
		loop_on_round(home->loop, home_round, home);
		loop_on_second(home->loop, home_second, home);
	}
	signal_print_every = 3;
	speakers_begin(budget);
}

static bool step(void)
{
	if (!step_once())
		return false;
	record->steps++;
	if (dice_below(200) == 0)
		loops_seconds();
	return true;
}

/* Nothing may happen now: on to the next timer. False: none rings soon. */
static bool wait_a_little(void)
{
	msec next = loops_next_timer();
	if (!next || next > clock_now() + SOON)
		return false;
	time_pass(next > clock_now() ? next - clock_now() : 1);
	return true;
}

static void run_until_quiet(enum mood mood)
{
	unsigned steps = 0;
	msec began = clock_now();
	speakers_set_mood(mood);
	plan.fail = plan.unknown = 0;
	while (step() || wait_a_little())
		if (++steps > STEPS_MOST || clock_now() - began > QUIET_WITHIN)
			life_failed("it never becomes quiet");
}

static _Noreturn void stop(void)
{
	trace("--- the process stops");
	record->stops++;
	speakers_drain();
	_exit(0);
}

/* Often while the store owes something: then a promise may be broken. */
static void chat(unsigned stop_at)
{
	bool waits_for_store = dice_chance(60);
	for (unsigned n = 0; speakers_have_budget(); n++) {
		if (n >= stop_at && (!waits_for_store || !store_is_idle()))
			stop();
		if (!step() && !wait_a_little())
			time_pass(50);
		if (n > STEPS_MOST)
			life_failed("its speakers never come to an end");
	}
}

/* --- the end of a life that wasn't stopped --- */

static void check_nothing_is_left(void)
{
	for (int i = 0; i < 3; i++) {
		time_pass(100000);
		loops_seconds();
		run_until_quiet(LEAVING);
	}
	for (unsigned i = 0; i < plan.loops; i++) {
		const struct home *home = home_number(i);
		if (home->counts.sessions || home->accounts.count || home->calls.count || home->loading)
			life_failed("home %u still has %llu sessions, %u accounts, %u calls, %u loading", i, (unsigned long long)home->counts.sessions, home->accounts.count,
				home->calls.count, home->loading);
	}
	if (conns_count() || c2s_count())
		life_failed("%u connections and %zu streams are left", conns_count(), c2s_count());
}

static _Noreturn void end(bool looks_for_leaks)
{
	run_until_quiet(LEAVING);
	check_nothing_is_left();
	store_close(NULL);
#ifdef HAS_ASAN
	if (looks_for_leaks && __lsan_do_recoverable_leak_check())
		life_failed("memory leaks");
#endif
	_exit(0);
}

static void come_and_stay(void)
{
	run_until_quiet(COMING);
	run_until_quiet(STAYING);
	speakers_check_quiet();
}

/* Everybody comes twice, so that what heals at a login has healed. */
static void collect(void)
{
	come_and_stay();
	run_until_quiet(LEAVING);
	come_and_stay();
	speakers_ask_rosters();
	run_until_quiet(STAYING);
	speakers_check_quiet();
	speakers_show_presence();
	run_until_quiet(STAYING);
	speakers_check_presence();
}

_Noreturn void life_run(unsigned budget, unsigned stop_at, bool looks_for_leaks)
{
	start(budget);
	if (plan.is_last) {
		collect();
	} else {
		chat(stop_at);
		run_until_quiet(STAYING);
		speakers_check_quiet();
		if (dice_chance(30))
			stop();
	}
	end(looks_for_leaks);
}
