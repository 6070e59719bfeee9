"""A tiny server that lies: it logs everybody in, passes messages on, and drops, doubles or swaps some.

It shows that the load generator notices. Only what the generator says is understood.
"""
import asyncio, re

FEATURES = ("<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>",
            "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></stream:features>")
HEADER = '<?xml version="1.0"?>\n<stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams" id="1" version="1.0">'
TAG = re.compile(r"<(\?xml|stream:stream|/stream:stream|auth|iq|presence|message)\b[^>]*>")
EVERY = 50                       # one message of so many is lied about


class Liar:
    def __init__(self, lie):
        self.lie, self.sessions, self.presences, self.count, self.held = lie, {}, {}, 0, None

    async def listen(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        text, state = "", {"name": None, "headers": 0, "writer": writer}
        while data := await reader.read(65536):
            text += data.decode()
            while (end := self.first(text)):
                self.hear(state, text[:end])
                text = text[end:]
        writer.close()

    def first(self, text):
        """Where the first whole element ends."""
        tag = TAG.search(text)
        if not tag or tag[1] in ("?xml", "stream:stream", "/stream:stream") or tag[0].endswith("/>"):
            return tag.end() if tag else 0
        close = text.find(f"</{tag[1]}>", tag.end())
        return close + len(tag[1]) + 3 if close >= 0 else 0

    def say(self, state, text):
        state["writer"].write(text.encode())

    def hear(self, state, text):
        kind = TAG.search(text)[1]
        if kind == "stream:stream":
            self.say(state, HEADER + FEATURES[min(state["headers"], 1)])
            state["headers"] += 1
        elif kind == "auth":
            self.say(state, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
        elif kind == "iq":
            self.iq(state, text)
        elif kind == "presence":
            self.presence(state, text)
        elif kind == "message":
            self.message(state, text)

    def iq(self, state, text):
        number = re.search(r"id='([^']*)'", text)[1]
        name = f"user{len(self.sessions)}"
        if "xmpp-bind" in text:                           # users come in the order of their numbers
            state["name"] = name
            self.sessions[name] = state
            self.say(state, f'<iq type="result" id="{number}"><bind><jid>{name}@load.example/load</jid></bind></iq>')
        else:
            self.say(state, f'<iq type="result" id="{number}"/>')

    def stamped(self, state, text):
        return re.sub(r"^\s*<(\w+)", rf'<\1 from="{state["name"]}@load.example/load"', text)

    def presence(self, state, text):
        for name, words in self.presences.items():
            self.say(state, words)
        self.presences[state["name"]] = self.stamped(state, text)
        for other in self.sessions.values():
            self.say(other, self.presences[state["name"]])

    def message(self, state, text):
        self.count += 1
        to = self.sessions[re.search(r"to='(\w+)@", text)[1]]
        text, is_chosen = self.stamped(state, text), self.count % EVERY == 0
        if is_chosen and self.lie == "drop":
            return
        if is_chosen and self.lie == "swap" and not self.held:
            self.held = (to, text)
            return
        self.say(to, text * 2 if is_chosen and self.lie == "double" else text)
        if self.held and self.held[0] is to:
            self.say(*self.held)
            self.held = None
