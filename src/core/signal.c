/*
 * Signals on their way, and back from print.
 *
 * Printed, a signal is one element:
 *   <signal xmlns='urn:jackdaw:call' v='1' kind='message' from='…' to='…' …>stanza</signal>
 */
#include "core/signal.h"
#include "base/check.h"
#include "core/account.h"
#include "core/call.h"
#include "core/home.h"
#include "core/link.h"
#include "core/turn_out.h"
#include "xml/parser.h"
#include <stdlib.h>
#include <string.h>

unsigned signal_print_every;

static const char *const kinds[] = { "message", "subscribe", "notify", "info", "call" };

struct signal *signal_new(struct arena *a, const struct xml *stanza, const struct jid *from, const struct jid *to, enum kind kind, enum type type)
{
	struct signal *s = ARENA_NEW(a, struct signal);
	s->arena = a;
	s->stanza = stanza;
	s->from = from;
	s->to = to;
	s->kind = kind;
	s->type = type;
	s->was_addressed = true;
	return s;
}

/* Debug: what a cluster would do to every signal happens to every n-th here. */
static struct signal *printed_again(struct signal *s)
{
	static _Thread_local unsigned count;
	if (!signal_print_every || ++count % signal_print_every)
		return s;
	struct arena *a = arena_new();
	struct signal *again = signal_parse(a, signal_print(a, s, true));
	ASSERT(again && xml_same(again->stanza, s->stanza));
	again->receipt = s->receipt;
	arena_free(s->arena);
	return again;
}

void signal_send(struct signal *s)
{
	s = printed_again(s);
	struct home *home = home_of(s->via ? s->via : s->to->bare);
	if (home == home_here())
		signal_arrived(s);
	else
		post(home->loop, signal_arrived, s);
}

void signal_forget(struct signal *s)
{
	receipt_drop(s->receipt);
	arena_free(s->arena);
}

/* Availability and probes never load an account: one that isn't in memory has no sessions (RFC 6121 §4.3.2: unanswered). */
static struct account *recipient(const struct signal *s)
{
	if (s->kind == KIND_NOTIFY || (s->kind == KIND_SUBSCRIBE && s->type == TYPE_PROBE))
		return account_find(s->to->bare);
	return account_get(s->to->bare);
}

void signal_arrived(void *thing)
{
	struct signal *s = thing;
	if (s->via) {
		link_carry(s);
		return;
	}
	struct account *account = recipient(s);
	if (!account) {
		signal_forget(s);
		return;
	}
	struct turn *t = turn_new(s->arena, account);
	t->stanza = s->stanza;
	t->from = s->from;
	t->to = s->to;
	t->kind = s->kind;
	t->type = s->type;
	t->id = xml_get(s->stanza, "id");
	t->was_addressed = s->was_addressed;
	t->wants_keeping = s->wants_keeping;
	t->payload = s->kind == KIND_INFO ? xml_first(s->stanza) : NULL;
	t->out->ticket = s->ticket;
	t->out->receipt = s->receipt;
	t->out->kept_key = s->kept_key;
	t->out->since = s->since;
	turn_queue(t);
}

char *signal_print(struct arena *a, const struct signal *s, bool with_secrets)
{
	struct xml *el = EL(a, NS_CALL, "signal", ATTR(a, "v", "1"), ATTR(a, "kind", kinds[s->kind]),
		s->from ? ATTR(a, "from", s->from->full) : NULL, ATTR(a, "to", s->to->full),
		ATTR(a, "via", s->via), s->was_addressed ? ATTR(a, "addressed", "1") : NULL,
		s->wants_keeping ? ATTR(a, "keep", "1") : NULL,
		s->kept_key ? ATTR(a, "kept", arena_printf(a, "%lld", (long long)s->kept_key)) : NULL,
		s->since ? ATTR(a, "since", arena_printf(a, "%lld", (long long)s->since)) : NULL,
		s->ticket.number ? ATTR(a, "home", arena_printf(a, "%u", s->ticket.home)) : NULL,
		s->ticket.number ? ATTR(a, "call", arena_printf(a, "%llu", (unsigned long long)s->ticket.number)) : NULL);
	if (s->kind != KIND_CALL || with_secrets)
		xml_append(el, xml_clone(a, s->stanza));
	else
		xml_append(el, EL(a, NS_CALL, s->stanza->name));
	return xml_string(a, el, NS_CALL);
}

static bool kind_named(const char *name, enum kind *kind)
{
	for (size_t i = 0; name && i < sizeof kinds / sizeof *kinds; i++) {
		if (strcmp(kinds[i], name) == 0) {
			*kind = (enum kind)i;
			return true;
		}
	}
	return false;
}

static long long number(const struct xml *el, const char *name)
{
	const char *text = xml_get(el, name);
	return text ? strtoll(text, NULL, 10) : 0;
}

struct signal *signal_parse(struct arena *a, const char *text)
{
	struct xml *el = xml_parse(a, text, strlen(text), NS_CALL);
	const char *from = xml_get(el, "from"), *to = xml_get(el, "to"), *v = xml_get(el, "v");
	const struct xml *stanza = xml_first(el);
	enum kind kind, printed;
	enum type type = TYPE_NORMAL;
	if (!xml_is(el, NS_CALL, "signal") || !v || strcmp(v, "1") != 0 || !stanza || !to || !kind_named(xml_get(el, "kind"), &printed))
		return NULL;
	if (printed == KIND_CALL)
		kind = KIND_CALL;
	else if (!type_of(stanza, &kind, &type) || kind != printed)
		return NULL;
	struct jid *sender = from ? jid_parse(a, from) : NULL, *target = jid_parse(a, to);
	if (!target || (from && !sender))
		return NULL;
	struct signal *s = signal_new(a, stanza, sender, target, kind, type);
	s->via = xml_get(el, "via");
	s->was_addressed = number(el, "addressed");
	s->wants_keeping = number(el, "keep");
	s->kept_key = number(el, "kept");
	s->since = number(el, "since");
	s->ticket = (struct ticket){ (unsigned)number(el, "home"), (uint64_t)number(el, "call") };
	return s;
}
