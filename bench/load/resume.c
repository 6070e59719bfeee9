/*
 * resume: sessions whose connections are lost one after the other, `window`
 * at once, and that are resumed on new ones (XEP-0198 §5).
 *
 * What is measured is a whole return: the connection, the login and the
 * resumption. The server hears of the lost one when it hears of the new one,
 * or a moment before.
 */
#include "load.h"

static unsigned lost, back;
static bool is_measuring;

static void ready(struct client *c)
{
	if (is_measuring)
		back++;
	else
		crowd_ready++;
}

static void lose_next(void)
{
	struct client *c = &clients[lost++ % options.users];
	client_close(c);
	login_begin(c);
}

static bool is_next_there(void)
{
	return clients[lost % options.users].step == STEP_READY;
}

static void run(void)
{
	crowd_log_in();
	poll_until(now_us() + options.warm * 1000000LL);
	is_measuring = true;
	double cpu = server_cpu(), own = own_cpu();
	int64_t since = now_us();
	while (back < options.total) {
		while (lost < options.total && lost - back < options.window && is_next_there() && pace_take())
			lose_next();
		clients_poll(options.at_most ? 10 : 100);
	}
	double seconds = (double)(now_us() - since) / 1e6;
	own = own_cpu() - own;
	poll_until(now_us() + 500000);           /* the ends of old connections cost too */
	cpu = server_cpu() - cpu;
	report_count("resumptions", options.total);
	report_figure("seconds", seconds, 2);
	report_figure("per_second", options.total / seconds, 0);
	report_figure("cpu", cpu, 2);
	report_figure("cpu_ms_each", cpu * 1000 / options.total, 4);
	report_figure("own_cpu", own, 2);
}

const struct mode mode_resume = {
	.name = "resume", .what = "--users sessions, --total times one loses its connection and is resumed, --window at once",
	.run = run, .ready = ready, .stanza = lightly_hear, .resumes = true,
};
