"""SCRAM's client by hand: for the hash and the bindings that libgsasl lacks, for XEP-0474, and for saying it wrongly."""
import base64
import hashlib
import hmac

import wire

SALTED = {}


def salted(name, password, salt, rounds):
    key = (name, password, salt, rounds)
    if key not in SALTED:
        SALTED[key] = hashlib.pbkdf2_hmac(name, password.encode(), salt, rounds)
    return SALTED[key]


def hash_of(mechanism):
    return mechanism.removeprefix('SCRAM-').removesuffix('-PLUS').replace('-', '').lower()


class Scram:
    def __init__(self, mechanism, user, password, gs2=None, binding=b'', authzid=''):
        self.mechanism, self.hash, self.password, self.binding = mechanism, hash_of(mechanism), password, binding
        self.gs2 = gs2 or f'n,{authzid},'
        self.bare = f'n={user},r={wire.nonce()}'

    def first(self):
        return (self.gs2 + self.bare).encode()

    def read(self, challenge):
        self.challenge = challenge.decode()
        self.parts = dict(part.split('=', 1) for part in self.challenge.split(','))
        assert self.parts['r'].startswith(self.bare.split('r=')[1]), "the server's nonce does not begin with ours"

    def final(self, nonce=None, extra=''):
        key = salted(self.hash, self.password, base64.b64decode(self.parts['s']), int(self.parts['i']))
        said = f"c={base64.b64encode(self.gs2.encode() + self.binding).decode()},r={nonce or self.parts['r']}{extra}"
        self.signed = f'{self.bare},{self.challenge},{said}'.encode()
        client = hmac.digest(key, b'Client Key', self.hash)
        signature = hmac.digest(hashlib.new(self.hash, client).digest(), self.signed, self.hash)
        proof = bytes(a ^ b for a, b in zip(client, signature))
        self.server = hmac.digest(hmac.digest(key, b'Server Key', self.hash), self.signed, self.hash)
        return f'{said},p={base64.b64encode(proof).decode()}'.encode()

    def check(self, last):
        assert last == b'v=' + base64.b64encode(self.server), "the server's signature is wrong"

    def advertised(self, mechanisms, bindings):
        """XEP-0474: the hash that the challenge should hold."""
        text = '\x1e'.join(sorted(mechanisms)) + ('\x1f' + '\x1e'.join(sorted(bindings)) if bindings else '')
        return base64.b64encode(hashlib.new(self.hash, text.encode()).digest()).decode()


def log_in(w, mechanism, user, password, **how):
    """The answer's name and what is in it: after checking the server's proof and what it says it offered."""
    s = Scram(mechanism, user, password, **how)
    name, data = w.auth(mechanism, s.first())
    if name != 'challenge':
        return name, data
    s.read(data)
    assert s.parts.get('h') == s.advertised(w.mechanisms(), w.bindings()), f'XEP-0474: {s.parts.get("h")}'
    name, data = w.respond(s.final())
    if name == 'success':
        s.check(data)
    return name, data


def end_point(w):
    """RFC 5929 §4: our certificates are signed with SHA-256."""
    return {'gs2': 'p=tls-server-end-point,,', 'binding': hashlib.sha256(w.certificate()).digest()}
