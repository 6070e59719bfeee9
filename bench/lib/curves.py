"""docs/growth.md and its picture, from what bench/growth has measured."""
import math
import os

from .page import table
from .plot import STYLE, text

DOCS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), 'docs')
AXES = {'sessions': 'silent sessions beside', 'contacts': 'contacts of each', 'accounts': 'accounts in the database', 'loops': 'loops'}
FIGURES = {'message_us': 'message, µs', 'login_us': 'login, µs', 'presence_us': 'presence delivery, µs', 'kib_each': 'KiB of a silent session',
           'kernel_kib_each': "the kernel's KiB besides"}
COLOURS = dict(zip(FIGURES, ('#2f81f7', '#d2762b', '#3fa45b', '#b04fc4', '#8b949e')))
NOISE, A_DOUBLING = 1.25, 0.10
BY_CONTACTS = {('contacts', 'kib_each'), ('contacts', 'login_us')}     # more to hold and to load: what each contact adds is told
MILLION = 1000000


def curve(points, figure):
    """[(how many, cost)], in order."""
    return sorted((int(n), found[figure]) for n, found in points.items() if figure in found)


def verdict(points):
    """flat, logarithmic, or grows, by the rule that the page states."""
    costs = [cost for _, cost in points]
    if max(costs) <= NOISE * costs[0]:
        return 'flat'
    start = max(points[0][0], 1)
    if all(cost <= costs[0] * (NOISE + A_DOUBLING * math.log2(max(n, 1) / start)) for n, cost in points):
        return 'logarithmic'
    return f'**grows**, {costs[-1] / costs[0]:.1f} times'


def slope(points):
    """What each one more adds, by least squares."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mx) * (y - my) for x, y in points) / sum((x - mx) ** 2 for x in xs)


def verdict_of(axis, figure, points):
    if (axis, figure) in BY_CONTACTS:
        unit = figure.split('_')[0].replace('login', 'µs').replace('kib', 'KiB')
        return f'{slope(points):.3g} {unit} a contact'
    return verdict(points)


def short(value):
    return '–' if value is None else f'{value:.3g}'


def section(axis, points):
    order = sorted(points, key=int)
    lines = []
    for figure, what in FIGURES.items():
        found = curve(points, figure)
        if len(found) > 1:
            lines.append([what, *(short(points[n].get(figure)) for n in order), verdict_of(axis, figure, found)])
    return [f'## {AXES[axis][0].upper()}{AXES[axis][1:]}', '', *table(['', *(f'{int(n):,}' for n in order), 'verdict'], lines)]


def million(points):
    """The session's own part and the kernel's, in GiB."""
    weights = [(int(n), found['pss_kib']) for n, found in points.items() if 'kib_each' in found]
    if len(weights) < 2:
        return []
    each, most = slope(weights), max(points, key=int)
    kernel = points[most].get('kernel_kib_each')
    said = [f'Each session more adds {each:.2f} KiB (least squares over the points above), so a million silent ones, each with 20 contacts who are'
            f' there too, would hold **{each * MILLION / 1048576:.1f} GiB** of ours.']
    if kernel:
        said.append(f'The kernel holds {kernel:.2f} KiB for the socket of each, which makes **{kernel * MILLION / 1048576:.1f} GiB** more.')
    return ['## A million silent sessions', '', *said, '']


def page(kept, axes):
    about = kept['about']
    return '\n'.join([
        '# Growth', '', 'Written by `bench/growth --page`; don\'t edit. What it does and counts stands in that program.', '',
        f'- {about["date"]}, commit {about["commit"]}; {about["cpu"]}, {about["cores"]} cores for server and load together, Linux {about["kernel"]}',
        f'- The rule: *flat* is a curve whose dearest point costs at most {NOISE:.2f} times the first; *logarithmic* one where each doubling adds'
        f' at most {A_DOUBLING:.0%} of the first beyond that; all else grows. What must grow with the contacts is told for each contact.',
        '- Costs are the server\'s processor time, kernel and all. Sessions are as many as one process may have descriptors.', '',
        '![Costs beside the first point](growth.svg)', '',
        *(line for axis in axes if axis in kept for line in section(axis, kept[axis])),
        *(million(kept['sessions']) if 'sessions' in kept else [])]).rstrip() + '\n'


# --- the picture: a panel for each axis ---

PANEL, GAP, TALL, LEFT, TOP, HIGH = 250, 40, 170, 40, 70, 2.0


def panel(axis, points, left):
    xs = [max(int(n), 1) for n in points]
    low, high = math.log(min(xs)), math.log(max(xs))

    def at(n, times):
        x = left + PANEL * (math.log(max(n, 1)) - low) / (high - low)
        return x, TOP + TALL * (1 - min(times, HIGH) / HIGH)

    parts = [text(left + PANEL / 2, TOP + TALL + 34, AXES[axis], '', 'middle')]
    for times in (0, 0.5, 1, 1.5, HIGH):
        y = at(1, times)[1]
        parts.append(f'<line x1="{left}" x2="{left + PANEL}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
        parts.append(text(left - 6, y + 4, f'{times:g}', 'axis', 'end'))
    for n in points:
        parts.append(text(at(int(n), 0)[0], TOP + TALL + 16, f'{int(n):,}', 'axis', 'middle'))
    for figure, colour in COLOURS.items():
        found = curve(points, figure)
        if len(found) > 1 and (axis, figure) not in BY_CONTACTS:
            line = ' '.join('{:.1f},{:.1f}'.format(*at(n, cost / found[0][1])) for n, cost in found)
            parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
    return parts


def picture(kept, axes):
    shown = [axis for axis in axes if len(kept.get(axis, {})) > 1]
    width, height = LEFT + len(shown) * (PANEL + GAP) + 20, TOP + TALL + 50
    parts, x = [], 16
    for figure, colour in COLOURS.items():
        parts += [f'<rect x="{x}" y="36" width="11" height="11" fill="{colour}"/>', text(x + 16, 46, FIGURES[figure].split(',')[0])]
        x += 44 + 6.5 * len(FIGURES[figure].split(',')[0])
    for n, axis in enumerate(shown):
        parts += panel(axis, kept[axis], LEFT + n * (PANEL + GAP))
    return '\n'.join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">',
                      '<title>Growth</title>', STYLE, f'<rect width="{width}" height="{height}" class="back"/>',
                      text(16, 24, 'Cost beside the first point of each curve (1: the same)', 'title'), *parts, '</svg>', ''])


def write(kept, axes):
    for name, words in (('growth.md', page(kept, axes)), ('growth.svg', picture(kept, axes))):
        with open(os.path.join(DOCS, name), 'w', encoding='utf-8') as f:
            f.write(words)
