"""Valid sessions, tampered with: bytes flipped, parts cut out, doubled and swapped, words of the trade strewn in.

A session is a list of pieces, sent in one go: to the end of the login, and what a client says afterwards. Half of the
sessions are changed in the first part, half behind it, so that both reach deep. Each is made from (seed, number) alone:
`tests/hostile/run --only mutate --seed S --first N --count 50` plays fifty of them again.
"""
import random
import selectors
import socket
import time

from server import DOMAIN, report
from xmppclient import BIND, SM, Lost, header, plain

ACCOUNTS = 20
AT_ONCE = 40
QUIET = 0.25               # s without an answer: no more will come
PING_WITHIN = 5.0

HEADER = header(DOMAIN)
LOGIN = [HEADER, None, HEADER, "<iq type='set' id='b'><bind xmlns='%s'><resource>{resource}</resource></bind></iq>" % BIND]
LIFE = [
    "<iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>",
    "<presence><show>away</show><priority>5</priority><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/></presence>",
    "<enable xmlns='%s'/>" % SM,
    "<message to='{other}' type='chat' id='m1' xml:lang='de'><body>Gr\u00fc\u00df &amp; &#x1F426; &lt;b></body><active xmlns='http://jabber.org/protocol/chatstates'/></message>",
    "<message to='{other}/nowhere' id='m2'><body>one</body><store xmlns='urn:xmpp:hints'/><request xmlns='urn:xmpp:receipts'/></message>",
    "<iq type='set' id='r2'><query xmlns='jabber:iq:roster'><item jid='{other}' name='O&apos;ther'><group>A</group><group>B</group></item></query></iq>",
    "<presence to='{other}' type='subscribe'/>",
    "<presence to='{other}' type='subscribed'/>",
    "<r xmlns='%s'/>" % SM,
    "<a xmlns='%s' h='1'/>" % SM,
    "<iq type='get' id='p1' to='example'><ping xmlns='urn:xmpp:ping'/></iq>",
    "<iq type='get' id='d1' to='example'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
    "<iq type='get' id='d2' to='{other}'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
    "<iq type='get' id='v1'><vCard xmlns='vcard-temp'/></iq>",
    "<iq type='set' id='v2'><vCard xmlns='vcard-temp'><FN>Wren</FN><PHOTO><BINVAL>AAAA</BINVAL></PHOTO></vCard></iq>",
    "<iq type='get' id='t1' to='example'><time xmlns='urn:xmpp:time'/></iq>",
    "<iq type='get' id='s1' to='example'><query xmlns='jabber:iq:version'/></iq>",
    "<iq type='result' id='x1' to='{other}/here'/>",
    "<iq type='error' id='x2' to='example'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    "<iq type='get' id='g1'><query xmlns='jabber:iq:register'/></iq>",
    "<x:message xmlns:x='jabber:client' to='{other}'><x:body>prefixed</x:body></x:message>",
    " \n\t ",
    "<presence to='{other}' type='unsubscribe'/>",
    "<iq type='set' id='r3'><query xmlns='jabber:iq:roster'><item jid='{other}' subscription='remove'/></query></iq>",
    "<presence type='unavailable'/>",
    "</stream:stream>",
]
WORDS = [b'<', b'>', b'/>', b'</', b'<?xml version="1.0"?>', b'<!DOCTYPE a>', b'<!--', b'-->', b'<![CDATA[', b']]>', b'&', b'&#0;', b'&#x110000;', b'&amp;', b'&lol;', b"'", b'"',
         b'\0', b'\xff', b'\xc0\x80', b'\xed\xa0\x80', b'\xf4\x90\x80\x80', b'\xef\xbb\xbf', b' xmlns=', b" xmlns:x='y'", b" xmlns='jabber:server'", b" xml:lang='x'", b" id='", b" to=''",
         b" to='@'", b" to='a@b/c'", b" from='x@example'", b" type='get'", b" type='set'", b" type='error'", b' h=', b'4294967295', b'-1', b'99999999999999999999', b'a' * 2000, b'<a>' * 70, b'</stream:stream>',
         HEADER.encode(), b"<r xmlns='urn:xmpp:sm:3'/>", b"<a xmlns='urn:xmpp:sm:3' h='7'/>", b"<enable xmlns='urn:xmpp:sm:3' resume='true'/>", b"<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>",
         b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", b"<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", b"<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>=</response>",
         b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>biwsbj11LHI9YQ==</auth>", b'\x16\x03\x01', b'PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n', b'GET / HTTP/1.1\r\n\r\n']


# --- the ways to tamper: each takes and gives bytes ---

def flip(luck, data):
    at = luck.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << luck.randrange(8)]) + data[at + 1:]


def some(luck, data):
    at = luck.randrange(len(data))
    return at, min(len(data), at + 1 + int(luck.expovariate(0.02)))


def cut_out(luck, data):
    at, end = some(luck, data)
    return data[:at] + data[end:]


def double(luck, data):
    at, end = some(luck, data)
    return data[:end] + data[at:end] * luck.choice([1, 1, 2, 50]) + data[end:]


def swap(luck, data):
    a, b, c = sorted(luck.randrange(len(data)) for _ in range(3))
    return data[:a] + data[b:c] + data[a:b] + data[c:]


def strew(luck, data):
    at = luck.randrange(len(data))
    return data[:at] + luck.choice(WORDS) + data[at:]


def truncate(luck, data):
    return data[:luck.randrange(1, len(data) + 1)]


TAMPER = [flip, flip, cut_out, double, swap, strew, strew, strew, truncate]


def shuffle(luck, pieces):
    """Whole stanzas, moved, doubled or left out."""
    for _ in range(luck.randrange(1, 4)):
        a, b = luck.randrange(len(pieces)), luck.randrange(len(pieces))
        how = luck.randrange(3)
        if how == 0:
            pieces[a], pieces[b] = pieces[b], pieces[a]
        elif how == 1:
            pieces.insert(a, pieces[b])
        elif len(pieces) > 1:
            del pieces[a]
    return pieces


def tampered(luck, pieces):
    if luck.random() < 0.3:
        pieces = shuffle(luck, pieces)
    data = b''.join(pieces)
    for _ in range(luck.choice([0, 1, 1, 2, 4]) if luck.random() < 0.5 else 1):
        data = luck.choice(TAMPER)(luck, data) if data else data
    return data


def session(seed, number):
    luck = random.Random(f'{seed} {number}')
    user, other = luck.randrange(ACCOUNTS), luck.randrange(ACCOUNTS)
    fill = {'resource': f'r{luck.randrange(5)}', 'other': f'm{other}@{DOMAIN}'}
    login = [(p.replace('{resource}', fill['resource']) if p else plain(f'm{user}', 'secret')).encode() for p in LOGIN]
    life = [p.replace('{other}', fill['other']).encode() for p in LIFE]
    if luck.random() < 0.5:
        return tampered(luck, login) + b''.join(life)
    return b''.join(login) + tampered(luck, life)


# --- playing them ---

class Played:
    def __init__(self, port, number, data):
        self.number, self.left = number, data
        self.heard_at = time.monotonic()
        self.answer = b''
        self.socket = socket.create_connection(('127.0.0.1', port))
        self.socket.setblocking(False)

    def go_on(self):
        """False when it is over."""
        try:
            if self.left:
                self.left = self.left[self.socket.send(self.left):]
        except BlockingIOError:
            pass
        except OSError:
            self.left = b''
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return time.monotonic() - self.heard_at < QUIET
        except OSError:
            return False
        self.answer += data[:100000 - len(self.answer)]
        self.heard_at = time.monotonic()
        return bool(data)


class Trouble(Exception):
    pass


def play(server, options, count):
    """How many had a bound session."""
    selector, under_way, bound = selectors.DefaultSelector(), set(), 0
    canary = server.log_in('canary')
    numbers = iter(range(options.first, options.first + count))
    exhausted, played = False, 0
    while under_way or not exhausted:
        while len(under_way) < AT_ONCE and not exhausted:
            number = next(numbers, None)
            exhausted = number is None
            if not exhausted:
                p = Played(server.port, number, session(options.seed, number))
                under_way.add(p)
                selector.register(p.socket, selectors.EVENT_READ, p)
        selector.select(0.01)
        over = [p for p in under_way if not p.go_on()]
        for p in over:
            selector.unregister(p.socket)
            under_way.remove(p)
            p.socket.close()
            bound += b"<jid>" in p.answer
            played += 1
        if over and played % 50 < len(over):
            check(server, canary, options, under_way | set(over))
    check(server, canary, options, set())
    canary.close()
    return bound


def check(server, canary, options, suspects):
    numbers = sorted(p.number for p in suspects)
    where = f'--seed {options.seed} --first {numbers[0]} --count {numbers[-1] - numbers[0] + 1}' if numbers else f'--seed {options.seed}'
    if not server.is_running():
        raise Trouble(f'the server ended, {where}: {server.errors()[-6000:]}')
    try:
        canary.round_trip(PING_WITHIN)
    except Lost as why:
        raise Trouble(f'a ping was not answered ({why}), {where}') from None


def mutations(server, options):
    began, why, bound = time.monotonic(), None, 0
    try:
        bound = play(server, options, options.count)
    except (Trouble, OSError) as trouble:
        why = str(trouble)
    report('hostile/mutations-answered', not why, why or f'{options.count} in {time.monotonic() - began:.0f} s, {server.rss_mib():.0f} MiB')
    report('hostile/mutations-reach-sessions', bound * 3 > options.count, f'{bound} of {options.count} had a bound session')
