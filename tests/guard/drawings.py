#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The drawings of docs/how-it-works.md say what the code says, and can be read everywhere. TAP.

In a drawing
    <g data-enum="FILE ENUM">      has one text for each enumerator of that enum, and no other:
    <text data-state="ENUMERATOR">     it says the enumerator's name without its prefix;
    <text data-code="FILE NAME">   names something that is in that file, and says so;
    <g data-layer="">              is a row of the picture of layers in lib/README.md: what it is,
                                       and some of its files.

usage: drawings.py SOURCE_ROOT
"""
import os
import re
import sys
import xml.etree.ElementTree as ET

from layers import captions_of

ROOT = sys.argv[1]
FOLDER = os.path.join(ROOT, 'docs', 'drawings')
SVG = '{http://www.w3.org/2000/svg}'
ELEMENTS = {SVG + name for name in ('svg', 'title', 'desc', 'style', 'defs', 'marker', 'g', 'rect',
                                    'path', 'text')}
LINES_MAX = 150
CONTRAST_MIN = 4.5  # WCAG 2, AA
DARK = '@media (prefers-color-scheme: dark) {'


def text_of(*path):
    with open(os.path.join(ROOT, *path), encoding='utf-8') as f:
        return f.read()


def load():
    """{name: (text, tree)} of all drawings."""
    texts = {n: text_of('docs', 'drawings', n) for n in sorted(os.listdir(FOLDER))}
    return {name: (text, ET.fromstring(text)) for name, text in texts.items()}


# ---- what they say ----

def code_of(path):
    """A file of C without its comments."""
    return re.sub(r'/\*.*?\*/', '', text_of(path), flags=re.S)


def enumerators(path, name):
    found = re.search(r'\benum %s \{(.*?)\}' % name, code_of(path), re.S)
    if not found:
        return set()
    return {item.split('=')[0].strip() for item in found[1].split(',')} - {''}


def bad_enums(tree):
    for group in tree.iter(SVG + 'g'):
        if 'data-enum' not in group.attrib:
            continue
        path, name = group.get('data-enum').split()
        states = {t.get('data-state'): t.text for t in group.iter() if t.get('data-state')}
        wanted = enumerators(path, name)
        yield from ('enum %s of %s has %s, which is not drawn' % (name, path, s)
                    for s in wanted - states.keys())
        yield from ('%s is drawn, and not in enum %s of %s' % (s, name, path)
                    for s in states.keys() - wanted)
        yield from ('%s is drawn as "%s"' % (s, shown) for s, shown in states.items()
                    if not s.endswith('_' + shown))


def bad_names(tree):
    for text in tree.iter(SVG + 'text'):
        path, name = text.get('data-code', '- -').split()
        if path != '-' and (name != text.text or not re.search(r'\b%s\b' % name, code_of(path))):
            yield '"%s" is not %s of %s' % (text.text, name, path)


def bad_layers(drawings):
    """The rows of all drawings with layers are those of lib/README.md, in their order."""
    rows = captions_of(text_of('lib', 'README.md'))
    for name, (_, tree) in drawings.items():
        groups = [g for g in tree.iter(SVG + 'g') if 'data-layer' in g.attrib]
        if not groups:
            continue
        texts = [[t.text for t in g.iter(SVG + 'text')] for g in groups]
        if [t[0] for t in texts] != [caption for caption, _ in rows]:
            yield '%s: rows %s, in lib/README.md %s' % (name, [t[0] for t in texts],
                                                       [caption for caption, _ in rows])
            continue
        for (caption, files), row in zip(rows, texts):
            wrong = set(re.findall(r'\w+\.c', ' '.join(row[1:]))) - files
            yield from ('%s: %s is not in row "%s"' % (name, w, caption) for w in sorted(wrong))


def bad_use(drawings):
    """Each is shown by the document, with words for who cannot see it, and is there."""
    shown = re.findall(r'!\[([^]]*)\]\(drawings/([^)]+)\)', text_of('docs', 'how-it-works.md'))
    names = {name for _, name in shown}
    yield from (name + ' has no words' for words, name in shown if len(words) < 20)
    yield from (name + ' is not shown' for name in drawings.keys() - names)
    yield from ('there is no ' + name for name in names - drawings.keys())


# ---- how they are made ----

def bad_form(text, tree):
    if text.count('\n') > LINES_MAX:
        yield 'more than %d lines' % LINES_MAX
    if 'SPDX-License-' 'Identifier: MIT' not in text[:400]:
        yield 'no licence line'
    if tree.get('role') != 'img' or tree.get('aria-labelledby') != 'title desc':
        yield 'no role for who cannot see it'
    for part in 'title', 'desc':
        element = tree.find(SVG + part)
        if element is None or element.get('id') != part or len(element.text or '') < 15:
            yield 'no ' + part
    yield from ('element ' + e.tag for e in tree.iter() if e.tag not in ELEMENTS)


def bad_references(text, tree):
    for element in tree.iter():
        for name, value in element.attrib.items():
            if name.endswith('href') or name.startswith('on') or name == 'style':
                yield 'attribute ' + name
            if '//' in value or re.search(r'url\((?!#)', value):
                yield value
    if re.search(r'@import|@font-face|url\((?!#)', text) or '<?' in text or '<!DOCTYPE' in text:
        yield 'something from outside'


def style_of(tree):
    return tree.find(SVG + 'style').text


def colours(style, kind):
    """[{class: its fill in the light}, the same in the dark]; the class of plain text is "text"."""
    parts = [dict(re.findall(r'\.?(\w+) \{[^}]*\b%s: (#[0-9a-f]{6})' % kind, rules))
             for rules in style.split(DARK)]
    return [parts[0], {**parts[0], **parts[-1]}]


def luminance(colour):
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def bad_colours(style):
    if DARK not in style:
        yield 'no rule for the dark'
    for fills, strokes in zip(colours(style, 'fill'), colours(style, 'stroke')):
        grounds = [fills[name] for name in ('page', 'box', 'good', 'bad', 'care')]
        yield from ('%s on %s: %.1f' % (ink, ground, contrast(fills[ink], ground))
                    for ink in ('text', 'note') for ground in grounds
                    if contrast(fills[ink], ground) < CONTRAST_MIN)
        yield from ('the lines of %s: %.1f' % (name, contrast(colour, fills['page']))
                    for name, colour in strokes.items() if contrast(colour, fills['page']) < 3)


def main():
    drawings = load()
    styles = {style_of(tree) for _, tree in drawings.values()}
    tests = [
        ('states_are_those_of_the_code', lambda t, tree: bad_enums(tree)),
        ('names_are_in_the_code', lambda t, tree: bad_names(tree)),
        ('they_are_short_and_have_words_for_who_cannot_see', bad_form),
        ('they_need_nothing_from_outside', bad_references),
    ]
    print('1..%d' % (len(tests) + 4))
    results = [(name, [f'{d}: {fault}' for d, (text, tree) in drawings.items()
                       for fault in check(text, tree)]) for name, check in tests]
    results += [
        ('layers_are_those_of_lib_README', list(bad_layers(drawings))),
        ('each_is_shown_by_the_document', list(bad_use(drawings))),
        ('all_have_one_style', [] if len(styles) == 1 else ['%d styles' % len(styles)]),
        ('they_can_be_read_in_light_and_dark', [f for s in styles for f in bad_colours(s)]),
    ]
    for number, (name, faults) in enumerate(results, 1):
        print('%sok %d - %s' % ('not ' if faults else '', number, name))
        for fault in faults:
            print('# ' + fault)
    return 1 if any(faults for _, faults in results) or len(drawings) < 10 else 0


sys.exit(main())
