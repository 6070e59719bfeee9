"""A client of a page: logs in once with PLAIN in the clear. Who answers it is ready."""
import base64
import re
import socket
import time

from ours import DOMAIN, PASSWORD

HEADER = f"<?xml version='1.0'?><stream:stream to='{DOMAIN}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
BIND = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>probe</resource></bind></iq>"


def exchange(s, text, wanted):
    s.sendall(text.encode())
    heard = b""
    while not re.search(wanted, heard):
        more = s.recv(65536)
        if not more or b"<failure" in heard + more or b"type='error'" in heard + more:
            raise OSError("refused: " + (heard + more).decode(errors="replace")[-300:])
        heard += more


def log_in(port, number):
    plain = base64.b64encode(f"\0user{number}\0{PASSWORD.decode()}".encode()).decode()
    with socket.create_connection(("127.0.0.1", port), 1) as s:
        s.settimeout(5)
        exchange(s, HEADER, b"</stream:features>")
        exchange(s, f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>", b"<success")
        exchange(s, HEADER, b"</stream:features>")
        exchange(s, BIND, b"<jid>")


def until_ready(port, number, is_alive, patience_s=60):
    """Seconds until a client was in."""
    began, why = time.monotonic(), None
    while time.monotonic() - began < patience_s and is_alive():
        try:
            log_in(port, number)
            return time.monotonic() - began
        except OSError as error:
            why = error
            time.sleep(0.005)
    raise SystemExit(f"port {port}: nobody could log in: {why}")
