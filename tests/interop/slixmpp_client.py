#!/usr/bin/python3
"""A client made with slixmpp, for tests/interop/run: commands come by standard input, what happens goes to standard
output, a line each:

  say JID TEXT · add JID · quit            →   online secured|bare · failed WHY · heard FROM TEXT · sees FROM · roster JID SUBSCRIPTION

  slixmpp_client.py JID PASSWORD ADDRESS PORT CA-FILE
"""
import asyncio
import sys

import slixmpp


def tell(*words):
    print(*words, flush=True)


class Client(slixmpp.ClientXMPP):
    def __init__(self, jid, password, ca):
        super().__init__(jid, password)
        self.ca_certs = ca
        self.auto_authorize = self.auto_subscribe = True
        self.add_event_handler("session_start", self.started)
        self.add_event_handler("message", lambda m: tell("heard", m["from"], m["body"]))
        self.add_event_handler("presence_available", lambda p: tell("sees", p["from"]))
        self.add_event_handler("roster_update", self.roster_changed)
        for name in ("ssl_invalid_chain", "ssl_invalid_cert", "failed_all_auth", "connection_failed", "stream_error"):
            self.add_event_handler(name, lambda what, name=name: self.failed(name))
        self.add_event_handler("disconnected", lambda why: self.failed("disconnected"))

    async def started(self, event):
        await self.get_roster()
        self.send_presence()
        secured = self.transport.get_extra_info("ssl_object") is not None
        tell("online", "secured" if secured else "bare")
        asyncio.get_running_loop().add_reader(sys.stdin, self.obey)

    def failed(self, why):
        tell("failed", why)
        asyncio.get_event_loop().call_soon(sys.exit, 1)

    def roster_changed(self, iq):
        for jid, item in iq["roster"]["items"].items():
            tell("roster", jid, item["subscription"])

    def obey(self):
        word, *rest = sys.stdin.readline().split(None, 2) or ["quit"]
        if word == "say":
            self.send_message(mto=rest[0], mbody=rest[1].strip(), mtype="chat")
        elif word == "add":
            self.send_presence(pto=rest[0], ptype="subscribe")
        else:
            sys.exit(0)


jid, password, address, port, ca = sys.argv[1:]
client = Client(jid, password, ca)
client.connect((address, int(port)), disable_starttls=False)
client.process(forever=True)
