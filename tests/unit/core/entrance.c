/* Entrances: which terms count for whom, from a configuration as one writes it. */
#include "core/entrance.h"
#include "core/config.h"
#include "core/module.h"
#include "core/pool.h"
#include "net/address.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#undef fail
#include <cmocka.h>
#undef fail
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct module *const modules[] = { NULL };

static struct hosts *hosts;
static struct fail why;

static struct config *load(const char *text)
{
	char file[] = "/tmp/jackdaw-entrance-XXXXXX";
	struct config_report report;
	FILE *f = fdopen(mkstemp(file), "w");
	assert_non_null(f);
	fprintf(f, "%s\ndomain \"example\" { tls = off }\n", text);
	fclose(f);
	config_report_init(&report);
	struct config *c = config_load(file, 0, &report);
	if (!c)
		print_error("%s\n", report.errors[0].text);
	config_report_clear(&report);
	unlink(file);
	assert_non_null(c);
	return c;
}

static bool make(const char *text)
{
	struct config *c = load(text);
	hosts_drop(hosts);
	hosts = hosts_new(c, 1, &why);
	config_drop(c);
	return hosts;
}

static int drop(void **state)
{
	hosts_drop(hosts);
	hosts = NULL;
	return 0;
}

static struct sockaddr_storage address_of(const char *text)
{
	struct sockaddr_storage to;
	socklen_t size;
	bool any;
	char full[80];
	snprintf(full, sizeof full, *text == '/' ? "unix:%s" : strchr(text, ':') ? "[%s]:1" : "%s:1", text);
	assert_true(address_read(full, &to, &size, &any, NULL));
	return to;
}

static const struct terms *terms(const char *address, const char *peer)
{
	struct sockaddr_storage from = address_of(peer);
	const struct entrance *e = entrance_find(hosts->entrances, address);
	return e ? entrance_terms(e, entrance_place(e, &from)) : &hosts->entrances->outside;
}

static void the_longest_prefix_counts_alone(void **state)
{
	assert_true(make("idle_time = 1s\n"
		"xmpp_listener { peer \"10.0.0.0/8\" { idle_time = 2s;  access = deny;  limits { stanza_depth = 20 } }\n"
		" peer \"10.1.0.0/16\" { idle_time = 3s }\n peer \"10.1.2.3\" { access = deny }\n"
		" listen \"*:1\" { idle_time = 4s\n peer \"10.2.0.0/16\" { idle_time = 5s }\n peer \"10.1.2.0/24\" { enable = no;  idle_time = 6s } }\n"
		" listen \"*:2\" { }\n peer \"2001:db8::/32\" { idle_time = 7s }\n peer \"unix\" { idle_time = 8s } }"));
	static const struct { const char *at, *peer; int seconds; bool is_denied; unsigned depth; } cases[] = {
		{ "*:1", "192.0.2.1", 4, false, 64 },
		{ "*:1", "10.9.0.1", 2, true, 20 },
		{ "*:1", "10.1.9.9", 3, false, 64 },         /* not denied, and not 20 deep: that is said of the larger network */
		{ "*:1", "10.1.2.3", 4, true, 64 },
		{ "*:1", "10.1.2.4", 3, false, 64 },         /* the block that is not enabled is none */
		{ "*:1", "10.2.0.1", 5, false, 64 },
		{ "*:2", "10.2.0.1", 2, true, 20 },
		{ "*:2", "192.0.2.1", 1, false, 64 },
		{ "*:2", "::ffff:10.1.9.9", 3, false, 64 },
		{ "*:2", "2001:db8::1", 7, false, 64 },
		{ "*:2", "/run/x", 8, false, 64 },
		{ "*:3", "10.2.0.1", 1, false, 64 },         /* an address that is no more: global */
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct terms *t = terms(cases[i].at, cases[i].peer);
		if (t->idle_time != cases[i].seconds * 1000 || t->is_denied != cases[i].is_denied || t->limits.depth != cases[i].depth)
			print_error("%s from %s\n", cases[i].at, cases[i].peer);
		assert_int_equal(t->idle_time, cases[i].seconds * 1000);
		assert_int_equal(t->is_denied, cases[i].is_denied);
		assert_int_equal(t->limits.depth, cases[i].depth);
	}
}

static void each_option_is_read_from_its_scope(void **state)
{
	assert_true(make("listen_backlog = 7;  tcp_recv_buffer_size = 5k;  events_per_iter = 9\nlimits { login_attempts = 3 }\n"
		"threadpool \"web\" { events_per_iter = 4 }\n"
		"xmpp_listener { streams = [ client ];  accept_queue_backlog = 6;  disable_nagle_algorithm = no\n"
		" listen \"*:1\" { listen_backlog = 8;  pool_name = web;  tls = required;  file_mode = 0600;  channels = 5 }\n"
		" listen \"*:2\" { enable = no;  streams = [ server, component ];  tcp_send_buffer_size = 6k\n"
		"  peer \"10.0.0.0/8\" { streams = [ ];  events_per_iter = 2;  tls = off;  limits { login_attempts = 4 } } } }"));
	const struct entrance *one = entrance_find(hosts->entrances, "*:1"), *two = entrance_find(hosts->entrances, "*:2");
	const struct terms *peer = terms("*:2", "10.0.0.1");
	assert_true(one->is_open && !two->is_open);
	assert_int_equal(one->channels, 5);
	assert_int_equal(one->options.backlog, 8);
	assert_int_equal(two->options.backlog, 7);
	assert_int_equal(one->options.file_mode, 0600);
	assert_int_equal(one->accept_queue, 6);
	assert_int_equal(one->terms.streams, TAKES_CLIENTS);
	assert_int_equal(two->terms.streams, TAKES_SERVERS | TAKES_COMPONENTS);
	assert_int_equal(peer->streams, 0);
	assert_int_equal(one->terms.events, 4);          /* its pool's */
	assert_int_equal(two->terms.events, 9);
	assert_int_equal(peer->events, 2);
	assert_int_equal(one->terms.tls_mode, TLS_REQUIRED);
	assert_int_equal(peer->tls_mode, TLS_OFF);
	assert_false(one->terms.socket.no_delay);
	assert_int_equal(one->options.socket.receive_buffer, 5 * 1024);
	assert_int_equal(peer->socket.send_buffer, 6 * 1024);
	assert_int_equal(two->terms.limits.login_tries, 3);
	assert_int_equal(peer->limits.login_tries, 4);
	assert_int_equal(hosts->limits.turns_per_round, 9);
}

static const struct host *host(const char *name)
{
	struct hash_node *n = hash_find(&hosts->by_name, name);
	return n ? CONTAINER(n, struct host, by_name) : NULL;
}

static void a_domain_limits_its_clients_where_no_listener_does(void **state)
{
	assert_true(make("limits { stanza_size = 30k;  stanzas_per_second = 5;  bytes_per_second = 10k }\n"
		"domain \"small\" { tls = off;  limits { stanza_size = 20k;  stanzas_per_second = 4 } }\n"
		"xmpp_listener { listen \"*:1\" { limits { stanzas_per_second = 3 }\n peer \"10.0.0.0/8\" { limits { stanza_size = 40k } } } }"));
	const struct terms *listen = terms("*:1", "192.0.2.1"), *peer = terms("*:1", "10.0.0.1");
	assert_int_equal(terms_limit(listen, NULL, CLIENT_STANZA), 30 * 1024);
	assert_int_equal(terms_limit(listen, host("example"), CLIENT_STANZA), 30 * 1024);
	assert_int_equal(terms_limit(listen, host("small"), CLIENT_STANZA), 20 * 1024);
	assert_int_equal(terms_limit(peer, host("small"), CLIENT_STANZA), 40 * 1024);
	assert_int_equal(terms_limit(listen, host("small"), CLIENT_STANZA_RATE), 3);
	assert_int_equal(terms_limit(&hosts->entrances->outside, host("small"), CLIENT_STANZA_RATE), 4);
	assert_int_equal(terms_limit(peer, host("small"), CLIENT_BYTE_RATE), 10 * 1024);
}

static void proxies_are_those_that_are_named(void **state)
{
	assert_true(make("xmpp_listener { proxy_protocol = [ 10.0.0.0/8, \"::1\" ]\n listen \"*:1\" { }\n listen \"*:2\" { proxy_protocol = [ unix ] } }"));
	static const struct { const char *at, *peer; bool is_proxy; } cases[] = {
		{ "*:1", "10.1.1.1", true }, { "*:1", "::ffff:10.1.1.1", true }, { "*:1", "::1", true }, { "*:1", "11.0.0.0", false }, { "*:1", "/run/x", false },
		{ "*:2", "10.1.1.1", false }, { "*:2", "/run/x", true } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sockaddr_storage from = address_of(cases[i].peer);
		assert_int_equal(entrance_is_proxy(entrance_find(hosts->entrances, cases[i].at), &from), cases[i].is_proxy);
	}
}

static void what_cannot_be_is_refused(void **state)
{
	assert_false(make("xmpp_listener \"a\" { listen \"*:1\" { } }\nxmpp_listener \"b\" { listen \"*:1\" { } }"));
	assert_non_null(strstr(why.text, "is there twice"));
	assert_false(make("xmpp_listener { listen \"*:1\" { peer \"10.0.0.0/8\" { tls_ciphers = NONSENSE } } }"));
	assert_non_null(strstr(why.text, "NONSENSE"));
	assert_false(make("xmpp_listener { listen \"*:1\" { tls_certificate = /nowhere.pem } }"));
	assert_non_null(strstr(why.text, "/nowhere.pem"));
	assert_false(make("xmpp_listener { tls_client_ca = /nowhere.pem\n listen \"*:1\" { } }"));
}

static void warnings_come_at_their_days_and_once(void **state)
{
	const msec day = 24 * 3600 * 1000LL;
	static const struct { int hours; unsigned stage; } cases[] = { { 31 * 24, 0 }, { 30 * 24, 1 }, { 15 * 24, 1 }, { 14 * 24, 2 }, { 8 * 24, 2 },
		{ 7 * 24, 3 }, { 25, 3 }, { 24, 4 }, { 1, 4 }, { 0, 5 }, { -1000, 5 } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(certificate_stage(cases[i].hours * day / 24), cases[i].stage);
}

/* Last, for pools are read once in a process's life. */
static void pools_have_the_loops_that_are_asked_for(void **state)
{
	struct config *c = load("threadpool \"web\" { concurrency = 2 }\nthreadpool \"none\" { }\n"
		"xmpp_listener \"own\" { concurrency = 3\n listen \"*:1\" { }\n listen \"*:2\" { }\n listen \"*:3\" { concurrency = 1 }\n listen \"*:4\" { pool_name = web } }\n"
		"xmpp_listener { listen \"*:5\" { }\n listen \"*:6\" { pool_name = none }\n listen \"*:7\" { pool_name = web } }");
	static const struct { unsigned first, count; } expected[] = { { 4, 3 }, { 4, 3 }, { 7, 1 }, { 8, 2 }, { 0, 4 }, { 0, 4 }, { 8, 2 } };
	assert_true(pools_read(c, 4, &why));
	assert_int_equal(pools_loops(), 10);
	assert_int_equal(pools_count(), 4);
	size_t i = 0;
	for (const struct config_scope *l = config_first(config_global(c), CONFIG_LISTENER); l; l = config_next(l))
		for (const struct config_scope *s = config_first(l, CONFIG_LISTEN); s; s = config_next(s), i++) {
			assert_int_equal(pool_of(s)->first, expected[i].first);
			assert_int_equal(pool_of(s)->count, expected[i].count);
		}
	assert_string_equal(pool_of_loop(9)->name, "web");
	assert_string_equal(pool_of_loop(3)->name, "");
	config_drop(c);
}

#define T(name) cmocka_unit_test_teardown(name, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_longest_prefix_counts_alone), T(each_option_is_read_from_its_scope), T(a_domain_limits_its_clients_where_no_listener_does), T(proxies_are_those_that_are_named), T(what_cannot_be_is_refused),
		T(warnings_come_at_their_days_and_once), T(pools_have_the_loops_that_are_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
