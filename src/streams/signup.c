/*
 * One request and one answer: which fields are wanted; then the account is
 * asked to exist, by a call to its home (core/credentials.h), while nothing
 * more is read.
 *
 * The form holds a password, so it is taken only where one may be sent in the
 * clear; and each try counts against its address, or names could be guessed.
 */
#include "streams/signup.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/call.h"
#include "streams/address.h"
#include <string.h>

/* Its settings are those of the module that serves the logged-in: both are XEP-0077. */
static const struct module *registration(void)
{
	const struct module *const *m = modules;
	while (*m && strcmp((*m)->name, "registration") != 0)
		m++;
	return *m;
}

/* An account that is made here has its password here. */
static bool is_open(const struct c2s *c)
{
	const struct host *host = c2s_host(c);
	const struct module *m = registration();
	return host && m && !host->is_suspended && !source_of_host(host, SOURCE_FOR_PLAIN) && host_bool(host, m, "enabled") && host_bool(host, m, "auto_signup");
}

void signup_features(struct c2s *c, struct arena *a, struct xml *features)
{
	if (is_open(c) && c2s_may_plain(c))
		xml_append(features, EL(a, NS_REGISTER_FEATURE, "register"));
}

static bool is_type(const struct xml *iq, const char *type)
{
	const char *its = xml_get(iq, "type");
	return its && strcmp(its, type) == 0;
}

bool signup_is_asked(const struct c2s *c, const struct xml *el)
{
	return xml_is(el, NS_CLIENT, "iq") && (is_type(el, "get") || is_type(el, "set")) && xml_child(el, NS_REGISTER, "query");
}

/* --- answers --- */

static void refuse(struct c2s *c, struct arena *a, const struct xml *iq, enum stanza_error error, const char *text)
{
	c2s_write_error(c, a, stanza_error_reply(a, iq, error, text, NULL));
}

/* The request may be gone by now: its id is what is left. */
static void answer(struct c2s *c, struct arena *a, const char *id, enum stanza_error error, struct xml *payload)
{
	bool ok = error == OK;
	c2s_write_error(c, a, EL(a, NS_CLIENT, "iq", ATTR(a, "type", ok ? "result" : "error"), ATTR(a, "id", id), ATTR(a, "from", c->host),
		ok ? payload : stanza_error_element(a, error, NULL, NULL)));
}

static void tell_fields(struct c2s *c, struct arena *a, const struct xml *iq)
{
	answer(c, a, xml_get(iq, "id"), OK, EL(a, NS_REGISTER, "query",
		EL(a, NS_REGISTER, "instructions", TEXT(a, "Choose a username and a password.")),
		EL(a, NS_REGISTER, "username"),
		EL(a, NS_REGISTER, "password")));
}

/* --- making the account --- */

static enum stanza_error verdict(const struct xml *said)
{
	const char *why = xml_get(said, "why");
	if (xml_is(said, NS_CALL, "done"))
		return OK;
	if (!why)
		return RESOURCE_CONSTRAINT;              /* nothing was said: the store is in trouble, try later */
	return strcmp(why, "exists") == 0 ? CONFLICT : NOT_ACCEPTABLE;
}

static void account_answered(void *with, const struct xml *said)
{
	struct c2s *c = with;
	struct arena *a = arena_new();
	enum stanza_error error = verdict(said);
	answer(c, a, c->bind_id, error, NULL);
	c2s_log(c, LOG_LOW, "registration: %s", error == OK ? "done" : stanza_error_name(error));
	mem_free(c->bind_id);
	c->bind_id = NULL;
	c2s_go_on(c);
	arena_free(a);
}

/* No bind can be under way here, so bind_id is free to hold what the answer needs. */
static void make_account(struct c2s *c, const char *id, const char *bare, const char *password)
{
	struct arena *a = arena_new();
	c->bind_id = mem_string(id);
	c2s_wait(c);
	call_account(bare, a, EL(a, NS_CALL, "account-add", ATTR(a, "password", arena_string(a, password))), account_answered, c);
}

static bool may_register(struct c2s *c)
{
	bool may = address_may_register(c->address, c2s_host(c)->registrations);
	if (!may)
		limit_reached(LIMIT_REGISTRATIONS);
	return may;
}

static void asked_for_account(struct c2s *c, struct arena *a, const struct xml *iq, const struct xml *query)
{
	const char *name = xml_child_text(query, NS_REGISTER, "username", a), *text = xml_child_text(query, NS_REGISTER, "password", a);
	const char *password = text && *text ? jid_password(a, text) : NULL;
	const struct jid *jid = name && *name ? jid_make(a, name, c->host, NULL) : NULL;
	if (xml_child(query, NS_REGISTER, "remove"))
		refuse(c, a, iq, UNEXPECTED_REQUEST, "Log in first");           /* §3.2 */
	else if (!jid || !password || !*password)
		refuse(c, a, iq, NOT_ACCEPTABLE, name && *name && text && *text ? "Not allowed as a username or a password" : NULL);
	else if (home_here()->is_degraded || home_here()->is_stopping || !may_register(c))
		refuse(c, a, iq, RESOURCE_CONSTRAINT, "Try again later");
	else
		make_account(c, xml_get(iq, "id"), jid->bare, password);
}

static bool is_for_host(const struct c2s *c, struct arena *a, const struct xml *iq)
{
	const char *to = xml_get(iq, "to");
	const struct jid *jid = to ? jid_parse(a, to) : NULL;
	return !to || (jid && strcmp(jid->full, c->host) == 0);
}

void signup_element(struct c2s *c, const struct xml *iq)
{
	struct arena *a = arena_new();
	const struct xml *query = xml_child(iq, NS_REGISTER, "query");
	if (!xml_get(iq, "id") || xml_next(xml_first(iq), NULL, NULL))
		refuse(c, a, iq, BAD_REQUEST, NULL);
	else if (!is_for_host(c, a, iq))
		refuse(c, a, iq, SERVICE_UNAVAILABLE, NULL);
	else if (!is_open(c))
		refuse(c, a, iq, NOT_ALLOWED, NULL);
	else if (!c2s_may_plain(c))
		refuse(c, a, iq, NOT_AUTHORIZED, "Use TLS first");
	else if (is_type(iq, "get"))
		tell_fields(c, a, iq);
	else
		asked_for_account(c, a, iq, query);
	arena_free(a);
}
