#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What users get: the installed package, and the project as somebody's subproject. TAP.

Everything happens in a scratch folder: configure, build and install the library there, compile
consumer.c against it through pkg-config, shared and static, and run it; then a small project that
has the library as its subproject, once found by name, once by the promised variable.

By Meson and CMake as well, with the projects that docs/embed.md shows.

usage: package.py SOURCE_ROOT CC MESON...
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

HOST = '''# SPDX-License-Identifier: MIT
project('host', 'c', default_options: ['c_std=gnu11', 'warning_level=3'])
uv = dependency('libuv')
by_name = dependency('libstmfw', fallback: 'libstmfw')
by_variable = subproject('libstmfw').get_variable('stmfw_dep')
test('name', executable('name', 'consumer.c', dependencies: [by_name, uv]))
test('variable', executable('variable', 'consumer.c', dependencies: [by_variable, uv]))
'''
# What a release 0.3.2 may be taken for: (wanted, is it exactly that, does it do).
VERSIONS = (('0.3.2', True, True), ('0.3', False, True), ('0.3.1', False, True),
            ('0.3.3', False, False), ('0.2', False, False), ('0.4', False, False),
            ('1', False, False))
VERSION_SCRIPT = '''set(PACKAGE_FIND_VERSION {wanted})
include({file})
message(STATUS "exact=${{PACKAGE_VERSION_EXACT}} compatible=${{PACKAGE_VERSION_COMPATIBLE}}")
'''


class Failed(Exception):
    pass


def run(command, **kw):
    done = subprocess.run(command, capture_output=True, text=True, **kw)
    if done.returncode:
        raise Failed(f'{" ".join(command)}: {done.returncode}\n{done.stdout}{done.stderr}')
    return done.stdout


def is_build_folder(folder, name):
    return os.path.exists(os.path.join(folder, name, 'build.ninja'))


def ignored(folder, names):
    return [n for n in names if n in ('.git', 'subprojects') or is_build_folder(folder, n)]


class Package:
    def __init__(self, scratch, root, cc, meson):
        self.scratch, self.cc, self.meson = scratch, cc, meson
        self.source = os.path.join(scratch, 'source')
        self.prefix = os.path.join(scratch, 'prefix')
        self.consumer = os.path.join(self.source, 'tests', 'guard', 'consumer.c')
        shutil.copytree(root, self.source, ignore=ignored)

    def install(self):
        build = os.path.join(self.scratch, 'build')
        run([*self.meson, 'setup', '--prefix', self.prefix, '--libdir', 'lib', '-Dtests=disabled',
             '-Dtools=disabled', build, self.source])
        run([*self.meson, 'install', '-C', build])

    def flags(self, *what):
        env = dict(os.environ, PKG_CONFIG_PATH=os.path.join(self.prefix, 'lib', 'pkgconfig'))
        return run(['pkg-config', *what, 'libstmfw'], env=env).split()

    def build_and_run(self, flags):
        program = os.path.join(self.scratch, 'consumer')
        run([self.cc, '-o', program, self.consumer, *flags])
        env = dict(os.environ, LD_LIBRARY_PATH=os.path.join(self.prefix, 'lib'))
        run([program], env=env)
        return run(['ldd', program])

    def shared(self):
        if 'libstmfw.so.0' not in self.build_and_run(self.flags('--cflags', '--libs')):
            raise Failed('the program does not use the shared library')

    def static(self):
        """Our library static; libuv as the system has it (Debian's has no libuv.a)."""
        flags = self.flags('--static', '--cflags', '--libs')
        if '-lstmfw' not in flags:
            raise Failed('no -lstmfw in ' + ' '.join(flags))
        archive = os.path.join(self.prefix, 'lib', 'libstmfw.a')
        if 'libstmfw' in self.build_and_run([archive if f == '-lstmfw' else f for f in flags]):
            raise Failed('the program still uses the shared library')

    def documented(self, language, name):
        """A folder with the project that docs/embed.md shows, and the consumer as its program."""
        host = tempfile.mkdtemp(dir=self.scratch)
        with open(os.path.join(self.source, 'docs', 'embed.md'), encoding='utf-8') as f:
            project = re.search(f'^```{language}\n(.*?)^```', f.read(), re.M | re.S)[1]
        with open(os.path.join(host, name), 'w', encoding='utf-8') as f:
            f.write(project)
        shutil.copy(self.consumer, os.path.join(host, 'program.c'))
        return host

    def meson_project(self):
        host = self.documented('meson', 'meson.build')
        build = os.path.join(host, 'build')
        env = dict(os.environ, PKG_CONFIG_PATH=os.path.join(self.prefix, 'lib', 'pkgconfig'))
        run([*self.meson, 'setup', build, host], env=env)
        run([*self.meson, 'compile', '-C', build])
        run([os.path.join(build, 'program')],
            env=dict(os.environ, LD_LIBRARY_PATH=os.path.join(self.prefix, 'lib')))

    def cmake(self):
        host = self.documented('cmake', 'CMakeLists.txt')
        with open(os.path.join(host, 'CMakeLists.txt'), 'a', encoding='utf-8') as f:
            f.write(f"find_package(stmfw {self.flags('--modversion')[0]} CONFIG REQUIRED)\n")
        build = os.path.join(host, 'build')
        run(['cmake', f'-DCMAKE_PREFIX_PATH={self.prefix}', f'-DCMAKE_C_COMPILER={self.cc}', '-B',
             build, host])
        run(['cmake', '--build', build])
        if self.prefix not in run(['ldd', os.path.join(build, 'program')]):
            raise Failed('it does not use the installed library')
        run([os.path.join(build, 'program')])

    def cmake_versions(self):
        """CMake asks the version file; ours is tried as that of another release."""
        folder = tempfile.mkdtemp(dir=self.scratch)
        file, script = (os.path.join(folder, name) for name in ('version.cmake', 'ask.cmake'))
        template = os.path.join(self.source, 'pkgconfig', 'stmfwConfigVersion.cmake.in')
        with open(template, encoding='utf-8') as f, open(file, 'w', encoding='utf-8') as out:
            out.write(f.read().replace('@version@', '0.3.2'))
        for wanted, exact, compatible in VERSIONS:
            with open(script, 'w', encoding='utf-8') as f:
                f.write(VERSION_SCRIPT.format(wanted=wanted, file=file))
            said = run(['cmake', '-P', script]).split('exact=')[1]
            expected = f'{"TRUE" if exact else ""} compatible={"TRUE" if compatible else ""}'
            if said.strip() != expected.strip():
                raise Failed(f'0.3.2 for {wanted}: exact={said}')

    def files(self):
        for name in ('include/stmfw.h', 'lib/libstmfw.a', 'lib/libstmfw.so', 'lib/libstmfw.so.0',
                     'lib/pkgconfig/libstmfw.pc', 'lib/cmake/stmfw/stmfwConfig.cmake',
                     'bin/stmfw-board', 'share/stmfw/virtual-board.cfg'):
            if not os.path.exists(os.path.join(self.prefix, name)):
                raise Failed('not installed: ' + name)

    def version(self):
        with open(os.path.join(self.prefix, 'include', 'stmfw.h'), encoding='utf-8') as f:
            words = [line.split() for line in f if line.startswith('#define STMFW_VERSION_')]
        header = '.'.join(w[2] for w in words if w[1].endswith(('MAJOR', 'MINOR', 'PATCH')))
        package = self.flags('--modversion')[0]
        with open(os.path.join(self.source, 'debian', 'changelog'), encoding='utf-8') as f:
            debian = f.readline().split('(')[1].split(')')[0]
        if not header == package == debian:
            raise Failed(f'header: {header}, package: {package}, debian/changelog: {debian}')

    def without_libelf(self):
        build = os.path.join(self.scratch, 'build-noelf')
        run([*self.meson, 'setup', '-Delf=disabled', '-Dtests=disabled', '-Dtools=disabled',
             '-Dboard=disabled', build, self.source])
        run([*self.meson, 'compile', '-C', build])
        package = os.path.join(build, 'meson-private', 'libstmfw.pc')
        with open(package, encoding='utf-8') as f:
            if 'libelf' in f.read():
                raise Failed('the package still wants libelf')
        if 'libelf' in run(['ldd', os.path.join(build, 'lib', 'libstmfw.so')]):
            raise Failed('the library still uses libelf')

    def subproject(self):
        host = tempfile.mkdtemp(dir=self.scratch)
        os.mkdir(os.path.join(host, 'subprojects'))
        shutil.copytree(self.source, os.path.join(host, 'subprojects', 'libstmfw'))
        shutil.copy(self.consumer, host)
        with open(os.path.join(host, 'meson.build'), 'w', encoding='utf-8') as f:
            f.write(HOST)
        build = os.path.join(host, 'build')
        run([*self.meson, 'setup', build, host])
        run([*self.meson, 'test', '-C', build, 'name', 'variable'])


def main():
    root, cc, *meson = sys.argv[1:]
    bad = 0
    with tempfile.TemporaryDirectory() as scratch:
        package = Package(scratch, root, cc, meson)
        steps = [('installs', package.install),
                 ('installs all files', package.files),
                 ('header, package and Debian agree on the version', package.version),
                 ('consumer, shared', package.shared),
                 ('consumer, static', package.static),
                 ('consumer, by the Meson project of docs/embed.md', package.meson_project),
                 ('consumer, by the CMake project of docs/embed.md', package.cmake),
                 ('CMake: for which versions it does', package.cmake_versions),
                 ('without libelf', package.without_libelf),
                 ('subproject, found by name and by its variable', package.subproject)]
        print(f'1..{len(steps)}')
        for n, (name, step) in enumerate(steps, 1):
            try:
                step()
                print('ok', n, '-', name, flush=True)
            except (Failed, OSError) as failure:
                bad += 1
                print('not ok', n, '-', name)
                print('\n'.join('# ' + line for line in str(failure).splitlines()[-30:]),
                      flush=True)
    return 1 if bad else 0


sys.exit(main())
