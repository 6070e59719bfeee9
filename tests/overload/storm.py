"""A server dies without a word and starts again, and all its clients come back in the same moment."""
import resource
import threading
import time

from crowd import QUICK, reached, status
from server import Server, report
from xmppclient import Lost

SESSIONS = 20                                    # of an account: the default limit
THREADS = 50
SPARE = 500                                      # descriptors that are no connections
PATIENCE = 120.0


class Comers(threading.Thread):
    """Logs its share in, one after the other, trying again when it is told to wait."""
    def __init__(self, server, names):
        super().__init__()
        self.server, self.names, self.clients, self.tries = server, names, [], 0
        self.trouble = None

    def run(self):
        end = time.monotonic() + PATIENCE
        for account, resource_name in self.names:
            while True:
                self.tries += 1
                try:
                    self.clients.append(self.server.log_in(account, resource=resource_name))
                    break
                except (Lost, OSError) as why:
                    if time.monotonic() > end:
                        self.trouble = f'{account}/{resource_name}: {why}'
                        return
                    time.sleep(0.2)


def come(server, names):
    """All at once; the threads that brought them."""
    comers = [Comers(server, names[n::THREADS]) for n in range(THREADS)]
    for comer in comers:
        comer.start()
    return comers


def leave(comers):
    for comer in comers:
        for client in comer.clients:
            client.close()


def more_descriptors(wanted):
    """For us and for the server; what came of it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(hard, wanted), max(hard, wanted)))
    except ValueError:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def storm(options):
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    logins = min(options.logins, more_descriptors(options.logins + SPARE) - SPARE)
    if logins < options.logins:
        print(f'only {logins} of {options.logins}: this system allows no more descriptors')
    accounts = [f'u{n}' for n in range((logins + SESSIONS - 1) // SESSIONS)]
    names = [(account, f'r{n}') for n in range(SESSIONS) for account in accounts][:logins]
    server = Server(options.server, top='limits { enabled = no;  unauthenticated_timeout = 2min }', level='problem')
    server.start()
    try:
        server.add_accounts(accounts + ['early'])
        first = come(server, names)
        for comer in first:
            comer.join()
        server.kill()
        leave(first)
        again = server.start()
        early = server.log_in('early', presence=True)
        began, slowest, seen = time.monotonic(), 0.0, 0
        second = come(server, names)
        while any(comer.is_alive() for comer in second) and time.monotonic() < began + PATIENCE + 30:
            slowest, seen = max(slowest, early.round_trip(20)), seen + 1
            time.sleep(0.02)
        took, row = time.monotonic() - began, status(server)[0]
        there = sum(len(comer.clients) for comer in second)
        trouble = [comer.trouble for comer in second if comer.trouble]
        report('overload/storm-all-come-back', there == logins == row['sessions'] - 1,
               f'{there} of {logins} in {took:.1f} s, {sum(c.tries for c in second)} tries, start in {again:.2f} s; {trouble[:2]}')
        report('overload/storm-those-who-are-there-talk', slowest < QUICK, f'slowest of {seen} pings {slowest * 1000:.0f} ms')
        report('overload/storm-nobody-is-turned-away', not any(n for limit, n in reached(server).items()), str(row['limits_reached']))
        leave(second)
        early.close()
        why = server.stop()
        report('overload/storm-ends-well', not why, why or '')
    finally:
        server.remove()
        resource.setrlimit(resource.RLIMIT_NOFILE, (before[0], resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
