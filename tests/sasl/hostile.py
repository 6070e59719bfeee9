"""What each mechanism must not take: broken, twisted, replayed, for somebody else, too much. The stream lives on after each,
for the next try is a right login over it, and the server's memory checker has its say at the end."""
import hashlib
import re

import gsasl
import scram
import wire
from house import ALL, PASSWORD
from logins import attempt, must, stream

SERVER_FIRST = ('LOGIN', 'DIGEST-MD5', 'CRAM-MD5')


def each(house, mechanisms=ALL):
    for mechanism in mechanisms.split():
        with stream(house.port, 'all.test', '1.3') as w:
            yield w, mechanism
            must(attempt(w, mechanism, 'romeo', PASSWORD)[0] == 'success', f'{mechanism}: the right login afterwards')


def begin(w, mechanism):
    """Up to where the client says the most; gives the challenge."""
    if mechanism in SERVER_FIRST:
        return w.auth(mechanism)
    if mechanism.startswith('SCRAM'):
        gs2 = 'p=tls-server-end-point,,' if mechanism.endswith('-PLUS') else 'n,,'
        return w.auth(mechanism, gs2.encode() + b'n=romeo,r=clients')
    return w.auth(mechanism)                         # PLAIN: an empty challenge


def malformed_base64(house):
    for w, mechanism in each(house):
        for text in ('a', '====', 'YQ', 'Y Q==', 'YR==', 'YQ==YQ==', 'YQ==\n', '=a'):
            must(w.say('auth', text, mechanism) == ('failure', 'incorrect-encoding'), f'{mechanism} {text!r}')
            must(begin(w, mechanism)[0] == 'challenge', mechanism)
            must(w.say('response', text) == ('failure', 'incorrect-encoding'), f'{mechanism} {text!r}')


def oversized(house):
    for w, mechanism in each(house):
        must(begin(w, mechanism)[0] == 'challenge', mechanism)
        must(w.respond(b'a' * 4097) == ('failure', 'malformed-request'), mechanism)
        if mechanism not in SERVER_FIRST:
            must(w.auth(mechanism, b'n,,n=' + b'a' * 4097) == ('failure', 'malformed-request'), mechanism)


def nonsense(house):
    """Bytes that are no message of the mechanism: NULs, half letters, nothing at all, far too many commas."""
    for w, mechanism in each(house):
        for data in (b'\0', b'\0\0\0', b'\xff\xfe', b',' * 500, b'=' * 100, b'a', b' ' * 40, b'"' * 33, b'\n' * 64, None):
            must(begin(w, mechanism)[0] == 'challenge', mechanism)
            name, why = w.respond(data)
            if name == 'challenge':                  # LOGIN takes nearly anything for a name
                name, why = w.respond(data)
            must(name == 'failure' and why in ('malformed-request', 'not-authorized'), f'{mechanism} {data!r}: {name} {why}')


def aborted(house):
    for w, mechanism in each(house):
        must(begin(w, mechanism)[0] == 'challenge', mechanism)
        must(w.say('abort') == ('failure', 'aborted'), mechanism)
        must(w.respond(b'x') == ('failure', 'malformed-request'), f'{mechanism}: a response to what was aborted')


def extra_bytes(house):
    """A right message, and something behind it."""
    for tail in (b'\0', b',', b' ', b'x'):
        with stream(house.port, 'all.test', '1.3') as w:
            must(w.auth('PLAIN', b'\0romeo\0' + PASSWORD.encode() + tail)[0] == 'failure', f'PLAIN {tail!r}')
        with stream(house.port, 'all.test', '1.3') as w:
            s = scram.Scram('SCRAM-SHA-512', 'romeo', PASSWORD)
            s.read(w.auth('SCRAM-SHA-512', s.first())[1])
            must(w.respond(s.final() + tail)[0] == 'failure', f'SCRAM {tail!r}')
        for mechanism in ('CRAM-MD5', 'DIGEST-MD5'):
            with stream(house.port, 'all.test', '1.3') as w:
                client = gsasl.Session(mechanism, {gsasl.AUTHID: 'romeo', gsasl.PASSWORD: PASSWORD, gsasl.SERVICE: 'xmpp', gsasl.HOSTNAME: 'all.test'})
                said = client.step(w.auth(mechanism)[1])
                client.end()
                name, why = w.respond(said + tail)
                lists_may_end_so = mechanism == 'DIGEST-MD5' and tail in (b',', b' ')
                must(name == 'failure' or lists_may_end_so, f'{mechanism} {tail!r}: {name} {why}')
    with stream(house.port, 'all.test', '1.3') as w:                       # the last answer of DIGEST-MD5 holds nothing
        client = gsasl.Session('DIGEST-MD5', {gsasl.AUTHID: 'romeo', gsasl.PASSWORD: PASSWORD, gsasl.SERVICE: 'xmpp', gsasl.HOSTNAME: 'all.test'})
        must(w.respond(client.step(w.auth('DIGEST-MD5')[1]))[0] == 'challenge')
        client.end()
        must(w.respond(b'x') == ('failure', 'malformed-request'))


def wrong_nonce(house):
    for mechanism in ('SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512'):
        for twist in (lambda r: r[:-1], lambda r: r + 'x', lambda r: r.swapcase(), lambda r: 'clients'):
            with stream(house.port, 'all.test', '1.3') as w:
                s = scram.Scram(mechanism, 'romeo', PASSWORD)
                s.read(w.auth(mechanism, s.first())[1])
                must(w.respond(s.final(nonce=twist(s.parts['r'])))[0] == 'failure', mechanism)
    with stream(house.port, 'all.test', '1.3') as w:
        must(digest(w, nonce='AAAA')[0] == 'failure', 'DIGEST-MD5')


def digest(w, user='romeo', password=PASSWORD, **twisted):
    """DIGEST-MD5's client by hand (RFC 2831 §2.1.2), with directives of one's own."""
    name, challenge = w.auth('DIGEST-MD5')
    if name != 'challenge':
        return name, challenge
    said = dict(re.findall(r'([a-z-]+)="?([^",]*)"?', challenge.decode()))
    use = {'username': user, 'realm': said['realm'], 'nonce': said['nonce'], 'cnonce': wire.nonce(), 'nc': '00000001', 'qop': 'auth',
           'digest-uri': f'xmpp/{w.domain}', **{k.replace('_', '-'): v for k, v in twisted.items()}}

    def h(text):
        return hashlib.md5(text if isinstance(text, bytes) else text.encode())
    a1 = h(f"{user}:{use['realm']}:{password}").digest() + f":{use['nonce']}:{use['cnonce']}".encode()
    if 'authzid' in use:
        a1 += f":{use['authzid']}".encode()
    a2 = f"AUTHENTICATE:{use['digest-uri']}" + (f":{'0' * 32}" if use['qop'] != 'auth' else '')
    use['response'] = h(f"{h(a1).hexdigest()}:{use['nonce']}:{use['nc']}:{use['cnonce']}:{use['qop']}:{h(a2).hexdigest()}").hexdigest()
    bare = ('nc', 'qop', 'response', 'charset')
    use = {'charset': 'utf-8', **use}
    text = ','.join(f'{k}={v}' if k in bare else f'{k}="{v}"' for k, v in use.items())
    name, data = w.respond(text.encode())
    return w.respond() if name == 'challenge' else (name, data)


def digest_twisted(house):
    """Meant for another service or realm, counted anew, with another quality, for somebody else."""
    with stream(house.port, 'all.test', '1.3') as w:
        must(digest(w)[0] == 'success', 'the client by hand')
    for twisted in ({'digest_uri': 'xmpp/evil.test'}, {'digest_uri': 'imap/all.test'}, {'realm': 'evil.test'}, {'nc': '00000002'},
                    {'qop': 'auth-conf'}, {'qop': 'auth-int'}, {'nonce': 'AAAA'}, {'authzid': 'juliet@all.test'}, {'response_': 'x'}):
        with stream(house.port, 'all.test', '1.3') as w:
            name, why = digest(w, **twisted)
            fine = list(twisted) == ['response_']            # a directive that nobody knows is ignored
            must(name == ('success' if fine else 'failure'), f'{twisted}: {name} {why}')
    for text in ('username="romeo",username="juliet"', 'username="romeo', 'username=romeo"', '=', 'username', ',,,', 'username="\\'):
        with stream(house.port, 'all.test', '1.3') as w:
            must(w.auth('DIGEST-MD5')[0] == 'challenge')
            must(w.respond(text.encode()) == ('failure', 'malformed-request'), text)


def replayed(house):
    """What was once right, said to another challenge; and once more to the same."""
    with stream(house.port, 'all.test', '1.3') as w:
        s = scram.Scram('SCRAM-SHA-256', 'romeo', PASSWORD)
        s.read(w.auth('SCRAM-SHA-256', s.first())[1])
        right = s.final()
    with stream(house.port, 'all.test', '1.3') as w:
        must(w.auth('SCRAM-SHA-256', s.first())[0] == 'challenge')
        must(w.respond(right) == ('failure', 'not-authorized'), 'SCRAM')
        must(w.respond(right) == ('failure', 'malformed-request'), 'SCRAM twice')
    for mechanism in ('CRAM-MD5', 'DIGEST-MD5'):
        with stream(house.port, 'all.test', '1.3') as w:
            client = gsasl.Session(mechanism, {gsasl.AUTHID: 'romeo', gsasl.PASSWORD: PASSWORD, gsasl.SERVICE: 'xmpp', gsasl.HOSTNAME: 'all.test'})
            right = client.step(w.auth(mechanism)[1])
            client.end()
        with stream(house.port, 'all.test', '1.3') as w:
            must(w.auth(mechanism)[0] == 'challenge')
            must(w.respond(right)[0] == 'failure', mechanism)
            must(w.respond(right) == ('failure', 'malformed-request'), f'{mechanism} twice')


def downgraded(house):
    """Whoever was shown no -PLUS says 'y', and so learns that somebody took them out; whoever was shown less finds out by the hash."""
    for mechanism in ('SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512'):
        with stream(house.port, 'all.test', '1.3') as w:
            must(w.auth(mechanism, b'y,,n=romeo,r=abc') == ('failure', 'not-authorized'), mechanism)
        with stream(house.other_port, 'all.test', '1.3') as w:               # which offers none
            wanted = 'challenge' if mechanism != 'SCRAM-SHA-1' else 'failure'
            must(w.auth(mechanism, b'y,,n=romeo,r=abc')[0] == wanted, mechanism)
        with stream(house.port, 'all.test', '1.3') as w:
            s = scram.Scram(mechanism, 'romeo', PASSWORD)
            s.read(w.auth(mechanism, s.first())[1])
            fewer = [m for m in w.mechanisms() if not m.endswith('-PLUS')]
            must(s.parts['h'] == s.advertised(w.mechanisms(), w.bindings()) != s.advertised(fewer, []), 'XEP-0474')
            s.challenge = s.challenge.replace(s.parts['h'], s.advertised(fewer, []))      # a man in the middle makes it fit
            must(w.respond(s.final()) == ('failure', 'not-authorized'), f'{mechanism}: the hash is not under the proof')


def bound_to_another(house):
    for mechanism in ('SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256-PLUS', 'SCRAM-SHA-512-PLUS'):
        for gs2, binding in (('p=tls-server-end-point,,', bytes(32)), ('p=tls-exporter,,', bytes(32)), ('p=tls-nothing,,', b''), ('p=tls-server-end-point,,', b'')):
            with stream(house.port, 'all.test', '1.3') as w:
                must(scram.log_in(w, mechanism, 'romeo', PASSWORD, gs2=gs2, binding=binding) == ('failure', 'not-authorized'), f'{mechanism} {gs2}')
        with stream(house.port, 'all.test', '1.3') as w:
            must(w.auth(mechanism, b'n,,n=romeo,r=abc') == ('failure', 'malformed-request'), f'{mechanism} without a binding')


def steps_out_of_place(house):
    """A success isn't asked for, a second mechanism begins anew, and nobody is somebody before the end."""
    with stream(house.port, 'all.test', '1.3') as w:
        for mechanism in ALL.split():
            must(begin(w, mechanism)[0] == 'challenge', mechanism)
        w.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
        w.hear(rb'<not-authorized')
    for mechanism in SERVER_FIRST[1:]:
        with stream(house.port, 'all.test', '1.3') as w:
            must(w.auth(mechanism, b'x') == ('failure', 'malformed-request'), f'{mechanism}: the server speaks first')


def nobody_is_told(house):
    """No answer differs between who isn't there, who has no clear text, and a wrong password: the same steps, the same words."""
    for mechanism in ALL.split():
        seen = set()
        for user, password in (('romeo', 'wrong'), ('nobody', 'wrong'), ('old', PASSWORD)):
            with stream(house.port, 'all.test', '1.3') as w:
                heard = []
                say = w.say

                def listening(*words, heard=heard, say=say, **more):
                    answer = say(*words, **more)
                    heard.append(answer if answer[0] == 'failure' else answer[0])
                    return answer
                w.say = listening
                attempt(w, mechanism, user, password)
                seen.add(tuple(heard) if user != 'old' or heard[-1] != 'success' else None)
        seen.discard(None)
        must(len(seen) == 1, f'{mechanism}: {seen}')


TESTS = [malformed_base64, oversized, nonsense, aborted, extra_bytes, wrong_nonce, digest_twisted, replayed, downgraded, bound_to_another,
         steps_out_of_place, nobody_is_told]
