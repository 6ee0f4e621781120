#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Make common.h anew from types.txt and a kernel's BTF: update.sh [/sys/kernel/btf/vmlinux].
# CO-RE relocates by name, so the kernel it is made from matters little; the build never runs this.
set -eu
cd "$(dirname "$0")"
btf=${1:-/sys/kernel/btf/vmlinux}
bpftool=$(command -v bpftool || echo /usr/sbin/bpftool)
[ -r "$btf" ] || { echo "update.sh: cannot read $btf: give the path of a kernel's BTF" >&2; exit 1; }
dump=$(mktemp)
trap 'rm -f "$dump"' EXIT
"$bpftool" btf dump file "$btf" format c >"$dump"
awk -f extract.awk types.txt "$dump" >common.h.new
mv common.h.new common.h
