#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The program that the README shows is examples/minimal.c and the one at the top of the header,
letter by letter, and has 25 lines at most: all of them, blank ones and #include among them.

usage: readme.py SOURCE_ROOT
"""
import os
import re
import sys

LINES_MAX = 25


def text_of(root, *path):
    with open(os.path.join(root, *path), encoding='utf-8') as f:
        return f.read()


def of_example(root):
    """examples/minimal.c without its licence and the line that says what it is."""
    return re.sub(r'\A(/\*.*\*/\n)+', '', text_of(root, 'examples', 'minimal.c'))


def of_readme(root):
    """The first C program, which is on the first screen."""
    return re.search(r'^```c\n(.*?)^```', text_of(root, 'README.md'), flags=re.S | re.M)[1]


def of_header(root):
    """The first lines that are indented, with spaces instead of tabs."""
    block = re.search(r'^ \*     (.*\n)( \*(     .*)?\n)+', text_of(root, 'include', 'stmfw.h'),
                      flags=re.M)[0]
    return re.sub(r'^ \*( {5})?', '', block, flags=re.M).rstrip('\n') + '\n'


def faults(root):
    program = of_example(root)
    if of_readme(root) != program:
        yield 'the program in README.md is not examples/minimal.c'
    if of_header(root) != program.replace('\t', '    '):
        yield 'the program in include/stmfw.h is not examples/minimal.c'
    lines = program.count('\n')
    if lines > LINES_MAX:
        yield f'the program has {lines} lines, more than {LINES_MAX}'


def main():
    found = list(faults(sys.argv[1]))
    print('\n'.join(found) or 'one program, three times')
    return 1 if found else 0


sys.exit(main())
