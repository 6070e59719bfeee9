"""The server of these tests: domains with other mechanisms, and a listener that leaves some out."""
import json
import sqlite3
import subprocess

from server import Server, free_port

ALL = 'SCRAM-SHA-512-PLUS SCRAM-SHA-512 SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-1 DIGEST-MD5 CRAM-MD5 PLAIN LOGIN'
USUAL = 'SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-1 PLAIN'
TLS = 'tls_certificate = "example.pem";  tls_key = "example.key"'
PASSWORD = 'a pencil, "sharp" = \\1'
DOMAINS = {
    'all.test': f'tls = optional;  {TLS};  auth {{ mechanisms = [ {ALL} ];  legacy = yes;  scram_iterations = 4096 }}',
    'open.test': f'tls = optional;  {TLS};  auth {{ mechanisms = [ {ALL} ];  allow_plain_without_tls = yes;  legacy = yes;  scram_iterations = 4096 }}',
    'usual.test': f'{TLS};  auth {{ scram_iterations = 4096 }}',
    'old.test': f'tls = optional;  {TLS};  auth {{ mechanisms = [ SCRAM-SHA-1 PLAIN ];  legacy = yes;  scram_iterations = 5000 }}',
}


class House(Server):
    def __init__(self, program, domains=None, **more):
        self.other_port, self.other_domains = free_port(), dict(domains or DOMAINS)
        super().__init__(program, top=self.top(), **more)

    def top(self):
        domains = ''.join(f'domain "{name}" {{ {inside} }}\n' for name, inside in self.other_domains.items())
        return (f'limits {{ enabled = no;  login_attempts = 100;  logins_per_account = 1000000 }}\n'
                f'xmpp_listener {{ listen "127.0.0.1:{self.other_port}" {{\n'
                f'  auth {{ mechanisms = [ SCRAM-SHA-256 SCRAM-SHA-512 LOGIN ];  legacy = no }}\n}} }}\n{domains}')

    def ask(self, *words, text=''):
        done = subprocess.run([self.program, '-c', self.config, '--json', *words], input=text, capture_output=True, encoding='utf-8',
                              timeout=120, check=False)
        assert done.returncode == 0, f'{words}: {done.stdout}{done.stderr}'
        return json.loads(done.stdout) if done.stdout.strip() else None

    def add(self, *jids, password=PASSWORD):
        for jid in jids:
            self.ask('user', 'add', jid, text=password + '\n')

    def redo(self, **domains):
        """The configuration with other domains, read by the running server."""
        with open(self.config, encoding='utf-8') as f:
            text = f.read()
        before = self.top()
        self.other_domains.update({name.replace('_', '.'): inside for name, inside in domains.items()})
        with open(self.config, 'w', encoding='utf-8') as f:
            f.write(text.replace(before, self.top()))
        self.ask('reload')

    def rows(self, sql, *values):
        with sqlite3.connect(f'file:{self.folder}/data/jackdaw.sqlite?mode=ro', uri=True) as base:
            return base.execute(sql, values).fetchall()

    def kept(self, jid):
        """The kinds of keys, and the password in the clear or None."""
        hashes = self.rows('SELECT hash FROM credential JOIN account ON id = account WHERE jid = ? ORDER BY hash', jid)
        clear = self.rows('SELECT password FROM clear_password JOIN account ON id = account WHERE jid = ?', jid)
        return [h for h, in hashes], clear[0][0] if clear else None
