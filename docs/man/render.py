#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A page through scdoc, from stdin to stdout, and no word broken at a line's end: names of commands and
options are to be read, and copied, as they are. scdoc says so, too, but before .TH, which forgets it.

usage: render.py SCDOC <PAGE
"""
import subprocess
import sys

made = subprocess.run([sys.argv[1]], stdin=sys.stdin.buffer, stdout=subprocess.PIPE, check=False)
if made.returncode:
    sys.exit(made.returncode)
head, title, rest = made.stdout.partition(b'\n.TH ')
line, end, body = rest.partition(b'\n')
sys.stdout.buffer.write(head + title + line + end + b'.nh\n' + body)
