"""Processes of a server: started as a user who may do nothing, found with all their children, and ended for certain."""
import ctypes
import os
import signal
import subprocess

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
AS_NOBODY = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


def start(words, folder, log, **more):
    """In a session of its own, and gone when we are."""
    return subprocess.Popen(words, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                            preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL), **AS_NOBODY, **more)


def parents():
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as f:
                found[int(name)] = int(f.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            pass                     # it ended meanwhile
    return found


def family(roots):
    """The processes, their children, and theirs."""
    of, all_of_them = parents(), set(roots)
    while True:
        more = {pid for pid, parent in of.items() if parent in all_of_them} - all_of_them
        if not more:
            return sorted(pid for pid in all_of_them if pid in of)
        all_of_them |= more


def end(processes):
    """At once: their folder is thrown away."""
    for pid in family([p.pid for p in processes if p.poll() is None]):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    for p in processes:
        p.wait()
