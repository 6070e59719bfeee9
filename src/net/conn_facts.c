/*
 * What may be known of a connection: who, over what, and what binds it.
 *
 * Facts are made when first asked and filled up once TLS is ready; most
 * connections of a load test are never asked.
 */
#include "net/conn_inside.h"
#include "net/address.h"
#include "base/check.h"
#include "base/mem.h"
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

static struct conn_facts *facts_new(int fd)
{
	struct conn_facts *f = NEW(struct conn_facts);
	socklen_t size = sizeof f->peer;
	if (getpeername(fd, (struct sockaddr *)&f->peer, &size))
		f->peer.ss_family = AF_UNSPEC;
	size = sizeof f->local;
	if (getsockname(fd, (struct sockaddr *)&f->local, &size))
		f->local.ss_family = AF_UNSPEC;
	address_plain(&f->peer);
	address_plain(&f->local);
	address_print(&f->peer, f->peer_name, sizeof f->peer_name);
	address_print(&f->local, f->local_name, sizeof f->local_name);
	return f;
}

void conn_claim(struct conn *c, const struct sockaddr_storage *peer, const struct sockaddr_storage *local)
{
	CHECK(c, CONN_MAGIC);
	if (!c->facts)
		c->facts = facts_new(c->fd);
	c->facts->peer = *peer;
	c->facts->local = *local;
	address_print(peer, c->facts->peer_name, sizeof c->facts->peer_name);
	address_print(local, c->facts->local_name, sizeof c->facts->local_name);
}

void conn_socket(struct conn *c, const struct socket_options *o)
{
	CHECK(c, CONN_MAGIC);
	socket_set(c->fd, o);
}

const struct conn_facts *conn_facts(const struct conn *asked)
{
	struct conn *c = (struct conn *)(uintptr_t)asked;    /* keeping the answer changes nothing that shows */
	SSL *ssl = ready_ssl(c);
	if (!c->facts)
		c->facts = facts_new(c->fd);
	if (ssl && !c->facts->is_tls) {
		c->facts->is_tls = true;
		c->facts->tls_version = SSL_get_version(ssl);
		c->facts->cipher = SSL_get_cipher_name(ssl);
		c->facts->alpn = protocol(ssl);
		c->facts->sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	}
	return c->facts;
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
bool conn_binding_exporter(struct conn *c, unsigned char out[32])
{
	static const char label[] = "EXPORTER-Channel-Binding";
	SSL *ssl = ready_ssl(c);
	if (!ssl || (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1))
		return false;
	ERR_clear_error();
	return SSL_export_keying_material(ssl, out, 32, label, sizeof label - 1, (const unsigned char *)"", 0, 1) == 1;
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

const unsigned char *conn_peer_certificate(struct conn *c, size_t *size)
{
	SSL *ssl = ready_ssl(c);
	if (!ssl || SSL_get_verify_result(ssl) != X509_V_OK)
		return NULL;
	if (!c->tls->peer_certificate) {
		X509 *certificate = SSL_get0_peer_certificate(ssl);
		int length = certificate ? i2d_X509(certificate, &c->tls->peer_certificate) : 0;
		if (length <= 0)
			return NULL;
		c->tls->peer_certificate_size = length;
	}
	*size = (size_t)c->tls->peer_certificate_size;
	return c->tls->peer_certificate;
}
