/* PROXY headers: the examples of the specification, each cut everywhere, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail                                  /* cmocka's; base/fail.h has a function of that name */
#include <string.h>
#include "net/address.h"
#include "net/proxy.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define HEADER(text) text, sizeof text - 1

static struct proxy_header h;

static void is(const char *bytes, size_t size, const char *peer, const char *local)
{
	char name[64];
	for (size_t cut = 0; cut < size; cut++)
		assert_int_equal(proxy_read(bytes, cut, &h), PROXY_MORE);
	assert_int_equal(proxy_read(bytes, size, &h), PROXY_DONE);
	assert_int_equal(h.size, size);
	assert_int_equal(h.has_addresses, peer != NULL);
	if (!peer)
		return;
	address_print(&h.peer, name, sizeof name);
	assert_string_equal(name, peer);
	address_print(&h.local, name, sizeof name);
	assert_string_equal(name, local);
}

static void is_wrong(const char *bytes, size_t size)
{
	assert_int_equal(proxy_read(bytes, size, &h), PROXY_WRONG);
	assert_non_null(h.why);
}

static void lines_name_both_ends(void **state)
{
	is(HEADER("PROXY TCP4 192.0.2.1 198.51.100.2 4711 5222\r\n"), "192.0.2.1:4711", "198.51.100.2:5222");
	is(HEADER("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), "255.255.255.255:65535", "255.255.255.255:65535");
	is(HEADER("PROXY TCP6 2001:db8::1 ::1 0 5222\r\n"), "[2001:db8::1]:0", "[::1]:5222");
	is(HEADER("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 5222\r\n"), "192.0.2.1:1", "[::1]:5222");
	is(HEADER("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
		"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
	is(HEADER("PROXY UNKNOWN\r\n"), NULL, NULL);
	is(HEADER("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"), NULL, NULL);
}

static void what_follows_is_the_clients(void **state)
{
	static const char bytes[] = "PROXY TCP4 192.0.2.1 198.51.100.2 4711 5222\r\n<stream:stream";
	assert_int_equal(proxy_read(bytes, sizeof bytes - 1, &h), PROXY_DONE);
	assert_string_equal(bytes + h.size, "<stream:stream");
}

static void odd_lines_are_refused(void **state)
{
	is_wrong(HEADER("GET / HTTP/1.1\r\n"));
	is_wrong(HEADER("<"));
	is_wrong(HEADER("proxy TCP4 192.0.2.1 198.51.100.2 4711 5222\r\n"));
	is_wrong(HEADER("PROXY TCP4 192.0.2.1 198.51.100.2 4711 5222\n"));
	is_wrong(HEADER("PROXY TCP4 192.0.2.1 198.51.100.2 4711\r\n"));
	is_wrong(HEADER("PROXY TCP4 192.0.2.1 198.51.100.2 4711 5222 1\r\n"));
	is_wrong(HEADER("PROXY TCP4 192.0.2.1  198.51.100.2 4711 5222\r\n"));
	is_wrong(HEADER("PROXY TCP4 192.0.2.1 198.51.100.2 4711 5222 \r\n"));
	is_wrong(HEADER("PROXY TCP4 192.0.2.1  4711 5222\r\n"));
	is_wrong(HEADER("PROXY TCP4  192.0.2.1 4711 5222\r\n"));
	is_wrong(HEADER("PROXY TCP4 192.0.2.1 198.51.100.2 04711 5222\r\n"));
	is_wrong(HEADER("PROXY TCP4 192.0.2.1 198.51.100.2 +4711 5222\r\n"));
	is_wrong(HEADER("PROXY TCP4 192.0.2.1 198.51.100.2 65536 5222\r\n"));
	is_wrong(HEADER("PROXY TCP4 192.0.2.256 198.51.100.2 4711 5222\r\n"));
	is_wrong(HEADER("PROXY TCP4 ::1 ::1 4711 5222\r\n"));
	is_wrong(HEADER("PROXY TCP6 192.0.2.1 198.51.100.2 4711 5222\r\n"));
	is_wrong(HEADER("PROXY UDP4 192.0.2.1 198.51.100.2 4711 5222\r\n"));
	is_wrong(HEADER("PROXY UNKNOWN\0\r\n"));
	is_wrong(HEADER("PROXY \r\n"));
	is_wrong(HEADER("PROXY UNKNOWN 5678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567\r\n"));
}

static void binary_headers_name_both_ends(void **state)
{
	is(HEADER(SIGNATURE "\x21\x11\0\x0c" "\xc0\0\2\1" "\xc6\x33\x64\2" "\x12\x67\x14\x66"), "192.0.2.1:4711", "198.51.100.2:5222");
	is(HEADER(SIGNATURE "\x21\x21\0\x24" "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1" "\x12\x67\x14\x66"),
		"[2001:db8::1]:4711", "[::1]:5222");
	is(HEADER(SIGNATURE "\x21\x11\0\x13" "\xc0\0\2\1" "\xc6\x33\x64\2" "\x12\x67\x14\x66" "\4\0\4abcd"), "192.0.2.1:4711", "198.51.100.2:5222");
	is(HEADER(SIGNATURE "\x20\0\0\0"), NULL, NULL);
	is(HEADER(SIGNATURE "\x20\x11\0\x03" "abc"), NULL, NULL);        /* LOCAL: what follows is skipped */
	is(HEADER(SIGNATURE "\x21\0\0\2" "ab"), NULL, NULL);
}

/* The checksum was made by two other ways to compute one (a table, and a division from the other end), which agree. */
static void a_checksum_is_held_to(void **state)
{
	char bytes[] = SIGNATURE "\x21\x11\0\x13" "\xc0\0\2\1" "\xc6\x33\x64\2" "\x12\x67\x14\x66" "\3\0\4" "\xc1\x38\x63\x7c";
	assert_int_equal(proxy_read(bytes, sizeof bytes - 1, &h), PROXY_DONE);
	bytes[16]++;
	is_wrong(bytes, sizeof bytes - 1);
}

static void odd_binary_headers_are_refused(void **state)
{
	is_wrong(HEADER(SIGNATURE "\x11\x11\0\x0c" "\xc0\0\2\1" "\xc6\x33\x64\2" "\x12\x67\x14\x66"));
	is_wrong(HEADER(SIGNATURE "\x22\x11\0\x0c" "\xc0\0\2\1" "\xc6\x33\x64\2" "\x12\x67\x14\x66"));
	is_wrong(HEADER(SIGNATURE "\x21\x12\0\x0c" "\xc0\0\2\1" "\xc6\x33\x64\2" "\x12\x67\x14\x66"));
	is_wrong(HEADER(SIGNATURE "\x21\x11\0\x0b" "\xc0\0\2\1" "\xc6\x33\x64\2" "\x12\x67\x14"));
	is_wrong(HEADER(SIGNATURE "\x21\x11\0\x0e" "\xc0\0\2\1" "\xc6\x33\x64\2" "\x12\x67\x14\x66" "\4\0"));
	is_wrong(HEADER(SIGNATURE "\x21\x11\0\x12" "\xc0\0\2\1" "\xc6\x33\x64\2" "\x12\x67\x14\x66" "\4\0\4abc"));
	is_wrong(HEADER(SIGNATURE "\x21\x11\xff\xff"));
	is_wrong(HEADER("\r\n\r\n\0\r\nQUIT\r"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_name_both_ends), cmocka_unit_test(what_follows_is_the_clients), cmocka_unit_test(odd_lines_are_refused),
		cmocka_unit_test(binary_headers_name_both_ends), cmocka_unit_test(a_checksum_is_held_to),
		cmocka_unit_test(odd_binary_headers_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
