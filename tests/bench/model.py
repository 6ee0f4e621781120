#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a machine with many processors would do to the tracer: on paper, from what we measured.

One ring is one lock: processors that write records queue for it. That is a closed queueing network
(each processor works on a connection, then wants the lock), solved by mean value analysis. The
reader is a server of its own. Change a number: model.py --cores 128 --rate 1000000.
"""

import argparse

# Measured on two cores (docs/performance.md); the rest is said to be assumed.
RECORDS = 19          # a connection over loopback in tracepoint mode, both ends on this machine
RECORD_BYTES = 136    # mean, with the ring's header of 8
WRITE_NS = 470        # all that tracing costs a connection, for each record, without the lock
LOCK_NS = 35          # reserve holds the lock this long when nobody else wants it
TRANSFER_NS = 90      # assumed: a contended line comes from another core; twice that between sockets
READ_NS = 550         # to read, apply and print a record
WORK_US = 40          # what the kernel does for a connection, both ends
ROW_BYTES = 176
LIVE_SECONDS = 0.5    # assumed: how long a connection lives
TIME_WAIT_SECONDS = 60
DRAIN_SECONDS = 0.02
STALL_SECONDS = 0.1   # assumed: how long the reader may be kept from its processor


def lock_throughput(writers, think_ns, service_ns):
    """Records a nanosecond through one lock, and the mean wait, by mean value analysis."""
    queue = 0.0
    for customers in range(1, writers + 1):
        response = service_ns * (1 + queue)
        throughput = customers / (think_ns + response)
        queue = throughput * response
    return throughput, response - service_ns


def describe(cores, rate, rings):
    """What happens if each ring is shared by cores / rings processors."""
    writers = max(1, cores // rings)
    # Alone on a ring nothing is transferred but to the reader, once a drain.
    service = LOCK_NS + (TRANSFER_NS if writers > 1 else 0)
    wanted = rate * RECORDS / rings  # records a second
    think = writers / wanted * 1e9 if wanted else 0
    floor = (WORK_US * 1e3 / RECORDS) + WRITE_NS
    throughput, wait = lock_throughput(writers, max(think, floor), service)
    possible, _ = lock_throughput(writers, floor, service)
    return {'rings': rings, 'writers': writers, 'wanted': wanted, 'possible': possible * 1e9,
            'wait_ns': wait, 'kept': min(1.0, throughput * 1e9 / wanted),
            'cpu': 1 + RECORDS * (WRITE_NS + service + wait) / (WORK_US * 1e3)}


def print_rings(cores, rate):
    print(f'{cores} processors, {rate:,} connections a second: {rate * RECORDS / 1e6:.1f} M records/s, '
          f'{rate * RECORDS * RECORD_BYTES / 1e9:.2f} GB/s\n')
    print('| rings | processors a ring | M records/s wanted of each | it can take | wait for the lock, ns '
          '| CPU per connection |')
    print('|---:|---:|---:|---:|---:|---:|')
    for rings in sorted({1, 2, 4, 8, 16, 32, 64, cores}):
        if rings > cores:
            continue
        row = describe(cores, rate, rings)
        print(f'| {rings} | {row["writers"]} | {row["wanted"] / 1e6:.2f} | {row["possible"] / 1e6:.2f} | '
              f'{row["wait_ns"]:.0f} | {row["cpu"] - 1:+.0%} |')


def print_rest(cores, rate):
    records = rate * RECORDS
    readers = records * READ_NS / 1e9
    ring = records * RECORD_BYTES * (DRAIN_SECONDS + STALL_SECONDS)
    print(f'\nreaders: {readers:.1f} processors at {READ_NS} ns a record; one takes '
          f'{1e9 / READ_NS / RECORDS:,.0f} connections a second')
    print(f'rings: {ring / 2**20:,.0f} MiB in all for {(DRAIN_SECONDS + STALL_SECONDS) * 1e3:.0f} ms, '
          f'{ring / cores / 2**20:.1f} MiB a processor; the default of 8 MiB is full after '
          f'{8 * 2**20 / (records * RECORD_BYTES) * 1e3:.1f} ms')
    live = rate * LIVE_SECONDS * 2
    print(f'live connections: {live / 1e6:.1f} M rows, {live * ROW_BYTES / 2**30:.2f} GiB here, none in the kernel')
    waiting = rate * TIME_WAIT_SECONDS
    print(f'TIME_WAIT without a limit: {waiting / 1e6:.0f} M rows, {waiting * ROW_BYTES / 2**30:.1f} GiB; '
          f'with 24 B each {waiting * 24 / 2**30:.1f} GiB; with tcp_max_tw_buckets=262144 '
          f'{262144 * ROW_BYTES / 2**20:.0f} MiB')
    # Records of one socket in several rings: the later may be read first, by at most one drain.
    held = rate * 2 * DRAIN_SECONDS / max(1, round(readers))
    print(f'order: a reader holds at most {held:,.0f} connections for one drain of {DRAIN_SECONDS * 1e3:.0f} '
          f'ms ({held * RECORD_BYTES / 2**20:.1f} MiB) until the sequence number that is missing comes')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--cores', type=int, default=128)
    parser.add_argument('--rate', type=int, default=1000000)
    options = parser.parse_args()
    print_rings(options.cores, options.rate)
    print_rest(options.cores, options.rate)


if __name__ == '__main__':
    main()
