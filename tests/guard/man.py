#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Manual pages and --help say the same, and --help fits a screen; a page names the variables of the
environment that its tool reads, and no others. TAP.

usage: man.py BUILD_ROOT
"""
import glob
import json
import os
import re
import shutil
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
    parts = page.split(f'\n# {title}\n', 1)
    return re.split(r'^# ', parts[1], flags=re.M)[0] if len(parts) == 2 else ''


def sources(program):
    """The C files of a tool and of what it is linked with, as far as they are ours."""
    folder, name = os.path.split(os.path.relpath(program, BUILD))
    with open(os.path.join(BUILD, 'compile_commands.json'), encoding='utf-8') as f:
        commands = json.load(f)
    for c in commands:
        place, made = os.path.split(os.path.dirname(c['output']))
        if (place, made) == (folder, name + '.p') or made.startswith('libstmfw') and \
                name != 'stmfw-board' and place in ('lib', 'examples', folder):
            yield os.path.join(c['directory'], c['file'])


def variables(program):
    """What a tool looks for in its environment; PG: what libpq does, which a tool may be built without."""
    for path in sources(program):
        if path.endswith('/lease_absent.c'):
            yield 'PG'
        with open(path, encoding='utf-8') as f:
            text = f.read()
        for argument in re.findall(r'\b(?:secure_|uv_os_)?getenv\(([^)]*)\)', text):
            yield {'o->envvar': 'PG'}.get(argument, argument.strip('"'))


def environment(page, program, helps):
    read = set(variables(program))
    text = section(page, 'ENVIRONMENT')
    heads = ' '.join(re.findall(r'^\*[A-Z_*, ]+\*', text, flags=re.M))
    described = {'PG' if name.startswith('PG') else name for name in re.findall(r'\*([A-Z_]+)\*', heads)}
    named = described | set(re.findall(r'\*([A-Z_]+)\*', text))
    if not read <= named:
        yield f'ENVIRONMENT does not have {sorted(read - named)}'
    if not described <= read:
        yield f'ENVIRONMENT has {sorted(described - read)}, which the tool does not read'
    said = {name for text in helps for name in re.findall(r'\$([A-Z_]+)', text)}
    if not said <= read:
        yield f'--help has {sorted(said - read)}, which the tool does not read'


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
    yield from environment(page, program, helps)


def rendered():
    """What a reader sees on 80 columns: no line is longer, no word is broken."""
    for page in sorted(glob.glob(os.path.join(PAGES, '*.[157]'))):
        done = subprocess.run(['groff', '-man', '-Tutf8', '-P-c', '-rLL=78n', page], check=False,
                              capture_output=True, text=True, timeout=20)
        lines = [re.sub('.\b', '', line) for line in done.stdout.splitlines()]
        if done.returncode or done.stderr or 'NAME' not in lines:
            yield f'{page}: {done.stderr}'
        for line in lines:
            if len(line) > 80 or '\u2010' in line:
                yield f'{os.path.basename(page)}: {line}'


def main():
    failed = 0
    found = list(programs())
    print(f'1..{len(found) + 1}')
    for number, (name, program, commands) in enumerate(found, 1):
        bad = list(faults(name, program, commands))
        failed += bool(bad)
        print(f'{"not ok" if bad else "ok"} {number} - {name}')
        for text in bad:
            print('#', text)
    if not shutil.which('groff'):
        print(f'ok {len(found) + 1} - fits 80 columns # SKIP there is no groff')
        return 1 if failed else 0
    bad = list(rendered())
    print(f'{"not ok" if bad else "ok"} {len(found) + 1} - fits 80 columns')
    print(''.join(f'# {text}\n' for text in bad), end='')
    failed += bool(bad)
    return 1 if failed else 0


sys.exit(main())
