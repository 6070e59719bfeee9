"""A play's text becomes steps. The language is told in README.md."""
import ast
import base64
import re
from xml.parsers import expat

import tree

ACTOR = r'(?P<actor>[A-ZÄÖÜ]\w*)'
JID = r'[^\s"]+@[^\s"]+'
STRING = r'"(?:[^"\\]|\\.)*"'
PASSWORD = rf'(?: (?:with )?password (?P<password>{STRING}))?'

# The order counts: the first that fits the whole statement is meant.
STATEMENTS = [(kind, re.compile(pattern.replace(' ', r'\s+'), re.DOTALL)) for kind, pattern in (
    ('connection',    rf'{ACTOR} is a connection'),
    ('tls',           rf'{ACTOR} is a TLS connection'),
    ('ended',         rf'{ACTOR} is closed(?P<cleanly> cleanly)?'),
    ('component',     rf'{ACTOR} is component (?P<domain>\S+){PASSWORD}'),
    ('session',       rf'{ACTOR} is (?P<jid>{JID}){PASSWORD}'),
    ('open_component', rf'{ACTOR} opens as component (?P<domain>\S+)'),
    ('open',          rf'{ACTOR} opens(?: (?P<domain>\S+))?'),
    ('starttls',      rf'{ACTOR} starttls'),
    ('handshake',     rf'{ACTOR} handshakes'),
    ('authenticate',  rf'{ACTOR} authenticates as (?P<jid>{JID})(?: with (?P<mechanism>[A-Z0-9-]+))?{PASSWORD}'),
    ('try_sasl',      rf'{ACTOR} tries (?P<mechanism>[A-Z0-9-]+) as (?P<jid>{JID}){PASSWORD}(?: gs2 (?P<gs2>{STRING}))?'),
    ('shake_hands',   rf'{ACTOR} shakes hands{PASSWORD}'),
    ('bind',          rf'{ACTOR} binds(?: (?P<resource>\S+))?'),
    ('online',        rf'{ACTOR} comes online(?: with priority (?P<priority>-?\d+))?'),
    ('roster',        rf'{ACTOR} asks for the roster'),
    ('send_raw',      rf'{ACTOR} sends raw\s+(?P<raw>{STRING}(?:\s+{STRING})*)'),
    ('dribble',       rf'{ACTOR} dribbles raw\s+(?P<raw>{STRING}(?:\s+{STRING})*)'),
    ('send',          rf'{ACTOR} sends\s+(?P<xml><.*)'),
    ('hear_nothing',  rf'{ACTOR} hears nothing'),
    ('hear_close',    rf'{ACTOR} hears close'),
    ('hear_error',    rf'{ACTOR} hears error (?P<name>[a-z-]+(?: or [a-z-]+)*)(?P<later> in the end)?'),
    ('hear_stream',   rf'{ACTOR} hears stream(?:\s+(?P<xml><.*))?'),
    ('hear_any',      rf'{ACTOR} hears in any order\s+(?P<xml><.*)'),
    ('hear_at_last',  rf'{ACTOR} hears at last\s+(?P<xml><.*)'),
    ('never_hear',    rf'{ACTOR} never hears\s+(?P<xml><.*)'),
    ('hear_either',   rf'{ACTOR} hears either\s+(?P<xml><.*)'),
    ('hear',          rf'{ACTOR} hears\s+(?P<xml><.*)'),
    ('close',         rf'{ACTOR} closes'),
    ('drop',          rf'{ACTOR} breaks'),
    ('catch_up',      rf'{ACTOR} catches up'),
    ('wait',          r'wait (?P<ms>\d+) ms'),
    ('server_does',   r'server (?P<what>stops|starts|is killed)'),
    ('server_ends',   r'server ends with (?P<code>\d+)'),
    ('account',       rf'account (?P<jid>{JID}) exists{PASSWORD}'),
    ('no_account',    rf'account (?P<jid>{JID}) does not exist'),
    ('friends',       rf'(?P<jid>{JID}) and (?P<other>{JID}) are friends'),
    ('follows',       rf'(?P<jid>{JID}) follows (?P<other>{JID})'),
    ('command',       r'command: jackdaw (?P<line>.*)'),
    ('command_fails', r'command fails: jackdaw (?P<line>.*)'),
    ('output_has',    rf'output has (?P<text>{STRING})'),
    ('output_lacks',  rf'output lacks (?P<text>{STRING})'),
)]
SECTIONS = re.compile(r'(RFC \d+|XEP-\d{4})((?:,? (?:and )?§[\w.]+)*)')
CONFIGS = {'Config:': 'top', 'Domain config:': 'domain', 'Listener config:': 'listener'}
NEEDS_OWN = {'server_does', 'server_ends', 'command', 'command_fails'}


class Wrong(Exception):
    pass


class Step:
    def __init__(self, line, kind, arguments):
        self.line, self.kind, self.arguments = line, kind, arguments


class Play:
    def __init__(self, path, name):
        self.path, self.name = path, name
        self.steps, self.sections, self.title = [], [], ''
        self.config = {'top': '', 'domain': '', 'listener': ''}
        with open(path, encoding='utf-8') as f:
            self.read(f.read().split('\n'))

    @property
    def needs_own_server(self):
        return any(self.config.values()) or any(s.kind in NEEDS_OWN for s in self.steps)

    def wrong(self, line, why):
        raise Wrong(f'{self.path}:{line}: {why}')

    def read(self, lines):
        if not lines[0].startswith('#'):
            self.wrong(1, 'the first line is a comment that names the section the play holds')
        self.title = lines[0].lstrip('# ')
        self.sections = [f'{document}{section}' for document, sections in SECTIONS.findall(lines[0])
                         for section in re.findall(r' §[\w.]*\w', sections) or ['']]
        if not self.sections:
            self.wrong(1, 'the first line names no section: RFC 6121 §2.1.6, or XEP-0199 §4.1')
        for number, text in joined(lines):
            self.statement(number, text)
        if not self.steps:
            self.wrong(1, 'nothing happens in this play')

    def statement(self, number, text):
        for start, part in CONFIGS.items():
            if text.startswith(start):
                self.config[part] += text[len(start):] + '\n'
                return
        for kind, pattern in STATEMENTS:
            match = pattern.fullmatch(text)
            if match:
                self.steps.append(Step(number, kind, self.prepared(number, kind, match.groupdict())))
                return
        self.wrong(number, f'this is no statement: {text}')

    def prepared(self, number, kind, arguments):
        try:
            for name in ('password', 'gs2', 'text'):
                if arguments.get(name):
                    arguments[name] = unquote(arguments[name])
            if kind in ('send_raw', 'dribble'):
                arguments['raw'] = ''.join(unquote(s) for s in re.findall(STRING, arguments['raw'], re.DOTALL))
            if kind == 'send':
                tree.parse_pieces(re.sub(r'\{[^}]*\}', 'x', arguments['xml']))
            elif kind == 'hear_stream':
                arguments['pieces'] = tree.parse_pieces((arguments['xml'] or '<stream:stream …>') + '</stream:stream>')
            elif arguments.get('xml'):
                arguments['pieces'] = tree.parse_pieces(arguments['xml'])
        except (expat.ExpatError, SyntaxError, ValueError) as why:
            self.wrong(number, f'{why}')
        return arguments


def joined(lines):
    """Statements with the number of their first line; a line that begins with white space goes on with the one before."""
    number, text = 0, ''
    for i, line in enumerate(lines, 1):
        if line.startswith('#') or not line.strip():
            continue
        if line[0] in ' \t':
            text += '\n' + line
            continue
        if text:
            yield number, text.rstrip()
        number, text = i, line
    if text:
        yield number, text.rstrip()


def unquote(string):
    return ast.literal_eval(string.replace('\n', '\\n'))


def header(domain):
    return (f"<?xml version='1.0'?><stream:stream to='{domain}' version='1.0' xmlns='jabber:client' "
            f"xmlns:stream='{tree.STREAMS}'>")


def expand(text, variables, user):
    """{$name}, {header}, {base64 …} and {repeat N …} in what is sent; `user` maps accounts' names inside base64."""
    def piece(match):
        what, argument, count, repeated, domain = match.group(1, 2, 3, 4, 5)
        if domain is not None:
            return header(domain.strip() or 'example')
        if what:
            if what not in variables:
                raise KeyError(what)
            return variables[what]
        if argument is not None:
            return base64.b64encode(user(argument if '\0' in argument else unquote(f'"{argument}"')).encode('utf-8')).decode()
        return repeated * int(count)
    return re.sub(rf'\{{(?:\$(\w+)|base64 ([^}}]*)|repeat (\d+) ([^}}]+)|header( [^\s}}]+|(?=}})))\}}', piece, text)
