"""What a supervisor hears: ready, reloading, stopping, and that every loop is alive, as long as that is so."""
import os
import re
import signal
import socket
import tempfile
import time

from locked import until
from server import Server, report

HELD_MS = 7500
WATCHDOG_S = 2.0


class Supervisor:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='jackdaw-')
        os.chmod(self.folder, 0o755)
        self.path = f'{self.folder}/notify'
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o777)

    def hear(self, seconds):
        """[(when, words)] of that time."""
        heard, end = [], time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                heard.append((time.monotonic(), self.socket.recv(4096).decode()))
            except TimeoutError:
                break
        return heard

    def hears(self, pattern, seconds=10.0):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if any(re.fullmatch(pattern, words) for _, words in self.hear(0.1)):
                return True
        return False

    def close(self):
        self.socket.close()
        os.remove(self.path)
        os.rmdir(self.folder)


def longest_silence(heard, began, ended):
    times = [began] + [when for when, words in heard if words == 'WATCHDOG=1'] + [ended]
    return max(b - a for a, b in zip(times, times[1:]))


def supervised(options):
    supervisor = Supervisor()
    environment = {'NOTIFY_SOCKET': supervisor.path, 'WATCHDOG_USEC': str(int(WATCHDOG_S * 1e6)), 'JACKDAW_HOLD': f'1 5 {HELD_MS}'}
    server = Server(options.server, environment=environment)
    try:
        server.start()
        report('secure/supervisor-ready', supervisor.hears('READY=1'))
        began = time.monotonic()
        calm = supervisor.hear(3.5)
        silence = longest_silence(calm, began, time.monotonic())
        report('secure/supervisor-pings', silence < WATCHDOG_S, f'longest silence {silence:.1f} s')
        held = supervisor.hear(HELD_MS / 1000)
        silence = longest_silence(held, held[0][0] if held else began, time.monotonic())
        report('secure/supervisor-hears-of-a-loop-that-hangs', silence > 3 * WATCHDOG_S / 2, f'longest silence {silence:.1f} s')
        report('secure/supervisor-hears-that-it-turns-again', supervisor.hears('WATCHDOG=1'))
        report('secure/log-names-the-loop', until(lambda: 'loop 1 has not turned for 5 s' in server.log() and 'loop 1 turns again' in server.log()))
        server.process.send_signal(signal.SIGHUP)
        words = [words for _, words in supervisor.hear(1.5) if words != 'WATCHDOG=1']
        report('secure/supervisor-hears-of-a-reload', re.fullmatch(r'RELOADING=1\nMONOTONIC_USEC=\d+;READY=1', ';'.join(words)), str(words))
        server.process.send_signal(signal.SIGTERM)
        report('secure/supervisor-hears-of-the-end', supervisor.hears('STOPPING=1'))
        why = server.stop()
        report('secure/supervised-ends-well', not why, why or '')
    finally:
        server.remove()
        supervisor.close()
