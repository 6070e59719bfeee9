"""Accounts go to Prosody, and come from there: by its own migrator and its own storage of XEP-0227 files."""
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time

from admin import running
from server import USER, free_port
from xmppclient import Client

import export as ours

MIGRATOR = '/usr/bin/prosody-migrator'
STORES = '{ "accounts", "roster", "vcard", "private" }'
MIGRATION = '''
here { type = "xep0227"; hosts = { ["example"] = %s } }
there { type = "internal"; path = "%s"; hosts = { ["example"] = %s } }
'''
CONFIG = '''
data_path = "{folder}"; pidfile = "{folder}/pid"; run_as_root = true
log = {{ info = "{folder}/log" }}
modules_enabled = {{ "roster", "saslauth", "tls", "vcard", "register", "offline" }}
modules_disabled = {{ "s2s" }}
authentication = "internal_hashed"; allow_registration = true; c2s_require_encryption = false; allow_unencrypted_plain_auth = true
c2s_interfaces = {{ "127.0.0.1" }}; c2s_ports = {{ {port} }}; c2s_direct_tls_ports = {{}}
s2s_ports = {{}}; http_ports = {{}}; https_ports = {{}}
VirtualHost "example"
'''


class Prosody:
    """Its data folder, its migrator, and the server itself."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='prosody-')
        self.port, self.process = free_port(), None
        with open(MIGRATOR, encoding='utf-8') as f:
            script = f.read().replace("CFG_DATADIR='/var/lib/prosody'", f"CFG_DATADIR='{self.folder}'")
        self.write('migrator.lua', script)
        self.write('migrator.cfg.lua', MIGRATION % (STORES, self.folder, STORES))
        self.write('prosody.cfg.lua', CONFIG.format(folder=self.folder, port=self.port))

    def write(self, name, text):
        with open(f'{self.folder}/{name}', 'w', encoding='utf-8') as f:
            f.write(text)

    def migrate(self, source, target):
        done = subprocess.run(['lua5.4', f'{self.folder}/migrator.lua', '--root', '--config', f'{self.folder}/migrator.cfg.lua', source, target],
                              capture_output=True, encoding='utf-8', timeout=60, cwd=self.folder, check=False)
        if done.returncode or 'Done!' not in done.stderr or 'rror' in done.stdout:
            raise RuntimeError(f'{done.stdout[-2000:]} {done.stderr[-2000:]}')

    def start(self):
        user = pwd.getpwnam(USER) if os.geteuid() == 0 else None
        for path, _, files in os.walk(self.folder) if user else ():
            for name in [path] + [f'{path}/{f}' for f in files]:
                shutil.chown(name, USER)
        more = {'user': user.pw_uid, 'group': user.pw_gid, 'extra_groups': []} if user else {}
        with open(f'{self.folder}/errors', 'ab') as errors:
            self.process = subprocess.Popen(['prosody', '-F', '--config', f'{self.folder}/prosody.cfg.lua'], stdin=subprocess.DEVNULL,
                                            stdout=errors, stderr=errors, cwd=self.folder, **more)
        for _ in range(500):
            try:
                socket.create_connection(('127.0.0.1', self.port)).close()
                return
            except OSError:
                time.sleep(0.02)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(20)
        self.process = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_in(self, name, password):
        """By SCRAM-SHA-1, without TLS: its default keys."""
        client = Client(self.port, 'example')
        client.open()
        client.scram(name, password, 'sha1', 'SCRAM-SHA-1')
        client.open()
        client.bind('here')
        return client


def ask(client, number, text):
    client.send(f"<iq type='get' id='{number}'>{text}</iq>")
    return client.wait(lambda e: e is not None and e.get('id') == number)[0]


ROSTER, CARD = "<query xmlns='jabber:iq:roster'/>", "<vCard xmlns='vcard-temp'/>"


def facts(client):
    """What matters of roster and card, whoever tells it."""
    items = {item.get('jid'): (item.get('name'), item.get('subscription'), item.get('ask'), sorted(group.text for group in item))
             for item in ask(client, 'r', ROSTER)}
    return items, [(e.tag, e.text) for e in ask(client, 'v', CARD).iter() if e.tag.endswith('}FN')]


def there(program):
    """An export is taken by Prosody's migrator, and its client logs into Prosody with the old password, sees roster and card."""
    prosody = Prosody()
    try:
        with running(program) as server:
            server.add_accounts(['romeo', 'juliet'])
            server.command('import', '-', '--overwrite', text=ours.DOCUMENT.replace('ju&amp;liet', 'juliets'))
            for jid in ('romeo@example', 'juliet@example'):  # Prosody wants a file for each account
                server.rows('export', f'{prosody.folder}/{jid}.xml', jid)
            client = server.log_in('romeo', tls=True)
            here = facts(client)
            client.close()
        prosody.migrate('here', 'there')
        prosody.start()
        client = prosody.log_in('romeo', 'secret')
        seen = facts(client)
        client.send('<presence/>')
        asks = {client.wait(lambda e: e is not None and e.get('type') == 'subscribe').get('from') for _ in range(2)}
        client.close()
        prosody.log_in('juliet', 'juliets').close()
        if asks != {'nurse@example', 'paris@example'}:
            return f'who asks: {asks}'
        return None if seen == here and len(seen[0]) == 5 else f'there {seen}, here {here}'
    finally:
        prosody.remove()


def back(program):
    """What Prosody made comes to us by its migrator, and the old passwords fit."""
    prosody = Prosody()
    try:
        prosody.start()
        for name in ('romeo', 'juliet'):
            done = Client(prosody.port, 'example')
            done.open()
            done.send(f"<iq type='set' id='n'><query xmlns='jabber:iq:register'><username>{name}</username><password>secret</password></query></iq>")
            done.wait(lambda e: e is not None and e.get('id') == 'n')
            done.close()
        romeo, juliet = prosody.log_in('romeo', 'secret'), prosody.log_in('juliet', 'secret')
        for client in (romeo, juliet):
            ask(client, 'r', ROSTER)
            client.send('<presence/>')
        romeo.send("<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='juliet@example' name='Juliet &amp; co'><group>Friends</group></item></query></iq>")
        romeo.wait(lambda e: e is not None and e.get('id') == 's')
        romeo.send("<presence type='subscribe' to='juliet@example'/><presence type='subscribe' to='nobody@elsewhere.example'/>")
        juliet.wait(lambda e: e is not None and e.get('type') == 'subscribe')
        juliet.send("<presence type='subscribed' to='romeo@example'/>")
        romeo.wait(lambda e: e is not None and e.tag.endswith('presence') and e.get('from') == 'juliet@example/here')
        romeo.send("<iq type='set' id='c'><vCard xmlns='vcard-temp'><FN>Romeo</FN></vCard></iq>")
        romeo.wait(lambda e: e is not None and e.get('id') == 'c')
        before = facts(romeo)
        romeo.close()
        juliet.close()
        prosody.stop()
        prosody.migrate('there', 'here')
        with running(program, domain='auth { mechanisms = [ SCRAM-SHA-256 SCRAM-SHA-1 PLAIN ] }') as server:
            done = server.command('import', prosody.folder)
            if '2 accounts made, 0 merged, 0 refused; 2 have keys for SCRAM-SHA-1 only' not in done.stdout + done.stderr:
                return f'{done}'
            first = [ours.logs_in(server, 'romeo', 'secret', ('sha1', 'SCRAM-SHA-1')), not ours.logs_in(server, 'romeo', 'wrong', ('sha1', 'SCRAM-SHA-1'))]
            client = server.log_in('romeo')                  # PLAIN: and now all keys are made of it
            after = facts(client)
            client.close()
            time.sleep(0.5)
            keys = [e.get('mechanism') for e in ours.ElementTree.fromstring(ours.export(server, 'romeo@example')).iter(f'{ours.SCRAM}scram-credentials')]
            if not all(first) or keys != ['SCRAM-SHA-1', 'SCRAM-SHA-256']:
                return f'logins {first}, keys {keys}'
            return None if before == after and len(before[0]) == 2 else f'before {before}, after {after}'
    finally:
        prosody.remove()


TESTS = (there, back)
