// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signs that a socket changes hands. Who holds it afterwards is for a look at the kernel's tables:
 * these only say that one is worth it.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "file.h"
#include "flavors.h"
#include "sock.h"

static __always_inline int tell_holder(struct sock *sk, __u16 kind)
{
	/* Nobody has asked for its cookie, so no record of ours was about it. */
	if (!BPF_CORE_READ(sk, __sk_common.skc_cookie.counter))
		return 0;
	return tell_current_owner(sk, kind);
}

/* The last descriptor of all tells by itself: the connection closes. */
SEC("tp/syscalls/sys_enter_close")
int on_close_entered(struct trace_event_raw_sys_enter *ctx)
{
	struct file *file = file_of_fd((__s32)ctx->args[0]);
	struct sock *sk;

	if (!file || !file_is_shared(file))
		return 0;
	sk = tcp_socket_of_file(file);
	return sk ? tell_holder(sk, SW_RECORD_RELEASE) : 0;
}

/* A message with SCM_RIGHTS was read, or pidfd_getfd(2) called; `current` is the new holder. */
SEC("fentry/security_file_receive")
int BPF_PROG(on_file_received, struct file *file)
{
	struct sock *sk = tcp_socket_of_file(file);

	return sk ? tell_holder(sk, SW_RECORD_RECEIVE) : 0;
}
