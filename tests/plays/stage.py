"""The stage: performs one play against a server."""
import re
import time

import script
import tree
from client import Client, Component, Trouble, describe

PATIENCE = 5.0            # seconds to wait for what must come
GRACE = 0.02              # seconds that something unwanted has, after round trips, to show itself
RAW_GRACE = 0.15          # the same where no round trip can be made
DRIBBLE = 0.0002        # seconds between bytes that come one at a time
PASSWORD = 'secret'


class Names:
    """Each play has its own accounts: romeo is romeo-p17 to the server, and romeo in the play."""

    def __init__(self, number):
        self.tail = f'-p{number}'
        self.locals = set()

    def add(self, jid):
        self.locals.add(jid.split('@')[0])

    def user(self, local):
        return local + self.tail

    def account(self, jid):
        local, _, rest = jid.split('/')[0].partition('@')
        return f'{local}{self.tail}@{rest}'

    def pattern(self):
        return '|'.join(re.escape(n) for n in sorted(self.locals, key=len, reverse=True))

    def out(self, text):
        if not self.locals:
            return text
        text = re.sub(rf'(?<![\w.-])({self.pattern()})@', rf'\1{self.tail}@', text, flags=re.IGNORECASE)
        return re.sub(rf'<username>({self.pattern()})<', rf'<username>\1{self.tail}<', text)

    def words(self, text):
        """Inside base64, where a name stands between NULs or commas."""
        return re.sub(rf'(?<![\w.-])({self.pattern()})(?![\w.-])', rf'\1{self.tail}', text,
                      flags=re.IGNORECASE) if self.locals else text

    def back(self, element):
        for name, value in element.attributes.items():
            element.attributes[name] = self.plain(value)
        element.inside = [self.plain(c) if isinstance(c, str) else self.back(c) for c in element.inside]
        return element

    def plain(self, text):
        return text.replace(self.tail + '@', '@').removesuffix(self.tail)


class Stage:
    def __init__(self, play, names, house):
        self.play, self.names, self.house = play, names, house        # house: the server
        self.actors, self.variables, self.output = {}, {}, ''
        self.tags = 0

    def perform(self):
        """Nothing, or where and why it went wrong."""
        try:
            for step in self.play.steps:
                getattr(self, step.kind)(**step.arguments)
        except KeyError as name:
            return f'{self.play.path}:{step.line} {name} is not known here'
        except (Trouble, OSError, ValueError) as why:
            return f'{self.play.path}:{step.line} {why}'
        finally:
            for actor in self.actors.values():
                actor.drop()

    # --- connecting ---

    def enter(self, name, port, kind=Client):
        if name in self.actors:
            self.actors[name].drop()
        self.actors[name] = kind(name, port, self.names, PATIENCE)
        return self.actors[name]

    def connection(self, actor):
        self.enter(actor, self.house.port)

    def tls(self, actor):
        client = self.enter(actor, self.house.tls_port)
        client.domain = 'example'
        client.handshake()

    def open(self, actor, domain):
        self.actors[actor].open(domain or 'example')

    def component(self, actor, domain, password):
        self.enter(actor, self.house.port, Component).log_in(domain, password or PASSWORD)

    def open_component(self, actor, domain):
        self.enter(actor, self.house.port, Component).open(domain)

    def shake_hands(self, actor, password):
        self.actors[actor].shake_hands(password or PASSWORD)

    def starttls(self, actor):
        self.actors[actor].starttls()

    def handshake(self, actor):
        client = self.actors[actor]
        client.domain = client.domain or 'example'
        client.handshake()

    def authenticate(self, actor, jid, mechanism, password):
        local, domain = jid.split('/')[0].split('@')
        self.actors[actor].log_in(self.names.user(local), domain, password or PASSWORD, mechanism or 'SCRAM-SHA-256')

    def try_sasl(self, actor, mechanism, jid, password, gs2):
        self.actors[actor].try_sasl(mechanism, self.names.user(jid.split('@')[0]), password or PASSWORD, gs2)

    def bind(self, actor, resource):
        client = self.actors[actor]
        client.bind(resource)
        self.variables[actor] = client.jid

    def session(self, actor, jid, password):
        self.connection(actor)
        self.authenticate(actor, jid, None, password)
        self.bind(actor, jid.partition('/')[2])
        if '/' in jid and self.variables[actor] != jid:
            raise Trouble(f'expected to be bound as {jid}, heard {self.variables[actor]}')

    def online(self, actor, priority):
        client = self.actors[actor]
        client.send('<presence>' + (f'<priority>{priority}</priority>' if priority else '') + '</presence>')
        client.wait_for(lambda kind, e: kind == 'stanza' and e.name == 'presence' and e.get('from') == client.jid)

    def roster(self, actor):
        """From now on it is an interested resource (RFC 6121 §2.2)."""
        client = self.actors[actor]
        client.send("<iq type='get' id='play-roster'><query xmlns='jabber:iq:roster'/></iq>")
        client.wait_for(lambda kind, e: kind == 'stanza' and e.get('id') == 'play-roster')

    def close(self, actor):
        self.actors.pop(actor).close()

    def drop(self, actor):
        self.actors.pop(actor).drop()

    # --- sending and hearing ---

    def out(self, text):
        return self.names.out(script.expand(text, self.variables, self.names.words))

    def send(self, actor, xml):
        client = self.actors[actor]
        client.send(self.out(xml))
        if "<enable xmlns='urn:xmpp:sm" in xml:
            client.has_acks = True

    def raw(self, raw):
        """A string's \\x80 … \\xff are bytes; what lies above is UTF-8."""
        return b''.join(bytes([ord(c)]) if ord(c) < 256 else c.encode() for c in self.out(raw))

    def send_raw(self, actor, raw):
        self.actors[actor].send(self.raw(raw))

    def dribble(self, actor, raw):
        for byte in self.raw(raw):
            self.actors[actor].send(bytes([byte]))
            time.sleep(DRIBBLE)

    def hear(self, actor, xml, pieces):
        for piece in pieces:
            kind, heard = self.actors[actor].next()
            if kind != 'stanza' or not tree.Matcher(self.variables).stanza(piece, heard):
                raise Trouble(f'{actor} expected {shown(piece)} heard {describe([(kind, heard)])}')

    def hear_any(self, actor, xml, pieces):
        left = list(pieces)
        while left:
            kind, heard = self.actors[actor].next()
            found = next((p for p in left if kind == 'stanza' and tree.Matcher(self.variables).stanza(p, heard)), None)
            if found is None:
                raise Trouble(f'{actor} expected {" or ".join(map(shown, left))} heard {describe([(kind, heard)])}')
            left.remove(found)

    def hear_either(self, actor, xml, pieces):
        kind, heard = self.actors[actor].next()
        if kind != 'stanza' or not any(tree.Matcher(self.variables).stanza(p, heard) for p in pieces):
            raise Trouble(f'{actor} expected {" or ".join(map(shown, pieces))} heard {describe([(kind, heard)])}')

    def hear_at_last(self, actor, xml, pieces):
        client, matcher = self.actors[actor], tree.Matcher(self.variables)
        for piece in pieces:
            try:
                client.wait_for(lambda kind, e: kind == 'stanza' and matcher.stanza(piece, e))
            except Trouble as why:
                raise Trouble(f'{actor} expected {shown(piece)}: {why}') from None

    def never_hear(self, actor, xml, pieces):
        self.settle(actor)
        for kind, heard in self.actors[actor].events:
            for piece in pieces:
                if kind == 'stanza' and tree.Matcher(self.variables).stanza(piece, heard):
                    raise Trouble(f'{actor} expected never to hear {shown(piece)} heard {heard.show()}')

    def hear_stream(self, actor, xml, pieces):
        kind, heard = self.actors[actor].next()
        if kind != 'open' or not tree.Matcher(self.variables).element(pieces[0], bare(heard)):
            raise Trouble(f'{actor} expected {shown(pieces[0])} heard {describe([(kind, heard)]) if kind != "open" else heard.show()}')

    def hear_error(self, actor, name, later):
        """A stream error after a header, the closing tag, the end of the connection; features may come before it."""
        client = self.actors[actor]
        client.forget_features()
        kind, heard = client.next()
        while kind == 'open' or (kind == 'stanza' and (heard.name == 'features' or (later and heard.name != 'error'))):
            kind, heard = client.next()
        if not client.opened:
            raise Trouble(f'{actor} expected a stream header before the error')
        names = [c.name for c in heard.children if c.ns == tree.STREAM_ERRORS] if kind == 'stanza' else []
        if (kind == 'stanza' and (heard.ns, heard.name) != (tree.STREAMS, 'error')) or not set(names) & set(name.split(' or ')):
            raise Trouble(f'{actor} expected the stream error {name} heard {describe([(kind, heard)])}')
        self.hear_close(actor)
        self.ended(actor)

    def hear_close(self, actor):
        event = self.actors[actor].next()
        if event[0] != 'close':
            raise Trouble(f'{actor} expected </stream:stream> heard {describe([event])}')

    def ended(self, actor, cleanly=None):
        client = self.actors[actor]
        try:
            client.send('</stream:stream>')
        except OSError:
            pass
        event = client.next()
        while event[0] == 'wrong':                       # an alert of a broken TLS handshake is no XML
            if '</' in event[1]:
                raise Trouble(f'{actor} expected no closing tag, heard {event[1]}')
            event = client.next()
        if event[0] != 'end':
            raise Trouble(f'{actor} expected the end of the connection, heard {describe([event])}')
        if cleanly and not client.ended_cleanly:
            raise Trouble(f'{actor} expected close_notify before the end of TCP')

    def settle(self, actor):
        """Everything that was under way when this began has arrived when it ends."""
        for client in [c for c in self.actors.values() if c.can_ask()] * 2:
            self.tags += 1
            try:
                client.round_trip(f'play-quiet-{self.tags}')
            except (Trouble, OSError):
                pass                                     # another's stream may well have ended
        client = self.actors[actor]
        can_ask = client.can_ask()
        client.pump(time.monotonic() + (GRACE if can_ask else RAW_GRACE))
        if can_ask:
            self.tags += 1
            client.round_trip(f'play-quiet-{self.tags}')

    def hear_nothing(self, actor):
        self.settle(actor)
        if self.actors[actor].events:
            raise Trouble(f'{actor} expected nothing heard {describe(self.actors[actor].events)}')

    def catch_up(self, actor):
        self.settle(actor)
        self.actors[actor].events.clear()

    # --- the world ---

    def wait(self, ms):
        time.sleep(int(ms) / 1000)

    def server_does(self, what):
        {'stops': self.house.stop, 'starts': self.house.start, 'is killed': self.house.kill}[what]()

    def server_ends(self, code):
        self.house.ended(int(code))

    def account(self, jid, password):
        pass                                         # all accounts were made before the play began

    def no_account(self, jid):
        pass

    def follows(self, jid, other):
        self.befriend(((jid, other),))

    def friends(self, jid, other):
        self.befriend(((jid, other), (other, jid)))

    def befriend(self, pairs):
        people = sorted({jid for pair in pairs for jid in pair})
        for i, jid in enumerate(people):
            self.session(f'play-{i}', f'{jid}/befriending', None)
            self.roster(f'play-{i}')
            self.online(f'play-{i}', None)
        for who, whom in pairs:
            asker, asked = (self.actors[f'play-{people.index(j)}'] for j in (who, whom))
            asker.send(self.out(f"<presence type='subscribe' to='{whom}'/>"))
            asked.wait_for(lambda kind, e: kind == 'stanza' and (e.get('type'), e.get('from')) == ('subscribe', who))
            asked.send(self.out(f"<presence type='subscribed' to='{who}'/>"))
            asker.wait_for(lambda kind, e: kind == 'stanza' and (e.get('type'), e.get('from')) == ('subscribed', whom))
            asked.round_trip('play-done')
        for i in range(len(people)):
            self.actors[f'play-{i}'].round_trip('play-done')
            self.close(f'play-{i}')

    def command(self, line):
        code, self.output = self.house.command(self.out(line))
        if code != 0:
            raise Trouble(f'expected exit 0 heard {code}: {self.output}')

    def command_fails(self, line):
        code, self.output = self.house.command(self.out(line))
        if code == 0:
            raise Trouble(f'expected a failure heard exit 0: {self.output}')

    def output_has(self, text):
        if text not in self.names.plain(self.output):
            raise Trouble(f'expected the output to have {text!r} heard {self.output!r}')

    def output_lacks(self, text):
        if text in self.names.plain(self.output):
            raise Trouble(f'expected the output to lack {text!r} heard {self.output!r}')


def bare(header):
    """A header without what it carries: streams are compared by their start tag."""
    element = tree.Element(f'{header.ns} {header.name}', header.attributes)
    return element


def shown(piece):
    return piece.show().replace(f" {tree.MORE_ATTRIBUTES}=''", ' …')


def accounts(play):
    """What must exist before the play begins: {jid: password}; and the names that are the play's own."""
    exist, own = {}, set()
    for step in play.steps:
        jid = (step.arguments.get('jid') or '').split('/')[0]
        if not jid:
            continue
        own.add(jid)
        if step.kind == 'account':
            exist[jid] = step.arguments['password'] or PASSWORD
        elif step.kind in ('session', 'friends', 'follows', 'authenticate'):
            exist.setdefault(jid, PASSWORD)
        if step.kind in ('friends', 'follows'):
            exist.setdefault(step.arguments['other'], PASSWORD)
            own.add(step.arguments['other'])
    for step in play.steps:
        if step.kind == 'no_account':
            exist.pop(step.arguments['jid'], None)
    return exist, own
