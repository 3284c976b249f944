#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""script/abi sees what a change of the header does to programs that are linked already. TAP.

Some files of a copy of the library are built, changed in one way and built again; what script/abi
says of it is looked at. The record is the copy's own, so it does not matter what is new here.

usage: abi.py SOURCE_ROOT CC
"""
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

FUNCTION = 'STMFW_API const char *stmfw_version_string(void);'
RESULT_MEMBER = '\tint uv_status;'
OPTS_END = '} stmfw_read_opts;'
# Enough to have functions with results and options among the exported ones.
FILES = ('lib/version.c', 'lib/read_flash.c', 'lib/bank.c')
HEADER, VERSION_C, MAP = 'include/stmfw.h', 'lib/version.c', 'lib/libstmfw.map'


class Tree:
    """The copy, and the shared library that was built from it."""

    def __init__(self, folder, root, cc):
        self.folder, self.cc = folder, cc
        for part in ('script', 'include', 'lib'):
            shutil.copytree(os.path.join(root, part), self.path(part))
        shutil.copy(os.path.join(root, 'CHANGELOG.md'), folder)
        self.library = self.path('libstmfw.so')

    def path(self, name):
        return os.path.join(self.folder, name)

    def text(self, name):
        with open(self.path(name), encoding='utf-8') as f:
            return f.read()

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as f:
            f.write(text)

    def replace(self, name, old, new):
        text = self.text(name)
        if old not in text:
            raise LookupError(f'{old!r} is not in {name} any more: adapt this test')
        self.write(name, text.replace(old, new, 1))

    def run(self, *command):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def must(self, *command):
        status, said = self.run(*command)
        if status:
            raise RuntimeError(f'{" ".join(command)}: {status}\n{said}')

    def compile(self, name):
        self.must(self.cc, '-std=c11', '-D_GNU_SOURCE', '-g', '-O0', '-fPIC', '-fvisibility=hidden',
                  '-Iinclude', '-Ilib', '-c', name, '-o', name[:-1] + 'o')

    def compile_all(self):
        for name in FILES:
            self.compile(name)

    def link(self, soname='libstmfw.so.0'):
        objects = [name[:-1] + 'o' for name in FILES]
        self.must(self.cc, '-shared', '-o', self.library, '-Wl,-soname,' + soname,
                  '-Wl,--version-script=' + MAP, *objects)

    def abi(self, what):
        return self.run('script/abi', what, self.library)


class Cases:
    def __init__(self):
        self.count = self.failed = 0

    def that(self, name, ok, said):
        self.count += 1
        self.failed += not ok
        print(f'{"ok" if ok else "not ok"} {self.count} - {name}')
        if not ok:
            print('\n'.join('# ' + line for line in str(said).splitlines()))


def release(tree):
    """The changelog as it is once this version is released."""
    text = re.sub(r'^## Unreleased.*$', '## 0.1.0 - 2026-01-02', tree.text('CHANGELOG.md'),
                  count=1, flags=re.M)
    tree.write('CHANGELOG.md', text)


def unchanged(tree, cases):
    tree.compile_all()
    tree.link()
    tree.abi('record')
    cases.that('what was just recorded is as recorded', tree.abi('check')[0] == 0,
               tree.abi('check'))


def added_function(tree, cases):
    header, source, symbols = (tree.text(n) for n in (HEADER, VERSION_C, MAP))
    tree.replace(HEADER, FUNCTION, FUNCTION + '\nSTMFW_API int stmfw_new_thing(int x);')
    tree.write(VERSION_C, source + '\nint stmfw_new_thing(int x)\n{\n\treturn x;\n}\n')
    tree.replace(MAP, 'local:', '\tstmfw_new_thing;\nlocal:')
    tree.compile(VERSION_C)
    tree.link()
    status, said = tree.abi('check')
    cases.that('a new function has to be recorded',
               status == 1 and 'stmfw_new_thing' in said and 'additions' in said and
               'script/abi record' in said, said)
    for name, text in ((HEADER, header), (VERSION_C, source), (MAP, symbols)):
        tree.write(name, text)


def removed_function(tree, cases):
    symbols = tree.text(MAP)
    tree.replace(MAP, '\tstmfw_version_string;\n', '')
    tree.compile(VERSION_C)
    tree.link()
    status, said = tree.abi('check')
    cases.that('a function that is gone breaks programs',
               status == 1 and 'stmfw_version_string' in said and 'would break' in said, said)
    tree.write(MAP, symbols)


def grown_opts(tree, cases):
    header = tree.text(HEADER)
    tree.replace(HEADER, OPTS_END, '\tint new_choice;\n' + OPTS_END)
    tree.compile_all()
    tree.link()
    status, said = tree.abi('check')
    cases.that('options that grew at their end are an addition',
               status == 1 and 'new_choice' in said and 'additions' in said, said)
    tree.write(HEADER, header)


def moved_member(tree, cases):
    tree.replace(HEADER, RESULT_MEMBER, '\tlong early;\n' + RESULT_MEMBER)
    tree.compile_all()
    tree.link()
    status, said = tree.abi('check')
    cases.that('a member in the middle of a struct breaks programs',
               status == 1 and 'uv_status' in said and 'would break' in said, said)


def broken_release(tree, cases):
    old = tree.text('lib/abi/libstmfw.abi')
    release(tree)
    status, said = tree.abi('record')
    cases.that('a break of what is released is not recorded under its version',
               status == 1 and 'raise the version' in said and
               tree.text('lib/abi/libstmfw.abi') == old, said)
    tree.replace(HEADER, '#define STMFW_VERSION_MINOR 1', '#define STMFW_VERSION_MINOR 2')
    status, said = tree.abi('record')
    cases.that('nor under its soname', status == 1 and 'soversion' in said, said)
    tree.link('libstmfw.so.1')
    status, said = tree.abi('record')
    cases.that('it is under a new version and soname',
               status == 0 and tree.abi('check')[0] == 0, said)


def main():
    root, cc = sys.argv[1:]
    if platform.machine() != 'x86_64' or not shutil.which('abidiff'):
        print('1..0 # SKIP the ABI record is for x86_64 and compared by abidiff (abigail-tools)')
        return 0
    cases = Cases()
    with tempfile.TemporaryDirectory(prefix='stmfw-abi-') as folder:
        tree = Tree(folder, root, cc)
        for case in (unchanged, added_function, removed_function, grown_opts, moved_member,
                     broken_release):
            case(tree, cases)
    print(f'1..{cases.count}')
    return 1 if cases.failed else 0


sys.exit(main())
