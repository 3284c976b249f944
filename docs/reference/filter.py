#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What doxygen reads instead of include/stmfw.h: the same lines, with the marks that it needs in
comments that were written to be read as they are. Behind them, the examples.

usage: filter.py HEADER
"""
import os
import re
import sys

SECTION = re.compile(r'^/\* ---- (?P<title>.*?)(?:: (?P<about>.*?))? -{4,}(?: \*/)?$')
LIST = re.compile(r'^(?P<word>Returns|Reports|PROMISES) {2,}(?P<row>.*)$')
HEADING = re.compile(r'^(?P<word>[A-Z]{5,}) +(?P<text>.*)$')
ROW = re.compile(r'^(?P<key>(?:STMFW_\w+, )*STMFW_\w+|P\d+) +(?P<text>.*)$')


def linked(text):
    """Names in prose, as links; doxygen warns of one that leads nowhere."""
    text = re.sub(r'\bres->(\w+)', r'@ref stmfw_result::\1 "res->\1"', text)
    text = re.sub(r'\b(stmfw_\w+)\.(\w+)', r'@ref \1::\2 "\1.\2"', text)
    text = re.sub(r'(?<![#\w:"])(STMFW_[A-Z]\w*|stmfw_\w+\b(?!::|[(."]))', r'#\1', text)
    return re.sub(r'<(\w+\.h)>', r'&lt;\1&gt;', text)


def rows(line):
    """The rows of a table that begin in this line: of a code and what it means, or of words."""
    out = ''
    for piece in re.split(r';  (?=STMFW_)', line):
        row = ROW.match(piece)
        cells = f'<td>{linked(row["key"])}</td><td>{linked(row["text"])}' if row else \
            f'<td colspan="2">{linked(piece)}'
        out += f'<tr>{cells} '
    return out


class Comment:
    """One comment, from line to line."""

    def __init__(self):
        self.indented = False  # in a list or below a heading
        self.table = 0         # in a list: the column at which its rows begin

    def line(self, text):
        body = text.lstrip()
        indent = len(text) - len(body)
        if not self.indented and indent >= 4:
            return text  # code
        closed = self.close() if indent < 2 else ''
        found = not indent and (LIST.match(body) or HEADING.match(body))
        if found:
            return closed + self.open(found)
        return closed + (rows(body) if self.table and indent == self.table else linked(body))

    def open(self, found):
        self.indented = True
        if found.re is HEADING:
            return f'<h2>{found["word"].capitalize()}</h2> {linked(found["text"])}'
        self.table = found.start('row')
        level = 2 if found['word'].isupper() else 4
        return f'<h{level}>{found["word"].capitalize()}</h{level}> <table>{rows(found["row"])}'

    def close(self):
        was, self.indented, self.table = self.table, False, 0
        return '</table>' if was else ''


def capital(text):
    return text[0].upper() + text[1:]


def section_begins(title, is_first):
    """Our sections are doxygen's groups."""
    name = re.sub(r'\W+', '_', title)
    return ('' if is_first else '/** @} */ ') + f'/** @defgroup {name} {capital(title)}'


def header_lines(text):
    comment, about, behind, sections = None, '', '', 0
    for line in text.splitlines():
        section = SECTION.match(line)
        if section:
            comment, about = (None, section['about']) if line.endswith('*/') else (Comment(), '')
            line, behind = section_begins(section['title'], sections == 0), ' /** @{ */'
            sections += 1
        elif about:  # the line behind a section that is told in one
            line, about = f' * {capital(about)}. */{behind} {line}', ''
        elif line == '/**':
            comment, behind = Comment(), ''
        elif line.startswith(' * stmfw.h - '):
            line = ' * @mainpage libstmfw: ' + line[len(' * stmfw.h - '):]
        elif comment and line.strip() == '*/':
            line = f' * {comment.close()} */{behind}'
            comment = None
        elif comment:
            line = ' * ' + comment.line(line[3:])
        elif '/**' in line:
            code, _, prose = line.partition('/**')
            line = code + '/**' + re.sub(r' +\*/', ' */', linked(prose))
        yield line
    yield '/** @} */'


def examples(folder, functions):
    """Each source there that calls one of the functions."""
    for place, _, names in sorted(os.walk(folder)):
        for name in sorted(n for n in names if n.endswith('.c')):
            path = os.path.join(place, name)
            with open(path, encoding='utf-8') as f:
                text = f.read()
            if functions & set(re.findall(r'\b(stmfw_\w+)\s*\(', text)):
                yield f'/** @example {os.path.relpath(path, folder)} */'


def main():
    folder = os.path.join(os.path.dirname(sys.argv[0]), '..', '..', 'examples')
    with open(sys.argv[1], encoding='utf-8') as f:
        lines = list(header_lines(f.read()))
    functions = set(re.findall(r'^STMFW_API\b[^;(]*?(\w+)\(', '\n'.join(lines), flags=re.M))
    print('\n'.join(lines))
    print('/** @file stmfw.h All that the library offers. */')
    print('\n'.join(examples(folder, functions)))


main()
