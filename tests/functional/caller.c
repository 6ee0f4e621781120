// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program whose calls are known: connects to a port of 127.0.0.1 on which nobody listens, keeps
 * living for MS milliseconds, and exits. Built dynamic, static, and (CALLER_PLUGIN) as what it
 * loads with dlopen(3).
 *   caller rate COUNT           so many connections, 500 a second
 *   caller deep MS              main → step_14 → ... → step_1 → call
 *   caller listen MS            the same, with listen(2)
 *   caller send MS              the same, with sendto(2) of UDP, twice
 *   caller thread MS            in a thread
 *   caller plugin MS PATH       through the plugin's functions
 *   caller cut MS PATH          the same, after the plugin's file was cut to its code
 *   caller names MS             through functions with names of C++ and Rust
 *   caller deleted MS           after its own file was removed
 *   caller heap MS              with the stack pointer in the heap
 *   caller page MS              with the stack pointer at the last word before an unmapped page
 *   caller garbage MS           on a stack of return addresses and noise
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))
#define PORT 1
/* Where the plugin's code ends: its first page has the headers, its second the code. */
#define PLUGIN_CODE_END 8192

/* A call that is not the last thing a function does, or it would be a jump. */
#define PASS_ON(call)                          \
	({                                     \
		volatile int result_ = (call); \
		result_ + 1;                   \
	})

typedef int (*function)(void);
int plugin_enter(function then);

#ifdef CALLER_PLUGIN

static NOINLINE int plugin_inner(function then)
{
	return PASS_ON(then());
}

int plugin_enter(function then)
{
	return PASS_ON(plugin_inner(then));
}

#else

static int kind_of_call;

static struct sockaddr_in target(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(PORT) };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

int call(void);
NOINLINE int call(void)
{
	/* What a copy of the stack has in it, and nothing that we write may have. */
	volatile char secret[] = "SECRET-ON-THE-STACK";
	struct sockaddr_in address = target();
	int fd = socket(AF_INET, kind_of_call == 's' ? SOCK_DGRAM : SOCK_STREAM, 0);
	int r;

	if (kind_of_call == 'l')
		return PASS_ON(listen(fd, 1)) + secret[0];
	if (kind_of_call != 's')
		return PASS_ON(connect(fd, (struct sockaddr *)&address, sizeof(address)));
	r = (int)sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof(address));
	return r +
	       PASS_ON((int)sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof(address)));
}

/* Frames of different sizes, so that a wrong rule does not pass by chance. */
#define STEP(number, next)                        \
	int step_##number(void);                  \
	NOINLINE int step_##number(void)          \
	{                                         \
		volatile char room[8 * (number)]; \
                                                  \
		room[0] = (number);               \
		return PASS_ON(next()) + room[0]; \
	}

STEP(1, call)
STEP(2, step_1)
STEP(3, step_2)
STEP(4, step_3)
STEP(5, step_4)
STEP(6, step_5)
STEP(7, step_6)
STEP(8, step_7)
STEP(9, step_8)
STEP(10, step_9)
STEP(11, step_10)
STEP(12, step_11)
STEP(13, step_12)
STEP(14, step_13)

/* What g++ makes of phone::home(int), and rustc of its functions, old and new. */
int cxx_name(void) __asm__("_ZN5phone4homeEi");
int rust_name(void) __asm__("_ZN4core3ops8function6FnOnce9call_once17h0123456789abcdefE");
int rust_v0_name(void) __asm__("_RNvCs15kBYyAo9fc_7mycrate7example");

NOINLINE int cxx_name(void)
{
	return PASS_ON(call());
}

NOINLINE int rust_name(void)
{
	return PASS_ON(cxx_name());
}

NOINLINE int rust_v0_name(void)
{
	return PASS_ON(rust_name());
}

static void *thread_main(void *unused)
{
	(void)unused;
	(void)PASS_ON(step_2());
	return NULL;
}

static int call_in_thread(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, thread_main, NULL) || pthread_join(thread, NULL);
}

#ifdef CALLER_STATIC

static int call_through_plugin(const char *path, int cut)
{
	(void)path;
	(void)cut;
	return 2;
}

#else

static int call_through_plugin(const char *path, int cut)
{
	void *plugin = dlopen(path, RTLD_NOW);
	int (*enter)(function) = plugin ? (int (*)(function))dlsym(plugin, "plugin_enter") : NULL;

	if (!enter || (cut && truncate(path, PLUGIN_CODE_END) < 0))
		_exit(2);
	return PASS_ON(enter(step_1));
}

#endif

/* The bare system call with another stack pointer: it needs no stack itself. */
static long connect_on(void *stack)
{
	struct sockaddr_in address = target();
	long fd = socket(AF_INET, SOCK_STREAM, 0);

#if defined(__x86_64__)
	long result = SYS_connect;
	register void *sp __asm__("rbx") = stack;

	__asm__ volatile("xchg %%rsp, %[sp]\n\tsyscall\n\txchg %%rsp, %[sp]"
			 : "+a"(result), [sp] "+r"(sp)
			 : "D"(fd), "S"(&address), "d"(sizeof(address))
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x0 __asm__("x0") = fd;
	register void *x1 __asm__("x1") = &address;
	register long x2 __asm__("x2") = sizeof(address);
	register long x8 __asm__("x8") = SYS_connect;

	__asm__ volatile("mov x9, sp\n\tmov sp, %[sp]\n\tsvc 0\n\tmov sp, x9"
			 : "+r"(x0)
			 : [sp] "r"(stack), "r"(x1), "r"(x2), "r"(x8)
			 : "x9", "memory");
	return x0;
#endif
}

static int call_on_heap(void)
{
	char *heap = malloc(1 << 16);

	return heap ? (int)connect_on(heap + (1 << 15)) : 2;
}

static int call_at_page_end(void)
{
	char *pages =
		mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || munmap(pages + 4096, 4096) < 0)
		return 2;
	memset(pages, 0x5a, 4096);
	return (int)connect_on(pages + 4096 - 16);
}

/* Each word may be the return address that the unwinder looks for, and leads to another. */
static int call_on_garbage(void)
{
	uintptr_t *words = malloc(1 << 16);
	unsigned int seed = 1;

	for (size_t i = 0; words && i < (1 << 16) / sizeof(*words); i++) {
		seed = seed * 1103515245 + 12345;
		words[i] = seed % 3 == 0   ? (uintptr_t)connect_on + seed % 64
			   : seed % 3 == 1 ? (uintptr_t)words + (seed & 0xfff8)
					   : seed;
	}
	return words ? (int)connect_on(words + 16) : 2;
}

static int call_deleted(void)
{
	char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (len < 0)
		return 2;
	path[len] = '\0';
	return unlink(path) < 0 ? 2 : PASS_ON(step_2());
}

static int call_often(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct sockaddr_in address = target();
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		(void)connect(fd, (struct sockaddr *)&address, sizeof(address));
		close(fd);
		usleep(2000);
	}
	return 0;
}

static int act(const char *what, const char *path)
{
	kind_of_call = what[0];
	if (strcmp(what, "plugin") == 0 || strcmp(what, "cut") == 0)
		return call_through_plugin(path, what[0] == 'c');
	if (strcmp(what, "thread") == 0)
		return call_in_thread();
	if (strcmp(what, "names") == 0)
		return rust_v0_name();
	if (strcmp(what, "deleted") == 0)
		return call_deleted();
	if (strcmp(what, "heap") == 0)
		return call_on_heap();
	if (strcmp(what, "page") == 0)
		return call_at_page_end();
	if (strcmp(what, "garbage") == 0)
		return call_on_garbage();
	return PASS_ON(step_14());
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "rate") == 0)
		_exit(call_often((unsigned int)atoi(argv[2])));
	(void)PASS_ON(act(argv[1], argc > 3 ? argv[3] : ""));
	usleep((useconds_t)atoi(argv[2]) * 1000);
	_exit(0); /* a file that was cut would be missed by what runs at an orderly end */
}

#endif
