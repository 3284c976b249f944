#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The table of exit codes in examples/README.md is CLI_EXITS of examples/cli.h, row by row, and each code
is one that a tool can end with. (The manual pages are made of CLI_EXITS; guard-man compares them with --help.)

usage: exits.py SOURCE_ROOT
"""
import glob
import os
import re
import sys


def read(*path):
    with open(os.path.join(*path), encoding='utf-8') as f:
        return f.read()


def main():
    examples = os.path.join(sys.argv[1], 'examples')
    header = read(examples, 'cli.h').split('#define CLI_EXITS(X)')[1].split('\n\n')[0]
    told = re.findall(r'\bX\((\w+), (\d+), "([^"]+)"\)', header)
    section = read(examples, 'README.md').split('\n## Exit codes\n')[1].split('\n## ')[0]
    rows = [(name, number, meaning) for number, name, meaning in
            re.findall(r'^\| (\d+) \| (\w+) \| (.+) \|$', section, flags=re.M)]
    tools = ''.join(read(path) for path in
                    glob.glob(os.path.join(examples, '**', '*.c'), recursive=True))
    bad = [f'only in cli.h: {row}' for row in told if row not in rows]
    bad += [f'only in README.md: {row}' for row in rows if row not in told]
    bad += [f'in another order: {rows}'] if sorted(rows) == sorted(told) and rows != told else []
    bad += [f'nothing ends with CLI_{name}' for name, _, _ in told
            if not re.search(rf'\bCLI_{name}\b', tools)]
    print('\n'.join(bad))
    return 1 if bad or len(told) < 10 else 0


sys.exit(main())
