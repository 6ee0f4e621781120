// SPDX-License-Identifier: GPL-2.0-or-later
/* view/peer_view.c, and model/peers.c behind it. */
#include "expect.h"

#include <stdio.h>

#include "model/peers.h"
#include "records.h"
#include "view/peer_view.h"

#define OFFSET_NS 1764000000000000000 /* 2025-11-24T16:00:00Z */

struct bench {
	struct conn conn;
	struct json out;
};

static int open_bench(void **state)
{
	static struct bench bench;

	bench.conn = (struct conn){ .ends = record_ends(5), .peers = peers_new() };
	json_init(&bench.out);
	*state = &bench;
	return bench.conn.peers ? 0 : -1;
}

static int close_bench(void **state)
{
	struct bench *bench = *state;

	peers_unref(bench->conn.peers);
	json_done(&bench->out);
	return 0;
}

static void put(struct bench *bench, uint32_t slot, uint64_t rx_bytes)
{
	struct sw_peer record = record_peer(1000000, 5, slot);

	record.traffic.rx_bytes = rx_bytes;
	expect_ok(peers_put(bench->conn.peers, &record));
}

static void json_has_every_peer(void **state)
{
	struct bench *bench = *state;

	put(bench, 2, 30);
	json_object_begin(&bench->out);
	peer_view_json(&bench->conn, OFFSET_NS, &bench->out);
	json_object_end(&bench->out);
	expect_bytes(
		bench->out.data, bench->out.len,
		"{\"peers\":[{\"raddr\":\"10.0.0.2\",\"rport\":445,\"rx_datagrams\":1,\"tx_datagrams\":2,\"rx_bytes\":30,\"tx_bytes\":20,\"first\":\"2025-11-24T16:00:00.001000000Z\",\"last\":\"2025-11-24T16:00:00.001000000Z\"}]}");
}

static void json_without_peers_is_an_empty_array(void **state)
{
	struct bench *bench = *state;
	struct conn none = { .ends = record_ends(5) };

	json_object_begin(&bench->out);
	peer_view_json(&none, OFFSET_NS, &bench->out);
	json_object_end(&bench->out);
	expect_bytes(bench->out.data, bench->out.len, "{\"peers\":[]}");
}

static void text_has_the_busiest_first(void **state)
{
	struct bench *bench = *state;

	put(bench, 0, 30);
	put(bench, 1, 50);
	put(bench, 2, 40);
	peer_view_text(&bench->conn, OFFSET_NS, &bench->out);
	expect_bytes(bench->out.data, bench->out.len,
		     "  peer 10.0.0.2:444          rx 1 (50 B) tx 2 (20 B) last 16:00:00.001\n"
		     "  peer 10.0.0.2:445          rx 1 (40 B) tx 2 (20 B) last 16:00:00.001\n"
		     "  peer 10.0.0.2:443          rx 1 (30 B) tx 2 (20 B) last 16:00:00.001\n");
}

static void text_sums_up_the_others(void **state)
{
	struct bench *bench = *state;
	const struct sw_udp_count count = record_udp_count(1, 5);

	for (uint32_t slot = 0; slot < 13; slot++)
		put(bench, slot, 100 - slot);
	peers_count(bench->conn.peers, &count);
	peer_view_text(&bench->conn, OFFSET_NS, &bench->out);
	json_raw(&bench->out, "", 1);
	assert_non_null(strstr(bench->out.data, "  peer 10.0.0.2:452          rx 1 (91 B)"));
	assert_null(strstr(bench->out.data, "10.0.0.2:453"));
	assert_non_null(strstr(bench->out.data,
			       "  3 more peers rx 3 (267 B) tx 6 (60 B)\n"
			       "  peers not kept: rx 0 (0 B) tx 5 (500 B)\n"
			       "  3 of these not taken: the socket's queue was full\n"));
}

static void without_peers_there_is_no_text(void **state)
{
	struct bench *bench = *state;
	struct conn none = { .ends = record_ends(5) };

	peer_view_text(&none, OFFSET_NS, &bench->out);
	assert_int_equal(bench->out.len, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(json_has_every_peer),
		TEST(json_without_peers_is_an_empty_array),
		TEST(text_has_the_busiest_first),
		TEST(text_sums_up_the_others),
		TEST(without_peers_there_is_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
