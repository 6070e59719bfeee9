#!/usr/bin/python3
"""A component made with slixmpp, for tests/interop/run: it says back what it hears, lets everybody subscribe and subscribes
to them, and answers pings. What happens goes to standard output, a line each:

  online · failed WHY · heard FROM TO TEXT · asked FROM TO

  slixmpp_component.py DOMAIN SECRET ADDRESS PORT
"""
import asyncio
import sys

from slixmpp.componentxmpp import ComponentXMPP


def tell(*words):
    print(*words, flush=True)


class Component(ComponentXMPP):
    def __init__(self, domain, secret, address, port):
        super().__init__(domain, secret, address, port)
        self.auto_authorize = self.auto_subscribe = None
        self.register_plugin("xep_0030")
        self.register_plugin("xep_0199")
        self.add_event_handler("session_start", lambda event: tell("online"))
        self.add_event_handler("message", self.heard)
        self.add_event_handler("presence_subscribe", self.asked)
        for name in ("connection_failed", "stream_error", "disconnected"):
            self.add_event_handler(name, lambda what, name=name: self.failed(name))

    def heard(self, message):
        if message["type"] != "error":
            tell("heard", message["from"], message["to"], message["body"])
            message.reply("again: " + message["body"]).send()

    def asked(self, presence):
        user, them = presence["to"].bare, presence["from"].bare
        tell("asked", them, user)
        for kind in ("subscribed", "available", "subscribe"):
            self.send_presence(pto=them, pfrom=user, ptype=kind)

    def failed(self, why):
        tell("failed", why)
        asyncio.get_event_loop().call_soon(sys.exit, 1)


component = Component(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
component.connect()
component.process(forever=True)
