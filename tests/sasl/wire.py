"""A client's stream up to its login, over TCP, TLS 1.2 or TLS 1.3, with everything said by hand."""
import base64
import os
import re
import socket
import ssl

SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
TLS = {'none': None, '1.2': ssl.TLSVersion.TLSv1_2, '1.3': ssl.TLSVersion.TLSv1_3}
PATIENCE = 20
ANSWER = re.compile(rb"<(challenge|success|failure)\b[^>]*?(?:/>|>(.*?)</\1>)", re.DOTALL)


class Ended(Exception):
    """The server closed the connection."""


def context(version):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.minimum_version = made.maximum_version = TLS[version]
    return made


def encoded(data):
    return base64.b64encode(data).decode() or '='


class Wire:
    """`tls` is one of TLS; None: nothing is said yet."""

    def __init__(self, port, domain, tls='1.3'):
        self.domain = domain
        self.socket = socket.create_connection(('127.0.0.1', port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got, self.features = b'', ''
        if tls:
            self.begin(tls)

    def begin(self, tls):
        self.open()
        if TLS[tls]:
            self.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            self.hear(rb"<proceed[^>]*/>")
            self.socket = context(tls).wrap_socket(self.socket, server_hostname=self.domain)
            self.open()

    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())

    def hear(self, pattern):
        """Waits for it, and takes all up to its end."""
        while True:
            found = re.search(pattern, self.got, re.DOTALL)
            if found:
                self.got = self.got[found.end():]
                return found
            data = self.socket.recv(65536)
            if not data:
                raise Ended(self.got.decode(errors='replace'))
            self.got += data

    def open(self, version=" version='1.0'"):
        self.send(f"<?xml version='1.0'?><stream:stream to='{self.domain}'{version} xmlns='jabber:client' "
                  "xmlns:stream='http://etherx.jabber.org/streams'>")
        self.id = self.hear(rb"<stream:stream[^>]* id='([^']*)'[^>]*>").group(1).decode()
        if version:
            self.features = self.hear(rb"<stream:features>.*?</stream:features>").group(0).decode()

    def mechanisms(self):
        """Those of RFC 6120: XEP-0388 has a list of its own."""
        listed = re.search(r'<mechanisms .*?</mechanisms>', self.features)
        return re.findall(r'<mechanism>([^<]*)</mechanism>', listed.group(0) if listed else '')

    def bindings(self):
        return re.findall(r"<channel-binding type='([^']*)'", self.features)

    # --- SASL ---

    def say(self, element, data=None, mechanism=None):
        """`data` in bytes; a text is sent as it is; None: an empty element. Gives the answer's name and what is in it."""
        text = '' if data is None else data if isinstance(data, str) else encoded(data)
        chosen = f" mechanism='{mechanism}'" if mechanism else ''
        self.send(f"<{element} xmlns='{SASL}'{chosen}>{text}</{element}>")
        found = self.hear(ANSWER.pattern)
        name, inside = found.group(1).decode(), (found.group(2) or b'').decode()
        if name == 'failure':
            return name, re.search(r'<([a-z-]+)', inside).group(1)
        return name, base64.b64decode(inside)

    def auth(self, mechanism, data=None):
        return self.say('auth', data, mechanism)

    def respond(self, data=None):
        return self.say('response', data)

    def bind(self, resource='r'):
        self.open()
        self.send(f"<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>{resource}</resource></bind></iq>")
        return self.hear(rb"<jid>([^<]*)</jid>").group(1).decode()

    def unique(self):
        return self.socket.get_channel_binding('tls-unique')

    def certificate(self):
        return self.socket.getpeercert(True)

    def close(self):
        self.socket.close()


def nonce():
    return base64.b64encode(os.urandom(15)).decode()
