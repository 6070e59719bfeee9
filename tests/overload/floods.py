"""One account that everybody, or its own owner, keeps busy; and a process that is over its memory."""
import os
import threading
import time

from crowd import QUICK, Talkers, ask, reached, status, until
from server import Server, report
from xmppclient import Lost

FLOODERS, SECONDS = 16, 4.0
TALKERS = ['a', 'b', 'c', 'd', 'e', 'f']         # enough that some live on the loop of the one who is flooded


class Flooder(threading.Thread):
    """Writes into its own roster without waiting for answers, from a session of its own."""
    def __init__(self, server, number):
        super().__init__()
        self.client = server.log_in('hot', resource=f'r{number}')
        self.number, self.sent, self.refused, self.done, self.is_over = number, 0, 0, 0, False

    def run(self):
        try:
            while not self.is_over:
                self.client.send(''.join(self.set() for _ in range(100)))
                self.hear()
        except Lost:
            pass

    def set(self):
        self.sent += 1
        return (f"<iq type='set' id='s{self.sent}'><query xmlns='jabber:iq:roster'>"
                f"<item jid='c{self.number}-{self.sent % 50}@example' name='{self.sent}'/></query></iq>")

    def hear(self):
        for e in self.client.take():
            if e is not None and e.get('id', '').startswith('s'):
                self.refused += e.get('type') == 'error'
                self.done += e.get('type') == 'result'


def hot(options):
    # AddressSanitizer's own memory is not what we measure.
    server = Server(options.server, top='limits { enabled = no }', environment={'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':quarantine_size_mb=8'})
    server.start()
    try:
        server.add_accounts(TALKERS + ['hot'])
        talkers = Talkers(server, TALKERS)
        talkers.talk(0.5)
        before = server.rss_mib()
        flooders = [Flooder(server, n) for n in range(FLOODERS)]
        for flooder in flooders:
            flooder.start()
        talkers.talk(SECONDS)
        row, took = status(server)
        loops = [loop['turns'] for loop in row['loops']]
        for flooder in flooders:
            flooder.is_over = True
        for flooder in flooders:
            flooder.join()
        limits = [r['limit'] for r in row['limits_reached']]
        sent, done, refused = (sum(getattr(f, word) for f in flooders) for word in ('sent', 'done', 'refused'))
        report('overload/hot-others-talk', talkers.slowest < QUICK,
               f'slowest of {talkers.said} messages {talkers.slowest * 1000:.0f} ms, while {sent} were sent, {done} done, {refused} refused')
        report('overload/hot-status-says-why', took < QUICK and ('limits.mailbox' in limits or 'limits.unsettled_stanzas' in limits), f'{limits}, turns {loops}')
        report('overload/hot-memory-stays', server.rss_mib() < before + 120, f'{before:.0f} to {server.rss_mib():.0f} MiB')
        for flooder in flooders:
            flooder.client.close()
        calm = until(lambda: quick_login(server) < QUICK, 20)
        report('overload/hot-recovers', calm is not None, '' if calm is None else f'after {calm:.1f} s')
        talkers.close()
        why = server.stop()
        report('overload/hot-ends-well', not why, why or '')
    finally:
        server.remove()


def quick_login(server):
    """Seconds for one who logs in to the account that was hot; too many when it can't."""
    began = time.monotonic()
    try:
        client = server.log_in('hot', resource='r0', patience=5)
        client.round_trip(5)
        client.close()
    except Lost:
        return QUICK
    return time.monotonic() - began


def memory(options):
    """Over its limit from the start: nobody is read, everybody stays, and with a limit that fits they go on."""
    server = Server(options.server, top='limits { enabled = no;  memory = 0 }')
    server.start()
    try:
        server.add_accounts(['a'])
        client = server.log_in('a', presence=True)
        change(server, 'memory = 0', 'memory = 1m')
        until(lambda: reached(server)['limits.memory'] > 0, 5)
        client.send("<iq type='get' id='p' to='example'><ping xmlns='urn:xmpp:ping'/></iq>")        # read, and the door is seen to be shut
        time.sleep(0.2)
        client.send("<iq type='get' id='q' to='example'><ping xmlns='urn:xmpp:ping'/></iq>")
        time.sleep(1.5)
        heard = [e.get('id') for e in client.take()]
        report('overload/memory-nobody-is-read', 'q' not in heard and not client.is_over, f'{heard}')
        report('overload/memory-status-says-why', 'limits.memory' in [r['limit'] for r in status(server)[0]['limits_reached']])
        report('overload/memory-log-says-why', 'over the limit, streams are not read' in server.log())
        change(server, 'memory = 1m', 'memory = 0')
        client.wait(lambda e: e is not None and e.get('id') == 'q', 5)
        report('overload/memory-recovers', client.round_trip() < QUICK)
        client.close()
        why = server.stop()
        report('overload/memory-ends-well', not why, why or '')
    finally:
        server.remove()


def change(server, old, new):
    with open(server.config, encoding='utf-8') as f:
        text = f.read()
    with open(server.config, 'w', encoding='utf-8') as f:
        f.write(text.replace(old, new))
    answer, _ = ask(server, 'reload')
    if not answer['ok']:
        raise Lost(str(answer))
