/* Networks: who is in one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail                                  /* cmocka's; base/fail.h has a function of that name */
#include <stdio.h>
#include <string.h>
#include "net/address.h"
#include "net/cidr.h"

#define give_up(...) (print_error(__VA_ARGS__), assert_true(false))      /* fail_msg calls fail */

static bool has(const char *network, const char *address)
{
	struct cidr c;
	struct fail why = { "" };
	struct sockaddr_storage to = { 0 };
	socklen_t size;
	bool any;
	char text[80];
	if (!cidr_read(network, &c, &why))
		give_up("%s\n", why.text);
	snprintf(text, sizeof text, strchr(address, '/') ? "unix:%s" : strchr(address, ':') ? "[%s]:1" : "%s:1", address);
	assert_true(address_read(text, &to, &size, &any, NULL));
	return cidr_has(&c, &to);
}

static void addresses_are_within_by_the_bits_of_the_prefix(void **state)
{
	static const struct { const char *network, *inside, *outside; } cases[] = {
		{ "10.0.0.0/8", "10.255.0.1", "11.0.0.0" },
		{ "10.128.0.0/9", "10.128.0.1", "10.127.255.255" },
		{ "192.0.2.64/27", "192.0.2.95", "192.0.2.96" },
		{ "192.0.2.7", "192.0.2.7", "192.0.2.6" },
		{ "192.0.2.6/31", "192.0.2.7", "192.0.2.8" },
		{ "0.0.0.0/0", "255.255.255.255", "::1" },
		{ "::/0", "2001:db8::1", "10.0.0.1" },
		{ "2001:db8::/32", "2001:db8:ffff::1", "2001:db9::" },
		{ "2001:db8:8000::/33", "2001:db8:8000::1", "2001:db8:7fff::1" },
		{ "::1", "::1", "::2" },
		{ "fe80::/10", "febf::1", "fec0::1" },
		{ "unix", "/run/x", "127.0.0.1" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (!has(cases[i].network, cases[i].inside))
			give_up("%s must hold %s\n", cases[i].network, cases[i].inside);
		if (has(cases[i].network, cases[i].outside))
			give_up("%s must not hold %s\n", cases[i].network, cases[i].outside);
	}
}

static void a_mapped_address_is_its_ipv4_one_on_both_sides(void **state)
{
	assert_true(has("10.0.0.0/8", "::ffff:10.1.2.3"));
	assert_true(has("::ffff:10.0.0.0/104", "10.1.2.3"));
	assert_true(has("::ffff:10.0.0.0/104", "::ffff:10.1.2.3"));
	assert_false(has("10.0.0.0/8", "::ffff:11.1.2.3"));
	assert_false(has("::/0", "::ffff:10.1.2.3"));
	assert_false(has("::ffff:0:0/96", "::1"));
}

static void what_is_no_network_is_refused(void **state)
{
	static const char *const wrong[] = { "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/ 8", "10.0.0.0/8x", "10.0.0/8", "10.0.0.1/8",
		"::/129", "2001:db8::1/32", "::ffff:10.0.0.1/104", "[::1]", "localhost", "*", "unix/8", "10.0.0.0/8/8",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/0" };
	struct cidr c;
	struct fail why;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (cidr_read(wrong[i], &c, &why))
			give_up("\"%s\" was taken for a network\n", wrong[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_within_by_the_bits_of_the_prefix),
		cmocka_unit_test(a_mapped_address_is_its_ipv4_one_on_both_sides),
		cmocka_unit_test(what_is_no_network_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
