# SPDX-License-Identifier: MIT
"""A shop floor: fixtures with virtual boards, a recipe, and stmfw-station with a real openocd at each.

usage of a test program: test_x.py BOARD TOOLS [TEST]...      (see ../tools/rig.py)
"""
import hashlib
import json
import os
import queue
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from rig import (BOARD, OPENOCD, TARGETS, TOOLS, Run, config, end, main,  # noqa: E402,F401
                 make_image, need_board, read, rng, wait_until, write)  # pylint: disable=all

PATIENCE = 40
STATION = os.path.join(TOOLS, "station", "stmfw-station")
FLASH = 0x08000000
RAM = 0x20000000
SERIAL_AT = 0x8000  # in flash
IMAGE = make_image(2500)
BAD_CELL = f"fault stuck=0x08000100:{IMAGE[0x100] ^ 0x55:#04x}"
counter = iter(range(1, 1 << 32))


def new_uid():
    return f"57ab{next(counter):020x}"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Fixture:
    """One site: a probe, and the board that is in it."""

    def __init__(self, floor, name, *options):
        self.floor, self.name, self.uid = floor, name, new_uid()
        self.options = options
        self.port_file = floor.path(f"{name}.port")
        self.plug_in(0)

    def plug_in(self, port):
        """The probe, with a new board."""
        self.uid = new_uid()
        self.process = self.floor.spawn(
            BOARD, "--port", str(port), "--ready", f"{self.name}.port", "--control",
            f"{self.name}.control", "--chip", self.floor.chip, "--uid", self.uid, *self.options)

    def port(self):
        wait_until(lambda: os.path.exists(self.port_file) and read(self.port_file),
                   f"{self.name} is ready")
        return int(read(self.port_file))

    def ask(self, line):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(PATIENCE)
            sock.connect(self.floor.path(f"{self.name}.control"))
            sock.sendall(line.encode() + b"\n")
            answer = json.loads(sock.makefile().readline())
        assert answer["ok"], (line, answer)
        return answer

    def take_out(self):
        self.ask("fault no-target")

    def put_in(self, uid=None):
        """A new board, or the one with that UID, which is blank again."""
        self.uid = uid or new_uid()
        self.ask(f"swap {self.uid}")
        self.ask("clear")

    def content(self):
        """What the chip really holds."""
        self.ask(f"dump {self.floor.path(self.name)}.now")
        return read(self.floor.path(f"{self.name}.now"))


class Floor:
    """Fixtures, images and a recipe in a folder of their own."""

    def __init__(self, sites=1, steps=None, serial=True, chip="f103c8", board=(), driver="hla",
                 **recipe):
        self.count, self.chip, self.board_options, self.driver = sites, chip, board, driver
        self.recipe = {"station": "floor", "steps": steps or STANDARD, **recipe}
        if serial is True:
            serial = {"source": "counter", "format": "ascii", "prefix": "SN", "digits": 4,
                      "first": 1, "last": 9999, "address": FLASH + SERIAL_AT}
        if serial:
            self.recipe["serial"] = serial
        self.processes, self.stations, self.killed = [], [], False

    def __enter__(self):
        need_board()
        self.private = tempfile.TemporaryDirectory(prefix="station-test-")
        self.dir = self.private.name
        os.mkdir(self.path("temp"))
        write(self.path("app.bin"), IMAGE)
        try:
            self.fixtures = [Fixture(self, f"S{i + 1}", *self.board_options)
                             for i in range(self.count)]
            self.write_recipe()
        except BaseException:
            self.__exit__(True)
            raise
        return self

    def __exit__(self, failure=None, *_):
        for process in reversed(self.processes + [s.process for s in self.stations]):
            end(process)
        # Who is killed cannot clear away what it shared with its OpenOCD.
        temp = [] if self.killed else os.listdir(self.path("temp"))
        left = temp + [f for f in os.listdir(self.dir) if f.endswith(".part")]
        if not failure:
            wait_until(lambda: not self.others(), "nobody else runs here any more", 5)
        self.private.cleanup()
        assert failure or not left, f"left behind: {left}"

    def path(self, name):
        return os.path.join(self.dir, name)

    def spawn(self, *command):
        process = subprocess.Popen(command, cwd=self.dir, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    # ---- the recipe

    def openocd_words(self, fixture):
        return [OPENOCD, "-c", f"set probe {fixture.port()}", "-f",
                os.path.abspath(config(self.driver)), "-f", f"target/{TARGETS[self.chip]}.cfg"]

    def write_recipe(self, **changes):
        """JSON is YAML."""
        sites = [{"name": f.name, "start": self.openocd_words(f)} for f in self.fixtures]
        whole = {"record": "record.sqlite", "sites": sites,
                 "images": [{"name": "app", "file": "app.bin",
                             "sha256": hashlib.sha256(IMAGE).hexdigest(), "address": FLASH}],
                 **self.recipe, **changes}
        whole = {key: value for key, value in whole.items() if value is not None}
        write(self.path("line.yaml"), json.dumps(whole, indent=1).encode())

    # ---- the station

    def begin(self, *options, **how):
        return Station(self, *options, **how)

    def run(self, *options, code=0, **how):
        """To its end."""
        station = self.begin(*options, **how)
        return station.finish(code)

    def others(self):
        """Processes that run in this folder, other than what we have started."""
        ours = {p.pid for p in self.processes} | {s.process.pid for s in self.stations}
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = read(f"/proc/{pid}/cmdline").decode(errors="replace").split("\0")
                state = read(f"/proc/{pid}/stat").decode().rsplit(")", 1)[1].split()[0]
                folder = os.readlink(f"/proc/{pid}/cwd")
            except OSError:
                continue
            if int(pid) not in ours and state != "Z" and folder.startswith(self.dir):
                found.append((int(pid), words))
        return found

    # ---- the record

    def query(self, sql, *values):
        with sqlite3.connect(f"file:{self.path('record.sqlite')}?mode=ro", uri=True) as db:
            return db.execute(sql, values).fetchall()

    def boards(self, result=None):
        """(site, uid, serial, result, reason), the oldest first."""
        rows = self.query("SELECT site, uid, serial, result, reason FROM boards ORDER BY id")
        return [r for r in rows if result in (None, r[3])]

    def steps_of(self, uid):
        """name -> (passed, attempts, reason, output) of the last board with that UID."""
        rows = self.query("SELECT name, passed, attempts, reason, output FROM steps WHERE board ="
                          " (SELECT max(id) FROM boards WHERE uid = ?) ORDER BY position", uid)
        return {row[0]: row[1:] for row in rows}

    def prove(self, *fixtures):
        """What the record says of the boards that are in the fixtures is true."""
        for f in fixtures or self.fixtures:
            site, uid, serial, result, _ = [b for b in self.boards() if b[1] == f.uid][-1]
            assert site == f.name, (site, f.name)
            assert result == "pass", self.boards()
            check_content(f.content(), serial)

    def check_serials(self):
        """Unique, and without a gap. Returns how many."""
        numbers = sorted(int(b[2][2:]) for b in self.boards("pass"))
        assert numbers == list(range(1, len(numbers) + 1)), numbers
        return len(numbers)


STANDARD = [{"identify": {}}, {"flash": {"images": ["app"]}}, {"serial": {}},
            {"verify": {"images": ["app"]}}, {"run": {}}]


def check_content(content, serial):
    assert content[:len(IMAGE)] == IMAGE, "a PASS without the image"
    at = content[SERIAL_AT:SERIAL_AT + 16].rstrip(b"\xff").rstrip(b"\0").decode()
    assert at == serial, (at, serial)


class Station:
    """stmfw-station run --json, and its events as they come."""

    def __init__(self, floor, *options, json_events=True, env_more=None, **how):
        self.floor, self.seen, self.lines = floor, [], queue.Queue()
        words = ["--json"] if json_events else []
        self.process = subprocess.Popen(
            [STATION, "run", "line.yaml", *words, *options],
            cwd=floor.dir, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": floor.path("temp"),
                                         "USER": "tester", **(env_more or {})}, **how)
        self.errors = b""
        floor.stations.append(self)
        self.readers = [threading.Thread(target=target, daemon=True)
                        for target in (self.read_out, self.read_err)]
        for reader in self.readers:
            reader.start()

    def read_out(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def read_err(self):
        for line in self.process.stderr:
            self.errors += line

    def until(self, condition, what, seconds=PATIENCE):
        """Takes events until one fits; returns it. Those that came with it are in self.seen."""
        last = time.monotonic() + seconds
        while True:
            try:
                line = self.lines.get(timeout=max(0, last - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"never happened: {what}\n{self}") from None
            if line is None:
                raise AssertionError(f"it ended before: {what}\n{self}")
            event = json.loads(line)
            self.seen.append(event)
            if condition(event):
                return event

    def state(self, site, *states):
        return self.until(lambda e: e.get("site") == site and e.get("state") in states,
                          f"{site} is {states}")

    def board_end(self, site=None):
        return self.until(lambda e: e["event"] == "board_end" and site in (None, e["site"]),
                          f"a board ends at {site}")

    def board_end_seen(self):
        """The last one, of a station that has ended."""
        return [e for e in self.seen if e["event"] == "board_end"][-1]

    def result(self, site=None):
        return self.board_end(site)["result"]

    def at_step(self, step, site=None):
        return self.until(lambda e: e["event"] == "step_begin" and e["step"] == step
                          and site in (None, e["site"]), f"step {step} begins")

    def kill(self):
        """As a power cut would."""
        self.process.kill()
        self.process.wait()
        self.floor.stations.remove(self)
        self.floor.killed = True

    def quiet(self, seconds):
        """Nothing at all is told for so long."""
        try:
            line = self.lines.get(timeout=seconds)
        except queue.Empty:
            return
        raise AssertionError(f"was to be silent: {line}")

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, code=None):
        self.send(number)
        return self.finish(code if code is not None else 128 + number)

    def finish(self, code=0, seconds=PATIENCE):
        """Waits for its end; the events of all its life."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"the station hangs\n{self}") from None
        for reader in self.readers:
            reader.join(PATIENCE)
        while (line := self.lines.get(timeout=PATIENCE)) is not None:
            self.seen.append(json.loads(line))
        self.floor.stations.remove(self)
        assert self.process.returncode == code, f"ended with {self.process.returncode}\n{self}"
        events = [e["event"] for e in self.seen]
        assert events[0] == "begin" and events.count("begin") == 1, self
        assert events[-1] == "end" and events.count("end") == 1, self
        assert self.seen[-1]["exit"] == code and self.seen[-1]["ok"] == (code == 0), self
        return self

    def results(self):
        """site -> PASS, FAIL, KNOWN, in order."""
        ends = {}
        for e in self.seen:
            if e["event"] == "board_end":
                ends.setdefault(e["site"], []).append(e["result"])
        return ends

    def __str__(self):
        events = "\n".join(json.dumps(e) for e in self.seen if e["event"] != "progress")
        return f"{events}\n--- stderr\n{self.errors.decode(errors='replace')}"
