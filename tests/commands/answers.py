"""What commands really answer, against the page that promises it: docs/json.md."""
import os
import re
import subprocess

from asking import held, running
from server import report

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
TIME = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ')
TYPES = {'text': lambda v: isinstance(v, str), 'yes': lambda v: isinstance(v, bool), 'rows': lambda v: isinstance(v, list),
         'number': lambda v: isinstance(v, int) and not isinstance(v, bool), 'time': lambda v: isinstance(v, str) and TIME.fullmatch(v)}
STREAMS = {'log follow'}                          # their output is pieces, and the answer goes to stderr
TOP_FIELDS = {'ok': TYPES['yes'], 'error': TYPES['text'], 'usage': TYPES['yes'], 'words': TYPES['text'], 'rows': TYPES['rows'],
              'more': TYPES['number']}

# How each is asked; a command that is not here fails the test. `!` before the words: it must fail, and say so by the same rules.
ASKED = [
    'config check', 'config show', 'config show --defaults', 'config explain idle_time', 'config explain tls --all', 'config diff',
    'config reference', '!config explain nothing', 'user add nurse@example -p secret', 'user passwd nurse@example -p other', 'user list',
    'user list example', '!user add nurse@example -p secret', '!user add', '!user frobnicate', '!user list nowhere.example',
    'certificate list romeo@example', '!certificate list nowhere', '!certificate revoke romeo@example no such phone',
    'device list romeo@example', '!device list nowhere', '!device forget romeo@example no-such-device',
    'user disable nurse@example', 'user list --disabled', 'user list --max 1', 'user list --max 1 --after nurse@example', '!user list --max 0', 'user enable nurse@example',
    '!user disable nobody@example', 'user online', 'user online example --state idle', 'user online --max 1', 'user count', 'user count example', '!user count nowhere.example',
    'user show romeo@example', 'user show nurse@example', '!user show nobody@example', 'user roster romeo@example', '!user roster nobody@example',
    'admin set romeo@example', 'admin list', 'admin set --domain example', '!admin set no@jid@at.all', 'access set deny pest.example', 'access set allow', 'access list',
    '!access set both a.example', '!motd edit words', 'motd show', 'motd set words', 'motd edit words', 'motd show', 'motd delete', 'welcome set words --domain example',
    'welcome show --domain example', 'welcome delete', '!welcome set words --domain nowhere.example', 'announce words and words', '!announce',
    'user remove nurse@example', 'domain add other.example --tls off', 'domain list', 'config diff', 'domain remove other.example',
    'disco add help@example Ask here', 'disco add rooms.example --domain example', 'disco list', 'disco list example', 'disco remove help@example',
    '!disco remove help@example', '!disco add @',
    '!domain add ..', 'stream list', 'stream list --page 1', '!stream kick XMPPS-999', 'session list', 'session list romeo@example', 'session kick romeo@example/there', '!session kick romeo@example/nowhere',
    'module list', 'module list --stations', 'log level', 'log level low STORE', '!log level loud', 'status', 'figures', 'figures --prometheus', 'limits', 'reload', 'reload --dry-run',
    'version', 'help', 'help user', 'completion bash', 'init -c {folder}/late.conf late.example', 'audit verify {folder}/data/audit.log',
    '!audit verify {folder}/nothing', 'backup {folder}/backup.tar', 'export {folder}/accounts.xml', 'import {folder}/accounts.xml',
    '!import {folder}/nothing', 'log follow STORE failure --for 1s', '!log follow STORE loud',
]


def table(text):
    rows = re.findall(r'^\| `([\w.]+)` \| ([^|]+) \| [^|]* \|$', text, flags=re.M)
    return {field: (type_.split(',')[0].strip(), 'or null' in type_, 'or missing' in type_) for field, type_ in rows}


def promised():
    """{command: ({field of a row: (type, may be null, may be missing)}, the same of fields beside the rows)}"""
    with open(f'{TOP}/docs/json.md', encoding='utf-8') as f:
        chapters = re.split(r'^## `(.+)`$', f.read(), flags=re.M)
    for name, text in zip(chapters[1::2], chapters[2::2]):
        rows, _, beside = text.partition('Beside `rows`:')
        yield name, (table(rows), table(beside))


def inner(fields, name):
    return {field[len(name) + 1:]: told for field, told in fields.items() if field.startswith(name + '.')}


def wrong_rows(rows, fields, where):
    own = {name: told for name, told in fields.items() if '.' not in name}
    for row in rows:
        yield from (f'{where}: {name} is not on the page' for name in row if name not in own)
        for name, (type_, may_be_null, may_miss) in own.items():
            if name not in row and not may_miss:
                yield f'{where}: {name} is missing'
            elif name in row and row[name] is None and not may_be_null:
                yield f'{where}: {name} is null'
            elif row.get(name) is not None and not TYPES[type_](row[name]):
                yield f'{where}: {name} is no {type_}: {row[name]!r}'
            elif type_ == 'rows' and row.get(name):
                yield from wrong_rows(row[name], inner(fields, name), f'{where}, {name}')


def wrong_answer(code, answer, page, fails, line):
    fields, beside = page
    yield from (f'{line}: {name} is not on the page' for name in answer if name not in {**TOP_FIELDS, **beside})
    if not fails:
        yield from wrong_rows([{name: value for name, value in answer.items() if name not in TOP_FIELDS}], beside, f'{line}, beside')
    yield from (f'{line}: {name} is {answer[name]!r}' for name, is_right in TOP_FIELDS.items() if name in answer and not is_right(answer[name]))
    if answer.get('ok') == fails or (code == 0) == fails or ('error' in answer) != fails or (code == 2) != ('usage' in answer):
        yield f'{line}: ended with {code}: {answer}'
    if not fails and 'rows' not in answer:
        yield f'{line}: no rows'
    yield from wrong_rows(answer.get('rows', []), fields, line)


def name_of(words, pages):
    return next((name for name in (' '.join(words[:2]), words[0]) if name in pages), None)


def ask_all(server, pages):
    asked = set()
    for line in ASKED:
        fails, words = line.startswith('!'), line.lstrip('!').format(folder=server.folder).split()
        name = name_of(words, pages)
        asked.add(name)
        yield from wrong_answer(*server.ask(*words, streams=name in STREAMS), pages.get(name, ({}, {})), fails, line)
    tag = server.ask('session', 'list')[1]['rows'][0]['stream']
    yield from wrong_answer(*server.ask('stream', 'kick', tag), pages['stream kick'], False, f'stream kick {tag}')
    yield from wrong_answer(*server.ask('user', 'add', '--batch', text='a@example x\nno jid\nb@example y\n'), pages['user add'], True, 'user add --batch')
    yield from wrong_answer(*server.ask('restart', '--delay', '3600'), pages['restart'], False, 'restart')
    yield from wrong_answer(*server.ask('restart', '--cancel'), pages['restart'], False, 'restart --cancel')
    yield from wrong_answer(*server.ask('stop', '--cancel'), pages['stop'], True, 'stop --cancel')
    yield from wrong_answer(*server.ask('stop'), pages['stop'], False, 'stop')
    yield from (f'nobody asked {name}' for name in pages if name not in asked | {'stop', 'restart'})


def notices_what_is_wrong():
    """The comparison can say no."""
    fields = {'n': ('number', False, False), 't': ('time', True, False), 'r': ('rows', False, True), 'r.x': ('yes', False, False)}
    good = {'n': 1, 't': None, 'r': [{'x': True}]}
    if list(wrong_rows([good], fields, 'good')):
        yield 'a good row is called wrong'
    for bad in ({'n': '1'}, {'n': None}, {'t': 'yesterday'}, {'r': [{'x': 1}]}, {'r': [{}]}, {'new': 1}):
        if not list(wrong_rows([{**good, **bad}], fields, 'bad')):
            yield f'{bad} is called good'
    if not list(wrong_rows([{'t': None}], fields, 'bad')):
        yield 'a missing field is called good'


def page_of(program, *words):
    return subprocess.run([program, *words], capture_output=True, encoding='utf-8', check=True).stdout


def check(options):
    pages = dict(promised())
    held('the comparison with the page can say no', notices_what_is_wrong())
    with open(f'{TOP}/docs/json.md', encoding='utf-8') as f:
        report('commands/the page of answers is the program\'s', page_of(options.server, 'help', '--json-page') == f.read())
    with running(options, 'answers') as server:
        server.add_accounts(['romeo'])
        here, there = server.log_in('romeo', tls=True, acks=True, presence=True), server.log_in('romeo', 'there')
        held('every command answers as its page says', ask_all(server, pages))
        here.close()
        there.close()
