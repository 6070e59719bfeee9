"""What lines of a room were reached: gcov's figures, summed. The server writes its counts when it stops."""
import os
import re
import subprocess

ROOMS = ('src/streams', 'src/xml')
TOLD = re.compile(r"File '(.*)'\nLines executed:([0-9.]+)% of (\d+)")


def folder(options):
    return os.path.dirname(os.path.abspath(options.server))


def counts(options):
    for path, _, files in os.walk(folder(options)):
        yield from (os.path.join(path, f) for f in files if f.endswith('.gcda'))


def forget(options):
    """The server, which may become another user, must be able to write beside the objects."""
    if not options.coverage:
        return
    for name in list(counts(options)):
        os.remove(name)
    subprocess.run(['chmod', '-R', 'a+rwX', folder(options)], check=True)


def tell(options):
    if not options.coverage:
        return
    lines = {}
    for name in counts(options):
        said = subprocess.run(['gcov', '-n', '-r', '-s', os.getcwd(), name], cwd=folder(options), capture_output=True, encoding='utf-8', check=False).stdout
        for path, percent, total in TOLD.findall(said):
            lines[os.path.normpath(path).removeprefix('../')] = (round(float(percent) * int(total) / 100), int(total))
    for room in ROOMS:
        of_room = {p: n for p, n in lines.items() if p.startswith(room + '/') and p.endswith('.c')}
        for path, (reached, total) in sorted(of_room.items()):
            print(f'{path:32} {reached:5} of {total:5} lines  {100 * reached / total:5.1f} %')
        reached, total = (sum(n[i] for n in of_room.values()) for i in (0, 1))
        print(f'{room:32} {reached:5} of {total:5} lines  {100 * reached / max(total, 1):5.1f} %', flush=True)
