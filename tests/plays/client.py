"""One connection of a play: bytes, TLS, the stream's parser, and logging in.

Everything that comes is kept as events in order: ('open', header),
('stanza', element), ('close', None), ('end', None) for the end of TCP, and
('wrong', why) where the server sent what is no XML.
"""
import base64
import hashlib
import hmac
import os
import re
import socket
import ssl
import time
from xml.parsers import expat

import script
import tree


class Trouble(Exception):
    """Something else than the play says happened."""


def tls_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


CONTEXT = tls_context()
TAG = re.compile(rb"""[^<]*<(?:[^'">]|'[^']*'|"[^"]*")*>""")
SALTED = {}


def tag_end(data):
    """How much of it is text and one whole tag; a '>' may stand in an attribute. 0: nothing yet."""
    match = TAG.match(data)
    if match:
        return match.end()
    return 0 if b'<' in data else data.rfind(b'>') + 1


class Client:
    def __init__(self, name, port, names, patience):
        self.name, self.names, self.patience = name, names, patience
        self.socket = socket.create_connection(('127.0.0.1', port), timeout=patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.events = []
        self.domain = None
        self.jid = None                      # when bound
        self.ended_cleanly = True            # with close_notify, where there is TLS
        self.has_acks = False                # 0198: a ping of ours would change the counts
        self.opened = False                  # the server's header was heard
        self.restart()

    # --- bytes in and out ---

    def restart(self):
        self.opened = False
        self.builder = tree.Builder(1, self.on_open, self.on_stanza, lambda: self.events.append(('close', None)),
                                    self.on_loose, self.wrong)
        self.may_not_space = False           # a handshake is under way: RFC 6120 §5.3.3, §6.3.5
        self.over = False
        self.part = b''

    def wrong(self, what):
        self.events.append(('wrong', f'the server sent {what}'))

    def on_loose(self, text):
        if self.may_not_space or text.strip():
            self.wrong(f'{text!r} between elements')

    def on_open(self, header):
        self.opened = True
        self.events.append(('open', self.names.back(header)))

    def on_stanza(self, element):
        self.may_not_space = False
        if element.prefix and element.ns == tree.CLIENT:
            self.wrong(f'the prefix {element.prefix} for its content namespace')         # RFC 6120 §4.8.5
        self.events.append(('stanza', self.names.back(element)))
        if (element.ns, element.name) in ((tree.TLS, 'proceed'), (tree.SASL, 'success')):
            self.over = True                 # what follows is a new document

    def feed(self, data):
        """Whole tags only: expat puts off what it has seen in part (reparse deferral)."""
        data = self.part + data
        if not self.opened and data.startswith(b'\xef\xbb\xbf'):
            self.wrong('a byte order mark')
        while cut := tag_end(data):
            try:
                self.builder.parser.Parse(data[:cut], False)
            except expat.ExpatError as why:
                self.events.append(('wrong', f'{why}: {data[:cut]!r}'))
                return
            data = data[cut:]
            if self.over:
                self.restart()
        self.part = data

    def pump(self, deadline):
        """Takes what comes; false when nothing came in time."""
        try:
            self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
            data = self.socket.recv(65536)
        except (TimeoutError, ssl.SSLWantReadError):
            return False
        except OSError:
            data, self.ended_cleanly = b'', False
        if data:
            self.feed(data)
        else:
            self.events.append(('end', None))
        return True

    def next(self):
        deadline = time.monotonic() + self.patience
        while not self.events:
            if not self.pump(deadline):
                raise Trouble('nothing came')
        return self.events.pop(0)

    def wait_for(self, test):
        """The first event that passes, taken out of its place; the others stay."""
        deadline, seen = time.monotonic() + self.patience, 0
        while True:
            for i in range(seen, len(self.events)):
                if test(*self.events[i]):
                    return self.events.pop(i)[1]
                if self.events[i][0] in ('end', 'wrong'):
                    raise Trouble(f'the stream ended: {describe(self.events)}')
            seen = len(self.events)
            if not self.pump(deadline):
                raise Trouble(f'waited in vain; there was: {describe(self.events)}')

    def send(self, data):
        self.socket.settimeout(self.patience)
        data = data if isinstance(data, bytes) else data.encode()
        self.socket.sendall(data)
        if b'<auth ' in data or b'<starttls' in data:
            self.may_not_space = True

    def drop(self):
        self.socket.close()

    # --- the stream ---

    def open(self, domain):
        self.domain = domain
        self.send(script.header(domain))
        self.wait_for(lambda kind, _: kind == 'open')

    def element(self, ns, *names):
        return self.wait_for(lambda kind, e: kind == 'stanza' and e.ns == ns and e.name in names)

    def features(self):
        return self.element(tree.STREAMS, 'features')

    def forget_features(self):
        self.events = [e for e in self.events
                       if e[0] != 'open' and not (e[0] == 'stanza' and (e[1].ns, e[1].name) == (tree.STREAMS, 'features'))]

    def starttls(self):
        self.send(f"<starttls xmlns='{tree.TLS}'/>")
        self.element(tree.TLS, 'proceed')
        self.handshake()

    def handshake(self):
        self.socket.settimeout(self.patience)
        self.socket = CONTEXT.wrap_socket(self.socket, server_hostname=self.domain, suppress_ragged_eofs=False)
        self.forget_features()
        self.restart()

    def close(self):
        self.send('</stream:stream>')
        self.wait_for(lambda kind, _: kind == 'close')
        self.drop()

    # --- logging in ---

    def try_sasl(self, mechanism, user, password, gs2=None):
        """Leaves <success/> or <failure/> as the next thing heard."""
        self.forget_features()
        if mechanism == 'PLAIN':
            self.authenticate(mechanism, f'\0{user}\0{password}'.encode())
            answer = self.element(tree.SASL, 'success', 'failure')
        else:
            answer = self.scram(mechanism, user, password, gs2)
        self.events.insert(0, ('stanza', answer))

    def authenticate(self, mechanism, data):
        self.send(f"<auth xmlns='{tree.SASL}' mechanism='{mechanism}'>{base64.b64encode(data).decode() or '='}</auth>")

    def channel_binding(self, gs2):
        """The server's end point (RFC 5929 §4): Python offers no exporter. Our certificates are signed with SHA-256."""
        if not gs2.startswith('p='):
            return b''
        return hashlib.sha256(self.socket.getpeercert(True)).digest()

    def scram(self, mechanism, user, password, gs2):
        is_plus = mechanism.endswith('-PLUS')
        hash_name = mechanism.removeprefix('SCRAM-').removesuffix('-PLUS').replace('-', '').lower()
        gs2 = gs2 or ('p=tls-server-end-point,,' if is_plus else 'n,,')
        first = f'n={user},r={base64.b64encode(os.urandom(15)).decode()}'
        self.authenticate(mechanism, (gs2 + first).encode())
        answer = self.element(tree.SASL, 'challenge', 'success', 'failure')
        if answer.name != 'challenge':
            return answer
        challenge = base64.b64decode(answer.text)
        parts = dict(p.split('=', 1) for p in challenge.decode().split(','))
        if not parts['r'].startswith(first.split('r=')[1]):
            raise Trouble("the server's nonce does not begin with ours")
        binding = base64.b64encode(gs2.encode() + self.channel_binding(gs2)).decode()
        final = f"c={binding},r={parts['r']}"
        signed = f'{first},{challenge.decode()},{final}'.encode()
        salted = salt(hash_name, password, parts['s'], int(parts['i']))
        client_key = hmac.digest(salted, b'Client Key', hash_name)
        signature = hmac.digest(hashlib.new(hash_name, client_key).digest(), signed, hash_name)
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        response = f'{final},p={base64.b64encode(proof).decode()}'
        self.send(f"<response xmlns='{tree.SASL}'>{base64.b64encode(response.encode()).decode()}</response>")
        answer = self.element(tree.SASL, 'success', 'failure')
        if answer.name == 'success':
            wanted = hmac.digest(hmac.digest(salted, b'Server Key', hash_name), signed, hash_name)
            if base64.b64decode(answer.text) != b'v=' + base64.b64encode(wanted):
                raise Trouble("the server's signature is wrong")
        return answer

    def log_in(self, user, domain, password, mechanism='SCRAM-SHA-256'):
        """Up to the features that offer binding, which are the next thing heard."""
        self.open(domain)
        self.features()
        self.starttls()
        self.open(domain)
        self.features()
        self.try_sasl(mechanism, user, password)
        answer = self.next()[1]
        if answer.name != 'success':
            raise Trouble(f'login refused: {answer.show()}')
        self.open(domain)

    def bind(self, resource):
        self.forget_features()
        wish = f'<resource>{tree.escape(resource)}</resource>' if resource else ''
        self.send(f"<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>{wish}</bind></iq>")
        answer = self.wait_for(lambda kind, e: kind == 'stanza' and e.get('id') == 'bind')
        if answer.get('type') != 'result':
            raise Trouble(f'bind refused: {answer.show()}')
        self.jid = answer.children[0].children[0].text

    def can_ask(self):
        """May it be pinged through? An acknowledging stream would count that, and one that ended answers nothing."""
        return self.jid and not self.has_acks and not any(e[0] in ('close', 'end') for e in self.events)

    def round_trip(self, tag):
        self.send(f"<iq type='get' id='{tag}' to='{self.domain}'><ping xmlns='urn:xmpp:ping'/></iq>")
        self.wait_for(lambda kind, e: kind == 'stanza' and e.get('id') == tag)


class Component(Client):
    """A component's stream (XEP-0114). Its stanzas are compared as if they were in jabber:client."""

    def on_stanza(self, element):
        self.to_client(element)
        super().on_stanza(element)

    def to_client(self, element):
        if element.ns == tree.CLIENT:
            self.wrong(f'{element.name} in jabber:client to a component')
        if element.ns == tree.COMPONENT:
            element.ns = tree.CLIENT
            for child in element.children:
                self.to_client(child)

    def open(self, domain):
        self.domain = domain
        self.send(f"<?xml version='1.0'?><stream:stream to='{domain}' xmlns='{tree.COMPONENT}' xmlns:stream='{tree.STREAMS}'>")
        header = self.wait_for(lambda kind, _: kind == 'open')
        self.stream_id = header.get('id')

    def shake_hands(self, secret):
        proof = hashlib.sha1((self.stream_id + secret).encode()).hexdigest()
        self.send(f'<handshake>{proof}</handshake>')

    def log_in(self, domain, secret):
        self.open(domain)
        self.shake_hands(secret)
        self.element(tree.CLIENT, 'handshake')
        self.jid = domain

    def round_trip(self, tag):
        self.send(f"<iq type='get' id='{tag}' from='{self.domain}' to='example'><ping xmlns='urn:xmpp:ping'/></iq>")
        self.wait_for(lambda kind, e: kind == 'stanza' and e.get('id') == tag)


def salt(hash_name, password, text, rounds):
    key = (hash_name, password, text, rounds)
    if key not in SALTED:
        SALTED[key] = hashlib.pbkdf2_hmac(hash_name, password.encode(), base64.b64decode(text), rounds)
    return SALTED[key]


def describe(events):
    return ' '.join(e[1].show() if e[0] == 'stanza' else f'[{e[0]}{": " + e[1] if e[0] == "wrong" else ""}]'
                    for e in events) or 'nothing'
