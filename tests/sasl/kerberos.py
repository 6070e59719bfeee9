"""GSSAPI, with a KDC of our own on a free port of this machine. libgsasl and MIT Kerberos are the client."""
import contextlib
import os
import shutil
import subprocess
import time

import gsasl
from house import House, TLS
from logins import must, stream
from server import free_port

REALM = 'EXAMPLE.TEST'
KRB5 = '''[libdefaults]
	default_realm = {realm}
	dns_lookup_kdc = false
	dns_lookup_realm = false
	rdns = false
	dns_canonicalize_hostname = false
	udp_preference_limit = 1
[realms]
	{realm} = {{
		kdc = 127.0.0.1:{port}
	}}
'''
KDC = '''[kdcdefaults]
	kdc_ports = ""
	kdc_tcp_listen = 127.0.0.1:{port}
[realms]
	{realm} = {{
		database_name = {folder}/principal
		key_stash_file = {folder}/stash
		acl_file = {folder}/acl
		supported_enctypes = aes256-cts-hmac-sha384-192:normal
	}}
'''
# What Kerberos makes once and keeps, and 109 bytes that libgsasl loses with each ticket that is refused.
LOST = 'leak:libgssapi_krb5\nleak:libkrb5\nleak:libgssglue\n'
DOMAINS = {
    'example.test': f'{TLS};  auth {{ mechanisms = [ SCRAM-SHA-256 GSSAPI PLAIN ] }}',
    'keyless.test': f'{TLS};  auth {{ mechanisms = [ GSSAPI PLAIN ];  gssapi {{ realm = "{REALM}" }} }}',
    'foreign.test': f'{TLS};  auth {{ mechanisms = [ GSSAPI ] }}',
}


class Kdc:
    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        os.mkdir(folder)
        self.write('krb5.conf', KRB5)
        self.write('kdc.conf', KDC)
        os.environ['KRB5_CONFIG'], os.environ['KRB5_KDC_PROFILE'] = f'{folder}/krb5.conf', f'{folder}/kdc.conf'
        self.run('kdb5_util', 'create', '-s', '-P', 'master', '-r', REALM)
        for user in ('romeo', 'nobody', 'romeo/admin'):
            self.admin(f'addprinc -pw secret {user}')
        for domain in ('example.test', 'foreign.test'):
            self.admin(f'addprinc -randkey xmpp/{domain}')
            self.admin(f'ktadd -k {folder}/keytab xmpp/{domain}')
        self.admin('addprinc -randkey xmpp/keyless.test')
        self.process = subprocess.Popen(['krb5kdc', '-n'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def write(self, name, text):
        with open(f'{self.folder}/{name}', 'w', encoding='utf-8') as f:
            f.write(text.format(realm=REALM, port=self.port, folder=self.folder))

    def run(self, *words, text=''):
        done = subprocess.run(words, input=text, capture_output=True, encoding='utf-8', timeout=30, check=False)
        must(done.returncode == 0, f'{words}: {done.stdout}{done.stderr}')

    def admin(self, line):
        self.run('kadmin.local', '-q', line)

    def become(self, user):
        """A ticket; the KDC may just be starting."""
        os.environ['KRB5CCNAME'] = f'FILE:{self.folder}/{user.replace("/", "-")}.cache'
        until = time.monotonic() + 10
        while True:
            try:
                return self.run('kinit', user, text='secret\n')
            except AssertionError:
                must(time.monotonic() < until, 'the KDC gives no ticket')
                time.sleep(0.1)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class KerberosHouse(House):
    def top(self):
        return f'auth {{ gssapi {{ keytab = "kdc/keytab" }} }}\n{super().top()}'


@contextlib.contextmanager
def house(program):
    server = KerberosHouse(program, domains=DOMAINS)
    kdc = None
    try:
        kdc = Kdc(f'{server.folder}/kdc')
        with open(f'{server.folder}/suppressions', 'w', encoding='utf-8') as f:
            f.write(LOST)
        server.environment = {'KRB5_CONFIG': f'{kdc.folder}/krb5.conf', 'LSAN_OPTIONS': f'suppressions={server.folder}/suppressions'}
        server.start()
        server.add('romeo@example.test', 'romeo@foreign.test', 'juliet@example.test', 'romeo@keyless.test')
        yield server, kdc
        why = server.stop()
        must(not why, why)
    finally:
        if kdc:
            kdc.stop()
        server.remove()


def log_in(w, domain, authzid=None, twist=lambda number, data: data):
    """`twist` changes the client's messages, which are numbered from 0."""
    known = {gsasl.SERVICE: 'xmpp', gsasl.HOSTNAME: domain, gsasl.AUTHID: 'romeo'}
    if authzid:
        known[gsasl.AUTHZID] = authzid
    client, number = gsasl.Session('GSSAPI', known), 0
    try:
        name, data = w.auth('GSSAPI', twist(0, client.step(b'')))
        while name == 'challenge':
            number += 1
            name, data = w.respond(twist(number, client.step(data)))
    finally:
        client.end()
    return name, data


def logins(program):
    with house(program) as (server, kdc):
        def refused(words, domain='example.test', why='not-authorized', **how):
            with stream(server.port, domain, '1.3') as w:
                answer = log_in(w, domain, **how)
                must(answer == ('failure', why), f'{words}: {answer}')

        kdc.become('romeo')
        for tls in ('1.2', '1.3'):
            with stream(server.port, 'example.test', tls) as w:
                must('GSSAPI' in w.mechanisms())
                must(log_in(w, 'example.test')[0] == 'success', f'TLS {tls}')
                must(w.bind() == 'romeo@example.test/r')
                must([s['mechanism'] for s in server.ask('session', 'list')['rows']] == ['GSSAPI'])
        for authzid in ('romeo', 'romeo@example.test'):
            with stream(server.port, 'example.test', '1.3') as w:
                must(log_in(w, 'example.test', authzid)[0] == 'success', authzid)
        refused('for another', authzid='juliet@example.test', why='invalid-authzid')
        refused('for another, by name', authzid='juliet', why='invalid-authzid')
        refused('no key', 'keyless.test', why='temporary-auth-failure')
        refused('another realm than the domain wants', 'foreign.test')
        refused('a broken ticket', twist=lambda n, data: data[:-20] + bytes(20) if n == 0 else data)
        refused('half a ticket', twist=lambda n, data: data[:len(data) // 2] if n == 0 else data)
        refused('nothing sealed', twist=lambda n, data: b'\x01\0\0\0romeo' if n == 2 else data)
        refused('a broken seal', twist=lambda n, data: data[:-1] + bytes([data[-1] ^ 1]) if n == 2 else data)
        with stream(server.port, 'example.test', '1.3') as w:
            must(w.auth('GSSAPI', bytes(range(256)) * 8) == ('failure', 'not-authorized'), 'noise')

        heard = []
        with stream(server.port, 'example.test', '1.3') as w:
            must(log_in(w, 'example.test', twist=lambda n, data: heard.append(data) or data)[0] == 'success')
        with stream(server.port, 'example.test', '1.3') as w:                # replayed: its first step may well be taken
            name, data = w.auth('GSSAPI', heard[0])
            for said in heard[1:]:
                name, data = w.respond(said) if name == 'challenge' else (name, data)
            must((name, data) == ('failure', 'not-authorized'), f'replayed: {name} {data}')
        with stream(server.port, 'example.test', '1.3') as w:
            must(w.auth('GSSAPI')[0] == 'challenge' and w.say('abort') == ('failure', 'aborted'))
            must(log_in(w, 'example.test')[0] == 'success', 'after an abort')
        kdc.become('nobody')
        refused('a ticket without an account')
        kdc.become('romeo/admin')
        refused('a principal of two parts')


def missing():
    """What the test lacks here, or None."""
    for program in ('krb5kdc', 'kdb5_util', 'kadmin.local', 'kinit'):
        if not shutil.which(program):
            return f'{program} is not installed'
    return None
