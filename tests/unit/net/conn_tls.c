/* TLS, with OpenSSL's own client as the other side. */
#include "helper.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include "base/mem.h"
#include <signal.h>
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
	bool has_any, has_exporter, has_end_point, has_unique;
	unsigned char exporter[32], end_point[64], unique[64];
	size_t end_point_size, unique_size;
};

static void ask(void *thing)
{
	struct asked *a = thing;
	struct conn *c = a->echo->conn;
	a->facts = conn_facts(c);
	a->has_exporter = conn_binding_exporter(c, a->exporter);
	a->has_any = conn_has_binding(c);
	a->has_unique = conn_binding_unique(c, a->unique, &a->unique_size);
	a->has_end_point = conn_binding_end_point(c, a->end_point, &a->end_point_size);
	bool is_trusted;
	assert_null(conn_peer_certificate(c, &is_trusted));
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
	assert_true(a->has_any);
	assert_int_equal(a->has_unique, SSL_version(ssl) == TLS1_2_VERSION);
	if (a->has_unique) {                         /* the client's Finished: it was the first */
		assert_int_equal(a->unique_size, SSL_get_finished(ssl, mine, sizeof mine));
		assert_memory_equal(mine, a->unique, a->unique_size);
	}
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

/* A good one is pipelined by tests/listeners/handshakes.py. */
static void what_begins_a_handshake_behind_starttls_is_given_to_tls(void **state)
{
	struct echo e = { 0 };
	echo_begin(&e, l, &first);
	write_all(e.fd, "starttls\x16garbage that is no hello", 33);
	wait_until(&e.ended, 1 + CONN_TLS_FAILED);
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

/* --- Who asks for more than there is --- */

static void a_renegotiation_ends_the_connection(void **state)
{
	char back[64];
	struct echo e = { 0 };
	echo_begin(&e, l, &first);
	SSL *ssl = client(e.fd, NULL, TLS1_2_VERSION, NULL, false);
	assert_non_null(ssl);
	goes_back(ssl, "hello");
	SSL_set0_rbio(ssl, BIO_new(BIO_s_mem()));            /* it doesn't read the warning, which would make it end the connection itself */
	assert_int_equal(SSL_renegotiate(ssl), 1);
	assert_int_equal(SSL_get_error(ssl, SSL_do_handshake(ssl)), SSL_ERROR_WANT_READ);
	wait_until(&e.ended, 1 + CONN_TLS_FAILED);
	assert_in_range(read_up_to(e.fd, back, sizeof back), 1, sizeof back - 1);     /* the warning, and the end */
	assert_int_equal(atomic_load(&e.input), 5);
	client_free(ssl);
	echo_end(&e);
}

/* --- Goodbyes --- */

static msec patience;

static void close_it(void *thing)
{
	struct echo *e = thing;
	conn_close(e->conn, patience);
	e->conn = NULL;
}

static SSL *closed_by_us(struct echo *e, msec linger)
{
	char none;
	echo_begin(e, l, &first);
	SSL *ssl = client(e->fd, NULL, TLS1_3_VERSION, NULL, false);
	assert_non_null(ssl);
	goes_back(ssl, "hello");
	patience = linger;
	on_loop(l, close_it, e);
	int n = SSL_read(ssl, &none, 1);
	assert_int_equal(SSL_get_error(ssl, n), SSL_ERROR_ZERO_RETURN);      /* its close_notify */
	return ssl;
}

static bool still_takes(int fd)
{
	return send(fd, "", 1, MSG_NOSIGNAL) == 1;
}

static void waits_for_the_peers_goodbye_before_tcp_ends(void **state)
{
	struct echo e = { 0 };
	SSL *ssl = closed_by_us(&e, 60000);
	usleep(100000);
	assert_int_equal(SSL_write(ssl, "last words", 10), 10);              /* a TCP connection that had ended would break here */
	assert_int_equal(SSL_shutdown(ssl), 1);
	usleep(20000);
	assert_true(still_takes(e.fd));
	client_free(ssl);
	echo_end(&e);
}

static void waits_for_no_goodbye_longer_than_it_was_told(void **state)
{
	struct echo e = { 0 };
	SSL *ssl = closed_by_us(&e, 50);
	int tries = 0;
	while (still_takes(e.fd) && ++tries < 5000)
		usleep(1000);
	assert_in_range(tries, 1, 4999);
	client_free(ssl);
	echo_end(&e);
}

/* --- Certificates of clients --- */

static struct tls *special;                  /* the identity of `special_owner` */

static struct tls_choice choose_special(const char *name, void *with)
{
	return (struct tls_choice){ special, policy };
}

static size_t special_input(void *owner, const char *bytes, size_t size)
{
	struct echo *e = owner;
	conn_own(e->conn, &echo_owner, e);
	conn_tls_detected(e->conn, choose_special, NULL);
	return 0;
}

static const struct conn_owner special_owner = { special_input, NULL, NULL, ended };

static struct tls *tls_of(const struct tls_options *o)
{
	struct fail why;
	struct tls *tls = tls_new(o, &why);
	if (!tls)
		give_up(why);
	return tls;
}

static char folder[32], *certificates[2], *keys[2];          /* the first certificate is trusted */

static void make_demanding(enum tls_verify verify)
{
	struct fail why;
	strcpy(folder, "/tmp/net-demanding-XXXXXX");
	assert_non_null(mkdtemp(folder));
	for (int i = 0; i < 2; i++) {
		certificates[i] = mem_printf("%s/%d.pem", folder, i);
		keys[i] = mem_printf("%s/%d.key", folder, i);
		if (!tls_make_self_signed("client.example", certificates[i], keys[i], 30, &why))
			give_up(why);
	}
	special = tls_of(&(struct tls_options){ .certificates = FILES(certificates[1]), .keys = FILES(keys[1]),
		.wishes = { .client_ca = certificates[0], .verify = verify } });
}

static void drop_demanding(void)
{
	tls_drop(special);
	for (int i = 0; i < 2; i++) {
		unlink(certificates[i]);
		unlink(keys[i]);
		mem_free(certificates[i]);
		mem_free(keys[i]);
	}
	rmdir(folder);
}

static struct { bool is_shown, is_trusted; } seen;            /* what the server knows of the client */

static void look_at_certificate(void *thing)
{
	seen.is_shown = conn_peer_certificate(((struct echo *)thing)->conn, &seen.is_trusted);
}

/* Shows certificate `which`, or none below 0. TLS 1.3 tells a client of its refusal only when it reads. */
static bool is_let_in(int which)
{
	char back[8];
	struct echo e = { 0 };
	echo_begin(&e, l, &special_owner);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	if (which >= 0) {
		assert_int_equal(SSL_CTX_use_certificate_file(ctx, certificates[which], SSL_FILETYPE_PEM), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, keys[which], SSL_FILETYPE_PEM), 1);
	}
	SSL *ssl = SSL_new(ctx);
	SSL_set_fd(ssl, e.fd);
	bool is_in = SSL_connect(ssl) == 1 && SSL_write(ssl, "hello", 5) == 5 && SSL_read(ssl, back, sizeof back) == 5;
	if (is_in)
		on_loop(l, look_at_certificate, &e);
	else
		wait_until(&e.ended, 1 + CONN_TLS_FAILED);
	client_free(ssl);
	SSL_CTX_free(ctx);
	echo_end(&e);
	return is_in;
}

static void a_clients_certificate_is_validated_where_one_is_required(void **state)
{
	make_demanding(TLS_VERIFY_REQUIRED);
	assert_true(is_let_in(0) && seen.is_shown && seen.is_trusted);
	assert_false(is_let_in(1));
	assert_false(is_let_in(-1));
	drop_demanding();
}

static void any_certificate_is_known_where_one_is_asked_for(void **state)
{
	make_demanding(TLS_VERIFY_OPTIONAL);
	assert_true(is_let_in(0) && seen.is_shown && seen.is_trusted);
	assert_true(is_let_in(1) && seen.is_shown && !seen.is_trusted);
	assert_true(is_let_in(-1) && !seen.is_shown);
	drop_demanding();
}

/* --- Ciphers --- */

static void make_rsa(void)
{
	char path[] = "/tmp/net-rsa-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	EVP_PKEY *key = EVP_RSA_gen(2048);
	X509 *x = X509_new();
	assert_true(f && key && x);
	X509_set_version(x, 2);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, EVP_sha256()));
	PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	PEM_write_X509(f, x);
	fclose(f);
	X509_free(x);
	EVP_PKEY_free(key);
	special = tls_of(&(struct tls_options){ .certificates = FILES(path) });
	unlink(path);
}

static bool speaks(const char *cipher)
{
	struct echo e = { 0 };
	echo_begin(&e, l, &special_owner);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	assert_int_equal(SSL_CTX_set_cipher_list(ctx, cipher), 1);
	SSL *ssl = SSL_new(ctx);
	SSL_set_fd(ssl, e.fd);
	bool is_in = SSL_connect(ssl) == 1;
	client_free(ssl);
	SSL_CTX_free(ctx);
	echo_end(&e);
	return is_in;
}

/* RFC 9325 §4.1, §4.2, which RFC 7590 puts in the place of RFC 6120's ciphers. */
static void with_an_rsa_key_only_ciphers_of_forward_secrecy_are_spoken(void **state)
{
	make_rsa();
	assert_true(speaks("ECDHE-RSA-AES128-GCM-SHA256"));
	assert_true(speaks("ECDHE-RSA-AES256-GCM-SHA384"));
	assert_false(speaks("AES128-SHA"));
	assert_false(speaks("AES128-GCM-SHA256"));
	tls_drop(special);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	signal(SIGPIPE, SIG_IGN);            /* OpenSSL writes to sockets that ended */
	const struct CMUnitTest tests[] = {
		TEST(tls_12_and_13_agree_on_bindings_and_facts),
		TEST(tls_11_is_refused),
		TEST(the_name_chooses_the_certificate),
		TEST(an_unknown_name_is_refused_with_its_alert),
		TEST(a_client_with_only_unknown_protocols_goes_on),
		TEST(what_is_injected_behind_starttls_is_dropped),
		TEST(what_begins_a_handshake_behind_starttls_is_given_to_tls),
		TEST(garbage_in_place_of_a_handshake_fails),
		TEST(a_goodbye_ends_it_also_when_paused),
		TEST(a_renegotiation_ends_the_connection),
		TEST(waits_for_the_peers_goodbye_before_tcp_ends),
		TEST(waits_for_no_goodbye_longer_than_it_was_told),
		TEST(a_clients_certificate_is_validated_where_one_is_required),
		TEST(any_certificate_is_known_where_one_is_asked_for),
		TEST(with_an_rsa_key_only_ciphers_of_forward_secrecy_are_spoken),
		TEST(much_arrives_at_a_slow_reader),
	};
	return cmocka_run_group_tests(tests, make_identities, drop_identities);
}
