# SPDX-License-Identifier: MIT
"""kill -9 of the station at random instants, and what has to be true afterwards each time.

An operator takes out what has passed and puts in another board; what was in work when the station
was killed stays in the fixture, half written, and is done by the next one.

With a line, there is also a broker, which goes and comes at instants of its own.
"""
import json
import os
import queue
import random
import subprocess
import threading
import time

from floor import STANDARD, STATION, check_content, wait_until
from line_rig import Broker, Folder, Skip, Subscriber, program

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


def need_mqtt(floor):
    checked = subprocess.run([STATION, "check", "line.yaml"], cwd=floor.dir, capture_output=True,
                             timeout=20, check=False)
    if b"without MQTT" in checked.stdout + checked.stderr:
        raise Skip("stmfw-station was built without MQTT")


class Line:
    """A broker that goes and comes, and somebody who hears all that it says.

    It is ended by SIGTERM: a broker that is killed may itself lose what it has confirmed."""

    def __init__(self, floor, seed):
        program("mosquitto_sub")
        self.floor, self.rng, self.folder = floor, random.Random(seed), Folder()
        self.broker = Broker(self.folder)
        self.changes = 0
        floor.recipe["mqtt"] = {"host": "127.0.0.1", "port": self.broker.port, "topic": "factory"}
        floor.write_recipe()
        try:
            need_mqtt(floor)
            self.heard = Subscriber(self.folder, self.broker)
        except BaseException:
            self.folder.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.__exit__()

    def is_up(self):
        return self.broker.process.poll() is None

    def change(self):
        if self.is_up():
            self.broker.stop()
        else:
            self.broker.start()
        self.changes += 1

    def changes_soon(self):
        """In one of two rounds, at any instant of it. To be joined."""
        timer = threading.Timer(self.rng.uniform(0, 1.2), self.change)
        if self.rng.random() < 0.5:
            timer.start()
            return timer
        return None

    def left(self):
        (count,), = self.floor.query("SELECT (SELECT count(*) FROM outbox) -"
                                     " (SELECT count(*) FROM acks)")
        return count

    def check(self):
        """The broker is back: all of it arrives, and with the ids each counts once."""
        if not self.is_up():
            self.change()
        station = self.floor.begin()
        station.until(lambda e: e["event"] == "site", "it has begun")
        wait_until(lambda: self.left() == 0, "all events are confirmed", 120)
        station.stop()
        assert self.left() == 0, "the end of the run is not confirmed"
        written = {i: json.loads(p) for i, p in self.floor.query("SELECT id, payload FROM outbox")}
        assert sorted(written) == list(range(1, len(written) + 1)), "ids with holes"
        wait_until(lambda: set(self.heard.ids()) >= set(written), "all events have arrived", 60)
        came = [p for _, p in self.heard.events()]
        assert all(p == written[p["id"]] for p in came), "one id, two contents"
        boards = [p for p in {p["id"]: p for p in came}.values() if p["event"] == "board"]
        assert sorted((p["site"], p["uid"], p["serial"], p["result"]) for p in boards) == sorted(
            b[:4] for b in self.floor.boards()), "what was heard is not what is recorded"
        return {"events": len(written), "came twice": len(came) - len(written),
                "broker went or came": self.changes}


def kill_at_random(floor, kills, seed, report=lambda operator: None, line=None):
    rng = random.Random(seed)
    operator = Operator(floor)
    for number in range(kills):
        moment = rng.choice(MOMENTS) if number % 2 else None
        change = line and line.changes_soon()
        station = floor.begin()
        operator.works_until(station, moment, rng.uniform(0, 0.02), rng.uniform(0, 1.5)
                             if moment is None else 10)
        station.kill()
        if change:
            change.join()
        if os.path.exists(floor.path("record.sqlite")):
            operator.after_the_kill(station)
        report(operator)
    # The last round gives out the numbers that were in work, and closes all holes.
    for f in floor.fixtures:
        if any(b[1] == f.uid for b in floor.boards("pass")):
            f.put_in()
    station = floor.run("--once")
    passed = {b[1] for b in floor.boards("pass")}
    results = [r for rs in station.results().values() for r in rs]
    # (One that was recorded in the instant of the last kill is known; its content is looked at as well.)
    assert len(results) == len(floor.fixtures) and set(results) <= {"PASS", "KNOWN"}, station
    assert "PASS" in results and all(f.uid in passed for f in floor.fixtures), station
    floor.prove()
    floor.check_serials()
    if line:
        operator.counts |= line.check()
    return operator
