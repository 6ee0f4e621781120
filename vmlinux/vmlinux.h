/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's types, as few as we read. The guard's name is what libbpf's headers test for. */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/in6.h>
#include <linux/types.h>

#ifndef NULL
#define NULL ((void *)0)
#endif

#include "common.h"

#if defined(__TARGET_ARCH_x86)
#include "x86.h"
#elif defined(__TARGET_ARCH_arm64)
#include "arm64.h"
#else
#error "sockwatch is built for x86 (x86-64) and arm64: pass -D__TARGET_ARCH_x86 or _arm64"
#endif

#endif
