"""Ten thousand domains: how long they take to load, what each costs, and that some come and go while sessions talk."""
import threading
import time

from asking import held, running
from server import DOMAIN
from xmppclient import Lost

COUNT = 10000
# Measured: 0.13 s, 0.2 s, 0.5 KiB and no silence to speak of; the bounds are for a machine that has other things to do.
READY_S, CHANGE_S, EACH_KIB, SILENCE_S = 20, 15, 8, 10
SHARED = 'tls_certificate = "example.pem";  tls_key = "example.key"\n'


class Talk(threading.Thread):
    """One writes to the other, who must hear each line in order; the longest silence is kept."""
    def __init__(self, server):
        super().__init__()
        self.clients = server.log_in('romeo', tls=True), server.log_in('juliet', tls=True, presence=True)
        self.until, self.heard, self.longest, self.why = threading.Event(), 0, 0.0, None

    def run(self):
        romeo, juliet = self.clients
        try:
            while not self.until.is_set():
                began = time.monotonic()
                romeo.send(f"<message to='juliet@{DOMAIN}/here' type='chat' id='{self.heard}'><body>line</body></message>")
                juliet.wait(lambda e: e is not None and e.get('id') == str(self.heard))
                self.longest = max(self.longest, time.monotonic() - began)
                self.heard += 1
                time.sleep(0.01)
        except Lost as why:
            self.why = str(why)


def came_and_went(server, told):
    for n in range(3):
        for words, count in ((['add', f'new{n}.example', '--tls', 'optional'], COUNT + 2), (['remove', f'new{n}.example'], COUNT + 1)):
            began = time.monotonic()
            code, answer = server.ask('domain', *words)
            took = time.monotonic() - began
            told.append(took)
            if code or took > CHANGE_S:
                yield f'{words}: {answer} after {took:.1f} s'
            _, status = server.ask('status')
            if status['rows'][0]['domains'] != count:
                yield f'{words}: {status["rows"][0]["domains"]} domains'


def talked(talk):
    if talk.why or talk.heard < 10 or talk.longest > SILENCE_S:
        yield f'{talk.heard} lines, {talk.longest:.1f} s of silence, {talk.why}'


def check(options):
    with running(options, 'one-domain', top=SHARED) as server:
        server.ask('status')
        alone = server.rss_mib()
    domains = ''.join(f'domain "d{n}.example" {{ }}\n' for n in range(COUNT))
    with running(options, 'many-domains', top='limits { enabled = no }\n' + SHARED + domains) as server:
        ready = server.ready_s
        each = (server.rss_mib() - alone) * 1024 / COUNT
        server.add_accounts(['romeo', 'juliet'])
        told = []
        talk = Talk(server)
        talk.start()
        held('domains come and go while sessions talk', came_and_went(server, told))
        talk.until.set()
        talk.join(60)
        held('sessions talk while domains come and go', talked(talk))
        print(f'{COUNT} domains: ready after {ready:.2f} s, {each:.2f} KiB each; a change {max(told):.2f} s at most; '
              f'silence of {talk.longest:.2f} s at most in {talk.heard} lines')
        held('many domains load in time', [f'{ready:.1f} s'] if ready > READY_S else [])
        held('a domain costs little memory', [f'{each:.1f} KiB'] if each > EACH_KIB else [])
