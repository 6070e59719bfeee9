"""Too many, too much, too slow: connections that say nothing, readers that don't read, writers that never stop."""
import multiprocessing
import resource
import socket
import threading
import time

from server import DOMAIN, report
from xmppclient import CLIENT, Client, Lost, TLS, header

ACCOUNTS = ['sloth', 'mole', 'ghost', 'loud', 'louder', 'quiet', 'quieter', 'canary']
TIMEOUT = 3.0                # limits.unauthenticated_timeout
SILENT = 1000
SENT = 50 * 1024 * 1024
BODY = 'x' * 10000
GROWTH_MIB = 64              # with the sanitizer's own; the queue itself ends at write_queue_hard, 1 MiB here
FLOOD_S = 4.0
P99_MS = 100


def more_files():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def was_told(server, name):
    return any('stream error resource-constraint' in line and f'jid={name}@{DOMAIN}/' in line for line in server.log().splitlines())


# --- connections that never log in ---

def connect(server, first=b''):
    s = socket.create_connection(('127.0.0.1', server.port))
    s.setblocking(False)
    if first:
        s.send(first)
    return s


def half_open_tls(server):
    c = Client(server.port, DOMAIN)
    c.open()
    c.send(f"<starttls xmlns='{TLS}'/>")
    c.element(f'{{{TLS}}}proceed')
    c.socket.setblocking(False)
    return c.socket


def is_ended(s):
    try:
        while s.recv(65536):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def dribble(slow, text, at):
    """The slowloris: one byte now and then, so that it is never silent."""
    for s in slow:
        try:
            s.send(text[at:at + 1])
        except OSError:
            pass


def strangers(server):
    canary = server.log_in('canary')
    began = time.monotonic()
    kinds = {'silent': [connect(server) for _ in range(SILENT)],
             'slowloris': [connect(server, b'<') for _ in range(50)],
             'half-a-client-hello': [connect(server, b'\x16\x03\x01\x02\x00\x01\x00') for _ in range(50)],
             'half-a-handshake': [half_open_tls(server) for _ in range(50)],
             'header-only': [connect(server, header(DOMAIN).encode()) for _ in range(50)]}
    opened, text, slowest, at = time.monotonic(), header(DOMAIN).encode(), 0.0, 1
    left = {kind: set(all_of) for kind, all_of in kinds.items()}
    ended_at = {}
    while any(left.values()) and time.monotonic() < opened + TIMEOUT + 3:
        slowest = max(slowest, canary.round_trip())
        dribble(left['slowloris'], text, at)
        at += 1
        for kind, some in left.items():
            some -= {s for s in some if is_ended(s)}
            if not some:
                ended_at.setdefault(kind, time.monotonic() - began)
        time.sleep(0.05)
    for kind, all_of in kinds.items():
        is_ok = kind in ended_at and ended_at[kind] > TIMEOUT * 0.9
        report(f'hostile/{kind}-ends', is_ok, f'{len(all_of)} closed after {ended_at[kind]:.1f} s' if kind in ended_at else f'{len(left[kind])} of {len(all_of)} still open')
        for s in all_of:
            s.close()
    report('hostile/strangers-disturb-nobody', slowest < 0.5, f'slowest ping {slowest * 1000:.0f} ms')
    canary.close()


# --- readers that don't read ---

def pour(client, text, size):
    """Sends till `size` bytes are out or the stream ends; reads what comes for it meanwhile, if `client` is to read."""
    data, sent = text.encode(), 0
    while sent < size and not client.is_over:
        try:
            client.send(data)
        except Lost:
            break
        sent += len(data)
        while client.pump(0):
            client.stanzas.clear()
    return sent


def is_closed(victim, patience=10):
    """What lies in the socket is read; then there must be an end."""
    deadline = time.monotonic() + patience
    while not victim.is_over and time.monotonic() < deadline:
        victim.pump(1)
        victim.stanzas.clear()
    return victim.is_over


def never_reads(server):
    victim = server.log_in('sloth', presence=True, receive_buffer=4096)
    sender, canary = server.log_in('loud'), server.log_in('canary')
    before, began = server.rss_mib(), time.monotonic()
    sent = pour(sender, f"<message to='sloth@{DOMAIN}' type='headline'><body>{BODY}</body></message>", SENT)
    seconds, after = time.monotonic() - began, server.rss_mib()
    report('hostile/never-reads-is-ended', is_closed(victim) and sent >= SENT, f'{sent >> 20} MiB in {seconds:.1f} s')
    report('hostile/never-reads-is-told', was_told(server, 'sloth'))
    report('hostile/never-reads-memory', after - before < GROWTH_MIB, f'{before:.0f} MiB before, {after:.0f} MiB after')
    report('hostile/never-reads-others-live', canary.round_trip() < 0.5 and sender.round_trip() < 5)
    for c in (victim, sender, canary):
        c.close()


def never_reads_its_errors(server):
    """Each message comes back as an error as long as itself; the sender never takes one."""
    deaf, canary = server.log_in('mole', receive_buffer=4096), server.log_in('canary')
    before, sent = server.rss_mib(), 0
    data = f"<message to='nobody@{DOMAIN}' id='{'i' * 10000}' type='chat'><body>hello</body></message>".encode()
    deaf.patience = 5
    try:
        while sent < SENT:
            deaf.send(data)
            sent += len(data)
    except Lost:
        pass                                     # or its bytes are read away until it has gone
    after = server.rss_mib()
    report('hostile/deaf-sender-is-ended', is_closed(deaf) and was_told(server, 'mole'))
    report('hostile/deaf-sender-memory', after - before < GROWTH_MIB, f'{before:.0f} MiB before, {after:.0f} MiB after')
    report('hostile/deaf-sender-others-live', canary.round_trip() < 0.5)
    for c in (deaf, canary):
        c.close()


def reads_slowly(server):
    """A little at a time is no crime: the session stays as long as its queue is short, and loses nothing."""
    slow, sender = server.log_in('ghost', presence=True, receive_buffer=4096), server.log_in('loud')
    count = 60
    for n in range(count):
        sender.send(f"<message to='ghost@{DOMAIN}' type='headline' id='{n}'><body>{BODY}</body></message>")
    found, deadline = [], time.monotonic() + 10
    while len(found) < count and not slow.is_over and time.monotonic() < deadline:
        time.sleep(0.01)
        slow.pump(1)
        found += [e.get('id') for e in slow.stanzas if e is not None and e.tag == CLIENT + 'message']
        slow.stanzas.clear()
    report('hostile/slow-reader-gets-all', found == [str(n) for n in range(count)], f'{len(found)} of {count}')
    for c in (slow, sender):
        c.close()


# --- writers that never stop ---

def flood(port, seconds, told):
    """In a process of its own: one pair, as fast as the server takes it."""
    a, b = (Client(port, DOMAIN).log_in(name, 'secret') for name in ('loud', 'louder'))
    b.send('<presence/>')
    data = f"<message to='louder@{DOMAIN}' type='headline'><body>hello</body></message>".encode() * 100
    done, counted = threading.Event(), [0]

    def read():
        b.socket.settimeout(0.2)
        while not done.is_set():
            try:
                counted[0] += b.socket.recv(1 << 20).count(b'</message>')
            except OSError:
                pass
    reader = threading.Thread(target=read)
    reader.start()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            a.send(data)
        except Lost:
            break
    done.set()
    reader.join()
    told.send(counted[0])


def chat(a, b, seconds):
    """Latencies of one message after another, in ms."""
    took, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        tag, began = f'chat{len(took)}', time.monotonic()
        a.send(f"<message to='quieter@{DOMAIN}' type='chat' id='{tag}'><body>still there?</body></message>")
        b.wait(lambda e: e is not None and e.get('id') == tag)
        took.append((time.monotonic() - began) * 1000)
        time.sleep(0.01)
    return took


def loud_pair(server):
    a, b = server.log_in('quiet', presence=True), server.log_in('quieter', presence=True)
    calm = sorted(chat(a, b, 1.0))
    ear, mouth = multiprocessing.Pipe(False)
    other = multiprocessing.Process(target=flood, args=(server.port, FLOOD_S, mouth))
    other.start()
    time.sleep(0.5)
    took = sorted(chat(a, b, FLOOD_S - 1))
    other.join()
    count, p99 = ear.recv(), took[len(took) * 99 // 100]
    report('hostile/loud-pair-leaves-others-alone', p99 < P99_MS and count > 1000,
           f'{count / FLOOD_S:.0f} messages/s beside; p99 {p99:.1f} ms, calm {calm[len(calm) * 99 // 100]:.1f} ms')
    for c in (a, b):
        c.close()


def floods(server):
    more_files()
    strangers(server)
    loud_pair(server)
    reads_slowly(server)
    never_reads(server)
    never_reads_its_errors(server)
    report('hostile/server-stays', server.is_running() and not server.complaint(), server.complaint() or '')
