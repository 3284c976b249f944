# SPDX-License-Identifier: MIT
"""The completion of one tool for zsh."""

HEAD = '''#compdef @TOOL@
# Completion of @TOOL@ for zsh, made from its manual page.
# SPDX-License-Identifier: MIT

'''


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def action(value):
    if value.choices:
        whole = [c for c in value.choices if not c.endswith('=')]
        begun = [c for c in value.choices if c.endswith('=')]
        if begun: # a value follows, so no space
            return '{compadd -- ' + ' '.join(whole) + '; compadd -S "" -- ' + ' '.join(begun) + '}'
        return '(' + ' '.join(whole) + ')'
    if value.endings is None:
        return ' '
    return '_files' + (f' -g "*.({"|".join(value.endings)})(-.)"' if value.endings else '')


def option(o):
    text = o.text.replace('[', '\\[').replace(']', '\\]')
    tail = f'[{text}]' + (f':{o.value.word}:{action(o.value)}' if o.value else '')
    # Names of one option exclude each other; what may come again excludes nothing.
    front = '*' if o.repeated else f"({' '.join(o.names)})" if len(o.names) > 1 else ''
    return [quoted(front + name + ('=' if o.value else '') + tail) for name in o.names]


def arguments(operands, options):
    specs = [spec for o in options for spec in option(o)]
    specs += [quoted(f'{at}:{v.word}:{action(v)}') for at, v in enumerate(operands, 1)]
    return '_arguments -s -S' + ''.join(' \\\n\t' + spec for spec in specs) + '\n'


def script(page):
    modes = list(page.modes())
    if len(modes) == 1:
        text = arguments(*modes[0][1:])
    else:
        text = 'case "${(j: :)words[2,CURRENT-1]} " in\n'
        for words, operands, options in modes:
            text += f"({quoted(' '.join(words) + ' ') if words else ''}*)\n"
            if words:
                text += f'shift {len(words)} words; (( CURRENT -= {len(words)} ))\n'
            text += arguments(operands, options) + ';;\n'
        text += 'esac\n'
    return (HEAD + text).replace('@TOOL@', page.tool)
