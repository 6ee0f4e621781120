// SPDX-License-Identifier: GPL-2.0-or-later
/* model/decode.c: what is a record, and what only looks like one. */
#include "expect.h"

#include <errno.h>
#include <stdlib.h>

#include "model/decode.h"
#include "records.h"

#define LARGEST (64 << 10)

/* A well-formed record of each kind, as small as it may be. */
struct sample {
	const char *name;
	uint16_t kind;
	size_t size;
};

static const struct sample samples[] = {
	{ "START", SW_RECORD_START, sizeof(struct sw_start) },
	{ "CLOCK", SW_RECORD_CLOCK, sizeof(struct sw_clock) },
	{ "TICK", SW_RECORD_TICK, sizeof(struct sw_header) },
	{ "LOST", SW_RECORD_LOST, sizeof(struct sw_lost) },
	{ "LOOK_BEGIN", SW_RECORD_LOOK_BEGIN, sizeof(struct sw_look) },
	{ "LOOK_END", SW_RECORD_LOOK_END, sizeof(struct sw_look) },
	{ "END", SW_RECORD_END, sizeof(struct sw_header) },
	{ "LOOK_NETNS", SW_RECORD_LOOK_NETNS, sizeof(struct sw_look_netns) },
	{ "PROCESS", SW_RECORD_PROCESS, sizeof(struct sw_process) },
	{ "FORK", SW_RECORD_FORK, sizeof(struct sw_fork) },
	{ "EXIT", SW_RECORD_EXIT, sizeof(struct sw_exit) },
	{ "CONTAINER", SW_RECORD_CONTAINER, sizeof(struct sw_container) },
	{ "STATE", SW_RECORD_STATE, SW_STATE_SIZE_MIN },
	{ "PORT", SW_RECORD_PORT, sizeof(struct sw_socket) },
	{ "REQUEST", SW_RECORD_REQUEST, sizeof(struct sw_request) },
	{ "REQUEST_END", SW_RECORD_REQUEST_END, sizeof(struct sw_request) },
	{ "CHILD", SW_RECORD_CHILD, sizeof(struct sw_socket) },
	{ "TIMEWAIT", SW_RECORD_TIMEWAIT, sizeof(struct sw_timewait) },
	{ "TIMEWAIT_END", SW_RECORD_TIMEWAIT_END, sizeof(struct sw_timewait) },
	{ "ACCEPT", SW_RECORD_ACCEPT, sizeof(struct sw_socket) },
	{ "CONNECT", SW_RECORD_CONNECT, sizeof(struct sw_connect) },
	{ "RESET_IN", SW_RECORD_RESET_IN, sizeof(struct sw_socket) },
	{ "RESET_OUT", SW_RECORD_RESET_OUT, sizeof(struct sw_socket) },
	{ "ERROR", SW_RECORD_ERROR, sizeof(struct sw_socket) },
	{ "RETRANSMIT", SW_RECORD_RETRANSMIT, sizeof(struct sw_socket) },
	{ "DESTROY", SW_RECORD_DESTROY, sizeof(struct sw_socket) },
	{ "SOCKET", SW_RECORD_SOCKET, SW_STATE_SIZE_MIN },
	{ "HOLDER", SW_RECORD_HOLDER, sizeof(struct sw_holder) },
	{ "RELEASE", SW_RECORD_RELEASE, sizeof(struct sw_socket) },
	{ "RECEIVE", SW_RECORD_RECEIVE, sizeof(struct sw_socket) },
	{ "UDP", SW_RECORD_UDP, sizeof(struct sw_socket) },
	{ "UDP_END", SW_RECORD_UDP_END, sizeof(struct sw_socket) },
	{ "UDP_COUNT", SW_RECORD_UDP_COUNT, sizeof(struct sw_udp_count) },
	{ "PEER", SW_RECORD_PEER, sizeof(struct sw_peer) },
};

#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

static bool has_ends(uint16_t kind)
{
	return kind >= SW_RECORD_STATE && kind != SW_RECORD_HOLDER && kind != SW_RECORD_UDP_COUNT &&
	       kind != SW_RECORD_PEER;
}

static void fill(struct sw_header *header, const struct sample *sample, size_t size)
{
	memset(header, 0, size);
	*header = record_header(1, sample->kind, size);
	if (has_ends(sample->kind))
		((struct sw_socket *)header)->ends = record_ends(5);
	if (sample->kind == SW_RECORD_STATE || sample->kind == SW_RECORD_SOCKET) {
		((struct sw_state *)header)->old_state = SW_TCP_SYN_SENT;
		((struct sw_state *)header)->new_state = SW_TCP_ESTABLISHED;
	} else if (sample->kind == SW_RECORD_TIMEWAIT || sample->kind == SW_RECORD_TIMEWAIT_END) {
		((struct sw_timewait *)header)->substate = SW_TCP_TIME_WAIT;
	} else if (sample->kind == SW_RECORD_HOLDER) {
		((struct sw_holder *)header)->cookie = 5;
	} else if (sample->kind == SW_RECORD_UDP_COUNT) {
		((struct sw_udp_count *)header)->cookie = 5;
	} else if (sample->kind == SW_RECORD_PEER) {
		((struct sw_peer *)header)->cookie = 5;
		((struct sw_peer *)header)->family = SW_FAMILY_INET;
		((struct sw_peer *)header)->first_ns = 1;
	}
}

/* On the heap, with nothing behind its end, so that the sanitizer sees each look there. */
static void *make(const struct sample *sample, size_t size)
{
	struct sw_header *header = malloc(size);

	assert_non_null(header);
	fill(header, sample, size);
	return header;
}

static const struct sample *sample_of(uint16_t kind)
{
	for (size_t i = 0; i < SAMPLES; i++)
		if (samples[i].kind == kind)
			return &samples[i];
	fail_msg("no sample of kind %u", kind);
	return NULL;
}

/* Decodes what is there of a record; a failure must leave the result alone. */
static int decode(const void *bytes, size_t size)
{
	static const struct sw_header untouched;
	const struct sw_header *record = &untouched;
	int r = decode_record(bytes, size, &record);

	assert_ptr_equal(record, r == 0 ? bytes : (const void *)&untouched);
	return r;
}

#define expect_decodes(bytes, size, result) assert_int_equal(decode((bytes), (size)), (result))

static void every_kind_is_accepted_at_its_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		void *record = make(&samples[i], samples[i].size);

		if (decode(record, samples[i].size) != 0)
			fail_msg("%s is refused", samples[i].name);
		free(record);
	}
}

static void every_kind_may_have_grown(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		void *record = make(&samples[i], samples[i].size + 8);

		if (decode(record, samples[i].size + 8) != 0)
			fail_msg("%s with 8 bytes more is refused", samples[i].name);
		free(record);
	}
}

static void every_kind_is_malformed_below_its_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		for (size_t size = sizeof(struct sw_header); size < samples[i].size; size += 8) {
			/* The bytes behind are there: only the header lies. */
			struct sw_header *record = make(&samples[i], samples[i].size);

			record->size = (uint32_t)size;
			if (decode(record, samples[i].size) != -EBADMSG)
				fail_msg("%s of %zu bytes is accepted", samples[i].name, size);
			free(record);
		}
	}
}

static void every_kind_is_waited_for_while_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		for (size_t there = 0; there < samples[i].size; there++) {
			void *whole = make(&samples[i], samples[i].size);
			void *cut = malloc(there ? there : 1);

			assert_non_null(cut);
			memcpy(cut, whole, there);
			if (decode(cut, there) != -EAGAIN)
				fail_msg("%zu bytes of %s", there, samples[i].name);
			free(cut);
			free(whole);
		}
	}
}

static void more_bytes_than_the_record_are_the_next_one(void **state)
{
	_Alignas(8) char bytes[2 * sizeof(struct sw_lost)];
	struct sw_lost lost = record_lost(1, 3);

	(void)state;
	memcpy(bytes, &lost, sizeof(lost));
	memset(bytes + sizeof(lost), 0xff, sizeof(lost));
	expect_decodes(bytes, sizeof(bytes), 0);
	expect_decodes(bytes + sizeof(lost), sizeof(lost), -EBADMSG);
}

static void sizes_that_no_record_has_are_malformed(void **state)
{
	static const uint32_t sizes[] = {
		0, 1, 8, 15, 17, 23, 25, LARGEST + 8, 1u << 31, ~0u, ~7u
	};
	struct sw_header header = record_header(1, SW_RECORD_TICK, 0);

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		header.size = sizes[i];
		expect_decodes(&header, sizeof(header), -EBADMSG);
	}
}

static void the_largest_record_is_waited_for(void **state)
{
	struct sw_header header = record_header(1, SW_RECORD_TICK, LARGEST);

	(void)state;
	expect_decodes(&header, sizeof(header), -EAGAIN);
}

static void unknown_kinds_are_told_apart_from_malformed_ones(void **state)
{
	static const uint16_t kinds[] = { 0, 9, 15, 20, 31, 55, 63, 255, 65535 };
	struct sw_header header = record_header(1, 0, sizeof(header));

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		header.kind = kinds[i];
		expect_decodes(&header, sizeof(header), -ENOTSUP);
	}
	header.size = 12;
	expect_decodes(&header, sizeof(header), -EBADMSG);
	header.size = 64;
	expect_decodes(&header, sizeof(header), -EAGAIN);
}

static void sockets_without_cookie_or_family_are_malformed(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		struct sw_socket *record;

		if (!has_ends(samples[i].kind))
			continue;
		record = make(&samples[i], samples[i].size);
		record->ends.cookie = 0;
		/* A connect() that failed early may be the first to be heard of its socket. */
		expect_decodes(record, samples[i].size,
			       samples[i].kind == SW_RECORD_CONNECT ? 0 : -EBADMSG);
		record->ends.cookie = ~0ull;
		record->ends.family = SW_FAMILY_INET6;
		expect_decodes(record, samples[i].size, 0);
		record->ends.family = 0;
		expect_decodes(record, samples[i].size, -EBADMSG);
		record->ends.family = 1;
		expect_decodes(record, samples[i].size, -EBADMSG);
		record->ends.family = 0x0200; /* of the other byte order */
		expect_decodes(record, samples[i].size, -EBADMSG);
		free(record);
	}
}

static void transitions_have_two_states(void **state)
{
	struct sw_state record = record_state(1, 5, SW_TCP_CLOSE, SW_TCP_LISTEN);

	(void)state;
	expect_decodes(&record, sizeof(record), 0);
	record.old_state = SW_TCP_NONE;
	expect_decodes(&record, sizeof(record), -EBADMSG);
	record.old_state = SW_TCP_STATES;
	expect_decodes(&record, sizeof(record), -EBADMSG);
	record.old_state = SW_TCP_CLOSE;
	record.new_state = SW_TCP_NONE;
	expect_decodes(&record, sizeof(record), -EBADMSG);
	record.new_state = SW_TCP_STATES;
	expect_decodes(&record, sizeof(record), -EBADMSG);
	record.new_state = 255;
	expect_decodes(&record, sizeof(record), -EBADMSG);
}

static void a_socket_that_was_found_has_no_old_state(void **state)
{
	struct sw_state record = record_found(1, 5, SW_TCP_NEW_SYN_RECV, SW_SOCKET_MINI);

	(void)state;
	expect_decodes(&record, sizeof(record), 0);
	record.new_state = SW_TCP_NONE;
	expect_decodes(&record, sizeof(record), -EBADMSG);
}

static void a_time_wait_socket_is_in_one_of_two_states(void **state)
{
	struct sw_timewait record = record_timewait(1, SW_RECORD_TIMEWAIT, 5, 0);

	(void)state;
	for (unsigned int i = 0; i < 256; i++) {
		bool valid = i == SW_TCP_FIN_WAIT2 || i == SW_TCP_TIME_WAIT;

		record.substate = (uint8_t)i;
		expect_decodes(&record, sizeof(record), valid ? 0 : -EBADMSG);
	}
}

static void a_peer_has_a_place_and_a_beginning(void **state)
{
	const struct sw_peer good = record_peer(1, 5, SW_PEERS_PER_SOCKET - 1);
	struct sw_peer bad = good;

	(void)state;
	expect_ok(decode(&good, sizeof(good)));
	bad.slot = SW_PEERS_PER_SOCKET;
	assert_int_equal(decode(&bad, sizeof(bad)), -EBADMSG);
	bad = good;
	bad.cookie = 0;
	assert_int_equal(decode(&bad, sizeof(bad)), -EBADMSG);
	bad = good;
	bad.first_ns = 0;
	assert_int_equal(decode(&bad, sizeof(bad)), -EBADMSG);
	bad = good;
	bad.family = 1;
	assert_int_equal(decode(&bad, sizeof(bad)), -EBADMSG);
}

static void a_holder_holds_something(void **state)
{
	struct sw_holder record = record_holder(1, 0, record_task(7, "a"));

	(void)state;
	expect_decodes(&record, sizeof(record), -EBADMSG);
}

static void expect_names(uint16_t exe_len, uint16_t cgroup_len, const char *names, size_t room,
			 int result)
{
	const struct sample *sample = sample_of(SW_RECORD_PROCESS);
	struct sw_process *record = make(sample, sample->size + room);

	record->exe_len = exe_len;
	record->cgroup_len = cgroup_len;
	memcpy((char *)(record + 1), names, room);
	expect_decodes(record, sample->size + room, result);
	free(record);
}

static void names_end_within_the_record(void **state)
{
	(void)state;
	expect_names(0, 0, "abcdefgh", 8, 0);
	expect_names(4, 4, "abc\0efg\0", 8, 0);
	expect_names(8, 0, "abcdefg\0", 8, 0);
	expect_names(0, 8, "abcdefg\0", 8, 0);
	expect_names(1, 1, "\0\0cdefgh", 8, 0);
	expect_names(9, 0, "abcdefg\0", 8, -EBADMSG);
	expect_names(4, 5, "abc\0efg\0", 8, -EBADMSG);
	expect_names(65535, 0, "abcdefg\0", 8, -EBADMSG);
	expect_names(0, 65535, "abcdefg\0", 8, -EBADMSG);
	expect_names(65535, 65535, "abcdefg\0", 8, -EBADMSG);
	expect_names(1, 0, "", 0, -EBADMSG);
}

static void names_end_with_nul(void **state)
{
	(void)state;
	expect_names(4, 4, "abcdefg\0", 8, -EBADMSG);
	expect_names(4, 4, "abc\0efgh", 8, -EBADMSG);
	expect_names(4, 0, "abcdefg\0", 8, -EBADMSG);
	expect_names(0, 4, "abcdefg\0", 8, -EBADMSG);
}

static void expect_container(uint16_t id_len, uint16_t pod_len, const char *texts, size_t room,
			     int result)
{
	const struct sample *sample = sample_of(SW_RECORD_CONTAINER);
	struct sw_container *record = make(sample, sample->size + room);

	record->id_len = id_len;
	record->pod_len = pod_len;
	memcpy(record + 1, texts, room);
	expect_decodes(record, sample->size + room, result);
	free(record);
}

static void texts_of_a_container_are_strings_within_the_record(void **state)
{
	static char long_text[SW_CONTAINER_TEXT_LEN + 8];

	(void)state;
	memset(long_text, 'a', sizeof(long_text));
	expect_container(8, 0, "abcdefgh", 8, 0);
	expect_container(3, 4, "abcefgh\0", 8, 0);
	expect_container(4, 5, "abcdefgh", 8, -EBADMSG);
	expect_container(65535, 65535, "abcdefgh", 8, -EBADMSG);
	expect_container(3, 4, "ab\0efgh\0", 8, -EBADMSG);
	expect_container(4, 4, "abcdefg\0", 8, -EBADMSG);
	expect_container(SW_CONTAINER_TEXT_LEN, 0, long_text, sizeof(long_text), 0);
	expect_container(SW_CONTAINER_TEXT_LEN + 1, 0, long_text, sizeof(long_text), -EBADMSG);
}

static void the_pid_namespace_stands_behind_the_names_if_it_is_there(void **state)
{
	static const struct sw_inner inner = { .pid = 7, .pid_ns = 4026532000 };
	const struct sample *sample = sample_of(SW_RECORD_PROCESS);
	struct sw_process *record = make(sample, sample->size + 16);

	(void)state;
	record->exe_len = 2;
	record->cgroup_len = 1;
	memcpy((char *)(record + 1) + 8, &inner, sizeof(inner));
	expect_decodes(record, sample->size + 16, 0);
	assert_memory_equal(decode_inner(record), &inner, sizeof(inner));
	record->cgroup_len = 7; /* up to the second multiple of 8 */
	expect_null(decode_inner(record));
	record->cgroup_len = 1;
	record->header.size -= 8;
	expect_null(decode_inner(record));
	record->exe_len = record->cgroup_len = 65535;
	expect_null(decode_inner(record));
	free(record);
}

static void the_last_hook_of_a_start_ends_with_nul(void **state)
{
	const struct sample *sample = sample_of(SW_RECORD_START);
	struct sw_start *record = make(sample, sample->size + 8);

	(void)state;
	memcpy((char *)(record + 1), "fentry:a", 8);
	expect_decodes(record, sample->size + 8, -EBADMSG);
	memcpy((char *)(record + 1), "fentry:\0", 8);
	expect_decodes(record, sample->size + 8, 0);
	free(record);
}

static void fixed_text_may_lack_its_nul(void **state)
{
	struct sw_start start = record_start(1, 0);
	struct sw_exit gone = record_exit(1, record_task(7, "0123456789abcdef"));

	(void)state;
	memset(start.version, 0xff, sizeof(start.version));
	memset(start.kernel, 0xff, sizeof(start.kernel));
	expect_decodes(&start, sizeof(start), 0);
	expect_decodes(&gone, sizeof(gone), 0);
}

static void noise_is_never_read_past_its_end(void **state)
{
	uint64_t seed = 88172645463325252ull;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		size_t size = (size_t)(seed >> 8) % 25 * 8;
		char *bytes = malloc(size + 1);
		const struct sw_header *record;

		assert_non_null(bytes);
		for (size_t at = 0; at < size; at++) {
			seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
			bytes[at] = (char)(seed >> 32);
		}
		if (size >= sizeof(*record)) {
			struct sw_header *header = (struct sw_header *)bytes;

			header->kind %= 50;
			header->size = seed & 1 ? (uint32_t)size : header->size % 256;
		}
		if (decode_record(bytes, size, &record) == 0)
			assert_true(record->size <= size);
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_accepted_at_its_size),
		cmocka_unit_test(every_kind_may_have_grown),
		cmocka_unit_test(every_kind_is_malformed_below_its_size),
		cmocka_unit_test(every_kind_is_waited_for_while_cut),
		cmocka_unit_test(more_bytes_than_the_record_are_the_next_one),
		cmocka_unit_test(sizes_that_no_record_has_are_malformed),
		cmocka_unit_test(the_largest_record_is_waited_for),
		cmocka_unit_test(unknown_kinds_are_told_apart_from_malformed_ones),
		cmocka_unit_test(sockets_without_cookie_or_family_are_malformed),
		cmocka_unit_test(transitions_have_two_states),
		cmocka_unit_test(a_socket_that_was_found_has_no_old_state),
		cmocka_unit_test(a_time_wait_socket_is_in_one_of_two_states),
		cmocka_unit_test(a_peer_has_a_place_and_a_beginning),
		cmocka_unit_test(a_holder_holds_something),
		cmocka_unit_test(names_end_within_the_record),
		cmocka_unit_test(names_end_with_nul),
		cmocka_unit_test(texts_of_a_container_are_strings_within_the_record),
		cmocka_unit_test(the_pid_namespace_stands_behind_the_names_if_it_is_there),
		cmocka_unit_test(the_last_hook_of_a_start_ends_with_nul),
		cmocka_unit_test(fixed_text_may_lack_its_nul),
		cmocka_unit_test(noise_is_never_read_past_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
