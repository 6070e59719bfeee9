/*
 * What may be known of a connection: who, over what, and what binds it.
 *
 * Nothing of it is kept but the peer's address: facts are asked at the beginning,
 * at the end and by who looks at a list, and a connection idles for hours.
 */
#include "net/conn_inside.h"
#include "net/address.h"
#include "base/check.h"
#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

static SSL *ready_ssl(const struct conn *c)
{
	CHECK(c, CONN_MAGIC);
	return c->tls && c->tls->is_ready ? c->tls->ssl : NULL;
}

bool conn_is_tls(const struct conn *c)
{
	return ready_ssl(c) != NULL;
}

unsigned conn_tls_number(const struct conn *c)
{
	SSL *ssl = ready_ssl(c);
	return ssl ? (unsigned)SSL_version(ssl) : 0;
}

static const char *protocol(SSL *ssl)        /* as a text that stays */
{
	static const char *const known[] = { "xmpp-client", "xmpp-server", "http/1.1" };
	const unsigned char *name;
	unsigned size;
	SSL_get0_alpn_selected(ssl, &name, &size);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (size == strlen(known[i]) && memcmp(name, known[i], size) == 0)
			return known[i];
	return NULL;
}

static void addresses(const struct conn *c, struct conn_facts *f)
{
	socklen_t size = sizeof f->local;
	address_lengthen(c->peer, &f->peer);
	if (getsockname(c->fd, (struct sockaddr *)&f->local, &size))
		f->local.ss_family = AF_UNSPEC;
	address_plain(&f->local);
	address_print(&f->peer, f->peer_name, sizeof f->peer_name);
	address_print(&f->local, f->local_name, sizeof f->local_name);
}

struct sockaddr_storage conn_peer(const struct conn *c)
{
	struct sockaddr_storage peer;
	CHECK(c, CONN_MAGIC);
	address_lengthen(c->peer, &peer);
	return peer;
}

void conn_claim(struct conn *c, const struct sockaddr_storage *peer)
{
	CHECK(c, CONN_MAGIC);
	c->peer = address_shorten(peer);
}

void conn_socket(struct conn *c, const struct socket_options *o)
{
	CHECK(c, CONN_MAGIC);
	socket_set(c->fd, o);
}

struct conn_facts conn_facts(const struct conn *c)
{
	SSL *ssl = ready_ssl(c);
	struct conn_facts f = { .is_tls = ssl };
	addresses(c, &f);
	if (ssl) {
		f.tls_version = SSL_get_version(ssl);
		f.cipher = SSL_get_cipher_name(ssl);
		f.alpn = protocol(ssl);
		f.sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	}
	return f;
}

bool conn_peer_user(const struct conn *c, uid_t *user)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	CHECK(c, CONN_MAGIC);
	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) || peer.uid == (uid_t)-1)
		return false;
	*user = peer.uid;
	return true;
}

/* RFC 9266 §4.2: before TLS 1.3 only with the extended master secret. */
static bool has_exporter(SSL *ssl)
{
	return ssl && (SSL_version(ssl) >= TLS1_3_VERSION || SSL_get_extms_support(ssl) == 1);
}

bool conn_binding_exporter(struct conn *c, unsigned char out[32])
{
	static const char label[] = "EXPORTER-Channel-Binding";
	SSL *ssl = ready_ssl(c);
	if (!has_exporter(ssl))
		return false;
	ERR_clear_error();
	return SSL_export_keying_material(ssl, out, 32, label, sizeof label - 1, (const unsigned char *)"", 0, 1) == 1;
}

/*
 * RFC 5929 §3.1: the first Finished of the handshake. That is the client's, for no session is ever resumed here. In TLS 1.3 it isn't
 * defined (RFC 8446 §C.5), and without the extended master secret it binds nothing (RFC 7627 §1).
 */
bool conn_binding_unique(struct conn *c, unsigned char out[64], size_t *size)
{
	SSL *ssl = ready_ssl(c);
	if (!ssl || SSL_version(ssl) != TLS1_2_VERSION || SSL_get_extms_support(ssl) != 1 || SSL_session_reused(ssl))
		return false;
	*size = SSL_get_peer_finished(ssl, out, 64);
	return *size > 0 && *size <= 64;
}

/* RFC 5929 §4.1: the hash of the signature, but SHA-256 for MD5 and SHA-1; undefined for signatures without one. */
bool conn_binding_end_point(struct conn *c, unsigned char out[64], size_t *size)
{
	SSL *ssl = ready_ssl(c);
	X509 *certificate = ssl ? SSL_get_certificate(ssl) : NULL;
	int hash;
	unsigned length = 0;
	if (!certificate || X509_get_signature_info(certificate, &hash, NULL, NULL, NULL) != 1 || hash == NID_undef)
		return false;
	const EVP_MD *md = hash == NID_md5 || hash == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(hash);
	if (!md || X509_digest(certificate, md, out, &length) != 1)
		return false;
	*size = length;
	return true;
}

bool conn_has_binding(struct conn *c)
{
	unsigned char end_point[64];
	size_t size;
	return has_exporter(ready_ssl(c)) || conn_binding_end_point(c, end_point, &size);
}

msec conn_peer_chain_expires(const struct conn *c)
{
	SSL *ssl = ready_ssl(c);
	STACK_OF(X509) *chain = ssl ? SSL_get0_verified_chain(ssl) : NULL;
	msec first = 0;
	for (int i = 0; i < sk_X509_num(chain); i++) {
		const msec its = tls_expiry_of(sk_X509_value(chain, i));
		if (!first || its < first)
			first = its;
	}
	return first;
}

const X509 *conn_peer_certificate(const struct conn *c, bool *is_trusted)
{
	SSL *ssl = ready_ssl(c);
	*is_trusted = ssl && SSL_get_verify_result(ssl) == X509_V_OK;
	return ssl ? SSL_get0_peer_certificate(ssl) : NULL;
}
