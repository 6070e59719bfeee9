"""Our server for tests of trouble: started in a folder of its own, killed, watched."""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from xmppclient import Client, Lost

PATIENCE = 30.0
USER = 'nobody'            # who the server becomes where the tests are run by root
DOMAIN = 'example'
REPORTS = ('AddressSanitizer', 'LeakSanitizer', 'ThreadSanitizer', 'runtime error:')
CONFIG = '''
data_dir = "data"
control_socket = "control"
threads = {loops}
{user}
log {{ level = {level};  output = "log" }}
{top}
xmpp_listener {{
  listen "127.0.0.1:{port}" {{}}
}}
domain "{domain}" {{
  xmpp_role = server
  tls = optional
  tls_certificate = "example.pem";  tls_key = "example.key"
  auth {{ allow_plain_without_tls = yes;  scram_iterations = 4096 }}
{extra}
}}
'''


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, program, top='limits { enabled = no }', domain='', loops=2, level='major', environment=None, under=()):
        self.program = os.path.abspath(program)
        self.folder = tempfile.mkdtemp(prefix='jackdaw-')
        self.config = f'{self.folder}/jackdaw.conf'
        self.port = free_port()
        self.environment = environment or {}
        self.under = under                           # words before the program: a tool that watches it
        self.process = None
        self.before = None               # done in the child that becomes the server
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30',
                        '-subj', f'/CN={DOMAIN}', '-keyout', f'{self.folder}/example.key', '-out', f'{self.folder}/example.pem'],
                       check=True, capture_output=True)
        with open(self.config, 'w', encoding='utf-8') as f:
            f.write(CONFIG.format(user=f'user = {USER}' if os.geteuid() == 0 else '', loops=loops, level=level, port=self.port,
                                  domain=DOMAIN, top=top, extra=domain))

    def start(self):
        """Gives the seconds until it was ready."""
        began = time.monotonic()
        self.give()
        with open(f'{self.folder}/stderr', 'ab') as errors:
            at = errors.tell()
            self.process = subprocess.Popen([*self.under, self.program, 'serve', '-c', self.config], stdin=subprocess.DEVNULL,
                                            stdout=errors, stderr=errors, env={**os.environ, **self.environment}, preexec_fn=self.before)
        while 'ready' not in self.errors()[at:]:
            if self.process.poll() is not None or time.monotonic() > began + PATIENCE:
                raise Lost(f'the server did not become ready: {self.errors()[at:][:2000]}{self.log()[-1000:]}')
            time.sleep(0.005)
        return time.monotonic() - began

    def give(self):
        """All of the folder to whom the server will be."""
        if os.geteuid() == 0:
            user = pwd.getpwnam(USER).pw_uid
            for folder, _, files in os.walk(self.folder):
                for name in [folder] + [f'{folder}/{f}' for f in files]:
                    os.chown(name, user, -1, follow_symlinks=False)

    def errors(self):
        return self.read('stderr')

    def log(self):
        return self.read('log')

    def read(self, name):
        try:
            with open(f'{self.folder}/{name}', encoding='utf-8', errors='replace') as f:
                return f.read()
        except FileNotFoundError:
            return ''

    def kill(self):
        self.process.kill()
        self.process.wait()

    def is_running(self):
        return self.process.poll() is None

    def stop(self):
        """What is wrong with how it ended, or nothing."""
        if self.is_running():
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            return 'did not stop at SIGTERM'
        if code:
            return f'ended with {code}: {self.errors()[-3000:]}'
        return self.complaint()

    def complaint(self):
        if any(report in self.errors() for report in REPORTS):
            return f'a sanitizer reports: {self.errors()[:4000]}'
        return None

    def remove(self):
        if self.process and self.is_running():
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def add_accounts(self, names):
        lines = ''.join(f'{name}@{DOMAIN} secret\n' for name in names)
        done = subprocess.run([self.program, 'user', 'add', '--batch', '-c', self.config], input=lines,
                              capture_output=True, encoding='utf-8', timeout=120, check=False)
        if done.returncode:
            raise Lost(f'accounts could not be made: {done.stdout}{done.stderr}')

    def log_in(self, name, resource='here', tls=False, acks=False, presence=False, before_bind=None, before_presence=None, **client):
        c = Client(self.port, DOMAIN, **client).log_in(name, 'secret', resource, tls, acks, before_bind)
        if before_presence:
            before_presence(c)
        if presence:
            c.send('<presence/>', 'presence')
            c.wait(lambda e: e is not None and e.tag.endswith('}presence'))
        return c

    def rss_mib(self):
        with open(f'/proc/{self.process.pid}/status', encoding='ascii') as f:
            return next(int(line.split()[1]) for line in f if line.startswith('VmRSS')) / 1024


def report(name, is_ok, words=''):
    print(('ok ' if is_ok else 'not ok ') + name + (f' — {words}' if words else ''), flush=True)
    return is_ok
