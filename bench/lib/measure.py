"""Runs rows: a fresh server for each run, bench/load beside it, and what it printed as results."""
import datetime
import json
import os
import platform
import statistics
import subprocess

import ours

from .crowd import SESSIONS, STORM
from .peers import Ejabberd, Jabberd2, Prosody
from .rows import HERE, SECONDS, UNITS
from .servers import Floor, Jackdaw

KINDS = {kind.name: kind for kind in (Jackdaw, Prosody, Ejabberd, Jabberd2, Floor)}
OURS, PEERS, FLOOR = "jackdaw", ("prosody", "ejabberd", "jabberd2"), "floor"
COUNTS = ("lost", "doubled", "reordered", "missing")
QUICK_SILENCE_S, LOAD_PATIENCE_S = 2, 300


class Failed(Exception):
    """A server, or the generator on it, did not do its work."""


class Bench:
    def __init__(self, top, build, servers, runs, seconds, quick=False, tell=print):
        self.top, self.build, self.names, self.runs, self.seconds, self.quick, self.tell = top, build, servers, runs, seconds, quick, tell
        self.servers = {name: KINDS[name](top, build) for name in servers}
        os.chmod(top, 0o755)
        make_certificate(top)

    def stop(self):
        for server in self.servers.values():
            server.stop()

    def load(self, row, name):
        """The generator at work on a server that has started."""
        server, words = self.servers[name], row.words_for(name, self.seconds)
        if row.mode == "idle" and self.quick:
            words += ["--seconds", str(QUICK_SILENCE_S)]
        if row.mode == "storm":
            words += ["--restart", server.server.serve_restarts()]
        words += ["--port", str(server.port("direct" in words)), "--pid", ",".join(map(str, server.pids())), "--domain", ours.DOMAIN]
        return subprocess.Popen([os.path.join(self.build, "bench/load/load"), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def result(self, name, generator):
        try:
            out, err = generator.communicate(timeout=LOAD_PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise Failed(f"the generator had no result after {LOAD_PATIENCE_S} s")
        finally:
            generator.kill()
            generator.wait()
        if generator.returncode:
            raise Failed(err.strip() or f"the generator ended with {generator.returncode}")
        return json.loads(out)

    def one_run(self, row, name):
        server = self.servers[name]
        try:
            ready = server.start(row.store, row.words_for(name, self.seconds))
            found = {SECONDS: round(ready, 3)} if row.mode == "start" else self.result(name, self.load(row, name))
            if row.mode == "storm":
                found[SECONDS] *= STORM / SESSIONS   # where the system allows no more descriptors
        except SystemExit as error:
            raise Failed(f"{error}: {server.said()}")
        finally:
            wrong = server.stop()
        if wrong:
            raise Failed(wrong)
        return found

    def side_by_side(self, row, names):
        """All servers at once, for what they hold and not how fast they are: a minute of silence is one for all."""
        found, generators = {}, {}
        try:
            for name in names:
                self.servers[name].start(row.store, row.words_for(name, self.seconds))
            generators = {name: self.load(row, name) for name in names}
            for name, generator in generators.items():
                found[name] = [self.attempt(lambda: self.result(name, generator))]
        finally:
            for generator in generators.values():
                generator.kill()
                generator.wait()
            for name in names:
                self.servers[name].stop()
        return found

    @staticmethod
    def attempt(what):
        try:
            return what()
        except Failed as error:
            return {"failed": str(error)[-600:]}

    def row(self, row):
        """{server: [what each run found]}; told as it goes."""
        load_before = os.getloadavg()[0]
        names = [name for name in self.names if row.runs_on(name)]
        found = self.side_by_side(row, names) if row.side_by_side else {}
        for name in names:
            found.setdefault(name, [])
            while len(found[name]) < (1 if row.once else self.runs):
                found[name].append(self.attempt(lambda: self.one_run(row, name)))
            self.tell(line(row, name, found[name]))
        return {"name": row.name, "load_before": round(load_before, 2), "servers": found}


def make_certificate(folder):
    ours.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={ours.DOMAIN}",
                "-addext", f"subjectAltName=DNS:{ours.DOMAIN}", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem")
    os.chmod(f"{folder}/key.pem", 0o644)


def values(runs, figure):
    return [run[figure] for run in runs if figure in run]


def median(runs, figure):
    found = values(runs, figure)
    return statistics.median(found) if found else None


def short(value):
    """Three figures that count, and thousands kept together."""
    if value is None:
        return "–"
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 0.001 or value == 0 else f"{value:.1g}"


def trouble(runs):
    """What was lost, doubled, or failed, in words; empty when all is well."""
    told = [f"{sum(values(runs, what)):.0f} {what}" for what in COUNTS if any(values(runs, what))]
    return "; ".join(told + [run["failed"] for run in runs if "failed" in run])


def line(row, name, runs):
    told = "  ".join(f"{short(median(runs, figure)):>9} {UNITS[figure]}" for figure in row.figures)
    each = " ".join(short(v) for v in values(runs, row.figures[0]))
    return f"{row.name:15} {KINDS[name].title:9} {told}  ({each})" + (f"  {trouble(runs)}" if trouble(runs) else "")


def machine():
    with open("/proc/cpuinfo") as f:
        model = next((text.split(":", 1)[1].strip() for text in f if text.startswith("model name")), platform.machine())
    with open("/proc/meminfo") as f:
        kib = int(f.readline().split()[1])
    with open("/etc/debian_version") as f:
        debian = f.read().strip()
    return {"cpu": model, "cores": os.cpu_count(), "memory_gib": round(kib / 1048576, 1), "kernel": platform.release(), "debian": debian}


def commit():
    def git(*words):
        return subprocess.run(["git", "-C", HERE, *words], capture_output=True, text=True).stdout.strip()
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ":/", ":(exclude,top)bench/results.*", ":(exclude,top)bench/plots")
    return (git("rev-parse", "--short=12", "HEAD") or "unknown") + (" with changes" if changed else "")


def about(bench):
    """What a reader needs to know of where the figures come from."""
    return {"date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"), "commit": commit(), **machine(),
            "runs": bench.runs, "seconds": bench.seconds, "versions": {name: server.version() for name, server in bench.servers.items()}}


# Seconds, as seen on two cores: a start, logins of a row, and how long filling the stores takes.
START_S = {"jackdaw": 0.5, "floor": 0.2, "prosody": 0.8, "ejabberd": 4, "jabberd2": 1.2}
LOGINS_S = {"jackdaw": 3, "floor": 2.5, "prosody": 5, "ejabberd": 5, "jabberd2": 3}
STORM_S = 100
FILL_S = {"jackdaw": 60, "floor": 0, "prosody": 15, "ejabberd": 30, "jabberd2": 5}


def estimate(rows, names, runs, seconds, quick):
    """Seconds for it all."""
    total = sum(FILL_S[name] for name in names)
    for row in rows:
        able = [name for name in names if row.runs_on(name)]
        if row.side_by_side:
            total += (QUICK_SILENCE_S if quick else 60) + 7 * len(able)
            continue
        work = {"chat": seconds + 2.5, "presence": seconds + 4.5, "start": 2, "storm": STORM_S}
        total += (1 if row.once else runs) * sum(START_S[name] + work.get(row.mode, LOGINS_S[name]) for name in able)
    return total


