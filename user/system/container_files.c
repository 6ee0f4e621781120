// SPDX-License-Identifier: GPL-2.0-or-later
/* Where runtimes keep their containers, and how such a file is read. */
#include "system/container_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/util.h"
#include "model/container_table.h"

/* A config.json has some 30 KiB, and containers.json 1 KiB for each container. */
#define FILE_SIZE_MAX (2u << 20)
#define NAMESPACES_MAX 64 /* of one containerd, which commonly has two */
#define HOMES "/home"
#define PASSWD "/etc/passwd"

enum format { FORMAT_DOCKER, FORMAT_OCI, FORMAT_STORAGE };

/*
 * "%i" in a path is the container's id, "%n" any directory. The base may lead over links, as that
 * of docker often does; nothing below it may.
 */
struct place {
	const char *runtime;
	enum format format;
	bool of_user; /* below the home of a user */
	const char *base;
	const char *path;
};

#define STORAGE "/var/lib/containers/storage"
#define RUN_STORAGE "/run/containers/storage"
#define USER_STORAGE ".local/share/containers/storage"
#define TASKS "io.containerd.runtime.v2.task/%n/%i/config.json"

static const struct place places[] = {
	{ "docker", FORMAT_DOCKER, false, "/var/lib/docker/containers", "%i/config.v2.json" },
	{ "docker", FORMAT_DOCKER, true, HOMES,
	  ".local/share/docker/containers/%i/config.v2.json" },
	{ "podman", FORMAT_STORAGE, false, STORAGE, "overlay-containers/containers.json" },
	{ "podman", FORMAT_STORAGE, false, STORAGE, "overlay-containers/volatile-containers.json" },
	{ "podman", FORMAT_STORAGE, false, STORAGE, "vfs-containers/containers.json" },
	{ "podman", FORMAT_STORAGE, false, STORAGE, "vfs-containers/volatile-containers.json" },
	{ "podman", FORMAT_STORAGE, true, HOMES,
	  USER_STORAGE "/overlay-containers/containers.json" },
	{ "podman", FORMAT_STORAGE, true, HOMES,
	  USER_STORAGE "/overlay-containers/volatile-containers.json" },
	{ "podman", FORMAT_STORAGE, true, HOMES, USER_STORAGE "/vfs-containers/containers.json" },
	{ "podman", FORMAT_STORAGE, true, HOMES,
	  USER_STORAGE "/vfs-containers/volatile-containers.json" },
	{ "containerd", FORMAT_OCI, false, "/run/containerd", TASKS },
	{ "containerd", FORMAT_OCI, false, "/run/k3s/containerd", TASKS },
	{ "cri-o", FORMAT_OCI, false, RUN_STORAGE, "overlay-containers/%i/userdata/config.json" },
};

const char *container_files_path(size_t index)
{
	if (index < ARRAY_SIZE(places))
		return places[index].base;
	return index == ARRAY_SIZE(places) ? PASSWD : NULL;
}

/* ---- one file -------------------------------------------------------------------------------- */

/* Nothing below `base` may lead elsewhere, by a link, by ".." or by a mount. */
static int open_below(int base, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_NO_XDEV,
	};
	long fd = syscall(SYS_openat2, base, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

/* The whole of a regular file, to be freed; NULL if it cannot be read, or is too large. */
static char *read_below(int base, const char *path, size_t *ret_len)
{
	CLEANUP_FD int fd = open_below(base, path, 0);
	CLEANUP_FREE char *text = NULL;
	struct stat status;
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
	    status.st_size > FILE_SIZE_MAX)
		return NULL;
	/* One more than there should be, to notice that it grows. */
	text = malloc((size_t)status.st_size + 1);
	while (text && n > 0 && len <= (size_t)status.st_size) {
		n = read(fd, text + len, (size_t)status.st_size + 1 - len);
		if (n > 0)
			len += (size_t)n;
	}
	if (!text || n != 0)
		return NULL;
	*ret_len = len;
	return TAKE_PTR(text);
}

static int read_config(int base, const char *path, enum format format, const char *id,
		       struct container_config *ret_config)
{
	size_t len;
	CLEANUP_FREE char *text = read_below(base, path, &len);

	if (!text)
		return -ENOENT;
	switch (format) {
	case FORMAT_DOCKER:
		return container_config_docker(text, len, ret_config);
	case FORMAT_OCI:
		return container_config_oci(text, len, ret_config);
	case FORMAT_STORAGE:
		return container_config_storage(text, len, id, ret_config);
	}
	return -ENOENT;
}

/* ---- places ---------------------------------------------------------------------------------- */

/* `pattern` with "%i" and "%n" replaced. False: it does not fit. */
static bool fill(const char *pattern, const char *id, const char *name, char out[PATH_MAX])
{
	size_t len = 0;

	for (; *pattern; pattern++) {
		const char *text = (char[]){ *pattern, '\0' };

		if (*pattern == '%')
			text = *++pattern == 'i' ? id : name;
		if (len + strlen(text) >= PATH_MAX)
			return false;
		memcpy(out + len, text, strlen(text));
		len += strlen(text);
	}
	out[len] = '\0';
	return true;
}

/* In each directory that stands for "%n". */
static int find_in_each(int base, const struct place *place, const char *id,
			struct container_config *ret_config)
{
	char path[PATH_MAX];
	CLEANUP_DIR DIR *names = NULL;
	struct dirent *entry;
	int fd, r = -ENOENT;

	snprintf(path, sizeof(path), "%.*s", (int)(strstr(place->path, "%n") - place->path),
		 place->path);
	fd = open_below(base, path, O_DIRECTORY);
	if (fd < 0)
		return -ENOENT;
	names = fdopendir(fd);
	if (!names)
		close(fd);
	for (int i = 0; names && r != 0 && i < NAMESPACES_MAX && (entry = readdir(names)); i++)
		if (entry->d_name[0] != '.' && fill(place->path, id, entry->d_name, path))
			r = read_config(base, path, place->format, id, ret_config);
	return r;
}

/* From the file alone: other sources of users may have to be asked over the network. */
static bool find_home(const char *root, uint32_t user, char out[PATH_MAX])
{
	CLEANUP_FILE FILE *file = NULL;
	struct passwd entry, *found;
	char path[PATH_MAX], buffer[4096];

	snprintf(path, sizeof(path), "%s" PASSWD, root);
	file = fopen(path, "re");
	while (file && fgetpwent_r(file, &entry, buffer, sizeof(buffer), &found) == 0)
		if (found->pw_uid == user && found->pw_dir[0] == '/')
			return snprintf(out, PATH_MAX, "%s%s", root, found->pw_dir) < PATH_MAX;
	return false;
}

static int find_at(const char *root, const struct place *place, const char *id, uint32_t user,
		   struct container_config *ret_config)
{
	char path[PATH_MAX];
	CLEANUP_FD int base = -1;

	if (place->of_user) {
		if (!find_home(root, user, path))
			return -ENOENT;
	} else if (snprintf(path, sizeof(path), "%s%s", root, place->base) >= PATH_MAX) {
		return -ENOENT;
	}
	base = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (base < 0)
		return -ENOENT;
	if (strstr(place->path, "%n"))
		return find_in_each(base, place, id, ret_config);
	if (!fill(place->path, id, "", path))
		return -ENOENT;
	return read_config(base, path, place->format, id, ret_config);
}

/* It becomes part of paths. */
static bool is_plain_id(const char *id)
{
	return *id && id[0] != '.' && !strchr(id, '/');
}

int container_files_find(const char *root, const char *runtime, const char *id, uint32_t user,
			 struct container_config *ret_config)
{
	bool any = strcmp(runtime, "kubepods") == 0;
	bool of_user = user != CONTAINER_NO_USER && user != 0;
	int r = -ENOENT;

	if (!is_plain_id(id))
		return -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(places) && r != 0; i++)
		if ((any || strcmp(runtime, places[i].runtime) == 0) &&
		    places[i].of_user == of_user)
			r = find_at(root, &places[i], id, user, ret_config);
	return r == 0 ? 0 : -ENOENT;
}
