// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The index of the tracer's programs: one file a concern, one object. (libbpf 1.1 cannot relocate
 * maps that the static linker brought together from several objects.)
 */
#include "accept.bpf.c"
#include "connect.bpf.c"
#include "handover.bpf.c"
#include "peers.bpf.c"
#include "process.bpf.c"
#include "request.bpf.c"
#include "reset.bpf.c"
#include "snapshot.bpf.c"
#include "sockops.bpf.c"
#include "timer.bpf.c"
#include "timewait.bpf.c"
#include "transition.bpf.c"
#include "udp.bpf.c"

/* "GPL" is what the kernel compares with to allow its helpers; the SPDX line says the rest. */
char LICENSE[] SEC("license") = "GPL";
