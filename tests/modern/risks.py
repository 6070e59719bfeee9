"""What must not happen: keys without a password, a token that outlives its account, a stream that ends in the middle."""
import os
import time

from fast import WISH, drop_keys, modern, refused, token_of
from sasl2 import BIND2, DESK, FAST, PHONE, SASL2, UPGRADE, SCRAM_UPGRADE, Modern, tag
from server import DOMAIN
from xmppclient import SASL, TLS, b64

OTHER = DESK.replace('d4', 'e5')
UPGRADES = f"<upgrade xmlns='{UPGRADE}'>UPGR-SCRAM-SHA-256</upgrade>"


def ended(c, words, *, error):
    """The words end the stream with this error."""
    c.send(words)
    e = c.wait(lambda e: e is None or e.tag.endswith('}error') or e.tag.startswith(f'{{{SASL2}}}'))
    assert e is not None and e.tag.endswith('}error') and e[0].tag.split('}')[1] == error, f'{e if e is None else e.tag} instead of {error}'
    c.close()


def in_task(server, user):
    """A stream whose client is to make keys."""
    def begun(c):
        e = c.answer()
        assert e.tag == tag(SASL2, 'continue'), e.tag
        return c

    drop_keys(server, user)
    return modern(server, user=user).scram('sha1', 'SCRAM-SHA-1', extra=UPGRADES, tasks=begun)


def an_upgrade_takes_a_password(server):
    """Who has a token, and no password, can't set one with it."""
    token = token_of(server, user='nurse')
    drop_keys(server, 'nurse')
    c = modern(server, user='nurse').fast('HT-SHA-256-ENDP', token, UPGRADES)
    assert c.success.tag == tag(SASL2, 'success')
    c.close()
    refused(lambda: modern(server, user='nurse').scram('sha256', 'SCRAM-SHA-256'))


def nobody_upgrades_without_logging_in(server):
    drop_keys(server, 'paris')
    for words in (f"<next xmlns='{SASL2}' task='UPGR-SCRAM-SHA-256'/>", f"<task-data xmlns='{SASL2}'><hash xmlns='{SCRAM_UPGRADE}'>{b64(bytes(32))}</hash></task-data>"):
        for begin in (False, True):
            c = modern(server, user='paris')
            if begin:
                c.authenticate('SCRAM-SHA-1', b'n,,n=paris,r=abcdef', UPGRADES)
                c.answer()
            ended(c, words, error='unsupported-stanza-type')


def an_anonymous_user_upgrades_nothing_and_has_no_token(server):
    for _ in range(3):
        c = modern(server)
        c.authenticate('ANONYMOUS', b'', UPGRADES + WISH + f"<bind xmlns='{BIND2}'><tag>mine</tag></bind>")
        assert c.succeed().token is None, 'a token that is kept nowhere'
        assert 'mine' not in c.jid, c.jid
        c.close()


def whoever_leaves_in_a_task_is_forgotten(server):
    for words in ('', f"<abort xmlns='{SASL2}'/>", f"<next xmlns='{SASL2}' task='UPGR-SCRAM-SHA-256'/>"):
        c = in_task(server, 'paris')
        c.send(words or ' ')
        c.close()
    c = in_task(server, 'paris')
    c.send(f"<abort xmlns='{SASL2}'/>")
    refused(c.succeed, as_='aborted')
    c.plain()
    c.close()


def a_password_that_changes_in_a_task_stays_the_only_one(server):
    c = in_task(server, 'paris')
    c.send(f"<next xmlns='{SASL2}' task='UPGR-SCRAM-SHA-256'/>")
    c.answer()
    server.command('user', 'passwd', f'paris@{DOMAIN}', '-p', 'secret2')
    c.send(f"<task-data xmlns='{SASL2}'><hash xmlns='{SCRAM_UPGRADE}'>{b64(bytes(32))}</hash></task-data>")
    c.succeed()
    c.close()
    modern(server, user='paris').scram('sha256', 'SCRAM-SHA-256', password='secret2').close()
    server.command('user', 'passwd', f'paris@{DOMAIN}', '-p', 'secret')


def nothing_else_comes_during_authentication(server):
    first = b64(b'n,,n=romeo,r=abcdef')
    begin = f"<authenticate xmlns='{SASL2}' mechanism='SCRAM-SHA-256'><initial-response>{first}</initial-response></authenticate>"
    for words, error in (("<message to='juliet@example'/>", 'not-authorized'), (f"<starttls xmlns='{TLS}'/>", 'not-authorized'),
                         (f"<auth xmlns='{SASL}' mechanism='PLAIN'>{b64(b'0')}</auth>", 'not-authorized'),
                         (f"<response xmlns='{SASL}'>{b64(b'0')}</response>", 'not-authorized'),
                         ("<iq type='get' id='1'><query xmlns='jabber:iq:auth'/></iq>", 'not-authorized'),
                         ("<iq type='get' id='1'><query xmlns='jabber:iq:register'/></iq>", 'not-authorized'),
                         (begin, 'policy-violation')):
        c = modern(server)
        c.send(begin)
        c.answer()
        ended(c, words, error=error)


def what_is_sent_ahead_waits(server):
    """Pipelining: the message behind a login in the same write is read when the session is there."""
    c = modern(server)
    data = b64(b'\0romeo\0secret')
    c.send(f"<authenticate xmlns='{SASL2}' mechanism='PLAIN'><initial-response>{data}</initial-response><bind xmlns='{BIND2}'/></authenticate>"
           f"<presence/><iq type='get' id='ahead'><ping xmlns='urn:xmpp:ping'/></iq>")
    c.succeed()
    assert c.wait(lambda e: e is not None and e.get('id') == 'ahead').get('type') == 'result'
    c.close()


def a_disabled_account_is_told_so_whatever_it_shows(server):
    token = token_of(server, user='mercutio')
    server.command('user', 'disable', f'mercutio@{DOMAIN}')
    refused(lambda: modern(server, user='mercutio').fast('HT-SHA-256-ENDP', token), as_='account-disabled')
    refused(lambda: modern(server, user='mercutio').plain(extra=WISH), as_='account-disabled')
    server.command('user', 'enable', f'mercutio@{DOMAIN}')
    modern(server, user='mercutio').fast('HT-SHA-256-ENDP', token).close()
    server.command('user', 'remove', f'mercutio@{DOMAIN}')
    server.add_accounts(['mercutio'])
    refused(lambda: modern(server, user='mercutio').fast('HT-SHA-256-ENDP', token))


def streams_end_at_every_step(server):
    """Each connection is closed with a question to the account's home under way. The server must go on, and forget them."""
    token = token_of(server, agent=OTHER)
    wish = WISH + f"<bind xmlns='{BIND2}'><enable xmlns='urn:xmpp:sm:3' resume='true'/></bind>" + f"<resume xmlns='urn:xmpp:sm:3' h='0' previd='none'/>"
    for n in range(40):
        c = modern(server, agent=DESK if n % 2 else PHONE)
        if n % 4 < 2:
            c.authenticate('PLAIN', b'\0romeo\0secret', wish)
        else:
            c.authenticate('HT-SHA-256-ENDP', b'romeo\0' + bytes(32), f"<fast xmlns='{FAST}'/>" + wish)
        time.sleep(n % 10 * 0.002)
        c.close()
    modern(server, agent=OTHER).fast('HT-SHA-256-ENDP', token).close()
    assert server.is_running()


def a_count_comes_once(server):
    """XEP-0484 §3.3."""
    token = token_of(server, user='rosaline')

    def log_in(count):
        modern(server, user='rosaline').fast('HT-SHA-256-ENDP', token, fast=f"<fast xmlns='{FAST}' count='{count}'/>").close()

    log_in(1)
    log_in(7)
    for count in (7, 6, 1):
        refused(lambda: log_in(count))
    for count in ('0', '-1', 'x', '', '9' * 30):
        refused(lambda: log_in(count), as_='malformed-request')
    log_in(8)
    c = modern(server, user='rosaline').plain(extra=WISH)
    c.close()
    modern(server, user='rosaline').fast('HT-SHA-256-ENDP', c.token, fast=f"<fast xmlns='{FAST}' count='1'/>").close()     # the new one is counted anew


def a_name_is_cut_between_characters(server):
    c = modern(server, user='rosaline')
    name = 'ä' * 49 + 'x' + 'é' * 30
    c.send(f"<authenticate xmlns='{SASL2}' mechanism='PLAIN'><initial-response>{b64(chr(0).join(['', 'rosaline', 'secret']).encode())}</initial-response>"
           f"<user-agent id='{DESK}'><device>{name}</device></user-agent></authenticate>")
    c.succeed()
    c.close()
    assert 'ä' * 49 + 'x' in server.command('device', 'list', f'rosaline@{DOMAIN}')      # encoding errors raise


def the_header_and_the_authzid_agree(server):
    """XEP-0388 §2.3."""
    for header, authzid, good in (('romeo', 'romeo', True), ('juliet', 'romeo', False), ('romeo', '', True)):
        c = Modern(server.port, DOMAIN, caller=f'{header}@{DOMAIN}')
        words = (f'{authzid}@{DOMAIN}' if authzid else '') + '\0romeo\0secret'
        c.authenticate('PLAIN', words.encode())
        if good:
            c.succeed()
        else:
            refused(c.succeed, as_='invalid-authzid')
        c.close()


TESTS = [an_upgrade_takes_a_password, nobody_upgrades_without_logging_in, an_anonymous_user_upgrades_nothing_and_has_no_token, whoever_leaves_in_a_task_is_forgotten,
         a_password_that_changes_in_a_task_stays_the_only_one, nothing_else_comes_during_authentication, what_is_sent_ahead_waits,
         a_disabled_account_is_told_so_whatever_it_shows, streams_end_at_every_step, a_count_comes_once, a_name_is_cut_between_characters, the_header_and_the_authzid_agree]


# --- a domain that keeps its passwords elsewhere, or gives no tokens ---

def write_users(server, names):
    path = f'{server.folder}/users.new'
    with open(path, 'w', encoding='utf-8') as f:
        f.writelines(f'{name}@{DOMAIN}:secret\n' for name in names)
    os.chmod(path, 0o644)
    os.replace(path, f'{server.folder}/users')


def a_token_ends_with_the_user_of_a_file(server):
    c = modern(server).plain(extra=WISH)
    c.close()
    modern(server).fast('HT-SHA-256-ENDP', c.token).close()
    write_users(server, ['juliet'])
    server.command('reload')
    refused(lambda: modern(server).fast('HT-SHA-256-ENDP', c.token))
    write_users(server, ['romeo', 'juliet'])
    server.command('reload')
    modern(server).fast('HT-SHA-256-ENDP', c.token).close()


def keys_stay_where_passwords_are(server):
    c = modern(server)
    assert not list(c.offered.iter(tag(UPGRADE, 'upgrade'))), 'an upgrade of keys that are elsewhere'
    c.authenticate('PLAIN', b'\0romeo\0secret', UPGRADES)
    assert c.succeed().success.tag == tag(SASL2, 'success')
    c.close()


FILE_TESTS = [a_token_ends_with_the_user_of_a_file, keys_stay_where_passwords_are]


def no_tokens_when_they_are_off(server):
    c = modern(server)
    assert not list(c.offered.iter(tag(FAST, 'fast'))), 'FAST is offered'
    assert c.plain(extra=WISH).token is None
    c.close()
    refused(lambda: modern(server).fast('HT-SHA-256-ENDP', 'x' * 40), as_='invalid-mechanism')


OFF_TESTS = [no_tokens_when_they_are_off]
