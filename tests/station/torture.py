#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What takes too long for a test.

usage: torture.py BOARD TOOLS kills [COUNT [SEED]]    kill -9 of the station, see kills.py
       torture.py BOARD TOOLS line [COUNT [SEED]]     the same, with a broker that goes and comes
       torture.py BOARD TOOLS soak [BOARDS]           many boards in a row: does anything grow?
"""
import json
import os
import sys
import time

from floor import Floor, check_content, read
from kills import Line, kill_at_random

SITES = 8


def report(operator):
    if sys.stderr.isatty() or operator.counts["kills"] % 20 == 0:
        print(f"\r{operator.counts}", end="", file=sys.stderr, flush=True)


def tell(floor, operator, count, seed):
    print(f"\n{count} kills (seed {seed}): {operator.counts['PASS shown']} PASS were shown, "
          f"{len(floor.boards('pass'))} are recorded,\neach with its image and serial number "
          "in the board; numbers without a gap, none twice; nothing left running.")


def kills(count=200, seed=1):
    with Floor(4) as floor:
        tell(floor, kill_at_random(floor, count, seed, report), count, seed)


def line(count=200, seed=1):
    with Floor(4) as floor, Line(floor, seed) as broker:
        operator = kill_at_random(floor, count, seed, report, broker)
        tell(floor, operator, count, seed)
        print(f"The broker went or came {operator.counts['broker went or came']} times. All "
              f"{operator.counts['events']} events of the record have arrived as they were "
              f"written;\n{operator.counts['came twice']} came more than once, and their ids tell.")


# ---- soak


def takes(pid):
    """KiB: resident, of it its own data; and descriptors."""
    status = dict(line.split(":", 1) for line in read(f"/proc/{pid}/status").decode().splitlines())
    return (int(status["VmRSS"].split()[0]), int(status["RssAnon"].split()[0]),
            len(os.listdir(f"/proc/{pid}/fd")))


def work(floor, station, boards):
    """So many in a row, from one in each fixture to one in each fixture. What it takes then."""
    left, in_work = boards - SITES, SITES
    while in_work > 0:
        event = json.loads(station.lines.get(timeout=60))
        if event["event"] == "begin":
            station.seen.append(event)
        if event["event"] != "board_end":
            continue
        fixture = floor.fixtures[int(event["site"][1:]) - 1]
        assert event["result"] == "PASS" and event["uid"] == fixture.uid, event
        check_content(fixture.content(), event["serial"])
        if left > 0:
            fixture.put_in()
        else:
            in_work -= 1
        left -= 1
    time.sleep(1)  # files of the last one are closed
    return takes(station.process.pid)


def soak(boards=2000):
    part = max(boards // 8, SITES)
    with Floor(SITES) as floor:
        station, began, rows = floor.begin(), time.monotonic(), []
        print(f"{SITES} sites.  boards   RSS KiB   own KiB   descriptors", flush=True)
        for n in range(1, 9):
            rows.append(work(floor, station, part))
            print("%16d %9d %9d %13d" % (n * part, *rows[-1]), flush=True)
            for f in floor.fixtures if n < 8 else ():
                f.put_in()
        station.stop()
        assert floor.check_serials() == 8 * part and not floor.boards("fail")
    grown, opened = rows[-1][1] - rows[1][1], rows[-1][2] - rows[1][2]
    print(f"{time.monotonic() - began:.0f} s. From the second row on: {grown} KiB and {opened} "
          "descriptors more.")
    if grown > 256 or opened > 0:
        sys.exit("It grows.")


what, *numbers = sys.argv[3:] or ["kills"]
if what not in ("kills", "line", "soak") or not all(n.isdigit() for n in numbers):
    sys.exit("what? kills [COUNT [SEED]], line [COUNT [SEED]], or soak [BOARDS]")
{"kills": kills, "line": line, "soak": soak}[what](*map(int, numbers))
