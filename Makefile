# SPDX-License-Identifier: GPL-2.0-or-later
# sockwatch: the only makefile. `make help` lists what it can do.

PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
CC ?= cc
CLANG ?= clang
CLANG_FORMAT ?= clang-format
CLANG_TIDY ?= clang-tidy
LLVM_STRIP ?= llvm-strip
MANDOC ?= mandoc
PKG_CONFIG ?= pkg-config
INSTALL ?= install
# Ubuntu's bpftool in /usr/sbin only works for the running kernel's package: take one that does run.
BPFTOOL ?= $(or $(shell for tool in bpftool /usr/sbin/bpftool /usr/lib/linux-tools*/*/bpftool; do \
	"$$tool" version >/dev/null 2>&1 && echo "$$tool" && break; done),bpftool)
V ?= 0
ARGS ?=
FUZZ ?=
T ?= 60

VERSION := 0.1.0
TRIPLE := $(shell $(CC) -dumpmachine 2>/dev/null)
MACHINE := $(firstword $(subst -, ,$(TRIPLE)))
ARCH := $(patsubst x86_64,x86,$(patsubst i%86,x86,$(patsubst aarch64,arm64,$(MACHINE))))

# ---- what is built from what -------------------------------------------------------------------
OBJ := $(BUILD)/obj
# Variants (asan, fuzz) have a $(BUILD) of their own and share the BPF side of the plain build.
BPF_BUILD ?= $(BUILD)
BPF_OBJECT := $(BPF_BUILD)/obj/bpf/tracer.o
SKELETON := $(BPF_BUILD)/skeleton/tracer.skel.h
# The copies of stacks: an object of its own, loaded only when they are asked for.
STACK_OBJECT := $(BPF_BUILD)/obj/bpf/stack.o
STACK_SKELETON := $(BPF_BUILD)/skeleton/stack.skel.h
# The iterators of a snapshot: light skeletons, of which each is loaded as a whole.
ROWS := rows_inet rows_holder rows_program rows_process
ROWS_SKELETONS := $(patsubst %,$(BPF_BUILD)/skeleton/%.lskel.h,$(ROWS))
SKELETONS := $(SKELETON) $(STACK_SKELETON) $(ROWS_SKELETONS)
LIBRARY := $(BUILD)/libsockwatch.a
PROGRAM := $(BUILD)/sockwatch

USER_OBJECTS := $(patsubst %.c,$(OBJ)/%.o,$(wildcard user/*/*.c))
UNIT_HELPERS := $(patsubst %.c,$(OBJ)/%.o,$(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c)))
UNIT_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
FUNCTIONAL_OBJECTS := $(patsubst %.c,$(OBJ)/%.o,\
	$(filter-out %/shortlived.c %/caller.c,$(wildcard tests/functional/*.c)))
FUNCTIONAL := $(BUILD)/tests/functional
SHORTLIVED := $(BUILD)/tests/shortlived
GENERATORS := $(patsubst %,$(BUILD)/tests/%,churn hold rows spawn)
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
LEDGER := $(BUILD)/tests/ledger
CALLERS := $(BUILD)/tests/caller $(BUILD)/tests/caller-static $(BUILD)/tests/caller-plugin.so

# ---- what is optional ---------------------------------------------------------------------------
# The list of system calls wants libseccomp, unwinding stacks libdw, demangling libiberty (no .pc
# file): WITHOUT_LIBSECCOMP=1, WITHOUT_LIBDW=1 and WITHOUT_LIBIBERTY=1 leave them out where they are
# there.
WITHOUT_LIBSECCOMP ?=
WITHOUT_LIBDW ?=
WITHOUT_LIBIBERTY ?=
ifeq ($(WITHOUT_LIBSECCOMP),)
ifeq ($(shell $(PKG_CONFIG) --exists 'libseccomp >= 2.5' 2>/dev/null && echo yes),yes)
OPTIONAL_LIBRARIES += libseccomp
OPTIONAL_CPPFLAGS += -DSOCKWATCH_LIBSECCOMP=1
endif
endif
ifeq ($(WITHOUT_LIBDW),)
ifeq ($(shell $(PKG_CONFIG) --exists libdw 2>/dev/null && echo yes),yes)
OPTIONAL_LIBRARIES += libdw
OPTIONAL_CPPFLAGS += -DSOCKWATCH_LIBDW=1
endif
endif
ifeq ($(WITHOUT_LIBIBERTY),)
ifeq ($(shell echo 'int main(void) { return !cplus_demangle("_Zv", 0); }' | \
	$(CC) -include libiberty/demangle.h -xc - -liberty -o /dev/null 2>/dev/null && echo yes),yes)
OPTIONAL_LIBS += -liberty
OPTIONAL_CPPFLAGS += -DSOCKWATCH_LIBIBERTY=1
endif
endif

# ---- flags -------------------------------------------------------------------------------------
LIBRARIES := libbpf libelf zlib libmnl libcap-ng jansson $(OPTIONAL_LIBRARIES)
CFLAGS ?= -O2 -g
SANITIZE ?=
ASAN_CFLAGS := -O1 -g -fno-omit-frame-pointer
ASAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
	-Wno-unused-parameter -Wno-missing-field-initializers
CPPFLAGS_ALL := -Iinclude -Iuser -I$(BPF_BUILD)/skeleton -D_GNU_SOURCE= $(OPTIONAL_CPPFLAGS) $(CPPFLAGS)
LIBRARY_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIBRARIES) 2>/dev/null)
CFLAGS_ALL := -std=gnu11 -pthread $(CFLAGS) $(WARNINGS) $(SANITIZE) -ffile-prefix-map=$(CURDIR)=. \
	$(LIBRARY_CFLAGS)
LIBS := $(or $(shell $(PKG_CONFIG) --libs $(LIBRARIES) 2>/dev/null),-lbpf -lelf -lz -lmnl -lcap-ng -ljansson) $(OPTIONAL_LIBS)
COMPILE = $(CC) $(CPPFLAGS_ALL) -DSOCKWATCH_VERSION='"$(VERSION)"' $(CFLAGS_ALL)
LINK = $(CC) $(CFLAGS_ALL) $(LDFLAGS)

BPF_CFLAGS := -target bpf -D__TARGET_ARCH_$(ARCH) -std=gnu11 -O2 -g -Wall -Wextra -Werror \
	-Wno-unused-parameter -Wno-missing-declarations -Wno-address-of-packed-member \
	-fno-stack-protector -Iinclude -Ivmlinux -Ibpf -idirafter /usr/include/$(TRIPLE) \
	-ffile-prefix-map=$(CURDIR)=.

ifeq ($(V),1)
Q :=
msg = @:
else
Q := @
msg = @printf '  %-8s %s\n' '$(1)' '$(2)'
MAKEFLAGS += --no-print-directory
endif

.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
.PHONY: all run bench check check-kernels tests unit asan fuzz tidy format soak no-memory valgrind cppcheck verifier install uninstall clean help FORCE

all: $(PROGRAM) ## build sockwatch (the default)

run: ## install what is missing, build, then: sockwatch trace $(ARGS)
	@.ci/install-deps build >&2
	@$(MAKE) all >&2
	@exec $(PROGRAM) trace $(ARGS)

check: ## install what is missing, build, run all tests and checks but the kernels
	@.ci/install-deps check || true
	@+$(CHECK_ENV) tests/check/all

check-kernels: ## the functional scenarios in virtual machines (KERNELS="6.1 7" for some)
	@.ci/install-deps kernels || true
	@$(MAKE) --quiet $(PROGRAM) $(FUNCTIONAL) $(SHORTLIVED) $(CALLERS)
	@BUILD='$(BUILD)' KERNELS='$(KERNELS)' tests/kernels/check

bench: ## compare with ss, tcpstates and others, as root: 2 minutes; FULL=1: 20
	@.ci/install-deps bench || true
	@$(MAKE) --quiet $(PROGRAM) $(GENERATORS)
	@tests/bench/bench --build='$(BUILD)' --bpftool='$(BPFTOOL)' --json='$(BUILD)/bench.json' \
		$(if $(filter 1,$(FULL)),--full)

soak: ## truth under load: nginx, redis, PostgreSQL, DNS ... for T seconds; as root
	@.ci/install-deps soak || true
	@$(MAKE) --quiet $(PROGRAM) $(SHORTLIVED) $(LEDGER)
	@BUILD='$(BUILD)' T='$(T)' MODE='$(or $(MODE),auto)' tests/soak/run

tests: $(PROGRAM) $(UNIT_TESTS) $(FUNCTIONAL) $(SHORTLIVED) $(CALLERS) $(GENERATORS) ## build the tests, run none

asan: $(SKELETONS) ## build with ASan and UBSan in build/asan, run the unit tests there
	@$(MAKE) BUILD=$(BUILD)/asan BPF_BUILD=$(BUILD) \
		CFLAGS='$(ASAN_CFLAGS)' SANITIZE='$(ASAN)' unit

unit: $(UNIT_TESTS) ## build and run the unit tests
	@tests/check/unit $(BUILD)/tests/unit

fuzz: $(SKELETONS) ## fuzz all parsers, T seconds each; make fuzz FUZZ=filter T=60 for one
	@$(MAKE) BUILD=$(BUILD)/fuzz BPF_BUILD=$(BUILD) CC=$(CLANG) CFLAGS='-O1 -g' \
		SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined' \
		$(addprefix $(BUILD)/fuzz/fuzz_,$(or $(FUZZ),$(FUZZ_TARGETS)))
	@BUILD='$(BUILD)' T='$(T)' tests/check/fuzz $(or $(FUZZ),$(FUZZ_TARGETS))

no-memory: $(SKELETONS) ## each allocation of the parsers, table and views fails in turn, under ASan
	@$(MAKE) BUILD=$(BUILD)/asan BPF_BUILD=$(BUILD) CFLAGS='$(ASAN_CFLAGS)' SANITIZE='$(ASAN)' \
		$(addprefix $(BUILD)/asan/sweep_,$(FUZZ_TARGETS))
	@BUILD='$(BUILD)/asan' tests/check/no-memory $(FUZZ_TARGETS)

valgrind: $(UNIT_TESTS) ## the unit tests under valgrind
	@tests/check/unit $(BUILD)/tests/unit valgrind

cppcheck: ## cppcheck over user/ and include/, as .cppcheck says
	@$(CHECK_ENV) tests/check/cppcheck

verifier: $(PROGRAM) ## what the kernel's verifier went through for each BPF program; as root
	@BUILD='$(BUILD)' tests/check/verifier

tidy: $(SKELETONS) ## clang-tidy over user/ and include/
	@$(CHECK_ENV) tests/check/tidy

format: ## rewrite the sources as .clang-format says
	@CLANG_FORMAT='$(CLANG_FORMAT)' tests/check/format --fix

# What is installed: FILE:PLACE below $(PREFIX)/share.
SHARED := man/sockwatch.8:man/man8/sockwatch.8 \
	man/sockwatch-filter.7:man/man7/sockwatch-filter.7 \
	man/sockwatch-schema.5:man/man5/sockwatch-schema.5 \
	completions/sockwatch.bash:bash-completion/completions/sockwatch \
	completions/_sockwatch:zsh/site-functions/_sockwatch \
	completions/sockwatch.fish:fish/vendor_completions.d/sockwatch.fish

install: $(PROGRAM) ## install program, manual pages and completions below $(DESTDIR)$(PREFIX)
	$(INSTALL) -D -m 755 $(PROGRAM) '$(DESTDIR)$(PREFIX)/bin/sockwatch'
	$(foreach file,$(SHARED),$(INSTALL) -D -m 644 $(subst :, '$(DESTDIR)$(PREFIX)/share/,$(file))' &&) true

uninstall: ## remove what install put there
	rm -f '$(DESTDIR)$(PREFIX)/bin/sockwatch' \
		$(foreach file,$(SHARED),'$(DESTDIR)$(PREFIX)/share/$(lastword $(subst :, ,$(file)))')

clean: ## remove $(BUILD)
	rm -rf $(BUILD)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' \
		$(firstword $(MAKEFILE_LIST))
	@echo '  Variables: V=1 PREFIX=$(PREFIX) DESTDIR= BUILD=$(BUILD) CC=$(CC) CLANG=$(CLANG) CFLAGS= ARGS='

# What tests/check needs to know of this file.
CHECK_ENV = BUILD='$(BUILD)' MAKE='$(MAKE)' CC='$(CC)' CLANG='$(CLANG)' MANDOC='$(MANDOC)' \
	CLANG_FORMAT='$(CLANG_FORMAT)' CLANG_TIDY='$(CLANG_TIDY)' BPF_CFLAGS='$(BPF_CFLAGS)' \
	USER_CFLAGS='-std=gnu11 -isystem $(BPF_BUILD)/skeleton $(CPPFLAGS_ALL) -DSOCKWATCH_VERSION="$(VERSION)" $(WARNINGS) $(LIBRARY_CFLAGS)'

# ---- BPF: the tracer is one unit, which includes one file a concern -----------------------------
define compile_bpf
	$(call msg,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@.full
	$(Q)$(LLVM_STRIP) -g $@.full
	$(Q)mv $@.full $@
endef

$(BPF_OBJECT): bpf/tracer.c
	$(compile_bpf)

$(STACK_OBJECT): bpf/stack.bpf.c
	$(compile_bpf)

$(BPF_BUILD)/obj/bpf/rows_%.o: bpf/rows_%.bpf.c
	$(compile_bpf)

$(SKELETON) $(STACK_SKELETON): $(BPF_BUILD)/skeleton/%.skel.h: $(BPF_BUILD)/obj/bpf/%.o
	$(call msg,SKEL,$@)
	@mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton $< name $* >$@

$(BPF_BUILD)/skeleton/%.lskel.h: $(BPF_BUILD)/obj/bpf/%.o
	$(call msg,LSKEL,$@)
	@mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton -L $< name $* >$@

# ---- user space --------------------------------------------------------------------------------
# Changes when the flags do, so that objects made with others are made again.
$(OBJ)/flags: export FLAGS := $(COMPILE) $(LDFLAGS) $(LIBS)
$(OBJ)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$$FLAGS" | cmp -s - $@ || printf '%s\n' "$$FLAGS" >$@

$(OBJ)/%.o: %.c $(OBJ)/flags
	$(call msg,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(EXTRA) -MMD -MP -c $< -o $@

# The only ones that include the skeletons.
$(filter $(OBJ)/user/source/%,$(USER_OBJECTS)): | $(SKELETONS)

$(LIBRARY): $(USER_OBJECTS)
	$(call msg,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(PROGRAM): $(OBJ)/user/main.o $(LIBRARY)
	$(call msg,LD,$@)
	$(Q)$(LINK) $^ $(LIBS) -o $@

# ---- tests -------------------------------------------------------------------------------------
# A test that is written but not listed is an unused function.
$(OBJ)/tests/unit/%.o: EXTRA := -Werror=unused-function

$(BUILD)/tests/unit/%: $(OBJ)/tests/unit/%.o $(UNIT_HELPERS) $(LIBRARY)
	$(call msg,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) $^ $(LIBS) -lcmocka -o $@

$(FUNCTIONAL): $(FUNCTIONAL_OBJECTS)
	$(call msg,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) $^ -lcmocka -lpthread -o $@

# Static and small, so that a process lives about two milliseconds.
$(SHORTLIVED): tests/functional/shortlived.c
	$(call msg,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -static $< -o $@

$(GENERATORS): $(BUILD)/tests/%: $(OBJ)/tests/bench/%.o $(OBJ)/tests/bench/args.o $(LIBRARY)
	$(call msg,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) $^ $(LIBS) -o $@

$(LEDGER): $(OBJ)/tests/soak/ledger.o $(OBJ)/tests/functional/jsonline.o
	$(call msg,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) $^ -o $@

# The same targets, but for memory that is not to be had.
comma := ,
WRAPS := $(addprefix -Wl$(comma)--wrap=,malloc calloc realloc strdup strndup)
$(BUILD)/sweep_%: $(OBJ)/tests/fuzz/fuzz_%.o $(OBJ)/tests/fuzz/sweep.o $(LIBRARY)
	$(call msg,LD,$@)
	$(Q)$(LINK) $(WRAPS) $^ $(LIBS) -o $@
# Without frame pointers, as distributions build; each differs by what it is linked as.
CALLER_CFLAGS := -std=gnu11 -D_GNU_SOURCE= -O2 -fomit-frame-pointer -fno-optimize-sibling-calls -pthread
$(CALLERS): tests/functional/caller.c
	$(call msg,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CALLER_CFLAGS) $(CALLER_EXTRA) $< $(CALLER_LIBS) -o $@

$(BUILD)/tests/caller: CALLER_LIBS := -ldl
$(BUILD)/tests/caller-static: CALLER_EXTRA := -static -Wl,--build-id -DCALLER_STATIC
$(BUILD)/tests/caller-plugin.so: CALLER_EXTRA := -shared -fPIC -DCALLER_PLUGIN

$(BUILD)/fuzz_%: $(OBJ)/tests/fuzz/fuzz_%.o $(LIBRARY)
	$(call msg,LD,$@)
	$(Q)$(LINK) -fsanitize=fuzzer $^ $(LIBS) -o $@

-include $(BPF_OBJECT:.o=.d) $(STACK_OBJECT:.o=.d) $(ROWS:%=$(BPF_BUILD)/obj/bpf/%.d) \
	$(USER_OBJECTS:.o=.d) $(OBJ)/user/main.d $(UNIT_HELPERS:.o=.d) \
	$(UNIT_TESTS:$(BUILD)/%=$(OBJ)/%.d) $(FUNCTIONAL_OBJECTS:.o=.d) \
	$(patsubst %.c,$(OBJ)/%.d,$(wildcard tests/bench/*.c tests/fuzz/*.c tests/soak/*.c))
