"""Callers of a host: some with a key that do their work, some that try to keep these from it."""

import collections
import http.client
import itertools
import json
import random
import socket
import threading
import time
import urllib.parse

from host import SITE

# How long something that the host refuses for now is repeated.
PATIENCE = 180

# How long a connection is held on which nothing is read: longer than the host waits for its caller.
SLOW_SECONDS = 45


class Load:
    def __init__(self, host):
        self.host, self.at = host, urllib.parse.urlsplit(host.url)
        self.ends, self.faults = threading.Event(), []
        self.counts, self.latencies = collections.Counter(), collections.defaultdict(list)
        self.lock, self.local, self.threads = threading.Lock(), threading.local(), []

    def start(self, work, *arguments):
        def going():
            try:
                work(*arguments)
            except Exception as fault:
                self.wrong(f'{work.__name__}: {fault!r}')
        thread = threading.Thread(target=going, daemon=True)
        thread.start()
        self.threads.append(thread)

    def wrong(self, what):
        with self.lock:
            self.faults.append(what)
        print(f'FAULT {self.host.folder.name}: {what}', flush=True)

    def count(self, what, number=1):
        with self.lock:
            self.counts[what] += number

    def send(self, method, path, body=None, headers=None, timeout=90, source=None):
        """Status and body of a call; a status of 0 where no answer came."""
        kept = getattr(self.local, 'connection', None) if source is None else None
        connection = kept or http.client.HTTPConnection(self.at.hostname, self.at.port, timeout=timeout,
                                                        source_address=source)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            status, text = answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            self.local.connection = None
            return 0, b''
        if source is None:
            self.local.connection = connection
        else:
            connection.close()
        return status, text

    def command(self, key, user, name, parameters, once=None):
        """Status and answer of a command."""
        headers = {'d3key': key, 'content-type': 'application/json'}
        if once:
            headers['Idempotency-Key'] = once
        body = json.dumps({'Username': user, 'Site': SITE, 'CommandParams': parameters})
        begun = time.monotonic()
        status, text = self.send('POST', f'/VSOC/api/Command/{name}', body, headers)
        if status == 200 and user != 'greedy':
            with self.lock:
                self.latencies[name].append(time.monotonic() - begun)
        self.count(f'{user.rstrip("0123456789")} {name} {status}')
        return status, text

    def manage(self, method, path):
        status, text = self.send(method, f'/api/manage/v1{path}', headers={'d3key': self.host.key})
        self.count(f'{method} {path.rsplit("/", 1)[-1]} {status}')
        return status, text

    def until_done(self, call):
        """The answer to a call that is repeated while the host cannot do it."""
        begun = time.monotonic()
        while True:
            status, text = call()
            if status == 200:
                return json.loads(text)
            if status not in (0, 429, 503):
                raise RuntimeError(f'answered {status}: {text[:300]}')
            if time.monotonic() - begun > PATIENCE:
                raise RuntimeError(f'not done for {PATIENCE} s: {status}: {text[:300]}')
            time.sleep(0.5)

    def finish(self):
        """Ends what goes on; what was begun is done to its end."""
        self.ends.set()
        for thread in self.threads:
            thread.join(PATIENCE + 60)
            if thread.is_alive():
                self.wrong('a caller does not end')


class Worker:
    """Makes, changes and closes incidents of its own, reads them, and runs commands of the connection."""

    def __init__(self, load, name, key, pause):
        self.load, self.name, self.key, self.pause = load, name, key, pause
        # What was acknowledged: of each incident its mark, its title, and the mark of its closing.
        self.number_of, self.title_of, self.closed_by = {}, {}, {}

    def do(self, command, parameters, once=None):
        answer = self.load.until_done(lambda: self.load.command(self.key, self.name, command, parameters, once))
        if answer['error'] or answer['returnData'] != 'Successful':
            raise RuntimeError(f'{command}: {str(answer)[:300]}')
        return answer

    def work(self):
        turn, open_ones = 0, []
        while not self.load.ends.is_set():
            turn += 1
            mark = f'{self.name}-{turn}.'
            made = self.do('CreateAnIncident', {'IncidentType': 'soak', 'Title': 'new', 'Description': mark}, mark)
            number = made['contextData'][0]['Incident Number']
            self.number_of[mark] = number
            open_ones.append(number)
            changed, title = random.choice(open_ones), f'title {mark}'
            self.do('SetIncidentField', {'Incident Number': changed, 'Field Name': 'Title', 'Field Value': title},
                    f'title-{mark}')
            self.title_of[changed] = title
            self.do('GetIncidents', {'Start Time': '2000-01-01 00:00:00', 'End Time': '2100-01-01 00:00:00',
                                     'Page Index': random.randrange(3), 'Page Size': 50})
            if len(open_ones) == 10:
                self.do('CloseIncidentInBulk',
                        {'Incident Numbers': open_ones, 'Bypass Required Pending Tasks': 'No', 'Username': self.name,
                         'Conclusion': f'close-{mark}'}, f'close-{mark}')
                self.closed_by.update((one, f'close-{mark}') for one in open_ones)
                open_ones = []
                self.do('ListDevices', {'Connection Name': 'steady'})
            self.load.ends.wait(self.pause)

    def check(self, stored):
        """How many changes were acknowledged; what of them is not in the store, or there twice, is a fault."""
        by_mark = collections.Counter(row['description'] for row in stored.values())
        for mark, number in self.number_of.items():
            row = stored.get(number, {})
            if row.get('description') != mark:
                self.load.wrong(f'incident {number} ({mark}) was acknowledged and is lost')
            if by_mark[mark] > 1:
                self.load.wrong(f'incident {number} ({mark}) was made {by_mark[mark]} times')
            if number in self.title_of and row.get('title') != self.title_of[number]:
                self.load.wrong(f'{number}: the title is {row.get("title")!r}, not {self.title_of[number]!r}')
            closed = self.closed_by.get(number)
            if closed and (row.get('status') != 'Closed' or row['conclusion'].count(closed) != 1):
                self.load.wrong(f'{number}: {closed} is lost or doubled: {row.get("conclusion")!r}')
        return len(self.number_of) + len(self.title_of) + len(self.closed_by)


def flood(load, greedy, seconds):
    """For a while: strangers without a good key, from many addresses, and a good key far over its limits."""
    until = time.monotonic() + seconds

    def strangers(number):
        while time.monotonic() < until and not load.ends.is_set():
            address = (f'127.0.1.{random.randrange(1, 60)}', 0)
            path, size = random.choice([('/VSOC/api/Command/GetIncidents', 10), ('/docs/swagger-ui-bundle.js', 0),
                                        ('/api/manage/v1/users', 7000), ('/no-such-page', 0)])
            status, _ = load.send('POST', path, '{}', {'d3key': 'x' * size}, 10, source=address)
            load.count(f'stranger {status}')

    def one_key(number):
        while time.monotonic() < until and not load.ends.is_set():
            status, _ = load.command(greedy, 'greedy', 'GetIncidents', {
                'Start Time': '2000-01-01 00:00:00', 'End Time': '2100-01-01 00:00:00', 'Page Size': 10})
            if status not in (0, 200, 429, 503):
                load.wrong(f'a key over its limits was answered {status}')
    for number in range(8):
        load.start(strangers, number)
        load.start(one_key, number)


def frame(kind, flags, stream, payload=b''):
    return len(payload).to_bytes(3, 'big') + bytes([kind, flags]) + stream.to_bytes(4, 'big') + payload


def slow_readers(load, key, number):
    """Keeps `number` connections that ask for large answers and read nothing; each is made anew after a while.

    A caller that reads nothing does not see that the host has cut the connection.
    """
    body = json.dumps({'Username': 'slow', 'Site': SITE, 'CommandParams': {
        'Start Time': '2000-01-01 00:00:00', 'End Time': '2100-01-01 00:00:00', 'Page Size': 1000}})
    with_key = (f'POST /VSOC/api/Command/GetIncidents HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
                f'd3key: {key}\r\nContent-Length: {len(body)}\r\n\r\n{body}').encode()
    page = b'/docs/swagger-ui-bundle.js'
    without = b'GET ' + page + b' HTTP/1.1\r\nHost: x\r\n\r\n'
    head = b'\x82\x86\x04' + bytes([len(page)]) + page + b'\x01\x01x'
    # HTTP/2 with windows of no bytes.
    closed = (b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + frame(4, 0, 0, b'\0\4\0\0\0\0')
              + b''.join(frame(1, 5, 1 + 2 * stream, head) for stream in range(16)))
    kinds, held = itertools.cycle([with_key * 20, without * 20, closed]), collections.deque()
    while not load.ends.wait(SLOW_SECONDS / number):
        if len(held) == number:
            held.popleft().close()
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(0.5)
        try:
            connection.connect((load.at.hostname, load.at.port))
            connection.sendall(next(kinds))
        except OSError:
            pass  # The host does not take all of it.
        held.append(connection)
        load.count('slow readers')
    for connection in held:
        connection.close()
