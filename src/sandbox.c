/*
 * Which folders: every setting that is a path names one, in whatever scope it
 * stands. Most are only read; the table below has the others. Of a file the
 * folder is admitted, because files are replaced by renaming; and where a link
 * leads, the folder there too, as certificates are often links.
 */
#include "sandbox.h"
#include "base/log.h"
#include "base/mem.h"
#include "privileges.h"
#include "sandbox_inside.h"
#include <execinfo.h>
#include <libgen.h>
#include <limits.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

enum { ON, REQUIRED, OFF };                  /* the setting's words */

struct gathering {
	struct arena  *arena;
	struct folder *first;
	bool           only_live;            /* leave out what counts after a restart only */
};

static struct arena *kept;                   /* of `admitted` */
static const struct folder *admitted;        /* NULL: no sandbox. Set before there is a second thread */

/* --- gathering --- */

/* Where it leads to. What isn't there can't be admitted, nor read: who reads it will say so. */
static void add(struct gathering *g, const char *path, unsigned rights)
{
	char real[PATH_MAX];
	if (!realpath(path, real))
		return;
	struct folder *f = ARENA_NEW(g->arena, struct folder);
	*f = (struct folder){ arena_string(g->arena, real), rights, g->first };
	g->first = f;
}

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static const char *folder_of(struct arena *a, const char *path)
{
	return is_folder(path) ? path : dirname(arena_string(a, path));
}

/* The folder of this path, and that of what it leads to. */
static void add_path(struct gathering *g, const char *path, unsigned rights)
{
	char real[PATH_MAX];
	add(g, folder_of(g->arena, path), rights);
	if (realpath(path, real))
		add(g, folder_of(g->arena, real), rights);
}

static unsigned rights_of(const struct config_entry *e)
{
	static const struct { const char *path; unsigned rights; } other[] = {
		{ "data_dir", MAY_WRITE }, { "control_socket", MAY_LISTEN }, { "log.output", MAY_APPEND }, { "xmpp_logger.logfile", MAY_ROTATE },
	};
	for (size_t i = 0; i < sizeof other / sizeof *other; i++)
		if (strcmp(other[i].path, e->path) == 0)
			return other[i].rights;
	return MAY_READ;
}

static bool is_word(const struct config_value *v)
{
	const char *words = v->entry->setting.words, *at = words ? strstr(words, v->text) : NULL;
	const char *end = at ? at + strlen(v->text) : NULL;
	return at && (at == words || at[-1] == ' ') && (!*end || *end == ' ');
}

static void add_value(struct gathering *g, const struct config_value *v)
{
	const struct setting *s = &v->entry->setting;
	if (!v->text || (g->only_live && s->reload == RELOAD_RESTART))
		return;
	if (s->type == OPTION_PATH && !is_word(v))
		add_path(g, v->text, rights_of(v->entry));
	else if (s->type == OPTION_PATHS)
		for (const char *const *path = v->list; *path; path++)
			add_path(g, *path, rights_of(v->entry));
	else if (s->type == OPTION_URI && strncasecmp(v->text, "file:/", 6) == 0)
		add_path(g, v->text + 5, MAY_READ);
	else if (s->type == OPTION_URI && strncasecmp(v->text, "sqlite:/", 8) == 0)
		add_path(g, v->text + 7, MAY_WRITE);     /* who reads writes into the shared memory beside it */
}

static void add_scope(struct gathering *g, const struct config_scope *s)
{
	if (s->place.line)
		add_path(g, s->place.file, MAY_READ);
	if (s->kind == CONFIG_LISTEN && strncmp(s->name, "unix:", 5) == 0 && !g->only_live)
		add_path(g, s->name + 5, MAY_LISTEN);
	for (const struct config_value *v = s->values; v; v = v->next)
		add_value(g, v);
	for (const struct config_scope *child = s->children; child; child = child->next)
		add_scope(g, child);
}

/* "conf.d/ *.conf" (without the blank): where the first name that is a pattern stands. */
static void add_include(struct gathering *g, const char *pattern)
{
	char *copy = arena_string(g->arena, pattern);
	size_t n = strcspn(copy, "*?[");
	copy[n] = '\0';
	add_path(g, n && copy[n - 1] == '/' ? copy : dirname(copy), MAY_READ);
}

static struct folder *folders_of(struct arena *a, const struct config *config, bool only_live)
{
	struct gathering g = { .arena = a, .only_live = only_live };
	add_path(&g, config_file(config), MAY_READ);
	for (const struct config_include *i = config_includes(config); i; i = i->next)
		add_include(&g, i->pattern);
	for (const struct config_entry *e = config_table_first(); e; e = e->next)
		if (!config_set_here(config_global(config), e))
			add_value(&g, &e->preset);
	add_scope(&g, config_global(config));
	return g.first;
}

/* A sanitizer would find its own ways barred; so it has them, unless a test is about just that. */
static bool is_strict(void)
{
#ifdef SANITIZED
	return getenv("JACKDAW_TRY") != NULL;
#else
	return true;
#endif
}

/* What libraries read when they need it: time zones, names of machines, authorities, randomness, what we are made of. */
static void add_libraries(struct gathering *g)
{
	static const char *const read_only[] = {
		"/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo", "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/gai.conf",
		"/etc/nsswitch.conf", "/etc/services", "/etc/krb5.conf", "/etc/krb5.conf.d", "/etc/ssl", "/usr/lib/ssl",
		"/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
		"/run/systemd/resolve", "/proc/self", "/proc/meminfo", "/proc/sys/vm/overcommit_memory", "/sys/devices/system/cpu", "/dev/urandom", "/dev/random",
	};
	for (size_t i = 0; i < sizeof read_only / sizeof *read_only; i++)
		add(g, read_only[i], MAY_READ);
	add(g, "/dev/null", MAY_WRITE);
	if (getenv("KRB5_CONFIG"))                   /* Kerberos reads it again with each context */
		add_path(g, getenv("KRB5_CONFIG"), MAY_READ);
	if (!is_strict()) {                          /* llvm-symbolizer and its libraries: a report wants names */
		add(g, "/usr", MAY_RUN);
		add(g, "/lib", MAY_RUN);
		add(g, "/proc", MAY_READ);
		add_path(g, "/proc/self/exe", MAY_READ);
	}
#ifdef TEST_HOOKS
	if (getenv("JACKDAW_DISK"))                  /* the orders of tests/lib/powercut_vfs.h */
		add(g, dirname(arena_string(g->arena, getenv("JACKDAW_DISK"))), MAY_READ);
#endif
}

/* --- entering --- */

/* What would be looked for later, when it can't be opened any more. */
static void load_what_comes_late(void)
{
	void *frame;
	tzset();
	OPENSSL_init_ssl(0, NULL);                   /* openssl.cnf, and what it names */
	backtrace(&frame, 1);                        /* libgcc, for the trace of a bug */
}

static bool enter(const struct folder *folders, int wish, struct fail *why)
{
	bool has_landlock = landlock_enter(folders, why);
	if (has_landlock)
		admitted = folders;
	else if (wish == REQUIRED)
		return false;
	else
		log_major("SANDBOX", "%s: every file that our user may open stays within reach", why->text);
	if (seccomp_enter(is_strict(), why))
		return true;
	if (wish == REQUIRED)
		return false;
	log_major("SANDBOX", "%s: every system call stays within reach", why->text);
	return true;
}

bool sandbox_enter(const struct config *config, struct fail *why)
{
	int wish = config_enum(config_global(config), "sandbox");
	if (wish == OFF) {
		log_major("SANDBOX", "off, as the configuration says");
		return true;
	}
	load_what_comes_late();
	privileges_hide_memory();
	kept = arena_new();
	struct gathering g = { .arena = kept, .first = folders_of(kept, config, false) };
	add_libraries(&g);
	return enter(g.first, wish, why);
}

/* --- a reload --- */

static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);
	return strncmp(path, folder, n) == 0 && (!path[n] || path[n] == '/' || (n && folder[n - 1] == '/'));
}

static bool is_admitted(const struct folder *wanted)
{
	for (const struct folder *f = admitted; f; f = f->next)
		if ((f->rights & (wanted->rights | MAY_WRITE)) && is_below(wanted->path, f->path))
			return true;
	return false;
}

const char *sandbox_lacks(struct arena *a, const struct config *fresh)
{
	if (!admitted)
		return NULL;
	for (const struct folder *f = folders_of(a, fresh, true); f; f = f->next)
		if (!is_admitted(f))
			return arena_printf(a, "the sandbox admits only the folders that were named at the start, and %s is new: needs a restart", f->path);
	return NULL;
}
