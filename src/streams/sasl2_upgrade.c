/*
 * XEP-0480: an account gets keys of a stronger hash when its client, having
 * logged in, says what comes of the password with a salt of ours. We never see
 * the password.
 *
 *   <continue/> with UPGR-SCRAM-… → <next/> → our <salt/> → <hash/> → the next, or the way home
 */
#include "streams/sasl2.h"
#include "base/log.h"
#include "base/random.h"
#include "core/call.h"
#include "core/host.h"
#include "streams/c2s_inside.h"
#include "streams/sasl2_inside.h"
#include "xmpp/base64.h"
#include "xmpp/scram.h"
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "UPGR-"

/* "UPGR-SCRAM-SHA-256", of a hash that the domain offers. */
static bool task_hash(struct c2s *c, const char *task, enum scram_hash *hash)
{
	bool plus;
	const struct host *host = c2s_host(c);
	if (strncmp(task, PREFIX, strlen(PREFIX)) != 0 || !scram_find(task + strlen(PREFIX), hash, &plus) || plus)
		return false;
	for (const char *const *m = host ? host->mechanisms : NULL; m && *m; m++)
		if (strcmp(*m, task + strlen(PREFIX)) == 0)
			return true;
	return false;
}

void sasl2_offer_upgrades(struct c2s *c, struct arena *a, struct xml *authentication)
{
	for (unsigned hash = 0; hash < SCRAM_HASHES; hash++) {
		const char *task = arena_printf(a, PREFIX "%s", scram_mechanism((enum scram_hash)hash, false));
		if (task_hash(c, task, &(enum scram_hash){ 0 }))
			xml_append(authentication, EL(a, NS_UPGRADE, "upgrade", TEXT(a, task)));
	}
}

/* --- which are to be done --- */

static const char *task_of(const struct sasl2 *s)
{
	return xml_text(s->task, s->arena);
}

static void say_continue(struct c2s *c)
{
	struct sasl2 *s = c->sasl2;
	struct arena *a = arena_new();
	c2s_write(c, EL(a, NS_SASL2, "continue", s->last ? EL(a, NS_SASL2, "additional-data", TEXT(a, arena_string(a, s->last))) : NULL,
		EL(a, NS_SASL2, "tasks", EL(a, NS_SASL2, "task", TEXT(a, task_of(s))))));
	s->last = NULL;
	s->in_task = true;
	arena_free(a);
	c2s_go_on(c);
}

static void keys_known(void *with, const struct xml *answer)
{
	struct c2s *c = with;
	struct sasl2 *s = c->sasl2;
	if (answer && strcmp(answer->name, "refused") == 0) {
		say_continue(c);
		return;
	}
	s->task = xml_next(s->task, NS_UPGRADE, "upgrade");      /* it has them, or nobody knows */
	sasl2_next_task(c);
}

static void go_home(struct c2s *c)
{
	struct sasl2 *s = c->sasl2;
	struct arena *a = arena_new();
	const char *bare = arena_string(a, s->bare);
	c2s_authenticated(c, s->wire, bare, s->mechanism, a, NULL);
}

void sasl2_next_task(struct c2s *c)
{
	struct sasl2 *s = c->sasl2;
	enum scram_hash hash;
	while (s->task && !task_hash(c, task_of(s), &hash))
		s->task = xml_next(s->task, NS_UPGRADE, "upgrade");
	if (!s->task) {
		go_home(c);
		return;
	}
	struct arena *a = arena_new();
	c2s_wait(c);
	call_account(s->bare, a, EL(a, NS_CALL, "credentials", ATTR(a, "hash", scram_mechanism(hash, false))), keys_known, c);
}

/* --- one of them: XEP-0480 §3 --- */

static void give_salt(struct c2s *c)
{
	struct sasl2 *s = c->sasl2;
	struct scram_keys *k = s->upgrade = ARENA_NEW(s->arena, struct scram_keys);
	struct arena *a = arena_new();
	task_hash(c, task_of(s), &k->hash);
	k->rounds = c2s_host(c)->passwords.rounds;
	k->salt_size = SCRAM_SALT_USUAL;
	random_fill(k->salt, k->salt_size);
	c2s_write(c, EL(a, NS_SASL2, "task-data", EL(a, NS_SCRAM_UPGRADE, "salt", ATTR(a, "iterations", arena_printf(a, "%u", k->rounds)),
		TEXT(a, base64_encode(a, k->salt, k->salt_size)))));
	arena_free(a);
}

static void kept(void *with, const struct xml *answer)
{
	struct c2s *c = with;
	struct sasl2 *s = c->sasl2;
	if (!answer)
		c2s_log(c, LOG_PROBLEM, "keys of %s were not kept", task_of(s));
	s->task = xml_next(s->task, NS_UPGRADE, "upgrade");
	s->upgrade = NULL;
	sasl2_next_task(c);
}

static void keep_keys(struct c2s *c, const unsigned char *salted)
{
	struct sasl2 *s = c->sasl2;
	struct scram_keys *k = s->upgrade;
	struct arena *a = arena_new();
	size_t size = scram_size(k->hash);
	scram_keys_from_salted(k, salted);
	c2s_wait(c);
	call_account(s->bare, a, EL(a, NS_CALL, "keys-add", ATTR(a, "hash", scram_mechanism(k->hash, false)),
		ATTR(a, "rounds", arena_printf(a, "%u", k->rounds)), ATTR(a, "salt", base64_encode(a, k->salt, k->salt_size)),
		ATTR(a, "stored", base64_encode(a, k->stored, size)), ATTR(a, "server", base64_encode(a, k->server, size))), kept, c);
}

static void take_hash(struct c2s *c, const struct xml *el)
{
	struct sasl2 *s = c->sasl2;
	size_t size = 0;
	const char *text = xml_child_text(el, NS_SCRAM_UPGRADE, "hash", s->arena);
	const unsigned char *salted = text ? base64_decode(s->arena, text, &size) : NULL;
	if (!salted || size != scram_size(s->upgrade->hash))
		sasl2_fail(c, SASL_MALFORMED_REQUEST, "an upgrade's hash is none");
	else
		keep_keys(c, salted);
}

void sasl2_task(struct c2s *c, const struct xml *el)
{
	struct sasl2 *s = c->sasl2;
	const char *task = xml_get(el, "task");
	if (strcmp(el->name, "next") == 0 && !s->upgrade && task && strcmp(task, task_of(s)) == 0)
		give_salt(c);
	else if (strcmp(el->name, "task-data") == 0 && s->upgrade)
		take_hash(c, el);
	else if (strcmp(el->name, "authenticate") == 0)
		c2s_error(c, STREAM_POLICY_VIOLATION, "Authenticated already");          /* XEP-0388 §5.8 */
	else
		sasl2_fail(c, SASL_MALFORMED_REQUEST, "not the task that was asked for");
}
