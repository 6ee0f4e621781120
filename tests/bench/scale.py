# SPDX-License-Identifier: GPL-2.0-or-later
"""Many sockets that live on: what each costs, here and in the kernel, and whether it is told right."""

import json
import re
import subprocess
import time

from measure import Crowd, Skip, Tracer, fresh_network

HELD_S = 3
PROCESSES = 200


def slab_bytes():
    with open('/proc/meminfo') as file:
        return int(re.search(r'^Slab: +(\d+)', file.read(), re.M).group(1)) * 1024


def trace(bench, words):
    command = [f'{bench.build}/sockwatch', 'trace', '-j', '--ring-size=64M'] + words
    return Tracer(command, f'{bench.scratch}/scale', says_start=True)


def hold_untraced(bench, sockets):
    """Kernel memory that the sockets take by themselves."""
    before = slab_bytes()
    with Crowd(bench.build, sockets, PROCESSES, reset=1) as crowd:
        taken = slab_bytes() - before
        crowd.close_all()
    time.sleep(2)  # the kernel frees sockets when all readers are past them
    return taken


def hold_traced(bench, sockets):
    """The same under the tracer; and what it tells of each when all are closed at once."""
    result, begin = {}, time.monotonic()
    with trace(bench, ['state CLOSE']) as tracer:
        before, small = slab_bytes(), tracer.rss_kib()
        with Crowd(bench.build, sockets, PROCESSES, reset=1) as crowd:
            pids = crowd.pids()
            result['kernel'] = slab_bytes() - before
            time.sleep(HELD_S)
            result['user'] = (tracer.rss_kib() - small) * 1024
            crowd.close_all()
        tracer.settle(quiet=3, limit=120)
        tracer.stop()
    result['right'] = right_ones(tracer.out, pids, (time.monotonic() - begin) * 1e6)
    return result


def right_ones(path, pids, most_us):
    """Connections whose last event has an age and an owner that can be."""
    right = 0
    with open(path) as file:
        for line in file:
            if '"duration_us"' not in line:
                continue
            event = json.loads(line)
            right += (event.get('old') == 'ESTABLISHED' and event['pid'] in pids and
                      event['exe'].endswith('/hold') and HELD_S * 1e6 <= (event['duration_us'] or 0) <= most_us)
    return right


def live_sockets(bench):
    fresh_network()
    sockets = 1000000 if bench.full else 50000
    alone = hold_untraced(bench, sockets)
    traced = hold_traced(bench, sockets)
    kernel = (traced['kernel'] - alone) / sockets
    case = f'{sockets:,} live sockets tracked'
    bench.table('scale', case, [{'program': 'sockwatch trace', 'kernel_bytes': kernel,
                                 'user_bytes': traced['user'] / sockets, 'right': traced['right'],
                                 'socket_bytes': alone / sockets}])
    bench.target(f'{case}: age and owner right of each', traced['right'], sockets)
    bench.target(f'{case}: 450 B of kernel memory each', kernel, 450, most=True, unit='B')
    bench.target(f'{case}: 200 B of user memory each', traced['user'] / sockets, 200, most=True, unit='B')


def growth(bench):
    """The longest time that one more connection takes, on the way to a million."""
    out = subprocess.run([f'{bench.build}/tests/rows'], stdout=subprocess.PIPE, check=True)
    rows = json.loads(out.stdout)
    bench.note(f'table of {rows["rows"]:,} rows: {rows["mean_ns"]} ns an insertion, {rows["find_ns"]} ns a '
               f'look-up, {rows["bytes"]} B a row')
    bench.target('the growth of the table stalls the ring for at most 5 ms', rows['max_ns'] / 1e6, 5,
                 most=True, unit='ms')


def run_all(bench):
    for step in (growth, live_sockets):
        try:
            step(bench)
        except Skip as skip:
            bench.skip(str(skip))
