#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the documents show is what the commands print.

In README.md and docs/*.md, `<!-- shown: SCENE -->` in front of a ```console block says where its
commands (the lines that begin with "$ ") are run: see SCENES. What they print stands below them.
Blocks of one scene in one document are one session, with one board and one folder. What differs
from run to run (ports, seconds) and the progress are left out.

usage: shown.py BOARD TOOLS [--check]
Without --check it writes what is printed into the documents; with it, it fails if they differ.
"""
import contextlib
import difflib
import os
import re
import shutil
import stat
import subprocess
import sys

import rig
from rig import CONFIGS, OPENOCD, Rig, read, write

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
FIRMWARE = os.path.join(ROOT, "tests", "firmware")
BLOCK = re.compile(r"^<!-- shown: (\S+) -->\n```console\n(.*?)^```$", re.M | re.S)
PAGE = 1024
BLANK = b"\xff"


def firmware(name):
    return read(os.path.join(FIRMWARE, name))


def whole(image, size=rig.SIZES["f103c8"]):
    return image + BLANK * (size - len(image))


NEW, OLD = firmware("blinky-f103-new.bin"), firmware("blinky-f103-old.bin")
NEW_F4, OLD_F4 = firmware("blinky-f407-new.bin"), firmware("blinky-f407-old.bin")


def swapped(data):
    return b"".join(data[i:i + 2][::-1] for i in range(0, len(data), 2))


def changed(data, at):
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1:]


# The chip's flash, what else Rig() is told, and the files in the folder. "ways": OpenOCD does not
# run yet, and `openocd` is one that reaches the board instead of a probe.
SCENES = {
    "f103": dict(image=whole(OLD), files={"new.bin": NEW}),
    "f103-openocd": dict(image=whole(OLD), files={"new.bin": NEW}, starts=True),
    "f407-openocd": dict(chip="f407vg", image=whole(OLD_F4, rig.SIZES["f407vg"]), starts=True,
                         files={"new.bin": NEW_F4}),
    "new": dict(image=whole(NEW), files={
        "new.bin": NEW, "new.hex": firmware("blinky-f103-new.hex"), "old.bin": OLD,
        "swapped.bin": swapped(NEW), "shifted.bin": BLANK * 0x2000 + NEW,
        "gap00.bin": NEW[:3000] + bytes(600) + NEW[3600:],
        "gapff.bin": NEW[:3000] + BLANK * 600 + NEW[3600:],
        "damaged.bin": changed(NEW, 0x234), "big.bin": whole(NEW, 70000)}),
    "blank": dict(image=whole(b""), files={"new.bin": NEW}),
    "older-tail": dict(image=whole(whole(NEW, 40 * PAGE) + b"settings: 7"), files={"new.bin": NEW}),
    "half": dict(image=whole(NEW[:4 * PAGE] + OLD[4 * PAGE:]), files={"new.bin": NEW}),
    "wrp": dict(image=whole(changed(NEW, 4100)), files={"new.bin": NEW},
                board=["--fault", "wrp=4-7"]),
    "unstable": dict(image=whole(NEW), files={"new.bin": NEW}, faults=["corrupt-read=1234"]),
    "rdp": dict(image=whole(OLD), files={"new.bin": NEW}, board=["--fault", "rdp"]),
    "no-halt": dict(image=whole(OLD), files={"new.bin": NEW}, board=["--fault", "no-halt"]),
    "no-target": dict(image=whole(OLD), board=["--fault", "no-target"], starts=True),
    "low-voltage": dict(image=whole(OLD), board=["--fault", "low-voltage=1200"], starts=True),
    "clone": dict(image=whole(OLD), board=["--fault", "wrong-idcode=0x2ba01477"], starts=True,
                  driver="dapdirect"),
    "says-64k": dict(chip="f103c8", image=whole(OLD)),
    "bad-line": dict(image=whole(OLD), files={"new.bin": NEW}, faults=["corrupt-read=0x1234"]),
    "stuck": dict(image=whole(OLD), files={"new.bin": NEW}, board=["--fault", "stuck=0x08000810:0"]),
    "unplugged": dict(image=whole(OLD), files={"new.bin": NEW}, control=["unplug"]),
    "telnet": dict(image=whole(OLD), telnet=True),
    "other-board": dict(image=whole(OLD), files={"new.bin": NEW}),
}

OPENOCD_INSTEAD = """#!/bin/bash
# The virtual board in the place of the probe, and no port that another program may have.
words=(-c 'gdb_port disabled; telnet_port disabled; tcl_port disabled; set probe {probe}')
for word in "$@"; do
	case $word in
	interface/*) words+=({config}) ;;
	*) words+=("$word") ;;
	esac
done
exec {openocd} "${{words[@]}}"
"""


class Session:
    """One board, one folder, one shell command after the other."""

    def __init__(self, name):
        scene = dict(SCENES[name])
        self.files = scene.pop("files", {})
        self.starts = scene.pop("starts", False)
        self.faults = scene.pop("faults", [])
        self.control = scene.pop("control", [])
        self.rig = WithoutOpenocd(**scene) if self.starts else Rig(**scene)

    def __enter__(self):
        self.rig.__enter__()
        for name, data in self.files.items():
            self.rig.file(name, data)
        for line in [f"fault {fault}" for fault in self.faults] + self.control:
            self.rig.ask(line)
        self.env = dict(os.environ, LC_ALL="C", PATH=f"{rig.TOOLS}:{os.environ['PATH']}")
        self.env.pop("STMFW_OPENOCD", None)
        if self.starts:
            self.stand_in()
        else:
            self.env["STMFW_OPENOCD"] = f"127.0.0.1:{self.rig.tcl}"
        return self

    def __exit__(self, *failure):
        self.rig.__exit__(*failure)

    def stand_in(self):
        folder = self.rig.hidden("bin")
        os.mkdir(folder)
        path = os.path.join(folder, "openocd")
        driver = "hla" if self.rig.driver == "hla" else "dapdirect"
        write(path, OPENOCD_INSTEAD.format(
            probe=int(read(self.rig.hidden("ready"))), openocd=shutil.which(OPENOCD),
            config=os.path.join(CONFIGS, driver + ".cfg")).encode())
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
        self.env["PATH"] = f"{folder}:{self.env['PATH']}"

    def run(self, command):
        done = subprocess.run(["bash", "-c", command], cwd=self.rig.dir, env=self.env, timeout=30,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        return self.tidy(done.stdout.decode())

    def tidy(self, text):
        text = re.sub(r"^[a-z]+: \d+ % of .*\n", "", text, flags=re.M)
        if not self.starts:
            text = re.sub(rf"127\.0\.0\.1:{self.rig.tcl}\b", "127.0.0.1:6666", text)
            if self.rig.telnet != "telnet_port disabled":
                text = text.replace(f"127.0.0.1:{self.rig.find_port('telnet')}", "127.0.0.1:4444")
        text = re.sub(r"; \d+:\d\d\)", "; 0:01)", text)
        text = re.sub(r"[ \t]+$", "", text, flags=re.M)
        return re.sub(r"\bin \d+\.\d+s \(\d+\.\d+ KiB/s\)", "in 0.500000s (100.000 KiB/s)", text)


class WithoutOpenocd(Rig):
    def start_openocd(self):
        pass


def commands(block):
    """The lines that begin with "$ ", each with those that continue it ("> ")."""
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(line)
        elif line.startswith("> ") and found:
            found[-1] += "\n" + line
    return found


def shown(document, text):
    """The document with what the commands print today."""
    with contextlib.ExitStack() as stack:
        sessions = {}

        def fill(match):
            name, block = match[1], match[2]
            if name not in sessions:
                sessions[name] = stack.enter_context(Session(name))
            out = ""
            for typed in commands(block):
                command = "\n".join(line[2:] for line in typed.splitlines())
                out += typed + "\n" + sessions[name].run(command)
            assert out, f"{document}: a block of {name} has no command"
            return f"<!-- shown: {name} -->\n```console\n{out}```"
        return BLOCK.sub(fill, text)


def main():
    check = "--check" in sys.argv
    try:
        rig.need_board()
    except rig.Skip as reason:
        print("skipped:", reason)
        return 77
    docs = os.path.join(ROOT, "docs")
    paths = [os.path.join(ROOT, "README.md"),
             *(os.path.join(docs, n) for n in sorted(os.listdir(docs)) if n.endswith(".md"))]
    blocks = bad = 0
    for path in paths:
        before = read(path).decode()
        blocks += len(BLOCK.findall(before))
        after = shown(path, before)
        if after != before and check:
            bad += 1
            sys.stdout.writelines(difflib.unified_diff(
                before.splitlines(True), after.splitlines(True), path, "what is printed"))
        elif after != before:
            write(path, after.encode())
    print(f"{blocks} blocks, {bad} documents that differ")
    return 1 if bad or not blocks else 0


sys.exit(main())
