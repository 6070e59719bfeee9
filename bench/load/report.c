/* The figures as one JSON object, printed when all is done: who dies half-way has printed nothing. */
#include "load.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static char text[16384];
static size_t length;
static bool is_first = true;

static void __attribute__((format(printf, 1, 2))) add(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	length += (size_t)vsnprintf(text + length, sizeof text - length, format, args);
	va_end(args);
	if (length >= sizeof text)
		abort();
}

static void name_it(const char *name)
{
	add("%s\"%s\": ", is_first ? "" : ", ", name);
	is_first = false;
}

void report_count(const char *name, uint64_t n)
{
	name_it(name);
	add("%llu", (unsigned long long)n);
}

void report_figure(const char *name, double figure, int digits_behind)
{
	name_it(name);
	add("%.*f", digits_behind, figure);
}

void report_truth(const char *name, bool is_true)
{
	name_it(name);
	add("%s", is_true ? "true" : "false");
}

void report_open(const char *name)
{
	name_it(name);
	add("{");
	is_first = true;
}

void report_close(void)
{
	add("}");
	is_first = false;
}

void report_rate(const char *what, uint64_t count, double seconds, double cpu)
{
	report_count(what, count);
	report_figure("seconds", seconds, 2);
	report_figure("per_second", (double)count / seconds, 0);
	report_figure("cpu", cpu, 2);
	report_figure("cpu_per_100k", count ? cpu * 1e5 / (double)count : 0, 4);
}

void report_latency(void)
{
	report_figure("p50_ms", latency_ms(0.5), 3);
	report_figure("p95_ms", latency_ms(0.95), 3);
	report_figure("p99_ms", latency_ms(0.99), 3);
	report_figure("max_ms", latency_ms(1), 3);
}

void report_print(void)
{
	printf("{%s}\n", text);
}
