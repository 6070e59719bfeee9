/*
 * A list of what is allowed. What is not on it fails with ENOSYS, as on an
 * older kernel: then libraries go another way (clone3 → clone) instead of
 * giving up, and so do those that learn new calls after we were built.
 *
 * No program can be started, no process made, nothing traced, mounted or
 * loaded into the kernel, no memory made executable, and no signal sent to
 * anybody else.
 */
#include "sandbox_inside.h"
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALL(name) SCMP_SYS(name)
static const int allowed[] = {
	/* bytes, and waiting for them */
	CALL(read), CALL(write), CALL(readv), CALL(writev), CALL(pread64), CALL(pwrite64), CALL(preadv), CALL(pwritev), CALL(close), CALL(lseek),
	CALL(recvfrom), CALL(sendto), CALL(recvmsg), CALL(sendmsg), CALL(recvmmsg), CALL(sendmmsg), CALL(copy_file_range), CALL(sendfile),
	CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_wait), CALL(epoll_pwait), CALL(epoll_pwait2), CALL(poll), CALL(ppoll), CALL(select), CALL(pselect6),
	CALL(eventfd2), CALL(pipe2), CALL(timerfd_create), CALL(timerfd_settime), CALL(timerfd_gettime),
	CALL(inotify_init1), CALL(inotify_add_watch), CALL(inotify_rm_watch), CALL(dup), CALL(dup2), CALL(dup3), CALL(fcntl),
	/* sockets; new ones below */
	CALL(bind), CALL(listen), CALL(accept), CALL(accept4), CALL(connect), CALL(shutdown), CALL(getsockname), CALL(getpeername),
	CALL(getsockopt), CALL(setsockopt), CALL(socketpair),
	/* files: Landlock says which */
	CALL(open), CALL(openat), CALL(stat), CALL(lstat), CALL(fstat), CALL(newfstatat), CALL(statx), CALL(statfs), CALL(fstatfs), CALL(access), CALL(faccessat),
	CALL(faccessat2), CALL(readlink), CALL(readlinkat), CALL(getcwd), CALL(getdents64), CALL(mkdir), CALL(mkdirat), CALL(rmdir), CALL(unlink),
	CALL(unlinkat), CALL(rename), CALL(renameat), CALL(renameat2), CALL(truncate), CALL(ftruncate), CALL(fallocate), CALL(fsync), CALL(fdatasync),
	CALL(sync_file_range), CALL(flock), CALL(chmod), CALL(fchmod), CALL(fchmodat), CALL(utimensat), CALL(umask), CALL(fadvise64),
	/* memory; mmap and mprotect below */
	CALL(brk), CALL(munmap), CALL(mremap), CALL(madvise), CALL(msync), CALL(mlock), CALL(munlock), CALL(mincore), CALL(membarrier),
	/* threads and time; clone below */
	CALL(futex), CALL(set_robust_list), CALL(rseq), CALL(set_tid_address), CALL(sched_yield), CALL(sched_getaffinity), CALL(sched_setaffinity),
	CALL(sched_getparam), CALL(sched_getscheduler), CALL(getcpu), CALL(nanosleep), CALL(clock_nanosleep), CALL(clock_gettime), CALL(clock_getres), CALL(gettimeofday),
	CALL(time), CALL(getrandom), CALL(restart_syscall), CALL(exit), CALL(exit_group),
	CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(rt_sigtimedwait), CALL(rt_sigpending), CALL(sigaltstack),
	/* who and what we are */
	CALL(getpid), CALL(getppid), CALL(gettid), CALL(getuid), CALL(geteuid), CALL(getgid), CALL(getegid), CALL(getgroups), CALL(getrusage),
	CALL(sysinfo), CALL(uname), CALL(times), CALL(getrlimit),
};

/* The leak checker traces its own threads from a process of its own; a report is made readable by llvm-symbolizer. */
static const int of_sanitizers[] = {
	CALL(ptrace), CALL(clone), CALL(fork), CALL(vfork), CALL(execve), CALL(wait4), CALL(kill), CALL(tgkill), CALL(prctl), CALL(ioctl), CALL(pipe),
	CALL(mmap), CALL(mprotect), CALL(setrlimit), CALL(prlimit64), CALL(process_vm_readv), CALL(personality), CALL(getpgrp), CALL(getdents), CALL(arch_prctl),
};

struct narrow { int call; struct scmp_arg_cmp argument; };

/* Allowed with such an argument only. */
static int add_narrow(scmp_filter_ctx filter)
{
	const scmp_datum_t self = (scmp_datum_t)getpid();
	const struct narrow rows[] = {
		{ CALL(socket), SCMP_A0(SCMP_CMP_EQ, AF_UNIX) },         /* the journal, the supervisor, listeners opened by a reload */
		{ CALL(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET) },
		{ CALL(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET6) },
		{ CALL(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD) },
		{ CALL(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },       /* every shared object is there by now */
		{ CALL(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		{ CALL(kill), SCMP_A0(SCMP_CMP_EQ, self) },              /* "stop" is SIGTERM to ourselves */
		{ CALL(tgkill), SCMP_A0(SCMP_CMP_EQ, self) },            /* abort */
		{ CALL(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0) },            /* to ask, not to set */
		{ CALL(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME) },
		{ CALL(ioctl), SCMP_A1(SCMP_CMP_EQ, FIONBIO) },          /* libuv */
		{ CALL(ioctl), SCMP_A1(SCMP_CMP_EQ, FIONREAD) },
		{ CALL(ioctl), SCMP_A1(SCMP_CMP_EQ, TCGETS) },           /* stdio asks whether it writes to a terminal */
	};
	int rc = 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows && rc == 0; i++)
		rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rows[i].call, 1, &rows[i].argument);
	return rc;
}

static int add_all(scmp_filter_ctx filter, const int *calls, size_t count)
{
	int rc = 0;
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, calls[i], 0, NULL);
	return rc;
}

/* What seccomp would do besides is not for us: it slows each system call down so that nobody's code can spy on ours by
 * speculation, and we run nobody's code. A tree instead of a list finds a call in few steps. */
static int set_manners(scmp_filter_ctx filter)
{
	int rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 1);
	rc = rc ? rc : seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
	return rc ? rc : seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
}

bool seccomp_enter(bool is_strict, struct fail *why)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int rc = filter ? set_manners(filter) : -ENOMEM;
	rc = rc ? rc : add_all(filter, allowed, sizeof allowed / sizeof *allowed);
	rc = rc ? rc : add_narrow(filter);
	if (!is_strict)
		rc = rc ? rc : add_all(filter, of_sanitizers, sizeof of_sanitizers / sizeof *of_sanitizers);
	rc = rc ? rc : seccomp_load(filter);
	seccomp_release(filter);
	errno = -rc;
	return rc == 0 || fail_errno(why, "cannot filter system calls");
}
