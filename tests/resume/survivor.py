"""A client that says numbered things to its partner, loses its connection again and again, and resumes its session each time."""
import random
import threading
import time
from xml.sax.saxutils import escape

from proxy import Cut
from xmppclient import CLIENT, Client, Lost

PATIENCE = 30.0


class Connection(Client):
    """One of a survivor's: counting goes on from the last."""
    def follow(self, last):
        self.received, self.unacked, self.acked, self.jid = last.received, last.unacked, last.acked, last.jid

    def enable_resume(self):
        self.enable(resumable=True)
        return self.previd

    def resume(self, previd):
        """Gives what the server told: resumed, or failed and why."""
        answer = super().resume(previd)
        if answer.get('h') is not None:
            self.take_h(int(answer.get('h')))
        self.has_acks = answer.tag.endswith('resumed')
        return answer


class Survivor(threading.Thread):
    def __init__(self, name, partner, crowd):
        super().__init__(daemon=True)
        self.name, self.partner, self.crowd = name, partner, crowd
        self.luck = random.Random(f'{crowd.seed} {name}')
        self.connection, self.id = None, None
        self.said, self.heard, self.texts = 0, [], {}
        self.cuts, self.lost_sessions, self.trouble = 0, 0, None

    # --- coming ---

    def connect(self, cut):
        c = Connection(self.crowd.proxy.port, self.crowd.domain, PATIENCE)
        if cut:
            self.crowd.proxy.plan(c.socket.getsockname()[1], cut)
        c.open()
        if self.crowd.uses_tls(self):
            c.starttls()
            c.open()
            c.scram(self.name, 'secret')
        else:
            c.plain(self.name, 'secret')
        c.open()
        return c

    def begin(self):
        self.connection = c = self.connect(None)
        c.bind('here')
        self.id = c.enable_resume()
        self.say(c, '<presence/>', 'presence')
        c.wait(lambda e: e is not None and e.tag.endswith('}presence'))

    def say(self, c, text, key):
        self.texts[key] = text
        c.send(text, key)

    def come_back(self, cut):
        last, c = self.connection, None
        try:
            c = self.connect(cut)
            c.follow(last)
            self.connection = c
            self.crowd.proxy.resumes_now(c.socket.getsockname()[1])
            answer = c.resume(self.id)
            if not c.has_acks:
                self.lost_sessions += 1
                raise RuntimeError(f'{self.name} could not resume: {answer[0].tag} {answer.attrib}')
            for key in list(c.unacked):
                c.socket.sendall(self.texts[key].encode())
        finally:
            if c is not None:
                c.unacked = last.unacked                 # one queue, whichever connection it is on

    # --- talking ---

    def listen(self):
        for e in self.connection.take():
            if e is not None and e.tag == CLIENT + 'message':
                if e.get('type') == 'error':
                    raise RuntimeError(f'{self.name} got an error for {e.get("id")}')
                self.heard.append(int(e.findtext(CLIENT + 'body').split()[0]))

    def talk(self):
        c = self.connection
        for _ in range(self.luck.randrange(1, 4)):
            if self.said >= self.crowd.most:
                break
            self.said += 1
            body = f'{self.said} ' + escape('<&>\'"ü' * self.luck.choice((0, 1, 1, 20, 200)))
            self.say(c, f"<message to='{self.partner}@{self.crowd.domain}' type='chat' id='{self.said}'><body>{body}</body></message>", self.said)
        if self.luck.random() < 0.5:
            c.ask()
        self.listen()
        if c.is_over:
            raise Lost('cut')

    def cut(self):
        kind = self.luck.choice(('up', 'down', 'late', 'resume', 'client'))
        return Cut(kind, self.luck.randrange(1, 12000))

    def run_once(self):
        cut = self.cut() if self.cuts < self.crowd.cuts else None
        try:
            if self.cuts:
                self.come_back(cut)
            until = time.monotonic() + self.luck.random() * 0.05
            while not (cut and cut.kind == 'client' and time.monotonic() > until):
                if self.cuts >= self.crowd.cuts and self.is_done():
                    return True
                self.talk()
                time.sleep(0.002)
                if cut and time.monotonic() > until + 1.0:
                    break                                # so many bytes will not pass: the client ends it
            self.crowd.proxy.counts['client'] += 1
        except (Lost, OSError):
            pass
        self.listen_to_the_rest()
        self.cuts += 1
        return False

    def listen_to_the_rest(self):
        c = self.connection
        try:
            c.socket.close()
        except OSError:
            pass
        c.is_over = True
        self.listen()

    def is_done(self):
        """Everybody has come through all cuts and says no more: all must have arrived."""
        c = self.connection
        if self.said < self.crowd.most:
            return False
        if c.unacked:
            c.ask()
            time.sleep(0.01)
            return False
        return len(self.heard) >= self.crowd.most

    def run(self):
        deadline = time.monotonic() + self.crowd.patience
        try:
            while not self.run_once():
                if time.monotonic() > deadline:
                    raise RuntimeError(f'{self.name}: time is over after {self.cuts} cuts, said {self.said}, heard {len(self.heard)}, unacked {len(self.connection.unacked)}')
            time.sleep(0.3)
            self.listen()                                # what came once too often
        except Exception as why:                         # a thread's trouble is told by the crowd
            self.trouble = f'{type(why).__name__}: {why}'
