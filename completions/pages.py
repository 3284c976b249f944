# SPDX-License-Identifier: MIT
"""What can be said to a tool, read out of its manual page.

The pages are the source because they say it in one form, and guard-man holds them to --help. SYNOPSIS
has commands and operands, the heads of OPTIONS have options and values; an option of one command only
begins its text with the command ("run: ...").
"""
import re

# Which files may be meant. An operand or value that is not here and no FILE either cannot be guessed.
FIRMWARE = ('bin', 'elf', 'axf', 'out', 'hex', 'ihex', 'srec', 's19', 's28', 's37', 'mot')
ENDINGS = {'IMAGE': FIRMWARE, 'BACKUP': ('bin',), 'RECIPE': ('yaml', 'yml')}
ENDINGS_OF = {('stmfw-compare', 'FILE'): FIRMWARE, ('stmfw-compare', 'FILE2'): FIRMWARE}
ANY_FILE = ('FILE', 'FILE2', 'PATH')


class Value:
    """choices: all or some of what can be said. endings: of files; () is any file, None no file."""

    def __init__(self, tool, word, choices):
        self.word, self.choices = word, choices
        self.endings = ENDINGS_OF.get((tool, word), ENDINGS.get(word, () if word in ANY_FILE else None))


class Option:
    def __init__(self, names, value, text, command, repeated):
        self.names, self.value, self.text = names, value, text
        self.command, self.repeated = command, repeated

    def goes_with(self, words):
        return not self.command or any(words[:len(c)] == c for c in self.command)


def plain(text):
    return re.sub(r'[*_\\]', '', text)


def sections(page):
    """{title: text}, with the parts of a section in its text."""
    parts = re.split(r'^# (.*)$', page, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def entries(text):
    """(head, text, part): what is described; part is the "## ..." that it is in, if any."""
    part = ''
    for match in re.finditer(r'^## (.*)$|^(\*.*)\n\t((?:.+\n?)*)', text, flags=re.M):
        if match[1]:
            part = match[1]
        else:
            yield match[2], ' '.join(match[3].split()), part


def read_value(tool, head, faults):
    """Of "*--bank* _N_|*all*"; None: it has no value."""
    said = re.match(r'\*--([^*]*)\* (.+)', head.split(', *--')[0])
    if not said:
        return None
    words = re.findall(r'_([^_]+)_', said[2])
    choices = faults if words == ['FAULT'] else re.findall(r'\*([^*]+)\*', said[2])
    return Value(tool, words[0] if words else said[1].upper(), choices)


def short(text):
    """The first thing that is said, without a full stop."""
    return re.split(r'[.:;](?: |$)| \(', plain(text))[0]


def read_option(tool, entry, commands, faults):
    head, text, part = entry
    names = list(dict.fromkeys(re.findall(r'\*(--?[a-z][a-z0-9-]*)\*', head)))
    command, said = re.match(r'(?:([a-z, ]+): )?(.*)', text).groups()
    of = [tuple(c.split()) for c in command.split(', ')] if command else []
    if not all(c in commands for c in of):
        of, said = [], text
    return Option(names, read_value(tool, head, faults), short(said[0].upper() + said[1:]), of,
                  bool(part) or 'may be repeated' in text)


def read_operands(tool, text):
    """Of what follows the name and the commands in a line of SYNOPSIS."""
    text = re.sub(r'\*--[^*]+\*( _[^_]+_)?|_[A-Z ]*OPTION_', '', text)
    words = re.findall(r'\*([^*]+)\*', text)
    return ([Value(tool, 'COMMAND', words)] if words else []) + \
        [Value(tool, w, []) for w in re.findall(r'_([^_]+)_', text)]


class Page:
    """commands: {words: operands}, such as {("serial", "lease"): [...]}; () is without a command."""

    def __init__(self, text):
        self.tool = text.split('(', 1)[0].strip()
        found = sections(text)
        self.commands = {}
        for line in re.findall(r'^\*.*$', found['SYNOPSIS'], flags=re.M):
            name, rest = re.match(r'\*([^*]+)\*(.*)', line).groups()
            self.add_command(tuple(name.split()[1:]), read_operands(self.tool, rest))
        faults = [name + equals for head, _, _ in entries(found.get('FAULTS', ''))
                  for name, equals in re.findall(r'^\*([^*]+)\*(=?)', head)]
        self.options = [read_option(self.tool, e, self.commands, faults)
                        for e in entries(found['OPTIONS']) if e[0].startswith('*-')]

    def add_command(self, words, operands):
        """Also those above it, which take nothing but the next word."""
        known = self.commands.setdefault(words, [])
        for at, value in enumerate(operands):
            if at == len(known):
                known.append(value)
            else:
                known[at].choices += value.choices
        if words:
            self.add_command(words[:-1], [Value(self.tool, 'COMMAND', [])])
            choices = self.commands[words[:-1]][0].choices
            if words[-1] not in choices:
                choices.append(words[-1])

    def modes(self):
        """(words, operands, options), the longest words first."""
        for words in sorted(self.commands, key=len, reverse=True):
            operands = self.commands[words]
            yield words, operands, [o for o in self.options if self.is_offered(o, words)]

    def is_offered(self, option, words):
        """A word that wants a command behind it has nothing but --help and --version."""
        if any(len(c) > len(words) and c[:len(words)] == words for c in self.commands):
            return option.names[-1] in ('--help', '--version')
        return option.goes_with(words)
