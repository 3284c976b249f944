#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The shared library exports exactly what the header declares as STMFW_API.

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
    return {line.split()[-1].split('@')[0] for line in out.splitlines() if line.strip()}


def main():
    nm, header, library = sys.argv[1:]
    want, have = declared(header), exported(nm, library)
    for name in sorted(want - have):
        print('declared, but not exported:', name)
    for name in sorted(have - want):
        print('exported, but not declared:', name)
    if len(want) < 20:
        print('only', len(want), 'functions found in the header: has its form changed?')
        return 1
    return 1 if want != have else 0


sys.exit(main())
