"""Who is there: the same users for every server, all with one password, so that nobody's keys are derived twice.

A user's number is in its name. Contacts are neighbours in the ring of the user's crowd, as bench/load assumes.
"""
import hashlib
import hmac

DOMAIN, PASSWORD, SALT, ROUNDS = "load.example", "secret", b"0123456789abcdef", 10000
# By the first number: how many, and how many contacts each has.
CROWDS = {0: (5000, 20), 100000: (200, 0), 200000: (200, 20), 400000: (5000, 0)}
OURS = {300000: (5000, 50)}              # of rows that no peer does
MANY = {0: (100000, 0)}


def users(crowds):
    """(number, numbers of its contacts), for everybody."""
    for first, (count, contacts) in crowds.items():
        steps = [step for step in range(-(contacts // 2), contacts // 2 + 1) if step]
        for n in range(count):
            yield first + n, [first + (n + step) % count for step in steps]


def keys(name):
    """The stored key and the server's (RFC 5802 §3)."""
    salted = hashlib.pbkdf2_hmac(name, PASSWORD.encode(), SALT, ROUNDS)
    client = hmac.digest(salted, b"Client Key", name)
    return hashlib.new(name, client).digest(), hmac.digest(salted, b"Server Key", name)
