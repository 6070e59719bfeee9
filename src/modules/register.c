/*
 * XEP-0077 In-Band Registration, for those who are logged in: what is on file,
 * a new password, the end of the account.
 *
 * Making an account belongs to a stream that isn't logged in yet
 * (streams/signup.c); both read the section `registration`.
 */
#include "modules/modules.h"
#include "core/credentials.h"
#include "core/host.h"
#include "core/session.h"
#include "core/source.h"
#include <string.h>

static bool may(const struct host *host, const char *what)
{
	return host_bool(host, &mod_register, what);
}

/* Where the password is may be where we can't write. */
static bool may_change(const struct host *host)
{
	return may(host, "allow_password_change") && (source_can(host, SOURCE_FOR_PLAIN) & SOURCE_WRITES);
}

/* An account whose password is elsewhere would be back at the next login. */
static bool may_remove(const struct host *host)
{
	return may(host, "allow_remove") && !source_of_host(host, SOURCE_FOR_PLAIN);
}

static bool may_sign_up(const struct host *host)
{
	return may(host, "auto_signup") && !source_of_host(host, SOURCE_FOR_PLAIN);
}

/* The account's own server; another of our domains has nothing on file for it. */
static bool is_at_home(const struct turn *t)
{
	return t->session && strcmp(t->host->name, t->account->address->domain) == 0;
}

/* §3.1: what we know. Passwords aren't told, and aren't known. */
static enum stanza_error get(struct turn *t)
{
	struct arena *a = t->arena;
	if (!is_at_home(t))
		return SERVICE_UNAVAILABLE;
	turn_reply(t, EL(a, NS_REGISTER, "query",
		may_change(t->host) ? EL(a, NS_REGISTER, "instructions", TEXT(a, "Send a new password to change it.")) : NULL,
		EL(a, NS_REGISTER, "registered"),
		EL(a, NS_REGISTER, "username", TEXT(a, t->account->local)),
		EL(a, NS_REGISTER, "password")));
	return OK;
}

/* --- a new password, §3.3 --- */

/* Who knew the old password only is to log in anew. */
static void end_others(struct turn *t, void *with)
{
	EACH_SESSION(t->account, s)
		if (s != t->session)
			session_end(s, STREAM_RESET, "The password was changed");
}

static enum stanza_error changed(struct turn *t)
{
	turn_then(t, end_others, NULL);
	turn_reply(t, NULL);
	return OK;
}

static bool is_own_name(struct turn *t, const char *name)
{
	const char *local = jid_local(t->arena, name);
	return local && strcmp(local, t->account->local) == 0;
}

/* The password is in it, so the channel is to be as safe as for a login with one. */
static bool is_safe(const struct turn *t)
{
	const struct session *s = t->session;
	return t->host->plain_without_tls || (s->stream && s->stream->facts(s->stream_with).tls);
}

/* Who came in without the password may not have it: a token, or a certificate on a device (XEP-0257 §5.2). */
static bool knows_password(const struct turn *t)
{
	static const char *const others[] = { "EXTERNAL", "OAUTHBEARER", "GSSAPI", NULL };
	const struct session *s = t->session;
	const char *mechanism = s->stream ? s->stream->facts(s->stream_with).mechanism : NULL;
	for (const char *const *m = others; *m && mechanism; m++)
		if (strcmp(*m, mechanism) == 0)
			return false;
	return true;
}

static enum stanza_error change(struct turn *t)
{
	struct arena *a = t->arena;
	const char *name = xml_child_text(t->payload, NS_REGISTER, "username", a);
	const char *password = xml_child_text(t->payload, NS_REGISTER, "password", a);
	if (!name || !password || !*password || !is_own_name(t, name))
		return BAD_REQUEST;
	if (!may_change(t->host))
		return NOT_ALLOWED;
	if (!is_safe(t) || !knows_password(t))
		return NOT_AUTHORIZED;
	const char *prepared = jid_password(a, password);
	return prepared && *prepared ? credentials_change(t, prepared, changed) : NOT_ACCEPTABLE;
}

/* --- the end, §3.2 --- */

/* A device that may not even manage certificates doesn't end the account. */
static bool is_restricted(const struct turn *t)
{
	const struct session *s = t->session;
	return s->stream && s->stream->facts(s->stream_with).is_restricted;
}

/* The answer leaves first, then credentials.c ends the sessions with <not-authorized/>. */
static enum stanza_error cancel(struct turn *t)
{
	const struct xml *first = xml_first(t->payload);
	if (xml_next(first, NULL, NULL))
		return BAD_REQUEST;
	if (!may_remove(t->host))
		return NOT_ALLOWED;
	if (is_restricted(t))
		return FORBIDDEN;
	enum stanza_error verdict = credentials_remove(t);
	turn_reply(t, NULL);
	return verdict;
}

static enum stanza_error set(struct turn *t)
{
	if (!is_at_home(t))
		return SERVICE_UNAVAILABLE;
	return xml_child(t->payload, NS_REGISTER, "remove") ? cancel(t) : change(t);
}

/* §7: only where something of it can be had. */
static void host_info(const struct host *host, struct arena *a, struct xml *query)
{
	if (may_sign_up(host) || may_change(host) || may_remove(host))
		xml_append(query, EL(a, NS_DISCO_INFO, "feature", ATTR(a, "var", NS_REGISTER)));
}

const struct module mod_register = {
	.name      = "registration",
	.title     = "In-Band Registration",
	.xep       = 77,
	.iqs       = IQS({ NS_REGISTER, "query", IQ_GET, TO_HOST | TO_SELF, get }, { NS_REGISTER, "query", IQ_SET, TO_HOST | TO_SELF, set }),
	.options   = OPTIONS(
		{ "auto_signup", OPTION_BOOL, "no", "Anybody may make an account" },
		{ "allow_password_change", OPTION_BOOL, "yes", "Users may change their passwords" },
		{ "allow_remove", OPTION_BOOL, "yes", "Users may remove their accounts" }),
	.host_info = host_info,
};
