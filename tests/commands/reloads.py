"""What a reload does, tells beforehand, and refuses; sessions live through it."""
import os
import re

from asking import held, running
from server import DOMAIN
from xmppclient import CLIENT, Client, Lost

OTHER = 'other.example'
MANY = 22
TOP = 'limits { enabled = no;  resources = 40;  roster_items = 1000;  stanza_size = 256k }\n'
SECOND = f'domain "{OTHER}" {{ tls = optional;  tls_certificate = "example.pem";  tls_key = "example.key" }}\n'


def talks(client):
    """It answers a ping."""
    client.send("<iq type='get' id='alive'><ping xmlns='urn:xmpp:ping'/></iq>")
    return client.wait(lambda e: e is not None and e.get('id') == 'alive') is not None


def is_over(client, condition):
    """Its stream ends with this error."""
    try:
        client.wait(lambda e: e is not None and any(child.tag.endswith('}' + condition) for child in e))
    except Lost:
        return False
    return True


def log_in(server, name, domain, resource):
    return Client(server.port, domain).log_in(name, 'secret', resource, tls=True)


def change(server, *pairs, text=None):
    """Each (old, new) of the configuration; what it was."""
    before = text = text or server.configuration()
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    server.configure(text)
    return before


def dry_run(server):
    code, answer = server.ask('reload', '--dry-run')
    return answer['rows'][0] if code == 0 else answer


def is_as_before(server, clients):
    _, answer = server.ask('domain', 'list')
    if [row['domain'] for row in answer['rows']] != [DOMAIN, OTHER]:
        yield f'domains changed: {answer}'
    yield from (f'{c.jid} is silent' for c in clients if not talks(c))


def a_dry_run_tells(server, clients):
    change(server, ('threads = 2', 'threads = 3'), ('roster_items = 1000', 'roster_items = 1'), ('stanza_size = 256k', 'stanza_size = 10000'),
           (SECOND, 'threadpool "late" { }\n'))
    row = dry_run(server)
    told = {c['key'] or c['scope']: (c['before'], c['after'], c['reload']) for c in row['changes']}
    expected = {'threads': ('2', '3', 'restart'), 'limits.roster_items': ('1000', '1', 'live'), f'domain "{OTHER}"': (f'domain "{OTHER}"', None, 'live'),
                'threadpool "late"': (None, 'threadpool "late"', 'restart'),
                'limits.stanza_size': ('256k', '10000', 'new connections')}
    if told != expected:
        yield f'told {told}'
    if not all(c['origin'] is None or re.search(r'jackdaw\.conf:\d+$', c['origin']) for c in row['changes']):
        yield f'origins: {row["changes"]}'
    names = [s['jid'] for s in row['sessions']]
    if row['disconnected'] != MANY or len(names) != 20 or len(set(names)) != 20 or not all(n.startswith(f'juliet@{OTHER}/') for n in names):
        yield f'{row["disconnected"]} disconnected, {names}'
    yield from is_as_before(server, clients)


def an_error_changes_nothing(server, clients):
    good = server.configuration()
    change(server, ('threads = 3', 'threads = many'), ('roster_items = 1', 'rooster_items = 1'), text=good)
    for words in (['reload'], ['reload', '--dry-run'], ['config', 'check']):
        code, answer = server.ask(*words)
        error = answer.get('error', '')
        lines = [n for n, line in enumerate(server.configuration().splitlines(), 1) if 'many' in line or 'rooster' in line]
        if code != 1 or not all(f'jackdaw.conf:{n}:' in error for n in lines) or 'did you mean "roster_items"' not in error:
            yield f'{words}: {code} {error}'
    change(server, ('"example.pem"', '"gone.pem"'), text=good)
    for words in (['reload'], ['reload', '--dry-run']):
        code, answer = server.ask(*words)
        if code != 1 or 'gone.pem' not in answer.get('error', ''):
            yield f'{words} with a certificate that is gone: {answer}'
    yield from is_as_before(server, clients)
    server.configure(good)


def a_reload_does_what_was_told(server, romeo, juliets):
    code, answer = server.ask('reload')
    if code or 'needs a restart: threads, threadpool "late"' not in answer['words']:
        yield f'reload: {answer}'
    yield from (f'{c.jid} was not told that its host is gone' for c in juliets if not is_over(c, 'host-gone'))
    if not talks(romeo):
        yield 'romeo is silent'
    if dry_run(server)['disconnected'] or [c['key'] for c in dry_run(server)['changes']] != []:
        yield f'then: {dry_run(server)}'


def live_counts_at_once(romeo):
    for n, expected in ((1, 'result'), (2, 'error')):
        romeo.send(f"<iq type='set' id='r{n}'><query xmlns='jabber:iq:roster'><item jid='friend{n}@{DOMAIN}'/></query></iq>")
        if romeo.wait(lambda e: e is not None and e.tag == CLIENT + 'iq' and e.get('id') == f'r{n}').get('type') != expected:   # pylint: disable=cell-var-from-loop
            yield f'the roster takes a further contact: {n}'


def new_connections_have_new_limits(server, romeo):
    big = f"<message to='romeo@{DOMAIN}/here' id='big'><body>{'x' * 20000}</body></message>"
    romeo.send(big)
    romeo.wait(lambda e: e is not None and e.get('id') == 'big')
    later = log_in(server, 'romeo', DOMAIN, 'later')
    later.send(big)
    if not is_over(later, 'policy-violation'):
        yield 'a new connection may send as much as before'
    if not talks(romeo):
        yield 'romeo is silent'


def changes_are_beside_the_main_file(server):
    main = f'{server.folder}/jackdaw.conf'
    before, about = server.configuration(), os.stat(main)
    server.ask('domain', 'add', 'more.example', '--tls', 'off')
    file = f'{server.folder}/data/domains.d/more.example.conf'
    if 'domain more.example' not in server.read('data/domains.d/more.example.conf'):
        yield f'{file}: {server.read("data/domains.d/more.example.conf")!r}'
    _, answer = server.ask('config', 'diff')
    if [(row['scope'], row['origin'].startswith(file)) for row in answer['rows']] != [('domain "more.example"', True)]:
        yield f'config diff: {answer}'
    _, answer = server.ask('config', 'explain', 'tls')
    values = [v for row in answer['rows'] for v in row['values'] if v['scope'] == 'domain "more.example"']
    if len(values) != 1 or values[0]['value'] != 'off' or not values[0]['origin'].startswith(file):
        yield f'config explain: {values}'
    code, answer = server.ask('domain', 'remove', DOMAIN)
    if code != 1 or 'jackdaw.conf:' not in answer['error']:
        yield f'a domain of the main file was removed: {answer}'
    server.ask('domain', 'remove', 'more.example')
    if server.configuration() != before or os.stat(main).st_mtime_ns != about.st_mtime_ns or os.path.exists(file):
        yield 'the main file was written, or the other one is left'


def a_domain_is_suspended_and_comes_back(server, romeo):
    open_again = f'domain "{OTHER}" {{ tls = optional;  tls_certificate = "example.pem";  tls_key = "example.key" }}\n'
    server.configure(server.configuration() + open_again)
    server.ask('reload')
    juliet = log_in(server, 'juliet', OTHER, 'here')
    change(server, (open_again, open_again.replace('{', '{ suspended = yes; ', 1)))
    if dry_run(server)['disconnected'] != 1:
        yield f'a dry run: {dry_run(server)}'
    server.ask('reload')
    if not is_over(juliet, 'not-authorized'):
        yield 'her session goes on'
    try:
        log_in(server, 'juliet', OTHER, 'here')
        yield 'she logs in'
    except Lost as why:
        if 'account-disabled' not in str(why):
            yield f'she is told {why}'
    romeo.send(f"<message to='juliet@{OTHER}' id='shut' type='chat'><body>x</body></message>")
    if romeo.wait(lambda e: e is not None and e.get('id') == 'shut').get('type') != 'error':
        yield 'a message to her is not returned'
    change(server, ('suspended = yes; ', ''))
    server.ask('reload')
    if not talks(log_in(server, 'juliet', OTHER, 'here')):
        yield 'she is not back'


def check(options):
    with running(options, 'reloads', top=TOP) as server:
        server.configure(server.configuration() + SECOND)
        server.ask('reload')
        for jid in (f'romeo@{DOMAIN}', f'juliet@{OTHER}'):
            server.ask('user', 'add', jid, '-p', 'secret')
        romeo = log_in(server, 'romeo', DOMAIN, 'here')
        juliets = [log_in(server, 'juliet', OTHER, f'r{n}') for n in range(MANY)]
        held('a dry run tells what would change, when, and who would go', a_dry_run_tells(server, [romeo, *juliets]))
        held('an error changes nothing and has its line', an_error_changes_nothing(server, [romeo, *juliets]))
        held('a reload does what a dry run told', a_reload_does_what_was_told(server, romeo, juliets))
        held('what is live counts at once', live_counts_at_once(romeo))
        held('what is for new connections counts for those', new_connections_have_new_limits(server, romeo))
        held('a domain is suspended, and comes back', a_domain_is_suspended_and_comes_back(server, romeo))
        held('what a command changes is beside the main file', changes_are_beside_the_main_file(server))
