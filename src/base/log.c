/*
 * Lines go to stderr until a better place is opened.
 */
#include "base/log.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum log_level log_limit = LOG_MAJOR;

static const char *const names[] = { "failure", "major", "problem", "low", "all" };

void log_line(enum log_level level, const char *tag, const char *format, ...)
{
	char line[2048];
	int n = snprintf(line, sizeof line, "%s %s ", names[level], tag);
	va_list ap;
	va_start(ap, format);
	n += vsnprintf(line + n, sizeof line - (size_t)n - 1, format, ap);
	va_end(ap);
	if (n > (int)sizeof line - 2)
		n = (int)sizeof line - 2;
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}
