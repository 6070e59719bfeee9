"""A client of SASL2 (XEP-0388) with Bind 2, FAST and upgrades, written from the XEPs."""
import base64
import hashlib
import hmac
import os
import ssl
from xml.sax.saxutils import escape

from xmppclient import Client, Lost, STREAMS, b64, salt, tls_context

SASL2, BIND2, FAST, UPGRADE = 'urn:xmpp:sasl:2', 'urn:xmpp:bind:0', 'urn:xmpp:fast:0', 'urn:xmpp:sasl:upgrade:0'
SCRAM_UPGRADE = 'urn:xmpp:scram-upgrade:0'
PHONE, DESK = 'd4565fa7-4d72-4749-b3d3-740edbf87770', 'd4565fa7-4d72-4749-b3d3-740edbf87771'


class Refused(Lost):
    """A failure, whose condition is its text."""


def tag(ns, name):
    return f'{{{ns}}}{name}'


class Modern(Client):
    """Logs in by SASL2. After it, `success` and `features` are what the server said."""
    def __init__(self, port, domain, user='romeo', agent=PHONE, newest=ssl.TLSVersion.TLSv1_3):
        super().__init__(port, domain)
        self.newest = newest
        self.user, self.agent, self.token = user, agent, None
        self.offered = self.open()
        self.starttls()
        self.offered = self.open()

    def handshake(self):
        context = tls_context()
        context.maximum_version = self.newest
        self.socket.settimeout(self.patience)
        self.socket = context.wrap_socket(self.socket, server_hostname=self.domain)

    def authenticate(self, mechanism, data, extra=''):
        self.send(f"<authenticate xmlns='{SASL2}' mechanism='{mechanism}'><initial-response>{b64(data)}</initial-response>"
                  f"<user-agent id='{self.agent}'><software>tests</software><device>{escape('stage & set')}</device></user-agent>{extra}</authenticate>")

    def answer(self):
        e = self.element(*(tag(SASL2, name) for name in ('success', 'failure', 'challenge', 'continue', 'task-data')))
        if e.tag == tag(SASL2, 'failure'):
            raise Refused(e[0].tag.split('}')[1])
        return e

    def succeed(self):
        self.success = self.answer()
        if self.success.tag != tag(SASL2, 'success'):
            raise Lost(f'no success: {self.success.tag}')
        self.features = self.element(STREAMS + 'features')
        token = self.success.find(tag(FAST, 'token'))
        if token is not None:
            self.token = token.get('token')
        self.jid = self.success.findtext(tag(SASL2, 'authorization-identifier'))
        return self

    def plain(self, password='secret', extra=''):
        self.authenticate('PLAIN', f'\0{self.user}\0{password}'.encode(), extra)
        return self.succeed()

    def scram(self, hash_name, mechanism, password='secret', extra='', tasks=None):
        """tasks: called with each <continue/>, until success."""
        first = f'n={self.user},r={b64(os.urandom(15))}'
        self.authenticate(mechanism, ('n,,' + first).encode(), extra)
        challenge = base64.b64decode(self.answer().text)
        parts = dict(p.split('=', 1) for p in challenge.decode().split(','))
        final = f"c=biws,r={parts['r']}"
        signed = f'{first},{challenge.decode()},{final}'.encode()
        salted = salt(hash_name, password, parts['s'], int(parts['i']))
        client_key = hmac.digest(salted, b'Client Key', hash_name)
        signature = hmac.digest(hashlib.new(hash_name, client_key).digest(), signed, hash_name)
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        self.send(f"<response xmlns='{SASL2}'>{b64(f'{final},p={b64(proof)}'.encode())}</response>")
        return tasks(self) if tasks else self.succeed()

    def end_point(self):
        return hashlib.sha256(self.socket.getpeercert(True)).digest()

    def fast(self, mechanism, token, extra='', fast=f"<fast xmlns='{FAST}'/>"):
        binding = {'ENDP': self.end_point, 'UNIQ': lambda: self.socket.get_channel_binding('tls-unique') or b''}.get(mechanism.split('-')[-1], lambda: b'')()
        proof = hmac.digest(token.encode(), b'Initiator' + binding, 'sha256')
        self.authenticate(mechanism, self.user.encode() + b'\0' + proof, fast + extra)
        self.succeed()
        wanted = hmac.digest(token.encode(), b'Responder' + binding, 'sha256')
        if base64.b64decode(self.success.findtext(tag(SASL2, 'additional-data'))) != wanted:
            raise Lost("the server's answer is wrong")
        return self
