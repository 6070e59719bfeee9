/* Snapshots of hosts: which domains share a certificate that was read once. */
#include "core/host.h"
#include "core/config.h"
#include "core/module.h"
#include "net/tls.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct module *const modules[] = { NULL };

static char folder[64];

static int setup(void **state)
{
	char certificate[128], key[128];
	strcpy(folder, "/tmp/jackdaw-host-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(certificate, sizeof certificate, "%s/c.pem", folder);
	snprintf(key, sizeof key, "%s/k.pem", folder);
	return tls_make_self_signed("a.example", certificate, key, 30, NULL) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[128];
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

static struct hosts *make(const char *text, struct fail *why)
{
	char file[128];
	struct config_report report;
	snprintf(file, sizeof file, "%s/jackdaw.conf", folder);
	FILE *f = fopen(file, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	config_report_init(&report);
	struct config *c = config_load(file, 0, &report);
	config_report_clear(&report);
	assert_non_null(c);
	struct hosts *hosts = hosts_new(c, 1, why);
	config_drop(c);
	return hosts;
}

static const struct host *named(const struct hosts *h, const char *name)
{
	struct hash_node *n = hash_find(&h->by_name, name);
	return n ? CONTAINER(n, struct host, by_name) : NULL;
}

static void domains_with_the_same_settings_share_what_was_read(void **state)
{
	struct hosts *h = make("tls_certificate = c.pem;  tls_key = k.pem\n"
		"domain \"a.example\" { }\n domain \"b.example\" { }\n"
		"domain \"c.example\" { tls_certificate = c.pem }\n"
		"domain \"d.example\" { tls_minimum = 1.3 }\n"
		"domain \"e.example\" { tls_ciphers = \"ECDHE+AESGCM\" }\n", NULL);
	assert_non_null(h);
	assert_int_equal(h->count, 5);
	assert_non_null(named(h, "a.example")->tls);
	assert_ptr_equal(named(h, "a.example")->tls, named(h, "b.example")->tls);
	assert_ptr_equal(named(h, "a.example")->tls, named(h, "c.example")->tls);
	assert_ptr_not_equal(named(h, "a.example")->tls, named(h, "d.example")->tls);
	assert_ptr_not_equal(named(h, "a.example")->tls, named(h, "e.example")->tls);
	hosts_drop(h);
}

static void a_certificate_that_cannot_be_read_refuses_the_snapshot(void **state)
{
	struct fail why;
	assert_null(make("domain \"a.example\" { tls_certificate = none.pem }\n", &why));
	assert_non_null(strstr(why.text, "none.pem"));
	assert_null(make("domain \"a.example\" { }\n", &why));
	assert_non_null(strstr(why.text, "there is no tls_certificate"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(domains_with_the_same_settings_share_what_was_read, setup, teardown),
		cmocka_unit_test_setup_teardown(a_certificate_that_cannot_be_read_refuses_the_snapshot, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
