/* Begins, and prints one JSON object. */
#include "load.h"
#include <sys/resource.h>

const struct mode *const modes[] = { &mode_login, &mode_resume, &mode_idle, &mode_chat, &mode_presence, &mode_storm, &mode_day, &mode_befriend, NULL };

static void raise_descriptors(void)
{
	struct rlimit files = { 0 };
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (options.users + 32 > files.rlim_max)
		die("%u users need as many descriptors, and the system allows %llu: see ulimit -n", options.users, (unsigned long long)files.rlim_max);
}

int main(int argc, char **argv)
{
	options_take(argc, argv);
	raise_descriptors();
	client_setup();
	crowd_init();
	options.mode->run();
	report_print();
	return 0;
}
