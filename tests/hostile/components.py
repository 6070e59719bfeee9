"""Components that guess, don't read, never stop, or die in the middle of their work."""
import json
import random
import socket
import struct
import subprocess
import threading
import time

from component import Component, NS
from server import DOMAIN, report
from xmppclient import Lost

ACCOUNTS = ['romeo', 'canary', 'away']
NAME, SECRET = f'gw.{DOMAIN}', 'secret'
CONFIG = f'''limits {{ enabled = no;  unauthenticated_timeout = 3s }}
component "{NAME}" {{ secret = {SECRET};  write_queue = 1m }}
component "shared.{DOMAIN}" {{ secret = {SECRET};  conflict = share }}
component "kept.{DOMAIN}" {{ secret = {SECRET};  queue = 5000;  queue_bytes = 64m }}'''
BODY = 'x' * 10000
GROWTH_MIB = 64              # with the sanitizer's own; the queue itself ends at write_queue, 1 MiB here
DEATHS, MESSAGES = 5, 2500


class Worker(Component):
    """What it hears it has only when it answers the ping behind it: `kept`."""

    def __init__(self, port, name, **more):
        super().__init__(port, name, **more)
        self.heard_ids, self.kept = [], []

    def heard(self, element):
        if element is None:
            return self.stanzas.append(element)
        if element.tag == f'{{{NS}}}iq' and element.get('type') == 'get' and len(element) and element[0].tag == '{urn:xmpp:ping}ping':
            self.kept += self.heard_ids
            self.heard_ids = []
            return self.send(f"<iq type='result' id='{element.get('id')}' from='{self.domain}' to='{element.get('from')}'/>")
        if element.tag == f'{{{NS}}}message':
            self.heard_ids.append(int(element.get('id').lstrip('m')))
        return self.stanzas.append(element)

    def die(self):
        """As a killed process does, and worse: with a reset, so that nothing more arrives."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.close()


def reached(server, limit):
    done = subprocess.run([server.program, '--json', 'limits', '-c', server.config], capture_output=True, encoding='utf-8', check=True)
    return next(row['reached'] for row in json.loads(done.stdout)['rows'] if row['limit'] == limit)


def guesses(server):
    canary, found = server.log_in('canary'), []
    for n in range(50):
        found.append(Component(server.port, NAME).shake_hands(f'guess {n}').condition())
    report('hostile/component-guesses', set(found) == {'not-authorized'} and canary.round_trip() < 0.5, str(set(found)))
    half = [Component(server.port, NAME) for _ in range(50)]
    for c in half:
        c.open()
        c.send('<handshake>')
    time.sleep(4)
    for c in half:
        c.take()
    report('hostile/component-half-a-handshake', all(c.is_over for c in half) and canary.round_trip() < 0.5)
    canary.close()


def never_reads(server):
    deaf, romeo, canary = Component(server.port, NAME, receive_buffer=4096).come_in(SECRET), server.log_in('romeo'), server.log_in('canary')
    before, count, errors = server.rss_mib(), 1500, 0
    for n in range(count):
        romeo.send(f"<message to='x@{NAME}' id='m{n}'><body>{BODY}</body></message>")
        errors += sum(e is not None and e.get('type') == 'error' for e in romeo.take())
    deadline = time.monotonic() + 10
    while not errors and time.monotonic() < deadline:
        time.sleep(0.1)
        errors += sum(e is not None and e.get('type') == 'error' for e in romeo.take())
    after = server.rss_mib()
    report('hostile/component-never-reads-is-ended', reached(server, 'component.write_queue') >= 1 and errors > 0, f'{errors} of {count} came back')
    report('hostile/component-never-reads-memory', after - before < GROWTH_MIB, f'{before:.0f} MiB before, {after:.0f} MiB after')
    report('hostile/component-never-reads-others-live', canary.round_trip() < 0.5)
    for c in (deaf, romeo, canary):
        c.close()


def never_stops(server):
    """To somebody who is away: each is kept, or comes back; it is read no faster than the disk."""
    loud, canary, count = Component(server.port, NAME).come_in(SECRET), server.log_in('canary'), 3000
    data = ''.join(f"<message from='x@{NAME}' to='away@{DOMAIN}' id='m{n}' type='chat'><body>never stops</body></message>" for n in range(count))
    writer = threading.Thread(target=loud.send, args=(data,))
    writer.start()
    slowest = max(canary.round_trip() for _ in range(20))
    errors, deadline = 0, time.monotonic() + 30
    while errors < count - 1000 and time.monotonic() < deadline:
        loud.pump(0.2)
        errors += sum(e is not None and e.get('type') == 'error' for e in loud.stanzas)
        loud.stanzas.clear()
    writer.join()
    away, kept = server.log_in('away', presence=True), 0
    while kept < 1000 and away.pump(5):
        kept += sum(e is not None and e.tag.endswith('}message') for e in away.take())
    report('hostile/component-never-stops-loses-nothing', errors + kept == count, f'{kept} kept and {errors} returned of {count}')
    report('hostile/component-never-stops-is-held-back', reached(server, 'component.unsettled_stanzas') > 0)
    report('hostile/component-never-stops-others-live', slowest < 1.0, f'{slowest * 1000:.0f} ms')
    for c in (loud, canary, away):
        c.close()


def dies(server):
    """A component is killed again and again while messages come: it gets all that it hadn't confirmed, and in order."""
    name, rng = f'kept.{DOMAIN}', random.Random(114)
    romeo, kept, lives, sent = server.log_in('romeo'), [], [], 0
    for life in range(DEATHS + 1):
        gateway = Worker(server.port, name)
        for _ in range(50):                          # its predecessor may not be noticed as dead yet
            try:
                gateway.come_in(SECRET)
                break
            except Lost:
                time.sleep(0.05)
                gateway = Worker(server.port, name)
        until = time.monotonic() + (rng.uniform(0.8, 1.6) if life < DEATHS else 20)
        while time.monotonic() < until and not (sent == MESSAGES and not gateway.heard_ids and len(set(kept + gateway.kept)) == MESSAGES):
            if sent < MESSAGES:
                romeo.send(f"<message to='x{sent % 7}@{name}' id='m{sent}'><body>one of many</body></message>")
                sent += 1
            gateway.pump(0.002)
        kept += gateway.kept
        lives.append(gateway.kept)
        gateway.die()
        for _ in range(40):                          # while it is away
            if sent < MESSAGES:
                romeo.send(f"<message to='x{sent % 7}@{name}' id='m{sent}'><body>meanwhile</body></message>")
                sent += 1
    errors = sum(e is not None and e.get('type') == 'error' for e in romeo.take())
    missing, in_order = set(range(MESSAGES)) - set(kept), all(ids == sorted(ids) for ids in lives)
    report('hostile/component-killed-loses-nothing', not missing and not errors, f'{len(kept)} in {DEATHS + 1} lives; {len(missing)} missing, {errors} returned')
    report('hostile/component-killed-keeps-order', in_order)
    romeo.close()


def share(server):
    """Two that serve one domain: every address has one of them, and both have some."""
    name, count = f'shared.{DOMAIN}', 40
    workers, romeo = [Worker(server.port, name).come_in(SECRET) for _ in range(2)], server.log_in('romeo')
    for n in range(2 * count):
        romeo.send(f"<message to='x{n % count}@{name}' id='m{n}'/>")
    deadline = time.monotonic() + 10
    while sum(len(w.heard_ids) for w in workers) < 2 * count and time.monotonic() < deadline:
        for w in workers:
            w.pump(0.05)
    first, second = ({n % count for n in w.heard_ids} for w in workers)
    report('hostile/components-share', not first & second and len(first | second) == count and first and second, f'{len(first)} and {len(second)} of {count}')
    for c in (*workers, romeo):
        c.close()


def components(server):
    share(server)
    guesses(server)
    never_reads(server)
    never_stops(server)
    dies(server)
    report('hostile/components-server-stays', server.is_running() and not server.complaint(), server.complaint() or '')
