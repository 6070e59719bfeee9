"""Accounts go to another server and come from one: XEP-0227."""
import base64
import hashlib
import hmac
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
from xml.etree import ElementTree

from admin import Admin, running
from xmppclient import Client, Lost

PIE, SCRAM, ROSTER, CLIENT, DELAY = '{urn:xmpp:pie:0}', '{urn:xmpp:pie:0#scram}', '{jabber:iq:roster}', '{jabber:client}', '{urn:xmpp:delay}'
MESSAGE = "<message xmlns='jabber:client' from='juliet@capulet.example/balcony' to='romeo@example' type='chat'><body>%s</body>%s</message>"


def stamp(n):
    return f"<delay xmlns='urn:xmpp:delay' from='example' stamp='2020-01-31T{12 + n // 7200:02}:{n // 120 % 60:02}:{n // 2 % 60:02}.000Z'>Offline Storage</delay>"


def keys(password, name='sha256', rounds=4096):
    salt = b'0123456789abcdef'
    salted = hashlib.pbkdf2_hmac(name, password.encode(), salt, rounds)
    stored = hashlib.new(name, hmac.digest(salted, b'Client Key', name)).digest()
    b64 = lambda data: base64.b64encode(data).decode()
    mechanism = {'sha1': 'SCRAM-SHA-1', 'sha256': 'SCRAM-SHA-256'}[name]
    return (f"<scram-credentials xmlns='urn:xmpp:pie:0#scram' mechanism='{mechanism}'><iter-count>{rounds}</iter-count><salt>{b64(salt)}</salt>"
            f"<server-key>{b64(hmac.digest(salted, b'Server Key', name))}</server-key><stored-key>{b64(stored)}</stored-key></scram-credentials>")


ROMEO = ("<user name='romeo'>" + keys('secret', 'sha1') + keys('secret') + """<query xmlns='jabber:iq:roster'>
<item jid='benvolio@example' subscription='from' ask='subscribe'/><item jid='juliet@capulet.example' name='Juliet &amp; &quot;J&quot;' subscription='both'><group>Friends</group><group>Capulets ü</group></item>
<item jid='mercutio@example' subscription='none' ask='subscribe'/><item jid='nurse@example' subscription='to'/><item jid='tybalt@example' subscription='none' approved='true'/></query>
<presence xmlns='jabber:client' from='nurse@example' to='romeo@example' type='subscribe'><status>please</status></presence>
<presence xmlns='jabber:client' from='paris@example' to='romeo@example' type='subscribe'/><offline-messages>""" +
         ''.join(MESSAGE % (f'number {n}', stamp(n)) for n in range(120)) + """</offline-messages>
<vCard xmlns='vcard-temp'><FN>Romeo  Montague</FN><DESC>a&#13;b
c &lt;d&gt;</DESC><PHOTO x:y='1' xmlns:x='urn:example:x' xml:lang='it'><BINVAL>AAAA</BINVAL></PHOTO></vCard><query xmlns='jabber:iq:private'><storage xmlns='storage:rosternotes'><note jid='juliet@capulet.example'>sweet</note></storage><one xmlns='urn:example:a'>1</one><one xmlns='urn:example:a' x:y='2'
 xmlns:x='urn:example:x'>a&#13;b <x:z/></one></query></user>""")
DOCUMENT = ("<?xml version='1.0' encoding='UTF-8'?><!DOCTYPE server-data><!-- by hand --><server-data xmlns='urn:xmpp:pie:0'><host jid='example'>" + ROMEO +
            "<user name='juliet' password='ju&amp;liet'/></host></server-data>")


def canonical(text):
    """What it says, in one way: without what may differ."""
    tree = ElementTree.fromstring(text)
    for query in tree.iter(f'{ROSTER}query'):
        query[:] = sorted(query, key=lambda item: item.get('jid'))
    for user in tree.iter(f'{PIE}user'):
        user.attrib.pop('password', None)
        user[:] = sorted(user, key=lambda e: (e.tag, e.get('from') or '', e.get('mechanism') or ''))
    for element in tree.iter():
        if element.tag in (f'{PIE}server-data', f'{PIE}host', f'{PIE}user', f'{PIE}offline-messages', f'{ROSTER}query'):
            element.text = None
        if not element.tag.startswith('{vcard-temp}') or element.tag == '{vcard-temp}vCard':
            element.tail = None
    return ElementTree.canonicalize(ElementTree.tostring(tree))


def export(server, *who):
    done = server.command('export', '-', *who)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def user(document, name):
    """Of one user only."""
    tree = ElementTree.fromstring(document)
    for host in tree:
        for one in list(host):
            if one.get('name') != name:
                host.remove(one)
    return ElementTree.tostring(tree)


def logs_in(server, name, password, mechanism=('sha256', 'SCRAM-SHA-256')):
    client = Client(server.port, 'example')
    client.open()
    client.starttls()
    client.open()
    try:
        client.scram(name, password, *mechanism)
    except Lost:
        return False
    finally:
        client.close()
    return True


def compare(server, first):
    """What is wrong with what came of DOCUMENT."""
    told = export(server, 'example')
    if canonical(user(told, 'romeo')) != canonical(user(DOCUMENT, 'romeo')):
        one, other = canonical(user(told, 'romeo')), canonical(user(DOCUMENT, 'romeo'))
        at = max(len(os.path.commonprefix([one, other])) - 50, 0)
        return f'exported: {one[at:at + 200]}, imported: {other[at:at + 200]}'
    if 'password' in told:
        return 'a password was exported'
    if first.returncode or '2 accounts made, 0 merged, 0 refused' not in first.stdout:
        return f'the report: {first}'
    return None


def round_trip(program):
    """What was imported is exported again, twice imported is the same, and the passwords fit."""
    with running(program, domain='offline { limit = 0 }') as server:
        first = server.command('import', '-', text=DOCUMENT)
        wrong = compare(server, first)
        if wrong:
            return wrong
        again = server.command('import', '-', text=DOCUMENT)
        if '0 accounts made, 2 merged, 0 refused' not in again.stdout:
            return f'again: {again}'
        wrong = compare(server, first)
        if wrong:
            return f'after the second import: {wrong}'
        good = [logs_in(server, 'romeo', 'secret'), logs_in(server, 'romeo', 'secret', ('sha1', 'SCRAM-SHA-1')), logs_in(server, 'juliet', 'ju&liet'),
                not logs_in(server, 'romeo', 'Secret')]
        if not all(good):
            return f'logins: {good}'
        return moved(server)


def moved(server):
    """To a second server, where a client sees it all."""
    other = server.twin()
    try:
        other.start()
        with tempfile.TemporaryDirectory() as folder:
            server.rows('export', f'{folder}/all.xml')
            if os.stat(f'{folder}/all.xml').st_mode & 0o777 != 0o600:
                return 'others can read the file'
            other.command('import', f'{folder}/all.xml')
        client = other.log_in('romeo', tls=True)
        client.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
        roster = client.wait(lambda e: e is not None and e.get('id') == 'r')[0]
        client.send('<presence/>')
        heard = [client.wait(lambda e: e is not None and e.tag == f'{CLIENT}message') for _ in range(120)]
        client.close()
        stamps = [[d.get('stamp') for d in message.findall(f'{DELAY}delay')] for message in heard]
        if len(roster) != 5 or [m.find(f'{CLIENT}body').text for m in heard] != [f'number {n}' for n in range(120)] or stamps[2] != ['2020-01-31T12:00:01.000Z']:
            return f'{len(roster)} contacts, {stamps[:3]}'
        return other.stop()
    finally:
        other.remove()


def stays(program):
    """What is here stays, unless it is to be overwritten; and it works while the account is online."""
    mine = "<server-data xmlns='urn:xmpp:pie:0'><host jid='example'><user name='romeo' password='%s'><query xmlns='jabber:iq:roster'><item jid='tybalt@example' name='%s' subscription='to'/></query></user></host></server-data>"
    with running(program) as server:
        server.command('import', '-', text=mine % ('first', 'Cat'))
        client = Client(server.port, 'example').log_in('romeo', 'first', 'here')
        server.command('import', '-', text=mine % ('second', 'King of Cats'))
        seen = [logs_in(server, 'romeo', 'first'), 'name="Cat"' in export(server).replace("'", '"')]
        server.command('import', '-', '--overwrite', text=mine % ('third', 'King of Cats'))
        seen += [logs_in(server, 'romeo', 'third'), 'King of Cats' in export(server)]
        client.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
        seen.append(client.wait(lambda e: e is not None and e.get('id') == 'r')[0][0].get('name') == 'King of Cats')
        client.close()
        return None if all(seen) else f'{seen}'


def disabled(program):
    """Who may not log in may not after a move either; somebody who is here already stays as he is, unless that is to be overwritten."""
    text = ("<server-data xmlns='urn:xmpp:pie:0'><host jid='example'><user name='%s' password='secret'>"
            "<disabled xmlns='https://jackdaw.im/portable' since='%s'/></user></host></server-data>")
    with running(program) as server:
        server.command('import', '-', text=text % ('paris', '2020-01-31T12:00:00Z'))
        seen = [not logs_in(server, 'paris', 'secret'), [r['disabled'] for r in server.rows('user', 'list', '--disabled')] == ['2020-01-31T12:00:00Z'],
                "<disabled xmlns='https://jackdaw.im/portable' since='2020-01-31T12:00:00Z'/>" in export(server)]
        server.rows('user', 'enable', 'paris@example')
        server.command('import', '-', text=text % ('paris', '2020-01-31T12:00:00Z'))
        seen += [logs_in(server, 'paris', 'secret'), '<disabled' not in export(server)]
        server.command('import', '-', '--overwrite', text=text % ('paris', '2020-01-31T12:00:00Z'))
        seen += [not logs_in(server, 'paris', 'secret')]
        wrong = server.command('import', '-', text=text % ('tybalt', 'never'))
        seen += ['1 wrong' in wrong.stdout + wrong.stderr, logs_in(server, 'tybalt', 'secret')]
        return None if all(seen) else f'{seen}'


def without_server(program):
    """Without a server the same."""
    server = Admin(program, domain='offline { limit = 0 }')
    try:
        server.start()
        wrong = server.stop()
        first = server.command('import', '-', text=DOCUMENT)
        wrong = wrong or compare(server, first)
        again = server.command('import', '-', text=DOCUMENT)
        if '0 accounts made, 2 merged' not in again.stdout:
            return f'again: {again}'
        server.start()
        if not logs_in(server, 'romeo', 'secret') or not logs_in(server, 'juliet', 'ju&liet'):
            return 'the passwords do not fit'
        return wrong or compare(server, first) or server.stop()
    finally:
        server.remove()


def bad(program):
    """What is wrong is refused with words, and the good is taken all the same."""
    host = "<server-data xmlns='urn:xmpp:pie:0'><host jid='%s'>%s</host></server-data>"
    laughs = '<!DOCTYPE a [' + ''.join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha" * 100}">' for n in range(12)) + ']>'
    cases = {
        'no XML': ('hello', 'syntax error'), 'nothing': ('', 'no element found'), 'another root': ('<html/>', 'server-data'),
        'cut': (DOCUMENT[:len(DOCUMENT) // 2], 'line '), 'laughs': (laughs + host % ('example', "<user name='a'><x>&l11;</x></user>"), 'amplification'),
        'another domain': (host % ('elsewhere.example', "<user name='a' password='b'/>"), 'elsewhere.example is not served here'),
        'no name': (host % ('example', "<user password='b'/>"), 'refused'), 'an impossible name': (host % ('example', "<user name='a@b' password='b'/>"), 'no address'),
        'an empty password': (host % ('example', "<user name='a' password=''/>"), 'password is empty'),
        'bad keys': (host % ('example', f"<user name='k'>{keys('x').replace('<iter-count>4096', '<iter-count>-1')}</user>"), '1 wrong'),
        'strange things': (host % ('example', "<user name='s'><archive xmlns='urn:xmpp:pie:0#mam'/><x xmlns='urn:example:x'/></user>"), '2 ignored'),
        'an include that leads away': ("<server-data xmlns='urn:xmpp:pie:0'><include xmlns='http://www.w3.org/2001/XInclude' href='../../etc/passwd'/></server-data>", "can't be followed"),
    }
    with running(program) as server:
        for name, (text, words) in cases.items():
            done = server.command('import', '-', text=text)
            if words not in done.stdout + done.stderr:
                return f'{name}: {done}'
            refused = name not in ('bad keys', 'strange things')
            if bool(done.returncode) != refused or done.returncode not in (0, 1):
                return f'{name}: it ended with {done.returncode}'
        mixed = host % ('example', "<user name='good1' password='x'/><user password='b'/><user name='good2' password='x'/>")
        done = server.command('import', '-', text=mixed)
        jids = [row['jid'] for row in server.rows('user', 'list')]
        return None if '2 accounts made, 0 merged, 1 refused' in done.stderr and jids == ['good1@example', 'good2@example', 'k@example', 's@example'] else f'{done} {jids}'


def included(program):
    """A document in many files, and a folder of documents."""
    with running(program) as server, tempfile.TemporaryDirectory() as folder:
        os.makedirs(f'{folder}/tree/example')
        write = lambda name, text: open(f'{folder}/{name}', 'w', encoding='utf-8').write(text)
        xi = "xmlns='urn:xmpp:pie:0' xmlns:xi='http://www.w3.org/2001/XInclude'"
        write('tree/main.xml', f"<server-data {xi}><xi:include href='example.xml'/></server-data>")
        write('tree/example.xml', f"<host {xi} jid='example'><xi:include href='example/romeo.xml'/><xi:include href='example/juli%65t.xml'><xi:fallback/></xi:include></host>")
        write('tree/example/romeo.xml', ROMEO.replace("<user ", f"<user {xi} ", 1).replace('<vCard', "<secret xmlns='urn:example:x'><xi:include href='no.xml'/></secret><vCard"))
        write('tree/example/juliet.xml', "<user xmlns='urn:xmpp:pie:0' name='juliet' password='ju&amp;liet'/>")
        done = server.command('import', f'{folder}/tree/main.xml')
        wrong = compare(server, subprocess.CompletedProcess([], 0, '2 accounts made, 0 merged, 0 refused'))
        if done.returncode or wrong:
            return f'{done} {wrong}'
        os.makedirs(f'{folder}/many')
        for n in range(3):
            write(f'many/u{n}.xml', f"<server-data {xi}><host jid='example'><user name='u{n}' password='x'/></host></server-data>")
        done = server.command('import', f'{folder}/many')
        return None if '3 accounts made' in done.stdout else f'{done}'


MANY = 3000


def many(program):
    """Many accounts, and one with many messages: memory doesn't grow with them."""
    messages = ''.join(MESSAGE % (f'{n} ' + 'x' * 1000, stamp(n)) for n in range(15000))
    big = f"<user name='big' password='x'><offline-messages>{messages}</offline-messages></user>"
    users = ''.join(f"<user name='user{n:05}'>{keys('secret', rounds=1)}</user>" for n in range(MANY))
    text = f"<server-data xmlns='urn:xmpp:pie:0'><host jid='example'>{users}{big}</host></server-data>"
    with running(program, domain='offline { limit = 0;  limit_bytes = 0 }') as server, tempfile.NamedTemporaryFile('w', suffix='.xml') as file:
        file.write(text)
        file.flush()
        server.command('import', '-', text=DOCUMENT)
        export(server)
        began = time.monotonic()
        done = server.command('import', file.name, patience=120)
        took, told = time.monotonic() - began, export(server)
        before = server.rss_mib()                            # the database's caches are full
        server.command('import', file.name, patience=120)
        export(server)
        grown = server.rss_mib() - before
        print(f'# {MANY} accounts and {len(messages) >> 20} MiB of messages imported in {took:.1f} s, {grown:.0f} MiB more memory')
        if f'{MANY + 1} accounts made, 0 merged' not in done.stdout or told.count('<user ') != MANY + 3 or told.count('<message ') != 15120:
            return f'{done.stdout[-300:]} {done.stderr[-300:]} {told.count("<user ")} {told.count("<message ")}'
        return None if grown < 40 else f'{grown} MiB more memory'


def tables_of_accounts(db):
    tables = [name for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return [t for t in tables if any(column[1] == 'account' for column in db.execute(f'PRAGMA table_info({t})'))]


def rows_of(server):
    """How many rows each table of accounts holds."""
    with sqlite3.connect(f'file:{server.data("jackdaw.sqlite")}?mode=ro', uri=True) as db:
        return {t: db.execute(f'SELECT COUNT(*) FROM {t}').fetchone()[0] for t in tables_of_accounts(db)}


def fill(server):
    """A row of the one account in each table that has none."""
    with sqlite3.connect(server.data('jackdaw.sqlite')) as db:
        account, = db.execute('SELECT id FROM account').fetchone()
        for t in tables_of_accounts(db):
            if not db.execute(f'SELECT COUNT(*) FROM {t}').fetchone()[0]:
                values = [account if c[1] == 'account' else 1 if c[2] == 'INTEGER' else 'x' for c in db.execute(f'PRAGMA table_info({t})')]
                db.execute(f'INSERT INTO {t} VALUES ({",".join("?" * len(values))})', values)
    db.close()


def removed(program):
    """Who is removed leaves no row behind, by the server or without one."""
    for is_running in True, False:
        with running(program) as server:
            server.rows('import', '-', text=DOCUMENT)
            server.log_in('romeo', tls=True).close()
            server.command('user', 'remove', 'juliet@example')
            server.stop()
            fill(server)
            before = rows_of(server)
            if not all(before.values()) or len(before) < 8:
                return f'the test holds too little: {before}'
            if is_running:
                server.start()
            done = server.command('user', 'remove', 'romeo@example')
            server.stop()
            if done.returncode or any(rows_of(server).values()):
                return f'{"by the server" if is_running else "without one"}: {done.stderr} {rows_of(server)}'
            server.start()
    return None


TESTS = (round_trip, removed, stays, disabled, without_server, bad, included, many)
