#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What takes too long for a test.

usage: torture.py BOARD TOOLS kills [COUNT [SEED]]    kill -9 of the station, see kills.py
       torture.py BOARD TOOLS soak [BOARDS]           many boards in a row: does anything grow?
"""
import json
import os
import sys
import time

from floor import Floor, check_content, read
from kills import kill_at_random

SITES = 8


def kills(count=200, seed=1):
    with Floor(4) as floor:
        def report(operator):
            if sys.stderr.isatty() or operator.counts["kills"] % 20 == 0:
                print(f"\r{operator.counts}", end="", file=sys.stderr, flush=True)

        operator = kill_at_random(floor, count, seed, report)
        print(f"\n{count} kills (seed {seed}): {operator.counts['PASS shown']} PASS were shown, "
              f"{len(floor.boards('pass'))} are recorded,\neach with its image and serial number "
              "in the board; numbers without a gap, none twice; nothing left running.")


# ---- soak


def memory(pid):
    """KiB: resident, of it its own data."""
    status = dict(line.split(":", 1) for line in read(f"/proc/{pid}/status").decode().splitlines())
    return int(status["VmRSS"].split()[0]), int(status["RssAnon"].split()[0])


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def soak(boards=2000):
    with Floor(SITES) as floor:
        station, done, rows = floor.begin(), 0, []
        began = time.monotonic()
        print(f"{SITES} sites.  boards   RSS KiB   own KiB   descriptors", flush=True)
        while done < boards:
            event = json.loads(station.lines.get(timeout=60))
            if event["event"] == "begin":
                station.seen.append(event)
            if event["event"] != "board_end":
                continue
            fixture = floor.fixtures[int(event["site"][1:]) - 1]
            assert event["result"] == "PASS" and event["uid"] == fixture.uid, event
            check_content(fixture.content(), event["serial"])
            done += 1
            if done % max(boards // 20, 1) == 0:
                pid = station.process.pid
                rows.append((done, *memory(pid), descriptors(pid)))
                print("%16d %9d %9d %13d" % rows[-1], flush=True)
            fixture.put_in()
        station.stop()
        seconds = time.monotonic() - began
        assert floor.check_serials() >= boards
    warm = rows[len(rows) // 4:]
    grown, opened = warm[-1][2] - warm[0][2], max(r[3] for r in warm) - min(r[3] for r in warm)
    print(f"{done} boards in {seconds:.0f} s. After the first quarter: {grown} KiB more; "
          f"descriptors {min(r[3] for r in warm)} to {max(r[3] for r in warm)}.")
    # The database's cache and the allocator may still settle; a leak per board would be seen.
    if grown > 512 or opened > SITES:
        sys.exit("It grows.")


what, *numbers = sys.argv[3:] or ["kills"]
if what not in ("kills", "soak") or not all(n.isdigit() for n in numbers):
    sys.exit("what? kills [COUNT [SEED]], or soak [BOARDS]")
{"kills": kills, "soak": soak}[what](*map(int, numbers))
