"""A caller who shows certificates and tries mechanisms step by step, and what it needs for that."""
import base64
import datetime
import os
import shutil
import ssl
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from house import Failed, Guest, House, USER, must, soon                     # noqa: F401
from xmppclient import b64, BIND, Lost, SASL, SM, STREAMS, TLS       # noqa: F401

LISTENER = 'xmpp_listener { listen "127.0.0.1:«a»" { } }\n'
VERSIONS = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
STANZA_ERRORS = '{urn:ietf:params:xml:ns:xmpp-stanzas}'
STREAM_ERRORS = '{urn:ietf:params:xml:ns:xmpp-streams}'
XMPP_ADDRESS = x509.ObjectIdentifier('1.3.6.1.5.5.7.8.5')


def put(h, name, data, mode=0o640):
    with open(f'{h.folder}/{name}.new', 'wb') as f:
        f.write(data)
    os.chmod(f'{h.folder}/{name}.new', mode)
    if os.geteuid() == 0:
        shutil.chown(f'{h.folder}/{name}.new', USER)
    os.rename(f'{h.folder}/{name}.new', f'{h.folder}/{name}')


def example(auth='', more=''):
    return (f'domain "example" {{ tls = optional;  tls_certificate = "example.pem";  tls_key = "example.key"\n'
            f' auth {{ allow_plain_without_tls = yes\n{auth} }}\n{more} }}\n')


# --- certificates ---

class Certificate:
    """A key and a certificate; signed by `by`, or by itself. Days are counted from now."""
    def __init__(self, *addresses, by=None, begins=-1, ends=30, authority=False, more=()):
        self.key = ec.generate_private_key(ec.SECP256R1())
        now, day = datetime.datetime.utcnow(), datetime.timedelta(days=1)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'authority' if authority else 'somebody')])
        issuer = by.certificate.subject if by else name
        made = (x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(self.key.public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(now + begins * day).not_valid_after(now + ends * day)
                .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True))
        names = [x509.OtherName(XMPP_ADDRESS, utf8(a)) for a in addresses] + list(more)
        if names:
            made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        self.certificate = made.sign((by or self).key, hashes.SHA256())

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def base64(self):
        return base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()

    def key_pem(self):
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def utf8(text):
    data = text.encode()
    return b'\x0c' + (bytes([len(data)]) if len(data) < 128 else bytes([0x81, len(data)])) + data


# --- callers ---

class Caller(Guest):
    """Connected, inside TLS (unless `tls` is false), with the features heard."""
    def __init__(self, house, certificate=None, version=None, tls=True, domain='example', sender=None, name='a', by=None):
        super().__init__(house.connect(name, by=by), domain)
        self.sender = sender
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        if version:
            self.context.minimum_version = self.context.maximum_version = version
        if certificate:
            with tempfile.NamedTemporaryFile() as f:
                f.write(certificate.pem + certificate.key_pem())
                f.flush()
                self.context.load_cert_chain(f.name)
        self.features = self.open()
        if tls:
            self.starttls()
            self.features = self.open()

    def open(self):
        if self.sender:
            self.parser = type(self.parser)()
            self.send(f"<?xml version='1.0'?><stream:stream from='{self.sender}' to='{self.domain}' version='1.0' xmlns='jabber:client'"
                      f" xmlns:stream='http://etherx.jabber.org/streams'>")
            return self.element(STREAMS + 'features')
        return super().open()

    def handshake(self):
        self.socket.settimeout(self.patience)
        self.socket = self.context.wrap_socket(self.socket, server_hostname=self.domain)

    @property
    def mechanisms(self):
        found = self.features.find(f'{{{SASL}}}mechanisms')
        return [] if found is None else [m.text for m in found]

    def answer(self, text):
        """'success', 'challenge' or the failure's name, and the text in it."""
        self.send(text)
        e = self.element(*(f'{{{SASL}}}{name}' for name in ('challenge', 'success', 'failure')))
        kind = e.tag.split('}')[1]
        if kind == 'failure':
            return e[0].tag.split('}')[1], None
        return kind, base64.b64decode(e.text) if e.text else b''

    def auth(self, mechanism, data=None, raw=None):
        text = raw if raw is not None else '' if data is None else base64.b64encode(data).decode() or '='
        return self.answer(f"<auth xmlns='{SASL}' mechanism='{mechanism}'>{text}</auth>")

    def response(self, data=None, raw=None):
        text = raw if raw is not None else base64.b64encode(data or b'').decode()
        return self.answer(f"<response xmlns='{SASL}'>{text}</response>")

    def abort(self):
        return self.answer(f"<abort xmlns='{SASL}'/>")

    def bound(self, resource=None):
        """Behind a success: the full JID, or the error's name."""
        self.features = self.open()
        asked = f'<resource>{resource}</resource>' if resource else ''
        self.send(f"<iq type='set' id='bind'><bind xmlns='{BIND}'>{asked}</bind></iq>")
        e = self.wait(lambda e: e is not None and e.get('id') == 'bind')
        if e.get('type') == 'error':
            return error_of(e)
        self.jid = e[0][0].text
        return self.jid

    def ask(self, kind, payload, to=None):
        """The answer to an IQ."""
        self.asked = getattr(self, 'asked', 0) + 1
        target = f" to='{to}'" if to else ''
        self.send(f"<iq type='{kind}' id='q{self.asked}'{target}>{payload}</iq>")
        return self.wait(lambda e: e is not None and e.get('id') == f'q{self.asked}')

    def asked_set(self, payload, to=None):
        """'result', or the error's name."""
        e = self.ask('set', payload, to)
        return 'result' if e.get('type') == 'result' else error_of(e)

    def enable_resuming(self):
        """XEP-0198; gives the id by which it is resumed, or None."""
        self.send(f"<enable xmlns='{SM}' resume='true'/>")
        e = self.element(f'{{{SM}}}enabled')
        return e.get('id') if e.get('resume') else None

    def resumed(self, previd):
        """Behind a success: whether the session is there again."""
        self.features = self.open()
        self.send(f"<resume xmlns='{SM}' previd='{previd}' h='0'/>")
        return self.element(f'{{{SM}}}resumed', f'{{{SM}}}failed').tag.endswith('resumed')

    def stream_error(self):
        e = self.element(STREAMS + 'error')
        return next(child.tag for child in e if child.tag.startswith(STREAM_ERRORS)).removeprefix(STREAM_ERRORS)

    def is_there(self):
        try:
            self.round_trip(5)
            return True
        except Lost:
            return False


def error_of(e):
    error = e.find('{jabber:client}error')
    return next(child.tag for child in error if child.tag.startswith(STANZA_ERRORS)).removeprefix(STANZA_ERRORS)


def same(found, expected, words=''):
    must(found == expected, f'{words}: expected {expected!r} and saw {found!r}')
