#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The header alone compiles without a warning in each language that we promise, STMFW_INIT does what
it says, and the program in its first comment compiles as it stands there. TAP.

usage: header.py INCLUDE_DIR CC CXX
"""
import os
import re
import subprocess
import sys
import tempfile

C_MODES = ['c99', 'c11', 'c17']
CXX_MODES = ['c++11', 'c++17', 'c++20']
WARNINGS = ['-Wall', '-Wextra', '-Wpedantic', '-Wshadow', '-Wconversion', '-Wundef', '-Werror']

ALONE = '#include <stmfw.h>\n'
TWICE = '#include <stmfw.h>\n#include <stmfw.h>\n'

C_USE = '''
#include <stmfw.h>
int use(stmfw_client **c, struct uv_loop_s *loop);
int use(stmfw_client **c, struct uv_loop_s *loop)
{
	stmfw_client_opts o = STMFW_INIT(stmfw_client_opts);
	stmfw_read_opts r = STMFW_INIT(stmfw_read_opts);

	return o.size == sizeof(o) && r.chunk == 0 ? stmfw_client_new(c, loop, &o) : 1;
}
'''

CXX_USE = '''
#include <stmfw.h>
static void done(stmfw_client *c, const stmfw_result *r, void *)
{
	if (r->status != STMFW_OK)
		stmfw_client_close(c, nullptr, nullptr);
}
int use(stmfw_client **c, struct uv_loop_s *loop);
int use(stmfw_client **c, struct uv_loop_s *loop)
{
	stmfw_client_opts o = {};

	o.size = sizeof o;
	int err = stmfw_client_new(c, loop, &o);
	return err ? err : stmfw_client_connect(*c, nullptr, done, nullptr, nullptr);
}
'''

UV_TOO = '#include <uv.h>\n#include <stmfw.h>\n' \
         'int use(stmfw_client **c, uv_loop_t *loop);\n' \
         'int use(stmfw_client **c, uv_loop_t *loop)\n' \
         '{ return stmfw_client_new(c, loop, 0); }\n'


def program_of(include):
    """The indented lines of the header's first comment, up to the first that is not."""
    with open(os.path.join(include, 'stmfw.h'), encoding='utf-8') as f:
        comment = f.read().split('/**', 1)[1].split('*/', 1)[0]
    program = re.search(r'(^ \*(     .*)?\n)+', comment[comment.index(' *     '):], flags=re.M)
    return re.sub(r'^ \* ?', '', program[0], flags=re.M)


def compiles(command, mode, include, text, suffix, extra=()):
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, 'use' + suffix)
        with open(source, 'w', encoding='utf-8') as f:
            f.write(text)
        run = subprocess.run([command, '-std=' + mode, *WARNINGS, *extra, '-I', include, '-c',
                              source, '-o', os.path.join(folder, 'use.o')],
                             capture_output=True, text=True)
    return run.returncode == 0, run.stdout + run.stderr


def cases(include, cc, cxx):
    for mode in C_MODES:
        for name, text in [('alone', ALONE), ('twice', TWICE), ('in use', C_USE)]:
            yield f'{mode}, {name}', cc, mode, text, '.c', ()
    for mode in CXX_MODES:
        for name, text in [('alone', ALONE), ('twice', TWICE), ('in use', CXX_USE)]:
            yield f'{mode}, {name}', cxx, mode, text, '.cpp', ()
    yield 'the program that it shows', cc, 'c11', program_of(include), '.c', ('-D_GNU_SOURCE',)
    yield 'beside uv.h, C', cc, 'c11', UV_TOO, '.c', ('-D_GNU_SOURCE',)
    yield 'beside uv.h, C++', cxx, 'c++11', UV_TOO, '.cpp', ()


def main():
    include, cc, cxx = sys.argv[1:]
    todo = list(cases(include, cc, cxx))
    bad = 0
    print(f'1..{len(todo)}')
    for n, (name, command, mode, text, suffix, extra) in enumerate(todo, 1):
        # An empty file is not C; the header alone has declarations, so it is fine.
        good, output = compiles(command, mode, include, text, suffix, extra)
        print('ok' if good else 'not ok', n, '-', name)
        if not good:
            bad += 1
            print('\n'.join('# ' + line for line in output.splitlines()[:20]))
    return 1 if bad else 0


sys.exit(main())
