"""XEP-0388, 0386, 0484: what is asked for together with a login, of those that end or may not do all."""
import time
import uuid

import oauth
from door import Caller, Certificate, House, LISTENER, b64, example, must, put, same
from external import NS, by_password, with_certificate

SASL2, BIND2, FAST = 'urn:xmpp:sasl:2', 'urn:xmpp:bind:0', 'urn:xmpp:fast:0'
ASKED = (f"<request-token xmlns='{FAST}' mechanism='HT-SHA-256-NONE'/><bind xmlns='{BIND2}'><tag>tests</tag></bind>")


def login(c, mechanism, data):
    """Who was bound, and whether a token came with it."""
    c.send(f"<authenticate xmlns='{SASL2}' mechanism='{mechanism}'><initial-response>{b64(data)}</initial-response>"
           f"<user-agent id='{uuid.uuid4()}'><software>tests</software></user-agent>{ASKED}</authenticate>")
    e = c.element(f'{{{SASL2}}}success', f'{{{SASL2}}}failure', f'{{{SASL2}}}challenge')
    must(e.tag.endswith('success'), str([e.tag] + [child.tag for child in e]))
    return e.find(f'{{{SASL2}}}authorization-identifier').text, e.find(f'{{{FAST}}}token') is not None


def no_token_outlives_what_it_came_by(program):
    auth = (' mechanisms = [ PLAIN EXTERNAL OAUTHBEARER HT-SHA-256-NONE ];  anonymous = yes\n'
            ' oauth { keys = RS256.pem }')
    h = House(program, LISTENER, example(auth, ' tls_client_ca = "ca.pem";  tls_verify_mode = optional\n'), accounts=['romeo'])
    put(h, 'ca.pem', Certificate(authority=True).pem)
    put(h, 'RS256.pem', oauth.public(oauth.KEYS['RS256']))
    with h:
        who, token = login(Caller(h), 'PLAIN', b'\0romeo\0secret')
        must(token and who.startswith('romeo@example/tests'), 'by password there is one')
        bot = Certificate()
        same(by_password(h).asked_set(with_certificate('Bot', bot, '<no-cert-management/>')), 'result', 'put down')
        c = Caller(h, bot)
        same(login(c, 'EXTERNAL', b'romeo@example/bot'), ('romeo@example/bot', False), 'by certificate: its resource, and no token')
        must(c.ask('get', f"<items xmlns='{NS}'/>").get('type') == 'result', 'it is in')
        same(c.asked_set(with_certificate('Mine', Certificate())), 'forbidden', 'and may not manage')
        again = Caller(h, bot)
        same(login(again, 'EXTERNAL', b'romeo@example/bot')[0], 'romeo@example/bot', 'the same resource again')
        same(c.stream_error(), 'conflict', 'ends the older session')
        data = oauth.message(oauth.token(iss=None, exp=int(time.time()) + 60))
        same(login(Caller(h), 'OAUTHBEARER', data)[1], False, 'by a token that ends: no other')
        who, token = login(Caller(h), 'ANONYMOUS', b'')
        must(not token and 'romeo' not in who, 'by no name: none')


TESTS = [no_token_outlives_what_it_came_by]
