#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What lib/ includes is what the picture of its layers in lib/README.md allows, and each of its files
is described there.

The picture is the block in "## Layers": rows of files with a line of "|" between two of
them; a blank line begins the next pile of rows. The last row of the first pile is the ground that
all may stand on. A header belongs to the row of its .c file.

usage: layers.py LIB
"""
import os
import re
import sys


def rows_of(readme):
    """[[[line, ...], ...], ...]: piles of rows of lines, from the top."""
    text = readme.split('\n## Layers\n', 1)[1].split('```text\n', 1)[1].split('```', 1)[0]
    piles = [[[]]]
    for line in text.splitlines():
        if line.strip() == '|':
            piles[-1].append([])
        elif line:
            piles[-1][-1].append(line)
        elif piles[-1] != [[]]:
            piles.append([[]])
    return [p for p in piles if p != [[]]]


def piles_of(readme):
    """[[{file, ...}, ...], ...]: piles of rows, from the top."""
    return [[set(re.findall(r'\b(\w+)\.[ch]\b', '\n'.join(row))) for row in pile]
            for pile in rows_of(readme)]


def captions_of(readme):
    """[(what a row is, {its files with .c}), ...]: for the drawing of them, see drawings.py."""
    return [(re.sub(r'.*\.[ch]\b', '', row[0]).strip(),
             set(re.findall(r'\w+\.c\b', '\n'.join(row))))
            for pile in rows_of(readme) for row in pile]


def places_of(piles):
    """{file: (pile, row)}, and the files that are in the picture twice."""
    places, twice = {}, set()
    for p, pile in enumerate(piles):
        for r, row in enumerate(pile):
            twice |= row & places.keys()
            places.update({name: (p, r) for name in row})
    return places, twice


def described(readme):
    """The files of which "## Files" says what they are for."""
    return set(re.findall(r'`(\w+)\.[ch]`', readme.split('\n## Files\n', 1)[1]))


def is_allowed(place, included, ground):
    return included == ground or (included[0] == place[0] and included[1] >= place[1])


def includes_of(path):
    with open(path, encoding='utf-8') as f:
        return re.findall(r'^#include "(\w+)\.h"', f.read(), re.M)


def main():
    lib = sys.argv[1]
    with open(os.path.join(lib, 'README.md'), encoding='utf-8') as f:
        readme = f.read()
    piles = piles_of(readme)
    places, twice = places_of(piles)
    ground = (0, len(piles[0]) - 1)
    files = sorted(n for n in os.listdir(lib) if n.endswith(('.c', '.h')))
    stems = {os.path.splitext(n)[0] for n in files}
    bad = ['twice in the picture: ' + n for n in sorted(twice)]
    bad += ['not in the picture: ' + n for n in sorted(stems - places.keys())]
    bad += ['only in the picture: ' + n for n in sorted(places.keys() - stems)]
    bad += ['nothing is said of: ' + n for n in sorted(stems - described(readme))]
    bad += ['said of nothing: ' + n for n in sorted(described(readme) - stems)]
    count = 0
    for name in files:
        for included in includes_of(os.path.join(lib, name)):
            stem = os.path.splitext(name)[0]
            count += 1
            if stem in places and included in places and \
                    not is_allowed(places[stem], places[included], ground):
                bad.append('%s includes %s.h, which is above or beside it' % (name, included))
    print('\n'.join(bad) if bad else '%d includes go down or sideways' % count)
    return 1 if bad or len(piles) != 2 or count < 100 else 0


if __name__ == '__main__':
    sys.exit(main())
