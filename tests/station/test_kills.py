#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A few kills of the station, as script/torture does them by the hundred (see kills.py); and the
demo.

usage: test_kills.py BOARD TOOLS [TEST]...
"""
import os
import subprocess

from floor import TOOLS, Floor, main, need_board
from kills import Line, kill_at_random


def test_kill_at_random_instants():
    with Floor(4) as floor:
        operator = kill_at_random(floor, 10, seed=4711)
        assert operator.counts["kills"] >= 8, operator.counts


def test_kills_while_a_broker_goes_and_comes():
    with Floor(4) as floor, Line(floor, seed=4712) as line:
        operator = kill_at_random(floor, 6, seed=4712, line=line)
        assert operator.counts["broker went or came"] >= 2, operator.counts
        assert operator.counts["events"] > operator.counts["kills"], operator.counts


def test_killed_before_there_is_a_record():
    with Floor() as floor:
        for _ in range(3):
            station = floor.begin()
            station.kill()
        floor.run("--once")
        floor.prove()


def test_the_demo():
    need_board()
    here = os.path.dirname(os.path.abspath(__file__))
    done = subprocess.run([os.path.join(here, "../../script/demo-station"),
                           os.path.join(TOOLS, "..")], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


main()
