"""A server whose listeners a test writes down, and raw connections to it."""
import collections
import contextlib
import ctypes
import json
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

from server import Server, USER, free_port
from xmppclient import Client, Parser

CONFIG = '''
data_dir = "data"
control_socket = "control"
{threads}
{user}
log {{ level = low;  output = "log" }}
'''
DOMAIN = 'domain "example" { tls = optional;  tls_certificate = "example.pem";  tls_key = "example.key";  auth { allow_plain_without_tls = yes } }\n'
PATIENCE = 20.0


class Failed(Exception):
    pass


def must(what, words=''):
    if not what:
        raise Failed(words or 'it is not so')


def soon(test, words, patience=PATIENCE):
    """Waits until it holds; gives what it gave."""
    until = time.monotonic() + patience
    while True:
        found = test()
        if found:
            return found
        must(time.monotonic() < until, f'in vain was waited until {words}')
        time.sleep(0.02)


def openssl(*words, folder):
    subprocess.run(['openssl', *words], check=True, capture_output=True, cwd=folder)


def make_certificate(folder, name, domain, kind='ec', days=60):
    """NAME.pem and NAME.key, each put in place whole."""
    key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] if kind == 'ec' else ['-newkey', 'rsa:2048']
    openssl('req', '-x509', *key, '-nodes', '-days', str(days), '-subj', f'/CN={domain}', '-addext', f'subjectAltName=DNS:{domain}',
            '-keyout', f'{name}.key.new', '-out', f'{name}.pem.new', folder=folder)
    for end in ('key', 'pem'):
        if os.geteuid() == 0:
            shutil.chown(f'{folder}/{name}.{end}.new', USER)
        os.rename(f'{folder}/{name}.{end}.new', f'{folder}/{name}.{end}')


class House(Server):
    def __init__(self, program, listeners, domains=DOMAIN, environment=None, accounts=()):
        # pylint: disable=super-init-not-called
        self.under, self.before = (), None
        self.program, self.environment, self.process = os.path.abspath(program), environment or {}, None
        self.folder = tempfile.mkdtemp(prefix='jackdaw-listen-')
        self.config = f'{self.folder}/jackdaw.conf'
        self.ports = {}
        make_certificate(self.folder, 'example', 'example')
        self.listeners, self.domains, self.accounts = listeners, domains, accounts
        self.configure(listeners)

    def __enter__(self):
        if self.accounts:
            self.hand_over()
            self.add_accounts(self.accounts)
        self.start()
        return self

    def __exit__(self, *unused):
        failed = unused[0]
        wrong = self.stop() if self.process else None
        if failed and os.environ.get('KEEP'):
            print(self.folder)
            return
        self.remove()
        if wrong and not failed:
            raise Failed(wrong)

    def hand_over(self):
        if os.geteuid() != 0:
            return
        for folder, _, files in os.walk(self.folder):
            for name in [folder] + [f'{folder}/{f}' for f in files]:
                os.chown(name, *owner(), follow_symlinks=False)

    def configure(self, listeners, domains=None):
        """«name» in the text becomes a free port, always the same; {folder} the folder."""
        self.listeners, self.domains = listeners, domains or self.domains
        text = CONFIG.format(threads='' if 'threads =' in listeners else 'threads = 2', user=f'user = {USER}' if os.geteuid() == 0 else '') + listeners + self.domains
        text = re.sub('«([a-z0-9-]+)»', lambda m: str(self.ports.setdefault(m.group(1), free_port())), text)
        with open(f'{self.folder}/jackdaw.conf.new', 'w', encoding='utf-8') as f:
            f.write(text.replace('{folder}', self.folder))
        os.rename(f'{self.folder}/jackdaw.conf.new', f'{self.folder}/jackdaw.conf')
        self.hand_over()

    def command(self, *words, is_fine=True):
        done = subprocess.run([self.program, *words, '-c', f'{self.folder}/jackdaw.conf'], capture_output=True, encoding='utf-8', timeout=60,
                              check=False)
        must((done.returncode == 0) == is_fine, f'{words}: {done.stdout}{done.stderr}')
        return done.stdout + done.stderr

    def reload(self, listeners=None, domains=None, is_fine=True):
        self.configure(listeners or self.listeners, domains)
        return self.command('reload', is_fine=is_fine)

    def status(self):
        return json.loads(self.command('status', '--json'))['rows'][0]

    def listener(self, name):
        return next(row for row in self.status()['listeners'] if row['address'].endswith(f':{self.ports[name]}'))

    def refuses_to_start(self, words):
        self.hand_over()
        done = subprocess.run([self.program, 'serve', '-c', f'{self.folder}/jackdaw.conf'], capture_output=True, encoding='utf-8', timeout=30,
                              check=False)
        said = done.stdout + done.stderr + self.log()
        must(done.returncode != 0 and words in said, f'expected a refusal with {words!r} and saw {done.returncode}: {said}')

    def hup(self):
        self.process.send_signal(signal.SIGHUP)

    # --- connections ---

    def connect(self, name, to='127.0.0.1', by=None):
        family = socket.AF_INET6 if ':' in to else socket.AF_INET
        s = socket.socket(family)
        s.settimeout(PATIENCE)
        if by:
            s.bind((by, 0))
        s.connect((to, self.ports[name]))
        return s

    def guest(self, name, **more):
        return Guest(self.connect(name, **more))


def owner():
    entry = pwd.getpwnam(USER)
    return entry.pw_uid, entry.pw_gid


class Guest(Client):
    """A client over a socket that is connected already."""
    def __init__(self, s, domain='example'):
        # pylint: disable=super-init-not-called
        self.domain, self.patience, self.socket = domain, PATIENCE, s
        self.parser, self.stanzas, self.is_over, self.jid = Parser(), collections.deque(), False, None
        self.has_acks, self.received = False, 0
        self.unacked, self.acked, self.on_ack = collections.deque(), 0, lambda key: None

    def features_after(self, user):
        self.open()
        self.plain(user, 'secret')
        return self.open()


def rest_of(s):
    """All until its end; None: it isn't over."""
    said = b''
    try:
        while True:
            more = s.recv(65536)
            if not more:
                return said
            said += more
    except TimeoutError:
        return None
    except OSError:
        return said


def is_refused(house, name, **more):
    try:
        house.connect(name, **more).close()
        return False
    except ConnectionRefusedError:
        return True


def context(**more):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    for name, value in more.items():
        setattr(c, name, value)
    return c


def certificate_of(s):
    """The common name of what a TLS server showed."""
    der = s.getpeercert(binary_form=True)
    said = subprocess.run(['openssl', 'x509', '-inform', 'DER', '-noout', '-subject', '-serial'], input=der, capture_output=True, check=True)
    name = re.search(rb'CN *= *(\S+)', said.stdout).group(1).decode()
    return name, re.search(rb'serial=(\S+)', said.stdout).group(1).decode()


def handshake(s, name=None, **more):
    """Wrapped, or the error."""
    try:
        return context(**more).wrap_socket(s, server_hostname=name)
    except (ssl.SSLError, OSError) as why:
        s.close()
        return why


# --- looking into another process's sockets ---

def listening(port):
    """Of each listening socket: (connections that wait, length of the queue)."""
    said = subprocess.run(['ss', '-Hltn', f'sport = :{port}'], capture_output=True, encoding='ascii', check=True).stdout
    return [tuple(int(n) for n in line.split()[1:3]) for line in said.splitlines()]


@contextlib.contextmanager
def socket_of_server(process, peer_port):
    """The server's end of a connection, borrowed (needs the right to look into it: root)."""
    libc = ctypes.CDLL(None, use_errno=True)
    pid_fd = os.pidfd_open(process.pid)
    found = None
    for name in os.listdir(f'/proc/{process.pid}/fd'):
        fd = libc.syscall(438, pid_fd, int(name), 0)                     # pidfd_getfd
        if fd < 0:
            continue
        try:
            s = socket.socket(fileno=fd)
        except OSError:
            os.close(fd)
            continue
        try:
            is_it = s.getpeername()[1] == peer_port
        except (OSError, IndexError):
            is_it = False
        if is_it:
            found = s
            break
        s.close()
    os.close(pid_fd)
    must(found, 'the server has no such connection')
    with found:
        yield found
