"""A small XMPP client for load and trouble: many in one process, each a socket and an incremental parser.

`element()` waits for one stanza and is for logging in. Afterwards `take()` gives what has come, without waiting, so
that one thread drives them all with a selector. With XEP-0198 on, the client answers <r/> by itself; `send(…, key)`
remembers the key of each stanza until the server's `h` covers it, and `on_ack` hears of it then.
"""
import base64
import collections
import hashlib
import hmac
import os
import socket
import ssl
import time
from xml.etree import ElementTree

CLIENT, STREAMS = '{jabber:client}', '{http://etherx.jabber.org/streams}'
TLS, SASL, BIND, SM = 'urn:ietf:params:xml:ns:xmpp-tls', 'urn:ietf:params:xml:ns:xmpp-sasl', 'urn:ietf:params:xml:ns:xmpp-bind', 'urn:xmpp:sm:3'
STANZAS = {CLIENT + name for name in ('message', 'presence', 'iq')}
ROOM = 256 * 1024
SALTED = {}


class Lost(Exception):
    """The connection is over, or what was waited for didn't come."""


def tls_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


CONTEXT = tls_context()


def header(domain):
    return f"<?xml version='1.0'?><stream:stream to='{domain}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"


def b64(data):
    return base64.b64encode(data).decode()


class Parser:
    """Bytes to elements. Whole tags only are given to expat, which puts off what it has seen in part."""
    def __init__(self):
        self.pull = ElementTree.XMLPullParser(('start', 'end'))
        self.depth, self.root, self.part = 0, None, b''

    def feed(self, data):
        data = self.part + data
        end = data.rfind(b'>') + 1
        self.part = data[end:]
        self.pull.feed(data[:end])
        return list(self.stanzas())

    def stanzas(self):
        for event, element in self.pull.read_events():
            self.depth += 1 if event == 'start' else -1
            if event == 'start' and self.depth == 1:
                self.root = element
            elif event == 'end' and self.depth == 1:
                self.root.clear()
                yield element
            elif self.depth == 0:
                yield None                           # </stream:stream>


class Client:
    def __init__(self, port, domain, patience=20, receive_buffer=0):
        self.domain, self.patience = domain, patience
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(patience)
        self.socket.connect(('127.0.0.1', port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.parser, self.stanzas = Parser(), collections.deque()
        self.is_over = False                         # the end of TCP was seen
        self.jid = self.previd = None
        self.has_acks, self.received = False, 0
        self.unacked, self.acked, self.on_ack = collections.deque(), 0, lambda key: None

    # --- bytes ---

    def fileno(self):
        return self.socket.fileno()

    def close(self):
        self.is_over = True
        self.socket.close()

    def send(self, text, key=None):
        """Blocks while the socket is full."""
        if self.has_acks and key is not None:
            self.unacked.append(key)
        try:
            self.socket.settimeout(self.patience)
            self.socket.sendall(text.encode() if isinstance(text, str) else text)
        except OSError as why:
            raise Lost(f'sending: {why}') from None

    def pump(self, timeout):
        """Reads once; false when nothing came. The end shows in is_over."""
        try:
            self.socket.settimeout(timeout)
            data = self.socket.recv(ROOM)
        except (BlockingIOError, TimeoutError, ssl.SSLWantReadError):
            return False
        except OSError:
            data = b''
        if not data:
            self.is_over = True
            return False
        for element in self.parser.feed(data):
            self.heard(element)
        return True

    def heard(self, element):
        if element is not None and element.tag == f'{{{SM}}}r':
            try:
                self.send(f"<a xmlns='{SM}' h='{self.received}'/>")
            except Lost:
                self.is_over = True
            return
        if element is not None and element.tag == f'{{{SM}}}a':
            self.take_h(int(element.get('h')))
            return
        if element is not None and element.tag in STANZAS:
            self.received += 1
        self.stanzas.append(element)

    def take_h(self, h):
        for _ in range(h - self.acked):
            self.on_ack(self.unacked.popleft())
        self.acked = h

    def take(self):
        """All that has come by now."""
        while not self.is_over and self.pump(0):
            pass
        found, self.stanzas = self.stanzas, collections.deque()
        return found

    def wait(self, test, patience=None):
        """The first element that passes; those before it are dropped. None stands for the closing tag."""
        deadline = time.monotonic() + (patience or self.patience)
        while True:
            while self.stanzas:
                element = self.stanzas.popleft()
                if test(element):
                    return element
            if self.is_over or time.monotonic() > deadline:
                raise Lost('the stream ended' if self.is_over else 'waited in vain')
            self.pump(max(deadline - time.monotonic(), 0.001))

    def element(self, *names):
        return self.wait(lambda e: e is not None and e.tag in names)

    # --- logging in ---

    def open(self):
        self.parser = Parser()
        self.send(header(self.domain))
        return self.element(STREAMS + 'features')

    def starttls(self):
        self.send(f"<starttls xmlns='{TLS}'/>")
        self.element(f'{{{TLS}}}proceed')
        self.handshake()

    def handshake(self):
        self.socket.settimeout(self.patience)
        self.socket = CONTEXT.wrap_socket(self.socket, server_hostname=self.domain)

    def sasl(self, text):
        self.send(text)
        answer = self.element(*(f'{{{SASL}}}{name}' for name in ('challenge', 'success', 'failure')))
        if answer.tag.endswith('failure'):
            raise Lost(f'refused: {answer[0].tag}')
        return answer

    def plain(self, user, password):
        self.sasl(plain(user, password))

    def scram(self, user, password, hash_name='sha256', mechanism='SCRAM-SHA-256'):
        first = f'n={user},r={b64(os.urandom(15))}'
        challenge = base64.b64decode(self.sasl(f"<auth xmlns='{SASL}' mechanism='{mechanism}'>{b64(('n,,' + first).encode())}</auth>").text)
        parts = dict(p.split('=', 1) for p in challenge.decode().split(','))
        final = f"c=biws,r={parts['r']}"
        signed = f'{first},{challenge.decode()},{final}'.encode()
        salted = salt(hash_name, password, parts['s'], int(parts['i']))
        client_key = hmac.digest(salted, b'Client Key', hash_name)
        signature = hmac.digest(hashlib.new(hash_name, client_key).digest(), signed, hash_name)
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        self.sasl(f"<response xmlns='{SASL}'>{b64(f'{final},p={b64(proof)}'.encode())}</response>")

    def bind(self, resource):
        self.send(f"<iq type='set' id='bind'><bind xmlns='{BIND}'><resource>{resource}</resource></bind></iq>")
        answer = self.wait(lambda e: e is not None and e.get('id') == 'bind')
        if answer.get('type') != 'result':
            raise Lost('bind refused')
        self.jid = answer[0][0].text

    def enable(self, resumable=False):
        self.send(f"<enable xmlns='{SM}' resume='{'true' if resumable else 'false'}'/>")
        self.previd = self.element(f'{{{SM}}}enabled').get('id')
        self.has_acks, self.received = True, 0

    def resume(self, previd):
        """Instead of binding. The answer; <resumed/> takes what counted before from whoever follows it."""
        self.send(f"<resume xmlns='{SM}' previd='{previd}' h='{self.received}'/>")
        return self.element(f'{{{SM}}}resumed', f'{{{SM}}}failed')

    def ask(self):
        self.send(f"<r xmlns='{SM}'/>")

    def log_in(self, user, password, resource='here', tls=False, acks=False, before_bind=None):
        """PLAIN in clear text, or SCRAM inside TLS."""
        self.open()
        if tls:
            self.starttls()
            self.open()
            self.scram(user, password)
        else:
            self.plain(user, password)
        self.open()
        if before_bind:
            before_bind(self)
        self.bind(resource)
        if acks:
            self.enable()
        return self

    def round_trip(self, patience=None):
        """Seconds until a ping is answered."""
        tag, began = f'ping-{os.urandom(4).hex()}', time.monotonic()
        self.send(f"<iq type='get' id='{tag}' to='{self.domain}'><ping xmlns='urn:xmpp:ping'/></iq>", tag)
        self.wait(lambda e: e is not None and e.get('id') == tag, patience)
        return time.monotonic() - began


def plain(user, password):
    return f"<auth xmlns='{SASL}' mechanism='PLAIN'>{b64(f'{chr(0)}{user}{chr(0)}{password}'.encode())}</auth>"


def salt(hash_name, password, text, rounds):
    key = (hash_name, password, text, rounds)
    if key not in SALTED:
        SALTED[key] = hashlib.pbkdf2_hmac(hash_name, password.encode(), base64.b64decode(text), rounds)
    return SALTED[key]
