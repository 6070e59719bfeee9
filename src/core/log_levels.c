/*
 * A module's level is that of the tag that is its name in capitals; other
 * servers' words for levels mean the nearest of ours.
 */
#include "core/log_levels.h"
#include "base/log.h"
#include "core/module.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { NAME = 64 };

static enum log_level level_of(const char *word)
{
	static const struct { const char *word; enum log_level level; } others[] = {
		{ "emerg", LOG_FAILURE }, { "alert", LOG_FAILURE }, { "crit", LOG_FAILURE }, { "error", LOG_MAJOR }, { "warning", LOG_PROBLEM },
		{ "notice", LOG_LOW }, { "info", LOG_LOW }, { "debug", LOG_ALL },
	};
	enum log_level level = LOG_MAJOR;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (strcasecmp(others[i].word, word) == 0)
			return others[i].level;
	log_level_named(word, &level);
	return level;
}

static void set(const char *tag, const char *word)
{
	if (!log_set_tag_limit(tag, level_of(word)))
		log_problem("CONFIG", "too many tags have a level of their own: %s has none", tag);
}

static void take_module(const struct config *c, const struct module *m)
{
	char path[NAME + 16], tag[NAME];
	size_t i = 0;
	snprintf(path, sizeof path, "%s.debug_level", m->name);
	const char *word = config_value(config_global(c), path)->text;
	for (; m->name[i] && i + 1 < sizeof tag; i++)
		tag[i] = (char)toupper((unsigned char)m->name[i]);
	tag[i] = '\0';
	if (word)
		set(tag, word);
}

/* "XMPPS=low" */
static void take_tag(const char *pair)
{
	char tag[NAME];
	const char *sign = strrchr(pair, '=');
	if (!sign)
		return;
	snprintf(tag, sizeof tag, "%.*s", (int)(sign - pair), pair);
	set(tag, sign + 1);
}

void log_levels_take(const struct config *c)
{
	log_set_limit((enum log_level)config_enum(config_global(c), "log.level"));
	log_forget_tag_limits();
	for (unsigned i = 0; modules[i]; i++)
		take_module(c, modules[i]);
	for (const char *const *pair = config_list(config_global(c), "log.tags"); *pair; pair++)
		take_tag(*pair);
}
