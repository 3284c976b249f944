#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The API reference: doxygen makes it without a warning, and has words on all that is public. TAP.
Skipped without doxygen.

usage: reference.py SOURCE_ROOT
"""
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

ROOT = sys.argv[1]


def made_in(folder):
    """Runs doxygen as script/docs does. Returns its warnings, and its XML beside the pages."""
    with open(os.path.join(ROOT, 'docs', 'Doxyfile'), encoding='utf-8') as f:
        settings = f.read() + f'\nOUTPUT_DIRECTORY = "{folder}"\nGENERATE_XML = YES\n'
    run = subprocess.run(['doxygen', '-'], cwd=ROOT, input=settings, capture_output=True, text=True,
                         timeout=100)
    said = (run.stdout + run.stderr).splitlines()
    if run.returncode and not said:
        said = [f'doxygen ended with {run.returncode}']
    return said


def symbols(folder):
    """(kind and name, whether there are words on it) of all that is public."""
    index = ElementTree.parse(os.path.join(folder, 'xml', 'index.xml')).getroot()
    for entry in index.iter('compound'):
        if entry.get('kind') not in ('file', 'struct', 'union'):
            continue
        path = os.path.join(folder, 'xml', entry.get('refid') + '.xml')
        root = ElementTree.parse(path).getroot()
        for kind in 'compounddef', 'memberdef', 'enumvalue':
            for item in root.iter(kind):
                name = item.findtext('compoundname') or item.findtext('name')
                words = [''.join(item.find(part).itertext()).strip()
                         for part in ('briefdescription', 'detaileddescription')]
                yield f'{item.get("kind", kind)} {entry.findtext("name")}: {name}', any(words)


def main():
    print('1..2')
    if not shutil.which('doxygen'):
        for number in 1, 2:
            print('ok', number, '# SKIP there is no doxygen; script/bootstrap docs installs it')
        return 0
    with tempfile.TemporaryDirectory() as folder:
        said = made_in(folder)
        found = list(symbols(folder))
    bare = [name for name, documented in found if not documented]
    if len(found) < 400:
        bare.append(f'only {len(found)} symbols found: has the form of the XML changed?')
    print('not ok' if said else 'ok', '1 - doxygen has no warning')
    print(''.join(f'# {line}\n' for line in said), end='')
    print('not ok' if bare else 'ok', '2 - all that is public is documented')
    print(''.join(f'# {line}\n' for line in bare), end='')
    return 1 if said or bare else 0


sys.exit(main())
