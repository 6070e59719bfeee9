"""The table of streams: who is connected, however far, and the end of one."""
import json
import socket
import time

from admin import running
from xmppclient import Client, Lost


def until(test, patience=5):
    deadline = time.monotonic() + patience
    while not test():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def table(program):
    """Each connection is there from its first moment, with its state and figures, and filters find it."""
    with running(program, domain='offline { limit = 0 }') as server:
        server.add_accounts(['romeo', 'juliet'])
        silent = socket.create_connection(('127.0.0.1', server.port))
        until(lambda: server.rows('stream', 'list'))
        opened = Client(server.port, 'example')
        opened.open()
        romeo = server.log_in('romeo', tls=True, acks=True)
        for n in range(5):
            romeo.send(f"<message to='juliet@example' type='chat'><body>{n}</body></message>", n)
        romeo.round_trip()
        rows = server.rows('stream', 'list')
        if [row['state'] for row in rows] != ['connected', 'negotiating', 'bound'] or [row['stream'][:6] for row in rows] != ['XMPPI-', 'XMPPS-', 'XMPPS-']:
            return f'{rows}'
        first, second, third = rows
        if first['doing'] != 'has said nothing yet' or first['jid'] or second['domain'] != 'example' or not all(row['since'] and row['peer'].startswith('127.0.0.1:') for row in rows):
            return f'{rows}'
        if third['jid'] != 'romeo@example/here' or third['tls'] != 'TLSv1.3' or not third['cipher'] or third['mechanism'] != 'SCRAM-SHA-256' or not third['acks']:
            return f'{third}'
        if third['stanzas_in'] != 7 or third['stanzas_out'] < 1 or third['bytes_in'] < 500 or third['bytes_out'] < 500:
            return f'figures: {third}'
        found = {words: len(server.rows('stream', 'list', *words)) for words in (
            ('example',), ('romeo@example',), ('romeo@example/here',), ('romeo@example/there',), ('juliet@example',), ('other.example',), ('127.0.0.1',), ('127.0.0.2',),
            (third['stream'],), (str(third['number']),), ('--state', 'bound'), ('--state', 'connected'), ('--state', 'leaving'),
            ('--after', str(first['number'])), ('--page', '1'))}
        wanted = [2, 1, 1, 0, 0, 0, 3, 0, 1, 1, 1, 1, 0, 2, 1]
        if list(found.values()) != wanted:
            return f'filters: {found}'
        more = json.loads(server.command('--json', 'stream', 'list', '--page', '1').stdout).get('more')
        if more != 2:
            return f'more: {more}'
        return kick(server, rows, (silent, opened, romeo))


def kick(server, rows, peers):
    silent, opened, romeo = peers
    for row in rows:
        server.rows('stream', 'kick', row['stream'], 'Good', 'night')
    silent.settimeout(5)
    if silent.recv(10) != b'':
        return 'the silent one is still there'
    for client in (opened, romeo):
        error = client.wait(lambda e: e is not None and e.tag.endswith('}error'))
        if not error[0].tag.endswith('policy-violation') or error[1].text != 'Good night':
            return f'{error[0].tag}'
        client.close()
    silent.close()
    if not until(lambda: not server.rows('stream', 'list')):
        return f'still there: {server.rows("stream", "list")}'
    return None if 'there is no connection' in server.refusal('stream', 'kick', rows[0]['stream']) and server.refusal('stream', 'kick', 'romeo@example') else 'kicked twice'


MANY = 3000


def many(program):
    """Thousands: pages follow each other without gap or double, and cost no memory that stays."""
    with running(program) as server:
        server.add_accounts(['romeo'])
        sockets = []
        for _ in range(MANY):
            sockets.append(socket.create_connection(('127.0.0.1', server.port)))
        seen, after = [], '0'
        if not until(lambda: json.loads(server.command('--json', 'stream', 'list', '--page', '1').stdout).get('more') == MANY - 1):
            return f'{server.rows("status")}'
        server.rows('stream', 'list', '--page', '1000')
        before = server.rss_mib()
        while True:
            page = server.rows('stream', 'list', '--page', '700', '--after', after)
            seen += [row['number'] for row in page]
            if not page:
                break
            after = str(page[-1]['number'])
        grown = server.rss_mib() - before
        for s in sockets:
            s.close()
        if len(seen) != MANY or seen != sorted(set(seen)):
            return f'{len(seen)} seen, {len(set(seen))} different'
        return None if grown < 8 else f'{grown} MiB more memory'


TESTS = (table, many)
