/*
 * Which lines are wanted, and their words. The common question, whether
 * anybody wants this level at all, is one relaxed load in the macro; tags
 * with a level of their own, and followers, are looked at only by lines that
 * pass it.
 */
#include "base/log.h"
#include "base/log_format.h"
#include "base/log_output.h"
#include "base/mem.h"
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 8192, WORDS_MOST = 300 * 1024, TAGS = 64, PREFIX = 24, FOLLOWED = 1024 * 1024 };
static const char cut[] = " [cut]";

atomic_int log_limit = LOG_MAJOR;

static const char *const names[] = { "failure", "major", "problem", "low", "all" };
static const char *const formats[] = { "text", "json", "journal" };

/* Guards what follows, and the followers' lines. Held for a look through a short array, or to copy a line; nothing is taken or waited for with it. */
static pthread_mutex_t tags_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	char prefix[PREFIX];
	enum log_level level;
} tags[TAGS];
static int tag_count;
static int limit_without_tag = LOG_MAJOR;
static struct list followers;                /* unused while there are none */
static unsigned follower_count;
static atomic_bool has_filters;              /* of either kind */

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

/* --- who is meant --- */

/* "XMPPS-17" names one stream, by its number. */
static const char *number_in(const char *tag)
{
	size_t n = strncasecmp(tag, "XMPP", 4) == 0 && tag[4] && tag[5] == '-' ? strspn(tag + 6, "0123456789") : 0;
	return n && !tag[6 + n] ? tag + 6 : NULL;
}

static bool tag_is(const char *tag, const char *prefix, bool in_any_state)
{
	const char *number = number_in(prefix), *other = number_in(tag);
	if (!number)
		return strncasecmp(tag, prefix, strlen(prefix)) == 0;
	return other && strtoull(number, NULL, 10) == strtoull(other, NULL, 10) && (in_any_state || strncasecmp(tag, prefix, 5) == 0);
}

static bool begins(const char *text, const char *with, char next)
{
	size_t n = strlen(with);
	return strncmp(text, with, n) == 0 && (!text[n] || text[n] == next);
}

/* A domain is that of an account, or the whole of the JID. */
static bool jid_is(const char *jid, const char *wanted)
{
	const char *at = strchr(jid, '@');
	return begins(jid, wanted, '/') || (at && !strchr(wanted, '@') && begins(at + 1, wanted, '/'));
}

static bool address_is(const char *peer, const char *address)
{
	const char *end = *peer == '[' ? strchr(peer, ']') : strrchr(peer, ':');
	size_t size = end ? (size_t)(end - peer) - (*peer == '[') : strlen(peer);
	return strlen(address) == size && strncasecmp(peer + (*peer == '['), address, size) == 0;
}

static bool follows(const struct log_follower *f, enum log_level level, const struct log_who *who)
{
	return level <= f->level && (!f->tag || tag_is(who->tag, f->tag, true)) && (!f->jid || (who->jid && jid_is(who->jid, f->jid)))
	    && (!f->address || (*who->peer && address_is(who->peer, f->address)));
}

/* With the lock: the macro lets through what the most talkative wants. */
static void widen(void)
{
	int limit = limit_without_tag;
	for (int i = 0; i < tag_count; i++)
		if ((int)tags[i].level > limit)
			limit = (int)tags[i].level;
	if (follower_count)
		LIST_EACH(&followers, struct log_follower, link, f)
			limit = (int)f->level > limit ? (int)f->level : limit;
	has_filters = tag_count > 0 || follower_count > 0;
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

/* --- who wants a line --- */

struct wish { bool log, text, json; };       /* the log itself; followers, in one format or the other */

/* With the lock. */
static bool log_takes(enum log_level level, const char *tag)
{
	size_t best = 0;
	int limit = limit_without_tag;
	for (int i = 0; i < tag_count; i++) {
		size_t n = strlen(tags[i].prefix);
		if (n < best || !tag_is(tag, tags[i].prefix, false))
			continue;
		best = n;
		limit = (int)tags[i].level;
	}
	return (int)level <= limit;
}

static struct wish wish_of(enum log_level level, const struct log_who *who)
{
	if (!has_filters)
		return (struct wish){ .log = true };
	pthread_mutex_lock(&tags_lock);
	struct wish w = { .log = log_takes(level, who->tag) };
	if (follower_count)
		LIST_EACH(&followers, struct log_follower, link, f)
			if (follows(f, level, who))
				*(f->format == LOG_JSON ? &w.json : &w.text) = true;
	pthread_mutex_unlock(&tags_lock);
	return w;
}

bool log_wants(enum log_level level, const struct log_who *who)
{
	struct wish w = wish_of(level, who);
	return w.log || w.text || w.json;
}

/* --- followers --- */

void log_follow(struct log_follower *f)
{
	pthread_mutex_lock(&tags_lock);
	if (!follower_count++)
		list_init(&followers);
	list_append(&followers, &f->link);
	widen();
	pthread_mutex_unlock(&tags_lock);
}

void log_follow_fetch(struct log_follower *f, struct buf *lines, uint64_t *dropped)
{
	pthread_mutex_lock(&tags_lock);
	*lines = f->lines;
	*dropped = f->dropped;
	f->lines = (struct buf){ 0 };
	f->dropped = 0;
	pthread_mutex_unlock(&tags_lock);
}

void log_unfollow(struct log_follower *f)
{
	pthread_mutex_lock(&tags_lock);
	list_remove(&f->link);
	follower_count--;
	widen();
	pthread_mutex_unlock(&tags_lock);
	buf_clear(&f->lines);
}

static void tell(enum log_level level, const struct log_who *who, enum log_format format, const char *words)
{
	struct buf record = { 0 };
	log_format(&record, format, level, who, words, clock_wall());
	pthread_mutex_lock(&tags_lock);
	if (follower_count)
		LIST_EACH(&followers, struct log_follower, link, f) {
			bool is_mine = (f->format == LOG_JSON) == (format == LOG_JSON) && follows(f, level, who);
			if (is_mine && buf_length(&f->lines) > FOLLOWED)
				f->dropped++;
			else if (is_mine)
				buf_add(&f->lines, buf_start(&record), buf_length(&record));
		}
	pthread_mutex_unlock(&tags_lock);
	buf_clear(&record);
}

/* --- lines --- */

static void put(enum log_level level, const struct log_who *who, struct wish w, const char *words)
{
	struct buf record = { 0 };
	if (w.text)
		tell(level, who, LOG_TEXT, words);
	if (w.json)
		tell(level, who, LOG_JSON, words);
	if (!w.log)
		return;
	log_format(&record, log_output_format(), level, who, words, clock_wall());
	log_output(&record, level == LOG_FAILURE);
	buf_clear(&record);
}

static void line(enum log_level level, const struct log_who *who, const char *text, va_list list)
{
	struct wish w = wish_of(level, who);
	char usual[WORDS], *words = usual;
	va_list again;
	if (!w.log && !w.text && !w.json)
		return;
	va_copy(again, list);
	int n = vsnprintf(usual, sizeof usual, text, list);
	if (n >= WORDS) {                    /* a large stanza */
		size_t size = n < WORDS_MOST ? (size_t)n + 1 : WORDS_MOST;
		words = mem_new(size);
		if (vsnprintf(words, size, text, again) >= (int)size)
			memcpy(words + size - sizeof cut, cut, sizeof cut);
	}
	va_end(again);
	put(level, who, w, words);
	if (words != usual)
		mem_free(words);
}

void log_line_of(enum log_level level, const struct log_who *who, const char *text, ...)
{
	va_list list;
	va_start(list, text);
	line(level, who, text, list);
	va_end(list);
}

void log_line(enum log_level level, const char *tag, const char *text, ...)
{
	struct log_who who = { .jid = NULL };
	snprintf(who.tag, sizeof who.tag, "%s", tag);
	va_list list;
	va_start(list, text);
	line(level, &who, text, list);
	va_end(list);
}
