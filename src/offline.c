/*
 * The same file, lock and migrations as the server's.
 */
#include "offline.h"
#include "base/check.h"
#include "core/module.h"
#include "store/store.h"
#include "xmpp/jid.h"
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

struct offline {                     /* lies in the caller's arena */
	struct command_direct direct;
};

static bool make_folder(const char *folder, const char *user, struct fail *why)
{
	char room[4096];
	struct passwd entry, *owner = NULL;
	if (geteuid() == 0 && (getpwnam_r(user, &entry, room, sizeof room, &owner) != 0 || !owner))
		return fail(why, "there is no user \"%s\" to whom %s could belong", user, folder);
	if (mkdir(folder, 0700) < 0)
		return fail_errno(why, "cannot make the data folder %s", folder);
	if (owner && chown(folder, owner->pw_uid, owner->pw_gid) < 0)
		return fail_errno(why, "cannot give %s to %s", folder, user);
	return true;
}

static bool become_owner(const char *folder, struct fail *why)
{
	struct stat st;
	if (stat(folder, &st) < 0)
		return fail_errno(why, "cannot look at %s", folder);
	if (geteuid() != 0 || st.st_uid == 0)
		return true;
	if (setgroups(0, NULL) < 0 || setegid(st.st_gid) < 0 || seteuid(st.st_uid) < 0)      /* the file of an answer is still the caller's: sink.c */
		return fail_errno(why, "cannot become the owner of %s", folder);
	return true;
}

/* The caller again: what is left to do, as the end of a sanitized program, is not the owner's. */
static void become_caller(void)
{
	if (seteuid(getuid()) < 0 || setegid(getgid()) < 0)
		BUG("who became another for a while may come back");
}

static const char *const *domains(struct arena *a, const struct config *config)
{
	size_t count = 0, at = 0;
	const struct config_scope *first = config_first(config_global(config), CONFIG_DOMAIN);
	for (const struct config_scope *s = first; s; s = config_next(s))
		count++;
	const char **names = arena_alloc(a, (count + 1) * sizeof *names);
	for (const struct config_scope *s = first; s; s = config_next(s)) {
		const char *name = s->protocol ? NULL : jid_domain(a, s->name);
		if (name)
			names[at++] = name;
	}
	return names;
}

bool offline_folder(const struct config *config, struct fail *why)
{
	const char *folder = config_data_dir(config);
	struct stat st;
	if (stat(folder, &st) < 0 && errno == ENOENT && !make_folder(folder, config_text(config_global(config), "user"), why))
		return false;
	return become_owner(folder, why);
}

struct offline *offline_open(struct arena *a, const struct config *config, struct fail *why)
{
	size_t count;
	const struct migration *migrations = modules_migrations(&count);
	if (!offline_folder(config, why))
		return NULL;
	struct store_options options = { .path = config_database(a, config), .readers = 1, .synchronous = "FULL" };
	struct offline *offline = ARENA_NEW(a, struct offline);
	offline->direct.config = config;
	offline->direct.domains = domains(a, config);
	offline->direct.data_dir = config_data_dir(config);
	offline->direct.store = store_open(&options, migrations, count, why);
	if (!offline->direct.store)
		become_caller();
	return offline->direct.store ? offline : NULL;
}

const struct command_direct *offline_direct(const struct offline *offline)
{
	return &offline->direct;
}

void offline_close(struct offline *offline)
{
	store_close(offline->direct.store);
	become_caller();
}
