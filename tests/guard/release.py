#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""script/release refuses what is not ready, and makes the same tarball twice of what is. In a clone
whose ABI check is replaced by one that always agrees: it has tests of its own. TAP.

usage: release.py SOURCE_ROOT
"""
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

AGREES = '#!/bin/sh\nexit 0\n'
ENV = {**os.environ, 'GIT_AUTHOR_NAME': 'a', 'GIT_AUTHOR_EMAIL': 'a@example.org',
       'GIT_COMMITTER_NAME': 'a', 'GIT_COMMITTER_EMAIL': 'a@example.org'}


class Clone:
    """What git would know of the tree as it is now, as one commit of a repository of its own."""

    def __init__(self, root, scratch):
        self.dir = os.path.join(scratch, 'clone')
        os.mkdir(self.dir)
        for name in ('include', 'script', 'debian', 'CHANGELOG.md', 'LICENSE'):
            source, target = os.path.join(root, name), os.path.join(self.dir, name)
            (shutil.copytree if os.path.isdir(source) else shutil.copy)(source, target)
        self.write('script/abi', AGREES)
        self.git('init', '-q')
        self.commit()
        self.version = self.run('script/version')[1].strip()

    def git(self, *words):
        subprocess.run(['git', '-C', self.dir, *words], env=ENV, check=True, capture_output=True)

    def commit(self):
        self.git('add', '-A')
        self.git('commit', '-q', '-m', 'test', '--allow-empty', '--date=2026-01-01T00:00:00Z')

    def write(self, name, text):
        with open(os.path.join(self.dir, name), 'w', encoding='utf-8') as f:
            f.write(text)

    def change(self, name, pattern, text):
        path = os.path.join(self.dir, name)
        with open(path, encoding='utf-8') as f:
            before = f.read()
        after = re.sub(pattern, text, before, count=1, flags=re.M)
        assert after != before, f'{pattern} is not in {name}'
        self.write(name, after)

    def run(self, *words):
        done = subprocess.run(words, cwd=self.dir, env=ENV, capture_output=True, text=True,
                              check=False)
        return done.returncode, done.stdout + done.stderr

    def refuses(self, word, *arguments):
        code, text = self.run('script/release', *arguments)
        assert code != 0 and word in text, (code, text)
        assert not os.path.exists(os.path.join(self.dir, 'build-release')), 'it left something'


def check(clone):
    clone.refuses('usage', '--all')
    clone.write('new', '')
    clone.refuses('not committed')
    os.unlink(os.path.join(clone.dir, 'new'))
    clone.refuses(f'no tag v{clone.version}')
    clone.git('tag', f'v{clone.version}')
    clone.refuses('CHANGELOG.md')
    clone.change('CHANGELOG.md', r'^## .*nreleased.*$', f'## {clone.version} - 2026-01-01')
    clone.commit()
    clone.refuses('no tag')  # it is on the commit before
    clone.git('tag', '-f', f'v{clone.version}')
    clone.refuses('debian/changelog')
    clone.change('debian/changelog', r'^libstmfw \(.*?\) UNRELEASED',
                 f'libstmfw ({clone.version}) bookworm')
    clone.commit()
    clone.git('tag', '-f', f'v{clone.version}')
    tarballs = []
    for _ in range(2):
        with tempfile.TemporaryDirectory() as out:
            code, text = clone.run('script/release', out)
            assert code == 0, text
            path = os.path.join(out, f'libstmfw-{clone.version}.tar.gz')
            with open(path, 'rb') as f:
                tarballs.append(f.read())
            with tarfile.open(path) as tar:
                assert f'libstmfw-{clone.version}/include/stmfw.h' in tar.getnames()
            assert sorted(os.listdir(out)) == [os.path.basename(path),
                                               os.path.basename(path) + '.sha256']
    assert tarballs[0] == tarballs[1], 'two different tarballs of one commit'
    clone.write('script/abi', '#!/bin/sh\nexit 1\n')
    clone.commit()
    clone.git('tag', '-f', f'v{clone.version}')
    clone.refuses('ABI')


def main():
    with tempfile.TemporaryDirectory() as scratch:
        print('1..1')
        try:
            check(Clone(sys.argv[1], scratch))
            print('ok 1 - release')
            return 0
        except (AssertionError, subprocess.CalledProcessError) as failure:
            print('\n'.join('# ' + line for line in str(failure).splitlines()))
            print('not ok 1 - release')
            return 1


sys.exit(main())
