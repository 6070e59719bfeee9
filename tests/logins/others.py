"""Another implementation's client, slixmpp, by the mechanisms that it knows of these."""
import os
import subprocess

from door import Certificate, House, LISTENER, example, must

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'slixmpp_login.py')


def login(h, jid, mechanism, certificate=None):
    words = []
    if certificate:
        words = [f'{h.folder}/client.pem', f'{h.folder}/client.key']
        for path, text in zip(words, (certificate.pem, certificate.key_pem())):
            with open(path, 'wb') as f:
                f.write(text)
    done = subprocess.run(['/usr/bin/python3', PROGRAM, jid, mechanism, str(h.ports['a']), f'{h.folder}/example.pem', *words],
                          capture_output=True, encoding='utf-8', timeout=60, check=False)
    return (done.stdout.strip().splitlines() or [done.stderr[-500:]])[-1]


def slixmpp(program):
    auth = ' mechanisms = [ SCRAM-SHA-256 EXTERNAL ];  anonymous = yes'
    h = House(program, LISTENER, example(auth, ' tls_client_ca = "ca.pem";  tls_verify_mode = optional\n'), accounts=['romeo'])
    authority = Certificate(authority=True)
    with open(f'{h.folder}/ca.pem', 'wb') as f:
        f.write(authority.pem)
    with h:
        said = login(h, 'romeo@example', 'EXTERNAL', Certificate('romeo@example', by=authority))
        must(said.startswith('online romeo@example/'), said)
        said = login(h, 'romeo@example', 'EXTERNAL', Certificate('romeo@example'))
        must(said == 'failed failed_all_auth', said)
        said = login(h, 'example', 'ANONYMOUS')
        must(said.startswith('online ') and '@example/' in said and 'romeo' not in said, said)


TESTS = [slixmpp]
