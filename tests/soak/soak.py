#!/usr/bin/env python3
"""Serves a host on each store for a while, makes it hard for it, and looks whether it held. usage: soak.py MINUTES [STORE...]

Callers make, change, close and read incidents, run commands and test connections. Meanwhile strangers and a key over its
limits flood the host, readers do not read, the mail server stalls, the clock jumps, the disk under the store fills, and
servers fail and recover. In the end nothing that was acknowledged is missing or there twice, each outage and each
recovery was told once, and the memory did not grow.

Needs Linux, root (to mount a file system in memory), PostgreSQL and libfaketime (Debian's postgresql and faketime). The
binary is FOOTPRINT, the folder for logs and figures SOAK_FOLDER (a new one of /tmp). Status 1: something did not hold.
"""

import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from alerts import Breakable, Mail, Outages, Webhook
from host import Host
from load import Load, Worker, flood, slow_readers

WORKERS, SLOW_READERS = 3, 30

# In each part of the run of so many seconds everything happens once, each thing at an instant of its own. A part is so
# long that an outage is told, also after a clock that was ahead, before the next one begins.
PART = 150

# How far the clock jumps, part by part, and for how many seconds.
JUMPS, JUMP_SECONDS = ['+365d', '-3600', '+600', '-86400'], 5

# The connection that is only checked by schedule is down for so long, at these parts of the run, if the run is long enough.
LONG_OUTAGE, LONG_OUTAGES_AT, LONG_RUN = 240, (1 / 6, 4 / 6), 1800

# How long the last alerts may take: so long a mail waits for its next attempt, and a minute for times to be corrected.
LAST_ALERTS = 300

# How much more memory than after the warm-up (a sixth of the run) the host may hold in the last sixth, and at its peak.
GROWTH_MIB, PEAK_MIB = 32, 320


class Soak:
    def __init__(self, store, folder, seconds):
        self.store, self.seconds = store, seconds
        self.host = Host(store, folder)
        self.mail, self.hook = Mail(), Webhook()
        simulator = urllib.parse.urlsplit(self.host.vendor['url'])
        self.target = (simulator.hostname, simulator.port)
        keys = {name: self.host.user(name, role) for name, role in
                [*((f'worker{number}', 'Analyst') for number in range(WORKERS)), ('greedy', 'Viewer'), ('slow', 'Viewer')]}
        self.tested, self.checked = Breakable(self.target), Breakable(self.target)
        # A connection can name only a webhook of the settings.
        self.host.send_alerts_to(self.mail.port, self.hook.port)
        ids = [self.host.connect(name, port, minutes) for name, port, minutes in
               [('steady', simulator.port, 5), ('tested', self.tested.port, 60), ('checked', self.checked.port, 1)]]
        self.host.serve()
        self.load = Load(self.host)
        self.tested_outages = Outages(self.load, self.tested, ids[1], 'tested')
        self.checked_id, self.long_outages, self.keys = ids[2], 0, keys
        self.workers = [Worker(self.load, f'worker{number}', keys[f'worker{number}'], 0.5) for number in range(WORKERS)]

    def at_times(self, happen):
        """Does something at an instant of each part of the run."""
        for number in range(int(self.seconds // PART)):
            at = self.begun + PART * (number + random.uniform(0.05, 0.35))
            if self.load.ends.wait(max(0, at - time.monotonic())):
                return
            happen(number)

    def stall(self, _number):
        self.mail.stalls = True
        self.load.ends.wait(70)
        self.mail.stalls = False

    def jump(self, number):
        self.host.clock.set(JUMPS[number % len(JUMPS)])
        self.load.ends.wait(JUMP_SECONDS)
        self.host.clock.set('+0')
        self.load.count('clock jumps')

    def fill(self, _number):
        self.host.disk.fill()
        self.load.ends.wait(20)
        self.host.disk.empty()
        self.load.count('disk full')

    def fail(self, _number):
        self.tested_outages.once(20)

    def fail_long(self):
        for at in LONG_OUTAGES_AT:
            if self.load.ends.wait(max(0, self.begun + self.seconds * at - time.monotonic())):
                return
            self.checked.set_up(False)
            self.long_outages += 1
            self.load.ends.wait(LONG_OUTAGE)
            self.checked.set_up(True)

    def flood(self, _number):
        flood(self.load, self.keys['greedy'], 15)

    def run(self):
        self.begun = time.monotonic()
        for happen in (self.stall, self.jump, self.fill, self.fail, self.flood):
            self.load.start(self.at_times, happen)
        if self.seconds >= LONG_RUN:
            self.load.start(self.fail_long)
        for worker in self.workers:
            self.load.start(worker.work)
        self.load.start(slow_readers, self.load, self.keys['slow'], SLOW_READERS)
        while (left := self.begun + self.seconds - time.monotonic()) > 0:
            time.sleep(min(60, left))
            if self.host.process.poll() is not None:
                return self.load.wrong(f'the host ended with status {self.host.process.returncode}')
            made = sum(len(worker.number_of) for worker in self.workers)
            self.say(f'{time.monotonic() - self.begun:.0f} s: {made} incidents made, {self.host.memory_mib():.0f} MiB of '
                     f'memory, {self.host.disk.used_mib()} MiB of disk, {len(self.load.faults)} faults')
        self.load.finish()
        self.mail.stalls = False
        self.host.disk.empty()
        self.host.clock.set('+0')

    def wait_for_alerts(self):
        """Until no alert waits: after the mail server's last stall a mail is tried again within four minutes."""
        until = time.monotonic() + LAST_ALERTS
        while time.monotonic() < until:
            waiting = self.load.until_done(lambda: self.load.manage('GET', '/alerts/waiting'))
            state = json.loads(self.load.manage('GET', f'/connections/{self.checked_id}/health')[1])['connection']['state']
            if not waiting and state == 'Healthy':
                return
            time.sleep(2)
        self.load.wrong(f'after {LAST_ALERTS} s alerts wait: {waiting}; the checked connection is {state}')

    def check(self):
        self.wait_for_alerts()
        status, ready = self.load.send('GET', '/readyz')
        if (status, ready) != (200, b'ok\n'):
            self.load.wrong(f'/readyz says {status} {ready}')
        for told, way in ((self.mail, 'mail'), (self.hook, 'webhook')):
            for subject, outages in (('tested', self.tested_outages.outages), ('checked', self.long_outages)):
                for event in ('failed', 'recovered'):
                    count = told.count((f'Connection {subject}', event))
                    if count != outages:
                        self.load.wrong(f'{way}: {outages} outages of {subject}, and {count} messages that it {event}')
            others = {what for _, what in told.what.values()} - {'failed', 'recovered'}
            if others:
                self.load.wrong(f'{way}: messages of something else: {others}')
        if status := self.host.stop():
            self.load.wrong(f'the host ended with status {status}')
        log = self.host.log.read_text()
        if 'panicked' in log:
            self.load.wrong('the log tells of a panic')
        rows = self.host.terminal('incident', 'export', '--format', 'ndjson').splitlines()
        stored = {row['number']: row for row in map(json.loads, rows)}
        return sum(worker.check(stored) for worker in self.workers), len(stored)

    def memory(self):
        """After the warm-up, at the peak, and in the end."""
        part = lambda first, last: statistics.median(
            mib for at, mib in self.host.samples if first * self.seconds <= at <= last * self.seconds)
        warm, late, peak = part(1 / 6, 2 / 6), part(5 / 6, 1), max(mib for _, mib in self.host.samples)
        if late > warm + GROWTH_MIB:
            self.load.wrong(f'the memory grew from {warm:.0f} to {late:.0f} MiB')
        if peak > warm + PEAK_MIB:
            self.load.wrong(f'the memory rose from {warm:.0f} to {peak:.0f} MiB')
        return f'{warm:.0f} MiB after the warm-up, {peak:.0f} at the peak, {late:.0f} in the last sixth, ' \
               f'{self.host.samples[-1][1]:.0f} at the end'

    def figures(self, changes, incidents, memory):
        self.say(f'memory: {memory}')
        self.say(f'{changes} acknowledged changes of {incidents} incidents')
        repeated = self.hook.repeated(), self.mail.repeated()
        self.say(f'{self.tested_outages.outages} short and {self.long_outages} long outages; webhook {len(self.hook.what)}, '
                 f'mail {len(self.mail.what)} messages, sent again under the same id {repeated[0]} and {repeated[1]} times; '
                 f'{self.mail.stalled} mails stalled')
        for what, took in sorted(self.load.latencies.items()):
            took.sort()
            self.say(f'{what}: {len(took)} in a median of {took[len(took) // 2] * 1000:.0f} ms, 99th percentile '
                     f'{took[len(took) * 99 // 100] * 1000:.0f} ms, slowest {took[-1] * 1000:.0f} ms')
        self.say(', '.join(f'{what}: {count}' for what, count in sorted(self.load.counts.items())))

    def say(self, what):
        print(f'{time.strftime("%H:%M:%S")} {self.store}: {what}', flush=True)


def soak(store, folder, seconds):
    soak = Soak(store, folder / store, seconds)
    try:
        soak.run()
        if soak.host.process.poll() is None:
            changes, incidents = soak.check()
            soak.figures(changes, incidents, soak.memory())
    finally:
        soak.host.end()
    soak.say('HELD' if not soak.load.faults else f'DID NOT HOLD: {len(soak.load.faults)} faults')
    return int(bool(soak.load.faults))


def main():
    arguments = sys.argv[1:]
    if not arguments:
        raise SystemExit(__doc__)
    minutes, stores = float(arguments[0]), arguments[1:] or ['sqlite', 'postgres']
    folder = pathlib.Path(os.environ.get('SOAK_FOLDER') or tempfile.mkdtemp(prefix='soak-', dir='/tmp'))
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    if len(stores) == 1:
        return soak(stores[0], folder, minutes * 60)
    environment = os.environ | {'SOAK_FOLDER': str(folder)}
    each = [subprocess.Popen([sys.executable, __file__, str(minutes), store], env=environment) for store in stores]
    return max(process.wait() for process in each)


sys.exit(main())
