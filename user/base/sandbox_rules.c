// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tables of the sandbox: whoever needs one more call or path adds a row. Made for glibc on
 * x86-64 and arm64; what it tries first and can do without is left out (clone3).
 */
#include <asm/unistd.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/sandbox.h"
#include "base/sandbox_rules.h"
#include "base/util.h"

#define ALL_BITS 0xffffffffu
#define TMPFILE 020000000 /* __O_TMPFILE, which has no name in a header */
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* Linux 5.17: names of the allocator's memory */
#endif
#define TCGETS2_X86_ARM64                                                      \
	0x802c542a /* glibc 2.42's isatty(3); its macro needs <asm/termbits.h> \
		    */

/* Nothing is opened for writing. */
static const struct sandbox_check reads = { 2, O_ACCMODE | O_CREAT | O_TRUNC | TMPFILE, 1, { 0 } };
#ifdef __x86_64__
static const struct sandbox_check open_reads = {
	1, O_ACCMODE | O_CREAT | O_TRUNC | TMPFILE, 1, { 0 }
};
#endif
/* Commands of bpf(2), as <linux/bpf.h> counts them, which is source/'s alone. */
enum bpf_command {
	MAP_LOOKUP = 1,
	MAP_UPDATE = 2,
	MAP_DELETE = 3,
	MAP_NEXT_KEY = 4,
	OBJECT_INFO = 15,
	MAP_LOOKUP_AND_DELETE = 21,
	MAP_LOOKUP_BATCH = 24,
	ITERATOR_CREATE = 33,
	LINK_DETACH = 34,
};

/* What our programs wrote, and their iterators; nothing is loaded or attached. */
static const struct sandbox_check bpf_reads = {
	0,
	ALL_BITS,
	9,
	{ MAP_LOOKUP, MAP_UPDATE, MAP_DELETE, MAP_NEXT_KEY, OBJECT_INFO, MAP_LOOKUP_AND_DELETE,
	  MAP_LOOKUP_BATCH, ITERATOR_CREATE, LINK_DETACH },
};
static const struct sandbox_check no_code = { 2, PROT_EXEC, 1, { 0 } };
static const struct sandbox_check threads = { 0, CLONE_THREAD, 1, { CLONE_THREAD } };
static const struct sandbox_check copies_of_itself = { 0,
						       CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID |
							       CLONE_NEWNET | CLONE_NEWIPC |
							       CLONE_NEWUTS | CLONE_NEWCGROUP,
						       1,
						       { 0 } };
static const struct sandbox_check netlink_only = { 0, ALL_BITS, 1, { AF_NETLINK } };
static const struct sandbox_check names_too = {
	0, ALL_BITS, 4, { AF_NETLINK, AF_UNIX, AF_INET, AF_INET6 }
};
static const struct sandbox_check network_namespaces = { 1, ALL_BITS, 1, { CLONE_NEWNET } };
/* Terminals are asked, never fed (TIOCSTI). */
static const struct sandbox_check questions = {
	1,
	ALL_BITS,
	7,
	{ TCGETS, TCGETS2_X86_ARM64, TIOCGWINSZ, FIONREAD, SIOCGIFNAME, SIOCGIFINDEX,
	  PERF_EVENT_IOC_DISABLE },
};
static const struct sandbox_check no_harm = {
	0, ALL_BITS, 3, { PR_SET_NAME, PR_SET_VMA, PR_SET_PDEATHSIG }
};

#define ROW(name)                    \
	{                            \
		__NR_##name, 0, NULL \
	}
#define ROW_IF(name, needs)              \
	{                                \
		__NR_##name, needs, NULL \
	}
#define ROW_CHECKED(name, check)         \
	{                                \
		__NR_##name, 0, &(check) \
	}

/* clang-format off */
const struct sandbox_syscall sandbox_syscalls[] = {
	/* Files and descriptors. */
	ROW(read), ROW(readv), ROW(pread64), ROW(write), ROW(writev), ROW(pwrite64), ROW(lseek),
	ROW(close), ROW(close_range), ROW(dup), ROW(dup3), ROW(fcntl), ROW(pipe2),
	ROW(fstat), ROW(newfstatat), ROW(statx), ROW(statfs), ROW(fstatfs), ROW(getdents64),
	ROW(readlinkat), ROW(faccessat), ROW(getcwd), ROW(fsync), ROW(fdatasync), ROW(ftruncate),
	ROW(sendfile), ROW_IF(openat2, SANDBOX_CONTAINERS), ROW_CHECKED(openat, reads), ROW_CHECKED(ioctl, questions),
	/* Memory. */
	ROW(brk), ROW(munmap), ROW(mremap), ROW(madvise),
	ROW_IF(mmap, SANDBOX_NAMES), ROW_IF(mprotect, SANDBOX_NAMES), /* modules of the C library */
	ROW_CHECKED(mmap, no_code), ROW_CHECKED(mprotect, no_code),
	/* Time, waiting, signals. */
	ROW(clock_gettime), ROW(clock_getres), ROW(clock_nanosleep), ROW(nanosleep),
	ROW(gettimeofday), ROW(ppoll), ROW(pselect6), ROW(epoll_create1), ROW(epoll_ctl),
	ROW(epoll_pwait), ROW(eventfd2), ROW(timerfd_create), ROW(timerfd_settime), ROW(signalfd4),
	ROW(rt_sigaction), ROW(rt_sigprocmask), ROW(rt_sigreturn), ROW(rt_sigtimedwait),
	ROW(sigaltstack), ROW(restart_syscall), ROW(wait4), ROW(waitid),
	/* This process and its threads. */
	ROW(exit), ROW(exit_group), ROW(futex), ROW(set_robust_list), ROW(get_robust_list),
	ROW(rseq), ROW(set_tid_address), ROW(membarrier), ROW(getpid), ROW(gettid), ROW(getppid),
	ROW(getuid), ROW(geteuid), ROW(getgid), ROW(getegid), ROW(getgroups), ROW(uname),
	ROW(sysinfo), ROW(prlimit64), ROW(getrusage), ROW(getrandom), ROW(getcpu), ROW(sched_yield),
	ROW(sched_getaffinity), ROW_CHECKED(prctl, no_harm),
	{ __NR_clone, SANDBOX_UNWINDER, &copies_of_itself }, ROW_CHECKED(clone, threads),
	ROW_IF(setitimer, SANDBOX_UNWINDER), ROW_IF(memfd_create, SANDBOX_UNWINDER),
	/* Sockets. */
	{ __NR_socket, SANDBOX_NAMES, &names_too }, ROW_CHECKED(socket, netlink_only),
	ROW(bind), ROW(getsockname), ROW(getpeername), ROW(getsockopt), ROW(setsockopt),
	ROW(sendto), ROW(recvfrom), ROW(sendmsg), ROW(recvmsg), ROW(shutdown),
	ROW_IF(connect, SANDBOX_NAMES), ROW_IF(sendmmsg, SANDBOX_NAMES),
	ROW_IF(recvmmsg, SANDBOX_NAMES), ROW_IF(socketpair, SANDBOX_NAMES),
	/* The kernel's tables. */
	ROW_CHECKED(bpf, bpf_reads),
	{ __NR_setns, SANDBOX_NAMESPACES, &network_namespaces },
#ifdef __x86_64__ /* arm64 never had these */
	ROW_CHECKED(open, open_reads), ROW(stat), ROW(lstat), ROW(access), ROW(readlink), ROW(poll),
	ROW(select), ROW(epoll_wait), ROW(dup2), ROW(pipe), ROW(time), ROW(arch_prctl),
#endif
};
/* clang-format on */

const size_t sandbox_syscalls_count = ARRAY_SIZE(sandbox_syscalls);

/*
 * Directories, not files: what is replaced by another of its name (resolv.conf) is a new file to
 * Landlock. Secrets below them are root's, and we are not root.
 */
const struct sandbox_path sandbox_paths[] = {
	{ "/proc", 0 },
	/* Names: the configuration, the modules of the C library and what those read. */
	{ "/etc", SANDBOX_NAMES | SANDBOX_CONTAINERS },
	{ "/lib", SANDBOX_NAMES },
	{ "/lib64", SANDBOX_NAMES },
	{ "/usr/lib", SANDBOX_NAMES },
	{ "/usr/lib64", SANDBOX_NAMES },
	{ "/usr/etc", SANDBOX_NAMES },
	{ "/usr/share", SANDBOX_NAMES },
	{ "/run/systemd/resolve", SANDBOX_NAMES },
	{ "/run/NetworkManager", SANDBOX_NAMES },
	{ "/run/resolvconf", SANDBOX_NAMES },
	{ "/run/nscd", SANDBOX_NAMES },
	{ "/var/lib/sss/mc", SANDBOX_NAMES },
	{ "/var/db", SANDBOX_NAMES },
	{ "/nix/store", SANDBOX_NAMES },
	{ "/gnu/store", SANDBOX_NAMES },
	/* Parents: a runtime may be installed, and make its directory, after us. */
	{ "/home", SANDBOX_CONTAINERS },
	{ "/run", SANDBOX_CONTAINERS },
	{ "/var/lib", SANDBOX_CONTAINERS },
};

const size_t sandbox_paths_count = ARRAY_SIZE(sandbox_paths);

bool sandbox_allows(unsigned int row_needs, unsigned int needs)
{
	return row_needs == 0 || (row_needs & needs);
}
