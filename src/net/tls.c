/*
 * Contexts: policy from options, the choice of identity, ALPN.
 *
 * What OpenSSL takes from the SSL and not from its context (the lowest version,
 * whether to verify) is set on the SSL when the identity is chosen; the cipher
 * list, the trust store and the certificate follow the context.
 */
#include "net/tls_inside.h"
#include "base/check.h"
#include "base/mem.h"
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { TLS_MAGIC = 0x71500071, KINDS = 4 };

static const char usual_ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

struct tls {
	unsigned magic;
	atomic_uint shares;
	SSL_CTX *context;
	enum tls_verify verify;
	int lowest;                          /* TLS1_2_VERSION, … */
	char *ciphers, *suites;              /* as the context has them */
	msec expires;
	X509 *certificates[KINDS];           /* one of each kind of key */
	unsigned count;
};

struct tls_policy {
	enum tls_verify verify;
	int lowest;                          /* 0: unsaid */
	char *ciphers, *suites;              /* NULL: unsaid */
	X509_STORE *trust;                   /* NULL: unsaid */
};

const char *tls_words(void)
{
	const char *words = ERR_reason_error_string(ERR_peek_last_error());
	return words ? words : "no reason given";
}

/* --- The client's hello --- */

/* RFC 6066 §3: a list of names, of which only a single host_name exists. */
static bool read_name(SSL *ssl, char name[256])
{
	const unsigned char *p;
	size_t size;
	if (!SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &p, &size) || size < 5)
		return false;
	size_t length = (size_t)p[3] << 8 | p[4];
	if (p[2] != TLSEXT_NAMETYPE_host_name || length > size - 5 || length > 255 || memchr(p + 5, 0, length))
		return false;
	memcpy(name, p + 5, length);
	name[length] = '\0';
	return length > 0;
}

/* Where one is only asked for, the verdict is kept, and looked at later. It ends at the first fault: signatures of a chain that leads
 * to nobody we trust are not checked, and may be as many and as slow as a stranger likes. */
static int verify_chain(X509_STORE_CTX *store, void *unused)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	const bool is_good = X509_verify_cert(store) == 1;
	if (!is_good && X509_STORE_CTX_get_error(store) == X509_V_OK)
		X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
	return is_good || !(SSL_get_verify_mode(ssl) & SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
}

/* OpenSSL makes one list of both, of which each call sets a half. */
static void set_ciphers(SSL *ssl, const struct tls *tls, const struct tls_policy *p)
{
	const char *suites = p->suites ? p->suites : tls->suites;
	if (!p->ciphers && !p->suites)
		return;
	if (SSL_set_cipher_list(ssl, p->ciphers ? p->ciphers : tls->ciphers) != 1 || (suites && SSL_set_ciphersuites(ssl, suites) != 1))
		BUG("ciphers that were good when they were read");
}

static void take_over(SSL *ssl, const struct tls *tls, const struct tls_policy *p)
{
	static const int modes[] = {
		[TLS_VERIFY_NONE]     = SSL_VERIFY_NONE,
		[TLS_VERIFY_OPTIONAL] = SSL_VERIFY_PEER,
		[TLS_VERIFY_REQUIRED] = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
	};
	enum tls_verify verify = p && p->verify != TLS_VERIFY_UNSAID ? p->verify : tls->verify;
	SSL_set_SSL_CTX(ssl, tls->context);
	SSL_set_min_proto_version(ssl, p && p->lowest ? p->lowest : tls->lowest);
	SSL_set_verify(ssl, modes[verify], NULL);
	if (p)
		set_ciphers(ssl, tls, p);
	if (p && p->trust)
		SSL_set1_verify_cert_store(ssl, p->trust);
}

static int hello(SSL *ssl, int *alert, void *unused)
{
	struct tls_asked *asked = SSL_get_app_data(ssl);
	char name[256];
	bool has_name = read_name(ssl, name);
	struct tls_choice choice = asked->chooser(has_name ? name : NULL, asked->with);
	if (!choice.tls) {
		*alert = SSL_AD_UNRECOGNIZED_NAME;
		return SSL_CLIENT_HELLO_ERROR;
	}
	CHECK(choice.tls, TLS_MAGIC);
	take_over(ssl, choice.tls, choice.policy);
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* RFC 6120 §5.3.5: who asks for a renegotiation is refused by OpenSSL with this warning, and has to go. */
static void noticed(const SSL *ssl, int what, int alert)
{
	struct tls_asked *asked = SSL_get_app_data(ssl);
	if (what & SSL_CB_ALERT && what & SSL_CB_WRITE && (alert & 0xff) == SSL_AD_NO_RENEGOTIATION)
		asked->is_asked_again = true;
}

/* The client's first that we know. One who offers only others goes on without: streams tell themselves apart. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *size, const unsigned char *in, unsigned in_size, void *unused)
{
	static const char *const known[] = { "xmpp-client", "xmpp-server", "http/1.1" };
	for (unsigned at = 0; at < in_size && in[at] < in_size - at; at += in[at] + 1u)
		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			if (in[at] == strlen(known[i]) && memcmp(in + at + 1, known[i], in[at]) == 0) {
				*out = in + at + 1;
				*size = in[at];
				return SSL_TLSEXT_ERR_OK;
			}
	return SSL_TLSEXT_ERR_NOACK;
}

/* --- Contexts --- */

/* No tickets and no cache: resumption saves little with ECDSA, and keeps secrets in memory. */
static SSL_CTX *context_new(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	if (!ctx)
		BUG("OpenSSL gives no context");
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF
		| SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"xmpp", 4);
	SSL_CTX_set_cert_verify_callback(ctx, verify_chain, NULL);
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
	SSL_CTX_set_client_hello_cb(ctx, hello, NULL);
	SSL_CTX_set_info_callback(ctx, noticed);
	return ctx;
}

static SSL_CTX *front;

static void front_make(void)
{
	front = context_new();
}

SSL_CTX *tls_front(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, front_make);
	return front;
}

/* --- Certificates --- */

msec tls_expiry_of(const X509 *certificate)
{
	struct tm tm;
	return ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) == 1 ? (msec)timegm(&tm) * 1000 : 0;
}

static bool keep(struct tls *tls, X509 *certificate, const char *path, struct fail *why)
{
	for (unsigned i = 0; i < tls->count; i++)
		if (EVP_PKEY_get_base_id(X509_get0_pubkey(tls->certificates[i])) == EVP_PKEY_get_base_id(X509_get0_pubkey(certificate)))
			return fail(why, "%s is a second certificate for the same kind of key: at most one RSA, one ECDSA …", path);
	ASSERT(tls->count < KINDS);
	msec expires = tls_expiry_of(certificate);
	if (!tls->count || expires < tls->expires)
		tls->expires = expires;
	X509_up_ref(certificate);
	tls->certificates[tls->count++] = certificate;
	return true;
}

static bool load_pair(struct tls *tls, const char *certificate, const char *key_path, struct tls_password *p, struct fail *why)
{
	if (tls->count == KINDS)
		return fail(why, "more than %d certificates, with %s", KINDS, certificate);
	if (SSL_CTX_use_certificate_chain_file(tls->context, certificate) != 1)
		return fail(why, "cannot read a certificate from %s: %s", certificate, tls_words());
	X509 *loaded = SSL_CTX_get0_certificate(tls->context);
	if (!loaded || !keep(tls, loaded, certificate, why))
		return loaded ? false : fail(why, "%s has a certificate of a kind that is unknown", certificate);
	EVP_PKEY *key = tls_read_key(key_path, p, why);
	if (!key)
		return false;
	bool fits = X509_check_private_key(loaded, key) == 1 && SSL_CTX_use_PrivateKey(tls->context, key) == 1;
	EVP_PKEY_free(key);
	return fits || fail(why, "the key in %s is not that of the certificate in %s", key_path, certificate);
}

static bool load_pairs(struct tls *tls, const struct tls_options *o, struct fail *why)
{
	struct tls_password p = { .is_known = false };
	bool ok = tls_read_password(o, &p, why), is_apart = o->keys && *o->keys;
	for (size_t i = 0; ok && o->certificates[i]; i++) {
		const char *key = is_apart ? o->keys[i] : o->certificates[i];
		if (!key)
			ok = fail(why, "there are more certificates than keys: %s has none", o->certificates[i]);
		else
			ok = load_pair(tls, o->certificates[i], key, &p, why);
	}
	if (ok && is_apart && o->keys[tls->count])
		ok = fail(why, "there are more keys than certificates: what is %s for?", o->keys[tls->count]);
	OPENSSL_cleanse(&p, sizeof p);
	return ok;
}

/* --- Policies --- */

static bool load_trust(X509_STORE *store, const char *path, struct fail *why)
{
	struct stat st;
	if (!path)
		return true;
	if (stat(path, &st))
		return fail_errno(why, "cannot read %s", path);
	if ((S_ISDIR(st.st_mode) ? X509_STORE_load_path(store, path) : X509_STORE_load_file(store, path)) != 1)
		return fail(why, "cannot read certificates from %s: %s", path, tls_words());
	return true;
}

static bool load_ciphers(SSL_CTX *ctx, const char *ciphers, const char *suites, struct fail *why)
{
	if (SSL_CTX_set_cipher_list(ctx, ciphers ? ciphers : usual_ciphers) != 1)
		return fail(why, "no cipher is named by \"%s\"", ciphers);
	if (suites && SSL_CTX_set_ciphersuites(ctx, suites) != 1)
		return fail(why, "no TLS 1.3 suite is named by \"%s\"", suites);
	return true;
}

static int version_of(int minimum)
{
	return minimum == 13 ? TLS1_3_VERSION : minimum == 12 ? TLS1_2_VERSION : 0;
}

struct tls_policy *tls_policy_new(const struct tls_wishes *w, struct fail *why)
{
	SSL_CTX *ctx = context_new();        /* only to see whether the ciphers are any */
	X509_STORE *trust = w->client_ca ? X509_STORE_new() : NULL;
	bool ok = load_ciphers(ctx, w->ciphers, w->suites, why) && load_trust(trust, w->client_ca, why);
	SSL_CTX_free(ctx);
	ERR_clear_error();
	if (!ok) {
		X509_STORE_free(trust);
		return NULL;
	}
	struct tls_policy *p = NEW(struct tls_policy);
	*p = (struct tls_policy){ w->verify, version_of(w->minimum), mem_string(w->ciphers), mem_string(w->suites), trust };
	return p;
}

void tls_policy_free(struct tls_policy *p)
{
	if (!p)
		return;
	mem_free(p->ciphers);
	mem_free(p->suites);
	X509_STORE_free(p->trust);
	mem_free(p);
}

/* --- Identities --- */

struct tls *tls_new(const struct tls_options *o, struct fail *why)
{
	const struct tls_wishes *w = &o->wishes;
	struct tls *tls = NEW(struct tls);
	tls->magic = TLS_MAGIC;
	atomic_init(&tls->shares, 1);
	tls->context = context_new();
	tls->verify = w->verify;
	tls->lowest = version_of(w->minimum);
	tls->ciphers = mem_string(w->ciphers ? w->ciphers : usual_ciphers);
	tls->suites = mem_string(w->suites);
	ERR_clear_error();
	bool ok = load_pairs(tls, o, why) && load_trust(SSL_CTX_get_cert_store(tls->context), w->client_ca, why)
		&& load_ciphers(tls->context, w->ciphers, w->suites, why);
	ERR_clear_error();
	if (ok)
		return tls;
	tls_drop(tls);
	return NULL;
}

msec tls_expires(const struct tls *tls)
{
	CHECK(tls, TLS_MAGIC);
	return tls->expires;
}

bool tls_names(const struct tls *tls, const char *domain)
{
	CHECK(tls, TLS_MAGIC);
	for (unsigned i = 0; i < tls->count; i++)
		if (X509_check_host(tls->certificates[i], domain, 0, 0, NULL) != 1)
			return false;
	return true;
}

struct tls *tls_share(struct tls *tls)
{
	CHECK(tls, TLS_MAGIC);
	atomic_fetch_add_explicit(&tls->shares, 1, memory_order_relaxed);
	return tls;
}

void tls_drop(struct tls *tls)
{
	if (!tls)
		return;
	CHECK(tls, TLS_MAGIC);
	if (atomic_fetch_sub_explicit(&tls->shares, 1, memory_order_acq_rel) > 1)
		return;
	for (unsigned i = 0; i < tls->count; i++)
		X509_free(tls->certificates[i]);
	SSL_CTX_free(tls->context);
	mem_free(tls->ciphers);
	mem_free(tls->suites);
	tls->magic = 0;
	mem_free(tls);
}
