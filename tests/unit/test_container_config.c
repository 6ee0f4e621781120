// SPDX-License-Identifier: GPL-2.0-or-later
/* model/container_config.c: the files of runtimes, as they write them and as a tenant might. */
#include "expect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/container_config.h"

typedef int reader(const char *text, size_t len, struct container_config *ret_config);

/* On the heap, without NUL, so that the sanitizer sees each look behind its end. */
static int read_as(reader *read, const char *text, size_t len, struct container_config *ret_config)
{
	char *copy = malloc(len ? len : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, text, len);
	r = read(copy, len, ret_config);
	free(copy);
	return r;
}

static void expect_config(reader *read, const char *text, const char *name, const char *pod)
{
	struct container_config config = { 0 };

	assert_int_equal(read_as(read, text, strlen(text), &config), 0);
	expect_text(config.name, name);
	expect_text(config.pod, pod);
}

/* A failure leaves the result alone. */
static void expect_failure(reader *read, const char *text, int error)
{
	struct container_config config = { .name = "untouched" };

	assert_int_equal(read_as(read, text, strlen(text), &config), error);
	expect_text(config.name, "untouched");
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int read_storage(const char *text, size_t len, struct container_config *ret_config)
{
	return container_config_storage(text, len, ID, ret_config);
}

static void docker_writes_a_slash_before_the_name(void **state)
{
	(void)state;
	expect_config(container_config_docker,
		      "{\"StreamConfig\":{},\"State\":{\"Running\":true,\"Pid\":812},\"ID\":\"" ID
		      "\","
		      "\"Config\":{\"Hostname\":\"x\",\"Labels\":{}},\"Name\":\"/web-1\"}",
		      "web-1", "");
	expect_config(container_config_docker, "{\"Name\":\"web\"}", "web", "");
	expect_config(container_config_docker, "{\"Name\":\"//\"}", "/", "");
	expect_failure(container_config_docker, "{\"Name\":\"/\"}", -ENOENT);
}

static void docker_may_be_run_by_kubernetes(void **state)
{
	(void)state;
	expect_config(
		container_config_docker,
		"{\"Name\":\"/k8s_app_web-0_shop_uid_0\",\"Config\":{\"Labels\":{"
		"\"io.kubernetes.container.name\":\"app\",\"io.kubernetes.pod.name\":\"web-0\","
		"\"io.kubernetes.pod.namespace\":\"shop\"}}}",
		"app", "shop/web-0");
}

static void annotations_name_container_and_pod(void **state)
{
	(void)state;
	expect_config(container_config_oci,
		      "{\"ociVersion\":\"1.0.2\",\"annotations\":{"
		      "\"io.kubernetes.cri.container-name\":\"app\","
		      "\"io.kubernetes.cri.sandbox-name\":\"web-0\","
		      "\"io.kubernetes.cri.sandbox-namespace\":\"shop\"}}",
		      "app", "shop/web-0");
	expect_config(
		container_config_oci,
		"{\"annotations\":{\"io.kubernetes.container.name\":\"app\","
		"\"io.kubernetes.pod.name\":\"web-0\",\"io.kubernetes.pod.namespace\":\"shop\"}}",
		"app", "shop/web-0");
	expect_config(
		container_config_oci,
		"{\"annotations\":{\"nerdctl/name\":\"db\",\"nerdctl/namespace\":\"default\"}}",
		"db", "");
	/* The one that holds the pod's namespaces has no name of its own. */
	expect_config(container_config_oci,
		      "{\"annotations\":{\"io.kubernetes.cri.sandbox-name\":\"web-0\","
		      "\"io.kubernetes.cri.sandbox-namespace\":\"shop\"}}",
		      "", "shop/web-0");
	expect_failure(container_config_oci, "{\"annotations\":{\"a\":\"b\"}}", -ENOENT);
	expect_failure(container_config_oci, "{}", -ENOENT);
}

static void a_storage_has_all_containers(void **state)
{
	(void)state;
	expect_config(read_storage,
		      "[{\"id\":\"abc\",\"names\":[\"other\"]},{\"id\":\"" ID
		      "\",\"names\":[\"web\",\"second\"],\"image\":\"x\",\"metadata\":\"{}\"}]",
		      "web", "");
	expect_failure(read_storage, "[{\"id\":\"abc\",\"names\":[\"other\"]}]", -ENOENT);
	expect_failure(read_storage, "[]", -ENOENT);
	expect_failure(read_storage, "[{\"id\":\"" ID "\"}]", -ENOENT);
	expect_failure(read_storage, "[{\"id\":\"" ID "\",\"names\":[]}]", -ENOENT);
	expect_failure(read_storage, "[{\"id\":\"" ID "\",\"names\":[7]}]", -ENOENT);
}

static void other_types_than_expected_are_no_names(void **state)
{
	static const char *const texts[] = {
		"{\"Name\":7}",
		"{\"Name\":null}",
		"{\"Name\":{\"Name\":\"x\"}}",
		"{\"Name\":[\"x\"]}",
		"{\"Config\":[]}",
		"{\"Config\":{\"Labels\":\"x\"}}",
		"{\"Config\":{\"Labels\":{\"io.kubernetes.container.name\":{}}}}",
		"{\"annotations\":7}",
		"{\"annotations\":[{\"nerdctl/name\":\"x\"}]}",
		"{\"annotations\":{\"nerdctl/name\":true}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		expect_failure(container_config_docker, texts[i], -ENOENT);
		expect_failure(container_config_oci, texts[i], -ENOENT);
		expect_failure(read_storage, texts[i], -EBADMSG);
	}
	expect_failure(read_storage, "[7,null,[],{\"id\":7},{\"id\":[]}]", -ENOENT);
}

static void what_is_no_json_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"{",
		"{\"Name\":\"x\"",
		"{\"Name\":\"x\"}}",
		"{\"Name\":\"x\"} x",
		"x",
		"{\"Name\":\"\\",
		"{\"Name\":\"\\u12\"}",
		"{\"Name\":\"\\u0000\"}",
		"{\"Name\":\"\\ud800\"}",
		"{\"Name\":\"\xff\"}",
		"{\"Name\":\"\n\"}",
		"\"x\"",
		"7",
		"null",
		"{Name:\"x\"}",
		"{\"a\":1e999}",
		"{\"a\":99999999999999999999}",
		"\xef\xbb\xbf{\"Name\":\"x\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		expect_failure(container_config_docker, texts[i], -EBADMSG);
		expect_failure(container_config_oci, texts[i], -EBADMSG);
		expect_failure(read_storage, texts[i], -EBADMSG);
	}
}

static void deep_nesting_is_refused(void **state)
{
	enum { DEPTH = 100000 };
	struct container_config config;
	char *text = malloc(DEPTH);

	(void)state;
	assert_non_null(text);
	memset(text, '[', DEPTH);
	assert_int_equal(read_as(read_storage, text, DEPTH, &config), -EBADMSG);
	for (size_t i = 0; i + 5 <= DEPTH; i += 5)
		memcpy(text + i, "{\"a\":", 5);
	assert_int_equal(read_as(container_config_oci, text, DEPTH, &config), -EBADMSG);
	free(text);
}

static void control_characters_come_through_for_the_views_to_escape(void **state)
{
	(void)state;
	expect_config(container_config_docker,
		      "{\"Name\":\"/\\u001b]0;x\\u0007\\\"\\n\\ud83d\\ude00\"}",
		      "\x1b]0;x\x07\"\n\xf0\x9f\x98\x80", "");
}

static void texts_that_are_too_long_are_unknown(void **state)
{
	char text[2 * SW_CONTAINER_TEXT_LEN], name[SW_CONTAINER_TEXT_LEN + 2];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[SW_CONTAINER_TEXT_LEN] = '\0';
	snprintf(text, sizeof(text), "{\"Name\":\"%s\"}", name);
	expect_config(container_config_docker, text, name, "");
	name[SW_CONTAINER_TEXT_LEN] = 'a';
	name[SW_CONTAINER_TEXT_LEN + 1] = '\0';
	snprintf(text, sizeof(text), "{\"Name\":\"%s\"}", name);
	expect_failure(container_config_docker, text, -ENOENT);
	name[SW_CONTAINER_TEXT_LEN - 1] = '\0';
	snprintf(text, sizeof(text),
		 "{\"annotations\":{\"nerdctl/name\":\"x\",\"io.kubernetes.pod.namespace\":\"n\","
		 "\"io.kubernetes.pod.name\":\"%s\"}}",
		 name);
	expect_config(container_config_oci, text, "x", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(docker_writes_a_slash_before_the_name),
		cmocka_unit_test(docker_may_be_run_by_kubernetes),
		cmocka_unit_test(annotations_name_container_and_pod),
		cmocka_unit_test(a_storage_has_all_containers),
		cmocka_unit_test(other_types_than_expected_are_no_names),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(control_characters_come_through_for_the_views_to_escape),
		cmocka_unit_test(texts_that_are_too_long_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
