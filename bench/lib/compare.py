"""What the figures say: ratios, verdicts on ours, and whether they have been found again."""
import statistics

from .measure import FLOOR, OURS, PEERS, median, trouble
from .rows import KIB, RATE

TOLERANCE = 1.2


def gain(figure, ours, other):
    """How many times better ours is: cheaper, or faster."""
    if not ours or not other:
        return None
    return ours / other if figure == RATE else other / ours


def against(servers, figure):
    """(times better than the best peer, times dearer than the floor)"""
    ours = median(servers.get(OURS, []), figure)
    gains = [gain(figure, ours, median(servers[name], figure)) for name in PEERS if name in servers]
    floor = gain(figure, median(servers.get(FLOOR, []), figure), ours)
    return min((g for g in gains if g), default=None), floor


def verdicts(results, budgets):
    """[(budget, value, goal|must|OVER|nothing)] for what was measured of ours."""
    found = {row["name"]: row["servers"].get(OURS, []) for row in results["rows"]}
    measured = [(b, median(found.get(b.row, []), b.figure)) for b in budgets]
    return [(b, value, b.verdict(value)) for b, value in measured if value is not None]


def faults(results, budgets):
    """Why the exit code is 1: bounds that are broken, stanzas of ours that went astray, servers that failed."""
    told = [f"{b.row}: {b.figure} is {value:g}, must be {b.must} at {b.bound}" for b, value, said in verdicts(results, budgets) if said == "OVER"]
    for row in results["rows"]:
        for name, runs in row["servers"].items():
            if trouble(runs) and (name == OURS or any("failed" in run for run in runs)):
                told.append(f"{row['name']}: {name}: {trouble(runs)}")
    return told


def machine_factor(pairs, figure):
    """By how much this machine is slower today. It slows all servers alike, so the median of them tells it and one that changed
    doesn't. Memory is the same on a slow machine; and of one or two servers none can say whether it or the machine changed."""
    if figure == KIB or len(pairs) < 3:
        return 1
    return statistics.median(now / before for before, now in pairs)


def again(figure, before, now):
    """[(server, before, now, now with the machine's part taken out, is it the same)] of a row measured twice."""
    pairs = {name: (median(before[name], figure), median(now[name], figure)) for name in now if name in before}
    pairs = {name: pair for name, pair in pairs.items() if all(pair)}
    factor = machine_factor(list(pairs.values()), figure)
    return [(name, old, new, new / factor, 1 / TOLERANCE <= new / factor / old <= TOLERANCE) for name, (old, new) in pairs.items()]
