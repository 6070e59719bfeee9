"""Backup under load, and a server that starts on it."""
import os
import shutil
import sqlite3
import stat
import subprocess
import tarfile
import tempfile
import threading
import time

from admin import Admin, running
from xmppclient import Lost

NAMES = [f'user{i}' for i in range(4)]


class Load(threading.Thread):
    """A client that sends as fast as it is acknowledged, to somebody who is away."""

    def __init__(self, server):
        super().__init__()
        self.client = server.log_in(NAMES[0], acks=True)
        self.acknowledged, self.sent, self.is_over = 0, 0, False
        self.client.on_ack = self.count
        self.slowest, self.waiting = 0.0, {}

    def count(self, key):
        self.acknowledged = max(self.acknowledged, key)
        self.slowest = max(self.slowest, time.monotonic() - self.waiting.pop(key))

    def run(self):
        try:
            while not self.is_over:
                for _ in range(20):
                    self.sent += 1
                    self.waiting[self.sent] = time.monotonic()
                    self.client.send(f"<message to='{NAMES[1]}@example' type='chat'><body>number {self.sent}.</body></message>", self.sent)
                self.client.send("<r xmlns='urn:xmpp:sm:3'/>")
                while self.waiting and not self.is_over and not self.client.is_over:
                    self.client.pump(0.05)
        except Lost:
            pass

    def stop(self):
        self.is_over = True
        self.join()
        self.client.close()


def kept(database):
    with sqlite3.connect(f'file:{database}?mode=ro', uri=True) as db:
        rows = db.execute('SELECT stanza FROM offline').fetchall()
        return {int(text.split('number ')[1].split('.')[0]) for (text,) in rows}, db.execute('PRAGMA integrity_check').fetchone()[0]


def big(server):
    """Some megabytes, so that a backup takes more than a moment."""
    with sqlite3.connect(server.data('jackdaw.sqlite')) as db:
        db.execute('CREATE TABLE ballast (id INTEGER PRIMARY KEY, bytes BLOB)')
        db.executemany('INSERT INTO ballast (bytes) VALUES (?)', [(os.urandom(50000),) for _ in range(1200)])


OPTIONS = {'domain': 'offline { limit = 0;  limit_bytes = 0 }'}


def under_load(program):
    """A backup under load holds what was acknowledged before it, and a server starts on it."""
    with running(program, **OPTIONS) as server, tempfile.TemporaryDirectory() as folder:
        server.add_accounts(NAMES)
        big(server)
        server.rows('domain', 'add', 'second.example', '--tls', 'optional')
        load = Load(server)
        load.start()
        time.sleep(0.2)
        before, file = load.acknowledged, f'{folder}/backup.tar'
        (row,) = server.rows('backup', file)
        during = load.acknowledged - before
        print(f'# {during} during the backup, {load.sent}, slowest {load.slowest:.3f} s')
        load.stop()
        if not before or not during:
            return f'{before} acknowledged before and {during} during the backup: there was no load'
        if stat.S_IMODE(os.stat(file).st_mode) != 0o600 or os.stat(file).st_size != row['bytes']:
            return f'mode {os.stat(file).st_mode:o}, {os.stat(file).st_size} bytes of {row["bytes"]}'
        if os.path.exists(f'{file}.unfinished') or [n for n in os.listdir(server.data()) if n.startswith('backup-')]:
            return 'something was left behind'
        with tarfile.open(file) as tar:                      # anybody's tar reads it
            names = tar.getnames()
            tar.extract('jackdaw.sqlite', folder)
        found, integrity = kept(f'{folder}/jackdaw.sqlite')
        if integrity != 'ok' or not found >= set(range(1, before + 1)):
            return f'integrity {integrity}, {len(found)} messages, {before} had been acknowledged'
        if names != ['jackdaw.sqlite', 'domains.d/second.example.conf']:
            return f'it holds {names}'
        if 'exists already' not in server.refusal('backup', file):
            return 'a file that exists was written over'
        return restored(server, file, before)


def restored(server, file, before):
    other = server.twin()
    try:
        done = other.command('restore', file)
        if done.returncode:
            return done.stderr
        other.start()
        other.log_in(NAMES[2]).close()
        reader = other.log_in(NAMES[1], presence=False)
        reader.send('<presence/>')
        for _ in range(min(before, 200)):
            reader.wait(lambda e: e is not None and e.tag.endswith('message'))
        reader.close()
        domains = [row['domain'] for row in other.rows('domain', 'list')]
        if 'second.example' not in domains:
            return f'domains: {domains}'
        if 'stop it first' not in other.refusal('restore', file):
            return 'it was restored under a running server'
        wrong = other.stop()
        return wrong or (None if 'not empty' in other.refusal('restore', file) else 'it was restored over what was there')
    finally:
        other.remove()


def by_force(program):
    """A client that goes away leaves nothing behind, and the next backup works, through a pipe."""
    with running(program, **OPTIONS) as server:
        server.add_accounts(NAMES)
        big(server)
        for after in (0.005, 0.05, 0.1):
            with subprocess.Popen(server.words('backup', '-'), stdout=subprocess.PIPE) as child:
                child.stdout.read(1)
                time.sleep(after)
                child.kill()
        done = subprocess.run(server.words('backup', '-'), capture_output=True, timeout=60, check=False)
        if done.returncode or b'bytes in 1 files' not in done.stderr:
            return f'{done.returncode} {done.stderr}'
        left = [n for n in os.listdir(server.data()) if n.startswith('backup-')]
        open_files = [os.readlink(f'/proc/{server.process.pid}/fd/{n}') for n in os.listdir(f'/proc/{server.process.pid}/fd')]
        left += [n for n in open_files if 'backup-' in n]
        return f'left behind: {left}' if left else damaged(server, done.stdout)


def renamed(archive):
    head = bytearray(archive[:512])
    head[:100] = b'../evil.sqlite'.ljust(100, b'\0')
    head[148:156] = b' ' * 8
    head[148:156] = b'%06o\0 ' % sum(head)
    return bytes(head) + archive[512:]


def damaged(server, archive):
    """None of these is restored, and the folder stays as it was."""
    other = server.twin()
    evil = archive.replace(b'jackdaw.sqlite', b'../evil.sqlite', 1)
    cases = {'cut': (archive[:len(archive) // 2], 'ends too early'), 'without end': (archive[:-1024], 'ends too early'),
             'empty': (b'', 'ends too early'), 'of zeros': (bytes(4096), 'no database'), 'of something else': (b'x' * 4096, 'damaged'),
             'with a changed head': (evil, 'damaged'), 'with another name': (renamed(archive), 'no backup of ours'),
             'with a changed page': (archive[:512 + 3 * 4096] + bytes(4096) + archive[512 + 4 * 4096:], 'no whole database')}
    try:
        for name, (data, words) in cases.items():
            done = subprocess.run(other.words('restore', '-'), input=data, capture_output=True, timeout=60, check=False)
            left = os.listdir(other.data()) if os.path.isdir(other.data()) else []
            if done.returncode != 1 or words not in done.stderr.decode() or left:
                return f'an archive {name}: {done.returncode} {done.stderr}, {left}'
        return None
    finally:
        other.remove()


def without_server(program):
    """Without a server it works too, and what comes out is what went in."""
    server = Admin(program)
    try:
        server.start()
        server.add_accounts(NAMES)
        wrong = server.stop()
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            server.rows('backup', f'{folder}/backup.tar')
            shutil.rmtree(server.data())
            done = server.command('restore', f'{folder}/backup.tar')
            jids = [row['jid'] for row in server.rows('user', 'list')]
            if done.returncode or jids != [f'{name}@example' for name in NAMES]:
                return f'{done.stderr} {jids}'
        return wrong
    finally:
        server.remove()


TESTS = (under_load, by_force, without_server)
