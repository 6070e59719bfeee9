/*
 * Which lines are wanted, and their words. The common question, whether
 * anybody wants this level at all, is one relaxed load in the macro; tags
 * with a level of their own are looked at only by lines that pass it.
 */
#include "base/log.h"
#include "base/log_format.h"
#include "base/log_output.h"
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WORDS = 8192, TAGS = 32, PREFIX = 24 };
static const char cut[] = " [cut]";

atomic_int log_limit = LOG_MAJOR;

static const char *const names[] = { "failure", "major", "problem", "low", "all" };
static const char *const formats[] = { "text", "json", "journal" };

/* Guards what follows. Held for a look through a short array; nothing is taken or waited for with it. */
static pthread_mutex_t tags_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	char prefix[PREFIX];
	enum log_level level;
} tags[TAGS];
static int tag_count;
static int limit_without_tag = LOG_MAJOR;
static atomic_bool has_tags;

const char *log_level_name(enum log_level level)
{
	return names[level];
}

static int find_name(const char *const list[], int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcasecmp(list[i], name) == 0)
			return i;
	return -1;
}

bool log_level_named(const char *name, enum log_level *level)
{
	int i = find_name(names, LOG_ALL + 1, name);
	if (i >= 0)
		*level = (enum log_level)i;
	return i >= 0;
}

bool log_format_named(const char *name, enum log_format *format)
{
	int i = find_name(formats, LOG_JOURNAL + 1, name);
	if (i >= 0)
		*format = (enum log_format)i;
	return i >= 0;
}

/* With the lock: the macro lets through what the most talkative tag wants. */
static void widen(void)
{
	int limit = limit_without_tag;
	for (int i = 0; i < tag_count; i++)
		if ((int)tags[i].level > limit)
			limit = (int)tags[i].level;
	has_tags = tag_count > 0;
	log_limit = limit;
}

void log_set_limit(enum log_level level)
{
	pthread_mutex_lock(&tags_lock);
	limit_without_tag = (int)level;
	widen();
	pthread_mutex_unlock(&tags_lock);
}

bool log_set_tag_limit(const char *prefix, enum log_level level)
{
	int i = 0;
	pthread_mutex_lock(&tags_lock);
	while (i < tag_count && strcmp(tags[i].prefix, prefix) != 0)
		i++;
	bool fits = i < TAGS && strlen(prefix) < PREFIX;
	if (fits) {
		snprintf(tags[i].prefix, PREFIX, "%s", prefix);
		tags[i].level = level;
		tag_count = i == tag_count ? i + 1 : tag_count;
		widen();
	}
	pthread_mutex_unlock(&tags_lock);
	return fits;
}

void log_forget_tag_limits(void)
{
	pthread_mutex_lock(&tags_lock);
	tag_count = 0;
	widen();
	pthread_mutex_unlock(&tags_lock);
}

static bool is_wanted(enum log_level level, const char *tag)
{
	size_t best = 0;
	pthread_mutex_lock(&tags_lock);
	int limit = limit_without_tag;
	for (int i = 0; i < tag_count; i++) {
		size_t n = strlen(tags[i].prefix);
		if (n < best || strncasecmp(tag, tags[i].prefix, n) != 0)
			continue;
		best = n;
		limit = (int)tags[i].level;
	}
	pthread_mutex_unlock(&tags_lock);
	return (int)level <= limit;
}

void log_line(enum log_level level, const char *tag, const char *text, ...)
{
	if (has_tags && !is_wanted(level, tag))
		return;
	char words[WORDS];
	va_list ap;
	va_start(ap, text);
	int n = vsnprintf(words, sizeof words, text, ap);
	va_end(ap);
	if (n >= WORDS)
		memcpy(words + WORDS - sizeof cut, cut, sizeof cut);

	struct buf record = { 0 };
	log_format(&record, log_output_format(), level, tag, words, clock_wall());
	log_output(&record, level == LOG_FAILURE);
	buf_clear(&record);
}
