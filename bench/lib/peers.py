"""Prosody, ejabberd and jabberd2 from Debian's packages, with the configurations of bench/peers."""
import base64
import glob
import gzip
import os
import sqlite3
import time

from ours import DOMAIN, PASSWORD, ROUNDS, SALT, free_port, keys

from .crowd import PEERS, users
from .servers import HERE, Server


class Prosody(Server):
    name, title = "prosody", "Prosody"

    def fill(self, folder, store):
        """Its own files, one for each account and one for each roster."""
        made = {}
        for kind in ("accounts", "roster"):
            made[kind] = os.path.join(folder, "data", DOMAIN.replace(".", "%2e"), kind)
            os.makedirs(made[kind])
        account = lua(self.credentials(store))
        for number, contacts in users(PEERS[store.rstrip('*')]):
            with open(f"{made['accounts']}/user{number}.dat", "w") as f:
                f.write(account)
            if contacts:
                with open(f"{made['roster']}/user{number}.dat", "w") as f:
                    f.write(lua({None: {"version": 1, "pending": {}}} | {f"user{c}@{DOMAIN}": {
                        "subscription": "both", "name": f"Friend {c}", "groups": {}} for c in contacts}))

    @staticmethod
    def credentials(store):
        if "*" not in store:
            return {"password": PASSWORD.decode()}
        stored, server = keys("sha256")
        return {"stored_key": stored.hex(), "server_key": server.hex(), "salt": SALT.decode(), "iteration_count": ROUNDS}

    def launch(self, folder, store, words):
        self.write(folder, "prosody.cfg.lua", kind="hashed" if "*" in store else "plain", rounds=ROUNDS)
        self.spawn(folder, "prosody", "-F", "--config", os.path.join(folder, "prosody.cfg.lua"))


def lua(value):
    """A file of Prosody's: what a Lua table reads like."""
    def told(v):
        if isinstance(v, dict):
            return "{" + "".join(f"[{'false' if k is None else told(k)}]={told(x)};" for k, x in v.items()) + "}"
        return f'"{v}"' if isinstance(v, str) else str(v)
    return "return " + told(value) + ";\n"


class Ejabberd(Server):
    name, title = "ejabberd", "ejabberd"

    def fill(self, folder, store):
        """Into Mnesia, by a server that is started for this and runs fill.erl."""
        with open(os.path.join(folder, "accounts"), "w") as f:
            for number, contacts in users(PEERS[store.rstrip('*')]):
                f.write(f"{{<<\"user{number}\">>, {contacts}}}.\n")
        os.mkdir(os.path.join(folder, "mnesia"))
        self.choose_ports()
        self.launch(folder, store, (), "-eval", self.filling(store))
        give_up = time.monotonic() + 240
        while self.is_alive() and time.monotonic() < give_up:
            time.sleep(0.05)
        self.folder = folder
        wrong = self.is_alive() or self.processes[0].returncode
        self.stop()
        os.remove(os.path.join(folder, "accounts"))
        if wrong:
            raise SystemExit("ejabberd's store could not be filled: " + self.said())

    @staticmethod
    def filling(store):
        """Erlang for -eval. A mistake in it ends the server with a code of 1, as -eval does."""
        password = f'<<"{PASSWORD.decode()}">>'
        if "*" in store:
            texts = ", ".join(f'<<"{base64.b64encode(b).decode()}">>' for b in (*keys("sha256"), SALT))
            password = f"{{scram, {texts}, sha256, {ROUNDS}}}"
        script = os.path.join(HERE, "peers/ejabberd/fill.erl")
        return (f'{{ok, fill, Code}} = compile:file("{script}", [binary]), code:load_binary(fill, "fill.erl", Code),'
                f' fill:run({password}, <<"{DOMAIN}">>), init:stop().')

    def launch(self, folder, store, words, *more):
        """Without ejabberdctl, which runs as one user only; and without a node's name, so that no epmd is started."""
        self.write(folder, "ejabberd.yml", kind="scram" if "*" in store else "plain")
        self.give(folder)
        env = {"PATH": "/usr/bin:/bin", "HOME": folder, "EJABBERD_CONFIG_PATH": f"{folder}/ejabberd.yml", "EJABBERD_LOG_PATH": f"{folder}/ejabberd.log",
               "ERL_CRASH_DUMP_BYTES": "0", "ERL_MAX_PORTS": "32000", "ERL_MAX_ETS_TABLES": "1400", "ERL_LIBS": glob.glob("/usr/lib/*/ejabberd-*")[0] + "/.."}
        self.spawn(folder, "erl", "+K", "true", "+P", "250000", "-noinput", "-mnesia", "dir", f'"{folder}/mnesia"', "-s", "ejabberd", *more, env=env)


class Jabberd2(Server):
    name, title = "jabberd2", "jabberd2"
    schema = "/usr/share/doc/jabberd2/db-setup.sqlite.gz"

    def fill(self, folder, store):
        """Straight into the tables, as its package's documentation makes them."""
        db = sqlite3.connect(os.path.join(folder, "sqlite.db"))
        with gzip.open(self.schema, "rt") as f:
            db.executescript(f.read())
        for number, contacts in users(PEERS[store.rstrip('*')]):
            name = f"user{number}"
            db.execute('INSERT INTO authreg (username, realm, password) VALUES (?, ?, ?)', (name, DOMAIN, PASSWORD.decode()))
            db.execute('INSERT INTO active ("collection-owner", time) VALUES (?, ?)', (f"{name}@{DOMAIN}", int(time.time())))
            db.executemany('INSERT INTO "roster-items" ("collection-owner", jid, name, "to", "from", ask) VALUES (?, ?, ?, 1, 1, 0)',
                           [(f"{name}@{DOMAIN}", f"user{c}@{DOMAIN}", f"Friend {c}") for c in contacts])
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
        with open(os.path.join(folder, "both.pem"), "w") as both:            # it wants certificate and key in one file
            for name in ("cert.pem", "key.pem"):
                with open(os.path.join(folder, name)) as f:
                    both.write(f.read())

    def launch(self, folder, store, words):
        self.ports["router_port"] = free_port()
        modules = glob.glob("/usr/lib/*/jabberd2")[0]
        for name in ("router", "sm", "c2s"):
            self.write(folder, f"{name}.xml", modules=modules)
        self.write(folder, "router-users.xml")
        for name in ("router", "sm", "c2s"):
            self.spawn(folder, f"/usr/sbin/jabberd2-{name}", "-c", f"{folder}/{name}.xml")
            time.sleep(0.05)             # the two others ask for the router once and then every two seconds
