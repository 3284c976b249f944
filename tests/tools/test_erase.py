#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""stmfw-erase and stmfw-protect, held against the board's own flash. See rig.py."""
import json
import re
import signal
import time

from rig import SIZES, UID, Rig, finish, main, make_image, run, wait_until

SETUPS = [("f103c8", "hla"), ("f103c8", "dap"), ("f407vg", "hla"), ("f407vg", "dap")]
FIRST = {"f103c8": 1 << 10, "f407vg": 16 << 10}  # bytes of the first sectors
GROUP = {"f103c8": 4, "f407vg": 1}  # sectors that are protected together
BOARD = rf"STM32F\S+ .*UID {UID}, OpenOCD at 127\.0\.0\.1:\d+"


def blanked(image, first, end):
    return image[:first] + b"\xff" * (end - first) + image[end:]


def check_untouched(rig, resets):
    stats = rig.stats()
    assert rig.flash_now() == rig.image and stats["resets"] == resets and stats["running"], stats


# ---- stmfw-erase


def test_erase_asks_first_and_touches_nothing():
    with Rig(image=make_image(5000) + b"\xff" * (65536 - 5000)) as rig:
        before = rig.stats()["resets"]
        for args, words in ((["--all"], ["sectors 0 to 63", "64 KiB", r"\b49\d\d bytes"]),
                            (["--sectors", "2-3"], ["0x08000800 to 0x08000fff", r"\b20\d\d bytes"]),
                            (["--range", "0x08008000+2K"], ["sectors 32 to 33", "blank already"])):
            result = rig.erase(*args).check(2, *words, "Nothing was touched", "--yes",
                                            "stmfw-backup", BOARD)
            assert result.out == "", result
            check_untouched(rig, before)
        end = rig.erase("--all", "--json").check(2).events()[-1]
        assert end["code"] == "USAGE" and end["erase"]["outcome"] == "nothing", end
        assert end["erase"]["length"] == 65536 and 4900 < end["erase"]["not_blank"] <= 5000, end


def test_erase_sectors():
    for chip, driver in SETUPS:
        with Rig(chip, driver=driver) as rig:
            size = FIRST[chip]
            rig.erase("--sectors", "1-2", "--yes").check(
                0, "sectors 1 to 2", "own check and by reading it back", BOARD,
                "reset and is no longer halted")
            assert rig.flash_now() == blanked(rig.image, size, 3 * size)
            assert rig.stats()["running"]
            rig.erase("--sectors", "0", "--yes", "--after", "halt").check(0, "chip is halted")
            assert rig.flash_now() == blanked(rig.image, 0, 3 * size) and rig.stats()["halted"]


def test_erase_range():
    with Rig() as rig:
        rig.erase("--range", "0x08000400-0x080007ff", "--yes").check(0)
        rig.erase("--range", "0x08001000+3K", "--yes").check(0)
        expected = blanked(blanked(rig.image, 0x400, 0x800), 0x1000, 0x1C00)
        assert rig.flash_now() == expected
        for wrong, words in (("0x08000401+1K", "0x08000400-0x08000bff"),
                             ("0x08000000-0x08000400", "0x08000000-0x080007ff"),
                             ("0x07fffc00+1K", "do not lie in flash bank 0"),
                             ("0x0800fc00+2K", "do not lie in flash bank 0")):
            for args in (["--yes"], []):
                rig.erase("--range", wrong, *args).check(7, words, "Nothing was erased", BOARD)
        rig.erase("--sectors", "64", "--yes").check(7, "which has 64, from 0 on", "Nothing")
        rig.erase("--bank", "3", "--all", "--yes").check(7, "has no flash bank 3; it has 1")
        assert rig.flash_now() == expected


def test_erase_all():
    for chip, driver in SETUPS:
        with Rig(chip, driver=driver) as rig:
            result = rig.erase("--all", "--yes", "--json").check(0)
            end = result.events()[-1]
            assert end["erase"]["outcome"] == "blank" and end["erase"]["length"] == SIZES[chip]
            assert end["erase"]["read_back"] == (chip == "f103c8") and end["chip"]["uid"] == UID
            assert "no firmware to start" in end["message"], end
            assert rig.flash_now() == b"\xff" * SIZES[chip]
            assert rig.stats()["mass_erases"] == 1


def test_one_time_memory_is_never_erased():
    with Rig("f407vg") as rig:
        before = rig.stats()["resets"]
        for args in ([], ["--yes"]):
            result = rig.erase("--bank", "1", "--all", *args).check(
                11, "never erased", "Nothing was erased", "not touched", BOARD)
            assert "may be erased" not in result.err and "to start" not in result.err, result
            check_untouched(rig, before)


def test_erase_and_write_protection():
    for chip, driver in SETUPS:
        with Rig(chip, driver=driver, board=["--fault", "wrp=0-0"]) as rig:
            before = rig.stats()["resets"]
            for args in ([], ["--yes"]):
                rig.erase("--sectors", "0-5", *args).check(6, "Sector 0 is write protected",
                                                           "Nothing was erased", "--unlock", BOARD)
                check_untouched(rig, before)
            rig.erase("--sectors", "0-5", "--unlock").check(2, "protection there would be removed")
            assert rig.flash_now() == rig.image
            end = rig.erase("--all", "--unlock", "--yes", "--json").check(0).events()[-1]
            assert end["erase"]["unlocked"] == GROUP[chip], end
            assert "protection there was removed, and stays removed" in end["message"], end
            assert rig.flash_now() == b"\xff" * SIZES[chip]


def test_erase_and_read_protection():
    with Rig(board=["--fault", "rdp"]) as rig:
        before = rig.stats()["resets"]
        for args in ([], ["--yes"]):
            rig.erase("--all", *args).check(6, r"Read protection is on \(RDP level 1\)",
                                            "Nothing was erased", "stmfw-protect unlock", BOARD)
            check_untouched(rig, before)


def test_erase_that_fails():
    with Rig(board=["--fault", "stuck=0x08000c00:0"]) as rig:
        rig.erase("--sectors", "2-4", "--yes").check(
            8, "Cannot erase the flash: sector 3 .* is not blank", "Some of the sectors may be erased",
            BOARD)
    with Rig(board=["--fault", "corrupt-read=0x0c01"]) as rig:
        rig.erase("--sectors", "2-4", "--yes").check(
            8, "reading it back finds 1 byte that is not", "blank by the chip's own check", "wires")
    with Rig(board=["--fault", "no-halt"]) as rig:
        rig.erase("--all", "--yes").check(5, "Cannot reset and halt the chip", BOARD)
        assert rig.flash_now() == rig.image


def test_erase_usage():
    for args, words in (([], "What to erase"), (["--all", "--sectors", "1"], "Only one of"),
                        (["--range", "1+1", "--all"], "Only one of"), (["--sectors", "3-2"], "3-2"),
                        (["--sectors", "x"], "x"), (["--sectors", "1-"], "1-"),
                        (["--sectors", "-1"], "-1"), (["--range", "0x100"], "0x100"),
                        (["--range", "0x100+0"], r"0x100\+0"), (["--range", "2-1"], "2-1"),
                        (["--range", "0xffffffffffffffff+2"], "0xffff"), (["--after", "x"], "x"),
                        (["--all", "x"], "too much"), (["--bank", "all", "--all"], "all")):
        run("stmfw-erase", *args).check(2, words)
        assert run("stmfw-erase", *args, "--json").check(2).events()[-1]["code"] == "USAGE"


def test_ctrl_c_does_not_leave_an_erase_unproven():
    with Rig("f407vg", board=["--latency-us", "3000"]) as rig:
        process = rig.begin("stmfw-erase", "--sectors", "0-4", "--yes", "--json")
        wait_until(lambda: sum(rig.stats()["erases"]) > 0, "the first sector is erased")
        process.send_signal(signal.SIGINT)
        result = finish(process)
        assert result.code in (0, 130), result
        blank = rig.flash_now() == blanked(rig.image, 0, 128 << 10)
        assert blank and result.events()[-1]["erase"]["outcome"] == "blank", result


# ---- stmfw-protect


def test_protect_shows():
    for chip, driver in SETUPS:
        with Rig(chip, driver=driver, board=["--fault", f"wrp=0-{GROUP[chip] - 1}"]) as rig:
            before = rig.stats()["resets"]
            for args in [], ["show"]:
                out = rig.protect(*args).check(0).out
                assert re.search(r"^read prot\. off$", out, re.M), out
                assert re.search(r" 0(-3)? +0x08000000 .* write protected$", out, re.M), out
                assert "not write protected" in out, out
            end = rig.protect("--json").check(0).events()[-1]
            assert end["chip"]["read_protection"] == "off" and end["chip"]["uid"] == UID
            assert [i for i, s in enumerate(end["banks"][0]["sectors"]) if s["protected"]] == list(
                range(GROUP[chip])), end
            check_untouched(rig, before)


def test_protect_sets_and_clears():
    for chip, driver in SETUPS:
        with Rig(chip, driver=driver) as rig:
            group = GROUP[chip]
            rig.protect("set", "--sectors", f"{group}-{3 * group - 1}").check(
                0, f"sectors {group} to {3 * group - 1} of flash bank 0 are write protected",
                "reset and is no longer halted", BOARD)
            rig.erase("--all", "--yes").check(6, f"Sector {group} is write protected")
            end = rig.protect("clear", "--sectors", f"{group}-{2 * group - 1}", "--json",
                              "--after", "halt").check(0).events()[-1]
            assert [i for i, s in enumerate(end["banks"][0]["sectors"]) if s["protected"]] == list(
                range(2 * group, 3 * group)), end
            assert rig.stats()["halted"]
            rig.protect("clear").check(0, "are not write protected")
            assert rig.flash_now() == rig.image
            rig.erase("--all", "--yes").check(0)


def test_protect_keeps_groups_together():
    with Rig() as rig:
        rig.protect("set", "--sectors", "2-5").check(
            7, "2 to 5 cannot be changed without all of 0 to 7", BOARD)
        resets = rig.stats()["resets"]
        for wrong in "60-64", "64", "99-4294967294":
            rig.protect("set", "--sectors", wrong).check(7, "which has 64", "Nothing was changed",
                                                         "not touched", BOARD)
        assert rig.stats()["resets"] == resets
        rig.protect("set", "--sectors", "4-7").check(0, "sectors 4 to 7 .* are write protected")
        assert "not write protected" in rig.protect().out
    with Rig("f407vg") as rig:
        rig.protect("set", "--sectors", "3").check(0, "shows that sector 3 .* is write protected")


def test_lock_and_unlock():
    for chip, driver in SETUPS:
        with Rig(chip, driver=driver) as rig:
            rig.protect("lock").check(0, r"Read protection is on \(RDP level 1\)", "after a reset",
                                      "switch the board off and on")
            assert rig.flash_now() == rig.image
            rig.backup("x").check(6)
            rig.protect("lock").check(0, "on .RDP level 1. already: nothing was changed")
            resets = rig.stats()["resets"]
            for words in [], ["--yes"], ["--erase-chip"]:
                rig.protect("unlock", *words).check(2, "ERASES THE WHOLE CHIP", "Nothing was touched",
                                                    "--yes --erase-chip", BOARD)
            assert rig.flash_now() == rig.image and rig.stats()["resets"] == resets
            end = rig.protect("unlock", "--yes", "--erase-chip", "--json").check(0).events()[-1]
            assert "The chip is halted" in end["message"] and rig.stats()["halted"], end
            assert "chip was erased: its flash is blank" in end["message"], end
            assert end["chip"]["read_protection"] == "off", end
            assert rig.flash_now() == b"\xff" * SIZES[chip]


def test_unlock_erases_nothing_where_nothing_is_locked():
    with Rig() as rig:
        before = rig.stats()["resets"]
        for words in [], ["--yes", "--erase-chip"]:
            result = rig.protect("unlock", *words).check(0, "off already", "nothing erased", BOARD)
            assert "halted" not in result.err, result
            check_untouched(rig, before)


def test_power_cycle():
    for chip, driver in SETUPS:
        with Rig(chip, driver=driver, board=["--fault", "options-late"]) as rig:
            rig.protect("lock").check(8, "read protection is still off", "power cycle",
                                      "[Ss]witch the board off and on, then identify", BOARD)
            assert rig.flash_now() == rig.image
            rig.ask("unplug")
            rig.ask("plug")
            assert "read prot. level 1" in rig.info().check(0).out
            rig.protect("unlock", "--yes", "--erase-chip").check(8, "still on", "off and on", BOARD)
            rig.ask("unplug")
            rig.ask("plug")
            assert "read prot. off" in rig.protect("show").check(0).out
            rig.protect("set").check(8, "is not write protected", "power cycle", BOARD)


def test_write_protection_of_a_read_protected_chip():
    with Rig(board=["--fault", "rdp"]) as rig:
        for action in "set", "clear":
            rig.protect(action).check(6, "would remove it and erase the chip", "nothing was changed",
                                      BOARD)
        assert rig.flash_now() == rig.image
        out = rig.protect().check(0).out
        assert "level 1: the flash cannot be read; removing the protection erases it" in out, out


def test_one_time_memory_is_not_protected_for_ever():
    with Rig("f407vg") as rig:
        rig.protect("set", "--bank", "1").check(11, "for ever", BOARD)
        assert "bank 1" in rig.protect("--bank", "1").check(0).out


def test_chip_that_does_not_halt():
    with Rig(board=["--fault", "no-halt"]) as rig:
        for action in ["set"], ["lock"]:
            rig.protect(*action).check(5, BOARD)
        assert "off" in rig.protect().check(0).out and rig.flash_now() == rig.image


def test_protect_usage():
    for args, words in ((["explode"], "explode"), (["set", "--sectors", "2-1"], "2-1"),
                        (["lock", "--sectors", "0-3"], "does not go with lock"),
                        (["set", "clear"], "too much"), (["--bank", "-1"], "-1"), ([""], "not under")):
        run("stmfw-protect", *args).check(2, words)
    assert json.loads(run("stmfw-protect", "x", "--json").check(2).out)["code"] == "USAGE"


def test_help_fits_the_screen():
    for tool in "stmfw-erase", "stmfw-protect":
        lines = run(tool, "--help").check(0).out.splitlines()
        assert len(lines) <= 40 and max(map(len, lines)) <= 80, (len(lines), max(map(len, lines)))


def test_ctrl_c_says_what_became_of_it():
    with Rig("f407vg", board=["--latency-us", "3000"]) as rig:
        for tool, args, words in (("stmfw-erase", ["--all", "--yes"], "Nothing was erased"),
                                  ("stmfw-protect", ["set"], "Nothing was changed")):
            resets = rig.stats()["resets"]
            process = rig.begin(tool, *args)
            wait_until(lambda n=resets: rig.stats()["resets"] > n, "the chip is reset")
            process.send_signal(signal.SIGINT)
            result = finish(process)
            assert result.code in (0, 130), result
            if result.code == 130 and rig.flash_now() == rig.image:
                result.check(130, words, "no longer halted", BOARD)
            if "protect" in tool and "write protected" in result.err:
                result.check(0, "was complete before it could be stopped")


def test_ctrl_c_while_the_server_is_silent():
    with Rig() as rig:
        rig.openocd.send_signal(signal.SIGSTOP)
        try:
            process = rig.begin("stmfw-protect", "lock", "--json")
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            finish(process).check(130, "Stopped as asked")
        finally:
            rig.openocd.send_signal(signal.SIGCONT)
        assert rig.flash_now() == rig.image


main()
