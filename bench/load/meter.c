/*
 * What the server used, from /proc, and how long things took.
 *
 * Latencies are counted in buckets that are two percent wide, so that millions
 * of them cost nothing.
 */
#include "load.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { BUCKETS = 1024 };
static const double width = 1.02;
static uint64_t buckets[BUCKETS], count;
static int64_t longest;

int64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static double cpu_of(long pid)
{
	char path[64], line[1024];
	unsigned long ticks[4] = { 0 };
	snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	FILE *f = fopen(path, "r");
	if (!f)
		die("process %ld of the server is gone", pid);
	const char *rest = fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
	if (!rest || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %lu %lu", &ticks[0], &ticks[1], &ticks[2], &ticks[3]) != 4)
		die("%s reads otherwise than expected", path);
	fclose(f);
	return (double)(ticks[0] + ticks[1] + ticks[2] + ticks[3]) / (double)sysconf(_SC_CLK_TCK);
}

static double pss_of(long pid)
{
	char path[64], line[256];
	long kib = 0;
	snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", pid);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "Pss: %ld kB", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return (double)kib;
}

static double sum_of(double (*figure)(long pid))
{
	double sum = 0;
	for (const char *at = options.pids; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		sum += figure(atol(at));
	return sum;
}

double server_cpu(void)
{
	return sum_of(cpu_of);
}

long server_pss(void)
{
	return (long)sum_of(pss_of);
}

double own_cpu(void)
{
	struct rusage r;
	getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

void latency_add(int64_t us)
{
	int bucket = us < 1 ? 0 : (int)(log((double)us) / log(width));
	buckets[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
	count++;
	if (us > longest)
		longest = us;
}

void latency_reset(void)
{
	memset(buckets, 0, sizeof buckets);
	count = 0;
	longest = 0;
}

double latency_ms(double share)
{
	uint64_t below = 0, wanted = (uint64_t)((double)count * share);
	if (share >= 1)
		return (double)longest / 1000;
	for (int i = 0; i < BUCKETS; i++)
		if ((below += buckets[i]) > wanted)
			return pow(width, i + 1) / 1000;
	return 0;
}
