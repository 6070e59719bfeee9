"""Sockets as configured: queues, families, options, opened and closed by a reload."""
import os
import socket
import stat

from house import Guest, House, is_refused, listening, must, rest_of, soon, socket_of_server


def backlog(program):
    first = 'listen_backlog = 300\nxmpp_listener { listen "127.0.0.1:«a»" { }\n listen "127.0.0.1:«b»" { listen_backlog = 44 } }\n'
    with House(program, first) as h:
        must({q for _, q in listening(h.ports['a'])} == {300}, f'{listening(h.ports["a"])}')
        must([q for _, q in listening(h.ports['b'])] == [44, 44], f'{listening(h.ports["b"])}: one socket for each loop')
        h.reload(first.replace('44', '55'))
        soon(lambda: [q for _, q in listening(h.ports['b'])] == [55, 55], 'the queue has its new length')


def families(program):
    with House(program, 'xmpp_listener { listen "*:«both»" { }\n listen "0.0.0.0:«four»" { }\n listen "[::]:«six»" { } }\n') as h:
        for name, four, six in ('both', True, True), ('four', True, False), ('six', False, True):
            must(is_refused(h, name, to='127.0.0.1') != four, f'{name} over IPv4')
            must(is_refused(h, name, to='::1') != six, f'{name} over IPv6')


def unix_sockets(program):
    text = 'xmpp_listener { listen "unix:{folder}/x.sock" { file_mode = 0600 }\n listen "unix:{folder}/y.sock" { } }\n'
    with House(program, text, accounts=['romeo']) as h:
        mode = lambda name: stat.S_IMODE(os.stat(f'{h.folder}/{name}').st_mode)      # noqa: E731
        must(mode('x.sock') == 0o600 and mode('y.sock') == 0o660, f'{mode("x.sock"):o} {mode("y.sock"):o}')
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(10)
        s.connect(f'{h.folder}/x.sock')
        Guest(s).log_in('romeo', 'secret').close()
        h.reload(text.replace('0600', '0640'))
        soon(lambda: mode('x.sock') == 0o640, 'the mode is the new one')
        h.reload('xmpp_listener { listen "unix:{folder}/y.sock" { } }\n')
        soon(lambda: not os.path.exists(f'{h.folder}/x.sock'), 'the socket is gone')


def options(program):
    """TCP_NODELAY and buffers of accepted sockets. The kernel tells twice what was set, for its own book-keeping."""
    if os.geteuid() != 0:
        return 'only root may look into another process'
    text = ('xmpp_listener { tcp_recv_buffer_size = 20000;  disable_nagle_algorithm = no\n listen "127.0.0.1:«plain»" { }\n'
            ' listen "127.0.0.1:«own»" { tcp_send_buffer_size = 30000;  disable_nagle_algorithm = yes }\n'
            ' peer "127.0.0.3" { disable_nagle_algorithm = yes;  tcp_recv_buffer_size = 40000 } }\n')
    with House(program, text) as h:
        for name, by, expected in (('plain', '127.0.0.1', (0, 40000, None)), ('own', '127.0.0.1', (1, 40000, 60000)), ('plain', '127.0.0.3', (1, 80000, None))):
            s = h.connect(name, by=by)
            Guest(s).open()
            with socket_of_server(h.process, s.getsockname()[1]) as theirs:
                found = [theirs.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), theirs.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF),
                         theirs.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)]
            must(all(e is None or e == f for e, f in zip(expected, found)), f'{name} for {by}: expected {expected}, found {found}')
            s.close()
    return None


def come_and_go(program):
    """Addresses open and close with a reload; who is inside stays."""
    first = 'xmpp_listener { listen "127.0.0.1:«a»" { }\n listen "127.0.0.1:«b»" { enable = no }\n listen "127.0.0.1:«c»" { channels = 0 } }\n'
    second = 'xmpp_listener { listen "127.0.0.1:«a»" { enable = no }\n listen "127.0.0.1:«b»" { }\n listen "127.0.0.1:«c»" { channels = 1 }\n listen "127.0.0.1:«d»" { } }\n'
    with House(program, first, accounts=['romeo']) as h:
        for name, is_open in ('a', True), ('b', False), ('c', False):
            must(is_refused(h, name) != is_open, name)
        inside = h.guest('a').log_in('romeo', 'secret')
        must('restart' not in h.reload(second))
        soon(lambda: is_refused(h, 'a'), 'a is closed')
        for name in 'bcd':
            soon(lambda name=name: not is_refused(h, name), f'{name} is open')
        inside.round_trip()
        with h.guest('c').socket as only:
            soon(lambda: h.listener('c')['connected'] == 1, 'one is inside')
            must(b'resource-constraint' in rest_of(h.connect('c')), 'one too many is told so')
            must(h.listener('c')['refused'] == 1)
            only.close()
        soon(lambda: h.listener('c')['connected'] == 0, 'it has left')
        h.guest('c').open()
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen()
            h.ports['taken'] = taken.getsockname()[1]
            said = h.reload(second.replace('«d»', '«taken»'), is_fine=False)
            must('cannot listen' in said, said)
        must(not is_refused(h, 'd'), 'a reload that failed has changed nothing')
        h.reload(first)
        soon(lambda: not is_refused(h, 'a') and is_refused(h, 'd'), 'all is as it was')
        inside.round_trip()


def accept_queue(program):
    """Three may wait (and one more for each loop that was just accepting); the rest waits in the kernel."""
    with House(program, 'xmpp_listener { accept_queue_backlog = 3\n listen "127.0.0.1:«a»" { } }\n') as h:
        silent = [h.connect('a') for _ in range(12)]
        soon(lambda: h.listener('a')['waiting'] >= 3 and sum(n for n, _ in listening(h.ports['a'])) >= 12 - 5, 'some wait in the kernel')
        must(3 <= h.listener('a')['waiting'] <= 5, f'{h.listener("a")}')
        must(h.listener('a')['accept_queue_backlog'] == 3)
        for s in silent:
            s.close()
        soon(lambda: h.listener('a')['waiting'] == 0 and h.listener('a')['accepted'] == 12, 'all had their turn')
        Guest(h.connect('a')).open()
        # A reload that lifts the limit lets everybody in at once.
        silent = [h.connect('a') for _ in range(8)]
        soon(lambda: sum(n for n, _ in listening(h.ports['a'])) > 0, 'some wait in the kernel')
        h.reload('xmpp_listener { listen "127.0.0.1:«a»" { } }\n')
        soon(lambda: h.listener('a')['waiting'] == 8, 'none waits in the kernel')


def kinds_of_stream(program):
    text = ('xmpp_listener { listen "127.0.0.1:«all»" { }\n listen "127.0.0.1:«servers»" { streams = [ server ] }\n'
            ' listen "127.0.0.1:«clients»" { streams = [ client ]\n peer "127.0.0.3" { streams = [ component ] } } }\n')
    header = "<stream:stream to='example' version='1.0' xmlns='jabber:{}' xmlns:stream='http://etherx.jabber.org/streams'>"
    with House(program, text) as h:
        def said(name, kind, by=None):
            s = h.connect(name, by=by)
            s.sendall(header.format(kind).encode())
            heard = b''
            while b'</stream:stream>' not in heard and b'</stream:features>' not in heard:
                more = s.recv(65536)
                must(more, f'{name} {kind}: {heard}')
                heard += more
            s.close()
            return heard
        masked, unbuilt, no_such_component = b'<policy-violation', b'<invalid-namespace', b'<host-unknown'
        for name, kind, by, expected in (
                ('all', 'client', None, b'<mechanism>'), ('all', 'server', None, unbuilt), ('all', 'component:accept', None, no_such_component),
                ('servers', 'client', None, masked), ('servers', 'server', None, unbuilt), ('servers', 'component:accept', None, masked),
                ('clients', 'client', None, b'<mechanism>'), ('clients', 'server', None, masked), ('clients', 'client', '127.0.0.3', masked),
                ('clients', 'component:accept', '127.0.0.3', no_such_component)):
            must(expected in said(name, kind, by), f'{name} {kind} {by}: {said(name, kind, by)}')


TESTS = [backlog, families, unix_sockets, options, come_and_go, accept_queue, kinds_of_stream]
