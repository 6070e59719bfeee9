/* A table of links at each home. Which of them somebody serves is told to all homes: link_reach.c. */
#include "core/link.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/home.h"
#include "core/limit.h"
#include "core/turn_out.h"
#include "xmpp/datetime.h"
#include <string.h>

struct link {
	struct hash_node by_name;
	char            *name;
	struct list      carriers;
	unsigned         carrier_count;
	bool             was_joined;         /* somebody has proved to be it */
	struct list      waiting;            /* struct waiting, oldest first */
	unsigned         waiting_count;
	size_t           waiting_bytes;
};

struct waiting {                     /* a signal in a queue; lies in its arena */
	struct list    in_queue;
	struct signal *signal;
	msec           since;
	msec           came_at;      /* wall clock */
	bool           is_stamped;   /* with that, for it comes late */
};

static struct link *link_find(const char *name)
{
	struct hash_node *n = hash_find(&home_here()->links, name);
	return n ? CONTAINER(n, struct link, by_name) : NULL;
}

static struct link *link_get(const char *name)
{
	struct link *l = link_find(name);
	if (l)
		return l;
	l = NEW(struct link);
	l->name = mem_string(name);
	list_init(&l->carriers);
	list_init(&l->waiting);
	hash_put(&home_here()->links, &l->by_name, l->name);
	return l;
}

bool link_is_of(const struct link *l, const char *domain)
{
	const struct component *c = strcmp(domain, l->name) == 0 ? NULL : component_of(domain);
	return strcmp(c ? component_name(c, domain) : domain, l->name) == 0;
}

/* --- back to the sender --- */

static bool may_be_returned(const struct signal *s)
{
	return s->type != TYPE_ERROR && s->type != TYPE_RESULT && s->type != TYPE_UNAVAILABLE && s->type != TYPE_PROBE;
}

static void give_back(struct signal *s, enum stanza_error error, const char *words)
{
	struct receipt *receipt = s->receipt;
	struct xml *answer = may_be_returned(s) ? stanza_error_reply(s->arena, s->stanza, error, words, NULL) : NULL;
	home_here()->counts.component_returned += answer != NULL;
	if (answer)
		route_stanza(s->arena, answer);
	else
		arena_free(s->arena);
	receipt_drop(receipt);
}

/* What is configured is ours, and away; a name that might be taken is nobody's until it is. */
static void nobody_there(struct signal *s, const struct component *c)
{
	if (c && c->name)
		give_back(s, SERVICE_UNAVAILABLE, "The component isn't connected");
	else
		give_back(s, REMOTE_SERVER_NOT_FOUND, NULL);
}

/* --- the queue --- */

static bool is_worth_waiting(const struct signal *s)
{
	return (s->kind == KIND_MESSAGE && s->type != TYPE_ERROR) || (s->kind == KIND_SUBSCRIBE && s->type != TYPE_PROBE);
}

static struct waiting *waiting_new(struct signal *s)
{
	struct waiting *w = ARENA_NEW(s->arena, struct waiting);
	w->signal = s;
	w->since = clock_now();
	w->came_at = clock_wall();
	receipt_drop(s->receipt);            /* from here on it is promised within `queue`, and its sender waits for no component */
	s->receipt = NULL;
	return w;
}

static size_t size_of(const struct waiting *w)
{
	return arena_size(w->signal->arena);
}

static void queue_add(struct link *l, struct waiting *w, bool at_front)
{
	if (at_front)
		list_prepend(&l->waiting, &w->in_queue);
	else
		list_append(&l->waiting, &w->in_queue);
	l->waiting_count++;
	l->waiting_bytes += size_of(w);
	home_here()->counts.component_waiting++;
}

static struct signal *queue_take(struct link *l, struct waiting *w)
{
	list_remove(&w->in_queue);
	l->waiting_count--;
	l->waiting_bytes -= size_of(w);
	home_here()->counts.component_waiting--;
	return w->signal;
}

static void wait_for(struct link *l, const struct component *c, struct signal *s)
{
	bool is_full = l->waiting_count >= c->queue, is_large = l->waiting_bytes + arena_size(s->arena) > c->queue_bytes;
	if (is_full || is_large) {
		limit_reached(is_full ? LIMIT_COMPONENT_QUEUE : LIMIT_COMPONENT_QUEUE_BYTES);
		give_back(s, RESOURCE_CONSTRAINT, "The component isn't connected, and too much waits for it");
		return;
	}
	queue_add(l, waiting_new(s), false);
}

/* Only for a name that is configured, or was proved once: else anybody could make queues. */
static struct link *queue_for(const struct component *c, const struct signal *s)
{
	if (!c || !c->queue || !is_worth_waiting(s))
		return NULL;
	struct link *l = c->name ? link_get(s->via) : link_find(s->via);
	return c->name || (l && l->was_joined) ? l : NULL;
}

/* --- out --- */

static struct carrier *carrier_for(const struct link *l, const char *bare)
{
	if (!l)
		return NULL;
	unsigned place = l->carrier_count > 1 ? hash_text(bare) % l->carrier_count : 0;
	LIST_EACH(&l->carriers, struct carrier, in_link, c)
		if (!place--)
			return c;
	return NULL;
}

/* Kept until it is known to have arrived; of too many the oldest are taken for granted. */
static void remember(struct carrier *c, struct waiting *w, const struct component *terms)
{
	list_append(&c->sent, &w->in_queue);
	c->sent_count++;
	c->kept++;
	c->sent_bytes += size_of(w);
	while (c->sent_count > terms->queue || c->sent_bytes > terms->queue_bytes)
		link_taken(c, c->sent_count - 1);
}

/* `w` NULL: it never waited. */
static bool send_by(struct carrier *c, struct signal *s, struct waiting *w, const struct component *terms)
{
	if (!c->kind->send(c, s->stanza))
		return false;
	home_here()->counts.component_out++;
	if (terms && terms->queue && !c->kind->is_inside && is_worth_waiting(s))
		remember(c, w ? w : waiting_new(s), terms);
	else
		signal_forget(s);
	return true;
}

void link_carry(struct signal *s)
{
	const struct component *terms = component_of(s->via);
	const struct link *l = link_find(s->via);
	struct carrier *c = carrier_for(l, s->to->bare);
	struct link *queue;
	if (c && !l->waiting_count && send_by(c, s, NULL, terms))
		return;
	if ((queue = queue_for(terms, s)))
		wait_for(queue, terms, s);
	else if (c)
		give_back(s, RESOURCE_CONSTRAINT, "The component doesn't read");
	else
		nobody_there(s, terms);
}

void link_taken(struct carrier *c, unsigned left)
{
	struct list *first;
	while (c->sent_count > left && (first = list_first(&c->sent))) {
		struct waiting *w = CONTAINER(first, struct waiting, in_queue);
		list_remove(&w->in_queue);
		c->sent_count--;
		c->sent_bytes -= size_of(w);
		signal_forget(w->signal);
	}
}

/* XEP-0203: when we got it. */
static void stamp(struct waiting *w)
{
	struct arena *a = w->signal->arena;
	if (w->is_stamped || w->signal->kind != KIND_MESSAGE)
		return;
	struct xml *late = xml_shallow(a, w->signal->stanza);
	xml_append(late, EL(a, NS_DELAY, "delay", ATTR(a, "from", arena_string(a, host_first()->name)),
		ATTR(a, "stamp", datetime_print(a, w->came_at))));
	w->signal->stanza = late;
	w->is_stamped = true;
}

static void let_out(struct link *l)
{
	const struct component *terms = component_of(l->name);
	struct list *first;
	while ((first = list_first(&l->waiting))) {
		struct waiting *w = CONTAINER(first, struct waiting, in_queue);
		struct carrier *c = carrier_for(l, w->signal->to->bare);
		if (!c)
			return;
		queue_take(l, w);
		stamp(w);
		if (!send_by(c, w->signal, w, terms)) {
			queue_add(l, w, true);
			return;
		}
	}
}

/* --- carriers come and go --- */

static bool make_room(struct link *l, const struct component *terms)
{
	if (!l->carrier_count || terms->conflict == COMPONENT_SHARE)
		return true;
	LIST_EACH(&l->carriers, struct carrier, in_link, c) {
		if (terms->conflict == COMPONENT_REPLACE)
			c->kind->end(c, STREAM_CONFLICT, "Replaced by a new connection");
		else
			c->kind->ask(c);
	}
	return !l->carrier_count;
}

/* A gateway shares with nobody, and makes room for nobody. */
static bool may_join(struct link *l, const struct carrier *c, const struct component *terms)
{
	const struct carrier *there = l->carrier_count ? CONTAINER(list_first(&l->carriers), struct carrier, in_link) : NULL;
	if (c->kind->is_inside)
		return !there;
	return terms && !(there && there->kind->is_inside) && make_room(l, terms);
}

bool link_join(struct carrier *c, const char *name)
{
	struct link *l = link_get(name);
	if (!may_join(l, c, component_of(name)))
		return false;
	list_init(&c->sent);
	list_append(&l->carriers, &c->in_link);
	l->carrier_count++;
	l->was_joined = true;
	c->link = l;
	home_here()->counts.components++;
	links_tell(name, 1, c->kind->is_inside);
	return true;
}

void link_open(struct carrier *c)
{
	let_out(c->link);
}

void link_leave(struct carrier *c)
{
	struct link *l = c->link;
	if (!l)
		return;
	list_remove(&c->in_link);
	l->carrier_count--;
	c->link = NULL;
	for (struct list *last; c->sent_count && (last = c->sent.prev) != &c->sent; c->sent_count--) {
		list_remove(last);
		queue_add(l, CONTAINER(last, struct waiting, in_queue), true);
	}
	home_here()->counts.components--;
	links_tell(l->name, -1, c->kind->is_inside);
	let_out(l);
}

/* --- in --- */

static enum stanza_error begin(struct turn *t)
{
	enum stanza_error wrong = t->kind == KIND_INFO ? iq_check(t) : OK;
	const struct host *host = t->to->local ? NULL : host_find(t->to->domain);
	if (wrong != OK)
		return wrong;
	if (host)
		return t->kind == KIND_INFO ? iq_to_host(t, host) : route_to_host(t);
	return route_on(t);
}

void link_receive(struct carrier *c, struct arena *a, struct xml *el, const struct jid *from, struct receipt *receipt)
{
	struct turn *t = turn_new(a, account_get(c->link->name));
	const char *to = xml_get(el, "to");
	home_here()->counts.component_in++;
	t->stanza = el;
	t->from = from;
	t->to = to ? jid_parse(a, to) : NULL;
	t->id = xml_get(el, "id");
	t->was_addressed = true;
	t->out->receipt = receipt;
	t->out->begin = begin;
	bool is_known = type_of(el, &t->kind, &t->type);
	t->payload = t->kind == KIND_INFO ? xml_first(el) : NULL;
	if (t->to && is_known) {
		turn_queue(t);
		return;
	}
	enum stanza_error wrong = to && !t->to ? JID_MALFORMED : BAD_REQUEST;
	t->to = jid_parse(a, host_first()->name);
	t->was_addressed = true;
	turn_fail(t, wrong);
}

/* --- now and then --- */

static void give_back_late_ones(struct link *l, msec patience)
{
	struct list *first;
	while ((first = list_first(&l->waiting)) && clock_now() - CONTAINER(first, struct waiting, in_queue)->since >= patience) {
		limit_reached(LIMIT_COMPONENT_QUEUE_TIME);
		give_back(queue_take(l, CONTAINER(first, struct waiting, in_queue)), REMOTE_SERVER_TIMEOUT, "The component didn't come back");
	}
}

static bool sweep_one(struct hash_node *n, void *with)
{
	struct home *home = with;
	struct link *l = CONTAINER(n, struct link, by_name);
	const struct component *c = component_of(l->name);
	give_back_late_ones(l, c ? c->queue_time : 0);
	if (!l->carrier_count && !l->waiting_count && !(c && l->was_joined)) {
		hash_remove(&home->links, n);
		mem_free(l->name);
		mem_free(l);
	}
	return true;
}

void links_sweep(struct home *home)
{
	hash_each(&home->links, sweep_one, home);
}

static bool judge_one(struct hash_node *n, void *with)
{
	struct link *l = CONTAINER(n, struct link, by_name);
	const struct component *terms = host_find(l->name) ? NULL : component_of(l->name);
	LIST_EACH(&l->carriers, struct carrier, in_link, c) {
		if (c->kind->is_inside)
			continue;
		if (!terms)
			c->kind->end(c, STREAM_HOST_GONE, "This name is a component's no more");
		else if (!terms->secret || strcmp(terms->secret, c->secret) != 0)
			c->kind->end(c, STREAM_NOT_AUTHORIZED, "Its secret has changed");
	}
	return true;
}

static bool tell_of_one(struct hash_node *n, void *with)
{
	const struct link *l = CONTAINER(n, struct link, by_name);
	if (l->waiting_count)
		log_problem("COMPONENT", "%u stanzas that waited for %s are lost by the stop", l->waiting_count, l->name);
	return true;
}

void links_stop(struct home *home)
{
	hash_each(&home->links, tell_of_one, NULL);
}

void links_take_hosts(struct home *home)
{
	hash_each(&home->links, judge_one, NULL);
}
