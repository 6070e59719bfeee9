"""What protects a binary by how it was built, read from the binary."""
import re
import subprocess

from server import report


def said_by(*command):
    return subprocess.run(command, capture_output=True, encoding='utf-8', check=True).stdout


def flags(program, name='secure'):
    head = said_by('readelf', '-W', '-h', '-l', '-d', '-n', program)
    symbols = set(re.findall(r'UND (\w+)', said_by('readelf', '-W', '--dyn-syms', program)))
    dynamic = re.findall(r'\((?:FLAGS|FLAGS_1|BIND_NOW)\)(.*)', head)
    stack = re.search(r'GNU_STACK.*', head).group()
    segments = re.findall(r'^ +LOAD +(?:0x\w+ +){5}([R ][W ][E ])', head, re.M)
    fortified = {s for s in symbols if s.endswith('_chk') and s != '__stack_chk_fail'}
    report(f'{name}/flags-pie', 'DYN (Position-Independent' in head and any('PIE' in d for d in dynamic))
    report(f'{name}/flags-relro', 'GNU_RELRO' in head and any('NOW' in d for d in dynamic))
    report(f'{name}/flags-stack-is-no-code', ' RW ' in stack and 'RWE' not in stack, stack)
    report(f'{name}/flags-nothing-is-written-and-run', bool(segments) and not any('W' in s and 'E' in s for s in segments), str(segments))
    report(f'{name}/flags-stack-protector', '__stack_chk_fail' in symbols)
    report(f'{name}/flags-fortify', len(fortified) > 5, ', '.join(sorted(fortified)))
    if 'X86-64' in head:         # every function that is called by a pointer; the property of the whole is taken away by Debian's crt1.o
        marked = said_by('objdump', '-d', '--no-show-raw-insn', program).count('endbr64')
        report(f'{name}/flags-branch-protection', marked > 200, f'{marked} landing places')
    report(f'{name}/flags-no-run-path', 'RPATH' not in head and 'RUNPATH' not in head)
