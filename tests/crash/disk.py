"""Disks that are full, read-only or slow, and one that fails to sync: errors to the senders, and then business as usual.

The server runs on the disk of tests/lib/powercut_vfs.h and reads its orders from a file before each write and sync.
"""
import os
import time

from server import Server, report
from xmppclient import CLIENT, Lost

FULL, READ_ONLY, BAD_SYNC = 13, 8, 1034          # SQLite's codes
BURST = 20
BOUNCED_WITHIN = 30.0                            # s: more than the server's own patience with a disk
RECOVERED_WITHIN = 3.0
CONDITION = '{urn:ietf:params:xml:ns:xmpp-stanzas}resource-constraint'
TOP = 'limits { enabled = no;  store_patience = 1s }'


class Disk:
    def __init__(self, options):
        self.orders = os.path.join('/tmp', f'jackdaw-disk-{os.getpid()}')
        self.order()
        self.server = Server(options.server, top=TOP, environment={'JACKDAW_VFS': 'powercut', 'JACKDAW_DISK': self.orders})
        self.server.start()
        self.server.add_accounts(['writer', 'reader', 'away', 'late'])

    def order(self, write_code=0, sync_code=0, write_ms=0, sync_ms=0):
        with open(self.orders + '.new', 'w', encoding='ascii') as f:
            f.write(f'{write_code} {sync_code} {write_ms} {sync_ms}\n')
        os.chmod(self.orders + '.new', 0o644)
        os.rename(self.orders + '.new', self.orders)

    def clear(self):
        self.server.remove()
        os.remove(self.orders)


def send_to(client, to, first, count):
    for n in range(first, first + count):
        client.send(f"<message to='{to}@example' type='chat' id='{n}'><body>{n}</body></message>", n)
    client.ask()


def is_bounce(e):
    """resource-constraint, and worth another try."""
    if e is None or e.get('type') != 'error':
        return False
    error = e.find(CLIENT + 'error')
    return error.get('type') == 'wait' and error[0].tag == CONDITION


def contact(client, tag):
    client.send(f"<iq type='set' id='{tag}'><query xmlns='jabber:iq:roster'><item jid='{tag}@example'/></query></iq>", tag)
    return client.wait(lambda e: e is not None and e.get('id') == tag)


def roster(client):
    """The addresses in it, as the server has them in memory."""
    client.send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>", 'roster')
    answer = client.wait(lambda e: e is not None and e.get('id') == 'roster')
    return [item.get('jid') for item in answer[0]]


def seconds_until(client, test, patience):
    """Reads till `test` holds; how long it took, or None."""
    began = time.monotonic()
    while not test():
        if time.monotonic() - began > patience or client.is_over:
            return None
        client.pump(0.05)
    return time.monotonic() - began


def refuses(disk, name, code):
    """While no write succeeds: errors, and the rest goes on. Afterwards: everything."""
    writer, reader = disk.server.log_in('writer', acks=True, presence=True), disk.server.log_in('reader', presence=True)
    acked, bounced = set(), []
    writer.on_ack = acked.add
    disk.order(write_code=code)
    answer = contact(writer, f'{name}-contact')
    report(f'crash/disk-{name}-refuses-contacts', is_bounce(answer), answer.get('type'))
    report(f'crash/disk-{name}-forgets-what-was-not-kept', f'{name}-contact@example' not in roster(writer))

    began = time.monotonic()
    send_to(writer, 'away', 1, BURST)
    reader.send("<message to='writer@example' type='chat' id='live'><body>live</body></message>")
    writer.wait(lambda e: e is not None and e.get('id') == 'live', 5)
    live = time.monotonic() - began
    while len(bounced) < BURST:
        e = writer.wait(lambda x: x is not None and x.get('type') == 'error', BOUNCED_WITHIN)
        bounced.append(e)
    report(f'crash/disk-{name}-bounces', all(map(is_bounce, bounced)), f'{len(bounced)} of {BURST} after {time.monotonic() - began:.1f} s, a live message took {live * 1000:.0f} ms')
    report(f'crash/disk-{name}-server-stays', disk.server.is_running() and reader.round_trip() < 1)

    seconds_until(writer, lambda: not writer.unacked, 5)
    disk.order()
    acked.clear()
    send_to(writer, 'away', 100, BURST)
    took = seconds_until(writer, lambda: set(range(100, 100 + BURST)) <= acked, RECOVERED_WITHIN)
    is_kept = contact(writer, f'{name}-after').get('type') == 'result'
    stored = collect(disk, 'away')
    expected = [str(n) for n in range(100, 100 + BURST)]
    report(f'crash/disk-{name}-recovers', took is not None and is_kept and stored == expected,
           f'{took:.2f} s' if took is not None else f'{len(acked)} acknowledged after {RECOVERED_WITHIN} s; stored {stored}')
    for c in (writer, reader):
        c.close()


def collect(disk, name):
    """Ids of the messages that wait, in order."""
    client = disk.server.log_in(name, presence=True, acks=True)
    found, quiet_at = [], time.monotonic() + 1
    while time.monotonic() < quiet_at:
        for e in (client.pump(0.05), client.take())[1]:
            if e is not None and e.tag == CLIENT + 'message':
                found.append(e.get('id'))
                quiet_at = time.monotonic() + 1
    client.close()
    return found


def is_slow(disk):
    """A sync takes three seconds: acknowledgements wait for it, nothing else does, and newcomers are told to wait."""
    writer, reader = disk.server.log_in('writer', acks=True, presence=True), disk.server.log_in('reader', presence=True)
    acked = set()
    writer.on_ack = acked.add
    disk.order(sync_ms=3000)
    send_to(writer, 'away', 1, BURST)
    began, slowest = time.monotonic(), 0
    was_early, refused = False, None
    while time.monotonic() - began < 2.5:
        slowest = max(slowest, reader.round_trip(2))
        writer.pump(0.05)
        was_early |= bool(acked & set(range(1, 1 + BURST)))
        if refused is None and time.monotonic() - began > 2.2:
            refused = is_refused(disk)
    disk.order()
    took = seconds_until(writer, lambda: set(range(1, 1 + BURST)) <= acked, 10)
    report('crash/disk-slow-acknowledges-late', not was_early and took is not None, 'before the sync' if was_early else '')
    report('crash/disk-slow-answers-others', slowest < 0.5, f'slowest ping {slowest * 1000:.0f} ms')
    report('crash/disk-slow-refuses-logins', bool(refused), '' if refused else 'a login was taken')
    time.sleep(1.2)
    report('crash/disk-slow-recovers', not is_refused(disk) and len(collect(disk, 'away')) == BURST)
    for c in (writer, reader):
        c.close()


def is_refused(disk):
    try:
        disk.server.log_in('late', patience=3).close()
        return False
    except Lost:
        return True


def cannot_sync(disk):
    """The one fault that ends the process; the restart has what was acknowledged before."""
    writer = disk.server.log_in('writer', acks=True, presence=True)
    acked = set()
    writer.on_ack = acked.add
    send_to(writer, 'away', 1, BURST)
    seconds_until(writer, lambda: len(acked) >= BURST + 1, 5)
    disk.order(sync_code=BAD_SYNC)
    send_to(writer, 'away', 100, BURST)
    seconds_until(writer, lambda: False, 5)
    try:
        code = disk.server.process.wait(5)
    except Exception:                            # it goes on
        code = None
    promised = {str(n) for n in acked if isinstance(n, int)}
    report('crash/disk-bad-sync-stops-the-server', bool(code) and code > 0 and 'did not keep' in disk.server.log(), f'exit code {code}')
    report('crash/disk-bad-sync-acknowledges-nothing', not any(int(n) >= 100 for n in promised))
    writer.close()
    disk.order()
    if code is None:
        disk.server.kill()
    disk.server.start()
    stored = collect(disk, 'away')
    report('crash/disk-bad-sync-restart-recovers', bool(promised) and promised <= set(stored), f'{len(promised)} acknowledged, {len(stored)} there')


def trouble(options):
    disk = Disk(options)
    try:
        refuses(disk, 'full', FULL)
        refuses(disk, 'read-only', READ_ONLY)
        is_slow(disk)
        cannot_sync(disk)
        why = disk.server.stop()
        report('crash/disk-ends-well', not why, why or '')
    finally:
        disk.clear()
