"""bash's completion, and the manual."""
import os
import subprocess

from asking import held
from server import report

# What stands there (the last word is being written), and what must, or must not, be offered.
WANTED = [
    (['jackdaw', ''], {'user', 'config', 'status', '--json'}, {'add'}),
    (['jackdaw', 'us'], {'user'}, {'config'}),
    (['jackdaw', 'user', ''], {'add', 'passwd', 'remove', 'list'}, {'kick', '--batch'}),
    (['jackdaw', '--json', '-c', 'x.conf', 'user', 'a'], {'add'}, {'list'}),
    (['jackdaw', 'user', 'add', '--'], {'--batch', '--json'}, {'--man'}),
    (['jackdaw', 'config', 'explain', 'limits.stanza_s'], {'limits.stanza_size', 'limits.stanza_size_before_auth'}, {'threads'}),
    (['jackdaw', 'log', 'level', ''], {'failure', 'major', 'problem', 'low', 'all'}, set()),
    (['jackdaw', 'domain', 'add', 'x.example', '--tls', ''], {'required', 'optional', 'off'}, {'--key'}),
    (['jackdaw', 'reload', '-'], {'--dry-run'}, set()),
    (['jackdaw', 'help', 'se'], {'serve', 'session'}, {'user'}),
    (['jackdaw', '-c', 'ru'], {'run'}, {'answers.py'}),
    (['jackdaw', 'domain', 'add', 'x', '--certificate', 'answers.'], {'answers.py'}, set()),
    (['jackdaw', 'user', 'add', '-p', ''], set(), {'--batch', 'add'}),
]


def offered(script, words):
    """COMPREPLY, as bash fills it."""
    text = script + '\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _jackdaw; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(['bash', '-c', text, 'bash', *words], capture_output=True, encoding='utf-8', check=False,
                          cwd=os.path.dirname(os.path.abspath(__file__)), timeout=20)
    return set(done.stdout.split()), done.stderr


def wrong_offers(script):
    for words, wanted, unwanted in WANTED:
        found, errors = offered(script, words)
        if errors or not wanted <= found or unwanted & found:
            yield f'{" ".join(words)}: {sorted(found)[:20]} {errors}'


def warnings_of(page):
    done = subprocess.run(['groff', '-man', '-ww', '-z', '-Kutf8', '-Tutf8', '-rLL=100n'], input=page, capture_output=True, encoding='utf-8',
                          timeout=30, check=False)
    return done.stderr.splitlines() or ([] if done.returncode == 0 else [f'groff ended with {done.returncode}'])


def check(options):
    def page(*words):
        return subprocess.run([options.server, *words], capture_output=True, encoding='utf-8', check=True).stdout
    script = page('completion', 'bash')
    held('bash completes', wrong_offers(script))
    done = subprocess.run(['bash', '-n'], input=script, capture_output=True, encoding='utf-8', check=False)
    report('commands/the completion is bash', done.returncode == 0 and not done.stderr, done.stderr)
    pages = {'jackdaw(1)': page('help', '--man'), 'jackdaw.conf(5)': page('config', 'reference', '--man')}
    for name, text in pages.items():
        held(f'{name} has no warnings', warnings_of(text))
    report('commands/groff can warn', bool(warnings_of('.TH X 1\n.SH NAME\n.UNKNOWN\n')))
    missing = [line.split()[0] for line in page('help').splitlines() if line.startswith('  ') and line.split()[0] not in pages['jackdaw(1)']]
    held('the manual names every command', missing)
