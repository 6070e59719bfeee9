/* One for each home; what is sent is read by all of them and changed by none. */
#include "core/online.h"
#include "core/account.h"
#include "core/call.h"
#include "core/home.h"
#include "core/signal.h"
#include <string.h>

enum { IN_A_ROUND = 200 };

struct telling {                     /* lies in its arena */
	struct arena     *arena;
	const char       *domain;    /* NULL: all */
	const struct xml *stanza;
	enum kind         kind;
	enum type         type;
	const char      **names;     /* bare */
	size_t            count, at;
};

static bool count_one(struct hash_node *n, void *with)
{
	const struct account *account = CONTAINER(n, struct account, by_jid);
	struct telling *t = with;
	t->count += account->session_count > 0 && (!t->domain || strcmp(account->address->domain, t->domain) == 0);
	return true;
}

static bool take_one(struct hash_node *n, void *with)
{
	const struct account *account = CONTAINER(n, struct account, by_jid);
	struct telling *t = with;
	if (account->session_count > 0 && (!t->domain || strcmp(account->address->domain, t->domain) == 0))
		t->names[t->at++] = arena_string(t->arena, account->jid);
	return true;
}

static void tell(const struct telling *t, const char *bare)
{
	struct arena *a = arena_new();
	struct jid *to = jid_parse(a, bare), *from = t->kind == KIND_CALL ? NULL : jid_parse(a, to->domain);
	struct xml *stanza = xml_clone(a, t->stanza);
	if (from) {
		xml_set(a, stanza, "from", from->full);
		xml_set(a, stanza, "to", to->bare);
	}
	signal_send(signal_new(a, stanza, from, to, t->kind, t->type));
}

static void tell_some(void *thing)
{
	struct telling *t = thing;
	for (size_t n = 0; n < IN_A_ROUND && t->at < t->count; n++)
		tell(t, t->names[t->at++]);
	if (t->at < t->count)
		post(loop_here(), tell_some, t);
	else
		arena_free(t->arena);
}

static void begin(void *thing)
{
	struct telling *t = thing;
	hash_each(&home_here()->accounts, count_one, t);
	t->names = arena_alloc(t->arena, (t->count + 1) * sizeof *t->names);
	hash_each(&home_here()->accounts, take_one, t);
	t->at = 0;
	tell_some(t);
}

static void tell_all(const char *domain, const struct xml *stanza, enum kind kind, enum type type)
{
	for (unsigned i = 0; i < homes_count(); i++) {
		struct arena *a = arena_new();
		struct telling *t = ARENA_NEW(a, struct telling);
		*t = (struct telling){ .arena = a, .domain = arena_string(a, domain), .stanza = xml_clone(a, stanza), .kind = kind, .type = type };
		post(home_number(i)->loop, begin, t);
	}
}

void online_send(const char *domain, const struct xml *message, enum type type)
{
	tell_all(domain, message, KIND_MESSAGE, type);
}

void online_call(const char *domain, const struct xml *question)
{
	tell_all(domain, question, KIND_CALL, TYPE_GET);
}
