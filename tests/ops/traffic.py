"""The traffic log: a line for each stanza, from files of another server's users too, and what becomes of the file."""
import hashlib
import os
import re
import signal
import socket
import subprocess
import time

from admin import running


def until(test, patience=10):
    end = time.monotonic() + patience
    while not test() and time.monotonic() < end:
        time.sleep(0.02)
    return test()


def lines(server, name='traffic'):
    return server.read(name).splitlines()


def stanzas(server, name='traffic'):
    return [line for line in lines(server, name) if not line.endswith('+M')]


def say(client, to, number):
    client.send(f"<message to='{to}' type='chat' id='m{number}'><body>by the moon</body></message>", f'm{number}')


def change(server, old, new):
    text = server.read('jackdaw.conf')
    assert old in text
    with open(server.config, 'w', encoding='utf-8') as f:
        f.write(text.replace(old, new))


def each_once(program):
    """Each stanza has its line once, in and out, with the peer; no body; and the heart beats."""
    with running(program, top='xmpp_logger "xmpp_logger1" { logfile = "traffic"  logmode = 0600  heartbeat = 1s }') as server:
        server.add_accounts(['romeo', 'juliet'])
        romeo, juliet = (server.log_in(name, presence=True) for name in ('romeo', 'juliet'))
        peers = ['%s:%d' % c.socket.getsockname()[:2] for c in (romeo, juliet)]
        for number in range(50):
            say(romeo, 'juliet@example', number)
        juliet.wait(lambda e: e is not None and e.get('id') == 'm49')
        say(romeo, 'nobody@example', 50)
        romeo.wait(lambda e: e is not None and e.get('id') == 'm50')
        romeo.send("<iq type='get' id='p' to='example'><ping xmlns='urn:xmpp:ping'/></iq>")
        romeo.wait(lambda e: e is not None and e.get('id') == 'p')
        for number, text in (('s', "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>"), ('b', "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>")):
            romeo.send(f"<iq type='set' id='{number}'>{text}</iq>")      # answered by the stream itself
            romeo.wait(lambda e, n=number: e is not None and e.get('id') == n)
        until(lambda: sum(line.endswith('+M') for line in lines(server)) >= 2 and any('+b+error' in line for line in lines(server)))
        seen = [re.sub(r'^\d{10}', 'T', line) for line in stanzas(server)]
        r, j = 'romeo@example/here', 'juliet@example/here'
        wanted = [f'T+R+message+juliet@example+{r}+m{n}+chat+{peers[0]}' for n in range(50)]
        wanted += [f'T+D+message+juliet@example+{r}+m{n}+chat+{peers[1]}' for n in range(50)]
        wanted += [f'T+R+message+nobody@example+{r}+m50+chat+{peers[0]}', f'T+D+message+{r}+nobody@example+m50+error+{peers[0]}',
                   f'T+R+iq+example+{r}+p+get+{peers[0]}', f'T+D+iq+{r}+example+p+result+{peers[0]}',
                   f'T+R+iq+romeo@example+{r}+s+set+{peers[0]}', f'T+D+iq+{r}+romeo@example+s+result+{peers[0]}',
                   f'T+R+iq+romeo@example+{r}+b+set+{peers[0]}', f'T+D+iq+{r}+romeo@example+b+error+{peers[0]}']
        wrong = [line for line in wanted if seen.count(line) != 1]
        others = [line for line in seen if line not in wanted and not re.match(r'T\+[RD]\+presence\+(%s|%s)' % (r.split('/')[0], j.split('/')[0]), line)]
        mode = os.stat(f'{server.folder}/traffic').st_mode & 0o777
        beats = [int(line.split('+')[0]) for line in lines(server) if line.endswith('+M')]
        for client in (romeo, juliet):
            client.close()
        if wrong or others or mode != 0o600 or 'moon' in server.read('traffic'):
            return f'{wrong[:3]} {others[:3]} {mode:o}'
        return None if len(beats) >= 2 and all(0 < b - a <= 3 for a, b in zip(beats, beats[1:])) else f'beats: {beats}'


def component(server, name, secret):
    """A connected one: its socket (XEP-0114)."""
    link = socket.create_connection(('127.0.0.1', server.port), 10)
    link.sendall(f"<stream:stream to='{name}' xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>".encode())
    heard = ''
    while " id='" not in heard:
        heard += link.recv(4096).decode()
    number = re.search(r" id='([^']+)'", heard).group(1)
    link.sendall(f'<handshake>{hashlib.sha1((number + secret).encode()).hexdigest()}</handshake>'.encode())
    while '<handshake/>' not in heard:
        heard += link.recv(4096).decode()
    return link


def of_components(program):
    """What a component says and is told has its lines too, with the peer that it is."""
    with running(program, top='xmpp_logger { logfile = "traffic" }\ncomponent "gw.example" { secret = "s3cr3t" }') as server:
        server.add_accounts(['romeo'])
        romeo, gateway = server.log_in('romeo'), component(server, 'gw.example', 's3cr3t')
        say(romeo, 'x@gw.example', 1)
        while b'by the moon' not in gateway.recv(4096):
            pass
        gateway.sendall(b"<message from='x@gw.example' to='romeo@example/here' id='m2' type='chat'><body>by the lark</body></message>")
        romeo.wait(lambda e: e is not None and e.get('id') == 'm2')
        r, at = 'romeo@example/here', ['%s:%d' % s.getsockname()[:2] for s in (romeo.socket, gateway)]
        wanted = [f'R+message+x@gw.example+{r}+m1+chat+{at[0]}', f'D+message+x@gw.example+{r}+m1+chat+{at[1]}',
                  f'R+message+{r}+x@gw.example+m2+chat+{at[1]}', f'D+message+{r}+x@gw.example+m2+chat+{at[0]}']
        until(lambda: '+D+message+romeo' in server.read('traffic'))
        seen = [line.split('+', 1)[1] for line in stanzas(server) if '+message+' in line]
        romeo.close()
        gateway.close()
        return None if seen == wanted else f'{seen}'


def rotation(program):
    """Renamed and reopened at HUP, replaced by size: no line is missing, none is torn."""
    with running(program, top='xmpp_logger { logfile = "traffic"  rotate_keep = 900  rotate_size = 2000  log_delivery = no }') as server:
        server.add_accounts(['romeo'])
        romeo = server.log_in('romeo')
        for number in range(300):
            say(romeo, 'romeo@example', number)
            if number == 150:
                romeo.round_trip()
                os.rename(f'{server.folder}/traffic', f'{server.folder}/moved')
                server.process.send_signal(signal.SIGHUP)
                until(lambda: os.path.exists(f'{server.folder}/traffic'))
        romeo.round_trip()
        romeo.close()
        why = server.stop()
        names = [name for name in os.listdir(server.folder) if name.startswith('traffic') or name == 'moved']
        sizes = [os.path.getsize(f'{server.folder}/{name}') for name in names]
        ids = [line.split('+')[5] for name in names for line in stanzas(server, name) if line.split('+')[2] == 'message']
        if why or max(sizes) > 2000 or len(names) < 8:
            return f'{why} {dict(zip(names, sizes))}'
        return None if sorted(ids) == sorted(f'm{n}' for n in range(300)) else f'{len(ids)} lines'


def by_reload(program):
    """A reload changes the format and the file, and switches a domain off, without a stanza between them."""
    logger = 'xmpp_logger { logfile = "traffic"  log_delivery = no }'
    with running(program, top=logger + '\ndomain "second" { tls = off  xmpp_logger { enabled = no } }') as server:
        server.add_accounts(['romeo'])
        romeo = server.log_in('romeo')
        steps = [(logger, 'xmpp_logger { logfile = "traffic"  logmode = 0600  log_delivery = no  log_reception_format = "%ai" }'),
                 ('log_reception_format = "%ai"', 'log_reception_format = "new %ai"'), ('"traffic"', '"other"'),
                 ('log_delivery = no', 'log_delivery = no  enabled = no'), ('enabled = no  log_r', 'log_r')]
        for number, (old, new) in enumerate(steps):
            say(romeo, 'romeo@example', number)
            romeo.round_trip()
            change(server, old, new)
            server.rows('reload')
        say(romeo, 'romeo@example', len(steps))
        romeo.round_trip()
        romeo.close()
        until(lambda: 'new m5' in lines(server, 'other'))
        first = [line for line in stanzas(server) if re.search(r'\bm\d', line)]
        other = [line for line in stanzas(server, 'other') if re.search(r'\bm\d', line)]
        mode = os.stat(f'{server.folder}/traffic').st_mode & 0o777
        if mode != 0o600 or len(first) != 3 or first[1:] != ['m1', 'new m2'] or '+m0+' not in first[0]:
            return f'first: {first} {mode:o}'
        return None if other == ['new m3', 'new m5'] else f'other: {other}'


def faults(program):
    """What is wrong is refused with its place and the nearest macro; the old names are taken."""
    with running(program) as server:
        for text, words in (('log_delivery_format = "%t %sx"', 'xmpp_logger.log_delivery_format: there is no macro "%sx"; did you mean "%st"?'),
                            ('log_heartbeat_format = "%sr"', '"%sr" is of a stanza'),
                            ('logfile = "nowhere/traffic"', 'nowhere'), ('log_recepton = no', 'did you mean "log_reception"')):
            with open(f'{server.folder}/jackdaw.conf', encoding='utf-8') as f:
                before = f.read()
            with open(server.config, 'a', encoding='utf-8') as f:
                f.write(f'xmpp_logger {{\n  {text}\n}}\n')
            refused = server.refusal('reload')
            line = before.count('\n') + 2
            with open(server.config, 'w', encoding='utf-8') as f:
                f.write(before)
            if words not in refused or ('logfile' not in text and f'jackdaw.conf:{line}:' not in refused):
                return f'{text}: {refused}'
        with open(server.config, 'a', encoding='utf-8') as f:
            f.write('xmpp_logger { logfile = "traffic"  reception_format = "%tR%H"  delivery_format = "%tD%H" }\n')
        done = subprocess.run([server.program, 'config', 'check', '-c', server.config], capture_output=True, encoding='utf-8', check=False)
        said = done.stdout + done.stderr
        return said if done.returncode or 'xmpp_logger' in said else None


TESTS = (each_once, of_components, rotation, by_reload, faults)
