/*
 * malloc that cannot fail: the process stops where memory ends, with a line
 * that says so. The supervisor starts us again, and nothing acknowledged is
 * lost.
 */
#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *there(void *p)
{
	if (p)
		return p;
	fputs("jackdaw: out of memory\n", stderr);
	abort();
}

void *mem_new(size_t size)
{
	return there(calloc(1, size ? size : 1));
}

void *mem_resize(void *old, size_t size)
{
	return there(realloc(old, size ? size : 1));
}

void *mem_copy(const void *from, size_t size)
{
	void *copy = there(malloc(size ? size : 1));
	if (size)
		memcpy(copy, from, size);
	return copy;
}

char *mem_string(const char *text)
{
	return text ? mem_copy(text, strlen(text) + 1) : NULL;
}

char *mem_printf(const char *format, ...)
{
	char *text = NULL;
	va_list ap;
	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	return there(text);
}

void *mem_pages(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return there(p == MAP_FAILED ? NULL : p);
}

void mem_free(void *p)
{
	free(p);
}
