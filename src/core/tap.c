/*
 * Each home has a list of its own, changed by letters to its loop. A letter
 * that closes a tap counts it down; whoever comes to zero tells the owner.
 */
#include "core/tap.h"
#include "base/mem.h"
#include <string.h>

struct tapped {                      /* in a home's list, in the order of opening */
	struct tapped *next;
	struct tap    *tap;
};

struct change {
	struct home *home;
	struct tap  *old, *now;
};

/* --- opening and closing --- */

static struct tapped **place_of(struct home *home, const struct tap *t)
{
	struct tapped **at = &home->taps;
	while (*at && (*at)->tap != t)
		at = &(*at)->next;
	return at;
}

static void let_go(struct tap *t)
{
	if (atomic_fetch_sub(&t->loops, 1) == 1 && t->closed)
		t->closed(t);
}

static void change(void *thing)
{
	struct change *c = thing;
	struct tapped **at = place_of(c->home, c->old);          /* none is old: the end of the list */
	struct tapped *old = *at;
	if (c->now) {
		struct tapped *now = NEW(struct tapped);
		*now = (struct tapped){ old ? old->next : NULL, c->now };
		*at = now;
	} else if (old) {
		*at = old->next;
	}
	if (old) {
		mem_free(old);
		let_go(c->old);
	}
	mem_free(c);
}

void tap_replace(struct tap *old, struct tap *now)
{
	unsigned count = homes_count();
	if (now)
		atomic_store(&now->loops, count);
	for (unsigned i = 0; i < count; i++) {
		struct change *c = NEW(struct change);
		*c = (struct change){ home_number(i), old, now };
		post(home_number(i)->loop, change, c);
	}
}

/* --- showing --- */

void tap_show(const struct tap_view *v)
{
	for (const struct tapped *t = home_here()->taps; t; t = t->next)
		t->tap->saw(t->tap, v);
}

static const char *or_else(const char *text, const char *other)
{
	return text ? text : other;
}

/* `own`: whose a stanza is, or whom it goes to, when it doesn't say. */
static void look(struct tap_view *v, enum tap_way way, const struct tap_place *p, const struct xml *stanza, const char *own)
{
	bool comes = way == TAP_IN;
	*v = (struct tap_view){ .way = way, .id = xml_get(stanza, "id"), .stanza = stanza, .place = p };
	v->is_wrong = !type_of(stanza, &v->kind, &v->type);
	v->from = or_else(xml_get(stanza, "from"), comes ? p->address : own);
	v->to = or_else(xml_get(stanza, "to"), comes ? own : p->address);
}

void tap_look(struct tap_view *v, enum tap_way way, const struct tap_place *p, const struct xml *stanza)
{
	look(v, way, p, stanza, p->address);
}

static struct tap_place place_of_session(const struct session *s)
{
	return (struct tap_place){ "client", s->jid->full, s->account->host, s->stream ? s->stream->facts : NULL, s->stream_with };
}

void tap_show_session(enum tap_way way, const struct session *s, const struct xml *stanza)
{
	const struct tap_place p = place_of_session(s);
	struct tap_view v;
	look(&v, way, &p, stanza, s->account->jid);
	tap_show(&v);
}

/* Its addresses are prepared already: so request and response have the same. */
void tap_show_turn(const struct turn *t, bool is_wrong)
{
	const struct tap_place p = place_of_session(t->session);
	const char *to = t->to ? t->to->full : xml_get(t->stanza, "to");
	struct tap_view v = { TAP_IN, t->kind, t->type, is_wrong, t->from->full, to, t->id, t->stanza, &p };
	tap_show(&v);
}

void taps_second(const struct home *home)
{
	for (const struct tapped *t = home->taps; t; t = t->next)
		if (t->tap->second)
			t->tap->second(t->tap);
}

/* --- what a view says besides --- */

const char *tap_type_word(const struct tap_view *v)
{
	return xml_get(v->stanza, "type");
}

const char *tap_text(const struct tap_view *v, struct arena *a, const char *name)
{
	return xml_child_text(v->stanza, v->stanza->ns, name, a);
}

char *tap_data(struct arena *a, const struct tap_view *v)
{
	return xml_string(a, v->stanza, "");
}

void tap_peer(const struct tap_view *v, char peer[64])
{
	*peer = '\0';
	if (v->place->facts) {
		struct session_facts f = v->place->facts(v->place->with);
		memcpy(peer, f.peer, sizeof f.peer);
	}
}

bool tap_answers(const struct tap_view *response, const char *request_from, const char *request_to, const char *request_id)
{
	bool is_response = response->kind == KIND_INFO && (response->type == TYPE_RESULT || response->type == TYPE_ERROR);
	return is_response && response->id && strcmp(response->id, request_id) == 0
		&& strcmp(response->from, request_to) == 0 && strcmp(response->to, request_from) == 0;
}
