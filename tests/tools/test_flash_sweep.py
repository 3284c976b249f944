#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A fault at some points of an update: what stmfw-flash says of the flash is true. See sweep.py;
script/torture tries every point."""
import functools

from rig import main
from sweep import KINDS, prepare, run_trials, sample

POINTS = 10
prepared = functools.cache(prepare)


def check(*kinds):
    backup, commands = prepared()
    trials = [(kind, point) for kind in kinds
              for point in sample(KINDS[kind].points(commands), POINTS)]
    outcomes = list(run_trials(trials, backup, workers=3))
    bad = [str(outcome) for outcome in outcomes if outcome.is_bad()]
    assert not bad, "\n".join(bad)
    assert len({outcome.verdict for outcome in outcomes}) > 1, "the faults make no difference"


def test_a_probe_that_fails():
    check("error", "unplug", "hang-up")


def test_openocd_is_killed():
    check("kill-openocd")


def test_the_tool_is_killed_or_interrupted():
    check("kill-client", "interrupt", "interrupt-twice")


def test_flash_that_cannot_be_written():
    check("stuck", "write-fault")


main()
