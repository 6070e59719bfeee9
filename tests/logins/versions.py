"""XEP-0515: SCRAM says the version of TLS, and who changes it on the way breaks the login."""
import base64
import hashlib
import hmac
import ssl

from door import Caller, House, LISTENER, example, must, same
from xmppclient import salt

NAMED = {ssl.TLSVersion.TLSv1_2: '0303', ssl.TLSVersion.TLSv1_3: '0304'}


def login(c, mechanism='SCRAM-SHA-256', change=lambda challenge: challenge):
    """What the challenge says of TLS, and how the login of a client ended that saw it changed."""
    first = 'n=romeo,r=' + base64.b64encode(b'a client of ours').decode()
    challenge = c.auth(mechanism, f'n,,{first}'.encode())[1].decode()
    parts = dict(p.split('=', 1) for p in challenge.split(','))
    final = f'c=biws,r={parts["r"]}'
    name = 'sha1' if mechanism == 'SCRAM-SHA-1' else 'sha256'
    salted = salt(name, 'secret', parts['s'], int(parts['i']))
    key = hmac.digest(salted, b'Client Key', name)
    signature = hmac.digest(hashlib.new(name, key).digest(), f'{first},{change(challenge)},{final}'.encode(), name)
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()
    return parts.get('t'), c.response(f'{final},p={proof}'.encode())[0]


def told_in_every_challenge(program):
    with House(program, LISTENER, example(), accounts=['romeo']) as h:
        for version, number in NAMED.items():
            for mechanism in 'SCRAM-SHA-256', 'SCRAM-SHA-1':
                same(login(Caller(h, version=version), mechanism), (number, 'success'), mechanism)
            other = next(n for n in NAMED.values() if n != number)
            verdict = login(Caller(h, version=version), change=lambda text: text.replace(f't={number}', f't={other}'))[1]
            same(verdict, 'not-authorized', 'changed on the way')
        same(login(Caller(h, tls=False)), (None, 'success'), 'without TLS there is none')
        must(h.process.poll() is None)


TESTS = [told_in_every_challenge]
