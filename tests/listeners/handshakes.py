"""What a handshake is held to (RFC 7590, RFC 9325), and what a listener, a peer or a domain says of it."""
import ssl
import subprocess

from xmppclient import BIND, SASL, b64, header
from house import DOMAIN, Failed, Guest, House, context, handshake, make_certificate, must

XMPP = 'urn:ietf:params:xml:ns:xmpp-tls'


def client(h, name, *words, text=''):
    """What openssl s_client says."""
    return subprocess.run(['openssl', 's_client', '-connect', f'127.0.0.1:{h.ports[name]}', *words], input=text, capture_output=True, encoding='utf-8',
                          errors='replace', check=False, timeout=20)


def is_in(said):
    return 'Cipher is (NONE)' not in said.stdout and 'Cipher    : 0000' not in said.stdout and ('New, TLS' in said.stdout or 'Reused' in said.stdout)


def rfc7590(program):
    """Old versions, weak ciphers, compression, renegotiation, resumption: none of it; forward secrecy always."""
    with House(program, 'xmpp_listener { listen "127.0.0.1:«a»" { tls = direct } }\n') as h:
        for version in '-tls1', '-tls1_1':
            said = client(h, 'a', version, '-cipher', 'ALL:@SECLEVEL=0')
            must(not is_in(said) and ('alert' in said.stderr or 'protocol version' in said.stderr), f'{version}: {said.stdout[-600:]}{said.stderr[-600:]}')
        for version in '-tls1_2', '-tls1_3':
            said = client(h, 'a', version)
            must(is_in(said) and 'Compression: NONE' in said.stdout, f'{version}: {said.stdout[-800:]}{said.stderr[-300:]}')
        for cipher in ('NULL', 'RC4', '3DES', 'EXPORT', 'aNULL', 'kRSA', 'kDHE', 'SHA1', 'ECDHE+AES+SHA256:!AESGCM'):
            said = client(h, 'a', '-tls1_2', '-cipher', f'{cipher}:@SECLEVEL=0')
            must(not is_in(said), f'{cipher}: {said.stdout[-800:]}')
        said = client(h, 'a', '-tls1_2', '-cipher', 'ALL:@SECLEVEL=0')
        must('ECDHE' in said.stdout and ('GCM' in said.stdout or 'CHACHA20' in said.stdout), said.stdout[-800:])
        # -comp offers it, where the library still can.
        must('Compression: NONE' in client(h, 'a', '-tls1_2', '-comp').stdout)
        said = client(h, 'a', '-tls1_2', text='R\n')
        must('RENEGOTIATING' in said.stdout + said.stderr and 'no renegotiation' in said.stdout + said.stderr, said.stdout[-600:] + said.stderr[-600:])
        s = handshake(h.connect('a'), 'example')
        must(s.session is None or not s.session.has_ticket, 'no tickets')
        # Neither version of SSL is even spoken: a hello of SSL 3.0.
        s = h.connect('a')
        s.sendall(bytes.fromhex('160300002d0100002903001234567812345678123456781234567812345678123456781234567812345678') + bytes.fromhex('0000020005' '0100'))
        first = s.recv(100)
        must(first[:1] in (b'\x15', b''), f'SSL 3.0: {first}')


def more(s):
    data = s.recv(65536)
    must(data, 'the server closed')
    return data


def shake(tls, s, incoming, outgoing):
    """One step of a handshake over a socket; true when it is done."""
    try:
        tls.do_handshake()
        done = True
    except ssl.SSLWantReadError:
        done = False
    s.sendall(outgoing.read())
    if not done:
        incoming.write(more(s))
    return done


def quickstart(program):
    """XEP-0305 §5: with <starttls/> may come the ClientHello, and with the last of SASL all up to the bind."""
    with House(program, 'xmpp_listener { listen "127.0.0.1:«a»" { } }\n', accounts=['romeo']) as h, h.connect('a') as s:
        incoming, outgoing, said = ssl.MemoryBIO(), ssl.MemoryBIO(), b''
        tls = context().wrap_bio(incoming, outgoing, server_hostname='example')
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        s.sendall(header('example').encode() + f"<starttls xmlns='{XMPP}'/>".encode() + outgoing.read())
        while b'<proceed' not in said or b'>' not in said[said.index(b'<proceed'):]:
            said += more(s)
        end = said.index(b'>', said.index(b'<proceed')) + 1
        must(b'urn:xmpp:features:pipelining' in said[:end], said[:end])
        incoming.write(said[end:])
        while not shake(tls, s, incoming, outgoing):
            pass
        tls.write((header('example') + f"<auth xmlns='{SASL}' mechanism='PLAIN'>{b64(chr(0).encode() + b'romeo' + chr(0).encode() + b'secret')}</auth>" + header('example')
                   + f"<iq type='set' id='b'><bind xmlns='{BIND}'><resource>fast</resource></bind></iq>").encode())
        s.sendall(outgoing.read())
        said = b''
        while b'<jid>romeo@example/fast</jid>' not in said:
            incoming.write(more(s))
            try:
                while True:
                    said += tls.read(65536)
            except ssl.SSLWantReadError:
                pass
        must(said.count(b'<stream:features>') == 2 and b'<success' in said, said)


def protocols(program):
    """ALPN: what a client asks for and we speak; who asks for something else goes on without."""
    with House(program, 'xmpp_listener { listen "127.0.0.1:«direct»" { tls = direct }\n listen "127.0.0.1:«a»" { } }\n', accounts=['romeo']) as h:
        for name in 'direct', 'a':
            for offered, expected in (['xmpp-client'], 'xmpp-client'), (['xmpp-server'], 'xmpp-server'), (['h2', 'xmpp-client'], 'xmpp-client'), (['h2'], None):
                c = context()
                c.set_alpn_protocols(offered)
                with c.wrap_socket(h.connect(name), server_hostname='example') as s:
                    must(s.selected_alpn_protocol() == expected, f'{offered}: {s.selected_alpn_protocol()}')
            Guest(handshake(h.connect(name), 'example')).log_in('romeo', 'secret').close()


def modes(program):
    """`tls` of a listener: who may begin how, and whether somebody logs in without."""
    text = ''.join(f' listen "127.0.0.1:«{m}»" {{ tls = {m} }}\n' for m in ('auto', 'direct', 'starttls', 'off', 'required'))
    strict = 'domain "strict.example" { tls_certificate = example.pem;  tls_key = example.key }\n'
    with House(program, 'xmpp_listener {\n' + text + ' listen "127.0.0.1:«peer»" { peer "127.0.0.3" { tls = required } } }\n', DOMAIN + strict) as h:
        for mode, looks, clear in (('auto', True, True), ('direct', True, False), ('starttls', False, True), ('off', False, True), ('required', True, True)):
            must(isinstance(handshake(h.connect(mode), 'example'), ssl.SSLSocket) == looks, f'{mode}: TLS at once')
            try:
                features = Guest(h.connect(mode)).open()
            except Exception:                                            # noqa: BLE001
                features = None
            must((features is not None) == clear, f'{mode}: in the clear')

        def offers(name, to='example', by=None):
            c = Guest(h.connect(name, by=by), to)
            features = c.open()
            tls = features.find(f'{{{XMPP}}}starttls')
            return tls is not None, tls is not None and len(tls) > 0, features.find('{urn:ietf:params:xml:ns:xmpp-sasl}mechanisms') is not None
        for name, to, by, expected in (
                ('auto', 'example', None, (True, False, True)), ('starttls', 'example', None, (True, False, True)), ('off', 'example', None, (False, False, True)),
                ('required', 'example', None, (True, True, False)), ('auto', 'strict.example', None, (True, True, False)),
                ('off', 'strict.example', None, (False, False, False)), ('peer', 'example', None, (True, False, True)),
                ('peer', 'example', '127.0.0.3', (True, True, False))):
            must(offers(name, to, by) == expected, f'{name} {to} {by}: {offers(name, to, by)}')


def policies(program):
    """Ciphers, suites, version: of a domain, of a listener, of a peer; the nearest to the connection counts."""
    text = ('xmpp_listener { listen "127.0.0.1:«a»" { }\n listen "127.0.0.1:«new»" { tls_minimum = 1.3 }\n'
            ' listen "127.0.0.1:«one»" { tls_ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305";  tls_suites = "TLS_AES_256_GCM_SHA384"\n'
            ' peer "127.0.0.3" { tls_ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256" } } }\n')
    files = 'tls = optional;  tls_certificate = example.pem;  tls_key = example.key'
    domains = (f'domain "example" {{ {files} }}\ndomain "new.example" {{ {files};  tls_minimum = 1.3 }}\n'
               f'domain "aes.example" {{ {files};  tls_ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384" }}\n')
    two, three = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
    with House(program, text, domains) as h:
        def speaks(name, sni, version, cipher=None, by=None):
            c = context()
            c.minimum_version = c.maximum_version = version
            if cipher:
                c.set_ciphers(cipher)
            try:
                with c.wrap_socket(h.connect(name, by=by), server_hostname=sni) as s:
                    return s.cipher()[0]
            except (ssl.SSLError, OSError):
                return None
        chacha, aes128, aes256 = 'ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384'
        for name, sni, version, cipher, by, expected in (
                ('a', 'example', two, aes128, None, aes128), ('a', 'new.example', two, None, None, None), ('a', 'aes.example', two, aes256, None, aes256),
                ('a', 'aes.example', two, aes128, None, None), ('new', 'example', two, None, None, None), ('one', 'example', two, chacha, None, chacha),
                ('one', 'aes.example', two, aes256, None, None), ('one', 'example', two, chacha, '127.0.0.3', None), ('one', 'example', two, aes128, '127.0.0.3', aes128),
                ('one', 'example', three, None, None, 'TLS_AES_256_GCM_SHA384'), ('one', 'example', three, None, '127.0.0.3', 'TLS_AES_256_GCM_SHA384')):
            found = speaks(name, sni, version, cipher, by)
            must(found == expected, f'{name} {sni} {version} {cipher} {by}: {found}')
        must(speaks('new', 'example', three) is not None)
        said = h.reload(text.replace('ECDHE-ECDSA-CHACHA20-POLY1305', 'NONSENSE'), is_fine=False)
        must('no cipher is named by "NONSENSE"' in said, said)
        must(speaks('one', 'example', two, chacha) == chacha, 'a reload that failed has changed nothing')


def client_certificates(program):
    text = ('xmpp_listener { listen "127.0.0.1:«none»" { }\n listen "127.0.0.1:«optional»" { tls_verify_mode = optional;  tls_client_ca = trusted.pem }\n'
            ' listen "127.0.0.1:«required»" { tls_verify_mode = required;  tls_client_ca = trusted.pem\n peer "127.0.0.3" { tls_verify_mode = none } } }\n')
    h = House(program, text)
    make_certificate(h.folder, 'trusted', 'client.example')
    make_certificate(h.folder, 'stranger', 'stranger.example')
    with h:
        def gets_in(name, certificate=None, by=None, version=ssl.TLSVersion.TLSv1_3):
            c = context()
            c.maximum_version = version
            if certificate:
                c.load_cert_chain(f'{h.folder}/{certificate}.pem', f'{h.folder}/{certificate}.key')
            try:
                return Guest(c.wrap_socket(h.connect(name, by=by), server_hostname='example')).open() is not None
            except (ssl.SSLError, OSError, Failed):
                return False
            except Exception as why:                                     # noqa: BLE001 — Lost: the stream ended
                return 'Lost' not in type(why).__name__
        for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            for name, certificate, by, expected in (
                    ('none', None, None, True), ('optional', None, None, True), ('optional', 'trusted', None, True), ('optional', 'stranger', None, True),
                    ('required', None, None, False), ('required', 'trusted', None, True), ('required', 'stranger', None, False),
                    ('required', None, '127.0.0.3', True)):
                must(gets_in(name, certificate, by, version) == expected, f'{name} {certificate} {by} {version}')


TESTS = [rfc7590, quickstart, protocols, modes, policies, client_certificates]
