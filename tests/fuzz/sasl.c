/*
 * A client that says anything to all mechanisms, for accounts whose password
 * it can't know: it may crash nothing, gets one answer to each element, and is
 * never let in.
 *
 * The exchange and the mechanisms are the server's; stream, homes, pool and
 * connection are ours, and answer at once. The first byte says what the home
 * knows. Then come lines: `A` and further letters choose a mechanism, `r` is a
 * response, `x` an abort; what follows is the message, or behind a `!` its
 * base64 as it stands. A byte 1 stands for the server's latest nonce, so that
 * an input can get as far as its proof.
 */
#include "streams/auth.h"
#include "streams/exchange.h"
#include "streams/sasl_library.h"
#include "base/log.h"
#include "core/call.h"
#include "core/entrance.h"
#include "core/home.h"
#include "core/module.h"
#include "core/oauth.h"
#include "streams/address.h"
#include "xmpp/base64.h"
#include "xmpp/ns.h"
#include "xmpp/scram.h"
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const struct module *const modules[] = { NULL };

static const char *const names[] = { "SCRAM-SHA-512-PLUS", "SCRAM-SHA-512", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1",
	"GSSAPI", "DIGEST-MD5", "CRAM-MD5", "PLAIN", "LOGIN", "EXTERNAL", "OAUTHBEARER", NULL };
static const char key[] = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";
static const char password[] = "what nobody guesses, 7zK2";
static struct hosts snapshot;
static struct oauth_keys token_keys;
static const struct oauth oauth = { .keys = &token_keys, .terms = { .audiences = (const char *const[]){ "example", NULL }, .claim = "sub" } };
static const struct host host = { .hosts = &snapshot, .oauth = &oauth, .has_own_certificates = true, .name = "example", .mechanisms = names, .passwords = { .hashes = 7, .rounds = 1, .keeps_clear = 1 } };
static struct terms terms = { .limits = { .login_tries = 1000 } };
static struct home home;
static struct c2s stream;
static char latest[200];             /* the server's nonce */
static unsigned answers;
static bool knows;                   /* the home has such an account */

static void must(bool what)
{
	if (!what)
		abort();
}

/* --- the stream --- */

static void remember_nonce(const char *text)
{
	const char *at = strstr(text, "nonce=\""), *end;
	at = at ? at + 7 : strncmp(text, "r=", 2) == 0 ? text + 2 : NULL;
	if (!at)
		return;
	end = at + strcspn(at, "\",");
	size_t size = (size_t)(end - at) < sizeof latest ? (size_t)(end - at) : sizeof latest - 1;
	memcpy(latest, at, size);
	latest[size] = '\0';
}

void c2s_write(struct c2s *c, const struct xml *el)
{
	struct arena *a = arena_new();
	size_t size;
	must(el->ns == NS_SASL && (strcmp(el->name, "challenge") == 0 || strcmp(el->name, "failure") == 0));
	answers++;
	const unsigned char *text = base64_decode(a, xml_text(el, a), &size);
	if (text && strcmp(el->name, "challenge") == 0)
		remember_nonce(arena_copy(a, text, size));
	arena_free(a);
}

void c2s_authenticated(struct c2s *c, const struct exchange_wire *wire, const char *bare, const char *mechanism, struct arena *a, struct xml *success)
{
	must(false);                         /* nobody knows the password */
}

void c2s_go_on(struct c2s *c)
{
	c->state = C2S_NEGOTIATING;
}

void c2s_wait(struct c2s *c)
{
	c->state = C2S_WAITING;
}

void c2s_error(struct c2s *c, enum stream_error error, const char *text)
{
	answers++;
}

const struct host *c2s_host(const struct c2s *c)
{
	return &host;
}

const struct terms *c2s_terms(struct c2s *c)
{
	return &terms;
}

struct auth_terms c2s_auth_terms(struct c2s *c)
{
	return (struct auth_terms){ .verifier_cache = 1000 };
}

struct source *c2s_source(struct c2s *c, enum source_use use)
{
	return NULL;                         /* in the store */
}

struct source *source_for(struct source *const listeners[SOURCE_USES], const struct host *h, enum source_use use)
{
	return NULL;
}

unsigned source_abilities(const struct source *source)
{
	return ~0u;
}

const char *source_uri(const struct source *source)
{
	return NULL;
}

uint32_t source_stamp(const struct source *source)
{
	return 0;
}

bool c2s_is_secure(const struct c2s *c)
{
	return true;
}

bool c2s_needs_tls(struct c2s *c)
{
	return true;
}

bool c2s_may_plain(struct c2s *c)
{
	return true;
}

struct log_who c2s_who(const struct c2s *c)
{
	return (struct log_who){ "FUZZ", NULL, "" };
}

/* --- the connection --- */

bool conn_has_binding(struct conn *c)
{
	return true;
}

bool conn_binding_exporter(struct conn *c, unsigned char out[32])
{
	memset(out, 'e', 32);
	return true;
}

bool conn_binding_end_point(struct conn *c, unsigned char out[64], size_t *size)
{
	memset(out, 'p', *size = 32);
	return true;
}

bool conn_binding_unique(struct conn *c, unsigned char out[64], size_t *size)
{
	memset(out, 'u', *size = 12);
	return true;
}

unsigned conn_tls_number(const struct conn *c)
{
	return 0x0304;
}

/* Anybody's, who writes romeo@example into it. */
static X509 *certificate;

static void make_certificate(void)
{
	EVP_PKEY *its = EVP_EC_gen("P-256");
	X509 *x = certificate = X509_new();
	X509V3_CTX ctx;
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 365 * 24 * 3600L);
	X509_set_pubkey(x, its);
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	X509_EXTENSION *address = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, "otherName:1.3.6.1.5.5.7.8.5;UTF8:romeo@example");
	X509_add_ext(x, address, -1);
	X509_sign(x, its, EVP_sha256());
	X509_EXTENSION_free(address);
	EVP_PKEY_free(its);
}

msec conn_peer_chain_expires(const struct conn *c)
{
	return 0;
}

const X509 *conn_peer_certificate(const struct conn *c, bool *is_trusted)
{
	*is_trusted = false;
	return certificate;
}

/* --- homes, the pool, addresses --- */

struct hosts *hosts_share(struct hosts *h)
{
	return h;
}

void hosts_drop(struct hosts *h)
{
}

void account_begin_anonymous(const char *bare)
{
	must(false);
}

void account_end_anonymous(const char *bare)
{
	must(false);
}

void timer_start(struct timer *timer, msec after, void (*fn)(struct timer *))
{
	must(false);
}

void timer_stop(struct timer *timer)
{
	must(false);
}


struct home *home_here(void)
{
	return &home;
}

void limit_reached(enum limit limit)
{
}

bool address_may_login(struct address *address)
{
	return true;
}

void address_wrong_login(struct address *address)
{
}

void loop_work(void (*work)(void *), void (*done)(void *), void *thing)
{
	work(thing);
	done(thing);
}

static struct xml *keys(struct arena *a, const char *mechanism)
{
	struct scram_keys k;
	enum scram_hash hash;
	bool plus;
	must(scram_find(mechanism, &hash, &plus) && !plus);
	scram_keys_make(&k, hash, password, "saltsaltsaltsalt", 16, 1);
	return EL(a, NS_CALL, "credentials", ATTR(a, "hash", mechanism), ATTR(a, "rounds", "1"), ATTR(a, "salt", base64_encode(a, k.salt, 16)),
		ATTR(a, "stored", base64_encode(a, k.stored, scram_size(hash))), ATTR(a, "server", base64_encode(a, k.server, scram_size(hash))));
}

void call_account(const char *bare, struct arena *a, struct xml *question, call_answered *fn, void *with)
{
	must(strcmp(question->name, "verdict") != 0 || strcmp(xml_get(question, "good"), "no") == 0);
	if (!fn)
		must(strcmp(question->name, "verdict") == 0);
	else if (!knows)
		fn(with, EL(a, NS_CALL, "refused"));
	else if (strcmp(question->name, "certificate") == 0)
		fn(with, EL(a, NS_CALL, "known"));
	else if (strcmp(question->name, "clear") == 0)
		fn(with, EL(a, NS_CALL, "clear", ATTR(a, "password", password)));
	else
		fn(with, keys(a, xml_get(question, "hash")));
	arena_free(a);
}

/* --- what the client says --- */

static const char *with_nonce(struct arena *a, const char *text, size_t *size)
{
	const char *at = memchr(text, 1, *size);
	if (!at)
		return text;
	size_t before = (size_t)(at - text), middle = strlen(latest), behind = *size - before - 1;
	char *all = arena_bytes(a, before + middle + behind + 1);
	memcpy(all, text, before);
	memcpy(all + before, latest, middle);
	memcpy(all + before + middle, at + 1, behind);
	*size = before + middle + behind;
	return all;
}

static struct xml *content(struct arena *a, const char *text, size_t size)
{
	if (!size)
		return NULL;
	if (*text == '!')
		return memchr(text, '\0', size) ? NULL : TEXT(a, arena_copy(a, text + 1, size - 1));
	text = with_nonce(a, text, &size);
	return TEXT(a, base64_encode(a, text, size));
}

static void say(const char *line, size_t size)
{
	struct arena *a = arena_new();
	const char kind = *line;
	const size_t place = (size_t)(kind - 'A');
	const unsigned before = answers;
	struct xml *text = content(a, line + 1, size - 1);
	if (kind >= 'A' && kind <= 'Z')
		auth_element(&stream, EL(a, NS_SASL, "auth", ATTR(a, "mechanism", place < sizeof names / sizeof *names - 1 ? names[place] : "X"), text));
	else
		auth_element(&stream, EL(a, NS_SASL, kind == 'x' ? "abort" : kind == 'r' ? "response" : "noise", text));
	must(answers == before + 1 && stream.state == C2S_NEGOTIATING);
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (!sasl_library()) {
		ns_intern();
		sasl_library_start(NULL);
		make_certificate();
		jwks_init(&token_keys.set, arena_new());
		must(jwks_add(&token_keys.set, "key", key, sizeof key - 1, NULL));
	}
	const char *line = (const char *)data + 1, *end = (const char *)data + size;
	stream = (struct c2s){ .state = C2S_NEGOTIATING, .host = (char[]){ "example" } };
	knows = data[0] & 1;
	*latest = '\0';
	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		stop = stop ? stop : end;
		if (stop > line)
			say(line, (size_t)(stop - line));
		line = stop + 1;
	}
	exchange_free(stream.auth);
	return 0;
}
