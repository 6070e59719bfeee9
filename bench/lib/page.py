"""results.json and results.md: the same figures for programs and for readers."""
import json
import os

from . import compare, plot
from .measure import FLOOR, KINDS, OURS, PEERS, median, short, trouble, values
from .rows import HERE, ROWS, UNITS, budgets

ORDER = (OURS, *PEERS, FLOOR)


def table(head, lines):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(cells) + " |" for cells in lines), ""]


def times(value):
    return "–" if value is None else f"{value:.3g} ×"


def head_of(results):
    m = results["about"]
    versions = ", ".join(f"{KINDS[name].title} {version}" for name, version in m["versions"].items() if name != FLOOR)
    return [
        "# Results of `make bench`", "",
        "Written by the command, from `results.json`; don't edit: `make bench-again` notices. How it is measured stands in"
        " [docs/bench.md](../docs/bench.md), and what each server was told in [peers](peers).", "",
        f"- {m['date']}, commit {m['commit']}",
        f"- {m['cpu']}, {m['cores']} cores for server and generator together, {m['memory_gib']} GiB; Linux {m['kernel']}, Debian {m['debian']}",
        f"- {versions}; the floor is `bench/floor`, a relay that parses nothing",
        f"- medians of {m['runs']} run{'s' if m['runs'] != 1 else ''} of {m['seconds']} s, each on a fresh server; one run for memory and for the storm", ""]


def figures(results):
    promised = {(b.row, b.figure): b for b in budgets()}
    lines = []
    for row, spec in rows_of(results):
        for figure in spec.figures:
            medians = {name: median(row["servers"].get(name, []), figure) for name in ORDER}
            peer, floor = compare.against(row["servers"], figure)
            b = promised.get((row["name"], figure))
            said = b.verdict(medians[OURS]) if b and medians[OURS] is not None else ""
            bound = [b.must, b.goal] if b and b.bound != "-" else ["", ""]
            lines.append([spec.what if figure == spec.figures[0] else "", UNITS[figure], *(short(medians[name]) for name in ORDER),
                          times(peer), times(floor), *bound, f"**{said}**" if said == "OVER" else said])
    return ["## Figures", "", *table(["row", "", *(KINDS[n].title for n in ORDER), "better than the best peer", "dearer than the floor", "must", "goal", "verdict"], lines)]


def rows_of(results):
    specs = {spec.name: spec for spec in ROWS}
    return [(row, specs[row["name"]]) for row in results["rows"]]


def pictures(drawn):
    return ["## Pictures", "", *(f"![{title}](plots/{name})" for name, (title, _) in drawn.items()), ""]


def dashes(results):
    """Why there is no figure, and what else went wrong."""
    told = []
    for row, spec in rows_of(results):
        for why in sorted(set(spec.cannot.values())):
            told.append(f"- {row['name']}: no {', '.join(KINDS[n].title for n in ORDER if spec.cannot.get(n) == why)}: {why}.")
        for name, runs in row["servers"].items():
            if trouble(runs):
                told.append(f"- {row['name']}: {KINDS[name].title}: {' '.join(trouble(runs).split())}.")
    return ["## Dashes and troubles", "", *told, ""]


def each_run(results):
    lines = []
    for row, spec in rows_of(results):
        for name in ORDER:
            runs = row["servers"].get(name)
            for figure in spec.figures if runs else ():
                lines.append([row["name"], KINDS[name].title, UNITS[figure], " · ".join(short(v) for v in values(runs, figure)) or "–", f"{row['load_before']:.2f}"])
    return ["## Each run", "", *table(["row", "server", "", "runs", "load average before the row"], lines)]


def generator(results):
    lines = []
    for row, _ in rows_of(results):
        shares = {n: [r["own_cpu"] / r["seconds"] for r in runs if "own_cpu" in r and "per_second" in r] for n, runs in row["servers"].items()}
        if any(shares.values()):
            lines.append([row["name"], *(f"{100 * max(shares[n]):.0f} %" if shares.get(n) else "–" for n in ORDER)])
    return ["## The generator", "",
            "Its share of one core while it measured, the highest of the runs. It is one thread: at 100 % it would be what limits the rate. The floor's rate shows"
            " what it can do.", "", *table(["row", *(KINDS[n].title for n in ORDER)], lines)]


def render(results, drawn):
    parts = (head_of(results), figures(results), pictures(drawn), dashes(results), each_run(results), generator(results))
    return "\n".join(text for part in parts for text in part).rstrip("\n") + "\n"


def write(results, folder=HERE):
    """Page, data and pictures; the data first and by rename, so that what is there is whole."""
    os.makedirs(os.path.join(folder, "plots"), exist_ok=True)
    drawn = plot.draw(results)
    for name, text in [("results.json", json.dumps(results, indent=1) + "\n"), ("results.md", render(results, drawn)),
                       *((f"plots/{name}", svg) for name, (_, svg) in drawn.items())]:
        path = os.path.join(folder, name)
        with open(path + ".new", "w") as f:
            f.write(text)
        os.rename(path + ".new", path)


def read(folder=HERE):
    """The results of the last time, refused when the page isn't what they make."""
    with open(os.path.join(folder, "results.json")) as f:
        results = json.load(f)
    with open(os.path.join(folder, "results.md")) as f:
        if f.read() != render(results, plot.draw(results)):
            raise SystemExit("bench/results.md is not what bench/results.json makes: one of them was edited, or the page's form has changed since")
    return results
