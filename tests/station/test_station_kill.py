#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A few kills of the station, as script/torture does them by the hundred: see kills.py.

usage: test_station_kill.py BOARD TOOLS [TEST]...
"""
from floor import Floor, main
from kills import kill_at_random


def test_kill_at_random_instants():
    with Floor(4) as floor:
        operator = kill_at_random(floor, 10, seed=4711)
        assert operator.counts["kills"] >= 8, operator.counts


def test_killed_before_there_is_a_record():
    with Floor() as floor:
        for _ in range(3):
            station = floor.begin()
            station.kill()
        floor.run("--once")
        floor.prove()


main()
