# SPDX-License-Identifier: MIT
"""A virtual board, a real openocd on it, and the tools, for one test; and a small TAP runner.

usage of a test program: test_x.py BOARD TOOLS [TEST]...
BOARD is stmfw-board, TOOLS the folder with the tools; or the environment variables of these names.
OPENOCD in the environment names another binary than the one in the PATH.
"""
import functools
import inspect
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback


def argument(number, name, default):
    value = sys.argv[number] if len(sys.argv) > number else os.environ.get(name, default)
    return os.path.abspath(value) if os.sep in value else value


BOARD = argument(1, "BOARD", "./stmfw-board")
TOOLS = argument(2, "TOOLS", ".")
OPENOCD = os.environ.get("OPENOCD", "openocd")
OPENOCD = os.path.abspath(OPENOCD) if os.sep in OPENOCD else OPENOCD
CONFIGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "openocd")

TARGETS = {"f103c8": "stm32f1x", "f103cb": "stm32f1x", "f407vg": "stm32f4x"}
SIZES = {"f103c8": 0x10000, "f103cb": 0x20000, "f407vg": 0x100000}
UID = "0123456789abcdef01234567"
PATIENCE = 20
rng = random.Random(407103)


class Skip(Exception):
    """The machine cannot do what this test needs."""


def config(name):
    return os.path.join(CONFIGS, name + ".cfg")


@functools.cache
def takes_config(name):
    """Can this OpenOCD do what that needs? It is asked itself, whatever its version."""
    command = [OPENOCD, "-c", "set probe 1", "-f", config(name), "-c", "shutdown"]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False,
                          timeout=PATIENCE).returncode == 0


def need_board():
    """Skips the test if OpenOCD cannot reach the board. One that does not even take the dummy's
    configuration is broken: then the test fails."""
    if takes_config("dummy") and not (takes_config("hla") and takes_config("dapdirect")):
        raise Skip("this OpenOCD cannot reach a probe over TCP")


def wait_until(condition, what, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.005)
    return value


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def make_image(size):
    """Random, with a vector table that a chip can start from."""
    return bytes.fromhex("0010002001010008") + rng.randbytes(size - 8)


def end(process):
    """Ends a process of ours."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Run:
    """A tool that has ended."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out.decode(), err.decode()

    def __str__(self):
        return f"exit code {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}"

    def check(self, code, *words):
        """Ended with that code, and the last line on stderr has the words."""
        assert self.code == code, f"not {code}: {self}"
        last = self.err.rstrip("\n").rsplit("\n", 1)[-1]
        for word in words:
            assert re.search(word, last), f"no '{word}' in the last line of: {self}"
        return self

    def events(self):
        """The objects of --json; the last one must be the end, and agree with the exit code."""
        events = [json.loads(line) for line in self.out.splitlines()]
        assert [e for e in events if e["event"] == "end"] == events[-1:], self
        assert events[-1]["exit"] == self.code and events[-1]["ok"] == (self.code == 0), self
        return events


class Rig:
    """Board and openocd, and a folder to work in."""

    def __init__(self, chip="f103c8", image=None, driver="hla", board=(), config=(), after=(),
                 telnet=False, port=0, wrap=()):
        self.chip, self.driver, self.port = chip, driver, port
        self.wrap = wrap # words in front of "openocd"
        self.image = make_image(SIZES[chip]) if image is None else image
        self.board_options, self.config, self.after = board, config, after
        self.telnet = "telnet_port 0" if telnet else "telnet_port disabled"
        self.processes = []
        self.where = None  # for --openocd; None: the TCL port

    def __enter__(self):
        need_board()
        self.private = tempfile.TemporaryDirectory(prefix="tools-test-")
        self.dir = os.path.join(self.private.name, "work")
        os.mkdir(self.dir)
        # OpenOCD's temporary files; it may be somebody else.
        os.chmod(self.private.name, 0o711)
        os.mkdir(self.hidden("temp"))
        os.chmod(self.hidden("temp"), 0o777)
        try:
            self.start()
        except BaseException:
            self.__exit__(True)
            raise
        return self

    def __exit__(self, failure=None, *_):
        for process in reversed(self.processes):
            end(process)
        left = os.listdir(self.hidden("temp"))
        self.private.cleanup()
        assert failure or not left, f"OpenOCD was made to leave {left}"

    # ---- board and openocd

    def start(self):
        write(self.hidden("flash.bin"), self.image)
        self.board = self.spawn("board.log", BOARD, "--ready", "ready", "--control", "control", "--chip",
                                self.chip, "--uid", UID, "--flash", "flash.bin", *self.board_options)
        wait_until(lambda: os.path.exists(self.hidden("ready")) and read(self.hidden("ready")),
                   "board ready")
        self.start_openocd()

    def start_openocd(self):
        self.openocd = self.spawn("openocd.log", *self.wrap,
                                  *self.openocd_command(f"tcl_port {self.port}"),
                                  env={**os.environ, "TMPDIR": self.hidden("temp")})
        self.tcl = self.find_port("tcl")

    def end_openocd(self):
        end(self.openocd)
        self.processes.remove(self.openocd)

    def end_board(self):
        end(self.board)
        self.processes.remove(self.board)

    def openocd_command(self, tcl):
        probe = int(read(self.hidden("ready")))
        driver = "hla" if self.driver == "hla" else "dapdirect"
        # Its text, as OpenOCD may have another file system than we.
        adapter = ["-c", f"set probe {probe}", "-c", read(config(driver)).decode()]
        before = [word for command in self.config for word in ("-c", command)]
        after = [word for command in self.after for word in ("-c", command)]
        return [OPENOCD, "-c", f"gdb_port disabled; {self.telnet}; {tcl}", *adapter, *before,
                "-f", f"target/{TARGETS[self.chip]}.cfg", *after]

    def spawn(self, log, *command, env=None):
        with open(self.hidden(log), "wb") as file:
            process = subprocess.Popen(command, cwd=self.private.name, stdout=file, stderr=file,
                                       stdin=subprocess.DEVNULL, env=env)
        self.processes.append(process)
        return process

    def find_port(self, kind):
        """The port number from openocd's log. None: it ended without serving."""
        def look():
            log = read(self.hidden("openocd.log")).decode(errors="replace")
            found = re.search(rf"Listening on port (\d+) for {kind} connections", log)
            if self.openocd.poll() is not None:
                return ["ended"]
            # Answers come only when the initialisation is over, which disabled gdb ends.
            return found if "gdb port disabled" in log else None
        found = wait_until(look, f"openocd listens for {kind}")
        return None if found == ["ended"] else int(found[1])

    def hidden(self, name):
        return os.path.join(self.private.name, name)

    def ask(self, line):
        """One line to the board's control socket."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(PATIENCE)
            sock.connect(self.hidden("control"))
            sock.sendall(line.encode() + b"\n")
            answer = json.loads(sock.makefile().readline())
        assert answer["ok"], (line, answer)
        return answer

    def stats(self):
        return self.ask("stats")["stats"]

    def tell_openocd(self, tcl):
        with socket.create_connection(("127.0.0.1", self.tcl), PATIENCE) as sock:
            sock.sendall(tcl.encode() + b"\x1a")
            answer = b""
            while not answer.endswith(b"\x1a"):
                more = sock.recv(4096)
                assert more, "openocd hung up"
                answer += more
        return answer[:-1].decode()

    def read_by_openocd(self, size):
        """What the one-shot command of the how-tos saves."""
        command = self.openocd_command("tcl_port disabled")
        command += ["-c", "init", "-c", "reset halt", "-c",
                    f"flash read_bank 0 reference.bin 0 {size}", "-c", "reset", "-c", "shutdown"]
        subprocess.run(command, cwd=self.private.name, check=True, timeout=PATIENCE,
                       stdin=subprocess.DEVNULL, capture_output=True)
        return read(self.hidden("reference.bin"))

    # ---- the tools

    def path(self, name):
        return os.path.join(self.dir, name)

    def files(self):
        return sorted(os.listdir(self.dir))

    def begin(self, tool, *args, **how):
        how.setdefault("stderr", subprocess.PIPE)
        where = self.where or f"127.0.0.1:{self.tcl}"
        return begin(tool, "--openocd", where, *args, cwd=self.dir, **how)

    def run(self, tool, *args, seconds=PATIENCE, **how):
        return finish(self.begin(tool, *args, **how), seconds=seconds)

    def backup(self, *args, **how):
        return self.run("stmfw-backup", *args, **how)

    def info(self, *args, **how):
        return self.run("stmfw-info", *args, **how)

    def flash(self, *args, **how):
        return self.run("stmfw-flash", *args, **how)

    def erase(self, *args, **how):
        return self.run("stmfw-erase", *args, **how)

    def protect(self, *args, **how):
        return self.run("stmfw-protect", *args, **how)

    def restore(self, *args, **how):
        return self.run("stmfw-restore", *args, **how)

    def compare(self, *args, **how):
        return self.run("stmfw-compare", *args, **how)

    def file(self, name, data):
        """A file in the folder of the tools; returns its name."""
        write(self.path(name), data)
        return name

    def flash_now(self):
        """What the chip really holds."""
        self.ask("dump now.bin")
        return read(self.hidden("now.bin"))


def begin(tool, *args, **how):
    env = {k: v for k, v in os.environ.items() if k != "STMFW_OPENOCD"}
    env.update(how.pop("env", {}))
    how.setdefault("stdout", subprocess.PIPE)
    how.setdefault("stderr", subprocess.PIPE)
    return subprocess.Popen([os.path.join(TOOLS, tool), *args], env=env,
                            stdin=subprocess.DEVNULL, **how)


def finish(process, already=b"", seconds=PATIENCE):
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"the tool hangs: {Run(-1, out or b'', err or b'')}")
    return Run(process.returncode, already + (out or b""), err or b"")


def run(tool, *args, **how):
    return finish(begin(tool, *args, **how))


def until_event(process, wanted):
    """Reads a tool's JSON lines up to one that is wanted; returns what was read."""
    seen = b""
    while True:
        line = process.stdout.readline()
        seen += line
        assert line, f"the tool ended too soon: {seen!r} {process.stderr.read()!r}"
        if wanted(json.loads(line)):
            return seen


def is_reading(event):
    return event["event"] == "progress" and event["step"] == "read" and event["done"] > 0


# ---- TAP


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    module = sys.modules["__main__"]
    tests = [f for n, f in inspect.getmembers(module, inspect.isfunction)
             if n.startswith("test_") and f.__module__ == "__main__"]
    tests.sort(key=lambda f: f.__code__.co_firstlineno)
    only = sys.argv[3:]
    if only:
        tests = [f for f in tests if f.__name__ in only]
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, test in enumerate(tests, 1):
        name = test.__name__[5:].replace("_", " ")
        began = time.monotonic()
        try:
            test()
            print(f"ok {number} - {name} # {time.monotonic() - began:.1f} s", flush=True)
        except Skip as reason:
            print(f"ok {number} - {name} # SKIP {reason}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} - {name}", flush=True)
    sys.exit(1 if failed else 0)
