# SPDX-License-Identifier: MIT
"""Updates of a chip that go wrong at one point, and the truth about each of them.

A trial is one run of stmfw-flash on a board of its own, with one fault at one point of it. What
the tool says of the flash is held against the board's own flash. Whatever happened, stmfw-restore
has to bring the old firmware back afterwards, from a backup that was made before.
"""
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass, field

from rig import SIZES, Rig, end, make_image, read, rng, wait_until, write

CHIP = "f103c8"
BASE, PAGE = 0x08000000, 1024
OLD = make_image(SIZES[CHIP])
NEW = rng.randbytes(6 * 1024)
AT = 0x2200  # in the middle of a page
FIRST, LAST = AT // PAGE * PAGE, -(-(AT + len(NEW)) // PAGE) * PAGE
HANG_SECONDS = 90
VERDICTS = ("unchanged", "new", "old", "mixed", "unknown", "killed", "none")
WHOLE = ("unchanged", "new", "old")


def updated(keep):
    """The flash as it has to be after a success."""
    flash = bytearray(OLD)
    if not keep:
        flash[FIRST:LAST] = b"\xff" * (LAST - FIRST)
    flash[AT:AT + len(NEW)] = NEW
    return bytes(flash)


@dataclass
class Outcome:
    """How a trial ended."""
    kind: str
    point: int
    verdict: str = "none"
    wrong: list = field(default_factory=list)
    hang: bool = False
    leftovers: list = field(default_factory=list)
    said: str = ""

    def is_bad(self):
        return bool(self.wrong or self.hang or self.leftovers)

    def __str__(self):
        problems = self.wrong + ["hangs"] * self.hang + [f"left behind: {self.leftovers}"] * bool(
            self.leftovers)
        return f"{self.kind}:{self.point} {self.verdict}: {'; '.join(problems)}\n{self.said}"


# ---- the kinds of fault --------------------------------------------------------------------
#
# Each: the board's fault that is armed just before the tool starts, and what is done when the
# probe stands still at that point.


def kill_openocd(trial, _tool):
    trial.rig.openocd.kill()
    trial.rig.openocd.wait()


def kill_client(_trial, tool):
    tool.kill()


def interrupt(_trial, tool):
    tool.send_signal(signal.SIGINT)


def interrupt_twice(_trial, tool):
    tool.send_signal(signal.SIGINT)
    time.sleep(0.1)  # two signals that come at once may be one
    tool.send_signal(signal.SIGINT)


def stuck_cell(point):
    """It keeps what the old firmware has there."""
    return f"stuck={BASE + AT + point:#x}:{OLD[AT + point]:#x}"


@dataclass
class Kind:
    fault: object          # the board's fault, of a point
    points: object         # all of them, of the number of probe commands of an update
    meddle: object = None  # while the probe stands still
    verdicts: tuple = VERDICTS[:5]  # that may be


def each_command(count):
    return range(count + 1)


def stall(point):
    return f"stall-after={point}"


KINDS = {
    "error": Kind(lambda n: f"fault-at={n + 1}", each_command, None, WHOLE),  # it is one only
    "unplug": Kind(lambda n: f"unplug-after={n}", each_command),
    "hang-up": Kind(lambda n: f"hangup-after={n}", each_command),
    "kill-openocd": Kind(stall, each_command, kill_openocd),
    "kill-client": Kind(stall, each_command, kill_client, ("killed", "new")),
    "interrupt": Kind(stall, each_command, interrupt, WHOLE),
    "interrupt-twice": Kind(stall, each_command, interrupt_twice),
    "stuck": Kind(stuck_cell, lambda _: range(0, len(NEW), 61)),
    "write-fault": Kind(lambda n: f"write-fault-after={n}",
                        lambda _: range(0, LAST - FIRST + 64, 64)),
}


# ---- one trial -----------------------------------------------------------------------------


class Trial:
    kinds = KINDS

    def __init__(self, rig, name, point):
        self.rig, self.kind, self.point = rig, self.kinds[name], point
        self.keep = point % 2 == 0
        self.stuck = name == "stuck"
        self.outcome = Outcome(name, point)

    def wrong(self, text):
        self.outcome.wrong.append(text)

    # ---- running a tool

    def begin(self, tool, *args):
        """With a TMPDIR of its own; what is left in it counts."""
        self.tmp = self.rig.hidden("tmp-" + tool)
        os.makedirs(self.tmp, exist_ok=True)
        return self.rig.begin(tool, "--json", *args, env={"TMPDIR": self.tmp})

    def finish(self, tool):
        """The object that the tool ended with, or None."""
        try:
            out, err = tool.communicate(timeout=HANG_SECONDS)
        except subprocess.TimeoutExpired:
            self.outcome.hang = True
            tool.kill()
            out, err = tool.communicate()
        out, err = out.decode(), err.decode()
        self.outcome.said += f"exit code {tool.returncode}\n{out}{err}"
        if tool.returncode == -signal.SIGKILL:
            return None
        self.outcome.leftovers += os.listdir(self.tmp)
        return self.last_object(out, tool.returncode)

    def last_object(self, out, code):
        try:
            last = json.loads(out.splitlines()[-1])
            if last["event"] == "end" and last["exit"] == code and last["ok"] == (code == 0) \
                    and last["message"] and not re.search(r"[\x00-\x1f\x7f]", last["message"]):
                return last
        except (ValueError, KeyError, IndexError):
            pass
        self.wrong("no true end object")
        return None

    # ---- the truth

    def flash(self):
        """What everybody who reads the board's flash finds: also where a cell is stuck."""
        self.rig.ask("dump " + self.rig.hidden("truth"))
        flash = bytearray(read(self.rig.hidden("truth")))
        if self.stuck:
            flash[AT + self.point] = OLD[AT + self.point]
        return bytes(flash)

    def judge(self, last):
        verdict = self.outcome.verdict = last["content"]
        truth, old, new = self.flash(), OLD, updated(self.keep)
        if verdict not in self.kind.verdicts:
            self.wrong("that must not happen here")
        if verdict == "new" and truth != new:
            self.wrong("the new firmware is not there as promised")
        if verdict in ("old", "unchanged") and truth != old:
            self.wrong("the old firmware is not there")
        if verdict != "new" and last["ok"]:
            self.wrong("a success without the new firmware")
        if verdict in ("mixed", "unknown"):
            self.judge_open(last["open"], truth, old, new)

    def judge_open(self, spans, truth, old, new):
        """Outside of what is said to be open, each byte is the old or the new one."""
        is_open = bytearray(len(truth))
        for span in spans:
            at = int(span["address"], 16) - BASE
            is_open[at:at + span["length"]] = b"\1" * span["length"]
        lost = [i for i, byte in enumerate(truth)
                if not is_open[i] and byte not in (old[i], new[i])]
        if lost:
            self.wrong(f"neither old nor new, and not told: {len(lost)} bytes from {lost[0]:#x}")

    # ---- the steps

    def update(self):
        self.rig.ask("fault " + self.kind.fault(self.point))
        tool = self.begin("stmfw-flash", "--address", hex(BASE + AT),
                          *["--keep"] * self.keep, "new.bin")
        if self.kind.meddle:
            wait_until(lambda: tool.poll() is not None or self.rig.stats()["stalled"],
                       "the probe stands still, or the tool ends", HANG_SECONDS)
            if tool.poll() is None:
                self.kind.meddle(self, tool)
            self.rig.ask("resume")
        return tool

    def restore(self):
        self.rig.ask("clear")
        self.rig.ask("plug")
        self.stuck = False
        if self.outcome.kind != "kill-client":  # there it is the very same OpenOCD that is used
            end(self.rig.openocd)
            self.rig.start_openocd()
        last = self.finish(self.begin("stmfw-restore", "backup.bin"))
        if not last or not last["ok"] or self.flash() != OLD:
            self.wrong("the backup does not bring the old firmware back")

    def go(self, backup):
        for name, data in {**backup, "new.bin": NEW}.items():
            write(self.rig.path(name), data)
        tool = self.update()
        last = self.finish(tool)
        if last:
            self.judge(last)
        elif tool.returncode == -signal.SIGKILL and not self.outcome.hang:
            self.outcome.verdict = "killed"
        self.restore()
        self.outcome.leftovers += sorted(set(self.rig.files()) - set(backup) - {"new.bin"})
        return self.outcome


def try_one(name, point, backup):
    try:
        with Rig(CHIP, OLD) as rig:
            return Trial(rig, name, point).go(backup)
    except Exception as problem:  # pylint: disable=broad-except
        return Outcome(name, point, wrong=[f"the trial broke: {problem!r}"])


# ---- many of them --------------------------------------------------------------------------


def prepare():
    """A backup of the old firmware, and the number of probe commands of an update."""
    with Rig(CHIP, OLD) as rig:
        rig.backup("backup.bin").check(0)
        backup = {name: read(rig.path(name)) for name in rig.files()}
        write(rig.path("new.bin"), NEW)
        before = rig.stats()["commands"]
        rig.run("stmfw-flash", "--address", hex(BASE + AT), "new.bin").check(0)
        return backup, rig.stats()["commands"] - before


def sample(points, count):
    points = list(points)
    return [points[len(points) * (2 * i + 1) // (2 * count)] for i in range(count)]


def run_trials(trials, backup, workers):
    """trials: kind and point of each. Yields the outcomes as they come."""
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        jobs = [pool.submit(try_one, name, point, backup) for name, point in trials]
        for job in concurrent.futures.as_completed(jobs):
            yield job.result()
