"""OAUTHBEARER: RFC 7628. PyJWT makes the tokens: ours are judged by another implementation."""
import base64
import hashlib
import hmac
import json
import time

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from door import Caller, House, LISTENER, VERSIONS, example, must, put, same, soon

ISSUER = 'https://id.example'
SECRET = 'x' * 40
KEYS = {'RS256': rsa.generate_private_key(65537, 2048), 'ES256': ec.generate_private_key(ec.SECP256R1()), 'EdDSA': ed25519.Ed25519PrivateKey.generate()}
STRANGER = rsa.generate_private_key(65537, 2048)
OAUTH = ' mechanisms = [ PLAIN OAUTHBEARER ]\n oauth {{ {keys}\n issuer = "' + ISSUER + '"\n{more} }}\n'


def public(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def jwk(key, **more):
    return {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), **more}


def house(program, keys='keys = [ RS256.pem, ES256.pem, EdDSA.pem ];  secret_file = secret', more='', accounts=('romeo', 'juliet')):
    h = House(program, LISTENER, example(OAUTH.format(keys=keys, more=more)), accounts=())
    for name, key in KEYS.items():
        put(h, f'{name}.pem', public(key))
    put(h, 'secret', SECRET.encode() + b'\n')
    h.accounts = accounts
    return h


def claims(**more):
    made = {'sub': 'romeo', 'aud': 'example', 'iss': ISSUER, 'exp': int(time.time()) + 600, **more}
    return {k: v for k, v in made.items() if v is not None}


def token(algorithm='RS256', key=None, headers=None, **more):
    return jwt.encode(claims(**more), key or KEYS.get(algorithm) or SECRET, algorithm, headers)


def message(bearer, authzid='', more=''):
    return f'n,{"a=" + authzid if authzid else ""},\1{more}auth=Bearer {bearer}\1\1'.encode()


def verdict(h, bearer, authzid='', version=None, c=None):
    """The address that was bound; or the status that was told, and the failure behind it."""
    c = c or Caller(h, version=version)
    kind, said = c.auth('OAUTHBEARER', message(bearer, authzid))
    if kind == 'success':
        return c.bound('here')
    if kind != 'challenge':
        return kind
    return json.loads(said)['status'], c.response(b'\1')[0]


INVALID = 'invalid_token', 'not-authorized'


def good_tokens(program):
    with house(program) as h:
        same(Caller(h).mechanisms, ['PLAIN', 'OAUTHBEARER'], 'offered')
        same(Caller(h, tls=False).mechanisms, ['PLAIN'], 'never without TLS')
        same(Caller(h, tls=False).auth('OAUTHBEARER', message(token()))[0], 'encryption-required', 'never without TLS')
        for algorithm in 'RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'EdDSA', 'HS256':
            key = KEYS['RS256'] if algorithm[1] == 'S' and algorithm[0] in 'RP' else None
            for version in VERSIONS:
                same(verdict(h, token(algorithm, key), version=version), 'romeo@example/here', algorithm)
        same(verdict(h, token(), 'romeo@example'), 'romeo@example/here', 'authzid')
        same(verdict(h, token(sub='Juliet@EXAMPLE')), 'juliet@example/here', 'an address')
        same(verdict(h, token(aud=['x', 'example'])), 'romeo@example/here', 'audiences')
        c = Caller(h)
        same(c.auth('OAUTHBEARER'), ('challenge', b''), 'asked for it')
        same(c.response(message(token()))[0], 'success', 'in a response')
        must(token().split('.')[2] not in h.log(), 'tokens are not in the log')
    with house(program, keys='') as h:
        same(Caller(h).mechanisms, ['PLAIN'], 'not without keys')
        same(Caller(h).auth('OAUTHBEARER', message(token()))[0], 'invalid-mechanism', 'not without keys')


def bad_tokens(program):
    now = int(time.time())
    with house(program) as h:
        for words, bearer in (
                ('expired', token(exp=now - 60)), ):
            same(verdict(h, bearer), ('invalid_token', 'credentials-expired'), words)
        for words, bearer in (
                ('of a stranger', token(key=STRANGER)), ('not yet', token(nbf=now + 60)), ('without an end', token(exp=None)),
                ('of another issuer', token(iss='https://evil.example')), ('of no issuer', token(iss=None)),
                ('for another', token(aud='other.example')), ('for nobody', token(aud=None)),
                ('nameless', token(sub=None)), ('no name', token(sub='a b')), ("another domain's", token(sub='romeo@other.example')),
                ('with a resource', token(sub='romeo@example/x')), ('none', jwt.encode(claims(), None, 'none')),
                ('with a proof', token(cnf={'jkt': 'x'})), ('critical', token(headers={'crit': ['x'], 'x': 1})), ('of a key unknown', token(headers={'kid': 'x'}, key=STRANGER)),
                ('cut', token()[:-4]), ('changed', flipped(token())), ('rubbish', 'rubbish'),
                ('a public key as secret', by_public_key())):
            same(verdict(h, bearer), INVALID, words)
        same(verdict(h, token(sub='nobody')), 'not-authorized', 'no account')
        same(verdict(h, token(), 'juliet@example'), 'invalid-authzid', 'for another')
        same(verdict(h, token(), 'romeo@example/x'), 'invalid-authzid', 'for a resource')
        c = Caller(h)
        same(verdict(h, token(exp=now - 60), c=c), ('invalid_token', 'credentials-expired'), 'first wrong')
        same(verdict(h, token(), c=c), 'romeo@example/here', 'then right, on the same stream')


def flipped(text):
    head, body, signature = text.split('.')
    data = base64.urlsafe_b64decode(body + '=' * (-len(body) % 4)).replace(b'romeo', b'julie')
    return f'{head}.{base64.urlsafe_b64encode(data).decode().rstrip("=")}.{signature}'


def by_public_key():
    """The oldest trick: the public key is no secret, so anybody could sign by it, were it taken for one."""
    head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip('=') for part in ({'alg': 'HS256'}, claims()))
    mac = hmac.digest(public(KEYS['RS256']), f'{head}.{body}'.encode(), hashlib.sha256)
    return f'{head}.{body}.{base64.urlsafe_b64encode(mac).decode().rstrip("=")}'


def hostile_messages(program):
    with house(program) as h:
        def says(expected, words, *tries):
            c = Caller(h)
            for attempt in tries[:-1]:
                attempt(c)
            same(tries[-1](c)[0], expected, words)
            same(c.auth('OAUTHBEARER', message(token()))[0], 'success', f'{words}: and then as it should')

        def fails(c):
            return c.auth('OAUTHBEARER', message('rubbish'))

        says('incorrect-encoding', 'no base64', lambda c: c.auth('OAUTHBEARER', raw='%'))
        for data in b'\1', b'', b'n,,', b'n,,\1\1', b'n,,\1auth=Basic x\1\1', b'n,,\1auth=Bearer \1\1', b'p=tls-exporter,,\1auth=Bearer x\1\1', b'n,,\1auth=Bearer x\1\0\1':
            says('malformed-request', repr(data), lambda c, data=data: c.auth('OAUTHBEARER', data))
        says('malformed-request', 'bytes behind it', lambda c: c.auth('OAUTHBEARER', message(token()) + b'x'))
        c = Caller(h)
        c.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='OAUTHBEARER'>{'A' * 20000}</auth>")
        same(c.stream_error(), 'policy-violation', 'a stanza too large')
        says('malformed-request', 'instead of the dummy', fails, lambda c: c.response(b'x'))
        says('malformed-request', 'another try instead of the dummy', fails, lambda c: c.response(message(token())))
        says('aborted', 'abort', fails, lambda c: c.abort())
        says('malformed-request', 'a second response', fails, lambda c: c.response(b'\1'), lambda c: c.response(b'\1'))
        says('challenge', 'a new try drops the old', fails, fails)
        c = Caller(h)
        for _ in range(6):
            last = verdict(h, 'rubbish', c=c)
        same((last, c.stream_error()), (INVALID, 'policy-violation'), 'too many tries')
    with house(program) as h:
        h.reload('limits { logins_per_minute = 3 }\n' + LISTENER)
        verdicts = [verdict(h, 'rubbish') for _ in range(5)]
        same(verdicts[-1], 'temporary-auth-failure', 'guesses of an address are counted')
    with house(program) as h:
        h.reload('limits { logins_per_minute = 3 }\n' + LISTENER)
        for _ in range(4):
            c = Caller(h)
            fails(c)
            same(c.abort()[0], 'aborted', 'given up before the failure')
        same(verdict(h, token()), 'temporary-auth-failure', 'counts too')


def what_is_configured(program):
    with house(program, more='audience = [ "xmpp:example" ];  claim = preferred_username;  scope = xmpp;  configuration = "https://id.example/.well-known/openid-configuration"') as h:
        fine = {'aud': 'xmpp:example', 'preferred_username': 'juliet', 'scope': 'openid xmpp'}
        same(verdict(h, token(**fine)), 'juliet@example/here', 'as configured')
        same(verdict(h, token(**{**fine, 'aud': 'example'})), INVALID, 'audience')
        c = Caller(h)
        kind, said = c.auth('OAUTHBEARER', message(token(**{**fine, 'scope': 'mail'})))
        same((kind, json.loads(said)), ('challenge', {'status': 'insufficient_scope', 'scope': 'xmpp', 'openid-configuration': 'https://id.example/.well-known/openid-configuration'}), 'scope')
    for words, name, data, mode in (('is no public key', 'RS256.pem', b'-----BEGIN X-----\n', 0o640), ('private key', 'RS256.pem', private(KEYS['RS256']), 0o640),
                                    ('can be guessed', 'secret', b'short', 0o640), ('everybody may read', 'secret', SECRET.encode(), 0o644)):
        h = house(program)
        put(h, name, data, mode)
        h.refuses_to_start(words)
        h.remove()


def private(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def keys_come_and_go(program):
    """A set of keys by their names; replaced, it counts a second later; what can't be read changes nothing."""
    with sets(program) as h:
        same(verdict(h, token(headers={'kid': 'old'})), 'romeo@example/here', 'by its name')
        same(verdict(h, token(key=STRANGER, headers={'kid': 'old'})), INVALID, 'of another key')
        same(verdict(h, token(key=STRANGER, headers={'kid': 'new'})), INVALID, 'not yet there')
        put(h, 'set.json', b'{')
        soon(lambda: 'set.json' in h.log(), 'the log tells of it')
        same(verdict(h, token(headers={'kid': 'old'})), 'romeo@example/here', 'still')
        put(h, 'set.json', json.dumps({'keys': [jwk(STRANGER, kid='new', use='sig'), {'kty': 'AKP', 'kid': 'later'}]}).encode())
        soon(lambda: verdict(h, token(key=STRANGER, headers={'kid': 'new'})) == 'romeo@example/here', 'the new key counts')
        same(verdict(h, token(headers={'kid': 'old'})), INVALID, 'the old one is gone')


def sets(program):
    h = house(program, keys='keys = set.json')
    put(h, 'set.json', json.dumps({'keys': [jwk(KEYS['RS256'], kid='old', use='sig', alg='RS256')]}).encode())
    return h


def the_end_of_a_token(program):
    with house(program, more='leeway = 1s') as h:
        c = Caller(h)
        c.auth('OAUTHBEARER', message(token(exp=int(time.time()) + 4)))
        c.bound()
        must(c.is_there(), 'before')
        same(c.stream_error(), 'reset', 'the session ends with it')
        c = Caller(h)
        c.auth('OAUTHBEARER', message(token()))
        c.bound()
        same(c.asked_set("<query xmlns='jabber:iq:register'><username>romeo</username><password>x</password></query>"), 'not-authorized', 'no new password by a token')
    with house(program, more='end_sessions = no;  leeway = 0') as h:
        c = Caller(h)
        c.auth('OAUTHBEARER', message(token(exp=int(time.time()) + 2)))
        c.bound()
        time.sleep(3)
        must(c.is_there(), 'unless it is said otherwise')


def accounts_by_token(program):
    with house(program, more='create = yes') as h:
        same(verdict(h, token(sub='nobody')), 'nobody@example/here', 'made')
        same(verdict(h, token(sub='nobody')), 'nobody@example/here', 'and there')
        must('nobody@example' in h.command('user', 'list'), 'among the users')
        same(verdict(h, token(sub='other', exp=1)), ('invalid_token', 'credentials-expired'), 'by a good token only')
        must('other@example' not in h.command('user', 'list'), 'not made')
        c = Caller(h)
        same(c.auth('PLAIN', b'\0nobody\0secret')[0], 'not-authorized', 'it has no password')


TESTS = [good_tokens, bad_tokens, hostile_messages, what_is_configured, keys_come_and_go, the_end_of_a_token, accounts_by_token]
