# SPDX-License-Identifier: MIT
"""kill -9 of the station at random instants, and what has to be true afterwards each time.

An operator takes out what has passed and puts in another board; what was in work when the station
was killed stays in the fixture, half written, and is done by the next one.
"""
import json
import os
import queue
import random
import time

from floor import STANDARD, check_content, wait_until

MOMENTS = [f"{event} {name}" for step in STANDARD for name in step
           for event in ("step_begin", "step_end")] + ["board_begin", "board_end", "progress"]


class Operator:
    """Looks at the events of one station, and changes the boards."""

    def __init__(self, floor):
        self.floor = floor
        self.shown = {}  # UID -> serial, of all PASS that were ever shown
        self.counts = {"PASS shown": 0, "kills": 0}

    def works_until(self, station, moment, delay, patience):
        """Until that event, or for that time."""
        end = time.monotonic() + patience
        while (left := end - time.monotonic()) > 0:
            try:
                line = station.lines.get(timeout=left)
            except queue.Empty:
                return
            assert line, f"it has ended: {station}"
            event = json.loads(line)
            station.seen.append(event)
            now = f"{event['event']} {event.get('step', '')}".strip()
            if moment in (now, event["event"]):
                time.sleep(delay)
                return
            if event["event"] == "board_end":
                self.board_is_done(event)

    def board_is_done(self, event):
        fixture = self.floor.fixtures[int(event["site"][1:]) - 1]
        assert event["result"] in ("PASS", "KNOWN"), event
        if event["result"] == "PASS":
            self.is_shown(event)
            check_content(fixture.content(), event["serial"])
        fixture.put_in()

    def is_shown(self, event):
        assert event["uid"] not in self.shown, "twice"
        self.shown[event["uid"]] = event["serial"]
        self.counts["PASS shown"] += 1

    def after_the_kill(self, station):
        """What the dead one has still said counts, too."""
        for reader in station.readers:
            reader.join(20)
        while (line := station.lines.get(timeout=20)) is not None:
            try:
                event = json.loads(line)
            except ValueError:  # cut off
                continue
            station.seen.append(event)
            if event["event"] == "board_end" and event["result"] == "PASS":
                self.is_shown(event)
        self.counts["kills"] += 1
        wait_until(lambda: not self.floor.others(), "no OpenOCD is left", 20)
        self.check()

    def check(self):
        boards = self.floor.boards()
        assert all(b[3] != "fail" for b in boards), boards
        passed = {b[1]: b[2] for b in boards if b[3] == "pass"}
        assert len(passed) == len([b for b in boards if b[3] == "pass"]), "a board passed twice"
        assert self.shown.items() <= passed.items(), "a PASS was shown and is not recorded"
        numbers = sorted(int(serial[2:]) for serial in passed.values())
        assert len(set(numbers)) == len(numbers), "a number was given out twice"
        holes = set(range(1, max(numbers, default=0))) - set(numbers)
        assert len(holes) < len(self.floor.fixtures), "more are missing than were in work"
        for f in self.floor.fixtures:
            if f.uid in passed:
                check_content(f.content(), passed[f.uid])
        assert self.floor.query("PRAGMA integrity_check") == [("ok",)]


def kill_at_random(floor, kills, seed, report=lambda operator: None):
    rng = random.Random(seed)
    operator = Operator(floor)
    for number in range(kills):
        moment = rng.choice(MOMENTS) if number % 2 else None
        station = floor.begin()
        operator.works_until(station, moment, rng.uniform(0, 0.02), rng.uniform(0, 1.5)
                             if moment is None else 10)
        station.kill()
        if os.path.exists(floor.path("record.sqlite")):
            operator.after_the_kill(station)
        report(operator)
    # The last round gives out the numbers that were in work, and closes all holes.
    for f in floor.fixtures:
        if any(b[1] == f.uid for b in floor.boards("pass")):
            f.put_in()
    station = floor.run("--once")
    assert set(map(tuple, station.results().values())) == {("PASS",)}, station
    floor.prove()
    floor.check_serials()
    return operator
