#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The shared library exports exactly what the header declares as STMFW_API, each symbol with the
version that lib/libstmfw.map gives it.

usage: symbols.py NM HEADER LIBRARY
"""
import re
import subprocess
import sys


def declared(header):
    with open(header, encoding='utf-8') as f:
        text = re.sub(r'/\*.*?\*/', '', f.read(), flags=re.S)
    text = re.sub(r'^\s*#.*$', '', text, flags=re.M)
    return set(re.findall(r'\bSTMFW_API\b[^;(]*?\b(\w+)\s*\(', text))


def exported(nm, library):
    out = subprocess.run([nm, '-D', '--defined-only', library], check=True,
                         capture_output=True, text=True).stdout
    symbols = (line.split()[-1].partition('@@') for line in out.splitlines() if line.strip())
    return {name: version for name, _, version in symbols if not name.startswith('STMFW_')}


def main():
    nm, header, library = sys.argv[1:]
    want, have, bad = declared(header), exported(nm, library), False
    for name in sorted(want - have.keys()):
        print('declared, but not exported (is it in lib/libstmfw.map?):', name)
    for name in sorted(have.keys() - want):
        print('exported, but not declared:', name)
    for name in sorted(n for n, version in have.items() if not version.startswith('STMFW_')):
        print('exported without a version:', name)
        bad = True
    if len(want) < 20:
        print('only', len(want), 'functions found in the header: has its form changed?')
        return 1
    return 1 if bad or want != have.keys() else 0


sys.exit(main())
