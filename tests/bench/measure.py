# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs programs and generators, and says what they took."""

import ctypes
import json
import os
import shutil
import signal
import statistics
import subprocess
import time


class Skip(Exception):
    """Something is not here that a measurement needs; says what."""


def need(program):
    if not shutil.which(program):
        raise Skip(f'{os.path.basename(program)} is not installed')


NETWORK = {'ip_local_port_range': '1024 65535', 'tcp_max_tw_buckets': '4000000'}


def fresh_network():
    """A network namespace with nothing in it: the TIME_WAIT sockets of the last one end with it."""
    clone_newnet = 0x40000000
    if ctypes.CDLL(None, use_errno=True).unshare(clone_newnet):
        raise Skip(f'unshare: {os.strerror(ctypes.get_errno())}')
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    for name, value in NETWORK.items():
        with open(f'/proc/sys/net/ipv4/{name}', 'w') as file:
            file.write(value)
    time.sleep(0.5)  # the kernel takes its time


def median(values):
    return statistics.median(values) if values else None


def run(build, command, limit=120):
    """One run to its end: wall_ms, cpu_ms, rss_kib. `cut`: it was stopped at the limit."""
    out = subprocess.run([f'{build}/tests/spawn', str(limit)] + command, stdout=subprocess.PIPE, check=True)
    result = json.loads(out.stdout)
    if result['status'] == 127:
        raise Skip(f'{command[0]} cannot be run')
    return result


def alternate(build, commands, rounds, limit):
    """A B C A B C: the medians of each, by name."""
    runs = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(run(build, command, limit))
    return {name: {key: median([one[key] for one in all_of]) for key in ('wall_ms', 'cpu_ms', 'rss_kib')}
            | {'cut': any(one['cut'] for one in all_of), 'rounds': len(all_of)}
            for name, all_of in runs.items()}


class Crowd:
    """Sockets that are held for the length of a with statement."""

    def __init__(self, build, sockets, processes, files=0, reset=0, seconds=600):
        self.command = [f'{build}/tests/hold', '-s', str(sockets), '-p', str(processes),
                        '-f', str(files), '-x', str(reset), '-t', str(seconds)]

    def __enter__(self):
        self.child = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if not self.child.stdout.readline().startswith('ready'):
            raise Skip('the sockets cannot be made here: ' + ' '.join(self.command[1:]))
        return self

    def pids(self):
        with open(f'/proc/{self.child.pid}/task/{self.child.pid}/children') as file:
            return {int(pid) for pid in file.read().split()}

    def close_all(self):
        """Returns when every socket is closed."""
        self.child.stdin.write('close\n')
        self.child.stdin.flush()
        self.child.stdout.readline()

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.wait()
        self.child.stdout.close()


def churn(build, connections, rate=0, cpu=0, reset=0, seconds=120):
    """Connections that come and go: what the generator says of them."""
    out = subprocess.run([f'{build}/tests/churn', '-n', str(connections), '-r', str(rate),
                          '-c', str(cpu), '-x', str(reset), '-t', str(seconds)],
                         stdout=subprocess.PIPE, check=True)
    return json.loads(out.stdout)


def cpu_seconds(pid):
    """Time on a processor so far, of all threads."""
    total = 0
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/schedstat') as file:
            total += int(file.read().split()[0])
    return total / 1e9


def rss_kib(pid):
    with open(f'/proc/{pid}/status') as file:
        for line in file:
            if line.startswith('VmRSS:'):
                return int(line.split()[1])
    return 0


class Tracer:
    """A tracer that writes to a file, for the length of a with statement."""

    # Peers do not say when they are ready, or keep it in a buffer.
    READY_S = 2.0

    def __init__(self, command, out, says_start=None):
        self.command, self.out, self.says_start = command, out, says_start

    def __enter__(self):
        need(self.command[0])
        with open(self.out, 'wb') as out, open(self.out + '.err', 'wb') as errors:
            self.begin = time.monotonic()
            self.child = subprocess.Popen(self.command, stdout=out, stderr=errors, stdin=subprocess.DEVNULL)
        self.usage = None
        until = time.monotonic() + (20 if self.says_start else self.READY_S)
        while time.monotonic() < until:
            if self.says_start and os.path.getsize(self.out):
                break
            if self.child.poll() is not None:
                with open(self.out + '.err') as errors:
                    raise Skip(f'{os.path.basename(self.command[0])}: ' + errors.read().strip()[-200:])
            time.sleep(0.001 if self.says_start else 0.05)
        self.ready_ms = (time.monotonic() - self.begin) * 1e3
        return self

    def cpu(self):
        return cpu_seconds(self.child.pid)

    def rss_kib(self):
        return rss_kib(self.child.pid)

    def settle(self, quiet=0.5, limit=20):
        """Wait until what was written to the file is all there is."""
        until, size, since = time.monotonic() + limit, -1, 0
        while time.monotonic() < until:
            now = os.path.getsize(self.out)
            if now != size:
                size, since = now, time.monotonic()
            elif time.monotonic() - since > quiet:
                return
            time.sleep(0.02)

    def signal(self, number):
        self.child.send_signal(number)

    def stop(self):
        if self.usage is None:
            self.child.send_signal(signal.SIGINT)
            _, status, self.usage = os.wait4(self.child.pid, 0)
            self.child.returncode = os.waitstatus_to_exitcode(status)

    def errors(self):
        with open(self.out + '.err') as errors:
            return errors.read()

    def __exit__(self, *_):
        self.stop()
