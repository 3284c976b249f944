# SPDX-License-Identifier: MIT
"""Between a tool and a real OpenOCD: a proxy that delays, splits, cuts, and swallows bytes.

A trial is one run of stmfw-flash or stmfw-backup through the proxy, with one fault at one byte of
one direction. What the tool says is held against the board's own flash (see sweep.py), and the same
OpenOCD and board must serve the next run without any help.

    up: from the tool to OpenOCD    down: from OpenOCD to the tool
"""
import concurrent.futures
import itertools
import os
import re
import selectors
import socket
import struct
import threading
import time

from rig import Rig, read, write
from sweep import AT, BASE, CHIP, NEW, OLD, VERDICTS, Kind, Outcome, Trial


# ---- the proxy -----------------------------------------------------------------------------


class Wire:
    """One direction: where its bytes come from, where they go, and how many have passed."""

    def __init__(self, source, sink):
        self.source, self.sink = source, sink
        self.passed = bytearray()
        self.held = b""
        self.ended = self.passed_end = False


class Proxy:
    """For one connection, from its making to the end of `with`. Listens on self.port.

    mode: one of the pass_ methods; direction and byte: where it strikes.
    """

    def __init__(self, port, mode="pass", direction="down", byte=0):
        self.upstream_port, self.mode, self.direction, self.byte = port, mode, direction, byte
        self.act = getattr(self, "pass_" + mode.replace("-", "_"))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.struck = self.over = False
        self.wires = {}
        self.quit, self.wake = socket.socketpair()
        self.thread = threading.Thread(target=self.serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.wake.close()
        self.thread.join()
        for sock in (self.quit, self.listener):
            sock.close()

    # ---- one connection

    def serve(self):
        selector = selectors.DefaultSelector()
        selector.register(self.listener, selectors.EVENT_READ)
        selector.register(self.quit, selectors.EVENT_READ)
        if self.listener not in [key.fileobj for key, _ in selector.select()]:
            return
        tool = self.listener.accept()[0]
        openocd = socket.create_connection(("127.0.0.1", self.upstream_port))
        for sock in (tool, openocd):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.wires = {"up": Wire(tool, openocd), "down": Wire(openocd, tool)}
        selector.unregister(self.listener)
        for name, wire in self.wires.items():
            selector.register(wire.source, selectors.EVENT_READ, name)
        self.relay(selector)
        for sock in (tool, openocd):
            sock.close()

    def relay(self, selector):
        while not self.over:
            ready = [key.data for key, _ in selector.select(0.02)]
            if None in ready:
                return
            for name in ready:
                self.take(name, selector)
            if not ready:
                self.let_go_of_held()
            if all(wire.ended for wire in self.wires.values()):
                return

    def take(self, name, selector):
        wire = self.wires[name]
        try:
            data = wire.source.recv(65536)
        except ConnectionError:
            data = b""
        try:
            if data:
                self.act(name, wire, data)
            else:
                wire.ended = True
                selector.unregister(wire.source)
                self.send(wire, wire.held)
                self.pass_end(wire)
        except OSError:  # it has gone meanwhile
            wire.ended = True

    @staticmethod
    def send(wire, data):
        wire.sink.sendall(data)
        wire.passed += data

    def pass_end(self, wire):
        if not wire.passed_end and not (self.struck and self.mode == "black-hole"):
            wire.passed_end = True
            wire.sink.shutdown(socket.SHUT_WR)

    def let_go_of_held(self):
        for wire in self.wires.values():
            held, wire.held = wire.held, b""
            if held:
                self.send(wire, held)

    # ---- without loss

    def pass_pass(self, _name, wire, data):
        self.send(wire, data)

    def pass_delay(self, _name, wire, data):
        time.sleep(0.004)
        self.send(wire, data)

    def pass_bytewise(self, _name, wire, data):
        for i in range(len(data)):
            self.send(wire, data[i:i + 1])

    def pass_coalesce(self, _name, wire, data):
        """All that comes until nobody has said anything for a while, in one piece."""
        wire.held += data

    # ---- with loss, from one byte on

    def until_strike(self, name, wire, data):
        """Passes what comes before the byte. True: this is it."""
        if self.struck or name != self.direction:
            return False
        room = self.byte - len(wire.passed)
        if len(data) <= room:
            self.send(wire, data)
            return False
        self.send(wire, data[:room])
        self.struck = True
        return True

    def pass_drop(self, name, wire, data):
        """An orderly end in both directions; what still comes is read, or it would be a reset."""
        if self.until_strike(name, wire, data):
            for each in self.wires.values():
                self.pass_end(each)
        elif not self.struck and name != self.direction:
            self.send(wire, data)

    def pass_reset(self, name, wire, data):
        if self.until_strike(name, wire, data):
            for each in self.wires.values():
                each.source.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack("ii", 1, 0))
            self.over = True
        elif name != self.direction:
            self.send(wire, data)

    def pass_half_open(self, name, wire, data):
        """Only this direction ends."""
        if self.until_strike(name, wire, data):
            self.pass_end(wire)
        elif name != self.direction:
            self.send(wire, data)

    def pass_black_hole(self, name, wire, data):
        """Nothing passes any more, in no direction, and nobody hears of it."""
        if not self.until_strike(name, wire, data) and not self.struck \
                and name != self.direction:
            self.send(wire, data)


# ---- the kinds of trial --------------------------------------------------------------------
#
# "flash/drop/up": what runs, how it goes wrong, and in which direction. Nothing but flash and backup
# runs; telnet is flash by OpenOCD's console, inline flash whose bytes travel on the connection.

RUNS = ("backup", "flash", "telnet", "inline")
LOSSLESS = ("delay", "bytewise", "coalesce")
LOSSY = ("drop", "reset", "half-open", "black-hole")
WAYS = ("up", "down")
SILENCE = "black-hole"  # to be ended by a deadline, after 5 to 35 s
LOST = 4                # exit code: connection lost, or no answer in time


def parts(kind):
    """What runs, how, in which direction."""
    return (kind.split("/") + ["down"])[:3]


def is_lossless(kind):
    return parts(kind)[1] in LOSSLESS


def all_kinds():
    for run in RUNS:
        yield from (f"{run}/{mode}" for mode in LOSSLESS)
        yield from (f"{run}/{mode}/{way}" for mode in LOSSY for way in WAYS)


KINDS = {kind: Kind(None, None, None, ("new",) if is_lossless(kind) else VERDICTS[:5])
         for kind in all_kinds()}


class ChaosTrial(Trial):
    """As in sweep.py, but it is the way to OpenOCD that breaks; board and OpenOCD live on."""
    kinds = KINDS

    def run_through_proxy(self, tool, *args):
        """Returns the exit code and the object that the tool ended with."""
        run, mode, way = parts(self.outcome.kind)
        with Proxy(port_for(self.rig, run), mode, way, self.point) as proxy:
            process = self.begin(tool, "--openocd", address_for(run, proxy), *args)
            last = self.finish(process)
        asked = bool(proxy.wires["up"].passed)
        self.judge_class(process.returncode, last, asked)
        return process.returncode, last

    def judge_class(self, code, last, asked):
        mode = parts(self.outcome.kind)[1]
        if code == 0 and last:
            return
        if is_lossless(self.outcome.kind):
            self.wrong("nothing was lost, and yet it failed")
        elif not asked and last and last["code"] == "CONNECT":
            pass  # the console's greeting may be cut before the tool has seen any of it
        elif code != LOST or not last or last["code"] != "LOST":
            self.wrong(f"exit code {code} for a connection that was lost")
        elif (mode == SILENCE) != bool(re.search(r"within \d+ ms", last["message"])):
            self.wrong("what went wrong was something else")


class FlashTrial(ChaosTrial):
    def flash(self):
        """Once OpenOCD has done all that it was told."""
        for _ in range(3):
            self.rig.tell_openocd("expr 1")
        return super().flash()

    def go(self, backup):
        for name, data in {**backup, "new.bin": NEW}.items():
            write(self.rig.path(name), data)
        _, last = self.run_through_proxy(*flash_command(parts(self.outcome.kind)[0]),
                                         *["--keep"] * self.keep)
        if last:
            self.judge(last)
        last = self.finish(self.begin("stmfw-restore", "backup.bin"))
        if not last or not last["ok"] or self.flash() != OLD:
            self.wrong("the backup does not bring the old firmware back")
        self.outcome.leftovers += sorted(set(self.rig.files()) - set(backup) - {"new.bin"})
        self.outcome.leftovers += os.listdir(self.rig.hidden("temp"))
        return self.outcome


class BackupTrial(ChaosTrial):
    """A success has the right bytes, a failure leaves nothing, the next run works."""

    def go(self, _backup):
        for name in self.rig.files():
            os.remove(self.rig.path(name))
        code, last = self.run_through_proxy("stmfw-backup", "x")
        made = self.rig.files()
        self.outcome.verdict = "new" if made else "unchanged"
        if made and (made != ["x", "x.json"] or read(self.rig.path("x")) != OLD):
            self.wrong(f"a false file, or a part of one: {made}")
        if made and code != 0 and not (last and "saved" in last["message"]):
            self.wrong("there is a file, and it does not say so")
        if code == 0 and not made:
            self.wrong("a success without a file")
        last = self.finish(self.begin("stmfw-backup", "y"))
        if not last or not last["ok"] or read(self.rig.path("y")) != OLD:
            self.wrong("the next run fails")
        return self.outcome


# ---- many of them --------------------------------------------------------------------------


def make_rig():
    return Rig(CHIP, OLD, telnet=True)


def port_for(rig, run):
    return rig.find_port("telnet") if run == "telnet" else rig.tcl


def address_for(run, proxy):
    return f"{'telnet' if run == 'telnet' else 'tcl'}://127.0.0.1:{proxy.port}"


def flash_command(run):
    how = "inline" if run == "inline" else "shared"
    return ["stmfw-flash", "--transfer", how, "--address", hex(BASE + AT), "new.bin"]


def record(run):
    """What passes in each direction while nothing goes wrong."""
    with make_rig() as rig, Proxy(port_for(rig, run)) as proxy:
        write(rig.path("new.bin"), NEW)
        tool = ["stmfw-backup", "x"] if run == "backup" else flash_command(run)
        rig.run(*tool, "--openocd", address_for(run, proxy)).check(0)
        return {way: bytes(proxy.wires[way].passed) for way in WAYS}


def traffic():
    return {run: record(run) for run in RUNS}


def points_of(kind, streams):
    """Where a cut makes a difference: around the borders of what is said, and within."""
    run, _, way = parts(kind)
    if is_lossless(kind):
        return [0]
    points, at = {0}, 0
    for frame in streams[run][way].split(b"\n" if run == "telnet" else b"\x1a")[:-1]:
        end = at + len(frame) + 1
        points |= {at + 1, (at + end) // 2, end - 2, end - 1, end}
        at = end
    return sorted(points)


def try_all(kind, points, backup):
    """One after another on the same board and OpenOCD."""
    trial = BackupTrial if parts(kind)[0] == "backup" else FlashTrial
    outcomes = []
    try:
        with make_rig() as rig:
            for point in points:
                outcomes.append(Outcome(kind, point))
                outcomes[-1] = trial(rig, kind, point).go(backup)
    except Exception as problem:  # pylint: disable=broad-except
        outcomes[-1:] = [Outcome(kind, points[0], wrong=[f"the trial broke: {problem!r}"])]
    return outcomes


def run_trials(trials, backup, workers, on_one_board=8):
    """trials: kind and point of each. Yields the outcomes as they come."""
    jobs = []
    with concurrent.futures.ThreadPoolExecutor(workers) as busy, \
            concurrent.futures.ThreadPoolExecutor(16) as waiting:
        for kind, group in itertools.groupby(trials, lambda trial: trial[0]):
            points = [point for _, point in group]
            silent = SILENCE in kind
            step = 1 if silent else on_one_board
            for i in range(0, len(points), step):
                jobs.append((waiting if silent else busy).submit(
                    try_all, kind, points[i:i + step], backup))
        for job in concurrent.futures.as_completed(jobs):
            yield from job.result()
