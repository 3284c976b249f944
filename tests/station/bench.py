#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Many boards at once against one: time, and what the station itself takes. One row for each number.

usage: bench.py BOARD TOOLS [ROUNDS]

Each board is an STM32F103 as slow as a real one: 1 ms for each command to the probe (a USB frame), 46
clocks of SWD at 1 MHz for each word (the speed that OpenOCD's stm32f1x.cfg sets), and the data
sheet's times for flash. All 64 KiB are written and proven, and it gets a serial number. wall: from
the station's start to its end, OpenOCDs included. cpu: of the station's own process. The last row is
for the 1 ms alone. Exits with 1 if a requirement does not hold.
"""
import contextlib
import hashlib
import os
import statistics
import sys
import time

import floor as shop
from floor import FLASH, STANDARD, Floor, make_image, read, write

NUMBERS = (1, 2, 4, 8, 16, 32)
PROBE = ("--latency-us", "1000")
REAL = (*PROBE, "--latency-ns-per-byte", "11500", "--flash-times")
WHOLE = make_image(0xf800)  # the serial number is in the last sectors
shop.SERIAL_AT = 0xfc00


def own(pid):
    """CPU seconds and KiB of a process, without its children."""
    nanoseconds = sum(int(read(f"/proc/{pid}/task/{thread}/schedstat").split()[0])
                      for thread in os.listdir(f"/proc/{pid}/task"))
    status = dict(line.split(":", 1) for line in read(f"/proc/{pid}/status").decode().splitlines())
    return nanoseconds / 1e9, int(status["VmRSS"].split()[0])


def once(sites, board=REAL):
    """wall, cpu, KiB"""
    for _ in range(3):  # a station that was quicker than we at its last board cannot be asked
        with contextlib.suppress(KeyError, FileNotFoundError, ProcessLookupError):
            return attempt(sites, board)
    sys.exit("bench: the station ended each time before it could be measured")


def attempt(sites, board):
    with Floor(sites, board=board, steps=STANDARD) as floor:
        write(floor.path("app.bin"), WHOLE)
        floor.write_recipe(images=[{"name": "app", "file": "app.bin", "address": FLASH,
                                    "sha256": hashlib.sha256(WHOLE).hexdigest()}])
        began = time.monotonic()
        station = floor.begin("--once")
        cpu, memory = 0, 0
        for _ in range(sites):
            assert station.result() == "PASS"
            cpu, memory = own(station.process.pid)
        station.finish()
        wall = time.monotonic() - began
        for f in floor.fixtures:
            assert f.content()[:len(WHOLE)] == WHOLE
        return wall, cpu, memory


def main():
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    print(f"{'sites':>8} {'wall, s':>9} {'to one':>7} {'cpu, s':>8} {'of wall':>8} {'RSS, KiB':>9} "
          f"{'a further site':>15}   load", flush=True)
    runs = {n: [] for n in NUMBERS}
    quick = []
    ratios = {n: [] for n in NUMBERS}
    for _ in range(rounds):  # in turns, as other work slows all alike
        for n in NUMBERS:
            runs[n].append(once(n))
            ratios[n].append(runs[n][-1][0] / runs[1][-1][0])
        quick.append(once(16, PROBE))
    rows = {}
    for n in NUMBERS:
        wall, cpu, memory = (statistics.median(values) for values in zip(*runs[n]))
        share = statistics.median(r[1] / r[0] for r in runs[n])
        first = statistics.median(r[2] for r in runs[1])
        each = (memory - first) / (n - 1) if n > 1 else 0
        rows[n] = (statistics.median(ratios[n]), share, each)
        print(f"{n:8} {wall:9.2f} {rows[n][0]:7.2f} {cpu:8.3f} {share:8.1%} {memory:9.0f} "
              f"{each:11.0f} KiB   {os.getloadavg()[0]:.1f}")
    wall, cpu, _ = (statistics.median(values) for values in zip(*quick))
    print(f"16, 1 ms and nothing else: {wall:.2f} s, cpu {cpu:.3f} s, {cpu / wall:.1%} of wall")
    wanted = (("16 sites to one, wall", rows[16][0], 1.5), ("of wall, 16 sites", rows[16][1], 0.05),
              ("KiB for a further site", rows[32][2], 300))
    broken = 0
    for what, value, limit in wanted:
        broken += value > limit
        print(f"{what:54} {value:10.3f}  <= {limit}: {'NO' if value > limit else 'yes'}")
    sys.exit(broken > 0)


main()
