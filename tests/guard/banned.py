#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Functions that the library must not call: unbounded, without error reports, or not its business.

usage: banned.py LIB_DIR
"""
import os
import re
import sys

BANNED = '''strcpy strcat strncpy strncat stpcpy sprintf vsprintf gets
            atoi atol atoll atof strtol strtoul strtoll strtoull strtod sscanf fscanf scanf strtok
            printf vprintf fprintf vfprintf puts fputs putchar perror
            exit _exit abort signal sigaction system popen fork
            uv_run uv_stop uv_loop_close uv_default_loop uv_walk
            setenv putenv setlocale chdir umask'''.split()
CALL = re.compile(r'(?<![\w.>])(' + '|'.join(BANNED) + r')\s*\(')
NOISE = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(match):
    return re.sub(r'[^\n]', ' ', match.group(0))


def check(path):
    with open(path, encoding='utf-8') as f:
        text = NOISE.sub(blank, f.read())
    # __attribute__((format(printf, ...))) names one, but calls none.
    text = text.replace('format(printf', 'format(      ')
    found = 0
    for n, line in enumerate(text.splitlines(), 1):
        for match in CALL.finditer(line):
            print(f'{path}:{n}: {match.group(1)}()')
            found += 1
    return found


def main():
    folder = sys.argv[1]
    files = sorted(f for f in os.listdir(folder) if f.endswith(('.c', '.h')))
    if len(files) < 5:
        print('no sources in', folder)
        return 1
    return 1 if sum(check(os.path.join(folder, f)) for f in files) else 0


sys.exit(main())
