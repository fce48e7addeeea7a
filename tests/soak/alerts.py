"""Servers that break and recover, those that alerts about them are sent to, and who drives them."""

import collections
import email
import email.policy
import http.server
import json
import socket
import socketserver
import threading
import time


class Server(socketserver.ThreadingTCPServer):
    """Listens on a free port, in threads."""

    daemon_threads = allow_reuse_address = True
    request_queue_size = 100

    def __init__(self, handler):
        super().__init__(('127.0.0.1', 0), handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # A caller that goes away.


class Breakable(Server):
    """Hands on to the simulator while it is up. While it is down it hangs up, on those that were connected before too."""

    def __init__(self, target):
        self.target, self.is_up, self.open = target, True, set()
        super().__init__(Hop)

    def set_up(self, is_up):
        self.is_up = is_up
        for connection in list(self.open):
            hang_up(connection)


class Hop(socketserver.BaseRequestHandler):
    def handle(self):
        self.server.open.add(self.request)
        if self.server.is_up:
            with socket.create_connection(self.server.target) as there:
                back = threading.Thread(target=self.pump, args=(there, self.request), daemon=True)
                back.start()
                self.pump(self.request, there)
                back.join()
        self.server.open.discard(self.request)

    @staticmethod
    def pump(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        hang_up(target)


def hang_up(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # The other side was quicker.


class Told:
    """What arrived: how often each message of an id, and what it tells."""

    def __init__(self):
        self.times, self.what, self.lock = collections.Counter(), {}, threading.Lock()

    def take(self, id, what):
        with self.lock:
            self.times[id] += 1
            self.what[id] = what

    def count(self, what):
        """How many messages of their own tell this."""
        return sum(told == what for told in self.what.values())

    def repeated(self):
        return sum(self.times.values()) - len(self.times)


class Webhook(Server, Told):
    def __init__(self):
        Told.__init__(self)
        Server.__init__(self, Hook)


class Hook(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers['content-length'])))
        for item in body['alert']['items']:
            self.server.take(self.headers['webhook-id'], (item['subject'], body['alert']['event']))
        self.send_response(200)
        self.send_header('content-length', '0')
        self.end_headers()

    def log_message(self, *_):
        pass


class Mail(Server, Told):
    """A mail server that says nothing while it stalls."""

    def __init__(self):
        self.stalls, self.stalled = False, 0
        Told.__init__(self)
        Server.__init__(self, Smtp)


class Smtp(socketserver.StreamRequestHandler):
    def handle(self):
        if self.server.stalls:
            self.server.stalled += 1
            self.rfile.read()  # Until the host hangs up.
            return
        say = lambda line: self.wfile.write(line + b'\r\n')
        say(b'220 mail.example.com ESMTP')
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b'DATA':
                say(b'354 go on')
                self.take(b''.join(iter(self.rfile.readline, b'.\r\n')))
            say(b'221 bye' if verb == b'QUIT' else b'250 ok')

    def take(self, mail):
        mail = email.message_from_bytes(mail, policy=email.policy.default)
        subject, event = mail['Subject'].removesuffix('.').rsplit(' ', 1)
        self.server.take(mail['Message-ID'], (subject, {'fails': 'failed'}.get(event, event)))


class Outages:
    """Breaks a server for a while, again and again, and makes sure by Test Connection that the host has noticed."""

    def __init__(self, load, server, connection, name):
        self.load, self.server, self.connection, self.subject = load, server, connection, f'Connection {name}'
        self.outages = 0

    def test(self, passes):
        """Tests until the host has acknowledged a result, which is what the server's state makes it."""
        tested = self.load.until_done(lambda: self.load.manage('POST', f'/connections/{self.connection}/test'))
        if tested['passed'] != passes:
            self.load.wrong(f'{self.subject}: Test Connection gave {tested}')

    def once(self, seconds):
        self.server.set_up(False)
        for _ in range(3):
            self.test(passes=False)
        time.sleep(seconds)
        self.server.set_up(True)
        self.outages += 1
        # So often that the next outage is not called flapping.
        for _ in range(22):
            self.test(passes=True)
            time.sleep(0.1)
