"""A proxy between clients and a server that cuts connections: after so many bytes of either direction, wherever that is in a
stanza or a TLS record; or one direction only; or so that the server doesn't notice and the last bytes arrive much later."""
import random
import selectors
import socket
import struct
import threading
import time

ROOM = 64 * 1024
RESET = struct.pack('ii', 1, 0)
KINDS = ('up', 'down', 'late', 'resume', 'client')


class Cut:
    """What shall happen to one connection."""
    def __init__(self, kind, after):
        self.kind, self.after = kind, after


class Pipe:
    def __init__(self, client, server, cut):
        self.client, self.server, self.cut = client, server, cut
        self.up = self.down = 0                          # bytes that passed
        self.held = b''                                  # of the client, which arrives late
        self.is_stalled = self.is_deaf = False           # nothing passes to the server for now; nothing to the client any more
        self.ends_at = None

    def end(self, with_reset):
        for s in (self.client, self.server):
            if s.fileno() < 0:
                continue
            if with_reset:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            s.close()


class Proxy(threading.Thread):
    def __init__(self, port, seed):
        super().__init__(daemon=True)
        self.server_port, self.luck = port, random.Random(seed)
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=200)
        self.port = self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.planned = {}                                # by the client's port: what is to happen to its connection
        self.draw = lambda: None                         # and to one of which nothing was said
        self.pipes = {}
        self.lock = threading.Lock()                     # guards planned and pipes
        self.is_over = False
        self.counts = dict.fromkeys(KINDS, 0)

    def plan(self, port, cut):
        with self.lock:
            self.planned[port] = cut

    def resumes_now(self, port):
        """The client is about to say <resume/>: the answer never comes."""
        with self.lock:
            pipe = self.pipes.get(port)
            if pipe and pipe.cut and pipe.cut.kind == 'resume':
                pipe.is_deaf = True
                pipe.ends_at = time.monotonic() + self.luck.choice((0, 0.01, 0.05))

    def run(self):
        while not self.is_over:
            for key, _ in self.selector.select(0.01):
                if key.fileobj is self.listener:
                    self.accept()
                elif key.fileobj.fileno() >= 0:
                    self.pass_on(key.data, key.fileobj)
            self.end_some()
        self.listener.close()
        for pipe in list(self.pipes.values()):
            pipe.end(False)

    def accept(self):
        client, (_, port) = self.listener.accept()
        server = socket.create_connection(('127.0.0.1', self.server_port))
        for s in (client, server):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            pipe = self.pipes[port] = Pipe(client, server, self.planned.pop(port, None) or self.draw())
        pipe.port = port
        for s in (client, server):
            self.selector.register(s, selectors.EVENT_READ, pipe)

    def pass_on(self, pipe, source):
        try:
            data = source.recv(ROOM)
        except OSError:
            data = b''
        if not data and pipe.is_stalled and source is pipe.client:
            self.selector.unregister(source)             # the client has gone; its last bytes have not
            return
        if not data:
            self.finish(pipe, False)
            return
        up = source is pipe.client
        if pipe.is_stalled and up:
            pipe.held += data
            return
        if (pipe.is_deaf or pipe.is_stalled) and not up:
            return
        self.pass_some(pipe, data, up)

    def pass_some(self, pipe, data, up):
        cut, passed = pipe.cut, pipe.up if up else pipe.down
        left = None
        if cut and cut.kind == ('up' if up else 'down') or (cut and cut.kind == 'late' and up):
            left = cut.after - passed
        part = data if left is None else data[:max(left, 0)]
        try:
            (pipe.server if up else pipe.client).sendall(part)
        except OSError:
            self.finish(pipe, False)
            return
        if up:
            pipe.up += len(part)
        else:
            pipe.down += len(part)
        if left is None or left > len(data):
            return
        if cut.kind == 'late':
            pipe.is_stalled = True
            pipe.held = data[len(part):]
            pipe.ends_at = time.monotonic() + self.luck.choice((0.02, 0.1, 0.3))
            pipe.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.selector.unregister(pipe.client)
            pipe.client.close()
            self.counts['late'] += 1
        else:
            self.counts[cut.kind] += 1
            self.finish(pipe, self.luck.random() < 0.5)

    def end_some(self):
        now = time.monotonic()
        for pipe in list(self.pipes.values()):
            if not pipe.ends_at or pipe.ends_at > now:
                continue
            if pipe.is_stalled:
                try:
                    pipe.server.sendall(pipe.held)       # what was on its way when its client had long come back elsewhere
                    time.sleep(0.001)
                except OSError:
                    pass
            else:
                self.counts['resume'] += 1
            self.finish(pipe, False)

    def finish(self, pipe, with_reset):
        for s in (pipe.client, pipe.server):
            try:
                self.selector.unregister(s)
            except (KeyError, ValueError):
                pass
        pipe.end(with_reset)
        with self.lock:
            if self.pipes.get(pipe.port) is pipe:
                del self.pipes[pipe.port]
