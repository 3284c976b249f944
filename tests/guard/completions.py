#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What bash, zsh and fish offer, asked of these shells, is what the tools take. TAP.

Options come from --help, and whether they want a value from the tools' own mistakes; so a completion that
has one too many or too few fails. A shell that is not there is skipped.

usage: completions.py BUILD_ROOT SOURCE_ROOT MESON...
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import shells

BUILD, SOURCE = map(os.path.abspath, sys.argv[1:3])
MESON = sys.argv[3:]
MADE = os.path.join(BUILD, 'completions')
TOOLS = [os.path.join(BUILD, *words)
         for words in (['examples'], ['examples', 'station'], ['tests', 'board'])]
LONG = re.compile(r'(?<![\w-])--?[a-z][a-z0-9-]*')
AFTER, TYPE, TRANSFER = {'run', 'reset', 'halt'}, {'bin', 'hex', 'srec', 'elf'}, {'auto', 'inline', 'shared'}
CHOICES = {'--after': AFTER, '--type': TYPE, '--type2': TYPE, '--transfer': TRANSFER,
           '--verify': {'crc', 'reread', 'none'}, '--api': {'1', '2'}}
FILE_OPTIONS = {'--backup', '--record', '--ready', '--control', '--flash', '--dump', '--stats'}
FIRMWARE = {'old.bin', 'new.elf', 'new.hex'}
FILES = FIRMWARE | {'line.yaml', 'my notes.txt', 'folder'}
OPERANDS = {
    'stmfw-backup': FILES, 'stmfw-flash': FIRMWARE, 'stmfw-compare': FIRMWARE,
    'stmfw-restore': {'old.bin'}, 'stmfw-protect': {'show', 'set', 'clear', 'lock', 'unlock'},
    'stmfw-station': {'check', 'run', 'report', 'serial'}, 'stmfw-station serial': {'lease', 'pool'},
    'stmfw-station check': {'line.yaml'}, 'stmfw-station run': {'line.yaml'},
    'stmfw-station report': {'line.yaml'}, 'stmfw-station serial lease': {'line.yaml'},
    'stmfw-station serial pool': {'line.yaml'},
}
COMMANDS = [['check'], ['run'], ['report'], ['serial', 'lease'], ['serial', 'pool']]
INSTALLED = ['share/bash-completion/completions/{}', 'share/zsh/site-functions/_{}',
             'share/fish/vendor_completions.d/{}.fish']


def find(tool):
    return next((p for p in (os.path.join(t, tool) for t in TOOLS) if os.access(p, os.X_OK)), None)


def run(*words):
    return subprocess.run([find(words[0]), *words[1:]], capture_output=True, text=True, timeout=20)


def lines_of_commands():
    """Each tool, or its commands: ["stmfw-station", "run"]."""
    for name in 'info', 'backup', 'flash', 'compare', 'restore', 'erase', 'protect', 'board', 'station':
        tool = 'stmfw-' + name
        if find(tool):
            yield from [[tool, *c] for c in COMMANDS] if name == 'station' else [[tool]]


def options_of(words):
    """As its --help has them. Those "without effect" are taken, and nobody has to be offered them."""
    text = re.sub(r'; -q.*without effect', '', run(*words, '--help').stdout)
    found = set(LONG.findall(text))
    if words[-1] == 'pool':
        found.remove('--blocks') # it shares its --help with "lease"
    return found


def wants_value(words, option):
    """--force=x is a mistake because of "=x", --bank=x for another reason; none of them begins."""
    said = run(*words, option + '=x', '--no-such-option').stderr
    return not re.search(f'["\']{option}=x["\']', said)


def choices_of(words, option):
    """The words that an option takes, if it takes any; all of them are tried."""
    if option == '--chip':
        return {line.split()[0] for line in run('stmfw-board', '--list').stdout.splitlines()}
    if option == '--fault':
        text = run('stmfw-board', '--help').stdout.split('may be repeated:\n')[1].split('What can')[0]
        return {re.sub(r'\[.*', '', name) for name in
                re.findall(r'(?:^|  )([a-z-]+(?:\[=\w+\]|=)?)(?=[A-Z]|  | \(|$)', text, flags=re.M)}
    return {'all'} if words == ['stmfw-backup'] and option == '--bank' else CHOICES.get(option, set())


def refused(words, option, choices):
    if words[0] == 'stmfw-board':
        return set()
    return {c for c in choices if run(*words, option, c, '--help').returncode != 0}


class Wanted:
    """What every shell has to answer: [(line, what is right, how it is compared)]."""

    def __init__(self):
        self.checks = [('stmfw-station -', {'-h', '--help', '--version'}, self.options),
                       ('stmfw-station serial -', {'-h', '--help', '--version'}, self.options)]
        self.checks = [c for c in self.checks if find('stmfw-station')]
        self.checks += [(line + ' ', files, self.operands) for line, files in OPERANDS.items()
                        if find(line.split()[0])]
        self.faults = []
        for words in lines_of_commands():
            self.add(words)

    def add(self, words):
        line, options = ' '.join(words), options_of(words)
        self.checks.append((line + ' -', options, self.options))
        for option in sorted(o for o in options if o.startswith('--')):
            if not wants_value(words, option):
                self.checks.append((f'{line} {option} ', OPERANDS.get(line, set()), self.operands))
                continue
            choices = choices_of(words, option)
            self.faults += [f'{line} {option} does not take {c}' for c in refused(words, option, choices)]
            right = FILES if option in FILE_OPTIONS else choices
            self.checks.append((f'{line} {option} ', right, self.exactly))

    @staticmethod
    def options(shell, offered, right):
        """zsh writes --option=."""
        return {o.rstrip('=') for o in offered} == right

    @staticmethod
    def exactly(shell, offered, right):
        return {o.rstrip('/') for o in offered} == right

    @staticmethod
    def operands(shell, offered, right):
        """Files with the right ending are offered first; folders, and in fish all else, come, too."""
        names = [o.rstrip('/') for o in offered if not o.startswith('-')]
        if not right <= FILES or not right:
            return set(names) == right
        if shell == 'fish':
            return set(names[:len(right)]) == right or right == FILES == set(names)
        return set(names) == right | {'folder'}


def work_folder(parent):
    folder = os.path.join(parent, 'work')
    os.makedirs(os.path.join(folder, 'folder'))
    for name in FILES - {'folder'}:
        with open(os.path.join(folder, name), 'w', encoding='utf-8'):
            pass
    return folder


def answers(shell, wanted):
    offered = shell.complete([line for line, _, _ in wanted.checks])
    if len(offered) != len(wanted.checks):
        yield f'{len(offered)} answers to {len(wanted.checks)} lines'
    for (line, right, compare), got in zip(wanted.checks, offered):
        if not compare(shell.name, got, right):
            yield f'"{line}": {" ".join(sorted(got))}; right: {" ".join(sorted(right))}'


# What is typed before <Tab>, and what stands there then, as a pattern.
TYPED = [('stmfw-flash --dry', 'stmfw-flash --dry-run '),
         ('stmfw-flash --after=h', 'stmfw-flash --after=halt '),
         ('stmfw-restore o', 'stmfw-restore old.bin '),
         ('stmfw-flash m', r'stmfw-flash my\\ notes\.txt '), # no firmware, but all that there is
         ('stmfw-backup m', r'stmfw-backup my\\ notes\.txt '),
         ('stmfw-board --fault wro', 'stmfw-board --fault wrong-idcode='),
         ('stmfw-board --chip f407vg --fault rdp --faul', 'stmfw-board --chip f407vg --fault rdp --fault[= ]')]


def typing(shell):
    for before, after in TYPED:
        shown = shell.typed(before)
        if not re.search(f'<{after}x\\|>', shown):
            yield f'"{before}" and <Tab>: {shown!r}'


def installed():
    """Where each shell looks, by meson and in a Debian package; zsh looks elsewhere in Debian."""
    plan = subprocess.run([*MESON, 'introspect', '--installed', BUILD], check=True, capture_output=True,
                          text=True).stdout
    targets = '\n'.join(json.loads(plan).values()) + '\n'
    debian = ''
    for path in glob.glob(os.path.join(SOURCE, 'debian', '*.install')):
        with open(path, encoding='utf-8') as f:
            debian += f.read()
    for tool in {words[0] for words in lines_of_commands()}:
        for name in (n.format(tool) for n in INSTALLED):
            if f'/{name}\n' not in targets:
                yield f'meson does not install {name}'
            packed = f'usr/{name} usr/share/zsh/vendor-completions\n' if 'zsh' in name else f'usr/{name}\n'
            if packed not in debian:
                yield f'no debian/*.install has {packed.strip()}'


def main():
    with tempfile.TemporaryDirectory() as scratch:
        folder, wanted = work_folder(scratch), Wanted()
        steps = [('each choice is taken by its tool', True, lambda: wanted.faults),
                 ('installed', True, installed)]
        for kind in shells.SHELLS:
            shell = kind(MADE, folder, TOOLS)
            steps.append((f'{kind.name} offers what the tools take', kind.is_there(),
                          lambda shell=shell: answers(shell, wanted)))
            if hasattr(kind, 'typed'):
                steps.append((f'{kind.name} completes what is typed', kind.is_there(),
                              lambda shell=shell: typing(shell)))
        print(f'1..{len(steps)}')
        failed = 0
        for number, (name, possible, step) in enumerate(steps, 1):
            if not possible:
                print(f'ok {number} - {name} # SKIP {name.split()[0]} is not installed')
                continue
            try:
                bad = list(step())
            except shells.ShellError as e:
                bad = [str(e)]
            failed += bool(bad)
            print(f'{"not ok" if bad else "ok"} {number} - {name}', flush=True)
            for text in bad:
                print('#', text)
    return 1 if failed else 0


sys.exit(main())
