"""Who is there while it happens: some who talk, some who write to those who are away, and an administrator who asks."""
import json
import subprocess
import threading
import time

from xmppclient import Lost

QUICK = 1.0                 # s: the slowest answer that somebody who is there may see; a sanitized server, and two cores for all of us


def ask(server, *words):
    """The rows of a command, and the seconds it took."""
    began = time.monotonic()
    done = subprocess.run([server.program, '--json', *words, '-c', server.config], stdin=subprocess.DEVNULL, capture_output=True,
                          encoding='utf-8', timeout=60, check=False)
    answer = json.loads(done.stdout) if done.stdout else {'ok': False, 'error': done.stderr}
    return answer, time.monotonic() - began


def status(server):
    answer, took = ask(server, 'status')
    return answer['rows'][0], took


def reached(server):
    """Of each limit, how often."""
    return {row['limit']: row['reached'] for row in ask(server, 'limits')[0]['rows']}


class Talkers:
    """Pairs of sessions, each of which says something to the other again and again."""
    def __init__(self, server, names):
        self.clients = [server.log_in(name, presence=True) for name in names]
        self.slowest, self.said = 0.0, 0

    def talk(self, seconds, meanwhile=lambda: None):
        """Each to the next in the circle, for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for n, client in enumerate(self.clients):
                self.say(client, self.clients[(n + 1) % len(self.clients)])
            meanwhile()
            time.sleep(0.02)

    def say(self, one, other):
        self.said += 1
        tag, began = f'talk-{self.said}', time.monotonic()
        one.send(f"<message to='{other.jid}' type='chat' id='{tag}'><body>{tag}</body></message>")
        other.wait(lambda e: e is not None and e.get('id') == tag, 20)
        self.slowest = max(self.slowest, time.monotonic() - began, one.round_trip(20))

    def close(self):
        for client in self.clients:
            client.close()


class Writers(threading.Thread):
    """Write to an account that is away, as fast as they are let, and count what is acknowledged and what comes back."""
    def __init__(self, server, names, to):
        super().__init__()
        self.clients = [server.log_in(name, presence=True, acks=True) for name in names]
        self.to, self.is_over, self.sent, self.acked, self.bounced = to, False, set(), set(), set()
        self.trouble = None
        for client in self.clients:
            client.on_ack = lambda tag: self.acked.add(tag) if tag != 'presence' else None

    def run(self):
        try:
            while not self.is_over:
                for client in self.clients:
                    self.write(client)
                time.sleep(0.01)
        except Lost as why:
            self.trouble = str(why)

    def write(self, client):
        if len(client.unacked) < 150:
            tag = str(len(self.sent) + 1)
            self.sent.add(tag)
            client.send(f"<message to='{self.to}' type='chat' id='{tag}'><body>{'x' * 500}</body></message>", tag)
            if len(self.sent) % 20 == 0:
                client.ask()
        self.hear(client)

    def hear(self, client):
        for e in client.take():
            if e is not None and e.get('type') == 'error':
                self.bounced.add(e.get('id'))
        if client.is_over:
            raise Lost('a writer lost its stream')

    def settle(self, seconds=20):
        """Stops, and waits until every message is acknowledged."""
        self.is_over = True
        self.join()
        end = time.monotonic() + seconds
        while self.sent - self.acked and time.monotonic() < end and not self.trouble:
            for client in self.clients:
                client.ask()
                client.pump(0.05)
                self.hear(client)
        for client in self.clients:
            client.close()
        return not self.sent - self.acked


def is_refused(server, name):
    """A login that fails with words, not one that waits for ever."""
    try:
        server.log_in(name, patience=5).close()
        return False
    except Lost as why:
        return 'temporary-auth-failure' in str(why)


def until(test, seconds):
    """How long it took; None: too long."""
    began = time.monotonic()
    while not test():
        if time.monotonic() > began + seconds:
            return None
        time.sleep(0.1)
    return time.monotonic() - began
