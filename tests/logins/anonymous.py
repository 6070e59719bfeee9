"""ANONYMOUS: RFC 4505, XEP-0175. What an anonymous user is, what it may, and that nothing of it is left."""
import glob
import re
import socket
import sqlite3

from door import Caller, House, LISTENER, VERSIONS, error_of, example, must, same, soon

UUID = re.compile(r'[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}@example/\S+$')
OTHER = 'domain "other.example" { tls = optional }\ndomain "rooms.example" { tls = optional }\n'


def house(program, more='', auth=' anonymous = yes', top='', accounts=('romeo',)):
    return House(program, top + LISTENER, example(auth, more) + OTHER, accounts=accounts)


def nobody(h, **more):
    c = Caller(h, **more)
    same(c.auth('ANONYMOUS')[0], 'challenge', 'asked who it is')
    same(c.response()[0], 'success', 'let in')
    must(UUID.match(c.bound()), c.jid)
    return c


def romeo(h):
    c = Caller(h)
    c.auth('PLAIN', b'\0romeo\0secret')
    c.bound('desk')
    c.ask('get', "<query xmlns='jabber:iq:roster'/>")
    c.send('<presence/>')
    c.element('{jabber:client}presence')
    return c


def by_its_switch(program):
    with house(program, auth=' mechanisms = [ PLAIN ANONYMOUS ]') as h:
        same(Caller(h).mechanisms, ['PLAIN'], 'without the switch')
        same(Caller(h).auth('ANONYMOUS', b'')[0], 'invalid-mechanism', 'without the switch')
    with house(program, auth=' mechanisms = [ PLAIN ];  anonymous = yes') as h:
        same(Caller(h, domain='other.example', tls=False).mechanisms.count('ANONYMOUS'), 0, 'for this domain alone')
        for version in VERSIONS:
            c = Caller(h, version=version)
            same((c.mechanisms, c.auth('ANONYMOUS', b'')[0]), (['PLAIN', 'ANONYMOUS'], 'success'), 'with it')
        first, second = nobody(h), nobody(h)
        must(first.jid.split('@')[0] != second.jid.split('@')[0], 'each is another')
        c = Caller(h)
        c.auth('ANONYMOUS', b'')
        must(not c.bound('mine').endswith('/mine'), 'the resource is ours to choose')
    with house(program) as h:
        h.reload(domains=example(' anonymous = yes').replace('tls = optional', 'tls = required') + OTHER)
        same(Caller(h, tls=False).auth('ANONYMOUS', b'')[0], 'encryption-required', 'not in the clear where TLS is required')


def traces(program):
    """What it says of itself goes to the log, if it is text, and makes nothing else."""
    with house(program) as h:
        for said, expected in ((b'sirhc', 'success'), ('ä@example.com'.encode(), 'success'), (b'x' * 255, 'success'), ('ä' * 255, 'success'),
                               (b'x' * 256, 'malformed-request'), (b'x' * 2000, 'malformed-request'), (b'a\nb', 'malformed-request'),
                               (b'\xff', 'malformed-request'), (b'a\0b', 'malformed-request'), ('a\x85b'.encode(), 'malformed-request'), (b'\x7f', 'malformed-request')):
            c = Caller(h)
            same(c.auth('ANONYMOUS', said if isinstance(said, bytes) else said.encode())[0], expected, repr(said[:20]))
        soon(lambda: 'says of itself: sirhc' in h.log(), 'the log has it')
        c = Caller(h)
        same(c.auth('ANONYMOUS', raw='%')[0], 'incorrect-encoding', 'no base64')
        same(c.auth('ANONYMOUS', b'')[0], 'success', 'and then as it should')


def what_it_may(program):
    with house(program) as h:
        r, c = romeo(h), nobody(h)
        c.send("<message to='romeo@example' type='chat'><body>hello</body></message>")
        heard = r.element('{jabber:client}message')
        same(heard.get('from'), c.jid, 'it writes')
        r.send(f"<message to='{c.jid}' type='chat'><body>hello</body></message>")
        same(c.element('{jabber:client}message').get('from'), r.jid, 'and is answered')
        for payload in ("<query xmlns='jabber:iq:roster'><item jid='romeo@example'/></query>", "<vCard xmlns='vcard-temp'/>"):
            same(c.asked_set(payload), 'forbidden', payload)
        for payload in ("<query xmlns='jabber:iq:register'><remove/></query>", "<query xmlns='jabber:iq:register'><username>x</username><password>y</password></query>"):
            same(c.asked_set(payload, 'example'), 'forbidden', payload)
        same(len(c.ask('get', "<query xmlns='jabber:iq:roster'/>")[0]), 0, 'its roster is empty')
        info = r.ask('get', "<query xmlns='http://jabber.org/protocol/disco#info'/>", c.jid.split('/')[0])
        identity = info[0].find('{http://jabber.org/protocol/disco#info}identity')
        same((identity.get('category'), identity.get('type')), ('account', 'anonymous'), 'its identity')
        c.send("<presence to='romeo@example' type='subscribe' id='s'/>")
        same(error_of(c.wait(lambda e: e.get('id') == 's')), 'forbidden', 'it follows nobody')
        r.send(f"<presence to='{c.jid.split('/')[0]}' type='subscribe'/>")
        soon_refused(r, c)
        c.send(f"<presence to='{r.jid}'/>")
        same(r.wait(lambda e: e.tag.endswith('presence') and e.get('from') == c.jid).get('type'), None, 'it shows itself')
        jid = c.jid
        c.close()
        same(r.wait(lambda e: e.tag.endswith('presence') and e.get('from') == jid).get('type'), 'unavailable', 'and goes')


def soon_refused(r, c):
    e = r.wait(lambda e: e.tag.endswith('presence') and e.get('from') == c.jid.split('/')[0])
    same(e.get('type'), 'unsubscribed', 'nobody follows it')


def how_far_it_reaches(program):
    for reach, reached in (('domain', 1), ('server', 2), ('anywhere', 3)):
        with house(program, f'anonymous {{ reach = {reach} }}', top='component "gate.far" { secret = x }\n') as h:
            c = nobody(h)
            c.send("<message to='x@gate.far' id='m'><body>x</body></message>")
            verdict = error_of(c.wait(lambda e: e.get('id') == 'm'))
            must((verdict == 'forbidden') == (reach == 'domain'), f'{reach}: a component: {verdict}')
            for i, to in enumerate(('rooms.example', 'x@other.example', 'elsewhere')):
                wanted = 'service-unavailable' if i < reached - (i == 2) else 'remote-server-not-found' if i == 2 and reached == 3 else 'forbidden'
                if to == 'x@other.example':
                    wanted = 'service-unavailable'                       # it is below "example", and so of it
                for name, stanza in (('message', f"<message to='{to}' id='m'><body>x</body></message>"),
                                     ('iq', f"<iq to='{to}' type='get' id='m'><x xmlns='urn:x'/></iq>")):
                    c.send(stanza)
                    same(error_of(c.wait(lambda e: e.get('id') == 'm')), wanted, f'{reach}: {name} to {to}')


def nothing_is_left(program):
    with house(program) as h:
        r, c = romeo(h), nobody(h)
        bare = c.jid.split('/')[0]
        must(bare in h.command('session', 'list'), 'among the sessions')
        must(bare not in h.command('user', 'list'), 'not among the users')
        for words in ('passwd', bare, '-p', 'x'), ('remove', bare):
            h.command('user', *words, is_fine=False)
        h.reload()
        must(c.is_there(), 'a reload leaves it')
        c.send("<message to='romeo@example' type='chat'><body>hello</body></message>")
        r.element('{jabber:client}message')
        r.send(f"<message to='{bare}' type='chat' id='m1'><body>not there</body></message>")
        same(error_of(r.wait(lambda e: e.get('id') == 'm1')), 'service-unavailable', 'nothing waits for it')
        c.send("</stream:stream>")
        c.wait(lambda e: e is None)
        c.close()
        soon(lambda: bare not in h.command('session', 'list'), 'it is gone')
        r.send(f"<message to='{bare}' type='chat' id='m2'><body>gone</body></message>")
        same(error_of(r.wait(lambda e: e.get('id') == 'm2')), 'service-unavailable', 'gone')
        same(error_of(r.ask('get', "<query xmlns='http://jabber.org/protocol/disco#info'/>", bare)), 'service-unavailable', 'gone')
        c = Caller(h)
        same(c.auth('PLAIN', f'\0{bare.split("@")[0]}\0'.encode() + b'x')[0], 'not-authorized', 'nobody logs in as it')
        kicked = nobody(h)
        h.command('session', 'kick', kicked.jid)
        same(kicked.stream_error(), 'policy-violation', 'kicked')
        h.stop()
        same(kept_of_anonymous(h), [], 'in the database')
        h.start()


def it_never_comes_again(program):
    """So it can't be resumed, and is gone when its connection is."""
    with house(program) as h:
        c = nobody(h)
        same(c.enable_resuming(), None, 'XEP-0198 is on, and no more than that')
        must(c.is_there(), '')
        c.socket.close()
        soon(lambda: c.jid not in h.command('session', 'list'), 'it is gone')


def what_waits_for_it_is_not_kept(program):
    """A sender with XEP-0198 has its messages on disk until they are taken: but for anonymous users, who never come again."""
    with house(program, top='limits { enabled = no }\ntcp_send_buffer_size = 16k\n') as h:
        r, c = romeo(h), nobody(h)
        c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        r.enable()
        for i in range(30):
            r.send(f"<message to='{c.jid}' type='chat' id='m{i}'><body>{'x' * 50000}</body></message>", i)
        must(r.is_there(), 'all of them came')
        h.kill()
        same(kept_of_anonymous(h), [], 'in the database')
        h.start()


def kept_of_anonymous(h):
    """The tables that have what looks like an anonymous user's name."""
    found = []
    with sqlite3.connect(database(h)) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in db.execute(f'SELECT * FROM "{name}"').fetchall():
                if any(isinstance(v, str) and re.search(r'[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-', v) for v in row):
                    found.append(name)
    return sorted(set(found))


def database(h):
    return next(f for f in glob.glob(f'{h.folder}/data/*') if open(f, 'rb').read(15) == b'SQLite format 3')


def only_so_many(program):
    with house(program, top='limits { anonymous = 2 }\n') as h:
        first, second = nobody(h), nobody(h)
        c = Caller(h)
        same(c.auth('ANONYMOUS', b'')[0], 'temporary-auth-failure', 'a third')
        same(c.auth('PLAIN', b'\0romeo\0secret')[0], 'success', 'others are let in')
        first.close()
        soon(lambda: Caller(h).auth('ANONYMOUS', b'')[0] == 'success', 'there is room again')
        must('limits.anonymous' in h.command('limits'), 'it is counted')
        must(second.is_there(), '')


TESTS = [by_its_switch, traces, what_it_may, how_far_it_reaches, nothing_is_left, it_never_comes_again, what_waits_for_it_is_not_kept, only_so_many]
