/* Identities and policies: which files make one, and what a handshake is held to. */
#include "helper.h"
#include "base/mem.h"
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct loop *l;
static char folder[32];
static struct tls *served;
static struct tls_policy *asked;

/* --- files --- */

static char *at(const char *name)            /* good until the fourth call after it */
{
	static char paths[4][64];
	static unsigned next;
	char *path = paths[next++ % 4];
	snprintf(path, 64, "%s/%s", folder, name);
	return path;
}

static void put(const char *name, const char *text, mode_t mode)
{
	FILE *f = fopen(at(name), "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(at(name), mode), 0);
}

static void save_key(const char *name, EVP_PKEY *key, const char *password)
{
	FILE *f = fopen(at(name), "w");
	assert_non_null(f);
	const EVP_CIPHER *cipher = password ? EVP_aes_256_cbc() : NULL;
	assert_int_equal(PEM_write_PKCS8PrivateKey(f, key, cipher, password, password ? (int)strlen(password) : 0, NULL, NULL), 1);
	fclose(f);
	chmod(at(name), 0600);
}

static void make_rsa(void)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	X509 *x = X509_new();
	FILE *f = fopen(at("rsa.pem"), "w");
	assert_true(key && x && f);
	X509_set_version(x, 2);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 5 * 24 * 3600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8, (const unsigned char *)"one.example", -1, -1, 0);
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, EVP_sha256()));
	PEM_write_X509(f, x);
	fclose(f);
	save_key("rsa.key", key, NULL);
	save_key("locked.key", key, "pass word");
	X509_free(x);
	EVP_PKEY_free(key);
}

static int begin_all(void **state)
{
	strcpy(folder, "/tmp/net-tls-XXXXXX");
	assert_non_null(mkdtemp(folder));
	make_rsa();
	put("password", "pass word\nand another line\n", 0600);
	put("empty", "", 0600);
	return !tls_make_self_signed("one.example", at("ec.pem"), at("ec.key"), 30, NULL)
		|| !tls_make_self_signed("two.example", at("other.pem"), at("other.key"), 40, NULL);
}

static int end_all(void **state)
{
	char command[64];
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

static struct tls *make(const struct tls_options *o)
{
	struct fail why;
	struct tls *tls = tls_new(o, &why);
	if (!tls)
		give_up(why);
	return tls;
}

#define LIST(...) (const char *const[]){ __VA_ARGS__, NULL }

static void is_refused(const struct tls_options *o, const char *words)
{
	struct fail why;
	struct tls *tls = tls_new(o, &why);
	assert_null(tls);
	if (!strstr(why.text, words))
		give_up(why);
}

/* --- handshakes --- */

static struct tls_choice choose_served(const char *name, void *with)
{
	return (struct tls_choice){ served, asked };
}

static size_t input(void *owner, const char *bytes, size_t size)
{
	struct echo *e = owner;
	conn_own(e->conn, &echo_owner, e);
	conn_tls_detected(e->conn, choose_served, NULL);
	return 0;
}

static void ended(void *owner, enum conn_end end, const char *words)
{
	echo_owner.ended(owner, end, words);
}

static const struct conn_owner owner = { input, NULL, NULL, ended };

/* A client of one version, one cipher or suite (NULL: any) and perhaps a certificate. What it got: "RSA", "EC", or "" for nothing. */
static const char *got(int version, const char *cipher, const char *certificate, const char *key)
{
	char back[8];
	const char *kind = "";
	struct echo e = { 0 };
	echo_begin(&e, l, &owner);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_min_proto_version(ctx, version);
	SSL_CTX_set_max_proto_version(ctx, version);
	if (cipher)
		assert_int_equal(version == TLS1_3_VERSION ? SSL_CTX_set_ciphersuites(ctx, cipher) : SSL_CTX_set_cipher_list(ctx, cipher), 1);
	if (certificate) {
		assert_int_equal(SSL_CTX_use_certificate_file(ctx, certificate, SSL_FILETYPE_PEM), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM), 1);
	}
	SSL *ssl = SSL_new(ctx);
	SSL_set_fd(ssl, e.fd);
	if (SSL_connect(ssl) == 1 && SSL_write(ssl, "hello", 5) == 5 && SSL_read(ssl, back, sizeof back) == 5)
		kind = EVP_PKEY_get_base_id(X509_get0_pubkey(SSL_get0_peer_certificate(ssl))) == EVP_PKEY_RSA ? "RSA" : "EC";
	client_free(ssl);
	SSL_CTX_free(ctx);
	echo_end(&e);
	return kind;
}

static int begin(void **state)
{
	l = begin_loop(0);
	return 0;
}

static int end(void **state)
{
	tls_drop(served);
	tls_policy_free(asked);
	served = NULL;
	asked = NULL;
	end_loop(l);
	return 0;
}

static void ask(const struct tls_wishes *w)
{
	struct fail why;
	tls_policy_free(asked);
	asked = tls_policy_new(w, &why);
	if (!asked)
		give_up(why);
}

/* --- tests --- */

static void each_client_gets_the_kind_of_certificate_that_it_speaks(void **state)
{
	served = make(&(struct tls_options){ .certificates = LIST(at("rsa.pem"), at("ec.pem")), .keys = LIST(at("rsa.key"), at("ec.key")) });
	assert_string_equal(got(TLS1_2_VERSION, "ECDHE-RSA-AES128-GCM-SHA256", NULL, NULL), "RSA");
	assert_string_equal(got(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", NULL, NULL), "EC");
	assert_string_not_equal(got(TLS1_3_VERSION, NULL, NULL, NULL), "");
}

static void what_ends_first_and_whom_it_names_is_known(void **state)
{
	served = make(&(struct tls_options){ .certificates = LIST(at("ec.pem"), at("rsa.pem")), .keys = LIST(at("ec.key"), at("rsa.key")) });
	assert_in_range(tls_expires(served) - clock_wall(), 5 * 24 * 3600000LL - 60000, 5 * 24 * 3600000LL + 60000);
	assert_true(tls_names(served, "one.example"));
	assert_true(tls_names(served, "ONE.example"));
	assert_false(tls_names(served, "two.example"));
}

static void a_key_is_opened_by_its_password_or_a_file_that_has_it(void **state)
{
	struct tls_options o = { .certificates = LIST(at("rsa.pem")), .keys = LIST(at("locked.key")), .key_password = "pass word" };
	tls_drop(make(&o));
	o.key_password = NULL;
	o.key_password_file = at("password");
	tls_drop(make(&o));
	o.key_password_file = at("empty");
	is_refused(&o, "is empty");
	o.key_password_file = NULL;
	is_refused(&o, "neither tls_key_password nor tls_key_password_file");
	o.key_password = "wrong";
	is_refused(&o, "the password doesn't open it");
}

static void keys_that_everybody_could_have_are_refused(void **state)
{
	static const struct { mode_t mode; bool is_fine; } modes[] = {
		{ 0600, true }, { 0400, true }, { 0640, true }, { 0604, false }, { 0644, false }, { 0602, false }, { 0660, false } };
	struct tls_options o = { .certificates = LIST(at("ec.pem")), .keys = LIST(at("ec.key")), .key_password_file = NULL };
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		struct fail why;
		chmod(o.keys[0], modes[i].mode);
		struct tls *tls = tls_new(&o, &why);
		assert_int_equal(tls != NULL, modes[i].is_fine);
		tls_drop(tls);
	}
	is_refused(&o, "0660");
	chmod(o.keys[0], 0600);
	o.key_password_file = at("password");
	chmod(o.key_password_file, 0644);
	is_refused(&o, "password has the mode 0644");
	chmod(o.key_password_file, 0600);
}

static void files_that_do_not_belong_together_are_refused(void **state)
{
	is_refused(&(struct tls_options){ .certificates = LIST(at("ec.pem")), .keys = LIST(at("other.key")) }, "is not that of the certificate");
	is_refused(&(struct tls_options){ .certificates = LIST(at("ec.pem")), .keys = LIST(at("rsa.key")) }, "is not that of the certificate");
	is_refused(&(struct tls_options){ .certificates = LIST(at("ec.pem"), at("other.pem")), .keys = LIST(at("ec.key"), at("other.key")) }, "second certificate");
	is_refused(&(struct tls_options){ .certificates = LIST(at("ec.pem"), at("rsa.pem")), .keys = LIST(at("ec.key")) }, "more certificates than keys");
	is_refused(&(struct tls_options){ .certificates = LIST(at("ec.pem")), .keys = LIST(at("ec.key"), at("rsa.key")) }, "more keys than certificates");
	is_refused(&(struct tls_options){ .certificates = LIST(at("none.pem")) }, "cannot read a certificate");
	is_refused(&(struct tls_options){ .certificates = LIST(at("ec.pem")), .keys = LIST(at("none.key")) }, "none.key");
	is_refused(&(struct tls_options){ .certificates = LIST(at("ec.pem")), .keys = LIST(at("ec.key")), .wishes = { .ciphers = "NONSENSE" } }, "NONSENSE");
	is_refused(&(struct tls_options){ .certificates = LIST(at("ec.pem")), .keys = LIST(at("ec.key")), .wishes = { .suites = "NONSENSE" } }, "NONSENSE");
}

static void a_policy_goes_before_the_identity_and_leaves_what_it_does_not_say(void **state)
{
	served = make(&(struct tls_options){ .certificates = LIST(at("ec.pem")), .keys = LIST(at("ec.key")),
		.wishes = { .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256", .suites = "TLS_AES_128_GCM_SHA256" } });
	assert_string_equal(got(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", NULL, NULL), "EC");
	assert_string_equal(got(TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384", NULL, NULL), "");

	ask(&(struct tls_wishes){ .ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384", .verify = TLS_VERIFY_UNSAID });
	assert_string_equal(got(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", NULL, NULL), "");
	assert_string_equal(got(TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384", NULL, NULL), "EC");
	assert_string_equal(got(TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", NULL, NULL), "EC");
	assert_string_equal(got(TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384", NULL, NULL), "");

	ask(&(struct tls_wishes){ .suites = "TLS_AES_256_GCM_SHA384", .verify = TLS_VERIFY_UNSAID });
	assert_string_equal(got(TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", NULL, NULL), "");
	assert_string_equal(got(TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384", NULL, NULL), "EC");
	assert_string_equal(got(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", NULL, NULL), "EC");

	ask(&(struct tls_wishes){ .minimum = 13, .verify = TLS_VERIFY_UNSAID });
	assert_string_equal(got(TLS1_2_VERSION, NULL, NULL, NULL), "");
	assert_string_equal(got(TLS1_3_VERSION, NULL, NULL, NULL), "EC");
}

static void a_policy_may_demand_a_clients_certificate_or_let_it_be(void **state)
{
	served = make(&(struct tls_options){ .certificates = LIST(at("ec.pem")), .keys = LIST(at("ec.key")),
		.wishes = { .client_ca = at("other.pem"), .verify = TLS_VERIFY_REQUIRED } });
	assert_string_equal(got(TLS1_3_VERSION, NULL, NULL, NULL), "");
	assert_string_equal(got(TLS1_3_VERSION, NULL, at("other.pem"), at("other.key")), "EC");

	ask(&(struct tls_wishes){ .verify = TLS_VERIFY_NONE });
	assert_string_equal(got(TLS1_3_VERSION, NULL, NULL, NULL), "EC");
	ask(&(struct tls_wishes){ .verify = TLS_VERIFY_OPTIONAL });
	assert_string_equal(got(TLS1_3_VERSION, NULL, NULL, NULL), "EC");
	ask(&(struct tls_wishes){ .client_ca = at("ec.pem"), .verify = TLS_VERIFY_UNSAID });
	assert_string_equal(got(TLS1_3_VERSION, NULL, at("other.pem"), at("other.key")), "");
	assert_string_equal(got(TLS1_3_VERSION, NULL, at("ec.pem"), at("ec.key")), "EC");
}

static void a_policy_that_cannot_be_is_refused(void **state)
{
	struct fail why;
	assert_null(tls_policy_new(&(struct tls_wishes){ .ciphers = "NONSENSE" }, &why));
	assert_null(tls_policy_new(&(struct tls_wishes){ .suites = "NONSENSE" }, &why));
	assert_null(tls_policy_new(&(struct tls_wishes){ .client_ca = at("none.pem") }, &why));
	assert_non_null(strstr(why.text, "none.pem"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_client_gets_the_kind_of_certificate_that_it_speaks),
		TEST(what_ends_first_and_whom_it_names_is_known),
		cmocka_unit_test(a_key_is_opened_by_its_password_or_a_file_that_has_it),
		cmocka_unit_test(keys_that_everybody_could_have_are_refused),
		cmocka_unit_test(files_that_do_not_belong_together_are_refused),
		TEST(a_policy_goes_before_the_identity_and_leaves_what_it_does_not_say),
		TEST(a_policy_may_demand_a_clients_certificate_or_let_it_be),
		cmocka_unit_test(a_policy_that_cannot_be_is_refused),
	};
	return cmocka_run_group_tests(tests, begin_all, end_all);
}
