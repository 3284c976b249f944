# SPDX-License-Identifier: MIT
"""Asks bash, zsh and fish themselves how they complete command lines.

Each class: complete(lines) is what its shell offers for each line, the cursor at the line's end, in the
folder where it works. typed(line) is what an interactive shell prints when <Tab> and then "x" is typed
behind it: its line as <LINEx|>, at last.
"""
import os
import pty
import select
import shutil
import subprocess
import time

TIMEOUT_S = 60


class ShellError(Exception):
    """The shell itself had something to say."""


class Shell:
    def __init__(self, made, folder, tools):
        """made: where the completions were made. folder: to work in. tools: folders they are in."""
        self.made, self.folder, home = made, folder, folder + '-home'
        self.env = {'PATH': os.pathsep.join([*tools, os.environ['PATH']]), 'HOME': home, 'TERM': 'dumb',
                    'LC_ALL': 'C', 'ZDOTDIR': home, 'XDG_CONFIG_HOME': home, 'XDG_DATA_HOME': home}
        os.makedirs(home, exist_ok=True)

    @classmethod
    def is_there(cls):
        return shutil.which(cls.name) is not None

    def beside(self, name, text=None):
        """A file that the shell does not see when it completes file names."""
        path = os.path.join(self.env['HOME'], name)
        if text is not None:
            with open(path, 'w', encoding='utf-8') as f:
                f.write(text)
        return path

    def run(self, command, text):
        done = subprocess.run(command, input=text, capture_output=True, text=True, cwd=self.folder,
                              env=self.env, timeout=TIMEOUT_S)
        if done.returncode or done.stderr:
            raise ShellError(f'{command[0]}: {done.returncode}, {done.stderr[:500]}')
        return [line.split('\t') if line else [] for line in done.stdout.split('\n')[:-1]]

    def in_terminal(self, command, keys, until):
        """What an interactive shell prints, up to `until`."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            os.execvpe(command[0], command, self.env)
        try:
            os.write(terminal, keys.encode())
            return self.read(terminal, until.encode()).decode(errors='replace')
        finally:
            os.close(terminal) # a shell ends when its terminal does
            os.kill(pid, 9)
            os.waitpid(pid, 0)

    def read(self, terminal, until):
        seen, end = b'', time.monotonic() + TIMEOUT_S
        while until not in seen:
            if not select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
                raise ShellError(f'{self.name}: no answer: {seen!r}')
            try:
                seen += os.read(terminal, 65536)
            except OSError as e:
                raise ShellError(f'{self.name} ended: {seen!r}') from e
        return seen


class Bash(Shell):
    """compopt works in a real terminal only; "<any>" is where it asks for readline's own way."""
    name = 'bash'
    ASK = r'''
compopt() { if [[ "$*" == *" default" ]]; then COMPREPLY+=("<any>"); fi; }
while IFS= read -r line; do
	read -ra COMP_WORDS <<<"${line//=/ = }"
	if [[ $line == *" " ]]; then COMP_WORDS+=(""); fi
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	said=($(complete -p "${COMP_WORDS[0]}"))
	"${said[2]}"
	(IFS=$'\t'; echo "${COMPREPLY[*]}")
done
'''

    def sources(self):
        names = [n for n in os.listdir(self.made) if n.startswith('stmfw-') and '.' not in n]
        return ''.join(f'source {os.path.join(self.made, n)}\n' for n in sorted(names))

    def complete(self, lines):
        script = self.beside('ask.bash', self.sources() + self.ASK)
        return self.run(['bash', '--norc', script], ''.join(line + '\n' for line in lines))

    def typed(self, line):
        rc = self.beside('rc.bash', self.sources() + "bind 'set enable-bracketed-paste off'\nPS1='> '\n")
        return self.in_terminal(['bash', '--noprofile', '--rcfile', rc, '-i'],
                                f"{line}\tx|\x01printf '<%s>' '\x05'\n", '|>')


class Zsh(Shell):
    name = 'zsh'
    INIT = r'''
fpath=(@MADE@ $fpath)
autoload -Uz compinit
compinit -u -D
PS1='> '
unsetopt zle_bracketed_paste 2>/dev/null
'''
    # Every compadd that offers something is noted: those with -O, -A or -D only fill arrays.
    ASK = r'''
zmodload zsh/complist
ask() {
	compadd() {
		local -a found
		local word
		for word; do
			[[ $word == (-|--) ]] && break
			if [[ $word == -(O|A|D)* ]]; then
				builtin compadd "$@"
				return
			fi
		done
		builtin compadd -O found "$@"
		hits+=(${(Q)found})
		builtin compadd "$@"
	}
	hits=()
	_main_complete
	unfunction compadd
	compstate[insert]= compstate[list]=
}
ask_all() {
	local line
	local -aU hits
	for line in "${(@f)$(<@LINES@)}"; do
		BUFFER=$line CURSOR=$#line
		zle ask
		print -r -- ${(pj:\t:)hits} >>@ANSWERS@
	done
	BUFFER=
	print '<ready>'
}
zle -C ask list-choices ask
zle -N ask_all
bindkey '^T' ask_all
'''

    def complete(self, lines):
        answers = self.beside('answers', '')
        text = (self.INIT + self.ASK).replace('@MADE@', self.made).replace('@ANSWERS@', answers)
        text = text.replace('@LINES@', self.beside('lines', '\n'.join(lines)))
        self.start(text, '\x14', '<ready>')
        with open(answers, encoding='utf-8') as f:
            return [line.split('\t') if line else [] for line in f.read().split('\n')[:-1]]

    def start(self, text, keys, until):
        self.beside('.zshrc', text)
        return self.in_terminal(['zsh', '-d', '-i'], keys, until)

    def typed(self, line):
        return self.start(self.INIT.replace('@MADE@', self.made) + 'bindkey -e\n',
                          f"{line}\tx|\x01printf '<%s>' '\x05'\n", '|>')


class Fish(Shell):
    """Looks for completions only of programs that there are."""
    name = 'fish'
    ASK = r'''
set fish_complete_path @MADE@ $fish_complete_path
while read -d \n -l line
	echo (complete -C $line | string replace -r '\t.*' '' | string join \t)
end
'''

    def complete(self, lines):
        script = self.beside('ask.fish', self.ASK.replace('@MADE@', self.made))
        return self.run(['fish', script], ''.join(line + '\n' for line in lines))


SHELLS = [Bash, Zsh, Fish]
