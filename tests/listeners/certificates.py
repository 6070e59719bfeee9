"""Certificates as files: chosen, replaced, watched, refused, and their ends foretold."""
import os
import re
import shutil
import subprocess
import time

from house import Failed, Guest, House, certificate_of, handshake, make_certificate, must, openssl, soon

LISTENER = 'xmpp_listener { listen "127.0.0.1:«a»" { } }\n'


def domain(name, rest):
    return f'domain "{name}" {{ tls = optional;  {rest} }}\n'


def shown(h, name='a', sni='example', **more):
    s = handshake(h.connect(name), sni, **more)
    if isinstance(s, Exception):
        raise Failed(f'no handshake: {s}')
    with s:
        return certificate_of(s)


def starttls(h, to, sni, name='a'):
    c = Guest(h.connect(name), to)
    c.open()
    c.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    c.element('{urn:ietf:params:xml:ns:xmpp-tls}proceed')
    return certificate_of(handshake(c.socket, sni))[0]


def made(h, *names):
    for name in names:
        make_certificate(h.folder, name, name if '.' in name else f'{name}.example')


def chosen_by_name(program):
    """By SNI, by the stream's `to`, and by the listener."""
    text = ('xmpp_listener { listen "127.0.0.1:«a»" { }\n listen "127.0.0.1:«own»" { tls_certificate = own.pem;  tls_key = own.key\n'
            ' peer "127.0.0.3" { tls_certificate = peer.pem;  tls_key = peer.key } } }\n')
    domains = domain('one.example', 'tls_certificate = one.pem;  tls_key = one.key') + domain('two.example', 'tls_certificate = two.pem;  tls_key = two.key')
    domains += domain('own.example', 'tls_certificate = other.pem;  tls_key = other.key')
    h = House(program, text, domains)
    made(h, 'one', 'two', 'own', 'peer', 'other')
    with h:
        for sni, expected in ('one.example', 'one'), ('two.example', 'two'), ('TWO.example', 'two'), ('unknown.example', 'one'), (None, 'one'), ('own.example', 'other'):
            must(shown(h, sni=sni)[0] == f'{expected}.example', f'{sni}: {shown(h, sni=sni)}')
        must(starttls(h, 'two.example', None) == 'two.example', "by the stream's to")
        must(starttls(h, 'two.example', 'one.example') == 'one.example', 'SNI goes first')
        # A listener's certificate: for the name it bears, and where nothing else fits.
        for sni, expected in ('own.example', 'own'), ('two.example', 'two'), (None, 'own'), ('unknown.example', 'own'):
            must(shown(h, 'own', sni=sni)[0] == f'{expected}.example', f'{sni} at its own: {shown(h, "own", sni=sni)}')
        s = handshake(h.connect('own', by='127.0.0.3'), None)
        must(certificate_of(s)[0] == 'peer.example', "a peer's")
        soon(lambda: 'a certificate of domain "own.example" is not for that name' in h.log(), 'the log tells of a wrong name')
        rows = h.status()['certificates']
        must({r['file'].split('/')[-1] for r in rows} == {'one.pem', 'two.pem', 'own.pem', 'peer.pem', 'other.pem'}, str(rows))


def two_kinds_of_key(program):
    h = House(program, LISTENER, domain('example', 'tls_certificate = [ ec.pem, rsa.pem ];  tls_key = [ ec.key, rsa.key ]'))
    make_certificate(h.folder, 'ec', 'example')
    make_certificate(h.folder, 'rsa', 'example', 'rsa')
    with h:
        for kind in 'ECDSA', 'RSA':
            said = subprocess.run(['openssl', 's_client', '-connect', f'127.0.0.1:{h.ports["a"]}', '-tls1_2', '-cipher', f'ECDHE-{kind}-AES128-GCM-SHA256'],
                                  input='', capture_output=True, encoding='utf-8', check=False, timeout=20).stdout
            must(f'ECDHE-{kind}-AES128-GCM-SHA256' in said and 'Peer signature type: ' + ('RSA' if kind == 'RSA' else 'ECDSA') in said, said[-1500:])


def read_anew(program):
    """By reload, by SIGHUP, and when the files change; those who are inside stay."""
    with House(program, LISTENER, accounts=['romeo']) as h:
        inside = h.guest('a')
        inside.domain = 'example'
        inside.log_in('romeo', 'secret', tls=True)
        serials = [shown(h)[1]]

        def is_new():
            now = shown(h)[1]
            if now in serials:
                return False
            serials.append(now)
            return True
        make_certificate(h.folder, 'example', 'example')
        h.reload()
        soon(is_new, 'a reload shows the new one')
        make_certificate(h.folder, 'example', 'example')
        h.hup()
        soon(is_new, 'SIGHUP shows the new one')
        make_certificate(h.folder, 'example', 'example')
        soon(is_new, 'it is noticed by itself')
        soon(lambda: 'certificates are read anew, because a file of theirs changed' in h.log(), 'the log says so')
        # A key comes first, half of a certificate next, then all of it: the old pair serves until the new one is whole.
        make_certificate(h.folder, 'next', 'example')
        whole = open(f'{h.folder}/next.pem', 'rb').read()
        shutil.copy(f'{h.folder}/next.key', f'{h.folder}/example.key')
        with open(f'{h.folder}/example.pem', 'wb') as f:
            f.write(whole[:len(whole) // 2])
        soon(lambda: "can't be used, so the old ones stay" in h.log(), 'the half one is refused')
        must(not is_new(), 'the old one stays')
        with open(f'{h.folder}/example.pem', 'wb') as f:
            f.write(whole)
        soon(is_new, 'the whole one is shown')
        # Links that are turned to another file, as certbot does.
        make_certificate(h.folder, 'live', 'example')
        for end in 'pem', 'key':
            os.symlink(f'live.{end}', f'{h.folder}/link.{end}')
            os.rename(f'{h.folder}/link.{end}', f'{h.folder}/example.{end}')
        soon(is_new, 'a link is followed')
        # Work of others in the folder is no change of ours; and a configuration that somebody edits is not read with it.
        before = h.log().count('read anew')
        with open(f'{h.folder}/jackdaw.conf', 'a', encoding='utf-8') as f:
            f.write('half of a wor')
        time.sleep(1.5)
        must(h.log().count('read anew') == before)
        make_certificate(h.folder, 'example', 'example')
        soon(is_new, 'it is read without the configuration')
        inside.round_trip()


def keys(program):
    """Encrypted, with the password in the configuration or in a file; and what everybody could read is refused."""
    h = House(program, LISTENER, domain('example', 'tls_certificate = example.pem;  tls_key = locked.key;  tls_key_password_file = password'))
    openssl('pkey', '-in', 'example.key', '-aes256', '-passout', 'pass:pass word', '-out', 'locked.key', folder=h.folder)
    with open(f'{h.folder}/password', 'w', encoding='ascii') as f:
        f.write('pass word\n')
    os.chmod(f'{h.folder}/password', 0o600)
    os.chmod(f'{h.folder}/locked.key', 0o600)
    with h:
        must(shown(h)[0] == 'example')
        h.reload(LISTENER, domain('example', 'tls_certificate = example.pem;  tls_key = locked.key;  tls_key_password = "pass word"'))
        must('********' in h.command('config', 'show') and 'pass word' not in h.command('config', 'show'))
        said = h.reload(LISTENER, domain('example', 'tls_certificate = example.pem;  tls_key = locked.key;  tls_key_password = wrong'), is_fine=False)
        must("the password doesn't open it" in said, said)
        must(shown(h)[0] == 'example', 'the old one stays')
    h = House(program, LISTENER)
    try:
        os.chmod(f'{h.folder}/example.key', 0o644)
        h.refuses_to_start('example.key has the mode 0644')
        os.chmod(f'{h.folder}/example.key', 0o640)
        h.start()
        h.stop()
    finally:
        h.remove()


def expiry(program):
    """Told at start, told in status."""
    h = House(program, LISTENER, domain('example', 'tls_certificate = example.pem;  tls_key = example.key')
              + domain('soon.example', 'tls_certificate = soon.pem;  tls_key = soon.key') + domain('two.example', 'tls_certificate = soon.pem;  tls_key = soon.key'))
    make_certificate(h.folder, 'soon', 'soon.example', days=5)
    with h:
        soon(lambda: re.search(r'TLS the certificate in \S+/soon.pem \(soon.example\) expires in 4 days', h.log()), 'the log tells of it')
        must('/example.pem' not in h.log())
        rows = h.status()['certificates']
        must([r['file'].split('/')[-1] for r in rows] == ['soon.pem', 'example.pem'] and [r['users'] for r in rows] == [2, 1], str(rows))
        must(4 * 86400 < rows[0]['expires_in_s'] < 5 * 86400, str(rows))
        make_certificate(h.folder, 'soon', 'soon.example', days=1)
        soon(lambda: 'soon.pem (soon.example) expires in 23 hours' in h.log(), 'a new one is looked at too')


TESTS = [chosen_by_name, two_kinds_of_key, read_anew, keys, expiry]
