"""Starts, stops and kills our server in a folder of its own."""
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from client import Trouble

DOMAINS = ('example', 'other.example')
START_PATIENCE = 20.0
USER = 'nobody'            # who the server becomes where the tests are run by root
REPORTS = ('AddressSanitizer', 'LeakSanitizer', 'ThreadSanitizer', 'runtime error:')
CONFIG = '''
data_dir = "data"
control_socket = "control"
{loops}
{user}
log {{ level = low;  output = "log" }}
{limits}
{top}
xmpp_listener {{
{listener}
  listen "127.0.0.1:{port}" {{}}
  listen "127.0.0.1:{tls_port}" {{ tls = direct }}
}}
'''
DOMAIN = '''
domain "{domain}" {{
  xmpp_role = server
  tls_certificate = "{domain}.pem";  tls_key = "{domain}.key"
{extra}
}}
'''


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def make_certificates(folder):
    for domain in DOMAINS:
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-sha256',
                        '-days', '30', '-subj', f'/CN={domain}', '-addext', f'subjectAltName=DNS:{domain}',
                        '-keyout', f'{folder}/{domain}.key', '-out', f'{folder}/{domain}.pem'],
                       check=True, capture_output=True)


class Jackdaw:
    name = 'jackdaw'

    def __init__(self, options, certificates, config):
        self.options = options
        self.folder = tempfile.mkdtemp(prefix='play-')
        self.port, self.tls_port = free_port(), free_port()
        self.process = None
        for name in os.listdir(certificates):
            shutil.copy(f'{certificates}/{name}', self.folder)
        self.configure(config)

    def configure(self, config):
        text = CONFIG.format(user=f'user = {USER}' if os.geteuid() == 0 else '', loops='' if 'threads' in config['top'] else f'threads = {self.options.loops}', port=self.port, tls_port=self.tls_port,
                             top=config['top'], limits='' if 'limits {' in config['top'] else 'limits { enabled = no }',
                             listener=config['listener'])
        for domain in DOMAINS:
            text += DOMAIN.format(domain=domain, extra=config['domain'])
        with open(f'{self.folder}/jackdaw.conf', 'w', encoding='utf-8') as f:
            f.write(text)

    def hand_over(self):
        """A server that is to become another user needs its folder."""
        for folder, _, files in os.walk(self.folder):
            for name in [folder] + [f'{folder}/{f}' for f in files]:
                shutil.chown(name, USER)

    def start(self):
        if os.geteuid() == 0:
            self.hand_over()
        with open(f'{self.folder}/stderr', 'ab') as errors:
            at = errors.tell()
            self.process = subprocess.Popen([self.options.server, 'serve', '-c', f'{self.folder}/jackdaw.conf'],
                                            stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        deadline = time.monotonic() + START_PATIENCE
        while 'ready' not in self.errors()[at:]:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Trouble(f'the server did not become ready: {self.errors()[-2000:]}')
            time.sleep(0.005)

    def errors(self):
        with open(f'{self.folder}/stderr', encoding='utf-8', errors='replace') as f:
            return f.read()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(START_PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Trouble('the server did not stop at SIGTERM') from None
        self.process = None
        if code != 0:
            raise Trouble(f'the server ended with {code}: {self.errors()[-2000:]}')

    def ended(self, wanted):
        """It stops by itself."""
        try:
            code = self.process.wait(START_PATIENCE)
        except subprocess.TimeoutExpired:
            raise Trouble('the server goes on') from None
        self.process = None
        if code != wanted:
            raise Trouble(f'the server ended with {code}: {self.errors()[-2000:]}')

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def finish(self):
        """Stops; returns what is wrong with how it ended, or nothing."""
        why = None
        try:
            if self.process:
                self.stop()
        except Trouble as trouble:
            why = str(trouble)
        if any(report in self.errors() for report in REPORTS):
            why = f'a sanitizer reports: {self.errors()[:4000]}'
        if not self.options.keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        return why

    def command(self, line, text=None):
        done = subprocess.run([self.options.server, *shlex.split(line), '-c', f'{self.folder}/jackdaw.conf'],
                              input=text or '', capture_output=True, encoding='utf-8', timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    def add_accounts(self, accounts):
        lines = ''.join(f'{jid} {password}\n' for jid, password in accounts.items())
        code, said = self.command('user add --batch', lines)
        if code != 0:
            raise Trouble(f'accounts could not be made: {said}')
