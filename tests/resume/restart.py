"""A restart under many sessions: how long until all clients are back, and whether each has all that was sent to it.

One thread drives them all, each a little state machine that writes as much as it may in one piece.
"""
import base64
import collections
import hashlib
import hmac
import os
import re
import selectors
import socket
import time

from server import DOMAIN, Server, report
from xmppclient import BIND, SASL, SM, header, salt

PATIENCE = 120.0
TOP = 'limits { enabled = no }'


def b64(text):
    return base64.b64encode(text.encode()).decode()


class Light:
    """A client: SCRAM-SHA-256, then a session of its own or the one that it had."""
    def __init__(self, name):
        self.name, self.id, self.received, self.heard = name, None, 0, []
        self.socket, self.data = None, b''

    def connect(self, port):
        self.data, self.step = b'', self.challenged
        self.socket = socket.create_connection(('127.0.0.1', port))
        self.socket.setblocking(False)
        self.first = f'n={self.name},r={base64.b64encode(os.urandom(15)).decode()}'
        self.write(header(DOMAIN) + f"<auth xmlns='{SASL}' mechanism='SCRAM-SHA-256'>{b64('n,,' + self.first)}</auth>")

    def write(self, text):
        self.socket.sendall(text.encode())

    def read(self):
        """False: it has ended."""
        try:
            more = self.socket.recv(65536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.data += more
        while self.step and self.step():
            pass
        return bool(more)

    def find(self, pattern):
        found = re.search(pattern, self.data)
        if found:
            self.data = self.data[found.end():]
        return found

    def challenged(self):
        found = self.find(rb'<challenge[^>]*>([^<]*)</challenge>')
        if not found:
            return False
        challenge = base64.b64decode(found[1]).decode()
        parts = dict(p.split('=', 1) for p in challenge.split(','))
        final = f"c=biws,r={parts['r']}"
        salted = salt('sha256', 'secret', parts['s'], int(parts['i']))
        key = hmac.digest(salted, b'Client Key', 'sha256')
        signature = hmac.digest(hashlib.sha256(key).digest(), f'{self.first},{challenge},{final}'.encode(), 'sha256')
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()
        self.write(f"<response xmlns='{SASL}'>{b64(f'{final},p={proof}')}</response>" + header(DOMAIN) + self.wish())
        self.step = self.resumed if self.id else self.enabled
        return True

    def wish(self):
        if self.id:
            return f"<resume xmlns='{SM}' previd='{self.id}' h='{self.received}'/>"
        return (f"<iq type='set' id='b'><bind xmlns='{BIND}'><resource>r</resource></bind></iq>"
                f"<enable xmlns='{SM}' resume='true'/><presence/>")

    def enabled(self):
        found = self.find(rb"<enabled [^>]*id='([^']*)'[^>]*/>")
        if found:
            self.id = found[1].decode()
            self.step = self.present
        return bool(found)

    def present(self):
        if self.find(rb'<presence [^>]*/>'):
            self.received = 1
            self.step = self.listen
        return self.step == self.listen

    def resumed(self):
        if self.find(rb'<resumed [^>]*/>'):
            self.step = self.listen
        return self.step == self.listen

    def listen(self):
        for found in re.finditer(rb'<message [^>]*><body>(\d+)</body>', self.data):
            self.heard.append(int(found[1]))
        self.received += self.data.count(b'<message ')
        self.data = b''
        return False

    def is_there(self):
        return self.step == self.listen


class Crowd:
    def __init__(self, names):
        self.members = [Light(name) for name in names]
        self.selector = selectors.DefaultSelector()

    def come(self, members, port, at_once=400):
        """Seconds until all are there."""
        began = time.monotonic()
        waiting = collections.deque(members)
        under_way = set()
        while waiting or under_way:
            while waiting and len(under_way) < at_once:
                m = waiting.popleft()
                m.connect(port)
                self.selector.register(m.socket, selectors.EVENT_READ, m)
                under_way.add(m)
            self.look(1)
            under_way = {m for m in under_way if not m.is_there()}
            if time.monotonic() - began > PATIENCE:
                raise RuntimeError(f'{len(under_way) + len(waiting)} of {len(self.members)} are not there')
        return time.monotonic() - began

    def look(self, seconds):
        for key, _ in self.selector.select(seconds):
            if not key.data.read():
                self.leave(key.data)

    def leave(self, member):
        if member.socket.fileno() >= 0:
            self.selector.unregister(member.socket)
            member.socket.close()

    def listen(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.look(0.05)


def say(crowd, speaker, number):
    for m in crowd.members:
        speaker.write(f"<message to='{m.name}@{DOMAIN}' type='chat'><body>{number}</body></message>")
        crowd.look(0)


def run(options):
    server = Server(options.server, top=TOP)
    names = [f'r{n}' for n in range(options.sessions)]
    try:
        server.start()
        server.add_accounts(names + ['speaker'])
        crowd, speaker = Crowd(names), Light('speaker')
        crowd.come(crowd.members, server.port)
        Crowd([]).come([speaker], server.port)
        for m in crowd.members[::2]:
            crowd.leave(m)                               # one half has lost its connection before, and messages wait
        say(crowd, speaker, 1)
        crowd.listen(0.5)
        began = time.monotonic()
        complaint = server.stop()
        stopped = time.monotonic() - began
        for m in crowd.members:
            crowd.leave(m)
        started = server.start()
        back = crowd.come(crowd.members, server.port)
        whole = time.monotonic() - began
        Crowd([]).come([speaker], server.port)
        say(crowd, speaker, 2)
        crowd.listen(1)
        wrong = [(m.name, m.heard) for m in crowd.members if m.heard != [1, 2]]
        print(f'{len(names)} sessions: stopped after {stopped:.2f} s, ready {started:.2f} s later, all back {back:.2f} s after that; {whole:.2f} s in all, '
              f'{server.rss_mib():.0f} MiB', flush=True)
        report('resume/restart-brings-all-back', not wrong, f'{len(wrong)} have not all, or twice: {wrong[:5]}' if wrong else '')
        complaint = complaint or server.stop()
        report('resume/restart-ends-well', not complaint, complaint or '')
    except RuntimeError as why:
        report('resume/restart-brings-all-back', False, str(why))
    finally:
        if options.keep:
            print(f'kept: {server.folder}')
        else:
            server.remove()
