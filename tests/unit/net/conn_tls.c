/* TLS, with OpenSSL's own client as the other side. */
#include "helper.h"
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *l;

static int begin(void **state)
{
	l = begin_loop(0);
	return 0;
}

static int end(void **state)
{
	end_loop(l);
	return 0;
}

/* First input: decides like a listener that looks, or like a stream asked for STARTTLS. */
static size_t first_input(void *owner, const char *bytes, size_t size)
{
	struct echo *e = owner;
	if (bytes[0] == 0x16) {
		conn_own(e->conn, &echo_owner, e);
		conn_tls_detected(e->conn, choose, NULL);
		return 0;
	}
	conn_write(e->conn, "proceed", 7);
	conn_own(e->conn, &echo_owner, e);
	conn_tls(e->conn, choose, NULL);
	return 8;                            /* "starttls"; what lies behind it was injected */
}

static void ended(void *owner, enum conn_end end, const char *words)
{
	echo_owner.ended(owner, end, words);
}

static const struct conn_owner first = { first_input, NULL, NULL, ended };

static void goes_back(SSL *ssl, const char *text)
{
	char back[64] = "";
	int size = (int)strlen(text);
	assert_int_equal(SSL_write(ssl, text, size), size);
	assert_int_equal(SSL_read(ssl, back, sizeof back), size);
	assert_memory_equal(back, text, (size_t)size);
}

struct asked {
	struct echo *echo;
	struct conn_facts facts;
	bool has_exporter, has_end_point;
	unsigned char exporter[32], end_point[64];
	size_t end_point_size;
};

static void ask(void *thing)
{
	struct asked *a = thing;
	struct conn *c = a->echo->conn;
	a->facts = *conn_facts(c);
	a->has_exporter = conn_binding_exporter(c, a->exporter);
	a->has_end_point = conn_binding_end_point(c, a->end_point, &a->end_point_size);
	size_t size;
	assert_null(conn_peer_certificate(c, &size));
}

static void bindings_agree(struct echo *e, SSL *ssl, struct asked *a)
{
	unsigned char mine[64];
	unsigned size;
	*a = (struct asked){ .echo = e };
	on_loop(l, ask, a);
	assert_true(a->has_exporter);
	assert_int_equal(SSL_export_keying_material(ssl, mine, 32, "EXPORTER-Channel-Binding", 24, (const unsigned char *)"", 0, 1), 1);
	assert_memory_equal(mine, a->exporter, 32);
	X509 *certificate = SSL_get1_peer_certificate(ssl);
	assert_true(a->has_end_point);
	assert_int_equal(X509_digest(certificate, EVP_sha256(), mine, &size), 1);
	assert_int_equal(size, a->end_point_size);
	assert_memory_equal(mine, a->end_point, size);
	X509_free(certificate);
}

static void secures(int version, const char *name)
{
	struct echo e = { 0 };
	struct asked a;
	echo_begin(&e, l, &first);
	SSL *ssl = client(e.fd, "two.example", version, "\x02h2\x0bxmpp-client\x08http/1.1", true);
	assert_non_null(ssl);
	goes_back(ssl, "hello");
	assert_int_equal(atomic_load(&e.secured), 1);
	bindings_agree(&e, ssl, &a);
	assert_true(a.facts.is_tls);
	assert_string_equal(a.facts.tls_version, name);
	assert_string_equal(a.facts.alpn, "xmpp-client");
	assert_string_equal(a.facts.sni, "two.example");
	client_free(ssl);
	echo_end(&e);
}

static void tls_12_and_13_agree_on_bindings_and_facts(void **state)
{
	secures(TLS1_2_VERSION, "TLSv1.2");
	secures(TLS1_3_VERSION, "TLSv1.3");
}

static void tls_11_is_refused(void **state)
{
	struct echo e = { 0 };
	echo_begin(&e, l, &first);
	assert_null(client(e.fd, NULL, TLS1_1_VERSION, NULL, false));
	echo_end(&e);
}

static void is_named(const char *asked, const char *named)
{
	struct echo e = { 0 };
	echo_begin(&e, l, &first);
	SSL *ssl = client(e.fd, asked, TLS1_3_VERSION, NULL, false);
	assert_non_null(ssl);
	X509 *certificate = SSL_get1_peer_certificate(ssl);
	assert_int_equal(X509_check_host(certificate, named, 0, 0, NULL), 1);
	X509_free(certificate);
	client_free(ssl);
	echo_end(&e);
}

static void the_name_chooses_the_certificate(void **state)
{
	is_named("one.example", "one.example");
	is_named("two.example", "two.example");
	is_named(NULL, "one.example");
}

static void an_unknown_name_is_refused_with_its_alert(void **state)
{
	struct echo e = { 0 };
	echo_begin(&e, l, &first);
	assert_null(client(e.fd, "nobody.example", TLS1_3_VERSION, NULL, false));
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_TLSV1_UNRECOGNIZED_NAME);
	wait_until(&e.ended, 1 + CONN_TLS_FAILED);
	echo_end(&e);
}

static void a_client_with_only_unknown_protocols_goes_on(void **state)
{
	struct echo e = { 0 };
	struct asked a = { .echo = &e };
	echo_begin(&e, l, &first);
	SSL *ssl = client(e.fd, NULL, TLS1_3_VERSION, "\x02h2", true);
	assert_non_null(ssl);
	goes_back(ssl, "hello");
	on_loop(l, ask, &a);
	assert_null(a.facts.alpn);
	assert_null(a.facts.sni);
	client_free(ssl);
	echo_end(&e);
}

static void what_is_injected_behind_starttls_is_dropped(void **state)
{
	char proceed[7];
	struct echo e = { 0 };
	echo_begin(&e, l, &first);
	write_all(e.fd, "starttls<injected/>", 19);
	assert_int_equal(read_up_to(e.fd, proceed, 7), 7);
	assert_memory_equal(proceed, "proceed", 7);
	SSL *ssl = client(e.fd, "one.example", TLS1_3_VERSION, NULL, false);
	assert_non_null(ssl);
	goes_back(ssl, "hello");             /* and nothing before it */
	assert_int_equal(atomic_load(&e.input), 5);
	client_free(ssl);
	echo_end(&e);
}

static void garbage_in_place_of_a_handshake_fails(void **state)
{
	struct echo e = { 0 };
	echo_begin(&e, l, &first);
	write_all(e.fd, "\x16garbage that is no hello", 25);
	wait_until(&e.ended, 1 + CONN_TLS_FAILED);
	echo_end(&e);
}

static void pause_it(void *thing)
{
	conn_pause(((struct echo *)thing)->conn);
}

static void a_goodbye_ends_it_also_when_paused(void **state)
{
	struct echo e = { 0 };
	echo_begin(&e, l, &first);
	SSL *ssl = client(e.fd, NULL, TLS1_3_VERSION, NULL, false);
	goes_back(ssl, "hello");
	on_loop(l, pause_it, &e);
	SSL_shutdown(ssl);
	client_free(ssl);
	close(e.fd);
	e.fd = -1;
	wait_until(&e.ended, 1 + CONN_CLOSED);
	echo_end(&e);
}

static void write_much(void *thing)
{
	static char much[4 << 20];
	memset(much, 'x', sizeof much);
	conn_write(((struct echo *)thing)->conn, much, sizeof much);
}

static void much_arrives_at_a_slow_reader(void **state)
{
	static char back[16384];
	struct echo e = { 0 };
	echo_begin(&e, l, &first);
	SSL *ssl = client(e.fd, NULL, TLS1_3_VERSION, NULL, false);
	goes_back(ssl, "hello");
	on_loop(l, write_much, &e);
	usleep(20000);
	size_t got = 0;
	for (int n; got < 4 << 20 && (n = SSL_read(ssl, back, sizeof back)) > 0; got += (size_t)n)
		assert_int_equal(back[n - 1], 'x');
	assert_int_equal(got, 4 << 20);
	for (int i = 0; i < 1000 && atomic_load(&e.written) != (4 << 20) + 5 ; i++)
		usleep(1000);
	assert_int_equal(atomic_load(&e.written), (4 << 20) + 5);
	client_free(ssl);
	echo_end(&e);
}

static struct tls *careful;

static struct tls *choose_careful(const char *name, void *with)
{
	return careful;
}

static size_t careful_input(void *owner, const char *bytes, size_t size)
{
	struct echo *e = owner;
	conn_own(e->conn, &echo_owner, e);
	conn_tls_detected(e->conn, choose_careful, NULL);
	return 0;
}

static void has_certificate(void *thing)
{
	struct echo *e = thing;
	size_t size = 0;
	e->most = conn_peer_certificate(e->conn, &size) && size > 100;
}

/* Tells whether the server then shows a client's certificate. */
static bool shows(const char *certificate)
{
	static const struct conn_owner owner = { careful_input, NULL, NULL, ended };
	struct echo e = { 0 };
	echo_begin(&e, l, &owner);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	if (certificate) {
		assert_int_equal(SSL_CTX_use_certificate_file(ctx, certificate, SSL_FILETYPE_PEM), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, certificate, SSL_FILETYPE_PEM), 1);
	}
	SSL *ssl = SSL_new(ctx);
	SSL_set_fd(ssl, e.fd);
	assert_int_equal(SSL_connect(ssl), 1);
	goes_back(ssl, "hello");
	on_loop(l, has_certificate, &e);
	bool shown = e.most;
	client_free(ssl);
	SSL_CTX_free(ctx);
	echo_end(&e);
	return shown;
}

static void only_a_trusted_client_certificate_is_shown(void **state)
{
	char known[] = "/tmp/net-known-XXXXXX", other[] = "/tmp/net-other-XXXXXX";
	close(mkstemp(known));
	close(mkstemp(other));
	unlink(known);
	unlink(other);
	assert_true(tls_make_self_signed("known.example", known, known, 30, NULL));
	assert_true(tls_make_self_signed("other.example", other, other, 30, NULL));
	struct tls_options o = { .certificate = known, .client_ca = known, .verify = TLS_VERIFY_OPTIONAL };
	careful = tls_new(&o, NULL);
	assert_non_null(careful);
	assert_true(shows(known));
	assert_false(shows(other));
	assert_false(shows(NULL));
	tls_drop(careful);
	unlink(known);
	unlink(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tls_12_and_13_agree_on_bindings_and_facts),
		TEST(tls_11_is_refused),
		TEST(the_name_chooses_the_certificate),
		TEST(an_unknown_name_is_refused_with_its_alert),
		TEST(a_client_with_only_unknown_protocols_goes_on),
		TEST(what_is_injected_behind_starttls_is_dropped),
		TEST(garbage_in_place_of_a_handshake_fails),
		TEST(a_goodbye_ends_it_also_when_paused),
		TEST(much_arrives_at_a_slow_reader),
		TEST(only_a_trusted_client_certificate_is_shown),
	};
	return cmocka_run_group_tests(tests, make_identities, drop_identities);
}
