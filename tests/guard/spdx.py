#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every source, script and build file names its licence in its first lines. (That no
file at all is without one is reuse's work, in script/lint.)

usage: spdx.py SOURCE_ROOT
"""
import os
import sys

SUFFIXES = ('.c', '.h', '.cpp', '.py', '.sh', '.build', '.options', '.cfg', '.in', '.tcl', '.ld')
NAMES = ('meson.build', 'meson_options.txt')
SKIPPED = {'.git', 'subprojects'}


def is_ours(name):
    return name.endswith(SUFFIXES) or name in NAMES


def is_build_folder(path):
    return os.path.exists(os.path.join(path, 'build.ninja'))


def main():
    root = sys.argv[1]
    count = bad = 0
    for folder, subfolders, files in os.walk(root):
        subfolders[:] = [s for s in subfolders if s not in SKIPPED and
                         not is_build_folder(os.path.join(folder, s))]
        for name in filter(is_ours, files):
            path = os.path.join(folder, name)
            with open(path, encoding='utf-8', errors='replace') as f:
                head = f.read(200)
            count += 1
            if 'SPDX-License-' 'Identifier: MIT' not in '\n'.join(head.splitlines()[:2]):
                print('no licence line:', os.path.relpath(path, root))
                bad += 1
    if count < 20:
        print('only', count, 'files looked at')
    return 1 if bad or count < 20 else 0


sys.exit(main())
