#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""docs/troubleshooting.md goes by the words that are really printed.

Each of the words in its tables ("…" stands for what differs) is in a text of the library or the tools;
what OpenOCD prints is in the table of lib/explain.c. And all words of that table are in the document.

usage: words.py SOURCE_ROOT
"""
import glob
import os
import re
import sys

STRING = r'"(?:[^"\\\n]|\\.)*"'
BETWEEN = r'(?:\s|\\\n|PRI\w+)*'


def texts_of(path):
    """The strings of a C file, those side by side as one, what printf puts in as "…"."""
    with open(path, encoding='utf-8') as file:
        source = file.read()
    for run in re.findall(f'{STRING}(?:{BETWEEN}{STRING})*', source):
        run = re.sub(r'%\d*"\s*PRI\w+\s*', '…"', run + ' ')
        joined = ''.join(s[1:-1] for s in re.findall(STRING, run)).replace('\\"', '"')
        yield re.sub(r'%\d*(?:\.\d+)?[lz]*[a-zA-Z]', '…', joined)


def documented(text):
    """What stands in the first column of the tables."""
    for row in re.findall(r'^\| (.*?) \| .*\|$', text, re.M):
        if row != 'words':
            yield from (words.strip(' …') for words in row.split('; '))


def main():
    root = sys.argv[1]
    with open(os.path.join(root, 'docs', 'troubleshooting.md'), encoding='utf-8') as file:
        document = file.read()
    paths = [p for folder in ('lib', 'examples', 'examples/station')
             for p in glob.glob(os.path.join(root, folder, '*.c'))]
    printed = '\n'.join(text for path in sorted(paths) for text in texts_of(path))
    words = list(documented(document))
    bad = [f'nobody prints: {w}' for w in words if w not in printed]
    with open(os.path.join(root, 'lib', 'explain.c'), encoding='utf-8') as file:
        explained = re.findall(r'^\t\{ (' + STRING + r'), STMFW_E', file.read(), re.M)
    bad += [f'not in the document: {w}' for w in explained if w[1:-1].strip() not in document]
    print(*bad, f'{len(words)} words of the document, {len(explained)} of lib/explain.c', sep='\n')
    return 1 if bad or not words or not explained else 0


sys.exit(main())
