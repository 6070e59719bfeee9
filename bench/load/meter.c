/*
 * What the server used, from /proc, and how long things took.
 *
 * Latencies are counted in buckets that are two percent wide, so that millions
 * of them cost nothing.
 */
#include "load.h"
#include <math.h>
#include <stdio.h>
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

double server_cpu(void)
{
	char path[64], line[1024];
	unsigned long user = 0, system = 0;
	snprintf(path, sizeof path, "/proc/%u/stat", options.pid);
	FILE *f = options.pid ? fopen(path, "r") : NULL;
	if (!f)
		return 0;
	const char *rest = fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
	if (!rest || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
		die("%s reads otherwise than expected", path);
	fclose(f);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

double own_cpu(void)
{
	struct rusage used;
	getrusage(RUSAGE_SELF, &used);
	return seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
}

long server_pss(void)
{
	char path[64], line[256];
	long kib = 0;
	snprintf(path, sizeof path, "/proc/%u/smaps_rollup", options.pid);
	FILE *f = options.pid ? fopen(path, "r") : NULL;
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "Pss: %ld kB", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
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
