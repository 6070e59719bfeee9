#!/usr/bin/python3
"""Logs in with slixmpp and says as whom, for others.py: slixmpp_login.py JID MECHANISM PORT CA [CERTIFICATE KEY]"""
import sys

import slixmpp

jid, mechanism, port, ca, *own = sys.argv[1:]
client = slixmpp.ClientXMPP(jid, '', sasl_mech=mechanism)
client.ca_certs = ca
if own:
    client.certfile, client.keyfile = own


def end(*words):
    print(*words, flush=True)
    client.abort()
    sys.exit(0)


client.add_event_handler('session_start', lambda _: end('online', client.boundjid.full))
for name in ('failed_all_auth', 'connection_failed', 'stream_error', 'ssl_invalid_chain'):
    client.add_event_handler(name, lambda _, name=name: end('failed', name))
client.connect(('127.0.0.1', int(port)))
client.process(forever=True)
