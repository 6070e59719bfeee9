/*
 * A listener belongs to its loop from listen_start or listen_follow on; the
 * reload only sends letters. What the reload itself must know, whether an
 * address is open, is the gate's.
 */
#include "streams/listen.h"
#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/config.h"
#include "core/home.h"
#include "core/pool.h"
#include "streams/guest.h"
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct gate *gate_for(const char *address, struct fail *why)
{
	struct gate *gate = gate_get(address);
	if (!gate)
		fail(why, "more than %d addresses to listen on, with those of earlier reloads", GATES);
	return gate;
}

/* --- opening --- */

/* Port 0 became a number: the other loops take the same. */
static const char *with_port(const char *address, int port, char *to, size_t size)
{
	const char *colon = strrchr(address, ':');
	if (!port)
		return address;
	snprintf(to, size, "%.*s:%d", (int)(colon - address), address, port);
	return to;
}

static void close_all(struct listener *opened[HOMES_LIMIT])
{
	for (unsigned i = 0; i < HOMES_LIMIT; i++) {
		listener_close(opened[i]);
		opened[i] = NULL;
	}
}

/* One for each loop of its pool. On failure nothing stays open, and errno says why too. */
static bool open_all(const struct entrance *e, struct listener *opened[HOMES_LIMIT], struct fail *why)
{
	struct listen_options o = e->options;
	char exact[80];
	unsigned wanted = strncmp(e->address, "unix:", 5) == 0 ? 1 : e->pool->count;
	for (unsigned i = e->pool->first; i < e->pool->first + wanted; i++) {
		opened[i] = listener_open(&o, why);
		if (!opened[i]) {
			int error = errno;
			close_all(opened);
			errno = error;
			return false;
		}
		o.address = with_port(e->address, listener_port(opened[i]), exact, sizeof exact);
	}
	return true;
}

static bool open_scope(const struct config_scope *s, struct fail *why)
{
	struct entrance e = { 0 };
	struct gate *gate = gate_for(s->name, why);
	entrance_read_socket(&e, s);
	if (!gate || !e.is_open)
		return gate;
	if (atomic_exchange(&gate->is_open, true))
		return fail(why, "listen \"%s\" is there twice", s->name);
	return open_all(&e, gate->listeners, why);
}

/* A Unix socket that root has made is to be the user's who will serve it, and change or remove it. */
static bool give_away(const struct config *config, struct fail *why)
{
	const struct passwd *p = getpwnam(config_text(config_global(config), "user"));   /* cppcheck-suppress getpwnamCalled ; there is no second thread yet */
	for (unsigned i = 0; p && i < gates_count(); i++) {
		const char *address = gate_number(i)->address;
		bool is_unix = atomic_load(&gate_number(i)->is_open) && strncmp(address, "unix:", 5) == 0;
		if (is_unix && lchown(address + 5, p->pw_uid, p->pw_gid) < 0)
			return fail_errno(why, "can't give %s to %s", address + 5, p->pw_name);
	}
	return true;
}

bool listen_open(const struct config *config, struct fail *why)
{
	for (const struct config_scope *l = config_first(config_global(config), CONFIG_LISTENER); l; l = config_next(l))
		for (const struct config_scope *s = config_first(l, CONFIG_LISTEN); s; s = config_next(s))
			if (!open_scope(s, why))
				return false;
	return geteuid() != 0 || give_away(config, why);
}

static void begin(struct gate *gate, struct listener *l, unsigned events)
{
	gate->listeners[home_here()->number] = l;
	listener_most(l, events);
	listener_start(l, guest_accepted, gate);
}

void listen_start(unsigned loop)
{
	for (unsigned i = 0; i < gates_count(); i++) {
		struct gate *gate = gate_number(i);
		const struct entrance *e = entrance_find(hosts_here()->entrances, gate->address);
		if (gate->listeners[loop])
			begin(gate, gate->listeners[loop], e->terms.events);
	}
}

static void end(struct gate *gate)
{
	struct listener **l = &gate->listeners[home_here()->number];
	listener_close(*l);
	*l = NULL;
}

void listen_stop(unsigned loop)
{
	for (unsigned i = 0; i < gates_count(); i++)
		end(gate_number(i));
}

/* --- too many wait --- */

void listen_pause(struct gate *gate)
{
	struct listener *l = gate->listeners[home_here()->number];
	if (l)
		listener_pause(l);
	atomic_fetch_or(&gate->paused_loops, 1ull << home_here()->number);
}

static void resume(void *thing)
{
	struct gate *gate = thing;
	struct listener *l = gate->listeners[home_here()->number];
	if (l)
		listener_resume(l);
}

void listen_wake(struct gate *gate)
{
	uint64_t loops = atomic_load(&gate->paused_loops) ? atomic_exchange(&gate->paused_loops, 0) : 0;
	for (unsigned i = 0; loops; i++, loops >>= 1)
		if (loops & 1)
			post(home_number(i)->loop, resume, gate);
}

/* --- a reload --- */

static struct listener *prepared[GATES][HOMES_LIMIT];        /* by entrance, between listen_prepare and listen_follow */

struct letter {                              /* to a loop */
	struct gate           *gate;
	struct listener       *listener;     /* to begin with; NULL: what it has */
	bool                   is_end;
	struct listen_options  options;      /* else; its address is the gate's */
	unsigned               events;
};

static void read_letter(void *thing)
{
	struct letter *m = thing;
	struct listener *l = m->gate->listeners[home_here()->number];
	if (m->is_end) {
		end(m->gate);
	} else if (m->listener) {
		begin(m->gate, m->listener, m->events);
	} else if (l) {
		listener_change(l, &m->options);
		listener_most(l, m->events);
	}
	mem_free(m);
}

static void tell(unsigned loop, struct letter letter)
{
	post(home_number(loop)->loop, read_letter, mem_copy(&letter, sizeof letter));
}

static void give_up(void)
{
	for (unsigned i = 0; i < GATES; i++)
		close_all(prepared[i]);
}

bool listen_prepare(const struct entrances *all, struct arena *a, const char **waits, struct fail *why)
{
	*waits = NULL;
	for (unsigned i = 0; i < all->count; i++) {
		const struct entrance *e = &all->all[i];
		const struct gate *gate = gate_for(e->address, why);
		errno = 0;
		if (gate && (!e->is_open || atomic_load(&gate->is_open) || open_all(e, prepared[i], why)))
			continue;
		if (!gate || (errno != EACCES && errno != EPERM)) {
			give_up();
			return false;
		}
		*waits = arena_printf(a, "%s%slisten \"%s\"", *waits ? *waits : "", *waits ? ", " : "", e->address);
	}
	return true;
}

static void open_prepared(const struct entrance *e, struct listener *opened[HOMES_LIMIT])
{
	struct gate *gate = gate_get(e->address);
	for (unsigned i = 0; i < HOMES_LIMIT; i++) {
		if (!opened[i])
			continue;
		tell(i, (struct letter){ .gate = gate, .listener = opened[i], .events = e->terms.events });
		opened[i] = NULL;
		if (!atomic_exchange(&gate->is_open, true))
			log_major("LISTEN", "listening on %s", e->address);
	}
}

static void follow_open(struct gate *gate, const struct entrance *e)
{
	struct letter letter = { .gate = gate, .is_end = !e || !e->is_open };
	if (letter.is_end)
		log_major("LISTEN", "listening no more on %s", gate->address);
	else
		letter.options = e->options, letter.events = e->terms.events;
	letter.options.address = gate->address;      /* the entrance may be gone when it is read */
	atomic_store(&gate->is_open, !letter.is_end);
	for (unsigned i = 0; i < homes_count(); i++)
		tell(i, letter);
}

void listen_follow(const struct entrances *all)
{
	for (unsigned i = 0; i < gates_count(); i++) {
		struct gate *gate = gate_number(i);
		if (atomic_load(&gate->is_open))
			follow_open(gate, entrance_find(all, gate->address));
		listen_wake(gate);           /* accept_queue_backlog may have grown */
	}
	for (unsigned i = 0; i < all->count; i++)
		open_prepared(&all->all[i], prepared[i]);
}
