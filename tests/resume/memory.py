"""Sessions that hibernate end when the server is short of memory, and what they held waits on disk."""
import subprocess
import time

from server import DOMAIN, Server, report
from survivor import Connection
from xmppclient import CLIENT, STANZAS

HIBERNATING = '"figure":"sessions_hibernating","of":null,"value":'


def come(server, name):
    c = Connection(server.port, DOMAIN)
    c.open()
    c.plain(name, 'secret')
    c.open()
    c.bind('here')
    return c


def ask(server, *words):
    done = subprocess.run([server.program, *words, '-c', server.config], capture_output=True, encoding='utf-8', timeout=30, check=True)
    return done.stdout.replace(' ', '')


def limit(server, old, new):
    with open(server.config, encoding='utf-8') as f:
        text = f.read()
    with open(server.config, 'w', encoding='utf-8') as f:
        f.write(text.replace(f'memory = {old}', f'memory = {new}'))
    ask(server, 'reload')


def until(server, number, seconds=10):
    limit_at = time.monotonic() + seconds
    while time.monotonic() < limit_at:
        if f'{HIBERNATING}{number}}}' in ask(server, 'status', '--json'):
            return True
        time.sleep(0.1)
    return False


def run(options):
    server = Server(options.server, top='limits { enabled = no;  memory = 8g }')
    try:
        server.start()
        server.add_accounts(['away', 'speaker'])
        away = come(server, 'away')
        away.enable(resumable=True)
        away.send('<presence/>', 'presence')
        away.wait(lambda e: e is not None and e.tag in STANZAS)
        away.close()
        there = until(server, 1)
        speaker = come(server, 'speaker')
        speaker.send(f"<message to='away@{DOMAIN}' type='chat' id='1'><body>1</body></message>")
        speaker.round_trip()
        limit(server, '8g', '1m')
        gone = until(server, 0)
        limit(server, '1m', '8g')
        report('resume/short-of-memory-ends-hibernation', there and gone, '' if there and gone else f'hibernated: {there}, ended: {gone}')
        back = come(server, 'away')
        back.send('<presence/>')
        heard = back.wait(lambda e: e is not None and e.tag == CLIENT + 'message')
        report('resume/short-of-memory-loses-nothing', heard.get('id') == '1')
        complaint = server.stop()
        report('resume/short-of-memory-ends-well', not complaint, complaint or '')
    finally:
        server.remove()
