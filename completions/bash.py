# SPDX-License-Identifier: MIT
"""The completion of one tool for bash."""

HEAD = r'''# Completion of @TOOL@ for bash, made from its manual page.
# SPDX-License-Identifier: MIT

_stmfw_words()
{
	COMPREPLY=($(compgen -W "$1" -- "$cur"))
	if [[ ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace
	fi
}

# File names like $1, and folders; if there is none, readline takes what it finds.
_stmfw_files()
{
	local name found=

	while IFS= read -r name; do
		if [[ -d $name ]]; then
			COMPREPLY+=("$name")
		elif [[ $name == $1 ]]; then
			COMPREPLY+=("$name")
			found=yes
		fi
	done < <(compgen -f -- "$cur")
	compopt -o filenames
	if [[ -z $found ]]; then
		COMPREPLY=()
		compopt -o default
	fi
}

@FUNCTION@()
{
	local IFS=$' \t\n' cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
	local options= words= files=

	COMPREPLY=()
	if [[ $cur == = ]]; then # of --option=VALUE, which is three words here
		cur=
	elif [[ $before == = ]]; then
		before=${COMP_WORDS[COMP_CWORD-2]}
	fi
'''
TAIL = r'''	if [[ $cur == -* ]]; then
		_stmfw_words "$options"
	elif [[ -n $words ]]; then
		_stmfw_words "$words"
	elif [[ -n $files ]]; then
		_stmfw_files "$files"
	fi
}
complete -F @FUNCTION@ @TOOL@
'''


def pattern(endings):
    return '@(' + '|'.join('*.' + e for e in endings) + ')' if endings else '*'


def take(value):
    """What is offered as the value of an option."""
    if value.choices:
        return f"_stmfw_words '{' '.join(value.choices)}'; "
    return f"_stmfw_files '{pattern(value.endings)}'; " if value.endings is not None else ''


def mode(words, operands, options):
    names = ' '.join(name for o in options for name in o.names)
    first = operands[0] if operands else None
    more = ''
    if first and first.choices:
        more = f" words='{' '.join(first.choices)}'"
    elif first and first.endings is not None:
        more = f" files='{pattern(first.endings)}'"
    start = "'" + ' '.join(words) + " '*" if words else '*'
    return f"\t{start}) options='{names}'{more} ;;\n"


def script(page):
    cases = ''.join(mode(*m) for m in page.modes())
    values = ''.join(f"\t{' | '.join(o.names)}) {take(o.value)}return ;;\n"
                     for o in page.options if o.value)
    text = (HEAD + '\tcase "${COMP_WORDS[*]:1:COMP_CWORD-1} " in\n' + cases + '\tesac\n'
            + '\tcase $before in\n' + values + '\tesac\n' + TAIL)
    return text.replace('@TOOL@', page.tool).replace('@FUNCTION@', '_' + page.tool.replace('-', '_'))
