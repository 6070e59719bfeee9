"""XEP-0484: tokens, who may use them, how they change and end."""
import ssl
import time

from sasl2 import DESK, FAST, PHONE, SASL2, BIND2, UPGRADE, SCRAM_UPGRADE, Modern, Refused, tag
from server import DOMAIN
from xmppclient import Lost, b64, salt

WISH = f"<request-token xmlns='{FAST}' mechanism='HT-SHA-256-ENDP'/>"
NONE = f"<request-token xmlns='{FAST}' mechanism='HT-SHA-256-NONE'/>"


def modern(server, **how):
    return Modern(server.port, DOMAIN, **how)


def refused(what, *, as_='not-authorized'):
    try:
        what()
    except Refused as why:
        assert str(why) == as_, f'{why} instead of {as_}'
        return
    raise AssertionError(f'it was let in instead of {as_}')


def token_of(server, wish=WISH, **how):
    c = modern(server, **how).plain(extra=wish)
    assert c.token, 'no token'
    c.close()
    return c.token


def a_token_is_as_good_as_a_password(server):
    token = token_of(server)
    bound = f"<bind xmlns='{BIND2}'><tag>t</tag></bind>"
    for _ in range(2):
        c = modern(server).fast('HT-SHA-256-ENDP', token, bound)
        assert c.jid.startswith(f'romeo@{DOMAIN}/t/'), c.jid
        assert c.success.find(tag(FAST, 'token')) is None, 'a new token though the old one is fresh'
        c.round_trip()
        c.close()


def no_token_without_asking(server):
    assert modern(server).plain().token is None
    assert modern(server).plain(extra=f"<request-token xmlns='{FAST}' mechanism='PLAIN'/>").token is None


def a_wrong_token_is_a_wrong_password(server):
    token = token_of(server)
    refused(lambda: modern(server).fast('HT-SHA-256-ENDP', token + 'x'))
    refused(lambda: modern(server, user='nobody').fast('HT-SHA-256-ENDP', token))
    refused(lambda: modern(server, user='juliet').fast('HT-SHA-256-ENDP', token))


def it_is_bound_to_mechanism_and_device(server):
    token = token_of(server)
    refused(lambda: modern(server).fast('HT-SHA-256-NONE', token))
    refused(lambda: modern(server, agent=DESK).fast('HT-SHA-256-ENDP', token))
    other = token_of(server, NONE, agent=DESK)
    modern(server, agent=DESK).fast('HT-SHA-256-NONE', other).close()


def tls_unique_is_of_tls_1_2(server):
    old = ssl.TLSVersion.TLSv1_2
    offered = [e.text for e in modern(server, newest=old).offered.iter(tag(FAST, 'mechanism'))]
    assert 'HT-SHA-256-UNIQ' in offered, offered
    assert 'HT-SHA-256-UNIQ' not in [e.text for e in modern(server).offered.iter(tag(FAST, 'mechanism'))]
    c = modern(server, newest=old).plain(extra=f"<request-token xmlns='{FAST}' mechanism='HT-SHA-256-UNIQ'/>")
    modern(server, newest=old).fast('HT-SHA-256-UNIQ', c.token).close()
    refused(lambda: modern(server).fast('HT-SHA-256-UNIQ', c.token), as_='invalid-mechanism')


def not_without_saying_so(server):
    token = token_of(server)
    refused(lambda: modern(server).fast('HT-SHA-256-ENDP', token, fast=''), as_='malformed-request')
    c = modern(server)
    c.agent = 'me'
    refused(lambda: c.fast('HT-SHA-256-ENDP', token), as_='malformed-request')


def messages_of_the_wrong_shape_are_malformed(server):
    for data in (b'', b'romeo', b'romeo\0', b'romeo\0' + b'x' * 31, b'romeo\0' + b'x' * 33, b'\0' + b'x' * 32):
        c = modern(server)
        c.authenticate('HT-SHA-256-ENDP', data, f"<fast xmlns='{FAST}'/>")
        refused(c.succeed, as_='malformed-request')


def it_ends_when_its_owner_says_so(server):
    token = token_of(server)
    c = modern(server).fast('HT-SHA-256-ENDP', token, fast=f"<fast xmlns='{FAST}' invalidate='true'/>")
    assert c.token is None
    refused(lambda: modern(server).fast('HT-SHA-256-ENDP', token))


def it_ends_with_the_password(server):
    token = token_of(server, user='mercutio')
    modern(server, user='mercutio').fast('HT-SHA-256-ENDP', token).close()
    server.command('user', 'passwd', f'mercutio@{DOMAIN}', '-p', 'secret')
    refused(lambda: modern(server, user='mercutio').fast('HT-SHA-256-ENDP', token))


def an_old_one_is_exchanged_and_neither_locks_out(server):
    old = token_of(server, user='benvolio')
    time.sleep(1.1)                              # tokens.rotate is 1 s here
    new = modern(server, user='benvolio').fast('HT-SHA-256-ENDP', old).token
    assert new and new != old, 'it was due'
    modern(server, user='benvolio').fast('HT-SHA-256-ENDP', old).close()         # the answer may have been lost
    newer = modern(server, user='benvolio').fast('HT-SHA-256-ENDP', old).token
    modern(server, user='benvolio').fast('HT-SHA-256-ENDP', newer or new).close()
    refused(lambda: modern(server, user='benvolio').fast('HT-SHA-256-ENDP', old))


def it_expires(server):
    token = token_of(server, user='tybalt')
    server.change("UPDATE token SET expires = 1")
    refused(lambda: modern(server, user='tybalt').fast('HT-SHA-256-ENDP', token), as_='credentials-expired')


def a_restart_keeps_it(server):
    token = token_of(server)
    server.kill()
    server.start()
    modern(server).fast('HT-SHA-256-ENDP', token).close()


def devices_are_listed_and_forgotten(server):
    token = token_of(server, user='rosaline')
    text = server.command('device', 'list', f'rosaline@{DOMAIN}')
    assert PHONE in text and 'stage & set' in text, text
    server.command('device', 'forget', f'rosaline@{DOMAIN}', PHONE)
    refused(lambda: modern(server, user='rosaline').fast('HT-SHA-256-ENDP', token))
    assert PHONE not in server.command('device', 'list', f'rosaline@{DOMAIN}')


def drop_keys(server, user):
    """As an account from elsewhere comes, with old keys only."""
    server.change(f"DELETE FROM credential WHERE hash = 'SCRAM-SHA-256' AND account = (SELECT id FROM account WHERE jid = '{user}@{DOMAIN}')")


def keys_are_upgraded(server):
    """XEP-0480. An account that came with keys of SHA-1 only gets those of SHA-256, and its password stays unsaid."""
    drop_keys(server, 'nurse')
    refused(lambda: modern(server, user='nurse').scram('sha256', 'SCRAM-SHA-256'))
    wish = f"<upgrade xmlns='{UPGRADE}'>UPGR-SCRAM-SHA-256</upgrade><bind xmlns='{BIND2}'/>"

    def upgrade(c):
        e = c.answer()
        assert e.tag == tag(SASL2, 'continue') and e.findtext(f'{tag(SASL2, "tasks")}/{tag(SASL2, "task")}') == 'UPGR-SCRAM-SHA-256'
        c.send(f"<next xmlns='{SASL2}' task='UPGR-SCRAM-SHA-256'/>")
        s = c.answer().find(tag(SCRAM_UPGRADE, 'salt'))
        c.send(f"<task-data xmlns='{SASL2}'><hash xmlns='{SCRAM_UPGRADE}'>{b64(salt('sha256', 'secret', s.text, int(s.get('iterations'))))}</hash></task-data>")
        return c.succeed()

    c = modern(server, user='nurse').scram('sha1', 'SCRAM-SHA-1', extra=wish, tasks=upgrade)
    assert '/' in c.jid, c.jid
    modern(server, user='nurse').scram('sha256', 'SCRAM-SHA-256').close()
    modern(server, user='nurse').scram('sha1', 'SCRAM-SHA-1', extra=wish).close()        # nothing is left to do


def an_upgrade_of_the_wrong_shape_ends_it(server):
    drop_keys(server, 'paris')
    wish = f"<upgrade xmlns='{UPGRADE}'>UPGR-SCRAM-SHA-256</upgrade>"
    for words in (f"<next xmlns='{SASL2}' task='UPGR-SCRAM-SHA-512'/>", f"<task-data xmlns='{SASL2}'/>", f"<response xmlns='{SASL2}'/>"):
        def wrong(c):
            c.answer()
            c.send(words)
            return c.succeed()
        refused(lambda: modern(server, user='paris').scram('sha1', 'SCRAM-SHA-1', extra=wish, tasks=wrong), as_='malformed-request')
    refused(lambda: modern(server, user='paris').scram('sha256', 'SCRAM-SHA-256'))


def nobody_logs_in_again_in_a_task(server):
    drop_keys(server, 'paris')

    def again(c):
        c.answer()
        c.authenticate('PLAIN', b'\0paris\0secret')
        return c.succeed()

    try:
        modern(server, user='paris').scram('sha1', 'SCRAM-SHA-1', extra=f"<upgrade xmlns='{UPGRADE}'>UPGR-SCRAM-SHA-256</upgrade>", tasks=again)
    except Refused as why:
        raise AssertionError('a failure, where a stream error is wanted') from why
    except Lost:
        return
    raise AssertionError('it was let in twice')


TESTS = [v for k, v in list(globals().items()) if callable(v) and getattr(v, '__module__', '') == __name__ and k not in ('drop_keys', 'modern', 'refused', 'token_of')]
