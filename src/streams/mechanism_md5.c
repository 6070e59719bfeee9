/*
 * DIGEST-MD5 (RFC 2831) and CRAM-MD5 (RFC 2195), by libgsasl: historic, and
 * off unless somebody asks for them, for the password itself must be kept.
 *
 * The library can't wait for a password, so the name is read here first, its
 * home is asked, and only then the library gets the message, once. That it
 * read the same name is checked. Whoever isn't there, or has no password in
 * the clear, gets a random one: the same steps and the same refusal.
 */
#include "streams/exchange.h"
#include "streams/sasl_library.h"
#include "base/check.h"
#include "base/random.h"
#include "core/call.h"
#include "xmpp/digest_md5.h"
#include <openssl/crypto.h>
#include <string.h>

struct own {
	Gsasl_session *session;
	const char *text;            /* the response, and who it says it is from */
	size_t      size;
	const char *user;
	bool        is_proved;       /* DIGEST-MD5: only the client's empty answer is missing */
};

/* --- the library's part --- */

static int step(struct exchange *x, const char *text, size_t size, char **answer, size_t *answer_size)
{
	struct own *own = x->own;
	return gsasl_step(own->session, text, size, answer, answer_size);
}

static void begin(struct exchange *x, const char *text, size_t size)
{
	struct own *own = x->own = ARENA_NEW(x->arena, struct own);
	char *challenge;
	if (gsasl_server_start(sasl_library(), x->mechanism->name, &own->session) != GSASL_OK)
		BUG("libgsasl lacks what it had at the start");
	gsasl_property_set(own->session, GSASL_REALM, x->c->host);
	if (text) {
		exchange_fail(x, SASL_MALFORMED_REQUEST, "the server speaks first");
		return;
	}
	if (step(x, NULL, 0, &challenge, &size) != GSASL_NEEDS_MORE)
		BUG("libgsasl has no challenge");
	exchange_challenge(x, arena_copy(x->arena, challenge, size), size);
	gsasl_free(challenge);
}

static void clear(struct exchange *x)
{
	struct own *own = x->own;
	if (own)
		gsasl_finish(own->session);
}

/* --- the answer --- */

static void judge(struct exchange *x, const char *password)
{
	struct own *own = x->own;
	char *answer = NULL;
	size_t size = 0;
	gsasl_property_set(own->session, GSASL_PASSWORD, password);
	int verdict = step(x, own->text, own->size, &answer, &size);
	const char *user = gsasl_property_fast(own->session, GSASL_AUTHID);
	gsasl_property_set(own->session, GSASL_PASSWORD, NULL);
	x->authzid = arena_string(x->arena, gsasl_property_fast(own->session, GSASL_AUTHZID));
	const char *last = arena_copy(x->arena, answer ? answer : "", size);
	gsasl_free(answer);
	if (verdict == GSASL_MECHANISM_PARSE_ERROR || !user || strcmp(user, own->user) != 0) {
		exchange_fail(x, SASL_MALFORMED_REQUEST, x->mechanism->name);
	} else if (verdict != GSASL_OK) {
		exchange_refuse(x);
	} else if (size) {
		own->is_proved = true;
		exchange_challenge(x, last, size);           /* RFC 2831 §2.1.3; the client answers with nothing */
	} else {
		exchange_succeed(x, NULL, 0);
	}
}

static void password_came(struct exchange *x, const struct xml *answer)
{
	char nobodys[24 + 1];
	const char *password = xml_get(answer, "password");
	judge(x, password ? password : random_text(nobodys, 24));
}

static void ask(struct exchange *x, const char *text, size_t size, const char *user)
{
	struct own *own = x->own;
	struct arena *a = arena_new();
	own->text = arena_copy(x->arena, text, size);
	own->size = size;
	own->user = user;
	exchange_name(x, user);
	exchange_ask(x, a, EL(a, NS_CALL, "clear"), password_came);
}

/* --- CRAM-MD5: the name, a blank, 32 digits --- */

static void cram_next(struct exchange *x, const char *text, size_t size)
{
	enum { PROOF = 32 };
	if (size <= PROOF + 1 || text[size - PROOF - 1] != ' ' || memchr(text, '\0', size)) {
		exchange_fail(x, SASL_MALFORMED_REQUEST, "CRAM-MD5");
		return;
	}
	ask(x, text, size, arena_copy(x->arena, text, size - PROOF - 1));
}

const struct mechanism mechanism_cram_md5 = { "CRAM-MD5", .lives_on = SOURCE_CLEAR, .server_first = true, .longest = MESSAGE_USUAL, .first = begin, .next = cram_next, .clear = clear };

/* --- DIGEST-MD5 --- */

/* The library doesn't look for which service it was meant: another one could ask for it in our name (RFC 2831 §2.1.2). */
static bool is_meant_for(const struct exchange *x, const char *uri)
{
	return uri && strncmp(uri, "xmpp/", 5) == 0 && strcmp(uri + 5, x->c->host) == 0;
}

static void proof_came(struct exchange *x, const char *text, size_t size)
{
	const char *user, *uri, *realm;
	if (!digest_md5_read(x->arena, text, size, "username", &user) || !digest_md5_read(x->arena, text, size, "digest-uri", &uri)
	    || !digest_md5_read(x->arena, text, size, "realm", &realm) || !user)
		exchange_fail(x, SASL_MALFORMED_REQUEST, "DIGEST-MD5");
	else if (!is_meant_for(x, uri) || (realm && strcmp(realm, x->c->host) != 0))
		exchange_fail(x, SASL_NOT_AUTHORIZED, "meant for another service or realm");
	else
		ask(x, text, size, user);
}

static void digest_next(struct exchange *x, const char *text, size_t size)
{
	struct own *own = x->own;
	if (!own->is_proved)
		proof_came(x, text, size);
	else if (size)
		exchange_fail(x, SASL_MALFORMED_REQUEST, "more than nothing at the end");
	else
		exchange_succeed(x, NULL, 0);
}

const struct mechanism mechanism_digest_md5 = { "DIGEST-MD5", .lives_on = SOURCE_CLEAR, .use = SOURCE_FOR_DIGEST_MD5, .server_first = true, .longest = MESSAGE_USUAL, .first = begin, .next = digest_next,
	.clear = clear };
