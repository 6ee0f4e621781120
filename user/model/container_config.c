// SPDX-License-Identifier: GPL-2.0-or-later
/* The names in the files of container runtimes. */
#include "model/container_config.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/util.h"

static void free_json(json_t **root)
{
	json_decref(*root);
}

/* Of whatever type; NULL: it is no JSON, or nests too deeply for jansson. */
static json_t *parse(const char *text, size_t len)
{
	return json_loadb(text, len, 0, NULL);
}

/* The string of this key, or "". The keys of what is no object are none. */
static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* Of the first of these keys that has one. */
static const char *first_text(const json_t *object, const char *const *keys, size_t count)
{
	const char *text = "";

	for (size_t i = 0; i < count && !*text; i++)
		text = text_at(object, keys[i]);
	return text;
}

static void set_text(const char *text, char out[SW_CONTAINER_TEXT_LEN + 1])
{
	size_t len = strlen(text);

	if (len > SW_CONTAINER_TEXT_LEN)
		len = 0;
	memcpy(out, text, len);
	out[len] = '\0';
}

/* Labels or annotations. Kubernetes' own are what CRI-O and dockershim keep. */
static void read_labels(const json_t *labels, struct container_config *config)
{
	static const char *const names[] = {
		"io.kubernetes.cri.container-name",
		"io.kubernetes.container.name",
		"nerdctl/name",
	};
	static const char *const pods[] = {
		"io.kubernetes.cri.sandbox-name",
		"io.kubernetes.pod.name",
	};
	static const char *const namespaces[] = {
		"io.kubernetes.cri.sandbox-namespace",
		"io.kubernetes.pod.namespace",
	};
	const char *pod = first_text(labels, pods, ARRAY_SIZE(pods));
	const char *namespace = first_text(labels, namespaces, ARRAY_SIZE(namespaces));
	size_t len = strlen(namespace);

	set_text(first_text(labels, names, ARRAY_SIZE(names)), config->name);
	if (!*pod || !len || len + 1 + strlen(pod) > SW_CONTAINER_TEXT_LEN)
		return;
	memcpy(config->pod, namespace, len);
	config->pod[len] = '/';
	memcpy(config->pod + len + 1, pod, strlen(pod) + 1);
}

static int finish(const struct container_config *config, struct container_config *ret_config)
{
	if (!config->name[0] && !config->pod[0])
		return -ENOENT;
	*ret_config = *config;
	return 0;
}

int container_config_docker(const char *text, size_t len, struct container_config *ret_config)
{
	CLEANUP(free_json) json_t *root = parse(text, len);
	struct container_config config = { 0 };
	const char *name;

	if (!json_is_object(root))
		return -EBADMSG;
	read_labels(json_object_get(json_object_get(root, "Config"), "Labels"), &config);
	name = text_at(root, "Name");
	/* Under Kubernetes it is made of all these: k8s_CONTAINER_POD_NAMESPACE_... */
	if (!config.pod[0])
		set_text(name + (*name == '/'), config.name);
	return finish(&config, ret_config);
}

int container_config_oci(const char *text, size_t len, struct container_config *ret_config)
{
	CLEANUP(free_json) json_t *root = parse(text, len);
	struct container_config config = { 0 };

	if (!json_is_object(root))
		return -EBADMSG;
	read_labels(json_object_get(root, "annotations"), &config);
	return finish(&config, ret_config);
}

int container_config_storage(const char *text, size_t len, const char *id,
			     struct container_config *ret_config)
{
	CLEANUP(free_json) json_t *root = parse(text, len);
	struct container_config config = { 0 };
	const json_t *item;
	size_t i;

	if (!json_is_array(root))
		return -EBADMSG;
	json_array_foreach(root, i, item)
	{
		if (strcmp(text_at(item, "id"), id) != 0)
			continue;
		item = json_array_get(json_object_get(item, "names"), 0);
		set_text(json_is_string(item) ? json_string_value(item) : "", config.name);
		break;
	}
	return finish(&config, ret_config);
}
