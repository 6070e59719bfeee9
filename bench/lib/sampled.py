"""Samples of a running server: folded, told by library, room and function, drawn as a flame graph.

A stack is a tuple of (function, library), the outermost first. A sample counts for the innermost; what was inlined counts
for its caller.
"""
import collections
import glob
import html
import json
import os
import re
import subprocess

from .page import table

LIBRARIES = (('kernel', r'^\['), ('OpenSSL', r'lib(crypto|ssl)\.'), ('SQLite', r'libsqlite3\.'), ('libuv', r'libuv\.'), ('libc', r'(libc|ld-linux-x86-64|libpthread)\.|^\[vdso'))
COLOURS = {'kernel': '#d97757', 'server': '#4f9d69', 'OpenSSL': '#b58adb', 'SQLite': '#6ea8dc', 'libuv': '#e0b64f', 'libc': '#9aa5b1', 'other': '#cccccc'}
TOP, CUT = 25, 0.002
BEGIN, END = '<!-- tables: bench/profile --page -->', '<!-- end of the tables -->'


def library(dso):
    base = os.path.basename(dso)
    if base == 'jackdaw':
        return 'server'
    return next((name for name, like in reversed(LIBRARIES) if re.search(like, base)), 'other')


# --- from the tools ---

def fold(data):
    """perf's samples: {stack: how many}."""
    text = subprocess.run(['perf', 'script', '-i', data, '--no-inline', '-F', 'comm,tid,ip,sym,dso'], check=True, capture_output=True,
                          text=True, errors='replace').stdout
    stacks = collections.Counter()
    for block in text.split('\n\n'):
        frames = [re.fullmatch(r'\s*[0-9a-f]+ (.*) \(([^()]*)\)', line) for line in block.splitlines()[1:]]
        stack = tuple((m[1], library(m[2])) for m in reversed(frames) if m)
        if stack:
            stacks[stack] += 1
    return stacks


def fold_callgrind(path):
    """The same of callgrind's own counts, without callers."""
    stacks, name, object_name = collections.Counter(), '', ''
    with open(path, encoding='utf-8', errors='replace') as f:
        for line in f:
            if line.startswith('ob='):
                object_name = line[3:].strip()
            elif line.startswith('fn='):
                name = line[3:].strip().split("'")[0]          # without the depth of recursion
            elif line.startswith('calls='):
                next(f)                                      # of the called one
            elif re.match(r'\d+ \d+$', line):
                stacks[((name, library(object_name)),)] += int(line.split()[1])
    return stacks


def rooms(program):
    """{function: its room}, from the debugging information."""
    text = subprocess.run(['nm', '--line-numbers', '--defined-only', program], check=True, capture_output=True, text=True).stdout
    found = re.findall(r'^\S+ [tTwW] (\S+)\t.*/src/(?:(\w+)/)?[\w.]+:\d+$', text, re.MULTILINE)
    return {name: room or 'serve' for name, room in found}


# --- shares ---

def system_call(stack):
    """What the kernel does there."""
    for name, where in stack:
        m = where == 'kernel' and re.match(r'__(?:x64|se|do)_sys_(\w+)', name)
        if m:
            return m[1]
    return 'interrupts and scheduling'


def shares(stacks, program):
    """Of one: by library, by call in the kernel, by room in the server, and by function."""
    total, room_of = sum(stacks.values()), rooms(program)
    found = {name: collections.Counter() for name in ('libraries', 'kernel', 'rooms', 'functions')}
    for stack, count in stacks.items():
        (name, where), part = stack[-1], count / total
        found['libraries'][where] += part
        if where == 'kernel':
            found['kernel'][system_call(stack)] += part
        elif where == 'server':
            found['rooms'][room_of.get(name, 'unknown')] += part
        found['functions'][f'{name}\t{room_of.get(name, where) if where == "server" else where}'] += part
    return {'samples': total, **{name: dict(c.most_common(TOP)) for name, c in found.items()}}


# --- for readers ---

def words(report):
    us = report['us_each']
    lines = [f'{report["row"]}: {report["what"]}: {us:.2f} us of the server each, {report["count"] / report["seconds"]:,.0f} a second; '
             f'sampled by {report["sampled_by"] or "callgrind, instructions outside of the kernel"}']
    for title, name in (('library', 'libraries'), ('kernel, by call', 'kernel'), ('server, by room', 'rooms'), ('function', 'functions')):
        lines.append(f'  {title}')
        lines += [f'    {part:6.1%} {part * us:8.3f} us  {what.expandtabs(44)}' for what, part in report[name].items() if part > CUT]
    lines.append('  system calls each: ' + ', '.join(f'{n} {v:.2f}' for n, v in sorted(report['calls_each'].items(), key=lambda c: -c[1])))
    lines.append('  context switches each: {:.3f} voluntary, {:.3f} not'.format(*report['switches_each']))
    return '\n'.join(lines) + '\n'


def write(folder, report, stacks):
    for name, text in (('report.json', json.dumps(report, indent=1)), ('report.txt', words(report)), ('flame.svg', flame(report, stacks)),
                       ('folded.txt', ''.join(f'{";".join(n for n, _ in s)} {c}\n' for s, c in sorted(stacks.items())))):
        with open(os.path.join(folder, name), 'w', encoding='utf-8') as f:
            f.write(text)


# --- the flame graph ---

WIDTH, HIGH, LEAST = 1200, 16, 0.5


def tree_of(stacks):
    root = [0, {}, None]
    for stack, count in stacks.items():
        node = root
        node[0] += count
        for frame in stack:
            node = node[1].setdefault(frame, [0, {}, frame])
            node[0] += count
    return root


def depth_of(node):
    return 1 + max(map(depth_of, node[1].values()), default=0)


def boxes(node, x, level, scale, bottom):
    """A box for the frame, and above it those that it called."""
    drawn, width = [], node[0] * scale
    if width < LEAST:
        return drawn
    if node[2]:
        name, where = node[2]
        y = bottom - level * HIGH
        drawn.append(f'<g><title>{html.escape(name)} ({where}) {node[0] * scale / WIDTH:.2%}</title><rect x="{x:.1f}" y="{y}" width="{width:.1f}"'
                     f' height="{HIGH - 1}" fill="{COLOURS[where]}"/>')
        if width > 40:
            drawn.append(f'<text x="{x + 3:.1f}" y="{y + 11}">{html.escape(name[:int(width / 6.5)])}</text>')
        drawn.append('</g>')
    for child in sorted(node[1].values(), key=lambda n: n[2]):
        drawn += boxes(child, x, level + 1, scale, bottom)
        x += child[0] * scale
    return drawn


def flame(report, stacks):
    root = tree_of(stacks)
    height = (depth_of(root) + 2) * HIGH
    return '\n'.join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"><style>text {{ font: 11px monospace }}</style>',
                      f'<rect width="{WIDTH}" height="{height}" fill="#fff"/><text x="4" y="12">{html.escape(report["row"] + ": " + report["what"])}</text>',
                      *boxes(root, 0, 0, WIDTH / root[0], height - HIGH), '</svg>', ''])


# --- the page ---

def part_table(reports, name, most=None):
    names = collections.Counter()
    for r in reports:
        names.update(r[name])
    lines = [[what.replace('\t', ', '), *(f'{r[name].get(what, 0) * r["us_each"]:.2f}' for r in reports)] for what, part in names.most_common(most)
             if any(r[name].get(what, 0) > CUT * 2 for r in reports)]
    return table([{'libraries': 'library', 'kernel': 'in the kernel, for', 'rooms': 'room', 'functions': 'function'}[name], *(r['row'] for r in reports)], lines)


def call_table(reports):
    names = collections.Counter()
    for r in reports:
        names.update(r['calls_each'])
    lines = [[what, *(f'{r["calls_each"].get(what, 0):.3f}' for r in reports)] for what, n in names.most_common() if n > 0.005]
    for n, what in enumerate(('context switches, voluntary', 'context switches, others')):
        lines.append([what, *(f'{r["switches_each"][n]:.3f}' for r in reports)])
    return table(['for each, under strace', *(r['row'] for r in reports)], lines)


def tables(reports, about):
    return [f'{about["cpu"]}, {about["cores"]} cores for server and load together, Linux {about["kernel"]}; commit {about["commit"]}.'
            f' Microseconds of the server for each message, sampled by {reports[0]["sampled_by"] or "callgrind"}.', '',
            *table(['', *(r['row'] for r in reports)], [['all of it', *(f'**{r["us_each"]:.2f}**' for r in reports)],
                                                        ['a second', *(f'{r["count"] / r["seconds"]:,.0f}' for r in reports)]]),
            *part_table(reports, 'libraries'), *part_table(reports, 'kernel', 8), *part_table(reports, 'rooms'), *part_table(reports, 'functions', TOP),
            *call_table(reports)]


def write_page(build, page, about):
    reports = []
    for path in sorted(glob.glob(f'{build}/*/report.json')):
        with open(path, encoding='utf-8') as f:
            reports.append(json.load(f))
    with open(page, encoding='utf-8') as f:
        before, rest = f.read().split(BEGIN)
    after = rest.split(END)[1]
    with open(page, 'w', encoding='utf-8') as f:
        f.write('\n'.join([before + BEGIN, '', *tables(reports, about)]).rstrip() + '\n\n' + END + after)
