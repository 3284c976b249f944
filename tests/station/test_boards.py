#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""stmfw-station on virtual boards under a real openocd: what passes, what fails, and what is true of
the record then.

usage: test_boards.py BOARD TOOLS [TEST]...
"""
import hashlib
import json
import os
import re
import resource
import signal
import sqlite3
import subprocess
import time

from floor import (BAD_CELL, FLASH, IMAGE, RAM, SERIAL_AT, STANDARD, STATION, Floor, main,
                   make_image, new_uid, read, wait_until, write)

IDENTIFY, FLASH_APP, SERIAL = STANDARD[0], STANDARD[1], STANDARD[2]


def script(floor, name, *lines, interpreter="/bin/sh"):
    """A program beside the recipe."""
    write(floor.path(name), ("\n".join([f"#!{interpreter}", *lines]) + "\n").encode())
    os.chmod(floor.path(name), 0o755)
    return f"./{name}"


def ends(floor, result, reason="", steps=None, site=0, **recipe):
    """One board, once, with these steps. Returns its steps in the record."""
    if steps is not None:
        floor.write_recipe(steps=steps, **recipe)
    fixture = floor.fixtures[site]
    fixture.put_in()
    station = floor.run("--once", code=0 if result == "PASS" else 1)
    assert station.results() == {fixture.name: [result]}, station
    last = floor.boards()[-1]
    assert last[1] == fixture.uid and last[3] == result.lower(), last
    assert reason in last[4], (reason, last[4])
    said = [e for e in station.seen if e["event"] == "board_end"][-1]["reason"]
    assert reason in said, (reason, said)
    return floor.steps_of(fixture.uid)


def test_eight_boards_once():
    with Floor(8) as floor:
        station = floor.run("--once")
        assert station.results() == {f.name: ["PASS"] for f in floor.fixtures}
        floor.prove()
        assert floor.check_serials() == 8
        for f in floor.fixtures:
            steps = floor.steps_of(f.uid)
            assert list(steps) == ["identify", "flash", "serial", "verify", "run"], steps
            assert all(s[:3] == (1, 1, "") for s in steps.values()), steps


def test_another_chip_and_driver():
    with Floor(2, chip="f407vg", driver="dapdirect") as floor:
        floor.write_recipe(chip={"device_id": 0x413, "flash_kib": 1024})
        station = floor.run("--once")
        assert station.results() == {"S1": ["PASS"], "S2": ["PASS"]}
        floor.prove()
        assert floor.check_serials() == 2


def test_two_images_in_one_sector():
    """The second one keeps what the first has put there."""
    parts = {"one": (b"first" * 20, FLASH), "two": (b"second" * 20, FLASH + 512)}
    both = {"images": ["one", "two"]}
    with Floor(serial=False) as floor:
        images = []
        for name, (data, address) in parts.items():
            write(floor.path(f"{name}.bin"), data)
            images.append({"name": name, "file": f"{name}.bin", "address": address, "type": "bin",
                           "sha256": hashlib.sha256(data).hexdigest()})
        floor.write_recipe(images=images, steps=[IDENTIFY, {"flash": both}, {"verify": both}])
        assert floor.run("--once").results() == {"S1": ["PASS"]}
        content = floor.fixtures[0].content()
        for data, address in parts.values():
            assert content[address - FLASH:][:len(data)] == data


def test_what_the_record_says():
    with Floor() as floor:
        floor.run("--once", "--operator", "Ada")
        run = floor.query("SELECT station, operator, recipe_sha256 FROM runs")
        assert run == [("floor", "Ada", hashlib.sha256(read(floor.path("line.yaml"))).hexdigest())]
        assert floor.query("SELECT name, sha256 FROM images") == [
            ("app", hashlib.sha256(IMAGE).hexdigest())]
        chip, openocd, elapsed = floor.query("SELECT chip, openocd, elapsed_ms FROM boards")[0]
        assert "STM32F10x" in chip and "Open On-Chip Debugger" in openocd and elapsed > 0
        assert floor.query("SELECT bytes FROM steps WHERE name = 'flash'")[0][0] >= len(IMAGE)
        assert floor.query("SELECT count(*) FROM run_ends") == [(1,)]
        told = subprocess.run([STATION, "report", "line.yaml", "--json", "--serial", "SN0001"],
                              cwd=floor.dir, check=True, capture_output=True, timeout=20).stdout
        assert floor.fixtures[0].uid in told.decode(), told


def test_one_of_eight_fails():
    with Floor(8) as floor:
        floor.fixtures[3].ask(BAD_CELL)
        station = floor.run("--once", code=1)
        good = [f for f in floor.fixtures if f.name != "S4"]
        assert station.results() == {"S4": ["FAIL"], **{f.name: ["PASS"] for f in good}}, station
        floor.prove(*good)
        site, _, _, _, reason = floor.boards("fail")[0]
        assert site == "S4" and reason, floor.boards()
        # The number that it had is the next one that is given out.
        serials = sorted(b[2] for b in floor.boards("pass"))
        floor.fixtures[3].ask("clear")
        for f in floor.fixtures:
            f.put_in()
        floor.run("--once")
        floor.prove()
        assert floor.check_serials() == len(serials) + 8


def test_identify():
    with Floor() as floor:
        ends(floor, "FAIL", "0x410, expected is 0x413", chip={"device_id": 0x413}, steps=STANDARD)
        ends(floor, "FAIL", "64 KiB of flash, expected are 128", chip={"flash_kib": 128},
             steps=STANDARD)
        assert floor.fixtures[0].content().count(0xff) == 0x10000, "it was not to be touched"
        ends(floor, "FAIL", "revision", chip={"revision_id": 1}, steps=STANDARD)
        ends(floor, "PASS", chip={"device_id": 0x410, "flash_kib": 64}, steps=STANDARD)
        floor.prove()
        assert floor.check_serials() == 1, "failures use up no number"


def test_read_protection():
    with Floor() as floor:
        fixture = floor.fixtures[0]
        for steps, result in ((STANDARD, "FAIL"),
                              ([IDENTIFY, {"unprotect": {}}, *STANDARD[1:]], "PASS")):
            floor.write_recipe(steps=steps)
            fixture.put_in()
            fixture.ask("fault rdp")
            station = floor.run("--once", code=0 if result == "PASS" else 1)
            assert station.results() == {"S1": [result]}, station
        assert "protect" in floor.boards("fail")[0][4], floor.boards()
        floor.prove()
        steps = [*STANDARD, {"protect": {}}]
        ends(floor, "PASS", steps=steps)
        # The same board, with the protection that it got: it cannot be read any more.
        floor.write_recipe(steps=STANDARD, limits={"repeat_known": True})
        assert floor.run("--once", code=1).results() == {"S1": ["FAIL"]}
        assert "protect" in floor.boards()[-1][4], floor.boards()[-1]


def test_write_protection():
    with Floor() as floor:
        fixture = floor.fixtures[0]
        for unlock, result in ((False, "FAIL"), (True, "PASS")):
            floor.write_recipe(steps=[IDENTIFY, {"flash": {"images": ["app"], "unlock": unlock}},
                                      SERIAL])
            fixture.put_in()
            fixture.ask("fault wrp=0-3")
            station = floor.run("--once", code=0 if result == "PASS" else 1)
            assert station.results() == {"S1": [result]}, station
        assert "protect" in floor.boards("fail")[0][4], floor.boards()
        floor.prove()


def test_backup_of_a_protected_chip():
    with Floor(serial=False) as floor:
        fixture = floor.fixtures[0]
        floor.write_recipe(steps=[IDENTIFY, {"backup": {"directory": "old"}}, {"unprotect": {}}, FLASH_APP])
        fixture.put_in()
        fixture.ask("fault rdp")
        station = floor.run("--once", code=1)
        told = station.board_end_seen()
        assert "read protected" in told["reason"] and "unprotect" in told["advice"], told
        floor.write_recipe(steps=[IDENTIFY, {"unprotect": {}}, FLASH_APP])
        assert floor.run("--once").results() == {"S1": ["PASS"]}


def test_erase_and_backup():
    with Floor(serial=False) as floor:
        fixture, old = floor.fixtures[0], make_image(0x10000)
        write(floor.path("old.bin"), old)
        fixture.put_in()
        fixture.ask(f"load {floor.path('old.bin')}")
        floor.write_recipe(steps=[IDENTIFY, {"backup": {"directory": "old"}}, {"erase": {}},
                                  FLASH_APP, {"verify": {"images": ["app"]}}])
        floor.run("--once")
        assert read(floor.path(f"old/{fixture.uid}.bin")) == old
        manifest = json.loads(read(floor.path(f"old/{fixture.uid}.bin.json")))
        assert hashlib.sha256(old).hexdigest() in json.dumps(manifest)
        assert fixture.content() == IMAGE.ljust(0x10000, b"\xff")
        write(floor.path("blocked"), b"")
        ends(floor, "FAIL", "blocked", steps=[IDENTIFY, {"backup": {"directory": "blocked"}},
                                              FLASH_APP])
        assert fixture.content() == b"\xff" * 0x10000, "without a backup nothing is changed"
        fixture.put_in()
        fixture.ask("fault stuck=0x08004000:0x12")
        floor.write_recipe(steps=[IDENTIFY, {"erase": {}}, FLASH_APP])
        assert floor.run("--once", code=1).results() == {"S1": ["FAIL"]}
        assert not floor.steps_of(fixture.uid)["erase"][0]


def test_verify_looks_again():
    with Floor(serial=False) as floor:
        write(floor.path("other.bin"), IMAGE[:700] + b"\x11" + IMAGE[701:])
        spoil = script(floor, "spoil", "import socket", "s = socket.socket(socket.AF_UNIX)",
                       "s.connect('S1.control')", f"s.sendall(b'load {floor.path('other.bin')}\\n')",
                       "s.recv(100)", interpreter="/usr/bin/env python3")
        steps = ends(floor, "FAIL", "does not hold app", steps=[
            IDENTIFY, FLASH_APP, {"exec": {"command": [spoil]}}, {"verify": {"images": ["app"]}}])
        assert [s[0] for s in steps.values()] == [1, 1, 1, 0], steps


def test_another_board_in_the_middle():
    """It looks like one that is done: it must neither pass as the first one, nor be changed."""
    for steps in ([*STANDARD[:2], {"exec": {"command": ["./swap"]}}, *STANDARD[2:]],
                  [*STANDARD, {"exec": {"command": ["./swap"]}}]):
        with Floor(steps=steps) as floor:
            other = IMAGE.ljust(SERIAL_AT, b"\xff") + b"SN0000"
            write(floor.path("other.bin"), other)
            script(floor, "swap", "import socket", "s = socket.socket(socket.AF_UNIX)",
                   "s.connect('S1.control')",
                   f"s.sendall(b'swap {new_uid()}\\nload {floor.path('other.bin')}\\n')",
                   "answers = s.makefile()", "answers.readline()", "answers.readline()",
                   interpreter="/usr/bin/env python3")
            uid = floor.fixtures[0].uid
            station = floor.run("--once", code=1)
            assert station.results() == {"S1": ["FAIL"]}, station
            last = floor.boards()[-1]
            assert last[1] == uid and "another board" in last[4], last
            assert floor.fixtures[0].content() == other.ljust(0x10000, b"\xff")
            assert not floor.boards("pass")


def test_scripts_and_run():
    with Floor(serial=False) as floor:
        steps = ends(floor, "PASS", steps=[
            IDENTIFY, {"tcl": {"name": "ask", "script": "return {42 [exit] ]}"}}, FLASH_APP, {"run": {}}])
        assert "42 [exit] ]" in steps["ask"][3], steps
        steps = ends(floor, "FAIL", "no such luck", steps=[
            IDENTIFY, FLASH_APP, {"tcl": {"script": "error {no such luck}"}}, {"run": {}}])
        assert list(steps) == ["identify", "flash", "tcl"], "a failure is the end"
        ends(floor, "FAIL", "invalid command", steps=[
            IDENTIFY, FLASH_APP, {"tcl": {"script": "nonsense"}}])
        began = time.monotonic()
        ends(floor, "FAIL", steps=[
            IDENTIFY, FLASH_APP, {"tcl": {"script": "sleep 2500", "timeout_s": 1}}])
        assert time.monotonic() - began < 12, "a script has a deadline"
        ends(floor, "PASS", steps=[IDENTIFY, {"erase": {}}], images=None)


def test_option_bytes():
    """An F103's Data0, and an F407's brown-out level; looked at by another step, and by the board."""
    for chip, value, mask, register in (("f103c8", 0x5a << 10, 0xff << 10, 0x4002201c),
                                        ("f407vg", 1 << 2, 3 << 2, 0x40023c14)):
        options = {"options": {"value": value, "mask": mask}}
        look = {"memory": {"address": register, "mask": mask, "expect": value, "timeout_s": 1}}
        with Floor(chip=chip, serial=False) as floor:
            ends(floor, "FAIL", "expected is", steps=[IDENTIFY, FLASH_APP, look])
            steps = ends(floor, "PASS", steps=[IDENTIFY, FLASH_APP, options, look,
                                               {"verify": {"images": ["app"]}}])
            assert int(steps["options"][3], 16) & mask == value, steps
            ends(floor, "FAIL", "of mask 0xffffffff this chip allows only",
                 steps=[IDENTIFY, FLASH_APP, {"options": {"value": value, "mask": 0xffffffff}}])


def test_option_bytes_that_wait_for_power():
    """The register does not show them: that is no PASS."""
    with Floor(serial=False) as floor:
        fixture = floor.fixtures[0]
        floor.write_recipe(steps=[
            IDENTIFY, FLASH_APP, {"options": {"value": 0x5a << 10, "mask": 0xff << 10}}])
        fixture.put_in()
        fixture.ask("fault options-late")
        station = floor.run("--once", code=1)
        end = [e for e in station.seen if e["event"] == "board_end"][-1]
        assert "0x03fd6bfc" in end["reason"] and "off and on" in end["advice"], end
        assert floor.steps_of(fixture.uid)["options"][:2] == (0, 2), "it was tried once more"


def test_memory():
    look = {"address": RAM + 64, "expect": 0x600d600d, "timeout_s": 1}
    with Floor(serial=False) as floor:
        began = time.monotonic()
        ends(floor, "FAIL", "after 1 s, expected is 0x600d600d",
             steps=[IDENTIFY, FLASH_APP, {"run": {}}, {"memory": look}])
        assert time.monotonic() - began > 1
        ends(floor, "PASS", steps=[
            IDENTIFY, FLASH_APP, {"run": {}},
            {"tcl": {"script": f"after 400 {{mww {RAM + 64} 0x600d600d}}"}}, {"memory": look}])
        ends(floor, "PASS", steps=[
            IDENTIFY, FLASH_APP, {"run": {}},
            {"tcl": {"script": f"mwh {RAM + 66} 0x60ff"}},
            {"memory": {**look, "address": RAM + 66, "width": 16, "mask": 0xff00,
                        "expect": 0x6000}}])
        began = time.monotonic()
        ends(floor, "FAIL", "cannot read memory", steps=[
            IDENTIFY, FLASH_APP, {"memory": {**look, "address": 0x70000000}}])
        assert time.monotonic() - began > 1, "it could be read a moment later"


def test_exec_is_told_all():
    with Floor() as floor:
        tell = script(floor, "tell", "env | grep ^STMFW_ | sort", "cat", "echo to stderr >&2")
        steps = ends(floor, "PASS", steps=[*STANDARD, {"exec": {"command": [tell, "a b", "$x"]}}])
        uid = floor.fixtures[0].uid
        *variables, line = steps["exec"][3].rstrip("\n").split("\n")
        assert variables == [
            variables[0], f"STMFW_IMAGE={floor.path('app.bin')}", "STMFW_SERIAL=SN0001",
            "STMFW_SITE=S1", "STMFW_STATION=floor", f"STMFW_UID={uid}"], variables
        assert variables[0].startswith("STMFW_CHIP=STM32F10x"), variables
        told = json.loads(line)
        assert told["uid"] == uid and told["serial"] == "SN0001" and told["site"] == "S1", told
        assert told["images"][0]["sha256"] == hashlib.sha256(IMAGE).hexdigest(), told


# What the program does, what becomes of the board, and what the reason has.
PROGRAMS = (
    ("echo not good; exit 3", "FAIL", "ended with 3: not good"),
    ("kill -9 $$", "FAIL", "Killed"),
    ("echo 'no contact' >&2; exit 4", "FAIL", "ended with 4: no contact"),
    ("exec sleep 60", "FAIL", "too long"),
    # It ends in good order when it is told to: too late all the same.
    ("trap 'exit 0' TERM; echo halfway; sleep 60 & wait", "FAIL", "too long"),
    # So does this one, but what it has started does not care.
    ("sh -c 'trap \"\" TERM; echo $$ > deaf; exec sleep 62' & trap 'exit 1' TERM; wait; sleep 60",
     "FAIL", "too long"),
    # Deaf to SIGTERM, with a child that keeps the output open.
    ("trap '' TERM; sleep 61 & sleep 61; sleep 61", "FAIL", "too long"),
    ("sleep 4 & echo fine; exit 0", "PASS", ""),
    ("exec <&-; head -c 9000000 /dev/zero | tr '\\0' x", "PASS", ""),
    ("printf 'a\\000\\377\\033[2Jb\\r\\nx'; exit 1", "FAIL", "1: a.*b"),
)


def test_exec_that_fails():
    with Floor(len(PROGRAMS), serial=False) as floor:
        program = script(floor, "p", *(f"[ $STMFW_SITE != S{n + 1} ] || {{ {lines}; exit; }}"
                                       for n, (lines, _, _) in enumerate(PROGRAMS)))
        floor.write_recipe(steps=[IDENTIFY, FLASH_APP,
                                  {"exec": {"command": [program], "timeout_s": 1}}])
        began = time.monotonic()
        station = floor.run("--once", code=1)
        assert time.monotonic() - began < 20, "each has a deadline"
        boards = {b[0]: b for b in floor.boards()}
        for f, (lines, result, reason) in zip(floor.fixtures, PROGRAMS):
            assert station.results()[f.name] == [result], (lines, station)
            assert re.search(reason, boards[f.name][4]), (lines, boards[f.name])
            assert "\x1b" not in boards[f.name][4]
        output = floor.steps_of(floor.fixtures[-2].uid)["exec"][3]
        assert 4096 <= len(output) < 20000, "its beginning is kept"
        wait_until(lambda: not os.path.exists(f"/proc/{read(floor.path('deaf')).decode().strip()}"),
                   "what it had started is gone", 5)


def test_programs_do_not_write_on_the_screen():
    """What they say on stderr is the site's, and told with its name where it is asked for."""
    with Floor(serial=False) as floor:
        program = script(floor, "noisy", "echo bad contact >&2", "printf worn >&2",
                         "read line && echo $line")
        floor.write_recipe(steps=[IDENTIFY, FLASH_APP, {"exec": {"command": [program]}}])
        station = floor.run("--once")
        assert b"contact" not in station.errors and "contact" not in str(station.seen), station
        assert json.loads(floor.steps_of(floor.fixtures[0].uid)["exec"][3])["site"] == "S1"
        floor.fixtures[0].put_in()
        station = floor.run("--once", "--verbose")
        told = [(e["site"], e["text"]) for e in station.seen if e.get("from") == "exec"]
        assert told == [("S1", "bad contact"), ("S1", "worn")], station
        assert b"contact" not in station.errors


def test_exec_that_cannot_be_started():
    with Floor(serial=False) as floor:
        ends(floor, "FAIL", "cannot be started", steps=[
            IDENTIFY, FLASH_APP, {"exec": {"command": ["./nothing-here"]}}])


def test_serial_formats():
    with Floor() as floor:
        place = {"address": FLASH + SERIAL_AT}
        counter = {"source": "counter", "first": 7, "last": 9, **place}
        for serial, text, content in (
                ({**counter, "format": "u32"}, "7", b"\x07\0\0\0"),
                ({**counter, "format": "hex", "length": 3}, "000008", b"\0\0\x08"),
                ({**counter, "format": "ascii", "prefix": "A-", "digits": 4, "length": 8},
                 "A-0007", b"A-0007\0\0"),
                ({"source": "command", "command": ["echo", "c0ffee"], "format": "hex", "length": 3,
                  **place}, "c0ffee", b"\xc0\xff\xee"),
                ({"source": "command", "command": ["echo", "258"], "format": "u32", **place},
                 "258", b"\x02\x01\0\0")):
            ends(floor, "PASS", steps=STANDARD, serial=serial)
            assert floor.fixtures[0].content()[SERIAL_AT:][:len(content)] == content, serial
            assert floor.boards()[-1][2] == text, (floor.boards()[-1], text)
        ends(floor, "PASS", steps=STANDARD, serial={"source": "uid", "format": "hex", **place})
        uid = floor.fixtures[0].uid
        assert floor.boards()[-1][2] == uid
        assert floor.fixtures[0].content()[SERIAL_AT:][:12].hex() == uid


def test_serial_of_a_command():
    with Floor() as floor:
        def with_command(*words):
            return {"steps": STANDARD, "serial": {
                "source": "command", "command": list(words), "format": "ascii", "length": 8,
                "address": FLASH + SERIAL_AT}}

        ends(floor, "PASS", **with_command("echo", "X1"))
        # The same number for another board: it does not get it.
        ends(floor, "FAIL", "has got the serial number X1", **with_command("echo", "X1"))
        assert floor.fixtures[0].content()[SERIAL_AT:][:2] == b"\xff\xff"
        ends(floor, "FAIL", "ended with 1", **with_command("false"))
        ends(floor, "FAIL", "1 to", **with_command("true"))
        ends(floor, "FAIL", "does not fit", **with_command("echo", "123456789"))
        ends(floor, "FAIL", "printable", **with_command("printf", "a\\001b"))
        ends(floor, "PASS", **with_command("echo", "X2"))
        assert [b[2] for b in floor.boards("pass")] == ["X1", "X2"]
        # A second attempt is with the same number, and the record has it.
        next_one = script(floor, "next", "echo x >> asked; echo N$(wc -l < asked)")
        fixture = floor.fixtures[0]
        floor.write_recipe(**with_command(next_one))
        fixture.put_in()
        fixture.ask(f"fault stuck={FLASH + SERIAL_AT:#x}:0x55")
        floor.run("--once", code=1)
        assert floor.steps_of(fixture.uid)["serial"][:2] == (0, 2), "it was tried once more"
        assert read(floor.path("asked")) == b"x\n" and floor.boards()[-1][2] == "N1"


def test_serials_of_a_list_and_their_end():
    with Floor(3) as floor:
        write(floor.path("numbers"), b"one\ntwo\n")
        floor.write_recipe(serial={"source": "list", "file": "numbers", "format": "ascii",
                                   "length": 8, "address": FLASH + SERIAL_AT})
        few = subprocess.run([STATION, "run", "line.yaml", "--once"], cwd=floor.dir, timeout=20,
                             capture_output=True, check=False)
        assert few.returncode == 2 and b"Only 2 serial numbers are left, needed are 3" in few.stderr
        assert not floor.boards(), "a gang is not begun without numbers for all"
        few = subprocess.run([STATION, "run", "line.yaml"], cwd=floor.dir, timeout=20,
                             capture_output=True, check=False)
        assert few.returncode == 2 and b"Only 2 serial numbers are left, needed are 3" in few.stderr
    with Floor(2) as floor:
        write(floor.path("numbers"), b"one\ntwo\n")
        floor.write_recipe(serial={"source": "list", "file": "numbers", "format": "ascii",
                                   "length": 8, "address": FLASH + SERIAL_AT})
        station = floor.begin()
        for _ in range(2):
            assert station.result() == "PASS"
        floor.prove()
        floor.fixtures[1].put_in()
        station.finish(code=10)
        assert "no serial number left" in station.seen[-1]["message"], station
        assert sorted(b[2] for b in floor.boards("pass")) == ["one", "two"]
        assert floor.fixtures[1].content() == b"\xff" * 0x10000, "it was not begun"
        # A service is started again after 10, but not after this (stmfw-station@.service).
        again = subprocess.run([STATION, "run", "line.yaml"], cwd=floor.dir, timeout=20,
                               capture_output=True, check=False)
        assert again.returncode == 2 and b"Only 0 serial numbers are left" in again.stderr, again


def two_images(floor, second_at, **changes):
    """app, and another one."""
    other = make_image(200)
    write(floor.path("other.bin"), other)
    images = [{"name": name, "file": f"{name}.bin", "address": FLASH + at,
               "sha256": hashlib.sha256(data).hexdigest()}
              for name, at, data in (("app", 0, IMAGE), ("other", second_at, other))]
    floor.write_recipe(images=images, **changes)
    return other


def test_images_of_two_steps_in_one_sector():
    """The first one is still there at the end, though the second step erases where it ends."""
    with Floor(serial=False) as floor:
        steps = [IDENTIFY, FLASH_APP, {"flash": {"images": ["other"]}}]
        other = two_images(floor, 2600, steps=steps)
        ends(floor, "PASS")
        content = floor.fixtures[0].content()
        assert content[:len(IMAGE)] == IMAGE and content[2600:2800] == other


def test_what_is_written_over_is_no_pass():
    """Each step would be proven when it is done: run refuses what check refuses."""
    flash_other = {"flash": {"images": ["other"]}}
    with Floor() as floor:
        for at, steps, words in (
                (100, [IDENTIFY, FLASH_APP, flash_other, SERIAL], b"put a step erase between"),
                (100, [IDENTIFY, {"flash": {"images": ["app", "other"]}}, SERIAL], b"same addresses"),
                (SERIAL_AT - 100, [IDENTIFY, FLASH_APP, flash_other, SERIAL],
                 b'image "other" has bytes at 0x08008000')):
            two_images(floor, at, steps=steps)
            done = subprocess.run([STATION, "run", "line.yaml", "--once"], cwd=floor.dir, timeout=20,
                                  capture_output=True, check=False)
            assert done.returncode == 9 and words in done.stderr, done
        assert not os.path.exists(floor.path("record.sqlite")) or not floor.boards()
        assert floor.fixtures[0].content() == b"\xff" * 0x10000, "nothing was begun"
        two_images(floor, 100, steps=[IDENTIFY, flash_other, {"erase": {}}, FLASH_APP, SERIAL])
        ends(floor, "PASS")
        floor.prove()


def test_attempts_only_where_another_one_may_be_better():
    with Floor(serial=False) as floor:
        fixture = floor.fixtures[0]
        steps = ends(floor, "FAIL", "expected is 0x413", steps=[IDENTIFY, FLASH_APP],
                     chip={"device_id": 0x413})
        assert steps["identify"][1] == 1, "it will not become another chip"
        floor.write_recipe(steps=[IDENTIFY, FLASH_APP])
        fixture.put_in()
        fixture.ask("fault wrp=0-3")
        floor.run("--once", code=1)
        assert floor.steps_of(fixture.uid)["flash"][1] == 1, "nor lose its protection"
        fixture.put_in()
        fixture.ask(BAD_CELL)
        floor.run("--once", code=1)
        assert floor.steps_of(fixture.uid)["flash"][1] == 2
        missing = {"exec": {"command": ["./nothing-here"], "retries": 3}}
        steps = ends(floor, "FAIL", "cannot be started", steps=[IDENTIFY, FLASH_APP, missing])
        assert steps["exec"][1] == 1
        began = time.monotonic()
        steps = ends(floor, "FAIL", "after 1 s", steps=[
            IDENTIFY, FLASH_APP, {"memory": {"address": RAM + 64, "expect": 0x600d600d,
                                             "timeout_s": 1, "retries": 1}}])
        assert steps["memory"][1] == 2 and time.monotonic() - began > 2, "each has its time"


def test_erase_that_unlocks():
    with Floor(serial=False) as floor:
        fixture = floor.fixtures[0]
        for unlock, result in ((False, "FAIL"), (True, "PASS")):
            floor.write_recipe(steps=[IDENTIFY, {"erase": {"unlock": unlock}}, FLASH_APP])
            fixture.put_in()
            fixture.ask("fault wrp=0-3")
            station = floor.run("--once", code=0 if result == "PASS" else 1)
            assert station.results() == {"S1": [result]}, station
        floor.prove()


def test_a_board_that_is_pulled_out_after_protect_does_not_pass():
    with Floor(serial=False) as floor:
        pull = script(floor, "pull", "import socket", "s = socket.socket(socket.AF_UNIX)",
                      "s.connect('S1.control')", "s.sendall(b'fault no-target\\n')", "s.recv(100)",
                      interpreter="/usr/bin/env python3")
        ends(floor, "FAIL", "not seen any more", steps=[
            IDENTIFY, FLASH_APP, {"protect": {}}, {"exec": {"command": [pull]}}])


def test_two_boards_with_one_unique_id():
    """Cloned chips have that: one passes, the other one is not touched."""
    with Floor(2) as floor:
        slow = {"exec": {"command": ["/bin/sleep", "1"]}}
        floor.write_recipe(steps=[*STANDARD, slow])
        for f in floor.fixtures:
            f.put_in("57ab0000000000000000ffff")
        station = floor.run("--once", code=1)
        assert sorted(r for rs in station.results().values() for r in rs) == ["FAIL", "PASS"], station
        fail, = floor.boards("fail")
        assert "is in work at site" in fail[4] and not fail[2], fail
        twin = next(f for f in floor.fixtures if f.name == fail[0])
        assert twin.content() == b"\xff" * 0x10000
        assert floor.check_serials() == 1


def test_a_record_that_others_keep_locked_holds_up_nobody_else():
    with Floor(2) as floor:
        for f in floor.fixtures:
            f.take_out()
        station = floor.begin()
        station.state("S2", "EMPTY")
        with sqlite3.connect(floor.path("record.sqlite"), isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            floor.fixtures[0].put_in()
            station.until(lambda e: e["event"] == "step_end" and e["step"] == "run", "S1 is done")
            floor.fixtures[1].put_in()
            station.until(lambda e: e["event"] == "step_end" and e["step"] == "run"
                          and e["site"] == "S2", "S2 is done, too", 2)
            assert not any(e["event"] == "board_end" for e in station.seen), station
            released = time.time() * 1000
            other.execute("ROLLBACK")
        assert [station.result(), station.result()] == ["PASS", "PASS"]
        ends = [end for end, in floor.query("SELECT began_ms + elapsed_ms FROM boards")]
        assert len(ends) == 2 and max(ends) < released, "when it was done, not when it was recorded"
        floor.prove()
        station.stop()
        assert floor.check_serials() == 2


def test_a_board_that_was_spoiled_is_not_known_any_more():
    """It has passed, was done again, and failed, or the power went: its flash is another one."""
    fails = {"exec": {"command": ["/bin/false"]}}
    for way in "fails", "killed":
        with Floor() as floor:
            fixture = floor.fixtures[0]
            assert floor.run("--once").results() == {"S1": ["PASS"]}
            floor.write_recipe(limits={"repeat_known": True}, steps=[
                *STANDARD, fails if way == "fails" else {"exec": {"command": ["/bin/sleep", "2"]}}])
            if way == "fails":
                floor.run("--once", code=1)
            else:
                station = floor.begin("--once")
                station.at_step("exec")
                station.kill()
                wait_until(lambda: not any("openocd" in w[0] for _, w in floor.others()), "no OpenOCD")
            floor.write_recipe(steps=STANDARD)
            assert floor.run("--once").results() == {"S1": ["PASS"]}, "it is done again"
            floor.prove()
            assert floor.run("--once").results() == {"S1": ["KNOWN"]}
            assert fixture.content()[SERIAL_AT:][:6].decode() == floor.boards("pass")[-1][2]


def test_stopped_is_stopped():
    """The image that is being written is finished, which is a safe border; no other one is begun."""
    with Floor(serial=False, board=("--latency-us", "1000")) as floor:
        other = two_images(floor, 0x8000, steps=[IDENTIFY, {"flash": {"images": ["app", "other"]}}])
        station = floor.begin()
        station.until(lambda e: e["event"] == "progress" and e["phase"] == "write", "it writes")
        station.stop(code=143)
        content = floor.fixtures[0].content()
        assert content[:len(IMAGE)] == IMAGE and other not in content
        assert "was stopped, during flash" in station.board_end_seen()["reason"], station


def test_stopped_before_it_erases():
    """The chip is being halted, which cannot be interrupted; what comes after it is not begun."""
    with Floor(serial=False, board=("--latency-us", "20000")) as floor:
        old = make_image(0x10000)
        write(floor.path("old.bin"), old)
        floor.fixtures[0].ask(f"load {floor.path('old.bin')}")
        floor.write_recipe(steps=[IDENTIFY, {"erase": {}}, FLASH_APP])
        station = floor.begin()
        station.at_step("erase")
        station.stop(code=143)
        assert floor.fixtures[0].content() == old, station
        assert "was stopped, during erase" in station.board_end_seen()["reason"], station


def test_image_that_changes_stops_the_line():
    with Floor(2) as floor:
        floor.fixtures[1].take_out()
        station = floor.begin()
        assert station.result("S1") == "PASS"
        write(floor.path("app.bin"), IMAGE[:-1] + b"?")
        floor.fixtures[1].put_in()
        station.finish(9)
        assert "is not the image" in station.seen[-1]["message"], station
        assert "is not the image" in floor.query("SELECT what FROM notes")[-1][0]
        assert [b[0] for b in floor.boards()] == ["S1"]
        assert floor.fixtures[1].content() == b"\xff" * 0x10000, "it was not begun"
        again = subprocess.run([STATION, "run", "line.yaml"], cwd=floor.dir, capture_output=True,
                               timeout=20, check=False)
        assert again.returncode == 9 and b"is not the image" in again.stderr, again


def test_record_that_fails_stops_the_line():
    def little_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200000, 200000))

    with Floor(2) as floor:
        station = floor.begin(preexec_fn=little_room)
        results = []
        for _ in range(200):
            event = station.until(lambda e: e["event"] in ("board_end", "end"), "a board")
            if event["event"] == "end" or event["result"] == "FAIL":
                break
            results.append(event)
            floor.fixtures[int(event["site"][1:]) - 1].put_in()
        station.finish(9)
        assert results, "some were to pass before the file is full"
        passes = {(b[1], b[2]) for b in floor.boards("pass")}
        assert {(e["uid"], e["serial"]) for e in station.seen
                if e["event"] == "board_end" and e["ok"]} == passes, "shown is what is recorded"
        # With room again it goes on.
        for f in floor.fixtures:
            f.put_in()
        floor.run("--once")
        floor.prove()
        floor.check_serials()


def test_two_stations_and_one_record():
    with Floor() as floor:
        first = floor.begin()
        assert first.result() == "PASS"
        second = subprocess.run([STATION, "run", "line.yaml", "--json"], cwd=floor.dir,
                                capture_output=True, timeout=20, check=False)
        assert second.returncode == 9, second
        assert f"process {first.process.pid}" in second.stdout.decode(), second
        assert json.loads(second.stdout.splitlines()[-1])["event"] == "end"
        first.stop()


main()
