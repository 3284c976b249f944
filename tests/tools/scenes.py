# SPDX-License-Identifier: MIT
"""Where the blocks of the documents run: the table SCENES, and a shell on one of them.

A scene is a board, an OpenOCD on it, the tools, and a folder with the files that the text speaks of.
What differs from run to run (ports, seconds) and the progress are left out of what is printed.
"""
import os
import re
import shutil
import signal
import socket
import stat
import subprocess

import rig
from rig import CONFIGS, OPENOCD, Rig, read, write

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
FIRMWARE = os.path.join(ROOT, "tests", "firmware")
OURS = [rig.TOOLS, os.path.join(rig.TOOLS, "station"), os.path.dirname(rig.BOARD)]
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


ELF = firmware("blinky-f103-new.elf")

# The chip's flash, what else Rig() is told, and the files in the folder. "starts": OpenOCD does not
# run yet, `openocd` is one that reaches the board instead of a probe, and `ssh` stays here. "source":
# the folder looks like that of the source, and `openocd` takes a free port instead of 6666.
SCENES = {
    "f103": dict(image=whole(OLD), files={"new.bin": NEW}),
    "f103-openocd": dict(image=whole(OLD), files={"new.bin": NEW}, starts=True),
    "f407-openocd": dict(chip="f407vg", image=whole(OLD_F4, rig.SIZES["f407vg"]), starts=True,
                         files={"new.bin": NEW_F4}),
    "new": dict(image=whole(NEW), files={
        "new.bin": NEW, "new.hex": firmware("blinky-f103-new.hex"), "old.bin": OLD,
        "new.elf": ELF, "swapped.bin": swapped(NEW), "shifted.bin": BLANK * 0x2000 + NEW,
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
    "128k": dict(chip="f103cb", image=whole(OLD, rig.SIZES["f103cb"]), starts=True),
    "bad-line": dict(image=whole(OLD), files={"new.bin": NEW}, faults=["corrupt-read=0x1234"]),
    "stuck": dict(image=whole(OLD), files={"new.bin": NEW}, board=["--fault", "stuck=0x08000810:0"]),
    "unplugged": dict(image=whole(OLD), files={"new.bin": NEW}, control=["unplug"]),
    "telnet": dict(image=whole(OLD), telnet=True),
    "other-board": dict(image=whole(OLD), files={"new.bin": NEW}),
    "user": dict(image=whole(OLD), files={
        "new.elf": ELF, "minimal.c": read(os.path.join(ROOT, "examples", "minimal.c"))}),
    "source": dict(source=True),
}

DEADLINE = 30  # of one command, or of one script

OPENOCD_INSTEAD = """#!/bin/bash
# The virtual board in the place of the probe, and no port that another program may have.
words=(-c 'gdb_port disabled; telnet_port disabled; tcl_port disabled; set probe {probe}')
for word in "$@"; do
	case $word in
	interface/*) words+=({config}) ;;
	board.cfg) words+=({config} -f {target}) ;;
	*) words+=("$word") ;;
	esac
done
exec {openocd} "${{words[@]}}"
"""

OPENOCD_ELSEWHERE = """#!/bin/bash
exec {openocd} -c 'gdb_port disabled; telnet_port disabled; tcl_port {port}' "$@"
"""

SSH_TO_HERE = """#!/bin/sh
shift
exec sh -c "$*"
"""

PACKAGE = f"""Name: libstmfw
Description: as it was built
Version: 0
Requires: libuv
Cflags: -I{ROOT}/include
Libs: -L{os.path.dirname(rig.TOOLS)}/lib -lstmfw
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Session:
    """One board, one folder, one shell command after the other."""

    def __init__(self, name):
        scene = dict(SCENES[name])
        self.files = scene.pop("files", {})
        self.source = scene.pop("source", False)
        self.starts = scene.pop("starts", False)
        self.faults = scene.pop("faults", [])
        self.control = scene.pop("control", [])
        self.rig = WithoutOpenocd(**scene) if self.starts or self.source else Rig(**scene)
        self.address = None  # of OpenOCD: what the texts call 127.0.0.1:6666

    def __enter__(self):
        self.rig.__enter__()
        for name, data in self.files.items():
            self.rig.file(name, data)
        for line in [f"fault {fault}" for fault in self.faults] + self.control:
            self.rig.ask(line)
        folders = [self.rig.hidden("bin"), *OURS, os.environ["PATH"]]
        self.env = dict(os.environ, LC_ALL="C", PATH=os.pathsep.join(folders),
                        PKG_CONFIG_PATH=self.rig.hidden("bin"),
                        LD_LIBRARY_PATH=os.path.join(os.path.dirname(rig.TOOLS), "lib"))
        self.env.pop("STMFW_OPENOCD", None)
        os.mkdir(self.rig.hidden("bin"))
        write(self.rig.hidden("bin/libstmfw.pc"), PACKAGE.encode())
        if self.starts:
            self.stand_in()
        elif self.source:
            self.look_like_the_source()
        else:
            self.address = f"127.0.0.1:{self.rig.tcl}"
        if self.address:
            self.env["STMFW_OPENOCD"] = self.address
        return self

    def __exit__(self, *failure):
        self.rig.__exit__(*failure)

    def program(self, name, text):
        path = os.path.join(self.rig.hidden("bin"), name)
        write(path, text.encode())
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)

    def stand_in(self):
        driver = "hla" if self.rig.driver == "hla" else "dapdirect"
        self.program("openocd", OPENOCD_INSTEAD.format(
            probe=int(read(self.rig.hidden("ready"))), openocd=shutil.which(OPENOCD),
            config=os.path.join(CONFIGS, driver + ".cfg"),
            target=f"target/{rig.TARGETS[self.rig.chip]}.cfg"))
        self.program("ssh", SSH_TO_HERE)

    def look_like_the_source(self):
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self.program("openocd", OPENOCD_ELSEWHERE.format(openocd=shutil.which(OPENOCD), port=port))
        os.symlink(os.path.join(ROOT, "tests"), self.rig.path("tests"))
        os.symlink(os.path.dirname(rig.TOOLS), self.rig.path("build"))

    def run(self, script):
        """Its exit code, and what it prints, tidied. It ends with all that it has started."""
        if self.address:
            script = script.replace("127.0.0.1:6666", self.address)
        with subprocess.Popen(["bash", "-o", "pipefail", "-c", script], cwd=self.rig.dir, env=self.env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, start_new_session=True) as shell:
            try:
                # What it leaves in the background has this pipe, too.
                out = shell.communicate(timeout=DEADLINE)[0].decode()
            except subprocess.TimeoutExpired:
                os.killpg(shell.pid, signal.SIGKILL)
                out = shell.communicate()[0].decode()
                return 124, f"{self.tidy(out)}[not over in {DEADLINE} s: killed]\n"
            except SystemExit: # the test itself is to end
                os.killpg(shell.pid, signal.SIGKILL)
                raise
        return shell.returncode, self.tidy(out)

    def tidy(self, text):
        text = re.sub(r"^[a-z]+: \d+ % of .*\n", "", text, flags=re.M)
        if self.address:
            text = re.sub(rf"{re.escape(self.address)}\b", "127.0.0.1:6666", text)
            if self.rig.telnet != "telnet_port disabled":
                text = text.replace(f"127.0.0.1:{self.rig.find_port('telnet')}", "127.0.0.1:4444")
        text = re.sub(r"; \d+:\d\d\)", "; 0:01)", text)
        text = re.sub(r"[ \t]+$", "", text, flags=re.M)
        return re.sub(r"\bin \d+\.\d+s \(\d+\.\d+ KiB/s\)", "in 0.500000s (100.000 KiB/s)", text)


class WithoutOpenocd(Rig):
    def start_openocd(self):
        pass
