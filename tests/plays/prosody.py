"""Prosody as the server, to judge the plays by: `run --prosody`. Plays with own configuration or commands are left out."""
import os
import pwd
import shutil
import socket
import subprocess
import time

from jackdaw import DOMAINS, USER, Jackdaw

CONFIG = '''
data_path = "{folder}/data"; pidfile = "{folder}/pid"; certificates = "{folder}"
log = {{ info = "{folder}/log", warn = "*console" }}
modules_enabled = {{ "disco", "roster", "saslauth", "tls", "version", "time", "ping", "register", "vcard", "smacks",
                    "private", "offline", "server_contact_info" }}
modules_disabled = {{ "s2s" }}
authentication = "internal_plain"; allow_registration = true; c2s_require_encryption = true
c2s_interfaces = {{ "127.0.0.1" }}; c2s_ports = {{ {port} }}; c2s_direct_tls_ports = {{ {tls_port} }}
s2s_ports = {{}}; http_ports = {{}}; https_ports = {{}}
VirtualHost "example"
VirtualHost "other.example"
'''


def can_perform(play):
    return not any(play.config.values()) and not any(s.kind.startswith('command') for s in play.steps)


class Prosody(Jackdaw):
    name = 'prosody'

    def configure(self, config):
        for domain in DOMAINS:
            os.rename(f'{self.folder}/{domain}.pem', f'{self.folder}/{domain}.crt')
            os.makedirs(f'{self.folder}/data/{domain.replace(".", "%2e")}/accounts')
        with open(f'{self.folder}/prosody.cfg.lua', 'w', encoding='utf-8') as f:
            f.write(CONFIG.format(folder=self.folder, port=self.port, tls_port=self.tls_port))

    def start(self):
        user = pwd.getpwnam(USER)
        self.hand_over()
        with open(f'{self.folder}/stderr', 'ab') as errors:
            self.process = subprocess.Popen(['prosody', '-F', '--config', f'{self.folder}/prosody.cfg.lua'],
                                            stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, cwd=self.folder,
                                            user=user.pw_uid, group=user.pw_gid, extra_groups=[])
        self.wait_for_port()

    def wait_for_port(self):
        for _ in range(400):
            try:
                socket.create_connection(('127.0.0.1', self.port)).close()
                return
            except OSError:
                time.sleep(0.02)

    def add_accounts(self, accounts):
        user = pwd.getpwnam(USER)
        for jid, password in accounts.items():
            local, domain = jid.split('@')
            name = ''.join(c if c.isascii() and c.isalnum() else ''.join(f'%{b:02x}' for b in c.encode()) for c in local)
            path = f'{self.folder}/data/{domain.replace(".", "%2e")}/accounts/{name}.dat'
            with open(path, 'w', encoding='utf-8') as f:
                f.write(f'return {{ ["password"] = "{password}" }};\n')
            shutil.chown(path, user.pw_uid, user.pw_gid)
