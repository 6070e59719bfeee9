"""The servers, behind one face: prepare a store once, start on a fresh copy of it, say which processes it is, stop.

Ours and the floor are here, the peers in peers.py.
"""
import os
import shutil
import signal
import sqlite3
import string
import subprocess
import time

from . import probe, process
from .crowd import CROWDS, DOMAIN, MANY, OURS, ROUNDS, SALT, keys, users
from .process import run

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SUB_BOTH = 8
STORES = {"clear": CROWDS, "hashed": CROWDS, "many": MANY}


class Server:
    """One kind of server. `stores` says which others serve for one that needs no making of its own."""
    name = title = None
    stores = {"clear": "clear", "hashed": "hashed", "many": "many"}

    def __init__(self, top, build):
        self.top, self.build = os.path.join(top, self.name), build
        self.processes, self.ports = [], {}

    def version(self):
        return run("dpkg-query", "-W", "-f", "${Version}", self.name)

    def master(self, store):
        """The prepared folder; made when it is first asked for."""
        store = self.stores[store]
        folder = os.path.join(self.top, store)
        if not os.path.isdir(folder):
            os.makedirs(folder)
            for name in ("cert.pem", "key.pem"):
                shutil.copy(os.path.join(self.top, "..", name), folder)
            self.fill(folder, store)
        return folder

    def start(self, store, words=()):
        """On a copy, or for the store of many accounts, which no row changes, on the master. Seconds until it was ready."""
        self.folder = self.master(store)
        if store != "many":
            run("cp", "-a", self.folder, self.folder + "-run")
            self.folder += "-run"
        return self.start_in(self.folder, store, words)

    def start_in(self, folder, store, words=()):
        self.ports = {"port": process.free_port(), "tls_port": process.free_port()}
        self.give(folder)
        began = time.monotonic()
        self.launch(folder, store, words)
        probe.until_ready(self.ports["port"], 100 if store == "many" else 100000, self.is_alive)
        return time.monotonic() - began

    def give(self, folder):
        if process.AS_NOBODY:
            run("chown", "-R", "nobody:nogroup", folder)

    def write(self, folder, name, template=None, **more):
        """A configuration file from bench/peers/NAME, its $words filled in."""
        with open(os.path.join(HERE, "peers", self.name, template or name)) as f:
            text = string.Template(f.read()).substitute(folder=folder, domain=DOMAIN, **self.ports, **more)
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)

    def spawn(self, folder, *words, **more):
        with open(os.path.join(folder, "said"), "ab") as log:
            self.processes.append(process.start(words, folder, log, **more))

    def is_alive(self):
        return all(p.poll() is None for p in self.processes)

    def pids(self):
        return process.family([p.pid for p in self.processes])

    def port(self, tls):
        return self.ports["tls_port" if tls == "direct" else "port"]

    def said(self):
        with open(os.path.join(self.folder, "said"), errors="replace") as f:
            return f.read()[-2000:]

    def stop(self):
        """What was wrong with its end, or None."""
        process.end(self.processes)
        self.processes = []
        folder = getattr(self, "folder", "")
        if folder.endswith("-run"):
            shutil.rmtree(folder, ignore_errors=True)


class Jackdaw(Server):
    name, title = "jackdaw", "Jackdaw"
    stores = {"clear": "hashed", "hashed": "hashed", "many": "many"}     # it has no clear store
    config = """
data_dir = "data"
user = "nobody"
log {{ level = major; output = stderr }}
limits {{ enabled = no; stanzas_per_second = 0; bytes_per_second = 0; connections_per_address = 0; connects_per_minute = 0 }}
xmpp_listener {{
  channels = 100000
  listen "127.0.0.1:{port}" {{}}
}}
domain "{domain}" {{
  tls = optional
  tls_certificate = "cert.pem"
  tls_key = "key.pem"
  auth {{ allow_plain_without_tls = yes }}
  archive {{ default = never }}
}}
"""

    def version(self):
        return run(os.path.join(self.build, "jackdaw"), "--version").strip()

    def fill(self, folder, store):
        os.makedirs(os.path.join(folder, "data"))
        self.ports = {"port": process.free_port()}
        self.give(folder)
        self.launch(folder, store, ())
        path = os.path.join(folder, "data", "jackdaw.sqlite")
        self.await_word(folder)
        self.stop()
        fill_ours(path, self.crowds(store))

    def crowds(self, store):
        return MANY if store == "many" else CROWDS | OURS

    def await_word(self, folder, patience_s=60):
        give_up = time.monotonic() + patience_s
        while time.monotonic() < give_up and self.is_alive():
            with open(os.path.join(folder, "said")) as f:
                if "ready\n" in f.read():
                    return
            time.sleep(0.01)
        raise SystemExit("jackdaw did not start, see its words: " + open(os.path.join(folder, "said")).read())

    def launch(self, folder, store, words):
        self.ports["tls_port"] = self.ports["port"]          # it hears what is spoken
        with open(os.path.join(folder, "jackdaw.conf"), "w") as f:
            f.write(self.config.format(domain=DOMAIN, **self.ports))
        self.spawn(folder, os.path.join(self.build, "jackdaw"), "serve", "-c", f.name, as_root=True)

    def stop(self):
        wrong = None
        for p in self.processes:
            p.send_signal(signal.SIGTERM)
            try:
                p.wait(60)
            except subprocess.TimeoutExpired:
                wrong = "the server did not stop within a minute"
        super().stop()
        return wrong


def fill_ours(path, crowds):
    """Straight into the tables."""
    db = sqlite3.connect(path)
    made = {"SCRAM-SHA-1": keys("sha1"), "SCRAM-SHA-256": keys("sha256")}
    now = int(time.time() * 1000)
    for number, contacts in users(crowds):
        key = number + 1
        db.execute("INSERT INTO account (id, jid, host, created) VALUES (?, ?, ?, ?)", (key, f"user{number}@{DOMAIN}", DOMAIN, now))
        db.executemany("INSERT INTO credential (account, hash, rounds, salt, stored, server) VALUES (?, ?, ?, ?, ?, ?)",
                       [(key, name, ROUNDS, SALT, *k) for name, k in made.items()])
        db.executemany("INSERT INTO roster (account, jid, name, subscription, approved, listed) VALUES (?, ?, ?, ?, 0, 1)",
                       [(key, f"user{c}@{DOMAIN}", f"Friend {c}", SUB_BOTH) for c in contacts])
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


class Floor(Server):
    name, title = "floor", "floor"
    stores = {"clear": "clear", "hashed": "clear", "many": "clear"}

    def version(self):
        return "bench/floor"

    def fill(self, folder, store):
        pass                                                 # any password is right

    def launch(self, folder, store, words):
        """It makes no use of rosters: the row's own words say who is whose neighbour."""
        told = {"--first": "0", "--users": "200", "--contacts": "0", **dict(zip(words, words[1:]))}
        self.spawn(folder, os.path.join(self.build, "bench/floor/floor"), str(self.ports["port"]), str(self.ports["tls_port"]),
                   "cert.pem", "key.pem", DOMAIN, told["--first"], told["--users"], told["--contacts"])
