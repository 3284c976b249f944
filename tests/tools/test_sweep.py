#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every fault, at many points of a backup: the right class of error, no file, no hang. See rig.py."""
import concurrent.futures
import re

from rig import Rig, main, read

POINTS = 8
# connection lost or no answer; chip does not respond; proof failed
LOST, TARGET, UNPROVEN = 4, 5, 8


def commands_of_a_backup():
    with Rig() as rig:
        before = rig.stats()["commands"]
        rig.backup("x").check(0)
        return rig.stats()["commands"] - before


def one(fault, codes, seconds):
    """A backup with that fault armed just before it."""
    with Rig() as rig:
        rig.ask(f"fault {fault}")
        result = rig.backup("--json", "x", seconds=seconds)
        end = result.events()[-1]
        made = rig.files()
        where = f"{fault}: {result}"
        if made:
            # The fault came too late, or was survived: then all of it is there and true. At worst
            # the chip could not be started again, and that is told.
            assert made == ["x", "x.json"] and read(rig.path("x")) == rig.image, where
            assert result.code == 0 or (result.code in codes and "saved" in end["message"]), where
            return False
        assert result.code in codes, where
        assert end["code"] and end["message"], where
        assert len(result.err.rstrip("\n").rsplit("\n", 1)[-1]) < 1000, where
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", result.err), where
        return True


def sweep(faults, codes, seconds=30, workers=3):
    """How many of them were noticed. Each is a board and an OpenOCD of its own."""
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return sum(pool.map(lambda fault: one(fault, codes, seconds), faults))


def points(last):
    return [last * i // POINTS for i in range(POINTS)]


def test_the_probe_is_unplugged_at_any_command():
    faults = [f"unplug-after={n}" for n in points(commands_of_a_backup())]
    assert sweep(faults, (LOST, TARGET)) >= POINTS // 2


def test_the_probe_server_hangs_up_at_any_command():
    faults = [f"hangup-after={n}" for n in points(commands_of_a_backup())]
    assert sweep(faults, (LOST, TARGET)) >= POINTS // 2


def test_a_bus_fault_at_any_memory_access():
    faults = [f"fault-at={n}" for n in range(1, 20, 2)]
    assert sweep(faults, (LOST, TARGET, UNPROVEN)) >= 1


def test_a_read_fault_at_any_byte():
    faults = [f"read-fault-after={n}" for n in (0, 1, 4095, 4096, 40000, 65535)]
    assert sweep(faults, (TARGET,)) == len(faults)


def test_an_unstable_line_at_any_byte():
    faults = [f"corrupt-read={n}" for n in (0, 1, 16383, 16384, 50000, 65535)]
    assert sweep(faults, (UNPROVEN,)) >= 1


def test_a_probe_that_stalls_ends_at_a_deadline():
    # In the middle of the shortest backup: on a busy machine OpenOCD polls more often meanwhile.
    faults = [f"stall-after={n}" for n in (3, 20, commands_of_a_backup() // 4)]
    assert sweep(faults, (LOST,), seconds=75, workers=3) == len(faults)


main()
