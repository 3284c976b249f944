#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes a manual page for scdoc: puts in what is kept in one place only.

    @exit-status@      the table of exit codes, from CLI_EXITS in examples/cli.h
    @verdicts@         that of stmfw-compare's verdicts, from examples/README.md
    @shortest-recipe@  the first recipe in docs/station.md
    @recipe@           its tables, from "How it is written" to "mqtt"
    @NAME@             the file NAME.part beside the page

usage: page.py PAGE SOURCE_ROOT OUTPUT
"""
import itertools
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


def sentence(text):
    """So that it begins and ends like one."""
    return text[:1].upper() + text[1:] + ('' if text.endswith('.') else '.') if text else ''


def exit_status(root):
    rows = EXIT.findall(read(root, 'examples', 'cli.h'))
    return 'The same for all tools; the name is "code" in JSON.\n\n' + \
        '\n\n'.join(f'*{number}* ({name})\n\t{sentence(meaning)}' for name, number, meaning in rows)


def styled(text):
    """Markdown's words as scdoc's. A link to a part that is not on the page says where it is."""
    text = re.sub(r'\[([^]]+)\]\(#[^)]*\)', r'"\1" in station.md', text)
    text = re.sub(r'\[([^]]+)\]\([^)]*\)', r'\1', text.replace('**', '').replace('…', '...'))
    text = re.sub(r'([\\_*#<>~])', r'\\\1', text.strip())
    return re.sub(r'`([^`]+)`', r'*\1*', text)


def cells(line):
    return [styled(cell) for cell in line.strip().strip('|').split('|')]


def verdicts(root):
    table = read(root, 'examples', 'README.md').split('| verdict | exit | means |')[1].split('\n\n')[0]
    rows = [cells(line) for line in table.splitlines()[2:]]
    return '\n\n'.join(f'{name} ({code})\n\t{sentence(means)}' for name, code, means in rows)


def shortest_recipe(root):
    """A digest gets a line of its own, and fits a screen."""
    text = read(root, 'docs', 'station.md').split('```yaml\n')[1].split('```')[0]
    return '```\n' + re.sub(r'^( *)(sha256:) (\w+)$', r'\1\2\n\1 \3', text, flags=re.M) + '```'


def key_row(key, default, means=''):
    """A key of the recipe. Its default is last, but that it is needed comes first."""
    if default.startswith('needed'):
        return key, sentence(default) + ' ' + sentence(means)
    return key, sentence(means) + (f' Default: {default}.' if default else '')


def step_row(step, keys, proven):
    return step, (f'Keys: {keys}. ' if keys else '') + sentence(proven)


def table(lines):
    """A definition for each row."""
    header, _, *rows = (cells(line) for line in lines)
    of_step = header[0] == 'step'
    out = ['Each kind, its keys with their defaults, and what has to be proven to pass:', ''] if of_step else []
    for row in rows:
        head, text = (step_row if of_step else key_row)(*row)
        out += [head, '\t' + text.strip(), '']
    return out


def recipe(root):
    text = read(root, 'docs', 'station.md')
    lines = text[text.index('## How it is written'):text.index('## stmfw-station check')].splitlines()
    out = []
    while lines:
        rows = list(itertools.takewhile(lambda line: line.startswith('|'), lines))
        if rows:
            out += table(rows)
            del lines[:len(rows)]
            continue
        line = lines.pop(0)
        if line.startswith('## '):
            out.append('# ' + line[3:].upper())
        elif line.startswith('- '):
            out.append('- ' + styled(line[2:]))
        else:
            out.append(('  ' if line.startswith('  ') else '') + styled(line))
    return re.sub(r'\n{3,}', '\n\n', '\n'.join(out)).strip()


def main():
    page, root, output = sys.argv[1:]

    def part(match):
        made = {'exit-status': exit_status, 'recipe': recipe, 'shortest-recipe': shortest_recipe,
                'verdicts': verdicts}.get(match[1])
        if made:
            return made(root)
        return source(HERE, match[1] + '.part').rstrip()

    with open(output, 'w', encoding='utf-8') as f:
        f.write(re.sub(r'^@([\w-]+)@$', part, source(page), flags=re.M))


main()
