#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes the completions of one tool, for bash, zsh and fish, from its manual page.

usage: completions.py PAGE BASH_FILE ZSH_FILE FISH_FILE
"""
import sys

import bash
import fish
import zsh
from pages import Page


def main():
    source, *outputs = sys.argv[1:]
    with open(source, encoding='utf-8') as f:
        page = Page(f.read())
    for shell, path in zip((bash, zsh, fish), outputs):
        with open(path, 'w', encoding='utf-8') as f:
            f.write(shell.script(page))


main()
