# SPDX-License-Identifier: GPL-2.0-or-later
"""Every transition, to a file: what a tracer costs the connections, and what it loses."""

import json
import os
import re
import signal
import subprocess
import time

from measure import Crowd, Skip, Tracer, churn, fresh_network, median

BPFTRACE = ('tracepoint:sock:inet_sock_set_state { printf("%d %s %d %d %d->%d\\n", pid, comm, '
            'args->sport, args->dport, args->oldstate, args->newstate); }')


def tracers(bench):
    """Command, and what a line about a connection of ours looks like."""
    chosen = {'none': None, 'sockwatch trace': [f'{bench.build}/sockwatch', 'trace'],
              'tcpstates': ['/usr/sbin/tcpstates']}
    if bench.full:
        chosen |= {'sockwatch trace -j': [f'{bench.build}/sockwatch', 'trace', '-j'],
                   'tcplife': ['/usr/sbin/tcplife'],
                   'bpftrace': ['bpftrace', '-e', BPFTRACE]}
    return chosen


def start(bench, name, command):
    return Tracer(command, os.path.join(bench.scratch, 'out'), says_start=name.startswith('sockwatch'))


def count_lines(path):
    """Lines about the generator's port: each transition is one (two a connection for tcplife)."""
    with open(path, 'rb') as file:
        return sum(1 for line in file if b'7777' in line and (b'"event"' not in line or b'"state"' in line))


def own_loss(tracer):
    """What sockwatch itself says was lost."""
    told = re.search(r'(\d+) lost', tracer.errors())
    return int(told.group(1)) if told else None


def one(bench, name, command, load):
    """The generator's report, and the tracer's time while it ran."""
    fresh_network()
    if command is None:
        return churn(bench.build, **load) | {'tracer_core': 0, 'seen': None, 'lost': 0, 'rss_kib': 0}
    with start(bench, name, command) as tracer:
        before, begin = tracer.cpu(), time.monotonic()
        report = churn(bench.build, **load)
        tracer.settle()
        spent = tracer.cpu() - before
        report['rss_kib'] = tracer.rss_kib()
        tracer.stop()
        report |= {'tracer_core': spent / report['seconds'], 'lost': own_loss(tracer),
                   'seen': count_lines(tracer.out)}
    return report


def compare(bench, case, load, rounds):
    runs, chosen = {}, tracers(bench)
    for _ in range(rounds):
        for name, command in chosen.items():
            try:
                runs.setdefault(name, []).append(one(bench, name, command, load))
            except Skip as skip:
                bench.skip(str(skip))
    rows = {}
    for name, all_of in runs.items():
        if not all_of:
            continue
        rows[name] = {
            'connections_s': median([r['connections'] / r['seconds'] for r in all_of]),
            'us_connection': median([r['cpu'] / r['connections'] * 1e6 for r in all_of]),
            'tracer_core': median([r['tracer_core'] for r in all_of]),
            'rss_kib': median([r['rss_kib'] for r in all_of]),
            'missing': max(missing(name, r) for r in all_of),
            'rounds': len(all_of)}
    untraced = rows['none']['us_connection']
    for row in rows.values():
        row['more_cpu'] = row['us_connection'] / untraced - 1
    bench.table('trace', case, [{'program': name} | row for name, row in rows.items()])
    return rows


def missing(name, report):
    """Transitions that are not in the output; connections for tcplife."""
    if report['seen'] is None:
        return 0
    expected = report['connections'] * 2 if name == 'tcplife' else report['transitions']
    # The listener opens and closes, too; and TIME_WAIT may end while we watch.
    return max(0, expected - report['seen'])


def fixed_rate(bench):
    seconds = 10 if bench.full else 2
    load = {'connections': 5000 * seconds, 'rate': 5000}
    rows = compare(bench, '5,000 connections a second', load, 7 if bench.full else 3)
    own = rows['sockwatch trace']
    bench.target('trace at 5,000 connections a second: 15 % more CPU per connection',
                 own['more_cpu'] * 100, 15, most=True, unit='%')
    bench.target('the tracer itself: 0.05 of a core', own['tracer_core'], 0.05, most=True, unit='core')
    bench.target('transitions missing at 5,000 connections a second: 0', own['missing'], 0, most=True)


def saturated(bench):
    load = {'connections': 120000 if bench.full else 30000, 'cpu': 1}
    rows = compare(bench, 'one core, as fast as it can', load, 5 if bench.full else 3)
    own = rows['sockwatch trace']
    if bench.is_busy():
        rate, unit = rows['none']['us_connection'] / own['us_connection'], '% by CPU time: the machine is busy'
    else:
        rate, unit = own['connections_s'] / rows['none']['connections_s'], '%'
    bench.target('saturated: 85 % of the untraced rate', rate * 100, 85, unit=unit)
    bench.target('transitions missing when saturated: 0', own['missing'], 0, most=True)


def lost_when_all_close(bench):
    command = [f'{bench.build}/sockwatch', 'trace', '--strict']
    with Crowd(bench.build, 50000, 10) as crowd:
        with start(bench, 'sockwatch', command) as tracer:
            crowd.close_all()
            tracer.settle()
            tracer.stop()
            lost = own_loss(tracer)
    bench.target('lost when 50,000 sockets close at once: 0', lost, 0, most=True)


def lost_when_stopped(bench):
    command = [f'{bench.build}/sockwatch', 'trace', '--strict', '--ring-size=64M']
    with start(bench, 'sockwatch', command) as tracer:
        tracer.signal(signal.SIGSTOP)
        begin = time.monotonic()
        report = churn(bench.build, 200000, cpu=1, seconds=1)
        stopped = time.monotonic() - begin
        tracer.signal(signal.SIGCONT)
        tracer.settle()
        tracer.stop()
        bench.note(f'stopped for {stopped:.1f} s: {report["connections"]} connections in {report["seconds"]:.2f} s')
        lost = own_loss(tracer) + missing('sockwatch trace', {'seen': count_lines(tracer.out)} | report)
    bench.target('lost with the tracer stopped for 1 s, ring of 64 MiB: 0', lost, 0, most=True)


def programs_of(pid):
    """Numbers of the BPF programs that a process holds."""
    ids = set()
    for fd in os.listdir(f'/proc/{pid}/fdinfo'):
        with open(f'/proc/{pid}/fdinfo/{fd}') as file:
            ids.update(int(line.split()[1]) for line in file if line.startswith('prog_id:'))
    return ids


def program_time(bench):
    """bpf_stats: nanoseconds a run of the transition program, and of all together a connection."""
    switch = '/proc/sys/kernel/bpf_stats_enabled'
    try:
        with open(switch, 'r+') as file:
            was = file.read().strip()
            file.seek(0)
            file.write('1')
    except OSError as error:
        raise Skip(f'bpf_stats: {error.strerror}')
    try:
        with start(bench, 'sockwatch', [f'{bench.build}/sockwatch', 'trace']) as tracer:
            report = churn(bench.build, 20000 if bench.full else 10000, rate=5000)
            tracer.settle()
            shown = subprocess.run([bench.bpftool, '-j', 'prog', 'show'], stdout=subprocess.PIPE, check=True)
            ids = programs_of(tracer.child.pid)
            mine = [p for p in json.loads(shown.stdout) if p.get('run_cnt') and p['id'] in ids]
    finally:
        with open(switch, 'w') as file:
            file.write(was)
    rows = [{'program': p['name'], 'runs': p['run_cnt'], 'ns_run': p['run_time_ns'] / p['run_cnt'],
             'ns_connection': p['run_time_ns'] / report['connections']} for p in mine]
    rows.sort(key=lambda row: -row['ns_connection'])
    bench.table('programs', 'bpf_stats at 5,000 connections a second', rows)
    for row in rows:
        if 'on_state_changed'.startswith(row['program'][:15]) and row['ns_run'] > 100:
            bench.target('a run of the transition program: 500 ns', row['ns_run'], 500, most=True, unit='ns')


def first_event(bench):
    """From exec to the first event in the output, under 2,000 connections a second."""
    times = []
    path = os.path.join(bench.scratch, 'first')
    load = subprocess.Popen([f'{bench.build}/tests/churn', '-n', '60000', '-r', '2000'],
                            stdout=subprocess.DEVNULL)
    try:
        for _ in range(15 if bench.full else 7):
            begin = time.monotonic()
            with open(path, 'wb') as out:
                child = subprocess.Popen([f'{bench.build}/sockwatch', 'trace', '-j', '--mode=tracepoint'],
                                         stdout=out, stderr=subprocess.DEVNULL)
            while b'"event":"state"' not in open(path, 'rb').read(4096):
                time.sleep(0.0002)
            times.append((time.monotonic() - begin) * 1e3)
            child.send_signal(signal.SIGINT)
            child.wait()
    finally:
        load.kill()
        load.wait()
    bench.note(f'exec to first event: {min(times):.0f} to {max(times):.0f} ms')
    bench.target('first event after exec: 25 ms', median(times), 25, most=True, unit='ms')


def idle(bench):
    seconds = 20 if bench.full else 3
    with start(bench, 'sockwatch', [f'{bench.build}/sockwatch', 'trace']) as tracer:
        time.sleep(1)
        before = tracer.cpu()
        time.sleep(seconds)
        share = (tracer.cpu() - before) / seconds * 100
        size = tracer.rss_kib() / 1024
    bench.target('idle: 0.2 % of a core', share, 0.2, most=True, unit='%')
    bench.target('idle: 20 MiB with the default ring', size, 20, most=True, unit='MiB')


def run_all(bench):
    steps = [idle, first_event, fixed_rate, saturated, lost_when_all_close, lost_when_stopped, program_time]
    for step in steps:
        fresh_network()
        try:
            step(bench)
        except Skip as skip:
            bench.skip(str(skip))
