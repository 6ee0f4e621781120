# SPDX-License-Identifier: GPL-2.0-or-later
"""The sockets now, with the processes that hold them: sockwatch against ss, netstat and lsof."""

import shutil

from measure import Crowd, Skip, alternate, run

# What each is called in the table.
PEERS = {
    'ss -tan': ['ss', '-tan'],
    'ss -tanp': ['ss', '-tanp'],
    'netstat -tanp': ['netstat', '-tanp'],
    'lsof -iTCP': ['lsof', '-nP', '-iTCP'],
}
SLOW = 60  # seconds: a peer that takes longer is stopped, and counts as that


# What ss -p has, and the executable's path. Peers look into one namespace, and so do we; without
# -N there is a second one here, in which the kernel walks over the same sockets again.
OWN = 'sockwatch -tanp -N self'


def ours(build):
    return {OWN: [f'{build}/sockwatch', '-tanp', '-N', 'self', '--columns=+exe'],
            'sockwatch -tanp': [f'{build}/sockwatch', '-tanp', '--columns=+exe'],
            'sockwatch -tan -N self': [f'{build}/sockwatch', '-tan', '-N', 'self']}


def compare(bench, sockets, processes, files, names, rounds):
    commands = ours(bench.build)
    for name in names:
        if shutil.which(PEERS[name][0]):
            commands[name] = PEERS[name]
        else:
            bench.skip(f'{PEERS[name][0]} is not installed')
    with Crowd(bench.build, sockets, processes, files):
        run(bench.build, commands[OWN])  # both have the caches warm
        rows = alternate(bench.build, commands, rounds, SLOW)
    case = f'{sockets:,} sockets, {processes} processes, {files:,} files'
    bench.table('snapshot', case, [{'program': name} | row for name, row in rows.items()])
    return rows


def faster(bench, what, rows, other, bound):
    """By the clock; by time on a processor where other work takes the processors away."""
    key = 'cpu_ms' if bench.is_busy() else 'wall_ms'
    if other in rows:
        bench.target(what, rows[other][key] / rows[OWN][key], bound,
                     unit='times in CPU time: the machine is busy' if key == 'cpu_ms' else 'times')


def measure(bench):
    full = bench.full
    rounds = 7 if full else 3
    everyone = list(PEERS) if full else ['ss -tan', 'ss -tanp']

    rows = compare(bench, 1000, 10, 0, everyone, 2 * rounds + 1)
    faster(bench, 'snapshot of 1,000 sockets: not slower than ss -tanp', rows, 'ss -tanp', 1)
    rows = compare(bench, 10000, 200, 200000, everyone, 3)
    faster(bench, 'snapshot of 10,000 sockets among 200,000 files: 15 times faster than ss -tanp', rows,
           'ss -tanp', 15)
    rows = compare(bench, 100000, 200, 0, everyone, 3 if full else 1)
    faster(bench, 'snapshot of 100,000 sockets: 25 times faster than ss -tanp', rows, 'ss -tanp', 25)
    faster(bench, 'snapshot of 100,000 sockets with owners: no slower than ss -tan without', rows,
           'ss -tan', 1)
    if 'ss -tanp' in rows:
        bench.target('peak memory at 100,000 sockets: at most that of ss -tanp',
                     rows['ss -tanp']['rss_kib'] / rows[OWN]['rss_kib'], 1, unit='times smaller')
    if full:
        rows = compare(bench, 1000000, 200, 0, ['ss -tan'], 3)
        # Other work only makes it longer; and two threads have more CPU time than there is time.
        bench.target('snapshot of 1,000,000 sockets: 2.5 s', rows[OWN]['wall_ms'] / 1e3, 2.5, most=True, unit='s')


def run_all(bench):
    try:
        measure(bench)
    except Skip as skip:
        bench.skip(str(skip))
