#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A day at the line: boards that come and go, operators who stop and release; and what the record
says of it.

usage: test_fixture.py BOARD TOOLS [TEST]...
"""
import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import sqlite3
import subprocess
import termios
import time
import urllib.request

from floor import (BAD_CELL, BOARD, PATIENCE, STANDARD, STATION, Floor, free_port, main, new_uid,
                   read, wait_until, write)

DEAF_CLIENT = os.path.abspath(os.path.join(os.path.dirname(BOARD), "..", "station", "deaf_client.so"))


def test_boards_come_and_go():
    with Floor() as floor:
        fixture = floor.fixtures[0]
        fixture.take_out()
        station = floor.begin()
        station.state("S1", "EMPTY")
        station.quiet(2)  # no board: nothing to tell, however often it looks
        for _ in range(2):
            fixture.put_in()
            assert station.result() == "PASS"
            floor.prove()
            station.quiet(0.7)  # it stays in: nothing happens
            fixture.take_out()
            station.state("S1", "EMPTY")
        station.quiet(1)
        station.stop()
        assert floor.check_serials() == 2 and len(floor.boards()) == 2
        assert floor.query("SELECT count(*) FROM notes") == [(0,)]


def is_silent_soon(station):
    """What there is to say once is said; then nothing, however often it looks."""
    station.state("S1", "EMPTY")
    time.sleep(1)
    while not station.lines.empty():
        station.seen.append(json.loads(station.lines.get()))
    station.quiet(2.5)


def test_the_words_of_an_empty_fixture_are_told_once():
    with Floor() as floor:
        floor.fixtures[0].take_out()
        station = floor.begin("--verbose")
        is_silent_soon(station)
        assert any("Debugger" in e.get("text", "") for e in station.seen), station
        floor.fixtures[0].put_in()
        assert station.result() == "PASS"
        words = [e for e in station.seen if e["event"] == "log" and e["state"] == "WORKING"]
        assert words, "with a board, all is told"
        floor.fixtures[0].take_out()
        is_silent_soon(station)
        station.stop()


def test_a_loose_contact_is_no_removal():
    with Floor() as floor:
        fixture = floor.fixtures[0]
        station = floor.begin()
        assert station.result() == "PASS"
        for _ in range(4):  # much shorter than two looks
            fixture.take_out()
            time.sleep(0.05)
            fixture.ask("clear")
            time.sleep(0.7)
        station.stop()
        assert len(floor.boards()) == 1, "it was there all the time"


def test_swapped_while_pass_is_shown():
    with Floor() as floor:
        station = floor.begin()
        for _ in range(3):
            assert station.result() == "PASS"
            floor.prove()
            floor.fixtures[0].put_in()
        assert station.result() == "PASS"
        station.stop()
        assert floor.check_serials() == 4


def test_the_same_board_again():
    with Floor() as floor:
        fixture = floor.fixtures[0]
        uid = fixture.uid
        station = floor.begin()
        assert station.result() == "PASS"
        content = fixture.content()
        fixture.take_out()
        station.state("S1", "EMPTY")
        fixture.ask("clear")
        end = station.board_end()
        assert (end["result"], end["uid"], end["serial"]) == ("KNOWN", uid, "SN0001"), end
        assert re.fullmatch(time.strftime(r"it has passed on %Y-%m-%d at \d\d:\d\d:\d\d, at site S1"),
                            end["reason"]), end
        assert fixture.content() == content, "it was not to be touched"
        assert [b[3] for b in floor.boards()] == ["pass", "known"]
        station.stop()
        # Another run knows it, too, and does not count it; it gets no number.
        station = floor.run("--once")
        assert station.results() == {"S1": ["KNOWN"]}
        assert station.seen[-2]["passed"] == 0 and station.seen[-2]["known"] == 1, station
        # Unless it is told so.
        floor.write_recipe(limits={"repeat_known": True})
        assert floor.run("--once").results() == {"S1": ["PASS"]}
        floor.prove()
        assert floor.boards()[-1][2] == "SN0002" and floor.check_serials() == 2


def test_a_failed_board_is_done_again():
    with Floor() as floor:
        fixture = floor.fixtures[0]
        fixture.ask(BAD_CELL)
        station = floor.begin()
        assert station.result() == "FAIL"
        fixture.take_out()
        station.state("S1", "EMPTY")
        fixture.ask("clear")  # repaired
        assert station.result() == "PASS"
        floor.prove()
        station.stop()
        assert [b[3] for b in floor.boards()] == ["fail", "pass"] and floor.check_serials() == 1


def test_one_bad_contact_is_no_other_board():
    """OpenOCD ended, and once it finds no target: the board that failed is still the same one."""
    with Floor() as floor:
        words = floor.openocd_words(floor.fixtures[0])
        write(floor.path("start"), b"""#!/bin/sh
echo x >> starts
if [ "$(wc -l < starts)" = 2 ]; then
	echo "Error: unable to connect to the target" >&2
	exit 1
fi
exec "$@"
""")
        os.chmod(floor.path("start"), 0o755)
        floor.write_recipe(sites=[{"name": "S1", "start": [floor.path("start"), *words]}])
        floor.fixtures[0].ask(BAD_CELL)
        station = floor.begin()
        assert station.result() == "FAIL"
        floor.fixtures[0].ask("clear")  # it would pass now
        openocd, = (pid for pid, _ in floor.others())
        os.kill(openocd, signal.SIGKILL)
        wait_until(lambda: read(floor.path("starts")).count(b"x") == 3, "it is started once more")
        station.state("S1", "FAILED")
        station.quiet(2)
        floor.fixtures[0].put_in()
        assert station.result() == "PASS"
        station.stop()


def shown_at(port):
    """What the screen in the hall shows of the only site."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/status.json", timeout=PATIENCE) as answer:
        site, = json.load(answer)["sites"]
        return site["state"], site["uid"], site["serial"], site["chip"]


def test_what_is_shown_is_of_one_board():
    with Floor(1, limits={"fails_in_row": 1}) as floor:
        fixture = floor.fixtures[0]
        first, port = fixture.uid, free_port()
        station = floor.begin("--http", f"127.0.0.1:{port}")
        assert station.result() == "PASS"
        fixture.ask(f"swap {new_uid()}")  # no pause: it is noticed when it has been seen twice
        shown = [shown_at(port)]
        while shown[-1][0] == "PASSED" and len(shown) < 10000:
            shown.append(shown_at(port))
        assert {s[:3] for s in shown[:-1]} == {("PASSED", first, "SN0001")}, shown[-3:]
        assert station.result() == "PASS"
        fixture.put_in()
        fixture.ask(BAD_CELL)
        assert station.result() == "FAIL"
        station.state("S1", "LOCKED")
        fixture.take_out()
        wait_until(lambda: shown_at(port) == ("LOCKED", "", "", ""), "the board is gone", 10)
        station.send(signal.SIGUSR1)
        station.state("S1", "EMPTY")
        assert shown_at(port) == ("EMPTY", "", "", "")
        station.stop()


def fail_until_locked(station, fixture):
    for _ in range(2):
        fixture.put_in()
        fixture.ask(BAD_CELL)
        assert station.result(fixture.name) == "FAIL"
    station.state(fixture.name, "LOCKED")
    fixture.put_in()


def test_lock_and_release():
    with Floor(2, limits={"fails_in_row": 2}) as floor:
        for f in floor.fixtures:
            f.take_out()
        station = floor.begin()
        station.state("S1", "EMPTY")
        fail_until_locked(station, floor.fixtures[0])
        floor.fixtures[1].put_in()
        assert station.result() == "PASS", "the other one goes on"
        station.quiet(1.2)
        assert floor.fixtures[0].content().count(0xff) == 0x10000, "it was locked"
        station.send(signal.SIGUSR1)
        end = station.board_end()
        assert (end["site"], end["result"]) == ("S1", "PASS"), end
        floor.prove()
        station.stop()
        notes = floor.query("SELECT site, what FROM notes ORDER BY id")
        assert notes == [("S1", "locked"), ("S1", "released")], notes
        assert floor.check_serials() == 2


def refuse_notes(floor, what):
    """From now on the record takes no such note; boards are recorded as before."""
    with sqlite3.connect(floor.path("record.sqlite")) as db:
        db.execute("CREATE TRIGGER refuse BEFORE INSERT ON notes WHEN NEW.what LIKE"
                   f" '{what}%' BEGIN SELECT RAISE(ABORT, 'no more notes'); END")


def test_what_cannot_be_noted_stops_the_line():
    with Floor(1, limits={"fails_in_row": 2}) as floor:
        floor.fixtures[0].take_out()
        station = floor.begin()
        station.state("S1", "EMPTY")
        refuse_notes(floor, "locked")
        for _ in range(2):
            floor.fixtures[0].put_in()
            floor.fixtures[0].ask(BAD_CELL)
            assert station.result() == "FAIL"
        station.finish(code=9)
        assert "no more notes" in station.seen[-1]["message"], station.seen[-1]
        assert floor.query("SELECT what FROM notes")[0][0].startswith("The line was stopped")
    with Floor(1, limits={"fails_in_row": 2}) as floor:
        floor.fixtures[0].take_out()
        station = floor.begin()
        station.state("S1", "EMPTY")
        fail_until_locked(station, floor.fixtures[0])
        refuse_notes(floor, "")
        station.send(signal.SIGUSR1)
        station.finish(code=9)
        assert "The record has no word of it" in station.seen[-1]["message"], station.seen[-1]
        assert floor.fixtures[0].content().count(0xff) == 0x10000, "it was not released"


def test_a_look_that_cannot_begin():
    """Memory had run out: the site says so, looks again, and goes on."""
    with Floor() as floor:
        station = floor.begin("--once", env_more={"LD_PRELOAD": DEAF_CLIENT,
                                                  "ASAN_OPTIONS": "verify_asan_link_order=0"})
        told = station.until(lambda e: e.get("state") == "DOWN", "it cannot look")
        assert "memory" in told["reason"], told
        station.state("S1", "EMPTY")
        assert station.result() == "PASS"
        station.finish()
        floor.prove()


def test_a_lock_outlasts_the_station():
    with Floor(1, limits={"fails_in_row": 2}) as floor:
        floor.fixtures[0].take_out()
        station = floor.begin()
        station.state("S1", "EMPTY")
        fail_until_locked(station, floor.fixtures[0])
        # Its OpenOCD ends, and comes back: what is shown is why the board failed, not that.
        openocd, = (pid for pid, _ in floor.others())
        os.kill(openocd, signal.SIGKILL)
        station.quiet(2)
        station.stop()
        station = floor.begin()
        assert station.state("S1", "LOCKED")["reason"]
        station.quiet(2)
        assert floor.fixtures[0].content().count(0xff) == 0x10000, "it is locked still"
        station.send(signal.SIGUSR1)
        assert station.result() == "PASS"
        station.stop()
        assert [n for n, in floor.query("SELECT what FROM notes ORDER BY id")] == ["locked", "released"]
        assert floor.run("--once", code=0).results() == {"S1": ["KNOWN"]}


class Terminal:
    """A station at a terminal of its own."""

    def __init__(self, floor, *options):
        self.screen = b""
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (30, 100))
        self.process = subprocess.Popen(
            [STATION, "run", "line.yaml", *options], cwd=floor.dir, stdin=slave, stdout=slave,
            stderr=slave, start_new_session=True, env={**os.environ, "TERM": "xterm"},
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        floor.processes.append(self.process)
        os.close(slave)

    def look(self):
        while select.select([self.master], [], [], 0)[0]:
            try:
                self.screen += os.read(self.master, 65536)
            except OSError:  # it has ended
                break

    def wait(self, condition, what):
        def is_so():
            self.look()
            return condition()
        return wait_until(is_so, what)

    def shows(self, words):
        self.wait(lambda: words in self.screen, f"{words} is shown")

    def press(self, keys):
        os.write(self.master, keys)

    def end(self):
        """Its status."""
        self.wait(lambda: self.process.poll() is not None, "it ends")
        self.look()
        os.close(self.master)
        return self.process.returncode


def test_release_by_key():
    with Floor(2, limits={"fails_in_row": 2}) as floor:
        for f in floor.fixtures:
            f.take_out()
        t = Terminal(floor)
        t.shows(b"S2")
        for n in range(2):
            floor.fixtures[1].put_in()
            floor.fixtures[1].ask(BAD_CELL)
            t.wait(lambda n=n: len(floor.boards()) > n, "a failure")
        t.wait(lambda: floor.query("SELECT site FROM notes WHERE what = 'locked'"), "it locks")
        floor.fixtures[1].put_in()
        t.press(b"1")
        t.shows(b"not locked")
        assert not floor.boards("pass")
        t.press(b"2")
        t.wait(lambda: floor.boards("pass"), "released by its key")
        floor.prove(floor.fixtures[1])
        t.shows(b"PASS")
        t.press(b"\x03")
        assert t.end() in (0, 130)


def test_fewer_than_were_wanted():
    for keys, count, status in ((b"s", "2", 1), (b"s", "1", 0), (b"qq", "2", 1)):
        with Floor(2) as floor:
            floor.fixtures[1].take_out()
            if status == 0:
                wait_for_go(floor)
            t = Terminal(floor, "--count", count)
            if status == 0:
                t.wait(lambda: os.path.exists(floor.path("waits")), "a board is in work")
            else:
                t.wait(lambda: os.path.exists(floor.path("record.sqlite")) and floor.boards("pass"),
                       "one has passed")
            t.press(keys)
            write(floor.path("go"), b"")
            assert t.end() == status, (keys, count, t.screen[-300:])
            assert (b"Only 1 of 2 boards have passed" in t.screen) == (status == 1)
            assert len(floor.boards("pass")) == 1


def test_count():
    with Floor(2) as floor:
        station = floor.begin("--count", "3")
        for _ in range(3):
            end = station.board_end()
            if len(floor.boards()) < 3:
                floor.fixtures[int(end["site"][1:]) - 1].put_in()
        station.finish()
        assert floor.check_serials() == 3, "three, and not one more"
        assert len(floor.boards()) == 3


def wait_for_go(floor):
    """A recipe that waits in a program until the file `go` is there."""
    write(floor.path("wait"), b"#!/bin/sh\n: >waits\nwhile [ ! -e go ]; do sleep 0.05; done\n")
    os.chmod(floor.path("wait"), 0o755)
    floor.write_recipe(steps=[*STANDARD, {"exec": {"command": ["./wait"]}}])


def test_stopped_in_the_middle():
    for number in (signal.SIGINT, signal.SIGTERM):
        with Floor(2) as floor:
            wait_for_go(floor)
            floor.fixtures[1].take_out()
            station = floor.begin()
            station.at_step("exec")
            station.stop(number)
            assert station.results() == {"S1": ["FAIL"]}
            (site, uid, _, result, reason), = floor.boards()
            assert (site, uid, result) == ("S1", floor.fixtures[0].uid, "fail")
            assert "stopped" in reason, reason
            # Whoever comes next gets its number.
            write(floor.path("go"), b"")
            floor.fixtures[1].put_in()
            floor.run("--once")
            floor.prove()
            assert floor.check_serials() == 2


def test_stopped_while_it_writes():
    with Floor(board=("--latency-us", "1000")) as floor:
        station = floor.begin()
        station.until(lambda e: e["event"] == "progress" and e["phase"] == "write", "it writes")
        station.stop(signal.SIGINT)
        last = floor.boards()[-1]
        if last[3] == "pass":  # it was done before it could be stopped
            floor.prove()
        else:
            assert "stopped" in last[4], last
        floor.run("--once")
        floor.prove()
        floor.check_serials()


def test_the_second_signal_does_not_wait():
    with Floor(2) as floor:
        write(floor.path("deaf"), b"#!/bin/sh\ntrap '' TERM\nsleep 100\nsleep 100\n")
        os.chmod(floor.path("deaf"), 0o755)
        floor.write_recipe(steps=[*STANDARD, {"exec": {"command": ["./deaf"]}}])
        floor.fixtures[1].take_out()
        station = floor.begin()
        station.at_step("exec", "S1")
        time.sleep(0.2)
        station.send(signal.SIGTERM)
        time.sleep(0.2)
        began = time.monotonic()
        station.stop(signal.SIGTERM)
        assert time.monotonic() - began < 1.5, "the second signal does not wait"
        assert "not known" in station.seen[-1]["message"], station
        assert floor.boards()[-1][3] == "fail"


def test_lines_for_people():
    with Floor(2) as floor:
        floor.fixtures[1].ask(BAD_CELL)
        done = subprocess.run([STATION, "run", "line.yaml", "--once"], cwd=floor.dir, timeout=PATIENCE,
                              capture_output=True, check=False)
        assert done.returncode == 1, done
        lines = done.stdout.decode().splitlines()
        assert [line[:9] for line in lines if "S1" in line] == ["[S1] PASS"], lines
        assert [line[:9] for line in lines if "S2" in line] == ["[S2] FAIL", "[S2]     "], lines
        assert "SN000" in [line for line in lines if "PASS" in line][0], lines
        assert "0x08000100" in [line for line in lines if "FAIL" in line][0], lines


def test_quiet_lines_have_results_and_faults():
    with Floor(3, limits={"fails_in_row": 1}) as floor:
        floor.fixtures[1].ask(BAD_CELL)
        recipe = json.loads(read(floor.path("line.yaml")))
        recipe["sites"][2] = {"name": "S3", "openocd": f"unix:{floor.path('nobody')}"}
        write(floor.path("line.yaml"), json.dumps(recipe).encode())
        station = floor.begin("--quiet", json_events=False)
        wait_until(lambda: b"LOCKED" in station.errors and b"[S3]" in station.errors
                   and len(floor.boards()) == 2, "a PASS, a lock, and a site without OpenOCD")
        time.sleep(2.5)  # another try
        station.process.terminate()
        assert station.process.wait(PATIENCE) == 143
        wait_until(lambda: not any(r.is_alive() for r in station.readers), "all was read")
        results = b"".join(iter(station.lines.get, None)).decode().splitlines()
        assert sorted(line[:9] for line in results) == ["[S1] PASS", "[S2]     ", "[S2] FAIL"], results
        faults = sorted(line[:14] for line in station.errors.decode().splitlines())
        assert faults == ["[S2] LOCKED af", "[S3] OpenOCD n", "stmfw-station:"], station.errors


def open_files(station):
    """Some may be closed while we look."""
    folder = f"/proc/{station.process.pid}/fd"
    for fd in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):
            yield os.readlink(f"{folder}/{fd}")


def held_up(floor):
    """A station that cannot begin: somebody else has the record's lock. And the way to let it go on."""
    holder = sqlite3.connect(floor.path("record.sqlite"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    station = floor.begin("--once")
    wait_until(lambda: any(name.endswith("record.sqlite") for name in open_files(station)),
               "it has opened the record")
    return station, holder.close


def test_signals_before_it_has_begun():
    with Floor() as floor:
        floor.run("--once")
        floor.fixtures[0].put_in()
        station, let_go = held_up(floor)
        station.send(signal.SIGUSR1)
        let_go()
        assert station.result() == "PASS"
        station.finish()
        for number, code in ((signal.SIGTERM, 143), (signal.SIGHUP, 143), (signal.SIGINT, 130)):
            floor.fixtures[0].put_in()
            station, let_go = held_up(floor)
            station.send(number)
            let_go()
            assert station.process.wait(PATIENCE) == code, station
            end = json.loads(station.lines.get(timeout=PATIENCE))
            assert end["event"] == "end" and end["exit"] == code, end
            assert "no board was begun" in end["message"], end
        assert len(floor.boards()) == 2


def test_an_image_that_became_a_pipe_stops_the_line():
    with Floor(2) as floor:
        floor.fixtures[1].take_out()
        station = floor.begin()
        assert station.result() == "PASS"
        os.unlink(floor.path("app.bin"))
        os.mkfifo(floor.path("app.bin"))  # whoever opens it to read waits for a writer
        floor.fixtures[1].put_in()
        station.finish(9)
        assert "app.bin" in station.seen[-1]["message"], station
        assert len(floor.boards()) == 1


class Unread:
    """A station whose events go into a pipe that holds two pages, and that nobody reads (yet)."""

    def __init__(self, floor, *options):
        self.out, inlet = os.pipe()
        fcntl.fcntl(inlet, fcntl.F_SETPIPE_SZ, 8192)
        self.process = subprocess.Popen(
            [STATION, "run", "line.yaml", "--json", "--verbose", *options], cwd=floor.dir,
            stdin=subprocess.DEVNULL, stdout=inlet, stderr=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": floor.path("temp"), "USER": "tester"})
        os.close(inlet)

    def read(self):
        with os.fdopen(self.out, "rb") as file:
            return [json.loads(line) for line in file]


def test_a_reader_that_pauses_holds_nobody_up():
    with Floor(4) as floor:
        station = Unread(floor, "--count", "4")
        wait_until(lambda: os.path.exists(floor.path("record.sqlite"))
                   and len(floor.boards("pass")) == 4, "four boards have passed", PATIENCE)
        events = station.read()
        assert station.process.wait(PATIENCE) == 0
        kinds = [e["event"] for e in events]
        assert kinds.count("board_end") == 4 and kinds[-1] == "end", kinds
        assert len(json.dumps(events)) > 2 * 8192, "the pipe was never full"


def test_a_reader_that_is_gone_for_good_holds_nobody_up():
    with Floor(4) as floor:
        station = Unread(floor, "--once")
        assert station.process.wait(PATIENCE) != 0  # the events were not all delivered
        os.close(station.out)
        assert len(floor.boards("pass")) == 4
        floor.prove()


main()
