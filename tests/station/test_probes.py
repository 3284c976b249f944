#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Probes and OpenOCDs that die, hang, or never work: what becomes of the board, of the site, and
that no other site notices.

usage: test_probes.py BOARD TOOLS [TEST]...
"""
import json
import os
import shlex
import signal
import socket
import time

from floor import STANDARD, Floor, end, free_port, main, read, write


def openocd_of(floor, site):
    port = str(floor.fixtures[site].port())
    found = [pid for pid, words in floor.others() if any(w.endswith(f" {port}") for w in words)]
    return found[0] if found else None


def interrupted(command, back):
    """Something happens to S1 while it writes; S2 goes on. Returns the states of S1 after FAIL."""
    with Floor(2, board=("--latency-us", "500"), limits={"board_timeout_s": 3}) as floor:
        floor.write_recipe(steps=[*STANDARD[:2], {"serial": {"timeout_s": 2}}, STANDARD[3]])
        floor.fixtures[1].take_out()
        station = floor.begin()
        station.at_step("flash", "S1")
        command(floor)
        end = station.board_end("S1")
        assert end["result"] == "FAIL" and end["reason"], end
        floor.fixtures[1].put_in()
        assert station.board_end("S2")["result"] == "PASS", "the other site goes on"
        back(floor)
        end = station.board_end("S1")
        assert end["result"] == "PASS", end
        floor.prove()
        station.stop()
        assert floor.check_serials() == 2 and len(floor.boards("fail")) == 1
        states = [e["state"] for e in station.seen if e.get("site") == "S1"]
        return states[states.index("FAILED"):]


def test_probe_unplugged_while_it_writes():
    def back(floor):
        floor.fixtures[0].ask("plug")
        floor.fixtures[0].put_in()

    interrupted(lambda floor: floor.fixtures[0].ask("unplug"), back)


def test_probe_unplugged_while_it_waits():
    """OpenOCD does not end for it, and never finds it again: the site says so, and goes on by itself."""
    for whose in ("start", "openocd"):
        with Floor() as floor:
            fixture = floor.fixtures[0]
            port = fixture.port()
            if whose == "openocd":
                tcl = free_port()
                openocd = [*floor.openocd_words(fixture), "-c",
                           f"bindto 127.0.0.1; tcl_port {tcl}; telnet_port disabled; gdb_port disabled"]
                floor.spawn(*openocd)
                floor.write_recipe(sites=[{"name": "S1", "openocd": f"127.0.0.1:{tcl}"}])
            station = floor.begin()
            assert station.result() == "PASS"
            end(fixture.process)
            told = station.state("S1", "DOWN")
            assert told["reason"] and told["advice"], told
            if whose == "start":
                os.unlink(fixture.port_file)
                fixture.plug_in(port)
                assert station.result() == "PASS"
                assert len(floor.boards("pass")) == 2 and len(floor.boards()) == 2
            station.stop()


def test_another_kind_of_chip_does_not_hold_up_the_next_board():
    with Floor() as floor:
        fixture = floor.fixtures[0]
        fixture.ask("fault wrong-idcode=0x2ba01477")
        station = floor.begin()
        told = station.state("S1", "DOWN")
        assert "Another kind of chip" in told["advice"], told
        time.sleep(8)  # it would wait longer and longer
        fixture.put_in()
        began = time.monotonic()
        assert station.result() == "PASS"
        assert time.monotonic() - began < 5
        station.stop()


def test_openocd_of_another_machine():
    """ssh gives its words, joined, to a shell: what chooses the probe has to get through that."""
    with Floor() as floor:
        write(floor.path("ssh"), b"#!/bin/sh\necho \"$*\" >> words\nshift\nexec sh -c \"$*\"\n")
        os.chmod(floor.path("ssh"), 0o755)
        words = " ".join(shlex.quote(w) for w in floor.openocd_words(floor.fixtures[0]))
        floor.write_recipe(sites=[{"name": "S1", "start": [floor.path("ssh"), "station3", words],
                                   "usb_path": "1-3.2"}])
        assert floor.run("--once").results() == {"S1": ["PASS"]}
        assert b"'adapter usb location {1-3.2}'" in read(floor.path("words"))


def test_board_removed_while_it_writes():
    interrupted(lambda floor: floor.fixtures[0].take_out(),
                lambda floor: floor.fixtures[0].put_in())


def test_openocd_killed_while_it_writes():
    states = interrupted(lambda floor: os.kill(openocd_of(floor, 0), signal.SIGKILL),
                         lambda floor: floor.fixtures[0].put_in())
    assert "DOWN" not in states, "FAIL is shown until the board is gone"


def test_probe_that_hangs_while_it_writes():
    def back(floor):
        floor.fixtures[0].ask("resume")
        floor.fixtures[0].put_in()

    interrupted(lambda floor: floor.fixtures[0].ask("pause"), back)


def test_openocd_killed_while_pass_is_shown():
    with Floor() as floor:
        station = floor.begin()
        assert station.result() == "PASS"
        for _ in range(2):
            killed = openocd_of(floor, 0)
            os.kill(killed, signal.SIGKILL)
            station.state("S1", "DOWN")
            station.state("S1", "PASSED")
            station.quiet(1)  # still the same board, and still PASS
        floor.fixtures[0].put_in()
        assert station.result() == "PASS"
        station.stop()
        assert len(floor.boards()) == 2 and floor.check_serials() == 2


def test_sites_that_never_work():
    """Dead, hanging and unplugged ones: the others never wait for them."""
    with Floor(5) as floor:
        floor.fixtures[3].ask("unplug")
        floor.fixtures[4].ask("pause")
        whole = json.loads(open(floor.path("line.yaml"), encoding="utf-8").read())
        whole["sites"][2]["start"] = ["./nothing-here"]
        write(floor.path("line.yaml"), json.dumps(whole).encode())
        station = floor.begin()
        for _ in range(3):
            for _ in range(2):
                end = station.board_end()
                assert end["site"] in ("S1", "S2") and end["result"] == "PASS", end
            floor.prove(*floor.fixtures[:2])
            for f in floor.fixtures[:2]:
                f.put_in()
        floor.fixtures[4].ask("resume")  # else its OpenOCD is given ten seconds to end
        station.stop()
        downs = [e for e in station.seen if e["event"] == "site" and e["state"] == "DOWN"]
        assert {e["site"] for e in downs} >= {"S3", "S4"}, station
        assert all(e["reason"] for e in downs)
        assert len(downs) < 12, "it is told once, not at each try"


def test_an_openocd_of_somebody_else():
    """Reached by its address: it is not started, and never ended."""
    with Floor() as floor:
        fixture = floor.fixtures[0]

        def start(port):
            return floor.spawn(*floor.openocd_words(fixture), "-c",
                               f"gdb_port disabled; telnet_port disabled; tcl_port {port}")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        openocd = start(port)
        floor.write_recipe(sites=[{"name": "S1", "openocd": f"127.0.0.1:{port}"}])
        station = floor.begin()
        assert station.result() == "PASS"
        fixture.take_out()  # it runs on without a board
        station.state("S1", "EMPTY")
        fixture.put_in()
        assert station.result() == "PASS"
        openocd.kill()
        openocd.wait()
        station.state("S1", "DOWN")
        openocd = start(port)
        station.state("S1", "PASSED")
        fixture.put_in()
        assert station.result() == "PASS"
        floor.prove()
        station.stop()
        assert openocd.poll() is None, "it is not ours to end"
        assert floor.check_serials() == 3


def test_openocd_that_ends_at_once_is_not_hammered():
    with Floor() as floor:
        write(floor.path("starts"), b"")
        write(floor.path("dies"), b"#!/bin/sh\necho x >>starts\necho no luck >&2\nexit 1\n")
        os.chmod(floor.path("dies"), 0o755)
        whole = json.loads(open(floor.path("line.yaml"), encoding="utf-8").read())
        whole["sites"][0]["start"] = ["./dies"]
        write(floor.path("line.yaml"), json.dumps(whole).encode())
        station = floor.begin()
        down = station.state("S1", "DOWN")
        assert down["reason"], down
        time.sleep(4)
        starts = os.path.getsize(floor.path("starts")) // 2
        assert 2 <= starts <= 4, starts
        station.stop()


main()
