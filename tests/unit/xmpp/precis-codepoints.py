#!/usr/bin/python3
"""All code points through our PRECIS and through Debian's python3-precis-i18n.

usage: precis-codepoints.py PROGRAM DIFFERENCES [--print]

DIFFERENCES has a line for each range that differs: the code points, in which
columns, and why. A difference that isn't there fails, and so does a line, or a
part of its range, that is no difference (any more).
--print shows the ranges that differ now, with both verdicts of the first.
"""
import subprocess
import sys
import unicodedata

from precis_i18n import get_profile
from precis_i18n.derived import derived_property
from precis_i18n.unicode import UnicodeData

COLUMNS = ['class', 'username', 'a+username', 'opaque', 'a+opaque']
ucd = UnicodeData()
username = get_profile('UsernameCaseMapped')
opaque = get_profile('OpaqueString')


def enforced(profile, text):
    try:
        return profile.enforce(text).encode('utf-8').hex()
    except UnicodeEncodeError:
        return '-'


def never_allowed(code, verdict):
    """Refused whatever stands beside it: no mapping changes it, and no class has it."""
    char = chr(code)
    same = char.lower() == char == unicodedata.normalize('NFC', char) == ucd.width_map(char)
    return same and verdict in ('UNASSIGNED', 'DISALLOWED') and ucd.category(char) != 'Zs'


def theirs(code):
    verdict = derived_property(code, ucd)[0]
    if never_allowed(code, verdict):
        return [verdict, '-', '-', '-', '-']
    char = chr(code)
    return [verdict, enforced(username, char), enforced(username, 'a' + char),
            enforced(opaque, char), enforced(opaque, 'a' + char)]


def compare(program):
    """{(code point, column): (ours, theirs)} where they differ."""
    lines = subprocess.run([program], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    assert len(lines) == 0x110000, len(lines)
    found = {}
    for code, line in enumerate(lines):
        ours, judge = line.split(' '), theirs(code)
        if ours == judge:
            continue
        for column, one, other in zip(COLUMNS, ours, judge):
            if one != other:
                found[code, column] = (one, other)
    return found


def listed(path):
    """{(code point, column)} that the file names."""
    pairs = set()
    for number, line in enumerate(open(path, encoding='utf-8'), 1):
        if not line.strip() or line.startswith('#'):
            continue
        codes, columns, reason = line.split(None, 2)
        assert reason.strip(), f'line {number} gives no reason'
        first, _, last = codes.partition('..')
        for code in range(int(first, 16), int(last or first, 16) + 1):
            for column in columns.split(','):
                assert column in COLUMNS, f'line {number}: no such column'
                assert (code, column) not in pairs, f'line {number}: listed twice'
                pairs.add((code, column))
    return pairs


def show(found):
    """The ranges with the same columns, with both verdicts of each one's first code point."""
    columns_of = {}
    for code, column in found:
        columns_of.setdefault(code, []).append(column)
    first = last = None
    for code in sorted(columns_of) + [None]:
        if first is not None and code == last + 1 and columns_of[code] == columns_of[first]:
            last = code
            continue
        if first is not None:
            columns = columns_of[first]
            print(f'{first:04X}..{last:04X}' if last > first else f'{first:04X}', ','.join(columns),
                  [found[first, column] for column in columns])
        first = last = code


def main():
    found = compare(sys.argv[1])
    if '--print' in sys.argv:
        show(found)
        return 0
    expected = listed(sys.argv[2])
    unlisted = {key: found[key] for key in found if key not in expected}
    stale = sorted(expected - set(found))
    if unlisted:
        print(f'{len(unlisted)} differences are not listed (code points, columns, (ours, theirs)):')
        show(unlisted)
    for code, column in stale[:50]:
        print(f'{code:04X} {column} is listed and does not differ')
    print(f'{len(found)} differences, {len(unlisted)} of them not listed, {len(stale)} listed in vain;',
          f'their Unicode is {unicodedata.unidata_version}')
    return 1 if unlisted or stale else 0


if __name__ == '__main__':
    sys.exit(main())
