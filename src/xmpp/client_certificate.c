/*
 * OpenSSL takes it apart. An address that isn't a UTF8String, or holds a NUL,
 * or can't be a JID, is none: what it looks like to others must not count.
 */
#include "xmpp/client_certificate.h"
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

static bool read_time(const ASN1_TIME *from, msec *to)
{
	struct tm tm;
	if (ASN1_TIME_to_tm(from, &tm) != 1)
		return false;
	*to = (msec)timegm(&tm) * 1000;
	return true;
}

static const struct jid *address_of(struct arena *a, const GENERAL_NAME *name)
{
	if (name->type != GEN_OTHERNAME || OBJ_obj2nid(name->d.otherName->type_id) != NID_XmppAddr)
		return NULL;
	const ASN1_TYPE *value = name->d.otherName->value;
	if (!value || value->type != V_ASN1_UTF8STRING)
		return NULL;
	const unsigned char *bytes = ASN1_STRING_get0_data(value->value.utf8string);
	const size_t size = (size_t)ASN1_STRING_length(value->value.utf8string);
	return memchr(bytes, '\0', size) ? NULL : jid_parse(a, arena_copy(a, bytes, size));
}

static bool read_addresses(struct client_certificate *f, struct arena *a, const X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	bool ok = true;
	for (int i = 0; ok && i < sk_GENERAL_NAME_num(names); i++) {
		const struct jid *jid = address_of(a, sk_GENERAL_NAME_value(names, i));
		ok = !jid || f->count < CERTIFICATE_ADDRESSES;
		if (jid && ok)
			f->addresses[f->count++] = jid;
	}
	GENERAL_NAMES_free(names);
	return ok;
}

bool client_certificate_look(struct client_certificate *f, struct arena *a, const X509 *certificate)
{
	unsigned length = sizeof f->fingerprint;
	*f = (struct client_certificate){ 0 };
	bool ok = read_time(X509_get0_notBefore(certificate), &f->begins) && read_time(X509_get0_notAfter(certificate), &f->expires)
	       && read_addresses(f, a, certificate) && X509_digest(certificate, EVP_sha256(), f->fingerprint, &length) == 1;
	ERR_clear_error();
	return ok;
}

bool client_certificate_read(struct client_certificate *f, struct arena *a, const void *der, size_t size)
{
	const unsigned char *at = der;
	X509 *certificate = d2i_X509(NULL, &at, (long)size);
	bool ok = certificate && at == (const unsigned char *)der + size && client_certificate_look(f, a, certificate);
	X509_free(certificate);
	ERR_clear_error();
	return ok;
}
