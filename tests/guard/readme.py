#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The program that the README shows is examples/minimal.c, letter by letter.

usage: readme.py SOURCE_ROOT
"""
import os
import re
import sys


def without_licence(text):
    lines = [line for line in text.splitlines() if 'SPDX-License-Identifier' not in line]
    return '\n'.join(lines).strip()


def main():
    root = sys.argv[1]
    readme = os.path.join(root, 'README.md')
    example = os.path.join(root, 'examples', 'minimal.c')
    for path in (readme, example):
        if not os.path.exists(path):
            print('there is no', os.path.relpath(path, root))
            return 1
    with open(readme, encoding='utf-8') as f:
        blocks = re.findall(r'^```c\n(.*?)^```', f.read(), flags=re.S | re.M)
    with open(example, encoding='utf-8') as f:
        program = without_licence(f.read())
    if any(without_licence(block) == program for block in blocks):
        return 0
    print(f'none of the {len(blocks)} C programs in README.md equals examples/minimal.c')
    return 1


sys.exit(main())
