"""Who comes: access lists, overrides for peers, and proxies that speak for others."""
import socket
import struct
import time

from house import Guest, House, handshake, must, rest_of, soon
from xmppclient import header

SIGNATURE = b'\r\n\r\n\0\r\nQUIT\n'


def v1(peer, local='127.0.0.1'):
    return f'PROXY TCP{6 if ":" in peer else 4} {peer} {local} 4711 5222\r\n'.encode()


def v2(peer, local='127.0.0.1', more=b''):
    family = socket.AF_INET6 if ':' in peer else socket.AF_INET
    body = socket.inet_pton(family, peer) + socket.inet_pton(family, local) + struct.pack('!HH', 4711, 5222) + more
    return SIGNATURE + bytes([0x21, 0x21 if ':' in peer else 0x11]) + struct.pack('!H', len(body)) + body


def access(program):
    """Denied before TLS, without a byte, and counted; the longest prefix wins, and IPv4 over IPv6 is IPv4."""
    text = ('xmpp_listener { peer "127.0.0.0/8" { access = deny }\n peer "127.0.1.0/24" { access = allow }\n peer "127.0.1.7" { access = deny }\n'
            ' peer "127.0.2.0/24" { access = deny;  enable = no }\n'
            ' listen "*:«a»" { }\n listen "127.0.0.1:«direct»" { tls = direct }\n'
            ' listen "127.0.0.1:«closed»" { access = deny\n peer "127.0.0.0/8" { access = deny }\n peer "127.0.0.9" { access = allow } } }\n')
    with House(program, text) as h:
        for name, by, is_in in (('a', '127.0.0.1', False), ('a', '127.0.1.1', True), ('a', '127.0.1.7', False), ('a', '127.0.1.8', True),
                                ('a', '127.0.2.1', False), ('closed', '127.0.0.1', False), ('closed', '127.0.0.9', True)):
            s = h.connect(name, by=by)
            if is_in:
                Guest(s).open()
            else:
                must(rest_of(s) == b'', f'{name} from {by} must be closed without a word')
            s.close()
        must(isinstance(handshake(h.connect('direct', by='127.0.0.1')), Exception), 'a denied peer gets no TLS')
        must(not isinstance(handshake(h.connect('direct', by='127.0.1.1')), Exception), 'an admitted one does')
        must(h.listener('a')['denied'] == 3 and h.listener('direct')['denied'] == 1 and h.listener('closed')['denied'] == 1, str(h.status()['listeners']))
        must(sum(loop['denied'] for loop in h.status()['loops']) == 5)
        soon(lambda: '127.0.1.7:' in h.log() and 'denied at *:' in h.log(), 'the log names who was denied')
        h.reload(text.replace('peer "127.0.1.7" { access = deny }', ''))
        soon(lambda: h.connect('a', by='127.0.1.7').send(header('example').encode()) and Guest(h.connect('a', by='127.0.1.7')).open() is not None, 'it is let in')


def overrides(program):
    """What a peer block says counts for its peer, and the rest is the listener's; a reload counts for who is inside."""
    text = ('xmpp_listener { idle_time = 1h;  limits { login_attempts = 2;  stanza_size = 200k }\n listen "127.0.0.1:«a»" {\n'
            ' peer "127.0.0.3" { idle_time = 17s;  limits { stanza_size = 20k } }\n peer "127.0.0.4" { limits { connections_per_address = 1 } } } }\n')
    with House(program, text, accounts=['romeo']) as h:
        def told(by):
            limits = h.guest('a', by=by).features_after('romeo').find('{urn:xmpp:stream-limits:0}limits')
            return limits[0].text, limits[1].text
        must(told('127.0.0.1') == ('204800', '3600'), f'{told("127.0.0.1")}')
        must(told('127.0.0.3') == ('20480', '17'), f'{told("127.0.0.3")}')
        first = h.guest('a', by='127.0.0.4')
        first.open()
        must(b'resource-constraint' in rest_of(h.connect('a', by='127.0.0.4')), 'one connection from this peer')
        # The timer is the old one's; it asks anew when it rings.
        silent = h.guest('a', by='127.0.0.1').log_in('romeo', 'secret')
        h.reload(text.replace('idle_time = 1h', 'idle_time = 1s'))
        new = h.guest('a', by='127.0.0.1').log_in('romeo', 'secret', 'other')
        began = time.monotonic()
        new.wait(lambda e: e is not None and e.find('{urn:xmpp:ping}ping') is not None)
        new.element('{http://etherx.jabber.org/streams}error')
        must(1.5 < time.monotonic() - began < 6, f'{time.monotonic() - began}')
        silent.close()


def proxies(program):
    text = ('xmpp_listener { proxy_protocol = [ 127.0.0.5, 127.0.6.0/24, unix ]\n'
            ' peer "192.0.2.0/24" { access = deny }\n peer "198.51.100.0/24" { limits { connections_per_address = 2 } }\n'
            ' listen "127.0.0.1:«a»" { }\n listen "127.0.0.1:«direct»" { tls = direct }\n listen "unix:{folder}/x.sock" { } }\n')
    with House(program, text, accounts=['romeo']) as h:
        def via(first, name='a', by='127.0.0.5'):
            s = h.connect(name, by=by)
            s.sendall(first)
            return s
        for who, first in (('203.0.113.7', v1('203.0.113.7')), ('203.0.113.8', v2('203.0.113.8')), ('[2001:db8::9]', v2('2001:db8::9', '::1')),
                           ('203.0.113.10', v1('::ffff:203.0.113.10', '::1'))):
            Guest(via(first)).log_in('romeo', 'secret')
            soon(lambda who=who: f'authenticated by PLAIN jid=romeo@example peer={who}:4711' in h.log(), f'the log names {who}')
        # A byte at a time, and the client's first words in the same packet.
        s = h.connect('a', by='127.0.6.200')
        for byte in v2('203.0.113.11'):
            s.sendall(bytes([byte]))
        Guest(s).open()
        s = via(v1('203.0.113.12') + header('example').encode())
        Guest(s).element('{http://etherx.jabber.org/streams}features')
        must(not isinstance(handshake(via(v2('203.0.113.13'), 'direct')), Exception), 'TLS follows the header')
        # What a proxy claims is what counts: access lists, and limits by address.
        must(rest_of(via(v1('192.0.2.1'))) == b'', 'denied by its own address')
        soon(lambda: 'denied at' in h.log(), 'the log says so')
        inside = [Guest(via(v1('198.51.100.1'))) for _ in range(2)]
        for guest in inside:
            guest.open()
        must(b'resource-constraint' in rest_of(via(v1('198.51.100.1'))), 'the third from one address')
        Guest(via(v1('198.51.100.2'))).open()
        # A health check has no client behind it.
        Guest(via(SIGNATURE + b'\x20\0\0\0')).open()
        Guest(via(b'PROXY UNKNOWN\r\n')).open()
        # A Unix socket's proxy.
        u = socket.socket(socket.AF_UNIX)
        u.settimeout(10)
        u.connect(f'{h.folder}/x.sock')
        u.sendall(v1('203.0.113.14'))
        Guest(u).log_in('romeo', 'secret')
        soon(lambda: 'authenticated by PLAIN jid=romeo@example peer=203.0.113.14:4711' in h.log(), 'the log names who came by the Unix socket')


def wrong_headers(program):
    """Required from whom it is expected, and refused from all others; each gets one line."""
    with House(program, 'xmpp_listener { listen "127.0.0.1:«a»" { proxy_protocol = [ 127.0.0.5 ] } }\n') as h:
        wrong = [header('example').encode(), b'\x16\3\1', b'PROXY TCP4 1.2.3.4\r\n', b'PROXY TCP4 1.2.3.4 1.2.3.4 1 99999\r\n', b'PROXY ' + b'x' * 200,
                 SIGNATURE + b'\x31\x11\0\x0c' + b'x' * 12, SIGNATURE + b'\x21\x11\xff\xff', v2('1.2.3.4', more=b'\3\0\4xxxx')]
        for first in wrong:
            s = h.connect('a', by='127.0.0.5')
            s.sendall(first)
            must(rest_of(s) == b'', f'{first[:40]} must be closed without a word')
        soon(lambda: h.log().count('must send a PROXY header') == len(wrong), 'each has its line')
        must(h.listener('a')['refused'] == len(wrong), str(h.listener('a')))
        s = h.connect('a', by='127.0.0.1')
        s.sendall(v1('203.0.113.7') + header('example').encode())
        must(b'features' not in (rest_of(s) or b''), 'who is no trusted proxy claims nothing')
        Guest(h.connect('a', by='127.0.0.1')).open()


TESTS = [access, overrides, proxies, wrong_headers]
