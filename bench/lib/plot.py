"""Bars as SVG, with nothing but strings. The colours are readable on both backgrounds, which the picture brings itself."""
import math
from html import escape

from .measure import FLOOR, KINDS, OURS, PEERS, median, short
from .rows import CPU_100K, CPU_EACH, KIB, ROWS, SECONDS

COLOURS = dict(zip((OURS, *PEERS, FLOOR), ("#2f81f7", "#d2762b", "#b04fc4", "#3fa45b", "#8b949e")))
PICTURES = {
    "login.svg": ("Processor time of a login: ms", CPU_EACH),
    "chat.svg": ("Processor time of 100,000 messages or presences delivered: s", CPU_100K),
    "memory.svg": ("Memory of an idle session: KiB", KIB),
    "start.svg": ("Starts: s", SECONDS),
}
WIDTH, LEFT, RIGHT, TOP, BAR, GAP = 860, 240, 70, 74, 15, 14
STYLE = """<style>
text { font: 12px sans-serif; fill: #24292f } .title { font-size: 15px; font-weight: bold } .axis { font-size: 11px; fill: #57606a }
.back { fill: #ffffff } .grid { stroke: #d0d7de }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .axis { fill: #9198a1 } .back { fill: #0d1117 } .grid { stroke: #30363d } }
</style>"""
LOG_FROM = 20                            # longest by shortest bar: above, equal steps are equal factors


class Scale:
    """From values to widths."""
    def __init__(self, values):
        low, high = min(values), max(values)
        self.is_log = high / low > LOG_FROM
        self.low = 10 ** math.floor(math.log10(low)) if self.is_log else 0
        self.high = high
        if self.is_log and low / self.low < 1.3:
            self.low /= 2                # the shortest bar can be seen

    def width(self, value):
        room = WIDTH - LEFT - RIGHT
        if self.is_log:
            return room * math.log(value / self.low) / math.log(self.high / self.low)
        return room * value / self.high

    def marks(self):
        if self.is_log:
            first = math.ceil(math.log10(self.low))
            return [10.0 ** n for n in range(first, math.floor(math.log10(self.high)) + 1)]
        step = 10 ** math.floor(math.log10(self.high))
        step = next(step * part for part in (0.1, 0.2, 0.5, 1) if self.high / (step * part) <= 8 or part == 1)
        return [step * n for n in range(int(self.high / step) + 1)]


def text(x, y, words, kind="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def legend(names):
    parts, x = [], 16
    for name in names:
        parts.append(f'<rect x="{x}" y="36" width="11" height="11" fill="{COLOURS[name]}"/>')
        parts.append(text(x + 16, 46, KINDS[name].title))
        x += 42 + 7 * len(KINDS[name].title)
    return parts


def grid(scale, bottom):
    parts = []
    for mark in scale.marks():
        x = LEFT + scale.width(mark)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{bottom}" class="grid"/>')
        parts.append(text(x, bottom + 15, f"{mark:g}", "axis", "middle"))
    return parts


def bars(title, groups):
    """groups: [(what, {server: value})]. One picture."""
    scale = Scale([v for _, by_server in groups for v in by_server.values()])
    y, drawn = TOP, []
    for what, by_server in groups:
        drawn.append(text(LEFT - 10, y + len(by_server) * BAR / 2 + 4, what, "", "end"))
        for name, value in by_server.items():
            drawn.append(f'<rect x="{LEFT}" y="{y}" width="{max(scale.width(value), 1):.1f}" height="{BAR - 2}" fill="{COLOURS[name]}"/>')
            drawn.append(text(LEFT + scale.width(value) + 5, y + BAR - 4, short(value)))
            y += BAR
        y += GAP
    names = [name for name in COLOURS if any(name in by_server for _, by_server in groups)]
    height = y + 30
    heading = title + (" (logarithmic; shorter is better)" if scale.is_log else " (shorter is better)")
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img">',
                      f"<title>{escape(title)}</title>", STYLE, f'<rect width="{WIDTH}" height="{height}" class="back"/>', text(16, 24, heading, "title"),
                      *legend(names), *grid(scale, y - GAP + 4), *drawn, "</svg>", ""])


def draw(results):
    """{file: (title, svg)}, for the pictures that have something to show."""
    specs = {spec.name: spec for spec in ROWS}
    drawn = {}
    for name, (title, figure) in PICTURES.items():
        groups = []
        for row in results["rows"]:
            medians = {server: median(row["servers"].get(server, []), figure) for server in COLOURS}
            found = {server: value for server, value in medians.items() if value}
            if found and specs[row["name"]].figures[0] == figure:
                groups.append((specs[row["name"]].short, found))
        if groups:
            drawn[name] = (title, bars(title, groups))
    return drawn
