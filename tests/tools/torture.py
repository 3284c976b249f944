#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tries every point of the kinds of fault that are named (else of all), and counts. See sweep.py for
faults of the board, and chaos.py for those of the connection.

usage: torture.py BOARD TOOLS [KIND | KIND:POINT]...
"""
import os
import sys

import chaos
import sweep
from sweep import VERDICTS


def choose(words, points_of):
    """The trials that are asked for, as kind and point."""
    kinds = [*sweep.KINDS, *chaos.KINDS]
    trials = []
    for word in words or kinds:
        name, _, point = word.partition(":")
        if name not in kinds or (point and not point.isdigit()):
            sys.exit(f"no such kind of fault: {word}; there are: {', '.join(kinds)}")
        trials += [(name, p) for p in ([int(point)] if point else points_of(name))]
    return trials


def run_trials(trials, backup):
    workers = (os.cpu_count() or 1) + 1
    yield from sweep.run_trials([t for t in trials if t[0] in sweep.KINDS], backup, workers)
    yield from chaos.run_trials([t for t in trials if t[0] in chaos.KINDS], backup, workers)


def print_row(title, outcomes):
    cells = [len(outcomes)] + [sum(o.verdict == v for o in outcomes) for v in VERDICTS]
    cells += [sum(bool(o.wrong) for o in outcomes), sum(o.hang for o in outcomes),
              sum(bool(o.leftovers) for o in outcomes)]
    print(f"{title:23}" + "".join(f"{cell:>10}" for cell in cells))


def main():
    backup, commands = sweep.prepare()
    streams = chaos.traffic()
    trials = choose(sys.argv[3:], lambda kind: chaos.points_of(kind, streams) if kind in chaos.KINDS
                    else sweep.KINDS[kind].points(commands))
    outcomes = []
    print(f"An update takes {commands} probe commands. {len(trials)} trials.", flush=True)
    for outcome in run_trials(trials, backup):
        outcomes.append(outcome)
        if outcome.is_bad():
            print(outcome, flush=True)
        if sys.stderr.isatty():
            print(f"\r{len(outcomes)} of {len(trials)}", end="", file=sys.stderr, flush=True)
    print(f"\n{'':23}" + "".join(
        f"{title:>10}" for title in ("runs", *VERDICTS, "wrong", "hangs", "leftovers")))
    for kind in dict.fromkeys(name for name, _ in trials):
        print_row(kind, [o for o in outcomes if o.kind == kind])
    print_row("all", outcomes)
    sys.exit(any(o.is_bad() for o in outcomes))


main()
