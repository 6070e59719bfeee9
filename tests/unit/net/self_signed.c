/* Certificates of our own making: what RFC 6120 §13.7.1 asks of one, judged by OpenSSL. */
#include "helper.h"
#include "base/mem.h"
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char LONG_DOMAIN[] = "a-domain-name-that-is-longer.than-sixty-four-characters.as-a-common-name-may-be.example";

static X509 *made(const char *domain)
{
	struct fail why;
	char folder[] = "/tmp/self-signed-XXXXXX";
	assert_non_null(mkdtemp(folder));
	char *certificate = mem_printf("%s/c.pem", folder), *key = mem_printf("%s/k.pem", folder);
	if (!tls_make_self_signed(domain, certificate, key, 30, &why))
		give_up(why);
	struct stat st;
	assert_int_equal(stat(key, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	FILE *f = fopen(certificate, "r");
	assert_non_null(f);
	X509 *x = PEM_read_X509(f, NULL, NULL, NULL);
	assert_non_null(x);
	fclose(f);
	unlink(certificate);
	unlink(key);
	rmdir(folder);
	mem_free(certificate);
	mem_free(key);
	return x;
}

/* As somebody does who trusts this very certificate, and looks closely at the rules of PKIX. */
static void is_valid_for(X509 *x, const char *domain)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	X509_STORE_add_cert(store, x);
	X509_STORE_CTX_init(context, store, x, NULL);
	X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(context);
	X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE | X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_purpose(p, X509_PURPOSE_SSL_SERVER);
	X509_VERIFY_PARAM_set1_host(p, domain, 0);
	int ok = X509_verify_cert(context);
	if (ok != 1)
		print_error("%s: %s\n", domain, X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
	assert_int_equal(ok, 1);
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
}

static void keeps_the_rules(const char *domain)
{
	X509 *x = made(domain);
	is_valid_for(x, domain);
	assert_int_equal(X509_get_version(x), X509_VERSION_3);
	assert_false(ASN1_INTEGER_get(X509_get0_serialNumber(x)) == 0);
	assert_true(X509_NAME_entry_count(X509_get_subject_name(x)) > 0);
	assert_int_equal(X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)), 0);
	assert_int_equal(X509_get_extension_flags(x) & (EXFLAG_CA | EXFLAG_INVALID), 0);
	assert_true(X509_get_extension_flags(x) & EXFLAG_BCONS);
	assert_int_equal(X509_get_key_usage(x), X509v3_KU_DIGITAL_SIGNATURE);
	assert_int_equal(X509_get_signature_nid(x), NID_ecdsa_with_SHA256);
	X509_free(x);
}

static void a_certificate_keeps_the_rules_of_pkix(void **state)
{
	keeps_the_rules("one.example");
}

static void so_does_one_whose_domain_is_too_long_for_a_common_name(void **state)
{
	char said[256];
	keeps_the_rules(LONG_DOMAIN);
	X509 *x = made(LONG_DOMAIN);
	X509_NAME_oneline(X509_get_subject_name(x), said, sizeof said);
	assert_string_equal(said, "/DC=example/DC=as-a-common-name-may-be/DC=than-sixty-four-characters/DC=a-domain-name-that-is-longer");
	X509_free(x);
}

static void a_domain_that_would_say_more_is_refused(void **state)
{
	struct fail why;
	assert_false(tls_make_self_signed("one.example,DNS:two.example", "/nowhere/c", "/nowhere/k", 30, &why));
	assert_false(tls_make_self_signed("", "/nowhere/c", "/nowhere/k", 30, &why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_keeps_the_rules_of_pkix),
		cmocka_unit_test(so_does_one_whose_domain_is_too_long_for_a_common_name),
		cmocka_unit_test(a_domain_that_would_say_more_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
