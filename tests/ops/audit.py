"""The trail of administrative acts."""
import json
import os
import time

from admin import Admin, running


def verify(server, *files):
    done = server.command('--json', 'audit', 'verify', *(files or (server.data('audit.log'),)))
    return json.loads(done.stdout)


def lines(server, name='audit.log'):
    with open(server.data(name), encoding='utf-8') as f:
        return f.read().splitlines(keepends=True)


def wait_for(server, count):
    for _ in range(200):
        if os.path.exists(server.data('audit.log')) and len(lines(server)) >= count:
            return
        time.sleep(0.02)
    raise RuntimeError(f'{count} lines did not come: {lines(server)}')


def acts(program):
    """Each act is a line that says who, how, what and with what outcome, without secrets; reads are none."""
    with running(program) as server:
        server.rows('user', 'add', 'romeo@example', '-p', 'topsecret')
        server.refusal('user', 'add', 'romeo@example', '-p', 'topsecret')
        server.command('user', 'add', '--batch', text='a@example topsecret\n')
        server.rows('status')
        server.rows('user', 'list')
        server.rows('log', 'level', 'low', 'STORE')
        server.rows('reload')
        wait_for(server, 5)
        facts = [json.loads(line) for line in lines(server)]
        told = [(fact['n'], fact['who'], fact['face'], fact['command'], fact['arguments'], fact['outcome']) for fact in facts]
        who = (f'uid {os.geteuid()}', 'control socket')
        wanted = [(1, *who, 'user add', {'JID': 'romeo@example', '-p PASSWORD': '[hidden]'}, 'done'),
                  (2, *who, 'user add', {'JID': 'romeo@example', '-p PASSWORD': '[hidden]'}, 'failed'), (3, *who, 'user add', {'--batch': True}, 'done'),
                  (4, *who, 'log level', {'LEVEL': 'low', 'TAG': 'STORE'}, 'done'), (5, *who, 'reload', {}, 'done')]
        if told != wanted or 'topsecret' in ''.join(lines(server)) or not all(fact['time'] for fact in facts):
            return f'{facts}'
        found = verify(server)
        if os.stat(server.data('audit.log')).st_mode & 0o777 != 0o600:
            return 'others can read it'
        return None if found['ok'] and found['rows'][0]['lines'] == 5 and found['rows'][0]['end_is_known'] else f'{found}'


def by_xmpp(program):
    """What is done by ad-hoc commands stands there with who asked; what he may not isn't done, and stands in the log."""
    command = "<iq type='set' to='example' id='%s'><command xmlns='http://jabber.org/protocol/commands' node='jackdaw:user add'%s>%s</command></iq>"
    field = "<field var='%s'><value>%s</value></field>"
    with running(program, domain='admins = [ boss@example ]', level='problem') as server:
        server.rows('user', 'add', 'boss@example', '-p', 'secret')
        boss = server.log_in('boss', 'secret')
        for name, domain in (('romeo', 'example'), ('juliet', 'elsewhere.example')):
            boss.send(command % (f'{name}1', '', ''))
            session = boss.wait(lambda e, name=name: e is not None and e.get('id') == f'{name}1')[0].get('sessionid')
            fields = field % ('jid', f'{name}@{domain}') + field % ('password', 'topsecret')
            boss.send(command % (f'{name}2', f" sessionid='{session}'", f"<x xmlns='jabber:x:data' type='submit'>{fields}</x>"))
            boss.wait(lambda e, name=name: e is not None and e.get('id') == f'{name}2')
        boss.close()
        wait_for(server, 2)
        told = [(fact['who'], fact['face'], fact['command'], fact['arguments'], fact['outcome']) for fact in map(json.loads, lines(server)[1:])]
        wanted = [('boss@example', 'ad-hoc command', 'user add', {'JID': 'romeo@example', '-p PASSWORD': '[hidden]'}, 'done')]
        return None if told == wanted and verify(server)['ok'] and 'boss@example is no administrator of elsewhere.example' in server.log() else f'{told}'


def tampered(program):
    """Lines that were changed, removed, added, moved or cut off are noticed, wherever."""
    with running(program) as server:
        for n in range(6):
            server.rows('user', 'add', f'u{n}@example', '-p', 'x')
        wait_for(server, 6)
        time.sleep(0.2)
        good, path = lines(server), server.data('audit.log')
        cases = {'changed': good[:2] + [good[2].replace('u2@', 'v2@')] + good[3:], 'a changed outcome': good[:5] + [good[5].replace('done', 'lost')],
                 'removed': good[:3] + good[4:], 'the first removed and numbers kept': good[1:] and [good[1].replace('"n":2', '"n":1')] + good[2:],
                 'the last removed': good[:-1], 'all removed': [], 'moved': good[:2] + [good[3], good[2]] + good[4:], 'doubled': good[:3] + [good[2]] + good[3:],
                 'half a line': good[:5] + [good[5][:40]], 'strange words': good[:3] + ['hello\n'] + good[3:], 'a changed hash': good[:5] + [good[5][:-5] + 'f"}\n' if good[5][-5] != 'f' else good[5][:-5] + '0"}\n']}
        for name, text in cases.items():
            with open(path, 'w', encoding='utf-8') as f:
                f.write(''.join(text))
            found = verify(server)
            if found['ok']:
                return f'{name}: not noticed: {found}'
        with open(path, 'w', encoding='utf-8') as f:
            f.write(''.join(good))
        return None if verify(server)['ok'] else 'the good one is refused'


def goes_on(program):
    """The chain goes on over a restart, a rotation, both at once, a kill, and commands without a server."""
    server = Admin(program)
    try:
        add = lambda name: server.rows('user', 'add', f'{name}@example', '-p', 'x')
        server.start()
        add('a')
        wrong = server.stop()
        add('b')                                             # without a server
        server.start()
        add('c')
        wait_for(server, 3)
        os.rename(server.data('audit.log'), server.data('audit.log.1'))
        add('d')
        wait_for(server, 1)
        wrong = wrong or server.stop()
        os.rename(server.data('audit.log'), server.data('audit.log.2'))
        server.start()
        add('e')
        wait_for(server, 1)
        time.sleep(0.2)
        server.kill()
        with open(server.data('audit.log'), 'a', encoding='utf-8') as f:
            f.write('{"n":7,"time":"2')                      # the power went
        os.remove(server.data('audit.log.head'))
        server.start()
        add('f')
        wait_for(server, 2)
        time.sleep(0.2)
        files = [server.data(f'audit.log{n}') for n in ('.1', '.2', '')]
        found, backwards = verify(server, *files), verify(server, files[1], files[0], files[2])
        faces = [json.loads(line)['face'] for line in lines(server, 'audit.log.1')]
        if not found['ok'] or found['rows'][0]['lines'] != 6 or found['rows'][0]['first'] != 1 or backwards['ok'] or faces != ['control socket', 'command line', 'control socket']:
            return f'{found} {backwards} {faces} {wrong}'
        wrong = wrong or server.stop()
        kept = lines(server)
        with open(server.data('audit.log'), 'w', encoding='utf-8') as f:
            f.write(kept[0])                                 # somebody cut it while no server ran
        server.start()
        add('g')
        wait_for(server, 2)
        time.sleep(0.2)
        return None if not verify(server, *files)['ok'] and "doesn't end as it did" in server.log() else 'a cut was not noticed'
    finally:
        server.stop()
        server.remove()


TESTS = (acts, by_xmpp, tampered, goes_on)
