/* Says where it went wrong, with a trace, and stops: never limp on. */
#include "base/check.h"
#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

_Noreturn void check_bug(const char *file, int line, const char *why)
{
	void *frames[64];
	int n = backtrace(frames, 64);
	fprintf(stderr, "jackdaw: bug at %s:%d: %s\n", file, line, why);
	backtrace_symbols_fd(frames, n, STDERR_FILENO);
	abort();
}
