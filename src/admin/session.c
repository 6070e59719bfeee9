/*
 * session list, session kick: who is connected.
 *
 * The list is gathered home by home; what it shows of one account is of one
 * moment, of all together not.
 */
#include "core/session.h"
#include "admin/accounts.h"
#include "admin/commands.h"
#include "core/call.h"
#include "core/home.h"
#include "xmpp/ns.h"
#include <stdlib.h>
#include <string.h>

struct wanted { const char *domain, *bare, *full; };         /* of each NULL: any; read by all homes, changed by none */

struct visit {
	struct arena *arena;
	struct xml *result;
	const struct wanted *wanted;
};

static const char *number(struct arena *a, int64_t n)
{
	return arena_printf(a, "%lld", (long long)n);
}

static struct xml *describe(struct arena *a, const struct session *s)
{
	struct session_facts f = s->stream->facts(s->stream_with);
	struct xml *el = EL(a, NS_CALL, "session", NULL);
	const char *const fields[][2] = {
		{ "jid", s->jid->full }, { "priority", s->is_available ? number(a, s->priority) : NULL }, { "since", number(a, s->since) },
		{ "peer", *f.peer ? f.peer : NULL }, { "tls", f.tls }, { "cipher", f.cipher }, { "mechanism", f.mechanism },
		{ "acks", s->has_acks ? "1" : NULL }, { "hibernates", f.hibernates_since ? number(a, f.hibernates_since) : NULL },
		{ "until", f.hibernates_until ? number(a, f.hibernates_until) : NULL }, { "queued", number(a, f.queued) },
		{ "unsettled", number(a, (int64_t)s->unsettled_bytes) }, { "tag", f.tag },
	};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		xml_set(a, el, fields[i][0], arena_string(a, fields[i][1]));
	return el;
}

static bool is_wanted(const struct account *account, const struct wanted *w)
{
	return (!w->domain || strcmp(account->address->domain, w->domain) == 0) && (!w->bare || strcmp(account->jid, w->bare) == 0);
}

static bool visit_account(struct hash_node *n, void *with)
{
	struct visit *v = with;
	const struct account *account = CONTAINER(n, struct account, by_jid);
	if (!account->session_count || !is_wanted(account, v->wanted))
		return true;
	EACH_SESSION(account, s)
		if (s->stream && (!v->wanted->full || strcmp(s->jid->full, v->wanted->full) == 0))
			xml_append(v->result, describe(v->arena, s));
	return true;
}

/* Runs on every home in turn. */
static void visit_home(struct home *home, struct arena *a, struct xml *result, void *with)
{
	struct command_run *run = with;
	struct visit v = { a, result, run->own };
	hash_each(&home->accounts, visit_account, &v);
}

static int64_t number_of(const struct xml *el, const char *name)
{
	const char *text = xml_get(el, name);
	return text ? strtoll(text, NULL, 10) : 0;
}

static void add_row(struct command_run *run, const struct xml *el)
{
	command_row(run);
	command_text(run, "jid", xml_get(el, "jid"));
	if (xml_get(el, "priority"))
		command_number(run, "priority", number_of(el, "priority"));
	else
		command_text(run, "priority", NULL);         /* it is not available */
	command_time(run, "since", number_of(el, "since"));
	for (const char *const *name = (const char *const[]){ "peer", "tls", "cipher", "mechanism", NULL }; *name; name++)
		command_text(run, *name, xml_get(el, *name));
	command_yes(run, "acks", xml_get(el, "acks") != NULL);
	for (const char *const *name = (const char *const[]){ "hibernates", "until", NULL }; *name; name++) {
		if (xml_get(el, *name))
			command_time(run, *name, number_of(el, *name));
		else
			command_text(run, *name, NULL);
	}
	command_number(run, "queued", number_of(el, "queued"));
	command_number(run, "unsettled", number_of(el, "unsettled"));
	command_text(run, "stream", xml_get(el, "tag"));
}

static void gathered(struct arena *a, struct xml *result, void *with)
{
	struct command_run *run = with;
	for (const struct xml *el = xml_first(result); el; el = xml_next(el, NULL, NULL))
		add_row(run, el);
	command_sort(run, "jid");
	command_done(run);
}

static void list(struct command_run *run)
{
	const char *text = command_get(run, "WHO");
	struct wanted *w = ARENA_NEW(run->arena, struct wanted);
	const struct jid *jid = text ? jid_parse(run->arena, text) : NULL;
	if (text && !jid) {
		command_fail(run, "'%s' is neither a domain nor a JID", text);
		return;
	}
	if (jid) {
		w->domain = jid->domain;
		w->bare = jid->local ? jid->bare : NULL;
		w->full = jid->resource ? jid->full : NULL;
	}
	run->own = w;
	call_homes(visit_home, gathered, run);
}

/* --- kick --- */

static void kicked(void *with, const struct xml *answer, const char *why)
{
	struct command_run *run = with;
	int64_t count = number_of(answer, "sessions");
	if (!answer) {
		command_refuse(run, RESOURCE_CONSTRAINT, "failed: %s", why);
		return;
	}
	if (!count) {
		command_refuse(run, ITEM_NOT_FOUND, "%s has no such session", command_get(run, "JID"));
		return;
	}
	command_row(run);
	command_text(run, "jid", command_get(run, "JID"));
	command_number(run, "ended", count);
	command_done(run);
}

static void kick(struct command_run *run)
{
	struct arena *a = run->arena;
	const char *error = NULL;
	const struct jid *full = jid_parse(a, command_get(run, "JID"));
	const struct jid *bare = full ? accounts_jid(run, full->bare, &error) : NULL;
	if (!bare) {
		command_fail(run, "%s", full ? error : "that is no JID");
		return;
	}
	accounts_ask(run, bare, EL(a, NS_CALL, "kick", ATTR(a, "resource", full->resource), ATTR(a, "why", command_get(run, "WHY"))), kicked, run);
}

const struct command cmd_session_list = {
	.noun = "session", .verb = "list", .help = "Lists the clients that are connected", .may = MAY_DOMAIN_ADMIN, .concerns = "WHO", .run = list,
	.args = ARGS({ "WHO", "only those of this domain, account or full JID", ARG_OPTIONAL }),
	.fields = FIELDS({ "jid", "with its resource" }, { "priority", "null: it is not available", FIELD_NUMBER | OR_NULL },
		{ "since", "when it logged in", FIELD_TIME }, { "peer", "address and port", FIELD_TEXT | OR_NULL },
		{ "tls", "TLS's version; null: in the clear", FIELD_TEXT | OR_NULL }, { "cipher", "its cipher", FIELD_TEXT | OR_NULL },
		{ "mechanism", "SASL's", FIELD_TEXT | OR_NULL }, { "acks", "whether XEP-0198 is on", FIELD_YES },
		{ "hibernates", "since when its connection is lost; null: it has one", FIELD_TIME | OR_NULL },
		{ "until", "when it ends unless its client resumes it", FIELD_TIME | OR_NULL },
		{ "queued", "stanzas that its client has not acknowledged", FIELD_NUMBER },
		{ "unsettled", "bytes that it sent and that are not settled yet", FIELD_NUMBER }, { "stream", "its tag in the log", FIELD_TEXT | OR_NULL }),
};
const struct command cmd_session_kick = {
	.noun = "session", .verb = "kick", .is_act = true, .help = "Ends sessions of an account", .may = MAY_DOMAIN_ADMIN, .concerns = "JID", .run = kick,
	.args = ARGS({ "JID", "user@domain: all its sessions; with a resource: that one", 0 },
		{ "WHY", "words for the user", ARG_OPTIONAL | ARG_REST }),
	.fields = FIELDS({ "jid", "as it was asked" }, { "ended", "how many sessions", FIELD_NUMBER }),
};
