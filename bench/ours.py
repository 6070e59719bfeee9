"""Our server under load: a folder with a certificate and a filled database, and a server on a copy of it.

Accounts, keys and rosters go straight into the tables: a hundred thousand of them take seconds, and one salt for
all lets the load generator derive its keys once.
"""
import hashlib, hmac, os, resource, shutil, signal, socket, sqlite3, subprocess, threading, time

PASSWORD, DOMAIN, SALT, ROUNDS, SUB_BOTH = b"secret", "load.example", b"0123456789abcdef", 10000, 8
CONFIG = """
data_dir = "data"
control_socket = "control"
{user}
log {{ level = {level}; output = stderr }}
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


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def descriptors():
    """As many as we may have: server and generator inherit them."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


class Server:
    """Started in the folder; ready when this returns, after `seconds`."""

    def __init__(self, program, folder, level="major", environment=None):
        self.program, self.folder, self.port = program, folder, free_port()
        self.environment = {**os.environ, **(environment or {})}
        user = 'user = "nobody"' if os.geteuid() == 0 else ""
        with open(os.path.join(folder, "jackdaw.conf"), "w") as f:
            f.write(CONFIG.format(port=self.port, domain=DOMAIN, user=user, level=level))
        self.said = []
        self.start()

    def start(self):
        began = time.monotonic()
        self.process = subprocess.Popen([self.program, "serve", "-c", os.path.join(self.folder, "jackdaw.conf")],
                                        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=self.environment)
        try:
            self.await_word()
        except BaseException:
            self.process.kill()              # whoever ends us meanwhile leaves no server behind
            self.process.wait()
            raise
        self.seconds = time.monotonic() - began
        self.reader = threading.Thread(target=self.said.extend, args=(self.process.stderr,), daemon=True)
        self.reader.start()

    def await_word(self):
        for line in self.process.stderr:
            if line == "ready\n":
                return
            self.said.append(line)
        raise SystemExit("the server did not start: " + "".join(self.said))

    def stop(self):
        """True when it went by itself, and had no complaint."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.process.kill()
        return self.process.wait() == 0

    def serve_restarts(self):
        """The command that restarts it, as often as it is run; it prints the new pid."""
        ask, tell = (os.path.join(self.folder, name) for name in ("restart", "restarted"))
        os.mkfifo(ask)
        os.mkfifo(tell)
        threading.Thread(target=self.restart_when_asked, args=(ask, tell), daemon=True).start()
        return f"echo now >{ask}; cat {tell}"

    def restart_when_asked(self, ask, tell):
        while True:
            with open(ask) as f:
                f.read()
            self.stop()
            self.start()
            with open(tell, "w") as f:
                f.write(f"{self.process.pid}\n")


def keys(name):
    salted = hashlib.pbkdf2_hmac(name, PASSWORD, SALT, ROUNDS)
    client = hmac.digest(salted, b"Client Key", name)
    return hashlib.new(name, client).digest(), hmac.digest(salted, b"Server Key", name)


def contacts_of(n, count, contacts):
    """Neighbours in a ring, in the order of the table's key."""
    return sorted((n + step) % count for step in range(-(contacts // 2), contacts // 2 + 1) if step)


def fill(path, crowds):
    """Users by their first number: how many, and how many contacts each has."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous=OFF")
    db.execute("PRAGMA cache_size=-200000")
    made, now = sorted({"SCRAM-SHA-1": keys("sha1"), "SCRAM-SHA-256": keys("sha256")}.items()), int(time.time() * 1000)
    for first, (count, contacts) in crowds.items():
        jids = [f"user{first + n}@{DOMAIN}" for n in range(count)]
        db.executemany("INSERT INTO account (id, jid, host, created) VALUES (?, ?, ?, ?)",
                       ((first + n + 1, jid, DOMAIN, now) for n, jid in enumerate(jids)))
        db.executemany("INSERT INTO credential (account, hash, rounds, salt, stored, server) VALUES (?, ?, ?, ?, ?, ?)",
                       ((first + n + 1, h, ROUNDS, SALT, *k) for n in range(count) for h, k in made))
        db.executemany("INSERT INTO roster (account, jid, name, subscription, approved, listed) VALUES (?, ?, ?, ?, 0, 1)",
                       ((first + n + 1, jids[r], f"Friend {r}", SUB_BOTH) for n in range(count) for r in contacts_of(n, count, contacts)))
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def prepare(program, top, name, crowds):
    """A folder that servers take copies of."""
    folder = os.path.join(top, name)
    os.makedirs(os.path.join(folder, "data"))
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/CN={DOMAIN}",
        "-addext", f"subjectAltName=DNS:{DOMAIN}", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem")
    for path in (top, folder, f"{folder}/key.pem"):
        os.chmod(path, 0o755)
    give(folder)
    Server(program, folder).stop()
    fill(os.path.join(folder, "data", "jackdaw.sqlite"), crowds)
    return folder


def give(folder):
    """To whom the server becomes."""
    if os.geteuid() == 0:
        run("chown", "-R", "nobody", folder)


def copy(master, name="run"):
    folder = os.path.join(os.path.dirname(master), name)
    shutil.rmtree(folder, ignore_errors=True)
    run("cp", "-a", master, folder)
    give(folder)
    return folder
