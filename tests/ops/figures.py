"""What the server tells of itself in numbers."""
import json
import time

from admin import running
from xmppclient import Client, Lost


def count(program):
    """Each figure counts what it says, over all loops, and status shows every one."""
    with running(program) as server:
        names = [f'user{n}' for n in range(8)]
        server.add_accounts(names)
        clients = [server.log_in(name, presence=True) for name in names]
        for client in clients:
            client.send(f"<message to='{names[0]}@example' type='chat'><body>hello</body></message>")
            client.round_trip()
        try:
            Client(server.port, 'example').log_in(names[0], 'wrong', 'x')
        except Lost:
            pass
        strange = Client(server.port, 'elsewhere')
        strange.send("<stream:stream to='elsewhere' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>")
        strange.wait(lambda e: e is None)
        rows = server.rows('figures')
        value = {(row['figure'], row['of']): row['value'] for row in rows}
        wanted = {('sessions', None): 8, ('stanzas', 'kind="message"'): 8, ('stanzas', 'kind="presence"'): 8, ('stanzas', 'kind="iq"'): 8, ('stanzas_in', None): 24,
                  ('logins', None): 8, ('logins_refused', None): 1, ('streams', None): 10, ('stream_errors', None): 1, ('domains', None): 1, ('store_degraded', None): 0}
        wrong = {key: value.get(key) for key, n in wanted.items() if value.get(key) != n}
        some = [key for key in (('bytes_in', None), ('memory_resident_bytes', None), ('memory_bytes', 'of="malloc"'), ('memory_bytes', 'of="store\'s pages"'),
                                ('store_commits', None), ('store_jobs', None), ('store_commit_ms', None), ('start_time_seconds', None)) if not value.get(key, 0) > 0]
        batches = sum(n for (name, _), n in value.items() if name == 'store_batches')
        if wrong or some or batches < value['store_commits', None]:
            return f'wrong {wrong}, nothing of {some}, {batches} batches'
        (status,) = server.rows('status')
        if [(row['figure'], row['of']) for row in status['figures']] != list(value):
            return f'status: {status["figures"]}'
        for client in clients:
            client.close()
        return prometheus(server, rows)


def prometheus(server, rows):
    text = server.command('figures', '--prometheus').stdout
    lines = [line for line in text.splitlines() if not line.startswith('#')]
    if len(lines) != len(rows) or not all(line.startswith('jackdaw_') and float(line.rsplit(' ', 1)[1]) >= 0 for line in lines):
        return text
    deadline = time.monotonic() + 5
    while 'jackdaw_sessions 0' not in server.command('figures', '--prometheus').stdout:
        if time.monotonic() > deadline:
            return 'sessions that ended are still counted'
    return None


TESTS = (count,)
