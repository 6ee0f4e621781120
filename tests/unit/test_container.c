// SPDX-License-Identifier: GPL-2.0-or-later
/* model/container.c: paths as the runtimes make them, and as others might. */
#include "expect.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/container.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2 "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static void check(const char *path, const char *runtime, const char *id)
{
	struct container_name name;

	assert_int_equal(container_from_cgroup(path, &name), 1);
	expect_text(name.runtime, runtime);
	assert_int_equal(name.id_len, strlen(id));
	assert_memory_equal(name.id, id, name.id_len);
	assert_true(name.id >= path && name.id + name.id_len <= path + strlen(path));
}

static void check_none(const char *path)
{
	struct container_name name = { "untouched", NULL, 0 };

	assert_int_equal(container_from_cgroup(path, &name), 0);
	expect_text(name.runtime, "untouched");
}

static void docker_is_recognised(void **state)
{
	(void)state;
	check("/system.slice/docker-" ID ".scope", "docker", ID);
	check("/docker/" ID, "docker", ID);
	check("/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" ID ".scope",
	      "docker", ID);
}

static void podman_is_recognised(void **state)
{
	(void)state;
	check("/machine.slice/libpod-" ID ".scope", "podman", ID);
	check("/machine.slice/libpod-" ID ".scope/container", "podman", ID);
	check("/user.slice/user-0.slice/a.service/libpod-payload-" ID, "podman", ID);
	check("/libpod_parent/libpod-" ID, "podman", ID);
}

static void monitors_are_outside_of_their_containers(void **state)
{
	(void)state;
	check_none("/machine.slice/libpod-conmon-" ID ".scope");
	check_none("/kubepods.slice/crio-conmon-" ID ".scope");
	check_none("/lxc.monitor.web");
}

static void kubernetes_names_the_runtime_below(void **state)
{
	(void)state;
	check("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/"
	      "cri-containerd-" ID ".scope",
	      "containerd", ID);
	check("/kubepods.slice/kubepods-pod1_2.slice/crio-" ID ".scope", "cri-o", ID);
	check("/kubepods.slice/kubepods-pod1_2.slice/docker-" ID ".scope", "docker", ID);
	check("/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:" ID,
	      "containerd", ID);
}

static void kubernetes_without_systemd_has_bare_ids(void **state)
{
	(void)state;
	check("/kubepods/burstable/pod1-2-3/" ID, "kubepods", ID);
	check("/kubepods/pod1-2-3/" ID "/init", "kubepods", ID);
	check("/kubelet.slice/kubelet-kubepods.slice/pod1/" ID, "kubepods", ID);
	check_none("/kubepods/burstable/pod1-2-3");
}

static void containerd_alone_is_recognised(void **state)
{
	(void)state;
	check("/system.slice/nerdctl-" ID ".scope", "containerd", ID);
	check("/k8s.io/" ID, "containerd", ID);
}

static void nspawn_machines_have_names(void **state)
{
	(void)state;
	check("/machine.slice/systemd-nspawn@web.service", "systemd-nspawn", "web");
	check("/machine.slice/systemd-nspawn@web.service/payload/system.slice/a.service",
	      "systemd-nspawn", "web");
	check("/machine.slice/machine-web\\x2d1.scope", "systemd-nspawn", "web\\x2d1");
}

static void libvirt_machines_are_no_nspawn(void **state)
{
	(void)state;
	check_none("/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator");
	check("/machine.slice/machine-lxc\\x2d1\\x2dbox.scope", "libvirt-lxc", "lxc\\x2d1\\x2dbox");
}

static void lxc_containers_have_names(void **state)
{
	(void)state;
	check("/lxc/web", "lxc", "web");
	check("/lxc/101/ns/system.slice/ssh.service", "lxc", "101");
	check("/lxc.payload.web/init.scope", "lxc", "web");
	check("/lxc.payload/web", "lxc", "web");
	check_none("/lxc");
	check_none("/lxc/");
	check_none("/lxc/..");
	check_none("/lxc.payload.");
}

static void the_innermost_container_counts(void **state)
{
	(void)state;
	check("/kubepods/pod1/" ID "/docker/" ID2 "/a", "docker", ID2);
	check("/lxc/outer/ns/system.slice/docker-" ID ".scope", "docker", ID);
	check("/docker/" ID "/lxc/inner", "lxc", "inner");
}

static void ordinary_paths_name_no_container(void **state)
{
	(void)state;
	check_none("");
	check_none("/");
	check_none("/init.scope");
	check_none("/system.slice/docker.service");
	check_none("/user.slice/user-1000.slice/session-2.scope");
	check_none("/" ID);
	check_none("/system.slice/" ID);
}

static void almost_ids_are_refused(void **state)
{
	(void)state;
	check_none("/system.slice/docker-.scope");
	check_none("/system.slice/docker-0123456789ab.scope");
	check_none("/system.slice/docker-" ID "0.scope");
	check_none("/docker/"
		   "G123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	check_none("/docker/"
		   "A123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	check_none("/a:cri-containerd:"
		   "0123");
	check_none("/machine.slice/systemd-nspawn@.service");
	check_none("/machine.slice/machine-.scope");
	check_none("/machine.slice/systemd-nspawn@web");
}

static void unclean_paths_are_understood(void **state)
{
	(void)state;
	check("docker/" ID, "docker", ID);
	check("///docker///" ID "///", "docker", ID);
	check("/../../docker/" ID, "docker", ID);
	check("/\xff\x01\n/lxc/\x1b[31m", "lxc", "\x1b[31m");
	check_none("////");
}

static void a_long_path_is_read_in_reasonable_time(void **state)
{
	enum { NAMES = 1000 };
	size_t len = NAMES * 65;
	char *path = malloc(len + 1);

	(void)state;
	assert_non_null(path);
	for (size_t i = 0; i < NAMES; i++)
		memcpy(path + i * 65, "/" ID, 65);
	path[len] = '\0';
	check_none(path);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(docker_is_recognised),
		cmocka_unit_test(podman_is_recognised),
		cmocka_unit_test(monitors_are_outside_of_their_containers),
		cmocka_unit_test(kubernetes_names_the_runtime_below),
		cmocka_unit_test(kubernetes_without_systemd_has_bare_ids),
		cmocka_unit_test(containerd_alone_is_recognised),
		cmocka_unit_test(nspawn_machines_have_names),
		cmocka_unit_test(libvirt_machines_are_no_nspawn),
		cmocka_unit_test(lxc_containers_have_names),
		cmocka_unit_test(the_innermost_container_counts),
		cmocka_unit_test(ordinary_paths_name_no_container),
		cmocka_unit_test(almost_ids_are_refused),
		cmocka_unit_test(unclean_paths_are_understood),
		cmocka_unit_test(a_long_path_is_read_in_reasonable_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
