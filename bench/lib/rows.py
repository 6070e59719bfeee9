"""The table's rows: what is done, which figure counts, and who can't do it and why.

The words are bench/load's. A row's first figure is what ratios, plots and bench/again look at.
"""
import dataclasses
import fnmatch
import os
import shlex

from .crowd import SESSIONS

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NO_SCRAM_THERE = {"jabberd2": "it knows neither SCRAM-SHA-256 nor such a store", "floor": "it looks at no password"}
NO_ACKS = {"jabberd2": "it has no XEP-0198", "floor": "it counts no stanzas"}
OURS_ONLY = {name: "of ours only" for name in ("prosody", "ejabberd", "jabberd2", "floor")}
CPU_EACH, CPU_100K, RATE, P99, KIB, SECONDS = "cpu_ms_each", "cpu_per_100k", "per_second", "p99_ms", "kib_each", "seconds"
UNITS = {CPU_EACH: "ms CPU each", CPU_100K: "s CPU / 100k", RATE: "per second", P99: "p99 ms", KIB: "KiB each", SECONDS: "s"}
# What a login row does otherwise with a server: fewer logins give as good a figure of a slower one. jabberd2 ends a new session
# whose descriptor's number an ended one had a moment ago, so its sessions stay until the last is in, each of another user.
LOGINS = {"prosody": "--total 3000", "ejabberd": "--total 3000", "jabberd2": "--first 400000 --users 5000 --total 3000 --keep"}


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    what: str
    words: str
    figures: tuple
    store: str = "usual"
    cannot: dict = dataclasses.field(default_factory=dict)
    instead: dict = dataclasses.field(default_factory=dict)      # words for one server that differ
    once: bool = False                   # one run
    side_by_side: bool = False           # all servers at once: memory is measured, not time

    @property
    def short(self):
        """For beside a bar."""
        return self.what.split(" (")[0].replace("plaintext, ", "").replace(" session", "").replace("against a ", "")

    @property
    def mode(self):
        return self.words.split()[0]

    def words_for(self, server, seconds):
        """What bench/load is told; later words win."""
        words = shlex.split(self.words) + shlex.split(self.instead.get(server, ""))
        if self.mode in ("chat", "presence"):
            words += ["--seconds", str(seconds)]
        return words

    def runs_on(self, server):
        return server not in self.cannot


def chat(name, what, words, figures=(CPU_100K, RATE, P99), **more):
    return Row(name, f"chat{what}", f"chat --first 100000 {words}", figures, **more)


ROWS = [
    Row("login", "login, plaintext, PLAIN, clear store (ours: cached verifier)", "login --first 100000 --window 32 --total 20000", (CPU_EACH, RATE), instead=LOGINS),
    Row("login-starttls", "login, STARTTLS, PLAIN, the same", "login --first 100000 --window 32 --total 5000 --tls starttls", (CPU_EACH, RATE),
        instead=LOGINS),
    Row("login-scram", "login, plaintext, SCRAM-SHA-256, hashed store", "login --first 100000 --window 32 --total 20000 --scram", (CPU_EACH, RATE),
        "usual*", NO_SCRAM_THERE, LOGINS),
    Row("login-first", "first PLAIN login against a hashed store", "login --first 400000 --users 5000 --window 32 --total 500", (CPU_EACH, RATE),
        "usual*", NO_SCRAM_THERE),
    Row("resume", "a lost connection, and its session resumed on a new one (XEP-0198), plaintext, PLAIN", "resume --first 100000 --window 32 --total 10000", (CPU_EACH, RATE),
        cannot=NO_ACKS, instead={"prosody": "--total 3000", "ejabberd": "--total 3000"}),
    chat("chat-1", ", one in flight", "--window 1"),
    chat("chat-16", ", 16 in flight", "--window 16"),
    chat("chat-tls-1", " over TLS, one in flight", "--window 1 --tls direct"),
    chat("chat-tls-16", " over TLS, 16 in flight", "--window 16 --tls direct"),
    chat("chat-acks-1", " with XEP-0198, one in flight", "--window 1 --acks", cannot=NO_ACKS),
    chat("chat-acks-16", " with XEP-0198, 16 in flight", "--window 16 --acks", cannot=NO_ACKS),
    Row("presence", "presence to 20 contacts", "presence --first 200000 --contacts 20", (CPU_100K, RATE)),
    Row("idle", "idle session, plaintext, 20 contacts", "idle --users 5000 --contacts 20 --seconds 60", (KIB,), once=True, side_by_side=True),
    Row("idle-tls", "idle session, TLS, 20 contacts", "idle --users 5000 --contacts 20 --seconds 60 --tls direct", (KIB,), once=True, side_by_side=True),
    Row("idle-50", "idle session, plaintext, 50 contacts", "idle --users 5000 --first 300000 --contacts 50 --seconds 60", (KIB,), once=True, side_by_side=True, cannot=OURS_ONLY),
    Row("start", "start until a client is in, 100,000 accounts (ours: with 20 contacts each)", "start", (SECONDS,), "many"),
    Row("storm", "20,000 sessions with 200 contacts come back after a restart", f"storm --contacts 200 --scram --users {SESSIONS}", (SECONDS,), "storm",
        OURS_ONLY, once=True),
]


def chosen(patterns):
    """Rows by name or by shell pattern; all when nothing is said."""
    found = [r for r in ROWS if not patterns or any(fnmatch.fnmatch(r.name, p) for p in patterns)]
    unknown = [p for p in patterns if not any(fnmatch.fnmatch(r.name, p) for r in ROWS)]
    if unknown:
        raise SystemExit(f"no such row: {' '.join(unknown)}; there are {' '.join(r.name for r in ROWS)}")
    return found


@dataclasses.dataclass(frozen=True)
class Budget:
    row: str
    figure: str
    bound: str                           # most, least, or - for none
    must: str
    goal: str

    def verdict(self, value):
        """goal, must, OVER, or nothing where nothing is promised."""
        if self.bound == "-":
            return ""
        sign = 1 if self.bound == "most" else -1
        if sign * value <= sign * float(self.goal):
            return "goal"
        return "must" if sign * value <= sign * float(self.must) else "OVER"


def budgets(path=os.path.join(HERE, "budgets.tsv")):
    with open(path) as f:
        return [Budget(*line.rstrip("\n").split("\t")[:5]) for line in f if not line.startswith("#")]
