"""Who is there: the same users for every server, all with one password, so that nobody's keys are derived twice.

A user's number is in its name. Contacts are neighbours in the ring of the user's crowd, as bench/load assumes.
"""
import ours

STORM = 20000
# The storm's sessions: each is a descriptor of the server's and one of the generator's, and some are needed besides.
SESSIONS = min(STORM, (ours.descriptors() - 200) // 2 * 2)
# Stores, each made when a row first asks for it; users by their first number: how many, and how many contacts each has.
PEERS = {"usual": {0: (5000, 20), 100000: (200, 0), 200000: (200, 20), 400000: (5000, 0)}, "many": {0: (100000, 0)}}
OURS = {"usual": {**PEERS["usual"], 300000: (5000, 50)}, "many": {0: (100000, 20)}, "storm": {0: (SESSIONS, 200)}}


def users(crowds):
    """(number, numbers of its contacts), for everybody."""
    for first, (count, contacts) in crowds.items():
        for n in range(count):
            yield first + n, [first + c for c in ours.contacts_of(n, count, contacts)]
