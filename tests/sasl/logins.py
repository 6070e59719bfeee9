"""Each mechanism over each kind of channel: offered, works, or refused as it should be."""
import base64
import contextlib
import hashlib
import os
import subprocess
import time

import gsasl
import scram
import wire
from house import ALL, PASSWORD, USUAL

SCRAMS = [m for m in ALL.split() if m.startswith('SCRAM')]
CLEAR = ('PLAIN', 'LOGIN')


def must(what, words=''):
    assert what, words or 'it is not so'


@contextlib.contextmanager
def stream(port, domain, tls):
    w = wire.Wire(port, domain, tls)
    try:
        yield w
    finally:
        w.close()


# --- what is offered ---

def expected(domain, tls):
    """In the order of the configuration."""
    if domain == 'usual.test' and tls == 'none':
        return []
    names = {'usual.test': USUAL, 'old.test': 'SCRAM-SHA-1 PLAIN'}.get(domain, ALL).split()
    if tls == 'none':
        names = [n for n in names if not n.endswith('-PLUS') and (n not in CLEAR or domain == 'open.test')]
    return names


def offers(house):
    for domain in ('all.test', 'open.test', 'usual.test', 'old.test'):
        for tls in wire.TLS:
            with stream(house.port, domain, tls) as w:
                must(w.mechanisms() == expected(domain, tls), f'{domain} over {tls}: {w.mechanisms()}')


def bindings_offered(house):
    """XEP-0440: exactly what works; tls-unique isn't defined for TLS 1.3."""
    for tls, wanted in (('none', []), ('1.2', ['tls-server-end-point', 'tls-exporter', 'tls-unique']),
                        ('1.3', ['tls-server-end-point', 'tls-exporter'])):
        with stream(house.port, 'all.test', tls) as w:
            must(w.bindings() == wanted, f'{tls}: {w.bindings()}')
    with stream(house.port, 'old.test', '1.3') as w:
        must(w.bindings() == [], f'bindings, and nothing to bind: {w.bindings()}')


def listener_leaves_out(house):
    with stream(house.other_port, 'all.test', '1.3') as w:
        must(w.mechanisms() == ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'LOGIN'], f'{w.mechanisms()}')
        must('iq-auth' not in w.features, 'legacy')
        must(w.bindings() == [], f'{w.bindings()}')
        for mechanism in set(ALL.split()) - {'SCRAM-SHA-512', 'SCRAM-SHA-256', 'LOGIN'}:
            must(w.auth(mechanism, b'') == ('failure', 'invalid-mechanism'), mechanism)
        must(scram.log_in(w, 'SCRAM-SHA-256', 'romeo', PASSWORD)[0] == 'success')
    with stream(house.other_port, 'old.test', '1.3') as w:            # it adds none
        must(w.mechanisms() == [], f'{w.mechanisms()}')
        for mechanism in ('SCRAM-SHA-256', 'LOGIN'):
            must(w.auth(mechanism, b'') == ('failure', 'invalid-mechanism'), f'{mechanism}, which the domain lacks')


# --- logging in ---

def by_library(w, mechanism, user, password, authzid=None, known=None):
    """libgsasl says our part; it judges what the server says."""
    known = {gsasl.AUTHID: user, gsasl.PASSWORD: password, gsasl.SERVICE: 'xmpp', gsasl.HOSTNAME: w.domain, **(known or {})}
    if authzid:
        known[gsasl.AUTHZID] = authzid
    client = gsasl.Session(mechanism, known)
    try:
        server_first = mechanism in ('LOGIN', 'DIGEST-MD5', 'CRAM-MD5')
        name, data = w.auth(mechanism, None if server_first else client.step(b''))
        while name == 'challenge':
            name, data = w.respond(client.step(data))
        if name == 'success' and data:
            client.step(data)
        must(name != 'success' or client.is_done or mechanism == 'PLAIN', 'libgsasl waits for more than the server said')
    finally:
        client.end()
    return name, data


def has(mechanism):
    return mechanism in ('PLAIN', 'LOGIN', 'DIGEST-MD5', 'CRAM-MD5') or ('512' not in mechanism and not mechanism.endswith('-PLUS'))


def attempt(w, mechanism, user, password, authzid=None):
    if has(mechanism):
        return by_library(w, mechanism, user, password, authzid)
    how = scram.end_point(w) if mechanism.endswith('-PLUS') else {}
    return scram.log_in(w, mechanism, user, password, **how)


def matrix(house):
    """Mechanism × channel × domain."""
    for domain in ('all.test', 'open.test', 'usual.test', 'old.test'):
        for tls in wire.TLS:
            for mechanism in ALL.split():
                with stream(house.port, domain, tls) as w:
                    where = f'{mechanism} over {tls} at {domain}'
                    if mechanism in expected(domain, tls):
                        must(attempt(w, mechanism, 'romeo', 'wrong') == ('failure', 'not-authorized'), f'{where}: a wrong password')
                        must(attempt(w, mechanism, 'nobody', PASSWORD) == ('failure', 'not-authorized'), f'{where}: nobody')
                        must(attempt(w, mechanism, 'romeo', PASSWORD)[0] == 'success', f'{where}: the right password')
                        must(w.bind() == f'romeo@{domain}/r', where)
                    else:
                        configured = mechanism in expected(domain, '1.3') and not mechanism.endswith('-PLUS')
                        wanted = 'encryption-required' if configured else 'invalid-mechanism'
                        must(w.auth(mechanism, b'x') == ('failure', wanted), where)


def unique(house):
    """tls-unique, with libgsasl as judge; over TLS 1.3 it isn't there to be bound to."""
    for mechanism in ('SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256-PLUS'):
        with stream(house.port, 'all.test', '1.2') as w:
            known = {gsasl.CB_UNIQUE: base64.b64encode(w.unique()).decode()}
            must(by_library(w, mechanism, 'romeo', PASSWORD, known=known)[0] == 'success', mechanism)
        with stream(house.port, 'all.test', '1.2') as w:
            other = {'gs2': 'p=tls-unique,,', 'binding': bytes(len(w.unique()))}
            must(scram.log_in(w, mechanism, 'romeo', PASSWORD, **other) == ('failure', 'not-authorized'), 'of another channel')
        with stream(house.port, 'all.test', '1.3') as w:
            must(w.auth(mechanism, b'p=tls-unique,,n=romeo,r=abc') == ('failure', 'not-authorized'), 'tls-unique over TLS 1.3')


class Exporting(wire.Wire):
    """The same over OpenSSL's own client, which tells the keying material that Python keeps to itself."""

    def __init__(self, port, domain, version):
        super().__init__(port, domain, None)
        self.socket.close()
        self.program = subprocess.Popen(
            ['openssl', 's_client', '-connect', f'127.0.0.1:{port}', '-starttls', 'xmpp', '-xmpphost', domain, f'-tls{version.replace(".", "_")}', '-nocommands',
             '-keymatexport', 'EXPORTER-Channel-Binding', '-keymatexportlen', '32'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.socket = self
        self.exported = bytes.fromhex(self.hear(rb'Keying material: ([0-9A-F]{64})').group(1).decode())
        self.open()

    def sendall(self, data):
        self.program.stdin.write(data)
        self.program.stdin.flush()

    def recv(self, size):
        return os.read(self.program.stdout.fileno(), size)

    def close(self):
        self.program.kill()
        self.program.communicate()


def exporter(house):
    """tls-exporter (RFC 9266), with libgsasl as judge. In TLS 1.2 no context is another than an empty one, and OpenSSL's client exports with none."""
    w = Exporting(house.port, 'all.test', '1.3')
    try:
        known = {gsasl.CB_EXPORTER: base64.b64encode(w.exported).decode()}
        must(by_library(w, 'SCRAM-SHA-256-PLUS', 'romeo', PASSWORD, known=known)[0] == 'success')
    finally:
        w.close()


def authzid(house):
    """One's own is allowed; anybody else's isn't, with whatever right password."""
    for mechanism in ('PLAIN', 'DIGEST-MD5', 'SCRAM-SHA-256', 'SCRAM-SHA-1'):
        for whom, wanted in (('romeo@all.test', 'success'), ('juliet@all.test', 'failure')):
            with stream(house.port, 'all.test', '1.3') as w:
                name, data = by_library(w, mechanism, 'romeo', PASSWORD, whom)
                must(name == wanted and (name == 'success' or data == 'invalid-authzid'), f'{mechanism} for {whom}: {name} {data}')
    with stream(house.port, 'all.test', '1.3') as w:
        must(scram.log_in(w, 'SCRAM-SHA-512', 'romeo', PASSWORD, authzid='a=juliet@all.test') == ('failure', 'invalid-authzid'))


# --- what is kept ---

def keys_of_each_domain(house):
    """Keys for what the domain offers, and the password itself only where something needs it."""
    must(house.kept('romeo@all.test') == (['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512'], PASSWORD), str(house.kept('romeo@all.test')))
    must(house.kept('romeo@usual.test') == (['SCRAM-SHA-1', 'SCRAM-SHA-256'], None))
    must(house.kept('romeo@old.test') == (['SCRAM-SHA-1'], None))
    rounds = house.rows("SELECT DISTINCT rounds FROM credential JOIN account ON id = account WHERE host = 'old.test'")
    must(rounds == [(5000,)], str(rounds))


def iterations_of_nobody(house):
    """Who isn't there has as many rounds as who is."""
    for user in ('romeo', 'nobody'):
        with stream(house.port, 'old.test', '1.3') as w:
            name, data = w.auth('SCRAM-SHA-1', b'n,,n=' + user.encode() + b',r=abc')
            must(name == 'challenge' and b'i=5000' in data, f'{data}')


def clear_text_comes_and_goes(house):
    """It comes with a password that is seen while a mechanism needs it, and goes when none does any more."""
    inside = house.other_domains['old.test']
    with_cram = inside.replace('SCRAM-SHA-1 PLAIN', 'SCRAM-SHA-1 SCRAM-SHA-512 CRAM-MD5 PLAIN')
    house.redo(old_test=with_cram)
    for mechanism in ('CRAM-MD5', 'SCRAM-SHA-512'):                       # nothing of the kind is kept yet
        with stream(house.port, 'old.test', '1.3') as w:
            must(attempt(w, mechanism, 'romeo', PASSWORD) == ('failure', 'not-authorized'), mechanism)
    with stream(house.port, 'old.test', '1.3') as w:
        must(attempt(w, 'PLAIN', 'romeo', 'wrong') == ('failure', 'not-authorized'))
    must(house.kept('romeo@old.test') == (['SCRAM-SHA-1'], None), 'a wrong password was kept')
    with stream(house.port, 'old.test', '1.3') as w:
        must(attempt(w, 'PLAIN', 'romeo', PASSWORD)[0] == 'success')
    soon(lambda: house.kept('romeo@old.test') == (['SCRAM-SHA-1', 'SCRAM-SHA-512'], PASSWORD), 'all is kept')
    for mechanism in ('CRAM-MD5', 'SCRAM-SHA-512', 'SCRAM-SHA-1'):
        with stream(house.port, 'old.test', '1.3') as w:
            must(attempt(w, mechanism, 'romeo', PASSWORD)[0] == 'success', mechanism)
    house.redo(old_test=inside)
    soon(lambda: house.kept('romeo@old.test')[1] is None, 'the clear text is gone')
    must(house.kept('romeo@all.test')[1] == PASSWORD, 'that of another domain went too')


def new_password_forgets_the_old(house):
    """Of every kind, also of those that the domain doesn't offer any more."""
    inside = house.other_domains['old.test']
    house.redo(old_test=inside.replace('SCRAM-SHA-1 PLAIN', 'SCRAM-SHA-256 PLAIN'))
    house.ask('user', 'passwd', 'romeo@old.test', text='another\n')
    must(house.kept('romeo@old.test') == (['SCRAM-SHA-256'], None), str(house.kept('romeo@old.test')))
    house.redo(old_test=inside)
    with stream(house.port, 'old.test', '1.3') as w:
        must(attempt(w, 'SCRAM-SHA-1', 'romeo', PASSWORD) == ('failure', 'not-authorized'), 'the old password')


def soon(test, words):
    until = time.monotonic() + 10
    while not test():
        must(time.monotonic() < until, f'in vain was waited until {words}')
        time.sleep(0.02)


# --- XEP-0078 ---

def legacy_ask(w, inside, kind='set'):
    w.send(f"<iq type='{kind}' id='l'><query xmlns='jabber:iq:auth'>{inside}</query></iq>")
    return w.hear(rb"<iq [^>]*?(?:/>|>.*?</iq>)").group(0).decode()


def legacy(house):
    for domain, tls, fields in (('all.test', '1.3', ['password', 'digest']), ('all.test', 'none', ['digest']), ('old.test', '1.2', ['password']),
                                ('open.test', 'none', ['password', 'digest'])):
        with stream(house.port, domain, tls) as w:
            where = f'{domain} over {tls}'
            must("<auth xmlns='http://jabber.org/features/iq-auth'/>" in w.features, where)
            for user in ('romeo', 'nobody'):
                told = legacy_ask(w, f'<username>{user}</username>', 'get')
                must([f for f in ('password', 'digest') if f'<{f}/>' in told] == fields and '<username/>' in told and '<resource/>' in told, told)
        for field in ('password', 'digest'):
            with stream(house.port, domain, tls) as w:
                def proof(password):
                    return password.replace('"', '&quot;') if field == 'password' else hashlib.sha1((w.id + password).encode()).hexdigest()

                def say(user, password, resource='<resource>r</resource>'):
                    return legacy_ask(w, f'<username>{user}</username><{field}>{proof(password)}</{field}>{resource}')
                where = f'{field} at {domain} over {tls}'
                if field not in fields:
                    must("code='406'" in say('romeo', PASSWORD), f'{where}: is not refused')
                    continue
                must("code='401'" in say('romeo', 'wrong') and "code='401'" in say('nobody', PASSWORD), f'{where}: refusals')
                must("code='406'" in say('romeo', PASSWORD, ''), f'{where}: no resource')
                told = say('romeo', PASSWORD)
                must("type='result'" in told and told.endswith('/>'), f'{where}: {told}')
                w.send("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>")
                must("to='romeo@" in w.hear(rb"<iq [^>]*id='p'[^>]*>").group(0).decode(), where)
                must(any(f'jabber:iq:auth {field}' == s['mechanism'] for s in house.ask('stream', 'list')['rows']), f'{where}: the list of streams')


def legacy_off(house):
    with stream(house.port, 'usual.test', '1.3') as w:
        must('iq-auth' not in w.features)
        must('service-unavailable' in legacy_ask(w, '', 'get'))
        must('service-unavailable' in legacy_ask(w, f'<username>romeo</username><password>{PASSWORD}</password><resource>r</resource>'))
    with stream(house.other_port, 'all.test', '1.3') as w:
        must('service-unavailable' in legacy_ask(w, '', 'get'), 'the listener says no')


def legacy_after_sasl(house):
    """XEP-0078 §3.1: SASL failed, so this is none of its business any more."""
    with stream(house.port, 'all.test', '1.3') as w:
        must(attempt(w, 'PLAIN', 'romeo', 'wrong') == ('failure', 'not-authorized'))
        w.send("<iq type='get' id='l'><query xmlns='jabber:iq:auth'/></iq>")
        w.hear(rb'<policy-violation')


def legacy_without_version(house):
    """Clients of that age say none, and get no features."""
    with stream(house.port, 'open.test', None) as w:
        w.open(version='')
        proof = hashlib.sha1((w.id + PASSWORD).encode()).hexdigest()
        told = legacy_ask(w, f'<username>romeo</username><digest>{proof}</digest><resource>r</resource>')
        must("type='result'" in told and b'features' not in w.got, told)
    with stream(house.port, 'usual.test', None) as w:
        w.open(version='')
        w.hear(rb'<unsupported-version')


# --- AUT-09 ---

def lists_say_the_mechanism(house):
    with stream(house.port, 'all.test', '1.3') as w:
        must(attempt(w, 'SCRAM-SHA-512', 'romeo', PASSWORD)[0] == 'success')
        w.bind('listed')
        found = [s for s in house.ask('session', 'list')['rows'] if s['jid'] == 'romeo@all.test/listed']
        must(found and found[0].get('mechanism') == 'SCRAM-SHA-512', str(found))
        found = [s for s in house.ask('stream', 'list')['rows'] if s.get('jid') == 'romeo@all.test/listed']
        must(found and found[0]['mechanism'] == 'SCRAM-SHA-512' and found[0]['tls'] == 'TLSv1.3', str(found))


TESTS = [offers, bindings_offered, listener_leaves_out, matrix, unique, exporter, authzid, keys_of_each_domain, iterations_of_nobody,
         clear_text_comes_and_goes, legacy, legacy_off, legacy_after_sasl, legacy_without_version, lists_say_the_mechanism,
         new_password_forgets_the_old]
