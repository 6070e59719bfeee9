/* The words, cut to a line's length. */
#include "base/fail.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fail(struct fail *why, const char *format, ...)
{
	if (!why)
		return 0;
	va_list ap;
	va_start(ap, format);
	vsnprintf(why->text, sizeof why->text, format, ap);
	va_end(ap);
	return 0;
}

int fail_errno(struct fail *why, const char *format, ...)
{
	int error = errno;
	if (!why)
		return 0;
	va_list ap;
	va_start(ap, format);
	vsnprintf(why->text, sizeof why->text, format, ap);
	va_end(ap);
	size_t used = strlen(why->text);
	snprintf(why->text + used, sizeof why->text - used, ": %s", strerror(error));
	return 0;
}
