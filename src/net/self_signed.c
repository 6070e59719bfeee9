/*
 * A certificate for those who have none yet: P-256, signed by itself.
 *
 * It names the domain as a DNS name and as an XMPP address (RFC 6120
 * §13.7.1.2). The key's file is written first and is its owner's alone.
 */
#include "net/tls.h"
#include "base/random.h"
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_domain(const char *s)         /* what may stand in OpenSSL's text form without being taken for more */
{
	return *s && strlen(s) < 250 && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == strlen(s);
}

static bool add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	bool ok = e && X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	return ok;
}

static bool add_name(X509_NAME *name, const char *type, const char *value, int size)
{
	return X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8, (const unsigned char *)value, size, -1, 0);
}

/* RFC 6120 §13.7.1.1: never empty. A common name has 64 characters at most; a longer domain is named label by label (RFC 2247). */
static bool fill_subject(X509_NAME *name, const char *domain)
{
	if (strlen(domain) <= 64)
		return add_name(name, "CN", domain, -1);
	bool ok = true;
	for (const char *end = domain + strlen(domain), *at = end; ok && at > domain; end = at - 1) {
		for (at = end; at > domain && at[-1] != '.'; at--)
			continue;
		ok = at == end || add_name(name, "DC", at, (int)(end - at));
	}
	return ok;
}

static bool fill(X509 *x, EVP_PKEY *key, const char *domain, int days)
{
	char names[1024];
	uint64_t serial = random_number() >> 1;
	X509_NAME *name = X509_get_subject_name(x);
	snprintf(names, sizeof names, "DNS:%s,otherName:1.3.6.1.5.5.7.8.5;UTF8:%s", domain, domain);
	return X509_set_version(x, 2)
		&& ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial)
		&& X509_gmtime_adj(X509_getm_notBefore(x), -3600)
		&& X509_time_adj_ex(X509_getm_notAfter(x), days, 0, NULL)
		&& fill_subject(name, domain)
		&& X509_set_issuer_name(x, name)
		&& X509_set_pubkey(x, key)
		&& add_extension(x, NID_basic_constraints, "critical,CA:FALSE")
		&& add_extension(x, NID_key_usage, "critical,digitalSignature")
		&& add_extension(x, NID_subject_alt_name, names)
		&& X509_sign(x, key, EVP_sha256());
}

static FILE *create(const char *path, int more, mode_t mode, struct fail *why)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | more, mode);
	if (fd < 0)
		fail_errno(why, "cannot write %s", path);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

static bool finish(FILE *f, bool ok, const char *path, struct fail *why)
{
	if (fflush(f) || fsync(fileno(f)))
		ok = false;
	if (fclose(f) || !ok)
		return fail_errno(why, "cannot write %s", path);
	return true;
}

static bool save(X509 *x, EVP_PKEY *key, const char *certificate, const char *key_path, struct fail *why)
{
	bool is_one_file = strcmp(certificate, key_path) == 0;
	FILE *f = create(key_path, O_EXCL, 0600, why);
	if (!f || !finish(f, PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), key_path, why))
		return false;
	f = create(certificate, is_one_file ? O_APPEND : O_TRUNC, 0644, why);
	return f && finish(f, PEM_write_X509(f, x), certificate, why);
}

bool tls_make_self_signed(const char *domain, const char *certificate, const char *key_path, int days, struct fail *why)
{
	if (!is_domain(domain))
		return fail(why, "\"%s\" is no domain that a certificate can name", domain);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	bool ok = key && x && fill(x, key, domain, days);
	if (!ok)
		fail(why, "cannot make a certificate for %s: %s", domain, ERR_reason_error_string(ERR_peek_last_error()));
	ok = ok && save(x, key, certificate, key_path, why);
	X509_free(x);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return ok;
}
