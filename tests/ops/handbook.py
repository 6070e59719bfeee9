"""The handbook: each of its commands is run, in its order, against a server of its own."""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from server import USER, free_port

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
PATIENCE = 30

# What the package does is tested with the package; here its place is taken by what it leaves behind. So is systemd's.
APT = '''#!/bin/bash
set -eu
[ "$1" = install ] && [[ $2 == ./jackdaw_*.deb ]]
[ ! -e etc/jackdaw/jackdaw.conf ] || exit 0
mkdir -p etc/jackdaw/certs var/lib/jackdaw var/log/jackdaw
cd etc/jackdaw
"$PROGRAM" init example.com
sed -i 's|^data_dir = "data"|data_dir = "'"$FOLDER"'/var/lib/jackdaw"|; s|"\\*:5222"|"127.0.0.1:'"$PORT"'"|; s|"\\*:5269"|"127.0.0.1:'"$PORT2"'"|
	s|"\\*:5223"|"127.0.0.1:'"$PORT3"'"|' jackdaw.conf
[ "$(id -u)" != 0 ] || echo "user = $RUN_AS" >>jackdaw.conf
[ "$(id -u)" != 0 ] || chown -R "$RUN_AS" ../..
chmod 0600 certs/*.key
'''
SYSTEMCTL = '''#!/bin/bash
set -eu
pid() { cat pid 2>/dev/null || true; }
case "$*" in
'stop jackdaw') kill "$(pid)"; tail --pid="$(pid)" -f /dev/null; rm pid ;;
'restart jackdaw') systemctl stop jackdaw; systemctl start jackdaw ;;
'status jackdaw') kill -0 "$(pid)" ;;
'start jackdaw' | 'enable --now jackdaw')
	"$PROGRAM" serve -c etc/jackdaw/jackdaw.conf </dev/null >/dev/null 2>>journal &
	echo $! >pid
	for _ in $(seq 300); do "$PROGRAM" -c etc/jackdaw/jackdaw.conf version --json >/dev/null; "$PROGRAM" -c etc/jackdaw/jackdaw.conf domain list >/dev/null 2>&1 && exit 0; sleep 0.05; done
	exit 1 ;;
*) exit 2 ;;
esac
'''
JOURNALCTL = '''#!/bin/bash
[ "$*" = '-u jackdaw' ] && cat journal
'''
JACKDAW = '''#!/bin/bash
exec "$PROGRAM" "$@"
'''


def blocks(text):
    """Each ```sh block with its line."""
    for found in re.finditer(r'^```sh\n(.*?)^```$', text, re.M | re.S):
        yield text.count('\n', 0, found.start()) + 2, found.group(1)


def place(folder, script):
    """The paths of a system, in our folder."""
    for path in ('/etc/jackdaw', '/var/lib/jackdaw', '/var/backups', '/var/log/jackdaw'):
        script = script.replace(path, folder + path)
    return script


def handbook(program):
    """Each command of docs/handbook.md works, from the installation to the last symptom."""
    folder = tempfile.mkdtemp(prefix='handbook-')
    os.chmod(folder, 0o755)
    for name, text in (('apt', APT), ('systemctl', SYSTEMCTL), ('journalctl', JOURNALCTL), ('jackdaw', JACKDAW)):
        os.makedirs(f'{folder}/bin', exist_ok=True)
        with open(f'{folder}/bin/{name}', 'w', encoding='utf-8') as f:
            f.write(text)
        os.chmod(f'{folder}/bin/{name}', 0o755)
    os.makedirs(f'{folder}/var/backups')
    environment = {**os.environ, 'PATH': f'{folder}/bin:{os.environ["PATH"]}', 'PROGRAM': program, 'FOLDER': folder, 'RUN_AS': USER,
                   'PORT': str(free_port()), 'PORT2': str(free_port()), 'PORT3': str(free_port()), 'JACKDAW_CONF': f'{folder}/etc/jackdaw/jackdaw.conf'}
    with open(f'{TOP}/docs/handbook.md', encoding='utf-8') as f:
        text = f.read()
    run, count = set(), 0
    try:
        for line, block in blocks(text):
            for command in block.splitlines():
                done = subprocess.run(['bash', '-euo', 'pipefail', '-c', place(folder, command)], cwd=folder, env=environment, input='secret\n', encoding='utf-8',
                                      capture_output=True, timeout=PATIENCE, check=False)
                run.add(command.split()[0] + ' ' + ' '.join(re.findall(r'^jackdaw (?:--json )?(\w+)', command)))
                count += 1
                if done.returncode:
                    return f'line {line}: {command}: ended with {done.returncode}: {done.stdout[-500:]} {done.stderr[-500:]}'
        return missing(text, run, count, folder)
    finally:
        end(folder)


def missing(text, run, count, folder):
    """Enough of it is there, and the server had no complaint."""
    wanted = {f'jackdaw {noun}' for noun in ('backup', 'restore', 'export', 'import', 'status', 'figures', 'user', 'domain', 'log', 'audit', 'stream', 'session', 'config', 'reload')}
    if wanted - run or count < 40:
        return f'{count} commands, and none of {wanted - run}'
    for title in ('Install', 'The first hour', 'Certificates', 'Domains', 'Backup and restore', 'Upgrade', 'By symptom'):
        if f'## {title}' not in text:
            return f'no {title}'
    with open(f'{folder}/journal', encoding='utf-8') as f:
        wrong = [line for line in f if ' failure ' in line or 'Sanitizer' in line or 'runtime error' in line]
    return f'the log: {wrong}' if wrong else None


def end(folder):
    try:
        with open(f'{folder}/pid', encoding='ascii') as f:
            pid = int(f.read())
        os.kill(pid, signal.SIGTERM)
        for _ in range(300):
            os.kill(pid, 0)
            time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)
    except (OSError, ValueError):
        pass
    shutil.rmtree(folder, ignore_errors=True)


TESTS = (handbook,)
