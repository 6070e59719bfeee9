/* Listeners: addresses, many callers, Unix sockets. */
#include "helper.h"
#include "net/address.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct loop *loops[2];
static struct listener *listeners[2];
static atomic_int accepted_count, ended_count;
static char peer_name[64];

static size_t input(void *owner, const char *bytes, size_t size)
{
	conn_write(owner, bytes, size);
	return size;
}

static void ended(void *owner, enum conn_end end, const char *words)
{
	atomic_fetch_add(&ended_count, 1);
	conn_free(owner);
}

static void accepted(void *with, struct conn *c)
{
	static const struct conn_owner owner = { input, NULL, NULL, ended };
	if (with)
		strcpy(peer_name, conn_facts(c).peer_name);
	conn_own(c, &owner, c);
	atomic_fetch_add(&accepted_count, 1);
}

static void start(void *thing)
{
	listener_start(thing, accepted, thing == listeners[0] ? peer_name : NULL);
}

static void stop(void *thing)
{
	listener_close(thing);
}

static int begin(void **state)
{
	loops[0] = begin_loop(0);
	loops[1] = begin_loop(1);
	accepted_count = ended_count = 0;
	return 0;
}

static int end(void **state)
{
	end_loop(loops[0]);
	end_loop(loops[1]);
	return 0;
}

static struct listener *open_at(const char *address)
{
	struct fail why;
	struct listen_options o = { .address = address, .no_delay = true, .file_mode = 0600 };
	struct listener *l = listener_open(&o, &why);
	if (!l)
		give_up(why);
	return l;
}

static int call(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct linger hard = { 1, 0 };       /* leaves no TIME_WAIT behind */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

static void thousands_are_accepted_by_two_loops_and_ended(void **state)
{
	enum { CALLS = 4000, TOGETHER = 200 };
	static int fds[TOGETHER];
	char address[32];
	listeners[0] = open_at("127.0.0.1:0");
	snprintf(address, sizeof address, "127.0.0.1:%d", listener_port(listeners[0]));
	listeners[1] = open_at(address);
	for (int i = 0; i < 2; i++)
		on_loop(loops[i], start, listeners[i]);
	for (int i = 0; i < CALLS; i += TOGETHER) {
		char c;
		for (int j = 0; j < TOGETHER; j++)
			fds[j] = call(listener_port(listeners[0]));
		for (int j = 0; j < TOGETHER; j++)
			write_all(fds[j], "x", 1);
		for (int j = 0; j < TOGETHER; j++) {
			assert_int_equal(read_up_to(fds[j], &c, 1), 1);
			close(fds[j]);
		}
	}
	wait_until(&ended_count, CALLS);
	assert_int_equal(atomic_load(&accepted_count), CALLS);
	for (int i = 0; i < 2; i++)
		on_loop(loops[i], stop, listeners[i]);
}

static void a_star_hears_ipv4_and_names_it_so(void **state)
{
	char c;
	listeners[0] = open_at("*:0");
	on_loop(loops[0], start, listeners[0]);
	int fd = call(listener_port(listeners[0]));
	write_all(fd, "x", 1);
	assert_int_equal(read_up_to(fd, &c, 1), 1);
	assert_memory_equal(peer_name, "127.0.0.1:", 10);
	close(fd);
	on_loop(loops[0], stop, listeners[0]);
}

static void a_unix_socket_has_its_mode_and_replaces_only_a_stale_one(void **state)
{
	struct stat st;
	struct fail why;
	char folder[] = "/tmp/net-test-XXXXXX", address[64];
	assert_non_null(mkdtemp(folder));
	snprintf(address, sizeof address, "unix:%s/s", folder);
	listeners[0] = open_at(address);
	assert_int_equal(stat(address + 5, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	struct listen_options o = { .address = address };
	assert_null(listener_open(&o, &why));
	assert_non_null(strstr(why.text, "already"));

	char kept[80];                       /* a server that died: its file stays */
	snprintf(kept, sizeof kept, "%s/kept", folder);
	assert_int_equal(link(address + 5, kept), 0);
	listener_close(listeners[0]);
	assert_int_equal(rename(kept, address + 5), 0);
	listeners[0] = open_at(address);
	listener_close(listeners[0]);
	assert_int_equal(access(address + 5, F_OK), -1);
	rmdir(folder);
}

static void without_descriptors_it_waits_and_then_accepts(void **state)
{
	struct rlimit before, tight;
	listeners[0] = open_at("127.0.0.1:0");
	on_loop(loops[0], start, listeners[0]);
	int fd = call(listener_port(listeners[0])), next = dup(fd);
	wait_until(&accepted_count, 1);
	getrlimit(RLIMIT_NOFILE, &before);
	close(next);
	int caller = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	tight = before;
	tight.rlim_cur = (rlim_t)caller + 1;
	setrlimit(RLIMIT_NOFILE, &tight);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)listener_port(listeners[0])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(connect(caller, (struct sockaddr *)&to, sizeof to), 0);
	usleep(250000);
	int during = atomic_load(&accepted_count);
	setrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(during, 1);
	wait_until(&accepted_count, 2);
	close(fd);
	close(caller);
	on_loop(loops[0], stop, listeners[0]);
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const wrong[] = { "", "5222", "localhost:5222", "1.2.3.4:", "1.2.3.4:70000", "[::1]", "[::1:5222", "::1:5222", "[*]:1", "unix:", "1.2.3.4:-1" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct sockaddr_storage to;
		socklen_t size;
		bool any;
		assert_false(address_read(wrong[i], &to, &size, &any, NULL));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(thousands_are_accepted_by_two_loops_and_ended),
		TEST(a_star_hears_ipv4_and_names_it_so),
		TEST(a_unix_socket_has_its_mode_and_replaces_only_a_stale_one),
		TEST(without_descriptors_it_waits_and_then_accepts),
		cmocka_unit_test(what_is_no_address_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
