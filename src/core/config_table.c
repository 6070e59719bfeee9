/*
 * Declarations live until the process ends. A path may be declared for
 * several kinds of scope with different meanings (`tls` of a listener and of
 * a domain); such entries hang on one another.
 */
#include "core/config_table.h"
#include "base/check.h"
#include "base/mem.h"
#include "core/config_settings.h"
#include "core/config_value.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { NAME = 128 };

static struct hash by_name;
static struct config_entry *first, **last = &first;
static struct arena *arena;                  /* of the defaults */
static bool is_filled;

static const struct {
	const char *keyword;
	unsigned inside;
} kinds[] = {
	[CONFIG_GLOBAL]        = { "global", 0 },
	[CONFIG_LISTENER]      = { "xmpp_listener", IN_GLOBAL },
	[CONFIG_LISTEN]        = { "listen", IN_LISTENER },
	[CONFIG_PEER]          = { "peer", IN_LISTENER | IN_LISTEN },
	[CONFIG_DOMAIN]        = { "domain", IN_GLOBAL | IN_BINDINGS },
	[CONFIG_PATHWAY_GROUP] = { "pathway_group", IN_GLOBAL },
	[CONFIG_PATHWAY]       = { "pathway", IN_GLOBAL | IN_PATHWAYS },
	[CONFIG_BINDING_GROUP] = { "binding_group", IN_GLOBAL },
	[CONFIG_BINDING]       = { "binding", IN_GLOBAL | IN_BINDINGS },
	[CONFIG_THREADPOOL]    = { "threadpool", IN_GLOBAL },
	[CONFIG_COMPONENT]     = { "component", IN_GLOBAL },
};

static const struct {
	const char *name, *path;
} aliases[] = {
	{ "authplainparameters", "auth.plain" }, { "authdigestmd5parameters", "auth.digest_md5" },
	{ "receptionformat", "log_reception_format" }, { "deliveryformat", "log_delivery_format" },
};

static char *plain(char *to, size_t size, const char *name)
{
	size_t n = 0;
	for (; *name && n + 1 < size; name++)
		if (*name != '_' && *name != '-')
			to[n++] = (char)tolower((unsigned char)*name);
	to[n] = '\0';
	return to;
}

char *config_name_plain(struct arena *a, const char *name)
{
	size_t size = strlen(name) + 1;
	return plain(arena_bytes(a, size), size, name);
}

bool config_name_is(const char *name, const char *known)
{
	char a[NAME], b[NAME];
	return strcmp(plain(a, sizeof a, name), plain(b, sizeof b, known)) == 0;
}

const char *config_kind_keyword(enum config_kind kind)
{
	return kinds[kind].keyword;
}

const char *config_kinds_text(struct arena *a, unsigned mask)
{
	const char *text = "";
	for (int i = 0; i < CONFIG_KINDS; i++)
		if (mask & 1u << i)
			text = arena_printf(a, "%s%s%s", text, *text ? ", " : "", kinds[i].keyword);
	return text;
}

bool config_kind_is_later(enum config_kind kind)
{
	return kind >= CONFIG_PATHWAY_GROUP && kind <= CONFIG_BINDING;
}

enum option_reload config_kind_reload(enum config_kind kind)
{
	return kind == CONFIG_THREADPOOL ? RELOAD_RESTART : kind == CONFIG_PEER ? RELOAD_NEW : RELOAD_LIVE;
}

bool config_kind_named(const char *keyword, enum config_kind *kind)
{
	for (int i = CONFIG_LISTENER; i < CONFIG_KINDS; i++) {
		*kind = (enum config_kind)i;
		if (config_name_is(keyword, kinds[i].keyword))
			return true;
	}
	return false;
}

bool config_kind_may_hold(enum config_kind outer, enum config_kind inner)
{
	return (kinds[inner].inside & 1u << outer) != 0 && outer != inner;
}

const char *option_type_name(enum option_type type)
{
	static const char *const names[] = { "yes or no", "number", "size", "duration", "mode", "text", "secret", "path", "URI", "word", "list", "URIs", "paths", "map" };
	return names[type];
}

const char *option_reload_name(enum option_reload reload)
{
	static const char *const names[] = { [RELOAD_LIVE] = "live", [RELOAD_NEW] = "new connections", [RELOAD_RESTART] = "restart" };
	return names[reload];
}

const char *config_table_alias(const char *name)
{
	for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
		if (config_name_is(name, aliases[i].name))
			return aliases[i].path;
	return name;
}

static void read_preset(struct config_entry *e)
{
	struct config_report report;
	config_report_init(&report);
	char *text = mem_printf("x = %s", e->setting.preset);
	struct config_node *node = config_parse(arena, "default", text, strlen(text), &report);
	if (!node || !config_value_read(arena, e, node, &e->preset, &report) || report.error_count)
		BUG(mem_printf("the default of %s is wrong: %s", e->path, report.errors[0].text));
	e->preset.place = (struct config_place){ "default", 0, 0 };
	mem_free(text);
	config_report_clear(&report);
}

/* What is declared with code takes the place of what was only accepted. */
static bool takes_place(struct config_entry *head, const struct config_entry *e)
{
	for (; head; head = head->same) {
		if (!(head->setting.scopes & e->setting.scopes))
			continue;
		if (!head->setting.later)
			BUG(mem_printf("%s is declared twice", e->path));
		head->setting = e->setting;
		head->preset = e->preset;
		head->preset.entry = head;
		return true;
	}
	return false;
}

static struct config_entry *find(const char *path)
{
	char name[NAME];
	struct hash_node *node = hash_find(&by_name, plain(name, sizeof name, path));
	return node ? CONTAINER(node, struct config_entry, node) : NULL;
}

static void declare(const char *section, const struct setting *s)
{
	struct config_entry *e = NEW(struct config_entry), *head;
	e->setting = *s;
	if (!s->scopes)
		e->setting.scopes = IN_GLOBAL | IN_DOMAIN;
	e->path = *section ? arena_printf(arena, "%s.%s", section, s->name) : arena_string(arena, s->name);
	e->preset = (struct config_value){ .entry = e, .place = { "default", 0, 0 } };
	if (s->preset)
		read_preset(e);
	head = find(e->path);
	if (takes_place(head, e)) {
		mem_free(e);
		return;
	}
	*last = e;
	last = &e->next;
	while (head && head->same)
		head = head->same;
	if (head)
		head->same = e;
	else
		hash_put(&by_name, &e->node, config_name_plain(arena, e->path));
}

static void declare_all(const char *section, const struct setting *s, size_t count)
{
	for (size_t i = 0; i < count; i++)
		declare(section, &s[i]);
}

static void declare_module(const char *section, const struct setting *s, size_t count, bool later)
{
	static const struct setting common[] = {
		{ "enabled", OPTION_BOOL, "yes", "No: the module does nothing", IN_GLOBAL | IN_DOMAIN },
		{ "debug_level", OPTION_ENUM, NULL, "A log level of its own", IN_GLOBAL,
		  .words = "failure major problem low all emerg alert crit error warning notice info debug" },
	};
	for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
		bool own = false;
		for (size_t k = 0; k < count; k++)
			own = own || strcmp(s[k].name, common[i].name) == 0;
		struct setting one = common[i];
		one.later = later;
		if (!own)
			declare(section, &one);
	}
	declare_all(section, s, count);
}

static void fill(void)
{
	if (is_filled)
		return;
	is_filled = true;
	arena = arena_new();
	for (size_t i = 0; i < config_settings_count; i++) {
		const struct settings_section *s = &config_settings[i];
		if (s->is_module)
			declare_module(s->section, s->settings, s->count, true);
		else
			declare_all(s->section, s->settings, s->count);
	}
}

void config_table_add(const char *section, const struct setting *s, size_t count)
{
	fill();
	declare_all(section, s, count);
}

void config_table_add_module(const char *section, const struct setting *s, size_t count)
{
	fill();
	declare_module(section, s, count, false);
}

const struct config_entry *config_table_first(void)
{
	fill();
	return first;
}

const struct config_entry *config_table_find_any(const char *path)
{
	fill();
	return find(path);
}

const struct config_entry *config_table_find(const char *path, enum config_kind kind)
{
	const struct config_entry *e = config_table_find_any(path);
	while (e && !(e->setting.scopes & 1u << kind))
		e = e->same;
	return e;
}

bool config_table_has_section(const char *path, enum config_kind kind)
{
	char asked[NAME], have[NAME];
	size_t n = strlen(plain(asked, sizeof asked, path));
	for (const struct config_entry *e = config_table_first(); e; e = e->next)
		if ((e->setting.scopes & 1u << kind) && strncmp(plain(have, sizeof have, e->path), asked, n) == 0 && have[n] == '.')
			return true;
	return false;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	a = a < b ? a : b;
	return a < c ? a : c;
}

/* Edits (put, take, change, swap neighbours) between two names: three rows of the table are enough. */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][NAME + 1], m = (unsigned)strlen(b);
	for (unsigned j = 0; j <= m; j++)
		rows[0][j] = j;
	for (unsigned i = 1; a[i - 1]; i++) {
		unsigned *row = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];
		row[0] = i;
		for (unsigned j = 1; j <= m; j++) {
			row[j] = min3(up[j] + 1, row[j - 1] + 1, up[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && up2[j - 2] + 1 < row[j])
				row[j] = up2[j - 2] + 1;
		}
	}
	return rows[strlen(a) % 3][m];
}

struct search {
	char asked[NAME];
	unsigned best;
	const char *found;
};

static void consider(struct search *s, const char *name)
{
	char candidate[NAME] = "";
	size_t have = strlen(plain(candidate, sizeof candidate, name)), asked = strlen(s->asked);
	if ((have > asked ? have - asked : asked - have) >= s->best)
		return;                              /* so many edits it takes at least */
	unsigned d = distance(s->asked, candidate);
	if (d < s->best) {
		s->best = d;
		s->found = name;
	}
}

/* The part of an entry's path that could stand where `path` has its last part; NULL: it is elsewhere. */
static const char *part_beside(const struct config_entry *e, const char *section, size_t length, char *part)
{
	char have[NAME];
	if (length && strncmp(plain(have, sizeof have, e->path), section, length) != 0)
		return NULL;
	const char *p = e->path;
	for (size_t i = 0; i < length; p++)
		i += *p != '_' && *p != '-';
	snprintf(part, NAME, "%.*s", (int)strcspn(p, "."), p);
	return part;
}

const char *config_table_nearest(const char *path, enum config_kind kind)
{
	static _Thread_local char answer[NAME];
	char section[NAME], part[NAME];
	plain(section, sizeof section, path);
	char *dot = strrchr(section, '.');
	struct search s = { .found = NULL };
	snprintf(s.asked, sizeof s.asked, "%s", dot ? dot + 1 : section);
	s.best = (unsigned)strlen(s.asked) / 3 + 2;
	size_t length = dot ? (size_t)(dot + 1 - section) : 0;
	for (const struct config_entry *e = config_table_first(); e; e = e->next) {
		unsigned best = s.best;
		if ((e->setting.scopes & 1u << kind) && part_beside(e, section, length, part))
			consider(&s, part);
		if (s.best < best)
			snprintf(answer, sizeof answer, "%s", part);
	}
	for (int i = CONFIG_LISTENER; i < CONFIG_KINDS && !length; i++) {
		unsigned best = s.best;
		if (config_kind_may_hold(kind, (enum config_kind)i))
			consider(&s, kinds[i].keyword);
		if (s.best < best)
			snprintf(answer, sizeof answer, "%s", kinds[i].keyword);
	}
	return s.found ? answer : NULL;
}
