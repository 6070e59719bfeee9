"""A server and its administrator."""
import json
import os
import shutil
import subprocess

from server import USER, Server

PATIENCE = 60


class Admin(Server):
    """A server, and commands given to it."""

    def words(self, *words):
        return [self.program, '-c', f'{self.folder}/jackdaw.conf', *words]

    def command(self, *words, text='', patience=PATIENCE):
        return subprocess.run(self.words(*words), input=text, capture_output=True, encoding='utf-8', timeout=patience, check=False)

    def rows(self, *words, text=''):
        """The rows of its answer; a command that fails is an error."""
        done = self.command('--json', *words, text=text)
        answer = json.loads(done.stdout or done.stderr)
        if not answer['ok']:
            raise RuntimeError(f'{" ".join(words)}: {answer["error"]}')
        return answer['rows']

    def refusal(self, *words, text=''):
        """What a command that must fail says; nothing when it went well."""
        done = self.command(*words, text=text)
        return done.stderr if done.returncode in (1, 2) else ''

    def twin(self):
        """Another server of the same configuration, without data, at another port."""
        other = Admin(self.program)
        for name in ('example.key', 'example.pem'):
            shutil.copy(f'{self.folder}/{name}', f'{other.folder}/{name}')
        with open(f'{self.folder}/jackdaw.conf', encoding='utf-8') as f:
            text = f.read().replace(f':{self.port}"', f':{other.port}"')
        with open(f'{other.folder}/jackdaw.conf', 'w', encoding='utf-8') as f:
            f.write(text)
        if os.geteuid() == 0:
            shutil.chown(other.folder, USER)                 # whose data folder it is to be
        return other

    def data(self, name=''):
        return os.path.join(self.folder, 'data', name)


class running:
    """with running(program, …) as server: it ends well, or that is an error."""

    def __init__(self, program, **options):
        self.server = Admin(program, **options)

    def __enter__(self):
        self.server.start()
        return self.server

    def __exit__(self, kind, *_):
        try:
            wrong = self.server.stop()
            if wrong and not kind:
                raise RuntimeError(wrong)
        finally:
            self.server.remove()
