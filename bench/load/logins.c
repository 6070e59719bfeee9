/* login: connections that end as soon as they are bound, `window` at once; or, kept, all together after the last. */
#include "load.h"

static unsigned opened, done;

static void ready(struct client *c)
{
	done++;
	if (!options.keep)
		client_close(c);
}

static void open_next(void)
{
	struct client *c = &clients[opened++ % options.users];
	login_begin(c);
}

static bool is_next_free(void)
{
	return clients[opened % options.users].fd < 0;
}

static void close_all(void)
{
	for (unsigned i = 0; i < options.users; i++)
		if (clients[i].fd >= 0)
			client_close(&clients[i]);
}

static void run(void)
{
	if (options.keep && options.total > options.users)
		die("to keep %u logins as many users are needed", options.total);
	double cpu = server_cpu(), own = own_cpu();
	int64_t since = now_us();
	while (done < options.total) {
		while (opened < options.total && opened - done < options.window && is_next_free() && pace_take())
			open_next();
		clients_poll(options.at_most ? 10 : 100);
	}
	double seconds = (double)(now_us() - since) / 1e6;
	own = own_cpu() - own;
	close_all();
	poll_until(now_us() + 500000);           /* their ends cost too */
	cpu = server_cpu() - cpu;
	report_count("logins", options.total);
	report_figure("seconds", seconds, 2);
	report_figure("per_second", options.total / seconds, 0);
	report_figure("cpu", cpu, 2);
	report_figure("cpu_ms_each", cpu * 1000 / options.total, 4);
	report_figure("own_cpu", own, 2);
}

const struct mode mode_login = {
	.name = "login", .what = "--total logins, --window at once, each ended as soon as it is bound",
	.run = run, .ready = ready, .stanza = lightly_hear,
};
