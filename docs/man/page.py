#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes a manual page for scdoc: puts in what is kept in one place only.

    @exit-status@   the table of exit codes, from CLI_EXITS in examples/cli.h
    @recipe@        the tables of docs/station.md, from "How it is written" to "mqtt"
    @NAME@          the file NAME.part beside the page

usage: page.py PAGE SOURCE_ROOT OUTPUT
"""
import os
import re
import sys

EXIT = re.compile(r'\bX\((\w+), (\d+), "([^"]+)"\)')
HERE = os.path.dirname(os.path.abspath(__file__))


def read(*path):
    with open(os.path.join(*path), encoding='utf-8') as f:
        return f.read()


def source(*path):
    """Without comments: scdoc takes none in front of the title."""
    return ''.join(line for line in read(*path).splitlines(True) if not line.startswith(';'))


def exit_status(root):
    rows = EXIT.findall(read(root, 'examples', 'cli.h'))
    return '\n\n'.join(f'*{number}* ({name})\n\t{meaning[0].upper()}{meaning[1:]}.'
                       for name, number, meaning in rows)


def styled(text):
    """Markdown's words as scdoc's."""
    text = re.sub(r'\[([^]]+)\]\([^)]*\)', r'\1', text.replace('**', '').replace('…', '...'))
    text = re.sub(r'([\\_*#<>~])', r'\\\1', text.strip())
    return re.sub(r'`([^`]+)`', r'*\1*', text)


def row(line):
    first, *others = (styled(cell) for cell in line.strip().strip('|').split('|'))
    return '\n'.join([first, '\t' + '; '.join(filter(None, others)).strip(), ''])


def recipe(root):
    text = read(root, 'docs', 'station.md')
    text = text[text.index('## How it is written'):text.index('## stmfw-station check')]
    out, lines = [], text.splitlines()
    for at, line in enumerate(lines):
        following = lines[at + 1] if at + 1 < len(lines) else ''
        if line.startswith('## '):
            out.append('# ' + line[3:].upper())
        elif line.startswith('|'):
            if not line.startswith('|---') and not following.startswith('|---'):
                out.append(row(line))
        elif line.startswith('- '):
            out.append('- ' + styled(line[2:]))
        else:
            out.append(('  ' if line.startswith('  ') else '') + styled(line))
    return re.sub(r'\n{3,}', '\n\n', '\n'.join(out)).strip()


def main():
    page, root, output = sys.argv[1:]

    def part(match):
        made = {'exit-status': exit_status, 'recipe': recipe}.get(match[1])
        if made:
            return made(root)
        return source(HERE, match[1] + '.part').rstrip()

    with open(output, 'w', encoding='utf-8') as f:
        f.write(re.sub(r'^@([\w-]+)@$', part, source(page), flags=re.M))


main()
