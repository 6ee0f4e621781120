// SPDX-License-Identifier: GPL-2.0-or-later
/* sockwatch doctor: what this kernel lets us see, through which hook, and what would help. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "base/util.h"
#include "cli/options.h"
#include "source/live.h"
#include "source/stack_hooks.h"
#include "system/stack_worker.h"
#include "view/json.h"
#include "view/view.h"

struct report {
	bool as_json;
	struct json line;
};

/* One finding: what, in which state, how, and the cure (or NULL). */
static void tell(struct report *report, const char *kind, const char *name, const char *state,
		 const char *how, const char *cure)
{
	const char *const pairs[][2] = {
		{ kind, name }, { "state", state }, { "mechanism", how }, { "cure", cure }
	};
	char safe[1024];

	if (!report->as_json) {
		text_escape(state, strlen(state), safe, sizeof(safe));
		printf("  %-30s %-10s %s%s%s\n", name, how ? how : "", safe, cure ? ": " : "",
		       cure ? cure : "");
		return;
	}
	json_reset(&report->line);
	json_object_begin(&report->line);
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (i == 2 && !how)
			continue;
		json_key(&report->line, pairs[i][0]);
		if (pairs[i][1])
			json_string(&report->line, pairs[i][1], strlen(pairs[i][1]));
		else
			json_null(&report->line);
	}
	json_object_end(&report->line);
	json_newline(&report->line);
	fwrite(report->line.data, 1, report->line.len, stdout);
}

static void tell_capabilities(struct report *report, const struct kernel_facts *facts)
{
	for (size_t i = 0; i < kernel_capabilities_count(); i++) {
		const struct kernel_capability *wanted = kernel_capabilities_at(i);
		bool has = kernel_has_capability(facts, wanted->number);

		tell(report, "check", wanted->name, has ? "ok" : "missing", NULL,
		     has ? NULL : wanted->cure);
	}
}

static const char *reason(int result)
{
	return result < 0 ? strerror(-result) : NULL;
}

/* Tried out on ourselves, as the last thing that we do. */
static void tell_sandbox(struct report *report)
{
	struct sandbox_report sandbox;
	char landlock[32], user[32];

	(void)sandbox_enter(SANDBOX_NOTHING, &sandbox);
	snprintf(user, sizeof(user), "uid %u", sandbox_user());
	snprintf(landlock, sizeof(landlock), "ABI %d", sandbox.landlock);
	tell(report, "check", "sandbox-capabilities", sandbox.capabilities < 0 ? "kept" : "none",
	     NULL, reason(sandbox.capabilities));
	tell(report, "check", "sandbox-user", sandbox.user > 0 ? user : "kept", NULL,
	     reason(sandbox.user));
	tell(report, "check", "sandbox-no-new-privs", sandbox.privileges < 0 ? "failed" : "ok",
	     NULL, reason(sandbox.privileges));
	tell(report, "check", "sandbox-landlock", sandbox.landlock < 0 ? "missing" : landlock, NULL,
	     sandbox.landlock < 0
		     ? "boot a kernel with CONFIG_SECURITY_LANDLOCK=y and landlock in lsm="
		     : NULL);
	if (sandbox.seccomp == -EOPNOTSUPP)
		tell(report, "check", "sandbox-seccomp", "missing", NULL,
		     "built without libseccomp, every system call is left: install libseccomp-dev (libseccomp-devel) and build again");
	else
		tell(report, "check", "sandbox-seccomp", sandbox.seccomp < 0 ? "failed" : "ok",
		     NULL, reason(sandbox.seccomp));
}

static void tell_kernel(struct report *report, const struct kernel_facts *facts)
{
	static const char *const lockdowns[] = {
		[KERNEL_LOCKDOWN_UNKNOWN] = "unknown",
		[KERNEL_LOCKDOWN_NONE] = "none",
		[KERNEL_LOCKDOWN_INTEGRITY] = "integrity",
		[KERNEL_LOCKDOWN_CONFIDENTIALITY] = "confidentiality",
	};
	bool symbols = facts->timewait_timer && facts->request_timer;

	tell(report, "check", "kernel", facts->release, NULL, NULL);
	tell(report, "check", "btf", facts->btf ? "ok" : "missing", NULL,
	     facts->btf ? NULL : "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y");
	tell(report, "check", "lockdown", lockdowns[facts->lockdown], NULL,
	     facts->lockdown == KERNEL_LOCKDOWN_CONFIDENTIALITY
		     ? "boot with lockdown=integrity or lockdown=none"
		     : NULL);
	tell(report, "check", "cgroup2", facts->cgroup2[0] ? facts->cgroup2 : "missing", NULL,
	     facts->cgroup2[0] ? NULL : "mount -t cgroup2 none /sys/fs/cgroup");
	tell(report, "check", "kallsyms", symbols ? "ok" : "hidden", NULL,
	     symbols ? NULL : "sysctl kernel.kptr_restrict=1, and run as root");
}

static void tell_hooks(struct report *report, const struct live *live)
{
	static const char *const states[] = {
		[HOOK_UNUSED] = "unused",     [HOOK_MISSING] = "missing",
		[HOOK_SELECTED] = "selected", [HOOK_ATTACHED] = "attached",
		[HOOK_FAILED] = "failed",
	};
	const struct hook_status *status = live_hooks(live);

	for (size_t i = 0; i < hooks_count(); i++) {
		const struct hook *hook = hooks_at(i);
		const char *cure = status[i].why;

		/* The other mode's hooks are no finding. */
		if (status[i].state == HOOK_UNUSED && !report->as_json)
			continue;
		if (status[i].state == HOOK_FAILED)
			cure = strerror(-status[i].error);
		tell(report, "hook", hook->target, states[status[i].state],
		     hook_mechanism_name(hook->mechanism), cure);
	}
}

static void tell_stacks(struct report *report)
{
	const struct stack_hooks_options options = { .ring_bytes = 64 << 10 };
	const char *state = stack_worker_unwinds() ? "ok" : "no unwinder", *cure = NULL;
	struct stack_hooks *hooks = NULL;
	int r = stack_hooks_open(&options, &hooks);

	if (r < 0) {
		state = "failed";
		cure = strerror(-r);
	} else if (!stack_worker_unwinds()) {
		cure = "built without libdw, -v shows the library of the call only: install libdw-dev (elfutils-devel) and build again";
	} else if (!stack_worker_demangles()) {
		cure = "C++ and Rust names stay mangled: install libiberty-dev (binutils-devel) and build again";
	} else if (!stack_hooks_see_datagrams(hooks)) {
		cure = "without those of datagrams, which Linux 6.3 shows, or one that allows fentry";
	}
	tell(report, "check", "stacks (-v)", state, NULL, cure);
	stack_hooks_close(hooks);
}

static void headline(const struct report *report, const char *text)
{
	if (!report->as_json)
		puts(text);
}

static int examine(struct report *report)
{
	const struct live_options options = { .ring_bytes = 64 << 10, .peers = true };
	struct kernel_facts facts;
	struct live_error error;
	struct live *live;

	kernel_facts_read(&facts);
	headline(report, "This machine");
	tell_kernel(report, &facts);
	tell_capabilities(report, &facts);
	if (live_open(&options, &live, &error) < 0) {
		tell(report, "check", "mode", "none", NULL, error.message);
		log_error("%s", error.message);
		return error.refused ? EXIT_REFUSED : EXIT_FAILED;
	}
	tell(report, "check", "mode", view_mode_name(live_mode(live)), NULL,
	     live_mode(live) == SW_MODE_TRAMPOLINE
		     ? NULL
		     : "a kernel that allows fentry (no lockdown, CONFIG_FUNCTION_TRACER) sees each step where it is made");
	tell_stacks(report);
	headline(report, "\nHooks");
	tell_hooks(report, live);
	live_close(live);
	return EXIT_OK;
}

static int examine_all(struct report *report)
{
	int status = examine(report);

	headline(report, "\nSandbox");
	tell_sandbox(report);
	return status;
}

int cli_doctor(int argc, char **argv)
{
	struct report report = {};
	int status;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-j") == 0 || strcmp(argv[i], "--json") == 0) {
			report.as_json = true;
		} else if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
			puts("Usage: sockwatch doctor [-j]\n\nWhat this kernel lets sockwatch see, through which hook, and what would help.\n\n  -j, --json   one JSON object a line");
			return EXIT_OK;
		} else {
			log_error("'%s' is no option of doctor (see sockwatch doctor --help)",
				  argv[i]);
			return EXIT_USAGE;
		}
	}
	json_init(&report.line);
	status = examine_all(&report);
	json_done(&report.line);
	if (fflush(stdout) != 0) {
		log_error("cannot write to standard output");
		return EXIT_FAILED;
	}
	return status;
}
