/*
 * A file is read into its tree, one setting is put or taken, and the tree is
 * printed again. Comments in it do not survive: it is the server's own file.
 */
#include "core/config_write.h"
#include "base/buf.h"
#include "core/config_parse.h"
#include "core/config_print.h"
#include "core/config_value.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct change {
	struct arena *arena;
	const char *file;
	struct config_node *tree;
	struct fail *why;
};

static void add(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

/* --- Files --- */

static bool write_synced(int fd, const struct buf *b)
{
	const char *p = buf_start(b);
	size_t left = buf_length(b);
	while (left) {
		ssize_t n = write(fd, p, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		left -= (size_t)n;
	}
	return fsync(fd) == 0;
}

/* A rename is kept only when its folder is synced too. */
static bool sync_folder(const char *file)
{
	char folder[4096];
	snprintf(folder, sizeof folder, "%s", file);
	char *slash = strrchr(folder, '/');
	snprintf(slash ? slash : folder, slash ? 1 : sizeof folder, "%s", slash ? "" : ".");
	int fd = open(*folder ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool replace_file(struct change *c, const struct buf *b)
{
	const char *temporary = arena_printf(c->arena, "%s.new", c->file);
	unlink(temporary);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return fail_errno(c->why, "cannot write %s", temporary);
	bool ok = write_synced(fd, b);
	if (close(fd) != 0)
		ok = false;
	if (!ok || rename(temporary, c->file) != 0) {
		fail_errno(c->why, "cannot write %s", c->file);
		unlink(temporary);
		return false;
	}
	return sync_folder(c->file) || fail_errno(c->why, "cannot sync the folder of %s", c->file);
}

static bool save(struct change *c)
{
	struct buf b = { 0 };
	add(&b, "# Written by jackdaw. Changes here are kept, comments are not.\n");
	config_print(&b, c->tree);
	bool ok = replace_file(c, &b);
	buf_clear(&b);
	return ok;
}

static bool read_tree(struct change *c)
{
	struct config_report report;
	if (access(c->file, F_OK) != 0)
		return true;
	config_report_init(&report);
	c->tree = config_parse_file(c->arena, c->file, &report);
	bool ok = report.error_count == 0;
	if (!ok)
		fail(c->why, "%s", config_note_text(c->arena, &report.errors[0]));
	config_report_clear(&report);
	return ok;
}

static const struct config_scope *domain_of(const struct config_scope *s)
{
	while (s && s->kind != CONFIG_DOMAIN)
		s = config_outer(s);
	return s;
}

static bool is_file_name(const char *name)
{
	for (const char *p = name; *p; p++)
		if (*p == '/' || (unsigned char)*p <= ' ' || *p == 0x7f)
			return false;
	return *name && *name != '.' && strlen(name) < 250;
}

static bool begin(struct change *c, const struct config *config, const char *domain, struct fail *why)
{
	*c = (struct change){ .arena = arena_new(), .why = why };
	const char *data = config_data_dir(config);
	if (!domain) {
		c->file = arena_printf(c->arena, "%s/changes.conf", data);
		return read_tree(c);
	}
	if (!is_file_name(domain))
		return fail(why, "\"%s\" is not a domain's name", domain);
	const char *folder = arena_printf(c->arena, "%s/domains.d", data);
	if (mkdir(folder, 0750) != 0 && errno != EEXIST)
		return fail_errno(why, "cannot make %s", folder);
	c->file = arena_printf(c->arena, "%s/%s.conf", folder, domain);
	return read_tree(c);
}

/* --- The tree --- */

static struct config_node *node_new(struct change *c, const char *key, enum config_shape shape)
{
	struct config_node *n = ARENA_NEW(c->arena, struct config_node);
	n->key = arena_string(c->arena, key);
	n->shape = shape;
	n->place = (struct config_place){ c->file, 1, 1 };
	return n;
}

static void append(struct config_node **list, struct config_node *n)
{
	while (*list)
		list = &(*list)->next;
	*list = n;
}

static const char *title_of(struct change *c, const struct config_scope *s)
{
	if (!*s->name)
		return NULL;
	return s->protocol ? arena_printf(c->arena, "#%s#%s", s->protocol, s->name) : arena_string(c->arena, s->name);
}

/* The list of settings inside a scope's section, which is made when it isn't there. */
static struct config_node **inside(struct change *c, const struct config_scope *s)
{
	if (s->kind == CONFIG_GLOBAL)
		return &c->tree;
	struct config_node **list = inside(c, config_outer(s));
	const char *keyword = config_kind_keyword(s->kind), *title = title_of(c, s);
	for (struct config_node *n = *list; n; n = n->next)
		if (n->shape == CONFIG_SECTION && config_name_is(n->key, keyword) && strcasecmp(n->title ? n->title : "", title ? title : "") == 0)
			return &n->children;
	struct config_node *n = node_new(c, keyword, CONFIG_SECTION);
	n->title = title;
	append(list, n);
	return &n->children;
}

/* Where the link to a setting is; it may stand in sections, as a person would write it. */
static struct config_node **find(struct change *c, struct config_node **list, const char *prefix, const char *path)
{
	for (; *list; list = &(*list)->next) {
		struct config_node *n = *list;
		const char *own = arena_printf(c->arena, "%s%s%s", prefix, *prefix ? "." : "", config_table_alias(n->key));
		if (config_name_is(own, path))
			return list;
		if (n->shape != CONFIG_SECTION || n->title)
			continue;
		struct config_node **found = find(c, &n->children, own, path);
		if (found)
			return found;
	}
	return NULL;
}

/* The server's own files are elsewhere than the main one: what is relative there would be another file here. */
static bool is_absolute(const struct config_entry *e, const struct config_value *v)
{
	if (e->setting.type == OPTION_PATHS)
		for (const char *const *path = v->list; *path; path++)
			if (**path != '/')
				return false;
	return e->setting.type != OPTION_PATH || *v->text == '/' || e->setting.words;
}

static struct config_node *read_value(struct change *c, const struct config_entry *e, const char *value)
{
	bool is_list = e->setting.type == OPTION_LIST || e->setting.type == OPTION_ADDRESSES || e->setting.type == OPTION_MAP
		|| (e->setting.type == OPTION_PATHS && *value == '[');
	struct config_report report;
	struct config_value v;
	config_report_init(&report);
	const char *text = arena_printf(c->arena, "%s = %s", e->path, is_list ? value : config_quote(c->arena, value));
	struct config_node *n = config_parse(c->arena, "value", text, strlen(text), &report);
	bool ok = report.error_count == 0 && n && !n->next && config_value_read(c->arena, e, n, &v, &report);
	if (!ok)
		fail(c->why, "%s", report.error_count ? report.errors[0].text : "one value is expected");
	else if (!is_absolute(e, &v))
		ok = fail(c->why, "%s needs an absolute path", e->path);
	config_report_clear(&report);
	return ok ? n : NULL;
}

static bool change(struct change *c, const struct config_scope *s, const struct config_entry *e, const char *value)
{
	struct config_node *n = value ? read_value(c, e, value) : NULL;
	if (value && !n)
		return false;
	struct config_node **list = inside(c, s), **old = find(c, list, "", e->path);
	if (old)
		*old = (*old)->next;
	if (n)
		append(list, n);
	return save(c);
}

static bool change_file(const struct config *config, const struct config_scope *s, const char *path, const char *value, struct fail *why)
{
	struct change c;
	const struct config_entry *e = config_table_find(path, s->kind);
	const struct config_scope *domain = domain_of(s);
	if (!e)
		return fail(why, "no setting \"%s\" in %s", path, config_kind_keyword(s->kind));
	if (strcmp(e->path, "data_dir") == 0)
		return fail(why, "data_dir belongs in the main file");
	bool ok = begin(&c, config, domain ? domain->name : NULL, why) && change(&c, s, e, value);
	arena_free(c.arena);
	return ok;
}

bool config_change_set(const struct config *config, const struct config_scope *s, const char *path, const char *value, struct fail *why)
{
	return change_file(config, s, path, value, why);
}

bool config_change_unset(const struct config *config, const struct config_scope *s, const char *path, struct fail *why)
{
	return change_file(config, s, path, NULL, why);
}

static const char *lower(struct arena *a, const char *name)
{
	char *copy = arena_string(a, name);
	for (char *p = copy; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return copy;
}

static bool add_domain(struct change *c, const char *name)
{
	struct config_node *n = node_new(c, "domain", CONFIG_SECTION);
	n->title = lower(c->arena, name);
	append(&c->tree, n);
	return save(c);
}

bool config_domain_add(const struct config *config, const char *name, struct fail *why)
{
	struct change c;
	struct arena *a = arena_new();
	const char *plain = lower(a, name);
	bool ok = false;
	if (strpbrk(name, "@#\"\\'") || !is_file_name(name) || strlen(name) > 253)
		fail(why, "\"%s\" is not a domain's name", name);
	else if (config_domain(config, plain, NULL))
		fail(why, "the domain %s is there already", plain);
	else {
		ok = begin(&c, config, plain, why) && add_domain(&c, plain);
		arena_free(c.arena);
	}
	arena_free(a);
	return ok;
}

bool config_domain_remove(const struct config *config, const char *name, struct fail *why)
{
	struct arena *a = arena_new();
	const struct config_scope *s = config_domain(config, lower(a, name), NULL);
	const char *file = arena_printf(a, "%s/domains.d/%s.conf", config_data_dir(config), lower(a, name));
	bool ok = false;
	if (!s)
		fail(why, "there is no domain %s", name);
	else if (strcmp(s->place.file, file) != 0)
		fail(why, "the domain %s is declared at %s:%d", name, s->place.file, s->place.line);
	else if (unlink(file) != 0 || !sync_folder(file))
		fail_errno(why, "cannot remove %s", file);
	else
		ok = true;
	arena_free(a);
	return ok;
}
