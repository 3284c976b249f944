#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tries every point of the kinds of fault that are named (else of all), and counts. See sweep.py.

usage: torture.py BOARD TOOLS [KIND | KIND:POINT]...
"""
import os
import sys

from sweep import KINDS, VERDICTS, prepare, run_trials


def choose(words, commands):
    """The trials that are asked for, as kind and point."""
    trials = []
    for word in words or KINDS:
        name, _, point = word.partition(":")
        if name not in KINDS or (point and not point.isdigit()):
            sys.exit(f"no such kind of fault: {word}; there are: {', '.join(KINDS)}")
        points = [int(point)] if point else KINDS[name].points(commands)
        trials += [(name, p) for p in points]
    return trials


def print_row(title, outcomes):
    cells = [len(outcomes)] + [sum(o.verdict == v for o in outcomes) for v in VERDICTS]
    cells += [sum(bool(o.wrong) for o in outcomes), sum(o.hang for o in outcomes),
              sum(bool(o.leftovers) for o in outcomes)]
    print(f"{title:14}" + "".join(f"{cell:>10}" for cell in cells))


def main():
    backup, commands = prepare()
    trials = choose(sys.argv[3:], commands)
    outcomes = []
    print(f"An update takes {commands} probe commands. {len(trials)} trials.", flush=True)
    for outcome in run_trials(trials, backup, workers=(os.cpu_count() or 1) + 1):
        outcomes.append(outcome)
        if outcome.is_bad():
            print(outcome, flush=True)
        if sys.stderr.isatty():
            print(f"\r{len(outcomes)} of {len(trials)}", end="", file=sys.stderr, flush=True)
    print(f"\n{'':14}" + "".join(
        f"{title:>10}" for title in ("runs", *VERDICTS, "wrong", "hangs", "leftovers")))
    for kind in dict.fromkeys(name for name, _ in trials):
        print_row(kind, [o for o in outcomes if o.kind == kind])
    print_row("all", outcomes)
    sys.exit(any(o.is_bad() for o in outcomes))


main()
