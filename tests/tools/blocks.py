#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every block of code in the documents holds: it compiles, runs, is accepted, or says why not.

A comment in the line above a block says how:

    ```console  <!-- shown: SCENE -->  its commands ("$ ") run there and print what stands below them
    ```sh       <!-- run: SCENE -->    it runs there as one script; each command ends with 0, or with
                                       N where its line has "# exit code N"
    ```c        none, or <!-- c: part -->  a program; or functions of one
    ```yaml     none                   a recipe that stmfw-station check has nothing against
    ```json     none                   one value
    ```text     none                   no code
    any         <!-- run by: TEST -->  another test takes this block out of the document
    any         <!-- not run: REASON -->

Scenes are in scenes.py. Blocks of one scene in one document are one session, with one board and one
folder; 127.0.0.1:6666 there is the scene's OpenOCD.

usage: blocks.py BOARD TOOLS [--write]
--write puts what commands print into the documents; else a document that has something else fails.
"""
import contextlib
import difflib
import glob
import json
import os
import re
import signal
import subprocess
import sys
import tempfile

import rig
from rig import read, write
from scenes import FIRMWARE, OURS, ROOT, Session

BLOCK = re.compile(r"(?:^ *<!-- (?P<mark>[^\n]*) -->\n)?^(?P<indent> *)```(?P<language>\w*)\n"
                   r"(?P<body>.*?)^ *```$", re.M | re.S)
INDENTED = re.compile(r"\n\n(?=(?: {4}|\t)\s*\S)")
PART = "#include <stdio.h>\n#include <uv.h>\n#include <stmfw.h>\n"
COMPILER = [*os.environ.get("CC", "cc").split(), "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-Wall",
            "-Wextra", "-Wpedantic", "-Werror", "-O1", "-I", os.path.join(ROOT, "include"),
            "-x", "c", "-c", "-", "-o", os.devnull]
# What the recipes in the text name.
RECIPE_FILES = {"firmware.hex": read(os.path.join(FIRMWARE, "blinky-f103-new.hex")),
                "factory-ca.pem": b"-----BEGIN CERTIFICATE-----\n", "mqtt.secret": b"line3\nsecret\n"}


class Fault(Exception):
    """What is wrong with a block."""


def expect(ok, text):
    if not ok:
        raise Fault(text)


def commands(block):
    """The lines that begin with "$ ", each with those that continue it ("> ")."""
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(line)
        elif line.startswith("> ") and found:
            found[-1] += "\n" + line
    return found


def with_codes(script):
    """As a script that stops at the first command which ends in another way than it should."""
    return "set -e\n" + re.sub(r"^(\S.*?) *# exit code (\d+)\b.*$",
                               r"if \1; then false; else test $? = \2; fi", script, flags=re.M)


def compiles(mark, body):
    expect(mark in (None, "c: part"), f"what is <!-- {mark} -->?")
    if mark:
        body = PART + '#pragma GCC diagnostic ignored "-Wunused-function"\n' + body
    done = subprocess.run(COMPILER, input=body.encode(), capture_output=True, check=False, timeout=30)
    expect(done.returncode == 0, done.stderr.decode())


def is_recipe(mark, body):
    station = os.path.join(OURS[1], "stmfw-station")
    expect(mark is None, f"what is <!-- {mark} -->?")
    if not os.path.exists(station):
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, data in {**RECIPE_FILES, "recipe.yaml": body.encode()}.items():
            write(os.path.join(folder, name), data)
        done = subprocess.run([station, "check", "recipe.yaml"], cwd=folder, stdin=subprocess.DEVNULL,
                              capture_output=True, check=False, timeout=30)
    expect(done.returncode == 0, done.stderr.decode())


def is_json(mark, body):
    expect(mark is None, f"what is <!-- {mark} -->?")
    try:
        json.loads(body)
    except ValueError as error:
        raise Fault(str(error)) from error


def is_text(mark, _):
    expect(mark is None, f"what is <!-- {mark} -->?")


IN_THEMSELVES = {"c": compiles, "yaml": is_recipe, "json": is_json, "text": is_text}
BY_COMMANDS = {"sh": "run", "console": "shown"}


class Document:
    def __init__(self, path):
        self.path, self.name = path, os.path.relpath(path, ROOT)
        self.text = read(path).decode()
        self.sessions, self.faults, self.not_run, self.count = {}, [], [], 0

    def place(self, offset):
        return f"{self.name}:{self.text.count(chr(10), 0, offset) + 1}"

    def session(self, scene):
        if scene not in self.sessions:
            self.sessions[scene] = self.stack.enter_context(Session(scene))
        return self.sessions[scene]

    def printed(self, scene, body):
        """The block with what its commands print today."""
        expect(commands(body), "it has no command")
        out = ""
        for typed in commands(body):
            command = "\n".join(line[2:] for line in typed.splitlines())
            out += typed + "\n" + self.session(scene).run(command)[1]
        return out

    def runs(self, scene, body):
        code, out = self.session(scene).run(with_codes(body))
        expect(code == 0, f"exit code {code}\n{out}")
        return body

    def held(self, mark, language, body):
        """The block as it should be."""
        if language in IN_THEMSELVES:
            IN_THEMSELVES[language](mark, body)
            return body
        expect(language in BY_COMMANDS, f"nothing is known about ```{language}")
        how, _, scene = (mark or "").partition(": ")
        expect(how == BY_COMMANDS[language], f"no <!-- {BY_COMMANDS[language]}: SCENE --> above it")
        return {"run": self.runs, "shown": self.printed}[how](scene, body)

    def check_block(self, match):
        mark, indent, language, body = match.group("mark", "indent", "language", "body")
        self.count += 1
        if mark and mark.startswith("run by: "):
            return match[0]
        if mark and mark.startswith("not run: "):
            self.not_run.append(f"{self.place(match.start('body'))}: {mark}")
            return match[0]
        body = re.sub(f"^{indent}", "", body, flags=re.M)
        try:
            after = self.held(mark, language, body)
        except Fault as fault:
            self.faults.append(f"{self.place(match.start('body'))}: {fault}")
            return match[0]
        after = re.sub("^(?=.)", indent, after, flags=re.M)
        return match[0].replace(match["body"], after)

    def check(self):
        """The document as it should be."""
        without = BLOCK.sub(lambda m: "\n" * m[0].count("\n"), self.text)
        for match in INDENTED.finditer(without):
            line = without.count("\n", 0, match.end()) + 1
            self.faults.append(f"{self.name}:{line}: indented: put it between ```")
        with contextlib.ExitStack() as self.stack:
            return BLOCK.sub(self.check_block, self.text)


def documents():
    found = [*glob.glob(os.path.join(ROOT, "*.md"))]
    for folder in ("docs", "examples", "lib", "tests"):
        found += glob.glob(os.path.join(ROOT, folder, "**", "*.md"), recursive=True)
    return [Document(path) for path in sorted(found)]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        rig.need_board()
    except rig.Skip as reason:
        print("skipped:", reason)
        return 77
    all_of_them, differ = documents(), 0
    for document in all_of_them:
        after = document.check()
        if after != document.text and "--write" in sys.argv:
            write(document.path, after.encode())
        elif after != document.text:
            differ += 1
            sys.stdout.writelines(difflib.unified_diff(document.text.splitlines(True),
                                                       after.splitlines(True), document.name,
                                                       "what is printed"))
    not_run = [line for document in all_of_them for line in document.not_run]
    faults = [line for document in all_of_them for line in document.faults]
    count = sum(document.count for document in all_of_them)
    print(*not_run, *faults, sep="\n")
    print(f"{count} blocks: {len(not_run)} not run, {len(faults)} wrong; {differ} documents differ")
    return 1 if faults or differ or not count else 0


sys.exit(main())
