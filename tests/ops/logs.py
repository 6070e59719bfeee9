"""What the log says, of whom, and what it doesn't say."""
import base64
import json
import re
import subprocess
import time

from admin import running
from xmppclient import Client

DESK = "<message to='juliet@example' type='chat'><body>by the moon</body></message>"


class Follower:
    """`log follow` as it runs."""

    def __init__(self, server, *words):
        self.child = subprocess.Popen(server.words('log', 'follow', *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding='utf-8')
        time.sleep(0.3)                              # it has begun

    def end(self):
        time.sleep(0.4)                              # lines are fetched now and then
        self.child.terminate()
        return self.child.communicate(timeout=20)[0].splitlines()


def talk(server, names=('romeo', 'juliet')):
    clients = [server.log_in(name, acks=name == 'romeo', tls=True, presence=True) for name in names]
    clients[0].send(DESK, 'desk')
    clients[1].wait(lambda e: e is not None and e.tag.endswith('message'))
    return clients


def low(program):
    """At low: the tag changes when the stream is known, and each line says connection, JID, peer and reason."""
    with running(program, level='low') as server:
        server.add_accounts(['romeo', 'juliet'])
        clients = talk(server)
        peer = '%s:%d' % clients[0].socket.getsockname()[:2]
        for client in clients:
            client.send('</stream:stream>')
            client.wait(lambda e: e is None)
            client.close()
        stranger = Client(server.port, 'nowhere.example')
        stranger.send("<stream:stream to='nowhere.example' version='1.0' xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>")
        stranger.wait(lambda e: e is None)
        stranger.close()
        time.sleep(0.2)
        lines = [line for line in server.log().splitlines() if f'peer={peer}' in line]
        tags = {line.split()[2] for line in lines}
        if len(tags) != 1 or not re.fullmatch(r'XMPPS-\d{6}', tags.pop()):
            return f'tags of one connection: {lines}'
        wanted = ['stream header to example peer=', 'authenticated by SCRAM', 'bound jid=romeo@example/here peer=', 'ended: closed by the client jid=romeo@example']
        missing = [words for words in wanted if not any(words in line for line in lines)]
        if missing:
            return f'missing {missing} in {lines}'
        strange = [line for line in server.log().splitlines() if 'invalid-namespace' in line]
        return None if strange and all('XMPPI-' in line for line in strange) else f'the stranger: {strange}'


def secrets(program):
    """At all, both ways: every stanza, and no password, key or token."""
    secret = base64.b64encode(b'\0romeo\0secret').decode()
    with running(program, level='all', domain='registration { allow_password_change = yes }') as server:
        server.add_accounts(['romeo', 'juliet'])
        clients = talk(server)
        clients[0].send("<iq type='set' id='p'><query xmlns='jabber:iq:register'><username>romeo</username><password>topsecret</password></query></iq>", 'p')
        clients[0].ask()
        clients[0].wait(lambda e: e is not None and e.get('id') == 'p')
        plain = Client(server.port, 'example')
        plain.open()
        plain.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>")
        plain.wait(lambda e: e is not None and ('success' in e.tag or 'failure' in e.tag))
        for client in clients + [plain]:
            client.close()
        time.sleep(0.2)
        log = server.log()
        told = [words for words in ('topsecret', secret, 'n,,n=romeo', base64.b64encode(b'n,,n=romeo').decode()[:12], base64.b64encode(b'v=').decode()[:2] + '9')
                if words in log]
        shown = [words for words in ('received <message', 'by the moon', 'sent <message', 'sent <stream:features', 'received <auth ', '[hidden]',
                                     "received <iq type='set' id='p'", 'received <stream:stream ', 'sent <a ') if words not in log]
        return f'told: {told}, not shown: {shown}' if told or shown else None


def follow(program):
    """`log follow` sees one account, address or connection only, and the log stays as it is."""
    with running(program) as server:
        server.add_accounts(['romeo', 'juliet'])
        romeo, everybody = Follower(server, 'romeo@example'), Follower(server, '127.0.0.1', 'low', '--lines-json')
        nobody = Follower(server, '127.0.0.2')
        clients = talk(server)
        (row,) = server.rows('session', 'list', 'romeo@example')
        one = Follower(server, row['stream'].replace('-0000', '-'))
        clients[0].send(DESK, 'desk')
        clients[0].send("<r xmlns='urn:xmpp:sm:3'/>")
        clients[1].send(DESK.replace('juliet', 'romeo').replace('moon', 'lark'))
        clients[0].wait(lambda e: e is not None and e.tag.endswith('message'))
        seen = [follower.end() for follower in (romeo, everybody, nobody, one)]
        for client in clients:
            client.close()
        wrong = [line for line in seen[0] if 'jid=romeo@example' not in line] or [line for line in seen[3] if row['stream'] not in line]
        if wrong or not any('received <message' in line for line in seen[0]) or not any('sent <message' in line and 'lark' in line for line in seen[3]):
            return f'of romeo: {seen[0]}, of his stream: {seen[3]}'
        facts = [json.loads(line) for line in seen[1]]
        if {fact.get('jid', '').split('/')[0] for fact in facts} != {'', 'romeo@example', 'juliet@example'} or any(fact['level'] == 'all' for fact in facts):
            return f'by address: {facts}'
        if seen[2] or 'moon' in server.log() or 'bound' in server.log():
            return f'somewhere else: {seen[2]}, {server.log()}'
        began = time.monotonic()
        done = server.command('log', 'follow', 'STORE', '--for', '1s')
        took = time.monotonic() - began
        if done.returncode or not 0.9 < took < 5 or 'followed until now' not in done.stdout + done.stderr:
            return f'it should end by itself: {took} {done}'
        refused = [server.refusal('log', 'follow', *words) for words in (('a@b@c',), ('romeo@example', 'loud'), ('romeo@example', '--for', '25h'))]
        return None if all(refused) else f'taken: {refused}'


def live(program):
    """Levels of tags and modules change live, and a reload takes those of the configuration."""
    with running(program, top='log { tags = [ XMPPS = low ] }') as server:
        server.add_accounts(['romeo'])
        count = lambda: server.log().count(' bound ')
        seen = []
        for words in ((), ('major', 'XMPPS'), ('low',), ('major',)):
            if words:
                server.rows('log', 'level', *words)
            server.log_in('romeo').close()
            time.sleep(0.15)
            seen.append(count())
        server.rows('reload')
        server.log_in('romeo').close()
        time.sleep(0.15)
        seen.append(count())
        return None if seen == [1, 1, 1, 1, 2] else f'lines: {seen}'


def modules(program):
    """Every module takes enabled and debug_level; what is needed can't be switched off."""
    with running(program, domain='ping { enabled = no }  vcard { enabled = no }', top='offline { debug_level = notice }') as server:
        server.add_accounts(['romeo'])
        client = server.log_in('romeo')
        heard = []
        for number, query in enumerate(("<ping xmlns='urn:xmpp:ping'/>", "<query xmlns='jabber:iq:version'/>", "<query xmlns='http://jabber.org/protocol/disco#info'/>")):
            client.send(f"<iq type='get' id='{number}' to='example'>{query}</iq>")
            heard.append(client.wait(lambda e, n=str(number): e is not None and e.get('id') == n))
        features = [e.get('var') for e in heard[2][0]]
        client.close()
        if [e.get('type') for e in heard] != ['error', 'result', 'result'] or 'urn:xmpp:ping' in features or 'vcard-temp' in features or 'jabber:iq:version' not in features:
            return f'{[e.get("type") for e in heard]} {features}'
        with open(f'{server.folder}/jackdaw.conf', 'a', encoding='utf-8') as f:
            f.write('roster { enabled = no }\n')
        return None if "can't be switched off" in server.refusal('reload') else 'the roster was switched off'


TESTS = (low, secrets, follow, live, modules)
