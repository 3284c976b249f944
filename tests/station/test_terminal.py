#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The terminal board in a terminal: a script of events is played to it, keys are pressed, the window
is resized; what can be read on the screen counts, and in which state the terminal is left.

usage: test_terminal.py PLAYER   (tests/station/term_player.c)
"""
import fcntl
import inspect
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import traceback

PLAYER = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ["PLAYER"])
PATIENCE = 20
UID = "0123456789abcdef01234567"
IN_WORK = f"board 1 {UID} SN-1 STM32F103\nstep 1 flash\nprogress 1 write 31 50 32256\n"
FAILED = (f"board 2 {UID} SN-2 STM32F103\ntrouble 2 Verify failed at 0x08000400.|Shorten the wires.\n"
          "fail 2 12000\n")
LOCKED = FAILED + "site 2 LOCKED\n"


class Screen:
    """What a terminal makes of the bytes; it refuses what it does not know."""

    SEQUENCE = re.compile(rb"\x1b\[([?0-9;]*)([A-Za-z])")

    def __init__(self, columns, rows):
        self.columns, self.rows, self.modes, self.bytes = columns, rows, {}, b""
        self.ordinary = []
        self.wipe()

    def wipe(self):
        self.cells = [[" "] * self.columns for _ in range(self.rows)]
        self.x = self.y = 0

    def feed(self, data):
        self.bytes += data
        while self.bytes:
            match = self.SEQUENCE.match(self.bytes)
            if match:
                self.obey(match[1].decode(), match[2].decode())
                self.bytes = self.bytes[match.end():]
            elif self.bytes[0] == 0x1b:
                assert len(self.bytes) < 20, f"unknown sequence {self.bytes[:20]}"
                return
            else:
                self.put(chr(self.bytes[0]))
                self.bytes = self.bytes[1:]

    def put(self, char):
        if not self.modes.get("?1049"):
            self.ordinary.append(char)
            return
        assert " " <= char <= "~", f"byte {ord(char)} on the screen"
        assert self.x < self.columns and self.y < self.rows, "outside the window"
        self.cells[self.y][self.x] = char
        self.x += 1

    def obey(self, numbers, letter):
        if letter == "H":
            self.y, self.x = (int(n) - 1 for n in numbers.split(";"))
        elif letter == "J":
            self.wipe()
        elif letter in "hl":
            self.modes[numbers] = letter == "h"
        else:
            assert letter == "m", f"unknown sequence {numbers}{letter}"

    def text(self):
        return "\n".join("".join(row).rstrip() for row in self.cells)


class Terminal:
    """The player in a terminal of its own."""

    def __init__(self, script, sites=4, size=(80, 24), env=None, stdin=None):
        self.private = tempfile.TemporaryDirectory(prefix="terminal-test-")
        self.path = lambda name: os.path.join(self.private.name, name)
        with open(self.path("script"), "w", encoding="ascii") as file:
            file.write(script)
        self.all, self.screen = b"", Screen(*size)
        self.master, self.slave = pty.openpty()
        self.set_size(*size)
        self.before = termios.tcgetattr(self.slave)
        env = {"PATH": os.environ["PATH"], "TERM": "xterm", **(env or {})}
        self.process = subprocess.Popen(
            [PLAYER, str(sites), self.path("script"), self.path("log")],
            stdin=self.slave if stdin is None else stdin, stdout=self.slave,
            stderr=subprocess.PIPE, env=env, preexec_fn=self.take_terminal)

    def take_terminal(self):
        os.setsid()
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        for fd in (self.master, self.slave):
            if fd is not None:
                os.close(fd)
        self.private.cleanup()

    def set_size(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        self.read()
        self.screen.columns, self.screen.rows = columns, rows
        self.screen.wipe()
        self.set_size(columns, rows)

    def read(self, seconds=0.02):
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        data = os.read(self.master, 65536)
        self.all += data
        self.screen.feed(data)
        return True

    def wait(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"never: {what}; screen:\n{self.screen.text()}\n{self.log()}"
            self.read()

    def see(self, *words):
        for word in words:
            self.wait(lambda: re.search(word, self.screen.text()), f"'{word}' on the screen")

    def log(self):
        if not os.path.exists(self.path("log")):
            return ""
        with open(self.path("log"), encoding="ascii") as file:
            return file.read()

    def called(self, line):
        self.wait(lambda: f"{line}\n" in self.log(), f"'{line}' in the log")

    def press(self, keys):
        os.write(self.master, keys.encode())

    def mode(self):
        return termios.tcgetattr(self.slave)

    def ended(self, code=0):
        """Has ended, and left the terminal as it was."""
        self.wait(lambda: self.process.poll() is not None, "end")
        while self.read():
            pass
        errors = self.process.stderr.read().decode()
        assert self.process.returncode == code, f"{self.process.returncode}: {errors}"
        assert errors == "", errors
        assert self.mode() == self.before, "another stty"
        modes = self.screen.modes
        assert modes == {"?1049": False, "?25": True, "?7": True}, modes
        return "".join(self.screen.ordinary)


def test_the_screen_is_taken_and_given_back():
    with Terminal(IN_WORK + LOCKED) as t:
        t.see("flash: write", "31.5 KiB/s", "LOCKED", UID)
        assert t.screen.modes == {"?1049": True, "?25": False, "?7": False}, t.screen.modes
        assert not t.mode()[3] & (termios.ICANON | termios.ECHO)
        t.press("q")
        t.see("1 board in work: q again")
        assert "quit" not in t.log()
        t.press("q")
        t.called("quit 0")
        left = t.ended()
        assert "[fixture-A2] 0 passed, 1 failed; last: FAIL" in left, left
        assert "Verify failed at 0x08000400." in left, left
        assert "0 passed, 1 failed, 0 already programmed" in left, left


def test_q_does_not_ask_if_nothing_is_in_work():
    with Terminal(LOCKED) as t:
        t.see("LOCKED")
        t.press("q")
        t.ended()


def test_keys_release_pause_and_stop():
    with Terminal(LOCKED) as t:
        t.see("Locked: key 2 releases it")
        t.press("1")
        t.see("Site 1, fixture-A1, is not locked")
        t.press("2")
        t.called("release 2")
        t.see("Site 2, fixture-A2, is released")
        t.press("p")
        t.see("PAUSED", "p go on")
        t.press("p")
        t.see("p pause")
        t.press("?")
        t.see("Arrows select a site")
        t.press("s")
        t.see("STOPPING")
        t.called("stop 0")
        assert t.log().startswith("played 0\nrelease 2\npause 1\npause 0\nstop 0\n"), t.log()
        t.press("q")
        t.ended()


def test_arrows_select_a_site():
    with Terminal("board 12 u s c\nfail 12 1\nsite 12 LOCKED\n", sites=12) as t:
        t.see("12 fixture-B4 +LOCKED")
        t.press("\x1b[B" * 12 + "\x1bOA\x1b")
        time.sleep(0.05)
        t.press("[B")  # in two pieces
        t.see("(?m)^>12 fixture-B4")
        t.press("\r")
        t.called("release 12")
        t.press("q")
        t.ended()


def test_it_follows_the_window():
    with Terminal(IN_WORK + FAILED) as t:
        t.see("62%", "take it out")
        for size in ((120, 40), (40, 10), (200, 50), (10, 3), (1, 1), (80, 24)):
            t.resize(*size)
            if size[0] >= 80:
                t.see("flash: write", "FAIL: take it out", "Verify failed at 0x08000400", "q quit")
            elif size[0] >= 10:
                t.see("FAIL|LOCKED")
        t.press("qq")
        t.ended()


def test_every_way_to_end_gives_the_terminal_back():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        with Terminal(IN_WORK) as t:
            t.see("flash")
            t.process.send_signal(number)
            t.ended()
            assert f"signal {int(number)}\n" in t.log(), t.log()
    with Terminal(IN_WORK) as t:
        t.see("flash")
        t.press("\x03")
        t.called(f"signal {int(signal.SIGINT)}")
        t.ended()
    with Terminal(IN_WORK + "wait 300\nexit 7\n") as t:
        t.ended(7)
    with Terminal(IN_WORK + "wait 300\nend\n") as t:
        t.ended()
    with Terminal("end\n") as t:  # before anything was drawn
        t.wait(lambda: t.process.poll() is not None, "end")
        assert t.mode() == t.before
        assert "closed" in t.log(), t.log()


def test_after_a_stop_the_screen_is_taken_again():
    with Terminal(IN_WORK) as t:
        t.see("flash")
        t.process.send_signal(signal.SIGSTOP)
        os.waitpid(t.process.pid, os.WUNTRACED)
        termios.tcsetattr(t.slave, termios.TCSANOW, t.before)  # as a shell does
        t.screen.wipe()
        t.process.send_signal(signal.SIGCONT)
        t.see("flash: write", "q quit")
        t.wait(lambda: not t.mode()[3] & termios.ICANON, "raw again")
        t.press("qq")
        t.ended()


def test_a_terminal_that_nobody_reads_delays_nothing():
    """Neither the loop, nor the end: it takes no more bytes, as after Ctrl-S."""
    with Terminal(IN_WORK + "wait 500\nstorm 1000\nwait 1500\nnote over\n") as t:
        t.see("flash")
        termios.tcflow(t.slave, termios.TCOOFF)
        t.called("played 0")
        t.process.send_signal(signal.SIGTERM)
        assert t.process.wait(PATIENCE) == 0
        assert "closed 0" in t.log(), t.log()
        assert "over" not in t.screen.text(), "it was not stuck"
        assert t.mode() == t.before, "another stty"


def test_a_terminal_that_is_gone_ends_as_the_signal_says():
    with Terminal(IN_WORK + "wait 300\nnote one\n") as t:
        t.see("flash")
        os.close(t.slave)
        os.close(t.master)
        t.master = t.slave = None
        assert t.process.wait(PATIENCE) == 0
        assert "closed 0" in t.log(), t.log()


def test_it_draws_at_most_ten_times_a_second():
    with Terminal(IN_WORK + "wait 500\nstorm 2000\nwait 2500\n", sites=1) as t:
        t.see("62%")
        begun = len(t.all)
        t.called("played 0")
        moves = t.all[begun:].count(b"\x1b[3;")  # to "62%" in the title: once for each frame
        assert 0 < moves <= 25, f"{moves} frames in two seconds"
        t.press("qq")
        t.ended()


def test_no_color_is_honoured():
    coloured = re.compile(rb"\x1b\[[0-9;]*\b[34][0-7]\b[0-9;]*m")
    for env, wanted in (({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)):
        with Terminal(FAILED, env=env) as t:
            t.see("FAIL: take it out")
            assert bool(coloured.search(t.all)) == wanted, (env, t.all)
            t.press("q")
            t.ended()


def test_notes_stay_until_a_key_is_pressed():
    with Terminal("note The line was stopped: an image has changed.\n") as t:
        t.see("The line was stopped")
        t.press("?")
        t.see("Arrows")
        t.press("\x1b[A")
        t.wait(lambda: "line was stopped" not in t.screen.text(), "the note is gone")
        t.press("q")
        t.ended()


def test_without_keys_the_board_is_shown_all_the_same():
    with Terminal(LOCKED, stdin=subprocess.DEVNULL) as t:
        t.see("no keys", "Locked: call the supervisor")
        assert t.mode() == t.before
        t.process.send_signal(signal.SIGTERM)
        t.ended()


def test_lines_where_there_is_no_terminal():
    with Terminal(FAILED + "end\n", env={"TERM": "dumb"}) as t:
        t.wait(lambda: t.process.poll() is not None, "end")
        while t.read():
            pass
        assert b"\x1b" not in t.all and b"FAIL  UID" in t.all, t.all
    with tempfile.TemporaryDirectory(prefix="terminal-test-") as private:
        script, log = os.path.join(private, "script"), os.path.join(private, "log")
        with open(script, "w", encoding="ascii") as file:
            file.write(FAILED + "end\n")
        run = subprocess.run([PLAYER, "4", script, log], stdin=subprocess.DEVNULL, check=True,
                             capture_output=True, timeout=PATIENCE, env={"TERM": "xterm"})
        assert b"\x1b" not in run.stdout and b"FAIL  UID" in run.stdout, run.stdout


def main():
    tests = [(name, f) for name, f in globals().items()
             if name.startswith("test_") and inspect.isfunction(f)]
    failures = 0
    print(f"1..{len(tests)}", flush=True)
    for number, (name, function) in enumerate(tests, 1):
        try:
            function()
            print(f"ok {number} - {name}", flush=True)
        except Exception:  # noqa: a test fails in any way
            failures += 1
            print(f"not ok {number} - {name}")
            print("# " + traceback.format_exc().replace("\n", "\n# "), flush=True)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
