"""The database stalls, or its disk is full, while a crowd writes."""
import os
import time

from crowd import QUICK, Talkers, Writers, ask, is_refused, reached, status, until
from server import Server, report
from xmppclient import CLIENT, Lost

NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'w1', 'w2', 'w3', 'away', 'late', 'later']
QUIET = 5                                        # s: longer than the server waits for a slow reader
FULL = 13                                        # SQLite's code
TOP = 'limits { enabled = no;  store_patience = 1s }'
DOMAIN = 'offline { limit = 0;  limit_bytes = 0 }'


class Disk:
    """tests/lib/powercut_vfs.h: orders in a file, read before each write and sync."""
    def __init__(self, options):
        self.orders = f'/tmp/jackdaw-overload-{os.getpid()}'
        self.order()
        self.server = Server(options.server, top=TOP, domain=DOMAIN, environment={'JACKDAW_VFS': 'powercut', 'JACKDAW_DISK': self.orders})
        self.server.start()
        self.server.add_accounts(NAMES)
        self.talkers = Talkers(self.server, NAMES[:6])
        self.writers = Writers(self.server, NAMES[6:9], 'away@example')
        self.writers.start()
        self.talkers.talk(0.5)

    def order(self, write_code=0, sync_ms=0):
        with open(self.orders + '.new', 'w', encoding='ascii') as f:
            f.write(f'{write_code} 0 0 {sync_ms}\n')
        os.chmod(self.orders + '.new', 0o644)
        os.rename(self.orders + '.new', self.orders)

    def clear(self):
        self.writers.is_over = True
        self.server.remove()
        os.remove(self.orders)


def waiting(server, name):
    """Ids of what waits for an account."""
    client, found, quiet_at = server.log_in(name, presence=True, acks=True), [], time.monotonic() + QUIET
    while time.monotonic() < quiet_at:
        client.pump(0.05)
        for e in client.take():
            if e is not None and e.tag == CLIENT + 'message':
                found.append(e.get('id'))
                quiet_at = time.monotonic() + QUIET
    client.close()
    return found


def recovers(disk, name, kept_at_least):
    server, writers = disk.server, disk.writers
    took = until(lambda: not status(server)[0]['degraded'] and not is_refused(server, 'late'), 10)
    report(f'overload/{name}-logins-come-back', took is not None, '' if took is None else f'after {took:.1f} s')
    disk.talkers.talk(0.5)
    calm = until(lambda: status(server)[0]['trouble'] is None, 15)
    report(f'overload/{name}-status-is-calm-again', calm is not None)
    settled = writers.settle()
    report(f'overload/{name}-everything-is-settled', settled and not writers.trouble,
           f'{len(writers.sent)} written, {len(writers.acked)} acknowledged, {len(writers.bounced)} came back; {writers.trouble or ""}')
    kept = waiting(server, 'away')
    missing = writers.acked - writers.bounced - set(kept)
    report(f'overload/{name}-loses-nothing', not missing and len(kept) >= kept_at_least, f'{len(kept)} kept, lost {sorted(missing)[:5]}')
    report(f'overload/{name}-slowest-answer', disk.talkers.slowest < QUICK,
           f'{disk.talkers.slowest * 1000:.0f} ms among {disk.talkers.said} messages')
    disk.talkers.close()
    why = server.stop()
    report(f'overload/{name}-ends-well', not why, why or '')


def stall(options):
    """One sync takes that long, and what comes behind it waits."""
    disk = Disk(options)
    server = disk.server
    try:
        disk.order(sync_ms=options.stall * 1000)
        began = time.monotonic()
        until(lambda: ask(server, 'status')[0]['rows'][0]['store'][0]['waiting_ms'] > 100, 3)
        disk.order()
        waited = until(lambda: status(server)[0]['degraded'], 4)
        report('overload/stall-is-noticed', waited is not None, '' if waited is None else f'after {time.monotonic() - began:.1f} s')
        refused = is_refused(server, 'later')
        row, took = status(server)
        disk.talkers.talk(max(0.0, began + options.stall - 1 - time.monotonic()))
        still, _ = status(server)
        report('overload/stall-sheds-logins', refused and reached(server)['limits.store_patience'] > 0)
        report('overload/stall-status-says-why', took < QUICK and row['store'][0]['waiting_ms'] >= 1000 and still['degraded'] and 'nothing was committed' in still['trouble']
               and 'limits.store_patience' in [r['limit'] for r in row['limits_reached']], f'{took:.2f} s, {row["store"]}')
        report('overload/stall-log-says-why', 'degraded, new logins are refused' in server.log())
        recovers(disk, 'stall', 1)
    finally:
        disk.clear()


def full(options):
    disk = Disk(options)
    server = disk.server
    try:
        before = status(server)[0]['store'][0]['failed']
        disk.order(write_code=FULL)
        disk.talkers.talk(4)
        row, took = status(server)
        report('overload/full-status-says-why', took < QUICK and row['store'][0]['failed'] > before and 'full' in row['trouble'], f'{row["trouble"]}, {row["store"]}')
        report('overload/full-log-says-why', server.log().count('a write failed: ') == 1 and 'full' in server.log(), server.log()[-300:])
        disk.order()
        recovers(disk, 'full', 1)
    finally:
        disk.clear()
