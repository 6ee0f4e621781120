// SPDX-License-Identifier: GPL-2.0-or-later
/* Landlock (Documentation/userspace-api/landlock.rst): reading below a few paths, nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/sandbox.h"
#include "base/sandbox_rules.h"
#include "base/util.h"

/* As large as ABI 6 has it; headers may be older, and a kernel takes the part that it knows. */
struct ruleset {
	uint64_t files, ports, scopes;
};

#define ABI_NET 4   /* TCP ports */
#define ABI_SCOPE 6 /* abstract Unix sockets, signals */
#define BIND_TCP 1ull
#define CONNECT_TCP 2ull
#define SCOPE_ABSTRACT 1ull
#define SCOPE_SIGNAL 2ull

/* All that an ABI can restrict: bits from 0 on, of which each ABI has added some. */
static uint64_t all_rights(int abi)
{
	unsigned int bits = 13; /* EXECUTE to MAKE_SYM */

	if (abi >= 2)
		bits++; /* REFER */
	if (abi >= 3)
		bits++; /* TRUNCATE */
	if (abi >= 5)
		bits++; /* IOCTL_DEV */
	return (1ull << bits) - 1;
}

static int open_ruleset(int abi, unsigned int needs)
{
	struct ruleset rules = { .files = all_rights(abi) };
	size_t size = sizeof(rules.files);

	/* Names may be asked for over TCP, and through an abstract socket. */
	if (abi >= ABI_NET) {
		rules.ports = needs & SANDBOX_NAMES ? BIND_TCP : BIND_TCP | CONNECT_TCP;
		size += sizeof(rules.ports);
	}
	if (abi >= ABI_SCOPE) {
		rules.scopes = needs & SANDBOX_NAMES ? SCOPE_SIGNAL : SCOPE_SIGNAL | SCOPE_ABSTRACT;
		size += sizeof(rules.scopes);
	}
	return (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
}

static int allow_reading(int ruleset, const char *path)
{
	CLEANUP_FD int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
		.parent_fd = fd,
	};

	if (fd < 0)
		return 0;
	return (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

int sandbox_landlock(unsigned int needs)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	CLEANUP_FD int ruleset = -1;

	if (abi < 0)
		return -errno;
	ruleset = open_ruleset((int)abi, needs);
	if (ruleset < 0)
		return -errno;
	for (size_t i = 0; i < sandbox_paths_count; i++)
		if (sandbox_allows(sandbox_paths[i].needs, needs) &&
		    allow_reading(ruleset, sandbox_paths[i].path) < 0)
			return -errno;
	return syscall(SYS_landlock_restrict_self, ruleset, 0) < 0 ? -errno : (int)abi;
}
