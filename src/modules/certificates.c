/*
 * XEP-0257: a user's own certificates, with which clients log in without the
 * password (SASL EXTERNAL: streams/mechanism_external.c).
 *
 * A certificate is known by the SHA-256 of all of it; who signed it doesn't
 * matter. The list is read when it is asked for, and a login asks for its one
 * row. Each session remembers by which certificate it came, so that revoking
 * ends it, and one that may not manage certificates can't, also when its own
 * was disabled meanwhile.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "core/account.h"
#include "core/host.h"
#include "core/limit.h"
#include "core/portable.h"
#include "core/session.h"
#include "modules/modules.h"
#include "xmpp/base64.h"
#include "xmpp/client_certificate.h"
#include <stdlib.h>
#include <string.h>

enum { NAME = 255 };                 /* bytes */

static const char Q_LIST[] = "SELECT id, name, fingerprint, der, restricted FROM certificate WHERE account = ?1 ORDER BY id";
static const char Q_FIND[] = "SELECT restricted FROM certificate WHERE account = ?1 AND fingerprint = ?2";
static const char Q_PUT[] =
	"INSERT INTO certificate (account, id, name, fingerprint, der, restricted) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char Q_REMOVE[] = "DELETE FROM certificate WHERE account = ?1 AND id = ?2";
static const char Q_FORGET[] = "DELETE FROM certificate WHERE account = ?1";
/* A name or a certificate that is here stays, unless it is to be overwritten. */
static const char Q_IMPORT[] =
	"INSERT INTO certificate (account, id, name, fingerprint, der, restricted) SELECT ?1, ?2, ?3, ?4, ?5, ?6"
	" WHERE NOT EXISTS (SELECT 1 FROM certificate WHERE account = ?1 AND (name = ?3 OR fingerprint = ?4))";
static const char Q_MAKE_ROOM[] = "DELETE FROM certificate WHERE account = ?1 AND (name = ?2 OR fingerprint = ?3)";

/* Where nobody can log in with one there is nothing to manage. */
static bool is_served(const struct host *host)
{
	for (const char *const *m = host->mechanisms; *m; m++)
		if (strcmp(*m, "EXTERNAL") == 0)
			return true;
	return false;
}

/* --- sessions --- */

struct came_by {                     /* of a session */
	unsigned char fingerprint[CERTIFICATE_FINGERPRINT];
	bool          is_restricted;
};

/* Of the stream that it has now: it may have been resumed by another than it was bound by. */
static struct session_facts facts_of(const struct session *s)
{
	return s->stream ? s->stream->facts(s->stream_with) : (struct session_facts){ .certificate = NULL };
}

static void end_this(struct turn *t, void *with)
{
	session_end(t->session, STREAM_RESET, "The certificate was revoked");
}

/* It may have been revoked between the login and the bind. Nothing runs meanwhile. */
static enum stanza_error still_there(struct turn *t, const struct rows *rows)
{
	if (!rows->first)
		turn_then(t, end_this, NULL);
	return OK;
}

static enum stanza_error bound(struct turn *t)
{
	if (!is_served(t->host))
		return OK;                           /* most logins: facts cost more than this turn */
	const struct session_facts f = facts_of(t->session);
	if (!f.certificate)
		return OK;
	struct came_by *c = NEW(struct came_by);
	memcpy(c->fingerprint, f.certificate, sizeof c->fingerprint);
	c->is_restricted = f.is_restricted;
	session_set_data(t->session, &mod_certificates, c);
	return f.is_own ? turn_read_to_write(t, still_there, Q_FIND, V(t->account->id), value_blob(c->fingerprint, sizeof c->fingerprint)) : OK;
}

static bool came_by(const struct session *s, const void *fingerprint)
{
	const struct came_by *c = session_data(s, &mod_certificates);
	const struct session_facts f = facts_of(s);
	return (c && memcmp(c->fingerprint, fingerprint, sizeof c->fingerprint) == 0)
	    || (f.certificate && memcmp(f.certificate, fingerprint, CERTIFICATE_FINGERPRINT) == 0);
}

/* --- who may --- */

/* §5.1: what is added in the clear could be somebody else's. */
static enum stanza_error may_ask(const struct turn *t)
{
	if (!is_served(t->host))
		return SERVICE_UNAVAILABLE;
	return facts_of(t->session).tls ? OK : NOT_ALLOWED;
}

static enum stanza_error may_change(const struct turn *t)
{
	const struct came_by *c = session_data(t->session, &mod_certificates);
	const enum stanza_error wrong = may_ask(t);
	return wrong != OK ? wrong : (c && c->is_restricted) || facts_of(t->session).is_restricted ? FORBIDDEN : OK;
}

/* --- the list: §2.2 --- */

static const void *fingerprint_of(const struct row *row)         /* NULL: the row isn't ours */
{
	size_t size;
	const void *bytes = row_blob(row, 2, &size);
	return size == CERTIFICATE_FINGERPRINT ? bytes : NULL;
}

static struct xml *der_of(struct arena *a, const struct row *row)
{
	size_t size;
	const void *der = row_blob(row, 3, &size);
	return EL(a, NS_SASLCERT, "x509cert", TEXT(a, base64_encode(a, der, size)));
}

static struct xml *users_of(struct turn *t, const void *fingerprint)
{
	struct arena *a = t->arena;
	struct xml *users = EL(a, NS_SASLCERT, "users", NULL);
	EACH_SESSION(t->account, s)
		if (fingerprint && s->stream && came_by(s, fingerprint))
			xml_append(users, EL(a, NS_SASLCERT, "resource", TEXT(a, arena_string(a, s->resource))));
	return users->first ? users : NULL;
}

static enum stanza_error listed(struct turn *t, const struct rows *rows)
{
	struct arena *a = t->arena;
	struct xml *items = EL(a, NS_SASLCERT, "items", NULL);
	for (const struct row *row = rows->first; row; row = row->next)
		xml_append(items, EL(a, NS_SASLCERT, "item", EL(a, NS_SASLCERT, "name", TEXT(a, row_text(row, 1))),
			row_int(row, 4) ? EL(a, NS_SASLCERT, "no-cert-management", NULL) : NULL, der_of(a, row), users_of(t, fingerprint_of(row))));
	turn_reply(t, items);
	return OK;
}

static enum stanza_error list(struct turn *t)
{
	enum stanza_error wrong = may_ask(t);
	return wrong != OK ? wrong : turn_read(t, listed, Q_LIST, V(t->account->id));
}

/* --- a new one: §2.1 --- */

struct fresh {
	const char *name;
	const void *der;
	size_t      size;
	bool        is_restricted;
	struct client_certificate facts;
};

static const char *without_space(struct arena *a, const char *text)
{
	char *copy = arena_string(a, text), *to = copy;
	for (; *text; text++)
		if (!strchr(" \t\r\n", *text))
			*to++ = *text;
	*to = '\0';
	return copy;
}

static const char *name_in(struct arena *a, const struct xml *el)            /* NULL: none that can be one */
{
	const char *name = xml_child_text(el, NS_SASLCERT, "name", a);
	return name && *name && strlen(name) <= NAME ? name : NULL;
}

/* The text is broken into lines as in the XEP's examples. */
static bool read_fresh(struct fresh *f, struct arena *a, const struct xml *el)
{
	const char *text = xml_child_text(el, NS_SASLCERT, "x509cert", a);
	f->name = name_in(a, el);
	f->der = text ? base64_decode(a, without_space(a, text), &f->size) : NULL;
	f->is_restricted = xml_child(el, NS_SASLCERT, "no-cert-management");
	return f->name && f->der;
}

/* The same certificate under two names would outlive the revoking of one. */
static bool is_taken(const struct fresh *f, const struct rows *rows)
{
	for (const struct row *row = rows->first; row; row = row->next) {
		const void *its = fingerprint_of(row);
		if (strcmp(row_text(row, 1), f->name) == 0 || (its && memcmp(its, f->facts.fingerprint, CERTIFICATE_FINGERPRINT) == 0))
			return true;
	}
	return false;
}

static enum stanza_error put(struct turn *t, const struct rows *rows)
{
	struct fresh *f = ARENA_NEW(t->arena, struct fresh);
	read_fresh(f, t->arena, t->payload);
	client_certificate_read(&f->facts, t->arena, f->der, f->size);
	if (is_taken(f, rows))
		return CONFLICT;
	if (rows->count >= host_int(t->host, &mod_certificates, "most")) {
		limit_reached(LIMIT_CERTIFICATES);
		return turn_refuse(t, RESOURCE_CONSTRAINT, "Too many certificates: disable some first", NULL);
	}
	turn_write(t, Q_PUT, V(t->account->id), V(clock_key()), V(f->name), value_blob(f->facts.fingerprint, CERTIFICATE_FINGERPRINT),
		value_blob(f->der, f->size), V((int64_t)f->is_restricted));
	turn_reply(t, NULL);
	return OK;
}

static enum stanza_error append(struct turn *t)
{
	struct fresh f;
	const enum stanza_error wrong = may_change(t);
	if (wrong != OK)
		return wrong;
	if (!read_fresh(&f, t->arena, t->payload))
		return BAD_REQUEST;
	if ((int64_t)f.size > host_int(t->host, &mod_certificates, "size")) {
		limit_reached(LIMIT_CERTIFICATE_SIZE);
		return turn_refuse(t, NOT_ACCEPTABLE, "The certificate is too large", NULL);
	}
	if (!client_certificate_read(&f.facts, t->arena, f.der, f.size))
		return turn_refuse(t, NOT_ACCEPTABLE, "That is no certificate", NULL);
	if (f.facts.expires < clock_wall())
		return turn_refuse(t, NOT_ACCEPTABLE, "The certificate has expired", NULL);
	return turn_read_to_write(t, put, Q_LIST, V(t->account->id));
}

/* --- its end: §2.3, §2.4 --- */

static void end_its_sessions(struct turn *t, void *fingerprint)
{
	EACH_SESSION(t->account, s)
		if (s != t->session && came_by(s, fingerprint))
			session_end(s, STREAM_RESET, "The certificate was revoked");
}

/* The one who asked for it may be among them: told first, and then gone. */
static void end_asker(struct turn *t, void *with)
{
	struct arena *a = t->arena;
	const char *number = arena_printf(a, "%lld", (long long)t->session->number);
	turn_later(t, 0, EL(a, NS_CALL, "certificate-revoked", ATTR(a, "session", number)));
}

static enum stanza_error revoked(struct turn *t)
{
	const char *number = xml_get(t->stanza, "session");
	struct session *s = number ? session_find(t->account, strtoll(number, NULL, 10)) : NULL;
	if (s && s->stream)
		session_end(s, STREAM_RESET, "The certificate was revoked");
	return HANDLED;
}

static const struct row *find_named(const struct rows *rows, const char *name)
{
	const struct row *row = rows->first;
	while (row && strcmp(row_text(row, 1), name) != 0)
		row = row->next;
	return row;
}

static void remove_row(struct turn *t, const struct row *row, bool revokes)
{
	const void *fingerprint = fingerprint_of(row);
	turn_write(t, Q_REMOVE, V(t->account->id), V(row_int(row, 0)));
	if (!revokes || !fingerprint)
		return;
	turn_then(t, end_its_sessions, arena_copy(t->arena, fingerprint, CERTIFICATE_FINGERPRINT));
	if (t->session && came_by(t->session, fingerprint))
		turn_then(t, end_asker, NULL);
}

static enum stanza_error remove_named(struct turn *t, const struct rows *rows)
{
	const struct row *row = find_named(rows, name_in(t->arena, t->payload));
	if (!row)
		return ITEM_NOT_FOUND;
	remove_row(t, row, strcmp(t->payload->name, "revoke") == 0);
	turn_reply(t, NULL);
	return OK;
}

static enum stanza_error remove_one(struct turn *t)
{
	const enum stanza_error wrong = may_change(t);
	if (wrong != OK)
		return wrong;
	return name_in(t->arena, t->payload) ? turn_read_to_write(t, remove_named, Q_LIST, V(t->account->id)) : BAD_REQUEST;
}

/* --- logging in --- */

static enum stanza_error found(struct turn *t, const struct rows *rows)
{
	struct arena *a = t->arena;
	const bool is_there = t->account->state == ACCOUNT_READY && !t->account->is_anonymous;
	if (rows->first && is_there)
		turn_answer(t, EL(a, NS_CALL, "registered", ATTR(a, "restricted", row_int(rows->first, 0) ? "yes" : "no")));
	else
		turn_answer(t, EL(a, NS_CALL, is_there ? "known" : "refused", NULL));
	return HANDLED;
}

static bool read_hex(const char *text, unsigned char *to, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		const char digits[] = { text[i * 2], text[i * 2] ? text[i * 2 + 1] : '\0', '\0' };
		if (strspn(digits, "0123456789abcdef") != 2)
			return false;
		to[i] = (unsigned char)strtoul(digits, NULL, 16);
	}
	return !text[size * 2];
}

/* A name that doesn't exist is looked for like any other, so that the answer takes the same time. */
static enum stanza_error certificate(struct turn *t)
{
	const char *text = xml_get(t->stanza, "fingerprint");
	unsigned char *fingerprint = arena_alloc(t->arena, CERTIFICATE_FINGERPRINT);
	if (t->account->state == ACCOUNT_FAILED || !text || !read_hex(text, fingerprint, CERTIFICATE_FINGERPRINT))
		return RESOURCE_CONSTRAINT;
	const bool looks = t->account->state == ACCOUNT_READY && t->host && t->host->has_own_certificates;
	return turn_read(t, found, Q_FIND, V(looks ? t->account->id : 0), value_blob(fingerprint, CERTIFICATE_FINGERPRINT));
}

/* --- for administrators --- */

static struct xml *summary(struct turn *t, const struct row *row)
{
	struct arena *a = t->arena;
	struct client_certificate facts;
	size_t size;
	unsigned sessions = 0;
	const void *der = row_blob(row, 3, &size), *fingerprint = fingerprint_of(row);
	EACH_SESSION(t->account, s)
		sessions += s->stream && fingerprint && came_by(s, fingerprint);
	client_certificate_read(&facts, a, der, size);
	const char *expires = arena_printf(a, "%lld", (long long)facts.expires);
	return EL(a, NS_CALL, "certificate", ATTR(a, "name", row_text(row, 1)), ATTR(a, "expires", expires),
		row_int(row, 4) ? ATTR(a, "restricted", "yes") : NULL, ATTR(a, "sessions", arena_printf(a, "%u", sessions)));
}

static enum stanza_error told(struct turn *t, const struct rows *rows)
{
	struct xml *all = EL(t->arena, NS_CALL, "certificates", NULL);
	for (const struct row *row = rows->first; row; row = row->next)
		xml_append(all, summary(t, row));
	turn_answer(t, all);
	return HANDLED;
}

static enum stanza_error tell(struct turn *t)
{
	if (t->account->state == ACCOUNT_FAILED)
		return RESOURCE_CONSTRAINT;
	return turn_read(t, told, Q_LIST, V(t->account->state == ACCOUNT_READY ? t->account->id : 0));
}

static enum stanza_error struck(struct turn *t, const struct rows *rows)
{
	const struct row *row = find_named(rows, xml_get(t->stanza, "name"));
	if (row)
		remove_row(t, row, true);
	turn_answer(t, EL(t->arena, NS_CALL, row ? "done" : "missing", NULL));
	return HANDLED;
}

static enum stanza_error strike(struct turn *t)
{
	if (t->account->state == ACCOUNT_FAILED || !xml_get(t->stanza, "name"))
		return RESOURCE_CONSTRAINT;
	return turn_read_to_write(t, struck, Q_LIST, V(t->account->state == ACCOUNT_READY ? t->account->id : 0));
}

/* --- to another server and from one: XEP-0227 has no word for them, so it is this protocol's own --- */

static int64_t export(struct arena *a, struct xml *user, const struct rows *rows, const char *domain)
{
	for (const struct row *row = rows->first; row; row = row->next)
		xml_append(user, EL(a, NS_SASLCERT, "append", EL(a, NS_SASLCERT, "name", TEXT(a, row_text(row, 1))),
			row_int(row, 4) ? EL(a, NS_SASLCERT, "no-cert-management", NULL) : NULL, der_of(a, row)));
	return 0;
}

static enum import_verdict import(struct importing *in, const struct xml *child)
{
	struct fresh f;
	if (!xml_is(child, NS_SASLCERT, "append"))
		return IMPORT_NOT_MINE;
	if (!read_fresh(&f, in->arena, child) || !client_certificate_read(&f.facts, in->arena, f.der, f.size))
		return IMPORT_WRONG;
	const struct value fingerprint = value_blob(arena_copy(in->arena, f.facts.fingerprint, CERTIFICATE_FINGERPRINT), CERTIFICATE_FINGERPRINT);
	if (in->overwrites)
		import_put(in, Q_MAKE_ROOM, V(in->account), V(f.name), fingerprint);
	import_put(in, Q_IMPORT, V(in->account), V(clock_key()), V(f.name), fingerprint, value_blob(f.der, f.size), V((int64_t)f.is_restricted));
	return IMPORT_TAKEN;
}

static void host_info(const struct host *host, struct arena *a, struct xml *query)
{
	if (is_served(host))
		xml_append(query, EL(a, NS_DISCO_INFO, "feature", ATTR(a, "var", NS_SASLCERT)));
}

const struct module mod_certificates = {
	.name         = "certificates",
	.title        = "Client Certificate Management for SASL EXTERNAL",
	.xep          = 257,
	.iqs          = IQS(
		{ NS_SASLCERT, "items",   IQ_GET, TO_SELF, list },
		{ NS_SASLCERT, "append",  IQ_SET, TO_SELF, append },
		{ NS_SASLCERT, "disable", IQ_SET, TO_SELF, remove_one },
		{ NS_SASLCERT, "revoke",  IQ_SET, TO_SELF, remove_one }),
	.calls        = CALLS({ "certificate", certificate }, { "certificate-revoked", revoked },
		{ "certificates", tell }, { "certificate-revoke", strike }),
	.hooks        = HOOKS(ON_SESSION_BOUND(AT_MARK, bound)),
	.session_free = mem_free,
	.forget       = FORGET(Q_FORGET),
	.portable     = &(const struct portable){ .query = Q_LIST, .export = export, .import = import },
	.host_info    = host_info,
	.options      = OPTIONS(
		{ "most", OPTION_INT, "16", "Certificates of one account at most", 1, 1000 },
		{ "size", OPTION_SIZE, "4k", "Bytes of one certificate at most", 512, 65536 }),
	.migrations   = MIGRATIONS({ "certificates", 1,
		"CREATE TABLE certificate (account INTEGER NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL, fingerprint BLOB NOT NULL,"
		" der BLOB NOT NULL, restricted INTEGER NOT NULL, PRIMARY KEY (account, id)) WITHOUT ROWID;" }),
};
