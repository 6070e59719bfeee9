/* Certificates: which addresses count, and when they are good. */
#include "xmpp/client_certificate.h"
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define XMPP_ADDRESS "otherName:1.3.6.1.5.5.7.8.5;"

static struct arena *a;
static struct client_certificate f;
static EVP_PKEY *key;

static int begin(void **state)
{
	a = arena_new();
	return 0;
}

static int end(void **state)
{
	arena_free(a);
	return 0;
}

static bool read(const char *names, const char *more, size_t more_size)
{
	X509 *certificate = X509_new();
	X509V3_CTX ctx;
	unsigned char *der = NULL;
	ASN1_TIME_set(X509_getm_notBefore(certificate), 1000000000);
	ASN1_TIME_set(X509_getm_notAfter(certificate), 2000000000);
	X509_set_pubkey(certificate, key);
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, certificate, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = names ? X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, names) : NULL;
	assert_true(!names == !extension);
	if (extension)
		X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	int size = i2d_X509(certificate, &der);
	char *copy = arena_bytes(a, (size_t)size + more_size);
	memcpy(copy, der, (size_t)size);
	if (more_size)
		memcpy(copy + size, more, more_size);
	OPENSSL_free(der);
	X509_free(certificate);
	return client_certificate_read(&f, a, copy, (size_t)size + more_size);
}

static void times_and_fingerprint(void **state)
{
	unsigned char before[CERTIFICATE_FINGERPRINT];
	assert_true(read(NULL, NULL, 0));
	assert_int_equal(f.begins, 1000000000000);
	assert_int_equal(f.expires, 2000000000000);
	assert_int_equal(f.count, 0);
	memcpy(before, f.fingerprint, sizeof before);
	assert_true(read("DNS:example", NULL, 0));
	assert_memory_not_equal(before, f.fingerprint, sizeof before);
}

static void addresses_are_prepared(void **state)
{
	assert_true(read(XMPP_ADDRESS "UTF8:Romeo@EXAMPLE,DNS:example,email:x@example," XMPP_ADDRESS "UTF8:juliet@example/Balcony", NULL, 0));
	assert_int_equal(f.count, 2);
	assert_string_equal(f.addresses[0]->full, "romeo@example");
	assert_string_equal(f.addresses[1]->full, "juliet@example/Balcony");
}

static void what_is_no_address_is_left_out(void **state)
{
	assert_true(read(XMPP_ADDRESS "IA5:romeo@example," XMPP_ADDRESS "UTF8:romeo@@example," XMPP_ADDRESS "UTF8:," XMPP_ADDRESS "BOOL:yes,"
		"otherName:1.3.6.1.5.5.7.8.7;UTF8:romeo@example,otherName:1.2.3.4;UTF8:romeo@example", NULL, 0));
	assert_int_equal(f.count, 0);
}

/* What others read as far as the NUL must not count as that. */
static void a_nul_makes_it_none(void **state)
{
	static const unsigned char name[] = "romeo@example\0.evil";
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *one = GENERAL_NAME_new();
	ASN1_TYPE *value = ASN1_TYPE_new();
	ASN1_STRING *text = ASN1_UTF8STRING_new();
	ASN1_STRING_set(text, name, sizeof name - 1);
	ASN1_TYPE_set(value, V_ASN1_UTF8STRING, text);
	GENERAL_NAME_set0_othername(one, OBJ_nid2obj(NID_XmppAddr), value);
	sk_GENERAL_NAME_push(names, one);
	X509 *certificate = X509_new();
	unsigned char *der = NULL;
	ASN1_TIME_set(X509_getm_notBefore(certificate), 1000000000);
	ASN1_TIME_set(X509_getm_notAfter(certificate), 2000000000);
	X509_set_pubkey(certificate, key);
	X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0);
	X509_sign(certificate, key, EVP_sha256());
	int size = i2d_X509(certificate, &der);
	assert_true(client_certificate_read(&f, a, der, (size_t)size));
	assert_int_equal(f.count, 0);
	OPENSSL_free(der);
	X509_free(certificate);
	GENERAL_NAMES_free(names);
}

static void too_many_addresses_are_refused(void **state)
{
	const char *names = XMPP_ADDRESS "UTF8:u0@example";
	for (int i = 1; i < CERTIFICATE_ADDRESSES; i++)
		names = arena_printf(a, "%s," XMPP_ADDRESS "UTF8:u%d@example", names, i);
	assert_true(read(names, NULL, 0));
	assert_int_equal(f.count, CERTIFICATE_ADDRESSES);
	assert_false(read(arena_printf(a, "%s," XMPP_ADDRESS "UTF8:more@example", names), NULL, 0));
}

static void nothing_may_stand_behind_it(void **state)
{
	assert_false(read(NULL, "\0", 1));
	assert_false(client_certificate_read(&f, a, "", 0));
	assert_false(client_certificate_read(&f, a, "0\202", 2));
	assert_false(client_certificate_read(&f, a, "no certificate", 14));
}

static int make_key(void **state)
{
	key = EVP_EC_gen("P-256");
	return !key;
}

static int free_key(void **state)
{
	EVP_PKEY_free(key);
	return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(times_and_fingerprint),
		TEST(addresses_are_prepared),
		TEST(what_is_no_address_is_left_out),
		TEST(a_nul_makes_it_none),
		TEST(too_many_addresses_are_refused),
		TEST(nothing_may_stand_behind_it),
	};
	return cmocka_run_group_tests(tests, make_key, free_key);
}
