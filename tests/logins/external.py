"""EXTERNAL and a user's own certificates: XEP-0178 §2, XEP-0257."""
import json

from door import Caller, Certificate, House, LISTENER, Lost, VERSIONS, error_of, example, must, same, soon

NS = 'urn:xmpp:saslcert:1'
EXTERNAL = ' mechanisms = [ SCRAM-SHA-256 PLAIN EXTERNAL ]'


def house(program, more='', auth=EXTERNAL, accounts=('romeo', 'juliet'), mode='optional'):
    h = House(program, LISTENER, example(auth, f' tls_client_ca = "ca.pem";  tls_verify_mode = {mode}\n{more}'), accounts=accounts)
    h.authority = Certificate(authority=True)
    with open(f'{h.folder}/ca.pem', 'wb') as f:
        f.write(h.authority.pem)
    return h


def tried(h, certificate, authzid='', **more):
    """What became of EXTERNAL; of a success the address that could be bound."""
    c = Caller(h, certificate, **more)
    verdict = c.auth('EXTERNAL', authzid.encode())[0]
    return c.bound('here') if verdict == 'success' else verdict


def offered_only_when_it_could_succeed(program):
    with house(program, 'certificates { enabled = no }') as h:
        good = Certificate('romeo@example', by=h.authority)
        for version in VERSIONS:
            same(Caller(h, good, version).mechanisms, ['EXTERNAL', 'SCRAM-SHA-256', 'PLAIN'], 'a good one')
            for what, certificate in (('none', None), ('expired', Certificate('romeo@example', by=h.authority, begins=-9, ends=-1)),
                                      ('not yet', Certificate('romeo@example', by=h.authority, begins=1)),
                                      ('of nobody', Certificate('romeo@example')), ("another domain's", Certificate('romeo@elsewhere', by=h.authority)),
                                      ('without an address', Certificate(by=h.authority)), ("a server's", Certificate('example', by=h.authority))):
                same(Caller(h, certificate, version).mechanisms, ['SCRAM-SHA-256', 'PLAIN'], what)
        same(Caller(h, good, tls=False).mechanisms, ['SCRAM-SHA-256', 'PLAIN'], 'without TLS')
    with house(program) as h:                                            # users may have put down anything that is good today
        for what, certificate, is_offered in (('of nobody', Certificate(), True), ('none', None, False), ('expired', Certificate(begins=-9, ends=-1), False)):
            same('EXTERNAL' in Caller(h, certificate).mechanisms, is_offered, what)
    with house(program, auth=' mechanisms = [ PLAIN ]') as h:
        same(Caller(h, Certificate('romeo@example', by=h.authority)).mechanisms, ['PLAIN'], 'not configured')
        same(tried(h, Certificate('romeo@example', by=h.authority)), 'invalid-mechanism', 'not configured')


def by_address(program):
    """XEP-0178 §2, steps 10 and 11; the resource of XEP-0257 §3."""
    with house(program) as h:
        one = Certificate('Romeo@Example', by=h.authority)
        for version in VERSIONS:
            same(tried(h, one, version=version), 'romeo@example/here', 'one address')
        same(tried(h, one, 'romeo@example'), 'romeo@example/here', 'the same as authzid')
        same(tried(h, one, 'ROMEO@example'), 'romeo@example/here', 'prepared')
        same(tried(h, one, 'romeo@example/tower'), 'romeo@example/tower', 'an authzid with a resource binds that')
        same(tried(h, one, 'juliet@example'), 'invalid-authzid', 'of another')
        two = Certificate('romeo@example', 'juliet@example', 'x@elsewhere', by=h.authority)
        same(tried(h, two), 'invalid-authzid', 'which of two')
        same(tried(h, two, sender='juliet@example'), 'juliet@example/here', "the stream's from chooses")
        same(tried(h, two, sender='x@elsewhere'), 'invalid-authzid', 'not of this domain')
        same(tried(h, two, sender='nobody@example'), 'invalid-authzid', 'nor one that is not in it')
        same(tried(h, two, 'juliet@example'), 'juliet@example/here', 'chosen')
        same(tried(h, two, 'x@elsewhere'), 'invalid-authzid', 'not of this domain')
        mixed = Certificate('romeo@example', 'x@elsewhere', by=h.authority)
        same(tried(h, mixed), 'romeo@example/here', 'one is of this domain')
        full = Certificate('romeo@example/tower', by=h.authority)
        same(tried(h, full), 'romeo@example/tower', 'a full address binds its resource')
        same(tried(h, full, 'romeo@example'), 'romeo@example/tower', 'also when the authzid is bare')
        same(tried(h, full, 'romeo@example/cellar'), 'invalid-authzid', 'no other resource')
        without = Certificate(by=h.authority)
        same(tried(h, without), 'invalid-authzid', 'nobody named')
        same(tried(h, without, 'romeo@example'), 'not-authorized', 'nothing says so')
        same(tried(h, without, sender='romeo@example'), 'not-authorized', 'a from proves nothing')
        for what in '@example', 'romeo@example/', 'example', 'romeo@example\0', '\xff', 'romeo', 'ro meo@example':
            same(tried(h, one, what), 'invalid-authzid', repr(what))


def by_sasl2(program):
    """XEP-0257 §3 with XEP-0386: the name that a client wishes isn't stronger than its certificate."""
    with house(program) as h:
        for address, resource in (('romeo@example', 'romeo@example/mine/'), ('romeo@example/tower', 'romeo@example/tower')):
            certificate = Certificate(address, by=h.authority)
            c = Caller(h, certificate)
            c.send("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='EXTERNAL'><initial-response></initial-response>"
                   "<bind xmlns='urn:xmpp:bind:0'><tag>mine</tag></bind></authenticate>")
            success = c.element('{urn:xmpp:sasl:2}success', '{urn:xmpp:sasl:2}failure')
            jid = success.findtext('{urn:xmpp:sasl:2}authorization-identifier')
            must(jid and jid.startswith(resource) and ('mine' in resource or jid == resource), f'{jid} instead of {resource}')


def not_good_enough(program):
    """Each is refused by its name, and says nothing of who exists."""
    with house(program) as h:
        for version in VERSIONS:
            same(tried(h, Certificate('romeo@example', by=h.authority, begins=-9, ends=-1), version=version), 'credentials-expired', 'expired')
            same(tried(h, Certificate('romeo@example', by=h.authority, begins=1), version=version), 'not-authorized', 'not yet')
            same(tried(h, None, version=version), 'invalid-mechanism', 'none')
        for name in 'romeo@example', 'nobody@example':
            same(tried(h, Certificate(name)), 'not-authorized', 'of nobody')
            same(tried(h, Certificate(), name), 'not-authorized', 'of nobody, with authzid')
            same(tried(h, Certificate(name, by=Certificate(authority=True))), 'not-authorized', "another authority's")
            same(tried(h, Certificate(by=h.authority), name), 'not-authorized', 'trusted, and of nobody')
        same(tried(h, Certificate('nobody@example', by=h.authority)), 'not-authorized', 'no account')
        same(tried(h, Certificate('romeo@example', by=Certificate('x', by=h.authority))), 'not-authorized', 'signed by one that is no authority')
        soon(lambda: 'a certificate that nobody vouches for' in h.log(), 'the log says why')
    with house(program, mode='required') as h:
        for certificate in None, Certificate('romeo@example'):
            try:
                Caller(h, certificate)
                must(False, 'without a good certificate there is no handshake')
            except (Lost, OSError):
                pass
        same(tried(h, Certificate('romeo@example', by=h.authority)), 'romeo@example/here', 'a good one')


def hostile_words(program):
    with house(program) as h:
        good = Certificate('romeo@example', by=h.authority)

        def says(expected, words, *tries):
            c = Caller(h, good)
            for attempt in tries[:-1]:
                attempt(c)
            same(tries[-1](c)[0], expected, words)
            must(not c.is_over, f'{words}: the stream is over')
            same(c.auth('EXTERNAL', b'')[0], 'success', f'{words}: and then as it should')

        says('incorrect-encoding', 'no base64', lambda c: c.auth('EXTERNAL', raw='%%%'))
        says('incorrect-encoding', 'half of it', lambda c: c.auth('EXTERNAL', raw='cm9tZW9AZXhhbXBsZQ'))
        says('incorrect-encoding', 'space in it', lambda c: c.auth('EXTERNAL', raw='cm9t ZW9A'))
        says('malformed-request', 'too long', lambda c: c.auth('EXTERNAL', b'a' * 3072))
        says('invalid-authzid', 'long', lambda c: c.auth('EXTERNAL', b'a' * 3071))
        says('aborted', 'aborted before a word', lambda c: c.auth('EXTERNAL'), lambda c: c.abort())
        says('malformed-request', 'a response to nothing', lambda c: c.response(b''))
        c = Caller(h, good)
        same(c.auth('EXTERNAL'), ('challenge', b''), 'asked for its word')
        same(c.response()[0], 'success', 'said in a response')
        c = Caller(h, good)
        for _ in range(6):
            verdict = c.auth('EXTERNAL', b'juliet@example')[0]
        same((verdict, c.stream_error()), ('invalid-authzid', 'policy-violation'), 'too many tries')


def named(name, kind='append', more=''):
    return f"<{kind} xmlns='{NS}'><name>{name}</name>{more}</{kind}>"


def with_certificate(name, certificate, more=''):
    return named(name, more=f'{more}<x509cert>{certificate if isinstance(certificate, str) else certificate.base64}</x509cert>')


def by_password(h, user='romeo', tls=True, resource='desk'):
    c = Caller(h, tls=tls)
    same(c.auth('PLAIN', f'\0{user}\0secret'.encode())[0], 'success', 'by password')
    c.bound(resource)
    return c


def listed(c):
    items = c.ask('get', f"<items xmlns='{NS}'/>")[0]
    return {i.find(f'{{{NS}}}name').text: sorted(r.text for r in i.iter(f'{{{NS}}}resource')) for i in items}


def own_certificates(program):
    """Put down, logged in with, listed, disabled, revoked."""
    with house(program) as h:
        desk, phone, bot = by_password(h), Certificate(), Certificate('bot@nowhere')
        same(tried(h, phone, 'romeo@example'), 'not-authorized', 'before')
        same(desk.asked_set(with_certificate('Phone', phone)), 'result', 'append')
        same(desk.asked_set(with_certificate('Bot', bot, '<no-cert-management/>')), 'result', 'append a bot')
        for version in VERSIONS:
            same(tried(h, phone, 'romeo@example', version=version), 'romeo@example/here', 'after')
        same(tried(h, bot, 'romeo@example'), 'romeo@example/here', 'whatever is in it')
        same(tried(h, phone, sender='romeo@example'), 'romeo@example/here', "named by the stream's from")
        same(tried(h, phone, 'romeo@example/pocket'), 'romeo@example/pocket', 'a resource')
        same(tried(h, phone, 'juliet@example'), 'not-authorized', "another's")
        same(tried(h, phone), 'invalid-authzid', 'nobody named')
        same(tried(h, Certificate(), 'romeo@example'), 'not-authorized', 'another certificate')
        inside = Caller(h, phone)
        same((inside.auth('EXTERNAL', b'romeo@example')[0], inside.bound('pocket')), ('success', 'romeo@example/pocket'), 'inside')
        same(listed(desk), {'Phone': ['pocket'], 'Bot': []}, 'the list')
        same(listed(by_password(h, 'juliet')), {}, "juliet's list")
        row = next(r for r in sessions(h) if r['jid'].endswith('/pocket'))
        same(row['mechanism'], 'EXTERNAL', 'in the list of sessions')
        same(desk.asked_set(named('Phone', 'disable')), 'result', 'disable')
        must(inside.is_there(), 'disabling ends nobody')
        same(tried(h, phone, 'romeo@example'), 'not-authorized', 'disabled')
        same(desk.asked_set(with_certificate('Phone', phone)), 'result', 'again')
        must(inside.is_there(), 'it is still there')
        same(desk.asked_set(named('Phone', 'revoke')), 'result', 'revoke')
        same(inside.stream_error(), 'reset', 'revoking ends its sessions')
        must(desk.is_there(), 'and no others')
        same(tried(h, phone, 'romeo@example'), 'not-authorized', 'revoked')
        desk.asked_set(with_certificate('Phone', phone))
        early = Caller(h, phone)
        same(early.auth('EXTERNAL', b'romeo@example')[0], 'success', 'logged in, and not bound')
        same(desk.asked_set(named('Phone', 'revoke')), 'result', 'revoked meanwhile')
        early.bound()
        same(early.stream_error(), 'reset', 'no session by it')
        desk.asked_set(with_certificate('Phone', phone))
        own = Caller(h, phone)
        own.auth('EXTERNAL', b'romeo@example')
        own.bound()
        same((own.asked_set(named('Phone', 'revoke')), own.stream_error()), ('result', 'reset'), 'its own: told, and gone')


def resumed_sessions(program):
    """XEP-0198: what a certificate may not, it may not in a session that it resumes either, also after a restart."""
    with house(program) as h:
        desk, bot = by_password(h), Certificate()
        desk.asked_set(with_certificate('Bot', bot, '<no-cert-management/>'))
        device = Caller(h, bot)
        device.auth('EXTERNAL', b'romeo@example/bot')
        device.bound()
        previd = device.enable_resuming()
        must(previd, 'it can be resumed')
        h.stop()
        h.start()
        other = Caller(h, bot)
        other.auth('EXTERNAL', b'romeo@example/cellar')
        must(not other.resumed(previd), "another resource's session isn't taken")
        device = Caller(h, bot)
        device.auth('EXTERNAL', b'romeo@example/bot')
        must(device.resumed(previd), 'resumed')
        same(device.asked_set(with_certificate('Mine', Certificate())), 'forbidden', 'a bot')
        desk = by_password(h)
        same(desk.asked_set(named('Bot', 'revoke')), 'result', 'revoke')
        same(device.stream_error(), 'reset', 'revoked')


def by_an_administrator(program):
    with house(program) as h:
        desk, phone = by_password(h), Certificate()
        desk.asked_set(with_certificate('My old phone', phone))
        inside = Caller(h, phone)
        same((inside.auth('EXTERNAL', b'romeo@example')[0], inside.bound('pocket')), ('success', 'romeo@example/pocket'), 'inside')
        rows = json.loads(h.command('certificate', 'list', 'romeo@example', '--json'))['rows']
        same([(r['name'], r['restricted'], r['sessions']) for r in rows], [('My old phone', False, 1)], 'the list')
        h.command('certificate', 'revoke', 'romeo@example', 'My old', is_fine=False)
        h.command('certificate', 'revoke', 'juliet@example', 'My old phone', is_fine=False)
        must(inside.is_there(), 'still')
        h.command('certificate', 'revoke', 'romeo@example', 'My', 'old', 'phone')
        same(inside.stream_error(), 'reset', 'its sessions end')
        must(desk.is_there(), 'and no others')
        same(tried(h, phone, 'romeo@example'), 'not-authorized', 'revoked')
        same(h.command('certificate', 'list', 'romeo@example', '--json').count('phone'), 0, 'the list')
        for kind in 'disable', 'revoke':
            same(desk.asked_set(named('Phone', kind)), 'item-not-found', 'not there any more')


def sessions(h):
    return json.loads(h.command('session', 'list', '--json'))['rows']


def what_may_not_be_put_down(program):
    with house(program, 'certificates { most = 3;  size = 1k }') as h:
        desk, phone = by_password(h), Certificate()
        same(desk.asked_set(with_certificate('Phone', phone)), 'result', 'append')
        same(desk.asked_set(with_certificate('Phone', Certificate())), 'conflict', 'the name is taken')
        same(desk.asked_set(with_certificate('Other', phone)), 'conflict', 'one certificate has one name')
        same(desk.asked_set(with_certificate('Old', Certificate(begins=-9, ends=-1))), 'not-acceptable', 'expired')
        same(desk.asked_set(with_certificate('Large', Certificate(*(f'u{i:060}@example' for i in range(12))))), 'not-acceptable', 'too large')
        same(desk.asked_set(with_certificate('No', 'AAAA')), 'not-acceptable', 'no certificate')
        same(desk.asked_set(with_certificate('No', phone.base64 + 'AAAA')), 'bad-request' if phone.base64.endswith('=') else 'not-acceptable', 'more behind it')
        same(desk.asked_set(with_certificate('No', '%%')), 'bad-request', 'no base64')
        same(desk.asked_set(named('No')), 'bad-request', 'nothing')
        same(desk.asked_set(with_certificate('', Certificate())), 'bad-request', 'without a name')
        same(desk.asked_set(with_certificate('n' * 256, Certificate())), 'bad-request', 'too long a name')
        same(desk.asked_set(f"<append xmlns='{NS}'><x509cert>{phone.base64}</x509cert></append>"), 'bad-request', 'no name')
        same(desk.asked_set(with_certificate('Lines', '\n '.join(cut(Certificate().base64)))), 'result', 'broken into lines')
        same(desk.asked_set(with_certificate('Third', Certificate())), 'result', 'the third')
        same(desk.asked_set(with_certificate('Fourth', Certificate())), 'resource-constraint', 'the fourth')
        same(sorted(listed(desk)), ['Lines', 'Phone', 'Third'], 'the list')
        clear = by_password(h, tls=False)
        for payload in with_certificate('Clear', Certificate()), named('Phone', 'revoke'):
            same(clear.asked_set(payload), 'not-allowed', 'without TLS')
        same(error_of(clear.ask('get', f"<items xmlns='{NS}'/>")), 'not-allowed', 'without TLS')
        same(by_password(h, 'juliet').asked_set(with_certificate('X', Certificate()), 'romeo@example'), 'service-unavailable', "another's")
    with house(program, auth=' mechanisms = [ PLAIN ]') as h:
        same(by_password(h).asked_set(with_certificate('Phone', Certificate())), 'service-unavailable', 'where nobody could use it')


def cut(text):
    return [text[i:i + 64] for i in range(0, len(text), 64)]


def what_a_device_may(program):
    """no-cert-management holds, also when the certificate was disabled meanwhile; and no device changes the password."""
    with house(program, 'registration { allow_password_change = yes }') as h:
        desk, phone, bot = by_password(h), Certificate(), Certificate()
        desk.asked_set(with_certificate('Phone', phone))
        desk.asked_set(with_certificate('Bot', bot, '<no-cert-management/>'))
        device = Caller(h, bot)
        device.auth('EXTERNAL', b'romeo@example')
        device.bound('bot')
        tries = (with_certificate('Mine', Certificate()), named('Phone', 'disable'), named('Phone', 'revoke'), named('Bot', 'disable'))
        for payload in tries:
            same(device.asked_set(payload), 'forbidden', 'a bot')
        same(sorted(listed(device)), ['Bot', 'Phone'], 'it may look')
        desk.asked_set(named('Bot', 'disable'))
        for payload in tries:
            same(device.asked_set(payload), 'forbidden', 'a bot whose certificate went')
        same(device.asked_set("<query xmlns='jabber:iq:register'><remove/></query>"), 'forbidden', 'the account')
        mobile = Caller(h, phone)
        mobile.auth('EXTERNAL', b'romeo@example')
        mobile.bound('mobile')
        same(mobile.asked_set(with_certificate('Next', Certificate())), 'result', 'a phone may')
        for c in device, mobile:
            same(c.asked_set("<query xmlns='jabber:iq:register'><username>romeo</username><password>x</password></query>"), 'not-authorized', 'the password')
        same(desk.asked_set("<query xmlns='jabber:iq:register'><username>romeo</username><password>x</password></query>"), 'result', 'who knows it may')


def they_outlive_restarts_and_travel(program):
    """Export and import; a removed account's are gone; the limit of a session is the certificate's end."""
    with house(program) as h:
        desk, phone, bot = by_password(h), Certificate(), Certificate()
        desk.asked_set(with_certificate('Phone', phone))
        desk.asked_set(with_certificate('Bot', bot, '<no-cert-management/>'))
        h.stop()
        h.start()
        same(tried(h, phone, 'romeo@example'), 'romeo@example/here', 'after a restart')
        taken = f'{h.folder}/taken.xml'
        h.command('export', taken, 'romeo@example')
        h.command('user', 'remove', 'romeo@example')
        same(tried(h, phone, 'romeo@example'), 'not-authorized', 'removed')
        h.add_accounts(['romeo'])
        same(tried(h, phone, 'romeo@example'), 'not-authorized', 'made anew')
        for words in [], ['--overwrite'], []:
            h.command('import', *words, taken)
            same(sorted(listed(by_password(h))), ['Bot', 'Phone'], f'imported {words}')
            same(tried(h, phone, 'romeo@example'), 'romeo@example/here', 'imported')
        device = Caller(h, bot)
        device.auth('EXTERNAL', b'romeo@example')
        device.bound()
        same(device.asked_set(named('Phone', 'revoke')), 'forbidden', 'and what it may not')
    with house(program) as h:
        short = Certificate('romeo@example', by=h.authority, ends=5 / 86400)
        c = Caller(h, short)
        same((c.auth('EXTERNAL', b'')[0], c.bound()[:13]), ('success', 'romeo@example'), 'good for five seconds')
        same(c.stream_error(), 'reset', 'and then over')
        h.authority = Certificate(authority=True, ends=8 / 86400)
        with open(f'{h.folder}/ca.pem', 'wb') as f:
            f.write(h.authority.pem)
        h.reload()
        c = Caller(h, Certificate('romeo@example', by=h.authority))
        same((c.auth('EXTERNAL', b'')[0], c.bound()[:13]), ('success', 'romeo@example'), 'an authority that is good for some seconds')
        same(c.stream_error(), 'reset', 'and over when that is')
        soon(lambda: tried(h, Certificate('romeo@example', by=h.authority)) == 'not-authorized', 'nobody vouches for it any more')


TESTS = [offered_only_when_it_could_succeed, by_address, by_sasl2, not_good_enough, hostile_words, own_certificates, resumed_sessions, by_an_administrator, what_may_not_be_put_down,
         what_a_device_may, they_outlive_restarts_and_travel]
