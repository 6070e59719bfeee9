"""A component (XEP-0114) made of the small client: its header, its handshake, and the end that a server gives it."""
import hashlib

from xmppclient import Client, Parser

NS = 'jabber:component:accept'


class Component(Client):
    def open(self):
        """The stream's id, or nothing where it was refused."""
        self.parser = Parser()
        self.send(f"<stream:stream to='{self.domain}' xmlns='{NS}' xmlns:stream='http://etherx.jabber.org/streams'>")
        while self.parser.root is None and not self.is_over:
            self.pump(5)
        return self.parser.root.get('id') if self.parser.root is not None else None

    def shake_hands(self, secret):
        self.send(f'<handshake>{hashlib.sha1(((self.open() or "") + secret).encode()).hexdigest()}</handshake>')
        return self

    def come_in(self, secret):
        self.shake_hands(secret).wait(lambda e: e is not None and e.tag == f'{{{NS}}}handshake')
        return self

    def condition(self, patience=10):
        """Of the stream error that ends it."""
        error = self.wait(lambda e: e is None or e.tag.endswith('}error'), patience)
        return error[0].tag.split('}')[1] if error is not None else None
