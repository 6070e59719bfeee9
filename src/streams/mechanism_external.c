/*
 * EXTERNAL: the certificate that the client showed to TLS (RFC 4422 §A,
 * RFC 6120 §6.3.4, XEP-0178 §2, XEP-0257 §3).
 *
 * It is believed for one of two reasons: an authority of `tls_client_ca`
 * vouches for it, and then for the addresses in it; or the account's user has
 * put it down (modules/certificates.c), and then for that account, whatever is
 * in it. Whom it is for is said by the authorization identity, else by the one
 * address in it, else by the `from` of the stream: among several, or if none is
 * in it.
 */
#include "streams/exchange.h"
#include "core/call.h"
#include "core/host.h"
#include "base/mem.h"
#include "streams/address.h"
#include "xmpp/client_certificate.h"
#include <string.h>
#include <unistr.h>

struct shown {
	struct client_certificate facts;
	bool is_trusted;
	const struct jid *wanted;            /* perhaps with a resource */
	const struct jid *named;             /* the address in it that fits; NULL: none does */
};

static bool read_shown(struct c2s *c, struct arena *a, struct shown *s)
{
	const X509 *certificate = conn_peer_certificate(c->conn, &s->is_trusted);
	if (!certificate || !client_certificate_look(&s->facts, a, certificate))
		return false;
	const msec chain_ends = s->is_trusted ? conn_peer_chain_expires(c->conn) : 0;
	if (chain_ends && chain_ends < s->facts.expires)
		s->facts.expires = chain_ends;
	return true;
}

/* --- whether it is offered --- */

static bool is_user_here(const struct c2s *c, const struct jid *jid)
{
	return jid->local && strcmp(jid->domain, c->host) == 0;
}

static unsigned users_here(const struct c2s *c, const struct client_certificate *f, const struct jid **one)
{
	unsigned count = 0;
	for (unsigned i = 0; i < f->count; i++)
		if (is_user_here(c, f->addresses[i])) {
			*one = f->addresses[i];
			count++;
		}
	return count;
}

static enum sasl_failure in_time(const struct client_certificate *f)
{
	const msec now = clock_wall();
	return now > f->expires ? SASL_CREDENTIALS_EXPIRED : now < f->begins ? SASL_NOT_AUTHORIZED : SASL_OK;
}

/* Whether some account has put it down is for its home to know: a certificate that may be one of those is worth a try. */
static enum sasl_failure lacks(struct c2s *c)
{
	struct arena *a = arena_new();
	struct shown s;
	const struct jid *one;
	const struct host *host = c2s_host(c);
	enum sasl_failure verdict = read_shown(c, a, &s) ? in_time(&s.facts) : SASL_INVALID_MECHANISM;
	if (verdict == SASL_OK && !host->has_own_certificates && !(s.is_trusted && users_here(c, &s.facts, &one)))
		verdict = SASL_INVALID_MECHANISM;
	arena_free(a);
	return verdict;
}

/* --- whom it is for --- */

/* An address with a resource is good for that resource, one without for any. */
static bool allows(const struct jid *address, const struct jid *wanted)
{
	return jid_same_bare(address, wanted) && (!address->resource || !wanted->resource || strcmp(address->resource, wanted->resource) == 0);
}

static const struct jid *find_allowing(const struct client_certificate *f, const struct jid *wanted)
{
	for (unsigned i = 0; i < f->count; i++)
		if (allows(f->addresses[i], wanted))
			return f->addresses[i];
	return NULL;
}

/* XEP-0178 §2, steps 10 and 11; RFC 6120 §13.7.2.2.1 lets the stream's `from` choose among several. NULL: it isn't said. */
static const struct jid *wanted_by(struct exchange *x, const struct shown *s, const char *authzid, size_t size)
{
	const struct c2s *c = x->c;
	const struct jid *one = NULL;
	if (size)
		return !memchr(authzid, '\0', size) && !u8_check((const uint8_t *)authzid, size) ? jid_parse(x->arena, authzid) : NULL;
	const unsigned count = users_here(c, &s->facts, &one);
	if (count == 1)
		return one;
	const struct jid *caller = c->caller ? jid_parse(x->arena, c->caller) : NULL;
	return !count || (caller && find_allowing(&s->facts, caller)) ? caller : NULL;
}

/* --- the verdict --- */

static void let_in(struct exchange *x, bool is_own, bool is_restricted)
{
	const struct shown *s = x->own;
	struct login *l = x->login = login_new();
	const char *resource = s->wanted->resource ? s->wanted->resource : s->named ? s->named->resource : NULL;
	l->is_own = is_own;
	l->is_restricted = is_restricted;
	l->has_certificate = true;
	memcpy(l->certificate, s->facts.fingerprint, sizeof l->certificate);
	l->resource = mem_string(resource);
	l->until = s->facts.expires;
	l->ending = "The certificate has expired";
	exchange_succeed(x, NULL, 0);
}

/* It is no guess at a password, so the account's user isn't made to wait for it. */
static void turn_away(struct exchange *x, enum sasl_failure failure, const char *why)
{
	address_wrong_login(x->c->address);
	exchange_fail(x, failure, why);
}

/* The same for an account that isn't there: only who is trusted to be somebody learns that they are nobody. */
static void answered(struct exchange *x, const struct xml *answer)
{
	const struct shown *s = x->own;
	const bool vouched = s->is_trusted && s->named;
	const char *restricted = xml_get(answer, "restricted");
	if (xml_is(answer, NS_CALL, "registered"))
		let_in(x, !vouched, restricted && strcmp(restricted, "yes") == 0);
	else if (xml_is(answer, NS_CALL, "known") && vouched)
		let_in(x, false, false);
	else if (s->is_trusted && s->facts.count && !s->named)
		turn_away(x, SASL_INVALID_AUTHZID, "an address that isn't in the certificate");
	else
		turn_away(x, SASL_NOT_AUTHORIZED, s->is_trusted ? "no account of this certificate" : "a certificate that nobody vouches for");
}

static const char *hex(struct arena *a, const unsigned char *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	char *text = arena_bytes(a, size * 2 + 1);
	for (size_t i = 0; i < size; i++) {
		text[i * 2] = digits[bytes[i] >> 4];
		text[i * 2 + 1] = digits[bytes[i] & 15];
	}
	text[size * 2] = '\0';
	return text;
}

static void ask(struct exchange *x, const struct shown *s)
{
	struct arena *a = arena_new();
	x->jid = jid_with(x->arena, s->wanted, NULL);
	const char *fingerprint = hex(a, s->facts.fingerprint, sizeof s->facts.fingerprint);
	exchange_ask(x, a, EL(a, NS_CALL, "certificate", ATTR(a, "fingerprint", fingerprint)), answered);
}

static void first(struct exchange *x, const char *text, size_t size)
{
	struct shown *s = ARENA_NEW(x->arena, struct shown);
	if (!read_shown(x->c, x->arena, s)) {
		exchange_fail(x, SASL_NOT_AUTHORIZED, "no certificate");
		return;
	}
	x->own = s;
	s->wanted = wanted_by(x, s, text, size);
	if (!s->wanted || !is_user_here(x->c, s->wanted)) {
		turn_away(x, SASL_INVALID_AUTHZID, size ? "no address of this domain" : "which of its addresses isn't said");
		return;
	}
	s->named = find_allowing(&s->facts, s->wanted);
	ask(x, s);
}

static void next(struct exchange *x, const char *text, size_t size)
{
	exchange_fail(x, SASL_MALFORMED_REQUEST, "one message is all there is");
}

const struct mechanism mechanism_external = {
	.name = "EXTERNAL", .needs = NEEDS_TLS, .longest = JID_LENGTH, .lacks = lacks, .first = first, .next = next,
};
