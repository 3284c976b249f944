# SPDX-License-Identifier: MIT
"""The completion of one tool for fish."""

HEAD = '''# Completion of @TOOL@ for fish, made from its manual page.
# SPDX-License-Identifier: MIT

# File names that end like $argv, then folders, then what else there is.
function __stmfw_files
    set -l typed (commandline -ct)
    set -l names (complete -C "__stmfw_no_command $typed")
    set -l endings (string join '|' $argv)
    string match -r -- "^.*\\.(?:$endings)\$" $names
    string match -r -- '^.*/$' $names
    string join \\n -- $names
end

complete -c @TOOL@ -f
'''


def quoted(text):
    return "'" + text.replace('\\', '\\\\').replace("'", "\\'") + "'"


def offer(value):
    """-x: a value and no files; -r -F: any file; -k: in the order of __stmfw_files."""
    if value.choices:
        return ' -x -a ' + quoted(' '.join(value.choices))
    if value.endings is None:
        return ' -x'
    if not value.endings:
        return ' -r -F'
    return ' -k -x -a ' + quoted(f"(__stmfw_files {' '.join(value.endings)})")


def when(page, words):
    """In which command line these words are the command, for -n."""
    below = sorted({c[len(words)] for c in page.commands
                    if len(c) > len(words) and c[:len(words)] == words})
    tests = ['__fish_seen_subcommand_from ' + words[-1]] if words else []
    if below:
        tests.append('not __fish_seen_subcommand_from ' + ' '.join(below))
    return ' -n ' + quoted('; and '.join(tests)) if tests else ''


def option(o):
    names = ''.join(f' -l {n[2:]}' if n.startswith('--') else f' -s {n[1:]}' for n in o.names)
    return names + (offer(o.value) if o.value else '') + ' -d ' + quoted(o.text)


def mode(page, words, operands, options):
    front = f'complete -c {page.tool}' + when(page, words)
    lines = [front + option(o) for o in options]
    if operands:
        said = offer(operands[0])
        lines.append(front + {' -r -F': ' -F', ' -x': ' -f'}.get(said, said.replace(' -x', ' -f')))
    return ''.join(line + '\n' for line in lines)


def script(page):
    text = HEAD + ''.join(mode(page, *m) for m in page.modes())
    return text.replace('@TOOL@', page.tool)
