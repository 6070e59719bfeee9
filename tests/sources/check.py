#!/usr/bin/python3
"""A program that checks passwords as ejabberd's external authentication does: what it does depends on the user's name.

romeo and juliet have the password `secret`, or what was set; `slow` never gets an answer, at `crash` it ends, `odd` gets nonsense.
"""
import os
import struct
import sys
import time

FILE = sys.argv[1]


def password_of(user):
    try:
        with open(f'{FILE}.{user}', encoding='utf-8') as f:
            return f.read()
    except FileNotFoundError:
        return 'secret'


def answer(verb, user, _domain, *password):
    if user == 'slow':
        time.sleep(600)
    if user == 'crash':
        sys.exit(3)
    if user == 'odd':
        sys.stdout.buffer.write(b'yes!')
        sys.stdout.buffer.flush()
        time.sleep(600)
    if verb == 'setpass' and user in ('romeo', 'juliet') and password[0] != 'hopeless':
        with open(f'{FILE}.{user}', 'w', encoding='utf-8') as f:
            f.write(password[0])
        return True
    if verb == 'isuser':
        return user in ('romeo', 'juliet')
    return verb == 'auth' and user in ('romeo', 'juliet') and password[0] == password_of(user)


def log(words):
    with open(FILE, 'a', encoding='utf-8') as f:
        f.write(words + '\n')


def main():
    log(f'started {os.geteuid()}')
    read = sys.stdin.buffer
    while head := read.read(2):
        said = read.read(struct.unpack('>H', head)[0]).decode()
        verb, user, domain, *rest = said.split(':', 3)
        log(f'{verb}:{user}:{domain}')
        sys.stdout.buffer.write(struct.pack('>HH', 2, bool(answer(verb, user, domain, *rest))))
        sys.stdout.buffer.flush()


main()
