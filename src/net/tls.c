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
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

enum { TLS_MAGIC = 0x71500071 };

struct tls {
	unsigned magic;
	atomic_uint shares;
	SSL_CTX *context;
	enum tls_verify verify;
	int lowest;                          /* TLS1_2_VERSION, … */
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

static int any_certificate(int ok, X509_STORE_CTX *store)    /* the verdict is kept, and asked for later */
{
	return 1;
}

static void take_over(SSL *ssl, const struct tls *tls)
{
	static const int modes[] = {
		[TLS_VERIFY_NONE]     = SSL_VERIFY_NONE,
		[TLS_VERIFY_OPTIONAL] = SSL_VERIFY_PEER,
		[TLS_VERIFY_REQUIRED] = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
	};
	SSL_set_SSL_CTX(ssl, tls->context);
	SSL_set_min_proto_version(ssl, tls->lowest);
	SSL_set_verify(ssl, modes[tls->verify], tls->verify == TLS_VERIFY_OPTIONAL ? any_certificate : NULL);
}

static int hello(SSL *ssl, int *alert, void *unused)
{
	struct tls_asked *asked = SSL_get_app_data(ssl);
	char name[256];
	bool has_name = read_name(ssl, name);
	struct tls *tls = asked->chooser(has_name ? name : NULL, asked->with);
	if (!tls) {
		*alert = SSL_AD_UNRECOGNIZED_NAME;
		return SSL_CLIENT_HELLO_ERROR;
	}
	CHECK(tls, TLS_MAGIC);
	take_over(ssl, tls);
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

static int give_password(char *to, int size, int rwflag, void *password)     /* never asks the terminal */
{
	size_t length = password ? strlen(password) : 0;
	if (length > (size_t)size)
		return 0;
	memcpy(to, password ? password : "", length);
	return (int)length;
}

static bool load_key(SSL_CTX *ctx, const struct tls_options *o, struct fail *why)
{
	const char *key = o->key ? o->key : o->certificate;
	if (SSL_CTX_use_certificate_chain_file(ctx, o->certificate) != 1)
		return fail(why, "cannot read a certificate from %s: %s", o->certificate, tls_words());
	SSL_CTX_set_default_passwd_cb(ctx, give_password);
	SSL_CTX_set_default_passwd_cb_userdata(ctx, (void *)(uintptr_t)o->key_password);
	bool ok = SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1;
	SSL_CTX_set_default_passwd_cb_userdata(ctx, NULL);
	if (!ok)
		return fail(why, "cannot read the key for %s from %s: %s", o->certificate, key, tls_words());
	if (SSL_CTX_check_private_key(ctx) != 1)
		return fail(why, "the key in %s is not that of the certificate in %s", key, o->certificate);
	return true;
}

static bool load_trust(SSL_CTX *ctx, const char *path, struct fail *why)
{
	struct stat st;
	if (!path)
		return true;
	if (stat(path, &st))
		return fail_errno(why, "cannot read %s", path);
	if ((S_ISDIR(st.st_mode) ? SSL_CTX_load_verify_dir(ctx, path) : SSL_CTX_load_verify_file(ctx, path)) != 1)
		return fail(why, "cannot read certificates from %s: %s", path, tls_words());
	return true;
}

static bool set_ciphers(SSL_CTX *ctx, const struct tls_options *o, struct fail *why)
{
	if (SSL_CTX_set_cipher_list(ctx, o->ciphers ? o->ciphers : "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
		return fail(why, "no cipher is named by \"%s\"", o->ciphers);
	if (o->suites && SSL_CTX_set_ciphersuites(ctx, o->suites) != 1)
		return fail(why, "no TLS 1.3 suite is named by \"%s\"", o->suites);
	return true;
}

struct tls *tls_new(const struct tls_options *o, struct fail *why)
{
	SSL_CTX *ctx = context_new();
	ERR_clear_error();
	if (!load_key(ctx, o, why) || !load_trust(ctx, o->client_ca, why) || !set_ciphers(ctx, o, why)) {
		SSL_CTX_free(ctx);
		ERR_clear_error();
		return NULL;
	}
	struct tls *tls = NEW(struct tls);
	tls->magic = TLS_MAGIC;
	atomic_init(&tls->shares, 1);
	tls->context = ctx;
	tls->verify = o->verify;
	tls->lowest = o->minimum == 13 ? TLS1_3_VERSION : TLS1_2_VERSION;
	return tls;
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
	SSL_CTX_free(tls->context);
	tls->magic = 0;
	mem_free(tls);
}
