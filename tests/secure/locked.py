"""A server that is locked in: what it can't touch, and what still works.

Its folders lie apart, so that each is admitted for its own reason only.
"""
import ctypes
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import time

from server import DOMAIN, USER, Server, free_port, report
from xmppclient import CONTEXT, Client, Lost

CONFIG = '''
data_dir = "../data"
control_socket = "../control/socket"
{user}
{sandbox}
log {{ output = "../logs/log" }}
xmpp_logger {{ logfile = "../traffic/log"  rotate_size = 1000  heartbeat = 1s }}
limits {{ enabled = no }}
tls = optional
xmpp_listener {{
  listen "127.0.0.1:{port}" {{}}
  listen "127.0.0.1:{tls_port}" {{ tls = direct }}
}}
include "../more/*.conf"
domain "{domain}" {{
  tls_certificate = "../certs/live.pem";  tls_key = "../certs/live.key"
  auth {{ allow_plain_without_tls = yes }}
}}
'''
WITHIN = 10.0


def until(test, patience=WITHIN):
    end = time.monotonic() + patience
    while not test():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class Locked(Server):
    """certs/live.pem is a link to archive/1.pem, as of those who renew certificates by program."""
    def __init__(self, program, sandbox='', environment=None):
        super().__init__(program, environment=environment)
        self.tls_port = free_port()
        self.config = f'{self.folder}/etc/jackdaw.conf'
        for folder in ('etc', 'certs', 'archive', 'logs', 'more', 'control', 'other', 'traffic'):
            os.mkdir(f'{self.folder}/{folder}')
        for end in ('pem', 'key'):
            os.rename(f'{self.folder}/example.{end}', f'{self.folder}/archive/1.{end}')
            os.symlink(f'../archive/1.{end}', f'{self.folder}/certs/live.{end}')
        self.write('etc/jackdaw.conf', CONFIG.format(user=f'user = {USER}' if os.geteuid() == 0 else '', port=self.port, tls_port=self.tls_port,
                                                 domain=DOMAIN, sandbox=sandbox))

    def write(self, name, text):
        with open(f'{self.folder}/{name}.new', 'w', encoding='utf-8') as f:
            f.write(text)
        if os.geteuid() == 0:
            shutil.chown(f'{self.folder}/{name}.new', USER)
        os.rename(f'{self.folder}/{name}.new', f'{self.folder}/{name}')

    def change(self, old, new):
        text = self.read('etc/jackdaw.conf')
        assert old in text
        self.write('etc/jackdaw.conf', text.replace(old, new))

    def log(self):
        return self.read('logs/log')

    def ask(self, *words):
        """(exit code, what it said)"""
        done = subprocess.run([self.program, *words, '-c', self.config], stdin=subprocess.DEVNULL, capture_output=True,
                              encoding='utf-8', timeout=30, check=False)
        return done.returncode, done.stdout + done.stderr

    def new_certificate(self, base):
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30',
                        '-subj', f'/CN={DOMAIN}', '-keyout', f'{self.folder}/{base}.key', '-out', f'{self.folder}/{base}.pem'],
                       check=True, capture_output=True)
        if os.geteuid() == 0:
            for end in ('key', 'pem'):
                shutil.chown(f'{self.folder}/{base}.{end}', USER)

    def certificate_shown(self):
        """What who connects is shown, as PEM."""
        with socket.create_connection(('127.0.0.1', self.tls_port), WITHIN) as s, CONTEXT.wrap_socket(s, server_hostname=DOMAIN) as tls:
            return ssl.DER_cert_to_PEM_cert(tls.getpeercert(True)).strip()

    def certificate_kept(self, name):
        text = self.read(name)
        return text[text.index('-----BEGIN'):].strip()


# --- what it can't ---

def tries(options):
    """From inside, by a server that does as it is told. It has no leak checker, for whom the locks would be too tight."""
    server = Locked(options.server)
    here = server.folder
    wanted = {
        'read /etc/shadow': 'Permission denied', 'read /etc/passwd': 'Permission denied', 'read /root/x': 'Permission denied',
        'write /tmp/jackdaw-out': 'Permission denied', f'write {here}/x': 'Permission denied', f'write {here}/certs/x': 'Permission denied',
        f'write {here}/more/x.conf': 'Permission denied', f'read {here}/other/x': 'Permission denied', f'remove {here}/etc/jackdaw.conf': 'Permission denied',
        f'write {here}/control/x': 'Permission denied', f'read {here}/logs/log': 'Permission denied',
        f'write {here}/data/x': 'done', f'remove {here}/data/x': 'done', f'read {here}/archive/1.key': 'done', f'write {here}/logs/x': 'done',
        f'remove {here}/logs/x': 'Permission denied', f'write {here}/traffic/x': 'done', f'read {here}/traffic/x': 'Permission denied',
        'root x': 'Function not implemented', 'trace x': 'Function not implemented', 'mount /tmp': 'Function not implemented',
        'socket 16': 'Function not implemented', 'socket 17': 'Function not implemented', 'run /bin/true': 'Function not implemented',
    }
    server.environment = {'JACKDAW_TRY': ';'.join(wanted), 'ASAN_OPTIONS': 'detect_leaks=0'}
    server.write('other/x', '')
    try:
        server.start()
        said = dict(line.split(' TRY ')[1].rsplit(': ', 1) for line in server.log().splitlines() if ' TRY ' in line)
        for what, outcome in wanted.items():
            report(f'secure/try-{what.replace(here, "").replace(" /", "-").replace(" ", "-")}', said.get(what) == outcome, said.get(what, 'not tried'))
        report('secure/try-and-serve', server.stop() is None)
    finally:
        server.remove()


def status_of(path):
    with open(path, encoding='ascii') as f:
        return dict(line.rstrip('\n').split(':\t', 1) for line in f if ':\t' in line)


def no_root_left(server):
    pid, me = server.process.pid, os.geteuid() == 0
    tasks = [status_of(f'/proc/{pid}/task/{task}/status') for task in os.listdir(f'/proc/{pid}/task')]
    entry = pwd.getpwnam(USER) if me else pwd.getpwuid(os.geteuid())
    ids = '\t'.join([str(entry.pw_uid)] * 4), '\t'.join([str(entry.pw_gid)] * 4)
    groups = {str(g) for g in os.getgrouplist(entry.pw_name, entry.pw_gid)}
    report('secure/every-thread-is-the-user', len(tasks) > 4 and all((t['Uid'], t['Gid']) == ids for t in tasks), f'{len(tasks)} threads')
    report('secure/no-groups-of-root', all(set(t['Groups'].split()) <= groups for t in tasks), tasks[0]['Groups'])
    report('secure/no-capabilities', all(int(t[c], 16) == 0 for t in tasks for c in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb')))
    report('secure/no-new-privileges', all(t['NoNewPrivs'] == '1' for t in tasks))
    report('secure/every-thread-is-filtered', all(t['Seccomp'] == '2' for t in tasks))
    limits = [line.split()[4:6] for line in open(f'/proc/{pid}/limits', encoding='ascii') if line.startswith('Max core')]
    report('secure/no-core', limits == [['0', '0']], str(limits))
    report('secure/memory-is-hidden', os.stat(f'/proc/{pid}/environ').st_uid == 0)


# --- what still works ---

def rotates(server):
    os.rename(f'{server.folder}/logs/log', f'{server.folder}/logs/log.1')
    server.process.send_signal(signal.SIGHUP)
    report('secure/log-rotates', until(lambda: 'reloaded' in server.log()))


def replaces_traffic(server):
    """By itself, when it is full; and when somebody renamed it."""
    client = server.log_in('romeo')
    for _ in range(20):
        client.round_trip()
    client.close()
    files = lambda: sorted(name for name in os.listdir(f'{server.folder}/traffic') if name.startswith('log'))
    report('secure/traffic-is-replaced', until(lambda: len(files()) > 2) and 'XMPP_LOGGER' not in server.log(), str(files()))
    os.rename(f'{server.folder}/traffic/log', f'{server.folder}/traffic/moved')
    server.process.send_signal(signal.SIGHUP)
    report('secure/traffic-is-reopened', until(lambda: server.read('traffic/log').endswith('+M\n')))


def takes_certificates(server):
    """One that replaces the other, and a link that leads to the next file, each by renaming."""
    before = server.certificate_shown()
    server.new_certificate('archive/2')
    for end in ('pem', 'key'):
        os.symlink(f'../archive/2.{end}', f'{server.folder}/certs/new')
        os.rename(f'{server.folder}/certs/new', f'{server.folder}/certs/live.{end}')
    code, said = server.ask('reload')
    after = server.certificate_shown()
    report('secure/certificate-is-read-again', code == 0 and before != after == server.certificate_kept('archive/2.pem'), said)


def takes_commands(server):
    server.add_accounts(['romeo'])
    client = server.log_in('romeo', presence=True, acks=True)
    report('secure/control-socket', server.ask('status')[0] == 0 and client.round_trip() < WITHIN)
    client.close()
    code, said = server.ask('domain', 'add', 'second.example')
    report('secure/domain-added-at-run-time', code == 0 and 'second.example' in server.ask('domain', 'list')[1], said)


def takes_includes(server):
    """Of a folder that was empty at the start."""
    server.write('more/limit.conf', 'log { level = low }\n')
    code, said = server.ask('reload')
    report('secure/include-folder-is-whole', code == 0 and server.ask('log', 'level')[1].count('low') == 1, said)


def asks_for_a_restart(server):
    server.new_certificate('other/3')
    for name, old, new in [('certificate', 'certs/live', 'other/3'),
                           ('include', 'include "../more/*.conf"', 'include "../more/*.conf"\ninclude "../other/*.conf"')]:
        server.change(old, new)
        code, said = server.ask('reload')
        report(f'secure/new-{name}-folder-needs-a-restart', code == 1 and '/other' in said and 'restart' in said, said)
        server.change(new, old)
    server.change('certs/live.pem', 'certs/gone.pem')
    code, said = server.ask('reload')
    report('secure/a-file-that-is-not-there-is-no-new-folder', code == 1 and 'gone.pem' in said and 'restart' not in said, said)
    server.change('certs/gone.pem', 'certs/live.pem')
    report('secure/reload-after-refusals', server.ask('reload')[0] == 0)


def serves(options):
    server = Locked(options.server)
    try:
        server.start()
        no_root_left(server)
        for part in (takes_commands, rotates, replaces_traffic, takes_certificates, takes_includes, asks_for_a_restart):
            part(server)
        why = server.stop()
        report('secure/ends-well', not why, why or '')
    finally:
        server.remove()


# --- the helper ---

CHECK = '''#!/usr/bin/python3
import os, sys
while head := sys.stdin.buffer.read(2):
    sys.stdin.buffer.read(head[0] << 8 | head[1])
    with open('{0}/said', 'a') as f:
        f.write(open('/proc/self/status').read() + str(sorted(os.listdir('/proc/self/fd'))))
    sys.stdout.buffer.write(bytes([0, 2, 0, 1]))
    sys.stdout.buffer.flush()
'''


def children_of(pid):
    with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as f:
        return [int(p) for p in f.read().split()]


def helped(options):
    """A program and PAM are asked, and the server is as closed as ever; the helper is small, and ends with it."""
    source = 'domain "{0}" {{ tls_certificate = "../certs/live.pem";  tls_key = "../certs/live.key";  auth {{ allow_plain_without_tls = yes; plain {{ uri = "{1}" }} }} }}'
    server = Locked(options.server)
    here = server.folder
    text = server.read('etc/jackdaw.conf')
    server.write('etc/jackdaw.conf', text + source.format('exec.example', f'exec:{here}/other/check') + source.format('pam.example', f'pam:{here}/other/permit'))
    server.write('other/check', CHECK.format(f'{here}/data'))
    server.write('other/permit', 'auth required pam_permit.so\naccount required pam_permit.so\n')
    os.chmod(f'{here}/other/check', 0o755)
    server.environment = {'JACKDAW_TRY': 'run /bin/true;trace x;read /etc/shadow', 'ASAN_OPTIONS': 'detect_leaks=0'}
    try:
        server.start()
        said = server.log()
        report('secure/helped-and-still-closed', said.count(': Function not implemented') == 2 and 'read /etc/shadow: Permission denied' in said, said[-300:])
        for domain in ('exec.example', 'pam.example'):
            client = Client(server.port, domain)
            client.log_in('romeo', 'secret')
            client.close()
        helpers = [p for p in children_of(server.process.pid) if os.path.exists(f'/proc/{p}/fd')]
        held = [os.readlink(f'/proc/{helpers[0]}/fd/{n}') for n in os.listdir(f'/proc/{helpers[0]}/fd') if int(n) > 2]
        report('secure/helper-holds-one-socket', len(helpers) == 1 and len(held) == 1 and held[0].startswith('socket:'), f'{helpers} {held}')
        status, fds = server.read('data/said').rsplit('\n', 1)
        status = dict(line.split(':\t', 1) for line in status.splitlines() if ':\t' in line)
        entry = pwd.getpwnam(USER) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        report('secure/program-is-the-user', status['Uid'] == '\t'.join([str(entry.pw_uid)] * 4) and status['Gid'] == '\t'.join([str(entry.pw_gid)] * 4), status['Uid'])
        report('secure/program-has-no-capabilities', all(int(status[c], 16) == 0 for c in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb')), status['CapEff'])
        report('secure/program-holds-nothing-of-ours', fds == "['0', '1', '2', '3', '4']", fds)     # two are its own: of its file, of the folder that lists them
        workers = children_of(helpers[0])
        report('secure/helper-started-two', len(workers) == 2, str(workers))
        server.kill()
        report('secure/helper-ends-with-the-server', until(lambda: not any(is_running(p) for p in helpers + workers)), str([p for p in helpers + workers if is_running(p)]))
    finally:
        server.remove()


def is_running(pid):
    try:
        return status_of(f'/proc/{pid}/status')['State'][0] not in 'ZX'
    except FileNotFoundError:
        return False


# --- other kernels, other wishes ---

def old_kernel(names):
    """For a child before it runs the server: these system calls are unknown."""
    lib = ctypes.CDLL('libseccomp.so.2')
    lib.seccomp_init.restype = ctypes.c_void_p
    allow, unknown = 0x7fff0000, 0x00050000 | 38
    context = ctypes.c_void_p(lib.seccomp_init(ctypes.c_uint32(allow)))
    for name in names:
        lib.seccomp_rule_add(context, ctypes.c_uint32(unknown), lib.seccomp_syscall_resolve_name(name), 0)
    assert lib.seccomp_load(context) == 0


def refusal_of(server):
    """How a start ends that is refused: exit code and words."""
    done = subprocess.run([server.program, 'serve', '-c', server.config], capture_output=True, encoding='utf-8', timeout=WITHIN,
                          check=False, preexec_fn=server.before)
    return done.returncode, done.stdout + done.stderr + server.log()


def wishes(options):
    no_landlock, no_seccomp = [b'landlock_create_ruleset'], [b'seccomp']
    for wish, missing in (('off', []), ('on', no_landlock), ('required', no_landlock), ('required', no_seccomp), ('required', [])):
        server = Locked(options.server, sandbox=f'sandbox = {wish}')
        server.before = (lambda names=missing: old_kernel(names)) if missing else None
        name = f'secure/sandbox-{wish}' + (f'-without-{missing[0].decode().split("_")[0]}' if missing else '')
        try:
            if wish == 'required' and missing:
                server.give()
                code, said = refusal_of(server)
                report(name, code == 1 and "can't start" in said, said[-300:])
                continue
            server.start()
            filters = int(status_of(f'/proc/{server.process.pid}/status')['Seccomp_filters'])
            lines = [line for line in server.log().splitlines() if ' SANDBOX ' in line]
            report(name, (filters > bool(missing)) == (wish != 'off') and len(lines) == (wish == 'off' or bool(missing)), f'{filters} filters; {lines}')
            server.stop()
        finally:
            server.remove()


def users(options):
    if os.geteuid() != 0:
        print('skip secure/user — only root becomes somebody')
        return
    for user, words in (('nobody-of-that-name', 'there is no user'), ('root', 'is root')):
        server = Locked(options.server)
        server.change(f'user = {USER}', f'user = {user}')
        code, said = refusal_of(server)
        report(f'secure/user-{user}-is-refused', code == 1 and words in said, said[-300:])
        server.remove()


def links(options):
    """Root opens the log before it is the user; a link that the user laid there leads it nowhere."""
    if os.geteuid() != 0:
        print('skip secure/link — only root can be led astray')
        return
    server = Locked(options.server)
    server.write('etc/victim', '')
    os.symlink('../etc/victim', f'{server.folder}/logs/log')
    server.give()
    os.chown(f'{server.folder}/etc/victim', 0, 0)
    code, said = refusal_of(server)
    is_untouched = os.stat(f'{server.folder}/etc/victim').st_uid == 0 and not server.read('etc/victim')
    report('secure/root-follows-no-link', code == 1 and is_untouched, said[-200:])
    server.remove()


def locked(options):
    for part in (tries, serves, helped, wishes, users, links):
        try:
            part(options)
        except (Lost, OSError, AssertionError) as why:
            report(f'secure/{part.__name__}', False, str(why))
