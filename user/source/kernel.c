// SPDX-License-Identifier: GPL-2.0-or-later
/* Facts about the running kernel. */
#include "source/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "base/util.h"
#include "source/symbol.h"

static void read_release(struct kernel_facts *facts)
{
	struct utsname name;

	if (uname(&name) < 0)
		return;
	snprintf(facts->release, sizeof(facts->release), "%s", name.release);
	if (sscanf(name.release, "%u.%u", &facts->major, &facts->minor) != 2)
		facts->major = facts->minor = 0;
}

static enum kernel_lockdown read_lockdown(void)
{
	CLEANUP_FILE FILE *file = fopen("/sys/kernel/security/lockdown", "re");
	char line[128];

	if (!file || !fgets(line, sizeof(line), file))
		return KERNEL_LOCKDOWN_UNKNOWN;
	if (strstr(line, "[confidentiality]"))
		return KERNEL_LOCKDOWN_CONFIDENTIALITY;
	if (strstr(line, "[integrity]"))
		return KERNEL_LOCKDOWN_INTEGRITY;
	return KERNEL_LOCKDOWN_NONE;
}

static uint64_t read_capabilities(void)
{
	CLEANUP_FILE FILE *file = fopen("/proc/self/status", "re");
	unsigned long long set = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "CapEff: %llx", &set) == 1)
			break;
	return set;
}

/* Fields of mountinfo: ... mount-point options [optional ...] - type source (proc(5)). */
static void read_cgroup2(struct kernel_facts *facts)
{
	CLEANUP_FILE FILE *file = fopen("/proc/self/mountinfo", "re");
	CLEANUP_FREE char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) >= 0) {
		const char *type = strstr(line, " - ");
		char root[256];

		if (!type || strncmp(type, " - cgroup2 ", 11) != 0)
			continue;
		/* Only the root of the hierarchy sees every socket. */
		if (sscanf(line, "%*s %*s %*s %255s %255s", root, facts->cgroup2) == 2 &&
		    strcmp(root, "/") == 0)
			return;
		facts->cgroup2[0] = '\0';
	}
}

static void read_symbols(struct kernel_facts *facts)
{
	struct symbol symbols[] = { { "tw_timer_handler", 0 }, { "reqsk_timer_handler", 0 } };

	symbols_find(symbols, ARRAY_SIZE(symbols));
	facts->timewait_timer = symbols[0].address;
	facts->request_timer = symbols[1].address;
}

void kernel_facts_read(struct kernel_facts *ret_facts)
{
	memset(ret_facts, 0, sizeof(*ret_facts));
	read_release(ret_facts);
	ret_facts->btf = access("/sys/kernel/btf/vmlinux", R_OK) == 0;
	ret_facts->lockdown = read_lockdown();
	ret_facts->capabilities = read_capabilities();
	read_cgroup2(ret_facts);
	read_symbols(ret_facts);
}

bool kernel_preempts_tracepoints(const struct kernel_facts *facts)
{
	return facts->major >= 7;
}

bool kernel_has_capability(const struct kernel_facts *facts, unsigned int capability)
{
	return facts->capabilities >> capability & 1;
}

#define BOTH_MODES (1u << SW_MODE_TRAMPOLINE | 1u << SW_MODE_TRACEPOINT)

static const struct kernel_capability capabilities[] = {
	{ "CAP_BPF", "needed to load programs: run as root, or setcap cap_bpf+ep", CAP_BPF,
	  BOTH_MODES },
	{ "CAP_PERFMON", "needed to trace: run as root, or setcap cap_perfmon+ep", CAP_PERFMON,
	  BOTH_MODES },
	{ "CAP_NET_ADMIN", "needed for sock_ops in tracepoint mode", CAP_NET_ADMIN,
	  1u << SW_MODE_TRACEPOINT },
	{ "CAP_SYS_ADMIN", "needed to look into other network namespaces", CAP_SYS_ADMIN,
	  BOTH_MODES },
	{ "CAP_SYS_PTRACE", "needed to find the network namespaces of processes", CAP_SYS_PTRACE,
	  BOTH_MODES },
	{ "CAP_DAC_READ_SEARCH", "needed for tracefs and /proc", CAP_DAC_READ_SEARCH, BOTH_MODES },
	{ "CAP_SYSLOG", "needed for addresses in /proc/kallsyms, in tracepoint mode", CAP_SYSLOG,
	  1u << SW_MODE_TRACEPOINT },
};

size_t kernel_capabilities_count(void)
{
	return ARRAY_SIZE(capabilities);
}

const struct kernel_capability *kernel_capabilities_at(size_t index)
{
	return &capabilities[index];
}

/* The first two are not for sale: see kernel_refuses(). CAP_SYS_ADMIN stands for them. */
bool kernel_misses(const struct kernel_facts *facts, enum sw_mode mode, char *out, size_t size)
{
	char names[160] = "";
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		const struct kernel_capability *row = &capabilities[i];

		if (row->number == CAP_BPF || row->number == CAP_PERFMON ||
		    !(row->modes & 1u << mode) || kernel_has_capability(facts, row->number))
			continue;
		if (row->number == CAP_SYSLOG && facts->timewait_timer)
			continue;
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", len ? ", " : "",
					row->name);
	}
	if (!len)
		return false;
	snprintf(
		out, size,
		"without %s some steps are inferred instead of seen%s: run it as root, or see sockwatch doctor",
		names,
		kernel_has_capability(facts, CAP_SYS_ADMIN)
			? ""
			: ", and what exists already in other network namespaces is not known");
	return true;
}

static const char *missing_capability(const struct kernel_facts *facts)
{
	if (kernel_has_capability(facts, CAP_SYS_ADMIN))
		return NULL;
	if (!kernel_has_capability(facts, CAP_BPF))
		return "CAP_BPF";
	return kernel_has_capability(facts, CAP_PERFMON) ? NULL : "CAP_PERFMON";
}

bool kernel_refuses(const struct kernel_facts *facts, char *out, size_t size)
{
	const char *capability = missing_capability(facts);

	if (facts->major < KERNEL_MAJOR_MIN ||
	    (facts->major == KERNEL_MAJOR_MIN && facts->minor < KERNEL_MINOR_MIN)) {
		snprintf(
			out, size,
			"Linux %s is too old: boot a kernel of 6.1 or newer, which has the BPF helpers that sockwatch needs",
			facts->release);
		return true;
	}
	if (capability) {
		snprintf(
			out, size,
			"%s is missing: run it as root (sudo sockwatch ...), or give the program the capabilities: setcap cap_bpf,cap_perfmon,cap_net_admin,cap_sys_admin,cap_dac_read_search+ep sockwatch",
			capability);
		return true;
	}
	if (!facts->btf) {
		snprintf(
			out, size,
			"/sys/kernel/btf/vmlinux cannot be read: boot a kernel that was built with CONFIG_DEBUG_INFO_BTF=y, and mount sysfs");
		return true;
	}
	if (facts->lockdown == KERNEL_LOCKDOWN_CONFIDENTIALITY) {
		snprintf(
			out, size,
			"lockdown is in confidentiality mode, in which BPF may not read kernel memory: boot with lockdown=integrity or lockdown=none");
		return true;
	}
	return false;
}

static int open_detached(void)
{
	CLEANUP_FD int context = fsopen("tracefs", FSOPEN_CLOEXEC);

	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	return fsmount(context, FSMOUNT_CLOEXEC, 0);
}

int kernel_open_tracefs(void)
{
	static const char *const mounts[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	CLEANUP_FD int fd = -1;

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		fd = open(mounts[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && faccessat(fd, "events", X_OK, 0) == 0)
			return TAKE_FD(fd);
		util_close_fd(&fd);
	}
	fd = open_detached();
	return fd >= 0 ? TAKE_FD(fd) : -errno;
}
