/*
 * While there is one thread only: what is set here is set for all to come.
 */
#include "privileges.h"
#include "base/log.h"
#include "base/mem.h"
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One who was not root may have been given some, as systemd's AmbientCapabilities does for low ports. */
static bool drop_capabilities(struct fail *why)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[2] = { { 0, 0, 0 } };
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &head, none) == 0 || fail_errno(why, "can't give up capabilities");
}

/* Nothing could give them back to us, not even a program that were run. The last ones are of a kernel that is newer or older. */
static void drop_bounding_set(void)
{
	for (int n = 0; n < 64; n++)
		prctl(PR_CAPBSET_DROP, n, 0, 0, 0);
}

static struct passwd user;                   /* whom to become; without a name: we are not root */

bool privileges_prepare(const struct config *config, struct fail *why)
{
	const char *name = config_text(config_global(config), "user"), *folder = config_data_dir(config);
	if (geteuid() != 0)
		return true;
	struct passwd *p = getpwnam(name);   /* cppcheck-suppress getpwnamCalled ; there is no second thread yet */
	if (!p)
		return fail(why, "started as root, and there is no user \"%s\" to become: make it, or set `user`", name);
	if (p->pw_uid == 0)
		return fail(why, "user \"%s\" is root: name another", name);
	if (chown(folder, p->pw_uid, p->pw_gid) < 0)
		return fail_errno(why, "can't give %s to %s", folder, name);
	user = (struct passwd){ .pw_name = mem_string(name), .pw_uid = p->pw_uid, .pw_gid = p->pw_gid };
	return log_give(user.pw_uid, user.pw_gid, why);
}

static bool become_user(struct fail *why)
{
	drop_bounding_set();
	if (initgroups(user.pw_name, user.pw_gid) < 0 || setgid(user.pw_gid) < 0 || setuid(user.pw_uid) < 0 || setuid(0) == 0)
		return fail_errno(why, "can't become user %s", user.pw_name);
	return true;
}

bool privileges_drop(struct fail *why)
{
	if (user.pw_name && !become_user(why))
		return false;
	return drop_capabilities(why);
}

void privileges_raise_descriptors(void)
{
	struct rlimit l;
	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

void privileges_hide_memory(void)
{
	const struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  /* a core that is piped to a program knows no size limit */
}
