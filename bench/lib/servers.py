"""The servers, behind one face: prepare a store once, start on a fresh copy of it, say which processes it is, stop.

Ours and the floor are here, the peers in peers.py.
"""
import os
import shutil
import string
import time

import ours

from . import crowd, probe, process

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Server:
    """A peer or the floor. A store is a crowd; with a * its passwords are hashed."""
    name = title = None

    def __init__(self, top, build):
        self.top, self.build = os.path.join(top, self.name), build
        self.processes, self.ports, self.folder = [], {}, None

    def version(self):
        return ours.run("dpkg-query", "-W", "-f", "${Version}", self.name)

    def master(self, store):
        """The prepared folder; made when it is first asked for."""
        folder = os.path.join(self.top, store.replace("*", "-hashed"))
        if not os.path.isdir(folder):
            half = folder + "-half"
            shutil.rmtree(half, ignore_errors=True)
            os.makedirs(half)
            for name in ("cert.pem", "key.pem"):
                shutil.copy(os.path.join(self.top, "..", name), half)
            self.fill(half, store)
            os.rename(half, folder)
        return folder

    def start(self, store, words=()):
        """On a copy; or on the master where the store is large, which no row changes. Seconds until a client was in."""
        self.folder = None
        self.folder = self.master(store)
        if store != "many":
            ours.run("cp", "-a", self.folder, self.folder + "-run")
            self.folder += "-run"
        self.choose_ports()
        self.give(self.folder)
        began = time.monotonic()
        self.launch(self.folder, store, words)
        probe.until_ready(self.ports["port"], 100 if store == "many" else 100000, self.is_alive)
        return time.monotonic() - began

    def choose_ports(self):
        self.ports = {"port": ours.free_port(), "tls_port": ours.free_port()}

    def give(self, folder):
        if process.AS_NOBODY:
            ours.run("chown", "-R", "nobody:nogroup", folder)

    def write(self, folder, name, **more):
        """A configuration file from bench/peers/NAME, its $words filled in."""
        with open(os.path.join(HERE, "peers", self.name, name)) as f:
            text = string.Template(f.read()).substitute(folder=folder, domain=ours.DOMAIN, **self.ports, **more)
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
        return self.ports["tls_port" if tls else "port"]

    def said(self):
        path = os.path.join(self.folder or self.top, "said")
        if not os.path.exists(path):
            return ""
        with open(path, errors="replace") as f:
            return f.read()[-2000:]

    def stop(self):
        """What was wrong with its end, or None. A peer is ended at once: its folder is thrown away."""
        process.end(self.processes)
        self.processes = []
        if self.folder and self.folder.endswith("-run"):
            shutil.rmtree(self.folder, ignore_errors=True)


class Jackdaw:
    """Ours, as the soak has it too. It has no clear store, so the hashed one is the same."""
    name, title = "jackdaw", "Jackdaw"

    def __init__(self, top, build):
        self.top, self.program, self.server, self.masters = os.path.join(top, self.name), os.path.join(build, "jackdaw"), None, {}
        os.mkdir(self.top)

    def version(self):
        return ours.run(self.program, "--version").split()[-1]

    def start(self, store, words=()):
        store = store.rstrip("*")
        if store not in self.masters:
            self.masters[store] = ours.prepare(self.program, self.top, store, crowd.OURS[store])
        folder = ours.copy(self.masters[store])
        began = time.monotonic()
        self.server = ours.Server(self.program, folder)
        probe.until_ready(self.server.port, 0 if store == "storm" else 100, lambda: self.server.process.poll() is None)
        return time.monotonic() - began

    def pids(self):
        return [self.server.process.pid]

    def port(self, tls):
        return self.server.port                      # it hears what is spoken

    def said(self):
        return "".join(self.server.said)[-2000:] if self.server else ""

    def stop(self):
        server, self.server = self.server, None
        if not server:
            return None
        ended_well = server.stop()
        shutil.rmtree(server.folder)
        return None if ended_well else "the server did not stop well within a minute"


class Floor(Server):
    name, title = "floor", "floor"

    def version(self):
        return "bench/floor"

    def master(self, store):
        return super().master("any")

    def fill(self, folder, store):
        pass                                         # any password is right

    def launch(self, folder, store, words):
        """It has no rosters: the row's own words say who is whose neighbour."""
        told = {"--first": "0", "--users": "200", "--contacts": "0", **dict(zip(words, words[1:]))}
        self.spawn(folder, os.path.join(self.build, "bench/floor/floor"), str(self.ports["port"]), str(self.ports["tls_port"]),
                   "cert.pem", "key.pem", ours.DOMAIN, told["--first"], told["--users"], told["--contacts"])
