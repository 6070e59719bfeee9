"""A server of the tests and its commands."""
import contextlib
import json
import subprocess

from server import Server, report


class Asked(Server):
    def ask(self, *words, text='', json_wanted=True, streams=False):
        """The exit code and the answer."""
        done = subprocess.run([self.program, '-c', f'{self.folder}/jackdaw.conf', *(['--json'] if json_wanted else []), *words], input=text,
                              capture_output=True, encoding='utf-8', timeout=120, check=False)
        if not json_wanted:
            return done.returncode, done.stdout + done.stderr
        try:
            return done.returncode, json.loads(done.stderr if streams and done.stderr else done.stdout)
        except json.JSONDecodeError:
            return done.returncode, {'this is no JSON': done.stdout + done.stderr}

    def configuration(self):
        return self.read('jackdaw.conf')

    def configure(self, text):
        with open(f'{self.folder}/jackdaw.conf', 'w', encoding='utf-8') as f:
            f.write(text)


@contextlib.contextmanager
def running(options, name, **settings):
    server = Asked(options.server, **settings)
    try:
        server.ready_s = server.start()
        yield server
        why = server.stop()
        report(f'commands/{name}-end-well', not why, why or '')
    finally:
        if options.keep:
            print(f'kept: {server.folder}')
        else:
            server.remove()


def held(name, problems):
    """One test: no problem was found."""
    problems = list(problems)
    return report(f'commands/{name}', not problems, '; '.join(str(p) for p in problems))
