"""A server under valgrind's callgrind, which writes its counts down whenever a function is entered."""
import re
import subprocess
import sys


def symbols(program, name):
    """What the linker made of a function's name."""
    words = subprocess.run(['nm', program], check=True, capture_output=True, text=True).stdout.split()
    found = sorted({w for w in words if re.fullmatch(rf'{name}(\.lto_priv\.\d+)?', w)})
    return found or sys.exit(f'{program} has no function {name}')


def words(out, dump_before=()):
    """Goes before a program and its arguments. The n-th dump is `out`.n, the last one `out`."""
    return ['valgrind', '--tool=callgrind', '--quiet', '--vgdb=no', '--fair-sched=yes', '--compress-strings=no', '--compress-pos=no',
            f'--callgrind-out-file={out}', *(f'--dump-before={s}' for s in dump_before)]
