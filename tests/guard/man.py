#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Manual pages and --help say the same, and --help fits a screen. TAP.

usage: man.py BUILD_ROOT
"""
import os
import re
import subprocess
import sys

BUILD = sys.argv[1]
PAGES = os.path.join(BUILD, 'docs', 'man')
LONG = re.compile(r'--[a-z][a-z0-9-]*')


def programs():
    for name in 'info', 'backup', 'flash', 'compare', 'restore', 'erase', 'protect':
        yield 'stmfw-' + name, os.path.join(BUILD, 'examples', 'stmfw-' + name), [[]]
    station = os.path.join(BUILD, 'examples', 'station', 'stmfw-station')
    if os.path.exists(station):
        yield 'stmfw-station', station, [[], ['check'], ['run'], ['report'], ['serial']]
    yield 'stmfw-board', os.path.join(BUILD, 'tests', 'board', 'stmfw-board'), [[]]


def help_of(program, words):
    return subprocess.run([program, *words, '--help'], check=True, capture_output=True, text=True,
                          timeout=20).stdout


def section(page, title):
    text = page.split(f'\n# {title}\n', 1)[1]
    return re.split(r'^# ', text, flags=re.M)[0]


def faults(name, program, commands):
    helps = [help_of(program, words) for words in commands]
    for text in helps:
        lines = text.splitlines()
        if len(lines) > 24 or max(map(len, lines)) > 80:
            yield f'--help is {len(lines)} lines, {max(map(len, lines))} columns'
    with open(os.path.join(PAGES, name + '.1.full.scd'), encoding='utf-8') as f:
        page = f.read()
    told = {o for text in helps for o in LONG.findall(text)}
    heads = re.findall(r'^\*-.*$', section(page, 'OPTIONS'), flags=re.M)
    described = {o for line in heads for o in LONG.findall(line)}
    if told != described:
        yield f'options of only one of --help and page: {sorted(told ^ described)}'
    codes = set(re.findall(r'  (\d+) ([A-Z]+)', ' '.join(helps)))
    rows = set(re.findall(r'^\*(\d+)\* \(([A-Z]+)\)', section(page, 'EXIT STATUS'), flags=re.M))
    if codes != rows or (name != 'stmfw-board' and len(codes) < 10):
        yield f'exit codes differ: {sorted(codes ^ rows)}'


def main():
    failed = 0
    found = list(programs())
    print(f'1..{len(found)}')
    for number, (name, program, commands) in enumerate(found, 1):
        bad = list(faults(name, program, commands))
        failed += bool(bad)
        print(f'{"not ok" if bad else "ok"} {number} - {name}')
        for text in bad:
            print('#', text)
    return 1 if failed else 0


sys.exit(main())
