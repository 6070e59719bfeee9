"""Fifty writers and who they write to, and a ledger of what the server has promised.

Writers have XEP-0198 on. Each sends numbered messages in turn to its partner, another writer, and to a listener: a third
of the listeners reads and acknowledges, a third reads without XEP-0198, and a third is away. Now and then a writer puts
a contact on its roster. What `h` covers, and every IQ result, is a promise.
"""
import collections
import concurrent.futures
import selectors
import time

from server import DOMAIN
from xmppclient import CLIENT, Lost

WINDOW = 30                # stanzas of a writer that wait for an acknowledgement
CONTACT_EVERY = 40         # stanzas
QUIET = 1.0                # nothing has come for so long: there is no more
IS_AWAY, IS_PLAIN, HAS_ACKS = range(3)


class Ledger:
    def __init__(self):
        self.promised = set()                # numbers of messages that h has covered
        self.found = collections.Counter()   # number: how often a recipient had it
        self.errors = collections.Counter()  # condition: how many messages came back
        self.contacts = collections.defaultdict(set)
        self.sent = 0

    def lost(self):
        return self.promised - set(self.found)

    def duplicates(self):
        return sum(n - 1 for n in self.found.values())


class Actor:
    def __init__(self, name, kind, targets=()):
        self.name, self.kind, self.targets = name, kind, targets
        self.client = None
        self.count = 0

        self.previd = None                   # of the session that the server's end has ended
        self.complaint = None

    def log_in(self, server, with_acks):
        # some by TLS and SCRAM: their writes pass through other code
        self.client = server.log_in(self.name, tls=self.name.endswith('3'), presence=True, before_bind=self.try_to_resume,
                                    before_presence=lambda c: c.enable(resumable=True) if with_acks else None)
        self.previd = self.client.previd

    def try_to_resume(self, client):
        """No session outlives an end without warning, and nobody knows what was settled last."""
        answer = client.resume(self.previd) if self.previd else None
        if answer is not None and (answer.tag.endswith('resumed') or answer.get('h')):
            self.complaint = f'{self.name} was told {answer.tag} {answer.attrib}'


class Crowd:
    def __init__(self, writers=50, listeners=15):
        self.ledger = Ledger()
        self.listeners = [Actor(f'listener{i}', i % 3) for i in range(listeners)]
        self.writers = [Actor(f'writer{i}', HAS_ACKS, (f'writer{i ^ 1}', f'listener{i % listeners}')) for i in range(writers)]
        self.selector = None
        self.enough = writers                # so much is to be promised before the next end

    def names(self):
        return [a.name for a in self.writers + self.listeners]

    def arrive(self, server, everybody=False):
        """Logs all in that aren't away; at the end of the play, those too."""
        self.selector = selectors.DefaultSelector()
        here = [a for a in self.writers + self.listeners if everybody or a.kind != IS_AWAY]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda a: a.log_in(server, everybody or a.kind == HAS_ACKS), here))
        if not everybody:
            self.hibernate(server)
        for actor in here:
            self.selector.register(actor.client, selectors.EVENT_READ, actor)
            actor.client.on_ack = self.settle
            self.hear(actor)
        return here

    def hibernate(self, server):
        """Half of those that are away have just lost their connections."""
        for actor in self.listeners:
            if actor.kind == IS_AWAY and actor.name[-1] in '02468':
                actor.log_in(server, True)
                self.hear(actor)
                actor.client.close()
                actor.client = None

    def complaints(self):
        return [a.complaint for a in self.writers + self.listeners if a.complaint]

    def settle(self, key):
        if isinstance(key, int):
            self.ledger.promised.add(key)

    def hear(self, actor):
        """What has come for one of them; false at the end of its connection."""
        heard = False
        for e in actor.client.take():
            heard = True
            if e is None:
                continue
            if e.tag == CLIENT + 'message':
                self.count_message(e)
            elif e.tag == CLIENT + 'iq' and e.get('type') == 'result' and (e.get('id') or '').startswith('contact'):
                self.ledger.contacts[actor.name].add(e.get('id'))
        return heard

    def count_message(self, e):
        if e.get('type') == 'error':
            self.ledger.errors[e.find(CLIENT + 'error')[-1].tag] += 1
        elif (e.get('id') or '').isdigit():
            self.ledger.found[int(e.get('id'))] += 1

    def write(self, actor):
        c = actor.client
        while not c.is_over and len(c.unacked) < WINDOW:
            actor.count += 1
            if actor.count % CONTACT_EVERY == 0:
                tag = f'contact{actor.count}'
                c.send(f"<iq type='set' id='{tag}'><query xmlns='jabber:iq:roster'><item jid='{tag}@{DOMAIN}'/></query></iq>", tag)
                continue
            self.ledger.sent += 1
            number, to = self.ledger.sent, actor.targets[actor.count % 2]
            c.send(f"<message to='{to}@{DOMAIN}' type='chat' id='{number}'><body>{number}</body></message>", number)
            if actor.count % 5 == 0:
                c.ask()

    def run(self, until, writes=True):
        """Everybody reads, and writers write, until the time comes or the server has gone."""
        while time.monotonic() < until and self.selector.get_map():
            self.turn(writes)

    def run_until_promised(self, limit):
        """A slow machine still has to promise something before each end."""
        while len(self.ledger.promised) < self.enough and time.monotonic() < limit and self.selector.get_map():
            self.turn(True)
        self.enough = len(self.ledger.promised) + len(self.writers)

    def turn(self, writes):
        heard = False
        for key, _ in self.selector.select(0.02):
            heard |= self.hear(key.data)
            if key.data.client.is_over:
                self.selector.unregister(key.data.client)
        for actor in self.writers if writes else ():
            try:
                self.write(actor)
            except Lost:
                actor.client.is_over = True
        return heard

    def read_the_rest(self, patience=10.0):
        """After the end of the server: what lies in the sockets."""
        self.run(time.monotonic() + patience, writes=False)
        self.leave()

    def leave(self):
        for actor in self.writers + self.listeners:
            if actor.client:
                actor.client.close()
                actor.client = None

    def collect(self, server, patience=60.0):
        """All come and take what waits for them, until nothing more is said for a moment."""
        for actor in self.arrive(server, everybody=True):
            actor.client.send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>", 'roster')
        missing = self.contacts_missing()
        quiet_at = time.monotonic() + QUIET
        limit = time.monotonic() + patience
        while time.monotonic() < min(quiet_at, limit):
            if self.turn(False):
                quiet_at = time.monotonic() + QUIET
        return missing

    def contacts_missing(self):
        """Contacts whose IQ result was seen and that are on no roster now."""
        missing = []
        for actor in self.writers:
            e = actor.client.wait(self.sift)
            there = {item.get('jid').split('@')[0] for item in e[0]}
            missing += [f'{actor.name}: {tag}' for tag in self.ledger.contacts[actor.name] - there]
        return missing

    def sift(self, e):
        """The roster; messages that come before it count."""
        if e is not None and e.tag == CLIENT + 'message':
            self.count_message(e)
        return e is not None and e.get('id') == 'roster'
