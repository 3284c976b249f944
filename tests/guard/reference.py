#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each public function is used in examples/. The API reference: doxygen makes it without a warning, it
has words on all that is public, and links each function with the examples that use it; skipped
without doxygen. TAP.

usage: reference.py SOURCE_ROOT
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

ROOT = sys.argv[1]


def code_of(path):
    with open(path, encoding='utf-8') as f:
        return re.sub(r'/\*.*?\*/', '', f.read(), flags=re.S)


def functions():
    code = code_of(os.path.join(ROOT, 'include', 'stmfw.h'))
    return re.findall(r'^STMFW_API\b[^;(]*?(\w+)\(', code, flags=re.M)


def without_example():
    used = set()
    for folder, _, names in os.walk(os.path.join(ROOT, 'examples')):
        for name in names:
            if name.endswith('.c'):
                used |= set(re.findall(r'\b(stmfw_\w+)\(', code_of(os.path.join(folder, name))))
    return [name for name in functions() if name not in used]


def without_link(folder):
    linked = set()
    for name in os.listdir(os.path.join(folder, 'html')):
        if name.startswith('group__'):
            with open(os.path.join(folder, 'html', name), encoding='utf-8') as f:
                for part in f.read().split('<h2 class="memtitle">')[1:]:
                    if 'class="section examples"' in part:
                        linked |= set(re.findall(r'(\w+)\(\)</h2>', part))
    return [name for name in functions() if name not in linked]


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


def undocumented(folder):
    found = list(symbols(folder))
    if len(found) < 400:
        return [f'only {len(found)} symbols found: has the form of the XML changed?']
    return [name for name, documented in found if not documented]


def report(number, name, faults):
    print('not ok' if faults else 'ok', number, '-', name)
    print(''.join(f'# {line}\n' for line in faults), end='')
    return 1 if faults else 0


def main():
    print('1..4')
    failed = report(1, 'each function is used in examples/', without_example())
    if not shutil.which('doxygen'):
        for number in 2, 3, 4:
            print('ok', number, '# SKIP there is no doxygen; script/bootstrap docs installs it')
        return failed
    with tempfile.TemporaryDirectory() as folder:
        failed |= report(2, 'doxygen has no warning', made_in(folder))
        failed |= report(3, 'all that is public is documented', undocumented(folder))
        failed |= report(4, 'each function is linked with an example', without_link(folder))
    return failed


sys.exit(main())
