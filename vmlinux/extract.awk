# SPDX-License-Identifier: GPL-2.0-or-later
# Reads types.txt, then `bpftool btf dump format c`; writes the wanted fields of the wanted types.
# Fields of anonymous unions and structs are lifted to their owner, where CO-RE finds them too.
function wanted_field(line, name, i) {
	for (i = 1; i <= fields[name]; i++)
		if (line ~ ("[ *]" field[name, i] "(\\[[0-9]*\\])*( *: *[0-9]+)?;$") ||
		    line ~ ("\\(\\*" field[name, i] "\\)\\(.*\\);$"))
			return field[name, i]
	return ""
}

NR == FNR {
	if ($1 == "#" || NF < 2)
		next
	order[++types] = $2
	kind[$2] = $1
	fields[$2] = NF - 2
	for (i = 3; i <= NF; i++)
		field[$2, i - 2] = $i
	next
}

# A type begins.
depth == 0 && /^(typedef )?(struct|union|enum)( [a-z_0-9]+)? \{$/ {
	name = $1 == "typedef" ? "" : $2
	depth = 1
	lines = 0
	next
}

depth > 0 {
	if ($0 ~ /\{$/)
		depth++
	if ($0 ~ /^\t*\}/)
		depth--
	if (depth > 0) {
		body[++lines] = $0
		next
	}
	if (name == "" && $0 ~ /^\} [a-z_0-9]+;$/) {
		name = $2
		sub(/;/, "", name)
	}
	if (!(name in kind) || done[name]++)
		next
	for (i = 1; i <= lines; i++) {
		line = body[i]
		sub(/^\t+/, "", line)
		if (kind[name] == "enum") {
			split(line, word, " ")
			for (j = 1; j <= fields[name]; j++)
				if (word[1] == field[name, j])
					text[name] = text[name] "\t" line "\n"
			continue
		}
		f = wanted_field(line, name)
		if (f != "" && !seen[name, f]++)
			text[name] = text[name] "\t" line "\n"
	}
}

END {
	print "/* SPDX-License-Identifier: GPL-2.0-or-later */"
	print "/* Made by update.sh from types.txt: do not edit. */"
	print "#pragma once\n"
	print "typedef __u8 u8;\ntypedef __u16 u16;\ntypedef __u32 u32;\ntypedef __u64 u64;"
	print "typedef __s32 s32;\ntypedef __s64 s64;\ntypedef __s64 time64_t;"
	print "typedef unsigned short umode_t;\ntypedef __u32 uid_t;\ntypedef int pid_t;\n"
	print "#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)\n"
	for (i = 1; i <= types; i++) {
		name = order[i]
		if (text[name] == "") {
			print "extract.awk: nothing found for " name > "/dev/stderr"
			continue
		}
		if (kind[name] == "typedef")
			print "typedef struct {\n" text[name] "} " name ";\n"
		else
			print kind[name] " " name " {\n" text[name] "};\n"
	}
	print "#pragma clang attribute pop"
}
