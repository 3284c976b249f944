#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A bad way between the tools and OpenOCD: slow, in pieces, cut at some bytes, silent. What they
say is true, and the next run works. See chaos.py; script/torture tries every point."""
import functools

import chaos
from rig import main
from sweep import prepare, sample

POINTS = 12
SILENT_POINTS = 2


@functools.cache
def prepared():
    backup, _ = prepare()
    return backup, chaos.traffic()


def check(modes, count):
    backup, streams = prepared()
    trials = []
    for kind in chaos.KINDS:
        if chaos.parts(kind)[1] in modes:
            points = chaos.points_of(kind, streams)
            trials += [(kind, point) for point in sample(points, min(count, len(points)))]
    outcomes = list(chaos.run_trials(trials, backup, workers=3))
    assert len(outcomes) == len(trials)
    bad = [str(outcome) for outcome in outcomes if outcome.is_bad()]
    assert not bad, "\n".join(bad)
    return {outcome.verdict for outcome in outcomes}


def test_slow_or_in_pieces_of_any_size():
    assert check(chaos.LOSSLESS, 1) == {"new"}


def test_an_orderly_end_at_any_byte():
    assert {"unchanged", "unknown"} <= check(["drop"], POINTS)


def test_a_reset_at_any_byte():
    assert {"unchanged", "unknown"} <= check(["reset"], POINTS)


def test_an_end_in_one_direction_at_any_byte():
    assert {"unchanged", "unknown"} <= check(["half-open"], POINTS)


def test_silence_from_any_byte_on_ends_at_a_deadline():
    assert {"unchanged", "unknown"} <= check([chaos.SILENCE], SILENT_POINTS)


main()
