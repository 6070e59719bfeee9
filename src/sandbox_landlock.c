/*
 * Landlock has no wrappers in Debian's C library: three system calls.
 *
 * A rule is bound to what the path leads to when we start. So a file that is
 * replaced by renaming another over it is lost, and we admit folders.
 */
#include "sandbox_inside.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE          /* Linux 6.2; Debian 12's headers are older */
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
enum { HAS_TRUNCATE = 3 };                   /* the version of Landlock that knows it */

#define ACCESS(name) LANDLOCK_ACCESS_FS_##name
static const uint64_t everything = ACCESS(EXECUTE) | ACCESS(WRITE_FILE) | ACCESS(READ_FILE) | ACCESS(READ_DIR) | ACCESS(REMOVE_DIR)
	| ACCESS(REMOVE_FILE) | ACCESS(MAKE_CHAR) | ACCESS(MAKE_DIR) | ACCESS(MAKE_REG) | ACCESS(MAKE_SOCK) | ACCESS(MAKE_FIFO)
	| ACCESS(MAKE_BLOCK) | ACCESS(MAKE_SYM) | ACCESS(TRUNCATE);
static const uint64_t of_a_file = ACCESS(EXECUTE) | ACCESS(WRITE_FILE) | ACCESS(READ_FILE) | ACCESS(TRUNCATE);
static const uint64_t reading = ACCESS(READ_FILE) | ACCESS(READ_DIR);
static const uint64_t appending = ACCESS(WRITE_FILE) | ACCESS(MAKE_REG);
static const uint64_t rotating = ACCESS(WRITE_FILE) | ACCESS(MAKE_REG) | ACCESS(REMOVE_FILE);
static const uint64_t listening = ACCESS(MAKE_SOCK) | ACCESS(REMOVE_FILE);
static const uint64_t writing = ACCESS(READ_FILE) | ACCESS(READ_DIR) | ACCESS(WRITE_FILE) | ACCESS(TRUNCATE) | ACCESS(MAKE_REG)
	| ACCESS(MAKE_DIR) | ACCESS(MAKE_SOCK) | ACCESS(REMOVE_FILE) | ACCESS(REMOVE_DIR);

static uint64_t access_of(unsigned rights)
{
	return (rights & MAY_READ ? reading : 0) | (rights & MAY_WRITE ? writing : 0) | (rights & MAY_APPEND ? appending : 0)
		| (rights & MAY_ROTATE ? rotating : 0) | (rights & MAY_LISTEN ? listening : 0) | (rights & MAY_RUN ? reading | ACCESS(EXECUTE) : 0);
}

static bool admit(int rules, uint64_t handled, const struct folder *f, struct fail *why)
{
	struct stat st;
	int fd = open(f->path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == EACCES || fail_errno(why, "cannot look at %s", f->path);
	bool is_folder = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
	struct landlock_path_beneath_attr rule = {
		.allowed_access = access_of(f->rights) & handled & (is_folder ? everything : of_a_file), .parent_fd = fd,
	};
	bool ok = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0
		|| fail_errno(why, "cannot admit %s", f->path);
	close(fd);
	return ok;
}

bool landlock_enter(const struct folder *folders, struct fail *why)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1)
		return fail_errno(why, "this kernel has no Landlock");
	struct landlock_ruleset_attr wanted = { .handled_access_fs = version < HAS_TRUNCATE ? everything & ~ACCESS(TRUNCATE) : everything };
	int rules = (int)syscall(SYS_landlock_create_ruleset, &wanted, sizeof wanted, 0);
	if (rules < 0)
		return fail_errno(why, "cannot use Landlock");
	bool ok = true;
	for (const struct folder *f = folders; f && ok; f = f->next)
		ok = admit(rules, wanted.handled_access_fs, f, why);
	ok = ok && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 || fail_errno(why, "cannot give up new privileges"));
	ok = ok && (syscall(SYS_landlock_restrict_self, rules, 0) == 0 || fail_errno(why, "cannot enter Landlock"));
	close(rules);
	return ok;
}
