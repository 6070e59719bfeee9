"""A client that doesn't read: its connection is dropped without a word, its session hibernates, and when it comes back it has everything."""
import time

from server import DOMAIN, Server, report
from survivor import Connection
from xmppclient import SM, STANZAS

TOP = 'tcp_send_buffer_size = 16k; limits { enabled = no;  write_queue_soft = 64k;  write_queue_hard = 64k }'
MESSAGES, SIZE = 60, 20000


def come(server, name, **more):
    c = Connection(server.port, DOMAIN, **more)
    c.open()
    c.plain(name, 'secret')
    c.open()
    return c


def run(options):
    server = Server(options.server, top=TOP)
    try:
        server.start()
        server.add_accounts(['slow', 'quick'])
        reader = come(server, 'slow', receive_buffer=4096)
        reader.bind('here')
        number = reader.enable_resume()
        reader.send('<presence/>', 'presence')
        reader.wait(lambda e: e is not None and e.tag in STANZAS)
        speaker = come(server, 'quick')
        speaker.bind('here')
        for n in range(MESSAGES):
            speaker.send(f"<message to='slow@{DOMAIN}' type='chat' id='{n}'><body>{'x' * SIZE}</body></message>")
            if n % 10 == 9:
                speaker.round_trip()
        time.sleep(0.3)
        reader.take()
        told = [e for e in reader.stanzas if e is None or not e.tag in STANZAS]
        report('resume/slow-reader-is-dropped-without-a-word', reader.is_over and not told, '' if reader.is_over else 'it is still connected')
        back = come(server, 'slow')
        back.follow(reader)
        answer = back.resume(number)
        heard = reader.received - 1                      # its own presence was the first
        while heard < MESSAGES and answer.tag == f'{{{SM}}}resumed':
            back.wait(lambda e: e is not None and e.tag in STANZAS)
            heard += 1
        report('resume/slow-reader-loses-nothing', heard == MESSAGES, f'{heard} of {MESSAGES}' if heard != MESSAGES else '')
        complaint = server.stop()
        report('resume/slow-reader-ends-well', not complaint, complaint or '')
    finally:
        server.remove()
