"""Bytes that no client sends: each is answered with the stream error that the RFC names, and costs a bounded time."""
import os
import socket
import time

from server import DOMAIN, report
from xmppclient import CLIENT, Client, Lost, header

ERROR = '{urn:ietf:params:xml:ns:xmpp-streams}'
WITHIN = 5.0
HEAD = header(DOMAIN)
MESSAGE = "<message to='user@example'><body>{}</body></message>"
LAUGHS = "<!DOCTYPE l [<!ENTITY a 'ha'>" + ''.join(f"<!ENTITY {chr(98 + i)} '{f'&{chr(97 + i)};' * 10}'>" for i in range(9)) + ']>'
MANY = ' '.join(f"a{i}='1'" for i in range(100000))

#        name, what is sent before any login, the errors that are right (a closed connection without a word: None)
BEFORE = [
    ('http-request', 'GET / HTTP/1.1\r\nHost: example\r\n\r\n', {None}),
    ('tls-garbage', b'\x16\x03\x01\x02\x00' + bytes(range(256)) * 2, {None}),
    ('tls-wrong-version', b'\x16\x01\x01\x00\x04\x01\x00\x00\x00', {None}),
    ('random-bytes', os.urandom(5000), {'not-well-formed', 'bad-format', 'unsupported-encoding', 'invalid-xml', None}),
    ('nul-bytes', b'\0' * 5000, {None}),
    ('other-encoding', "<?xml version='1.0' encoding='UTF-16'?>" + HEAD, {'unsupported-encoding', 'not-well-formed'}),
    ('billion-laughs', "<?xml version='1.0'?>" + LAUGHS + '<stream:stream>&j;', {'restricted-xml'}),
    ('entity', HEAD + '<message>&lol;</message>', {'restricted-xml', 'not-well-formed'}),
    ('endless-header', '<stream:stream ' + 'x' * 100000, {'policy-violation'}),
    ('header-of-attributes', '<stream:stream ' + MANY + '>', {'policy-violation'}),
    ('oversize-before-login', HEAD + '<auth>' + 'A' * 200000 + '</auth>', {'policy-violation'}),
    ('spaces-for-ever', HEAD + ' ' * 2000000, {'policy-violation', 'connection-timeout'}),
    ('comment', HEAD + '<!-- hello -->', {'restricted-xml'}),
    ('instruction', HEAD + '<?php echo 1 ?>', {'restricted-xml'}),
    ('stanza-before-login', HEAD + MESSAGE.format('x'), {'not-authorized'}),
    ('name-without-end', HEAD + '<' + 'a' * 100000, {'policy-violation'}),
]
AFTER = [
    ('oversize', MESSAGE.format('x' * 1000000), {'policy-violation'}),
    ('deep-nesting', '<message>' + '<a>' * 50000, {'policy-violation'}),
    ('billion-attributes', '<message ' + MANY + '/>', {'policy-violation'}),
    ('twice-the-attribute', "<message to='a@b' to='c@d'/>", {'not-well-formed'}),
    ('attribute-without-end', "<message to='" + 'a' * 1000000, {'policy-violation'}),
    ('namespaces', '<message>' + ''.join(f"<x{i}:y xmlns:x{i}='{'n' * 100}{i}'>" for i in range(60)) * 20, {'policy-violation'}),
    ('doctype', '<!DOCTYPE a>', {'restricted-xml', 'not-well-formed'}),
    ('bad-utf-8', b"<message><body>\xc0\xaf</body></message>", {'not-well-formed', 'bad-format', 'unsupported-encoding'}),
    ('half-a-surrogate', b"<message><body>\xed\xa0\x80</body></message>", {'not-well-formed', 'bad-format', 'unsupported-encoding'}),
    ('bad-character', '<message><body>&#0;</body></message>', {'not-well-formed'}),
    ('new-header', HEAD + HEAD, {'not-well-formed', 'bad-format', 'invalid-xml', 'invalid-namespace', 'unsupported-stanza-type'}),
    ('wrong-end', '</stream:streams>', {'not-well-formed'}),
]


def verdict(client, data):
    """The stream error's condition, None for an end without one; and in what time."""
    began, found = time.monotonic(), None
    try:
        client.send(data)
    except Lost:
        pass                                     # the server may have enough before it has all
    while not client.is_over and time.monotonic() - began < WITHIN:
        try:
            client.pump(WITHIN)
        except SyntaxError:                      # a TLS alert, or an answer in HTTP
            client.is_over = True
        for e in client.stanzas:
            if e is not None and e.tag.endswith('}error') and e.tag != CLIENT + 'error':
                found = e[0].tag.removeprefix(ERROR)
        client.stanzas.clear()
    return (found if client.is_over else 'it goes on'), time.monotonic() - began


def bad_streams(server):
    canary, slowest = server.log_in('user', 'canary'), 0.0
    for name, data, right in BEFORE + AFTER:
        client = Client(server.port, DOMAIN)
        if (name, data, right) in AFTER:
            client.log_in('user', 'secret', name)
        said, seconds = verdict(client, data)
        client.close()
        slowest = max(slowest, seconds) if said != 'connection-timeout' else slowest         # spaces cost nothing: time ends them
        report(f'hostile/{name}', said in right and server.is_running(), f'{said}, not {right}' if said not in right else said or 'closed')
    report('hostile/bad-streams-are-quick', slowest < 2.0, f'slowest verdict {slowest:.2f} s')
    report('hostile/bad-streams-others-live', canary.round_trip() < 1)
    canary.close()
