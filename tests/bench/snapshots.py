# SPDX-License-Identifier: GPL-2.0-or-later
"""The sockets now, with the processes that hold them: sockwatch against ss, netstat and lsof."""

import shutil

from measure import Crowd, Skip, alternate, run

# What each is called in the table. Columns of ours: what ss -p has, and the executable's path.
PEERS = {
    'ss -tan': ['ss', '-tan'],
    'ss -tanp': ['ss', '-tanp'],
    'netstat -tanp': ['netstat', '-tanp'],
    'lsof -iTCP': ['lsof', '-nP', '-iTCP'],
}
SLOW = 20  # seconds: a peer that takes longer is stopped, and counts as that


def ours(build):
    return {'sockwatch -tanp': [f'{build}/sockwatch', '-tanp', '--columns=+exe'],
            'sockwatch -tan': [f'{build}/sockwatch', '-tan']}


def compare(bench, sockets, processes, files, names, rounds):
    commands = ours(bench.build)
    for name in names:
        if shutil.which(PEERS[name][0]):
            commands[name] = PEERS[name]
        else:
            bench.skip(f'{PEERS[name][0]} is not installed')
    with Crowd(bench.build, sockets, processes, files):
        run(bench.build, commands['sockwatch -tanp'])  # both have the caches warm
        rows = alternate(bench.build, commands, rounds, SLOW)
    case = f'{sockets:,} sockets, {processes} processes, {files:,} files'
    bench.table('snapshot', case, [{'program': name} | row for name, row in rows.items()])
    return rows


def ratio(rows, name, other, key='wall_ms'):
    return rows[other][key] / rows[name][key] if other in rows else None


def measure(bench):
    full = bench.full
    rounds = 7 if full else 3
    everyone = list(PEERS) if full else ['ss -tan', 'ss -tanp']
    own = 'sockwatch -tanp'

    rows = compare(bench, 1000, 10, 0, everyone, 2 * rounds + 1)
    bench.target('snapshot of 1,000 sockets: not slower than ss -tanp',
                 ratio(rows, own, 'ss -tanp'), 1, unit='times faster')
    rows = compare(bench, 10000, 200, 200000, everyone, 3)
    bench.target('snapshot of 10,000 sockets among 200,000 files: 15 times faster than ss -tanp',
                 ratio(rows, own, 'ss -tanp'), 15, unit='times faster')
    rows = compare(bench, 100000, 200, 0, everyone, 3 if full else 1)
    bench.target('snapshot of 100,000 sockets: 25 times faster than ss -tanp',
                 ratio(rows, own, 'ss -tanp'), 25, unit='times faster')
    bench.target('snapshot of 100,000 sockets with owners: no slower than ss -tan without',
                 ratio(rows, own, 'ss -tan'), 1, unit='times faster')
    bench.target('peak memory at 100,000 sockets: at most that of ss -tanp',
                 ratio(rows, own, 'ss -tanp', 'rss_kib'), 1, unit='times smaller')
    if full:
        rows = compare(bench, 1000000, 200, 0, ['ss -tan'], 3)
        bench.target('snapshot of 1,000,000 sockets: 2.5 s', rows[own]['wall_ms'] / 1e3, 2.5,
                     most=True, unit='s')


def run_all(bench):
    try:
        measure(bench)
    except Skip as skip:
        bench.skip(str(skip))
