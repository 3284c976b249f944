#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""stmfw-flash and stmfw-restore, from outside. The board's own flash is what decides. See rig.py."""
import json
import os
import signal

from rig import (SIZES, UID, Rig, main, make_image, read, rng, run, until_event)

FIRMWARE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "firmware")
BASE = 0x08000000
SECTORS = {"f103c8": [1024] * 64, "f407vg": [16384] * 4 + [65536] + [131072] * 7}
BOARDS = [(chip, driver) for chip in ("f103c8", "f407vg") for driver in ("hla", "dapdirect")]


def firmware(name):
    return os.path.join(FIRMWARE, name)


def touched(chip, start, length):
    """Offset and size of the sectors that a range lies in."""
    at = 0
    for size in SECTORS[chip]:
        if at < start + length and at + size > start:
            yield at, size
        at += size


def after_flashing(chip, old, data, offset, keep):
    """What the flash must hold then: touched sectors that differ lose what is around the image."""
    new = bytearray(old)
    for at, size in touched(chip, offset, len(data)):
        first, last = max(at, offset), min(at + size, offset + len(data))
        wanted = data[first - offset:last - offset]
        if old[first:last] == wanted:
            continue
        if not keep:
            new[at:at + size] = b"\xff" * size
        new[first:last] = wanted
    return bytes(new)


def check_success(rig, result, expected, content="new"):
    end = result.check(0).events()[-1]
    assert end["content"] == content and end["ok"], end
    assert end["planned"] == end["proven"] > 0, end
    assert rig.flash_now() == expected, result
    assert rig.stats()["running"], result


def check_untouched(rig, erases=0):
    assert rig.flash_now() == rig.image
    stats = rig.stats()
    assert sum(stats["erases"]) + stats["mass_erases"] == erases, stats
    assert stats["bytes_programmed"] == 0


# ---- what works


def test_every_format_on_every_board():
    for chip, driver in BOARDS:
        name = "blinky-f103-new" if chip == "f103c8" else "blinky-f407-new"
        data = read(firmware(name + ".bin"))
        for ending in ("bin", "hex", "elf", "srec"):
            with Rig(chip, driver=driver) as rig:
                rig.file(f"{name}.srec", srec(BASE, data).encode())
                path = f"{name}.srec" if ending == "srec" else firmware(f"{name}.{ending}")
                expected = after_flashing(chip, rig.image, data, 0, False)
                check_success(rig, rig.flash("--json", path), expected)


def test_ranges_of_every_kind():
    for chip in ("f103c8", "f407vg"):
        size = SIZES[chip]
        with Rig(chip) as rig:
            old = rig.image
            for offset, length in ((0, 1), (size - 1, 1), (0, size), (1023, 2), (size - 3, 3),
                                   (4097, 3001), (16383, 70001 if size > 65536 else 7001)):
                for keep in (False, True):
                    data = rng.randbytes(length)
                    name = rig.file("x.bin", data)
                    old = after_flashing(chip, old, data, offset, keep)
                    args = ["--keep"] if keep else []
                    check_success(rig, rig.flash("--json", "--address", hex(BASE + offset), *args,
                                                 name), old)


def test_without_a_work_area():
    """The chip cannot run our checksum: the bytes are read instead."""
    with Rig(config=["set WORKAREASIZE 0"]) as rig:
        data = rng.randbytes(3000)
        rig.file("x.bin", data)
        check_success(rig, rig.flash("--json", "x.bin"),
                      after_flashing(rig.chip, rig.image, data, 0, False))


def test_in_two_banks_at_once():
    alias = "flash bank alias virtual 0x10000000 0 0 0 $_TARGETNAME stm32f1x.flash"
    with Rig(after=[alias]) as rig:
        first, second = rng.randbytes(1500), rng.randbytes(2500)
        hex_lines = ihex([(BASE + 100, first), (0x10000000 + 0x8000 + 300, second)])
        rig.file("x.hex", hex_lines.encode())
        expected = after_flashing(rig.chip, rig.image, first, 100, False)
        expected = after_flashing(rig.chip, expected, second, 0x8000 + 300, False)
        check_success(rig, rig.flash("--json", "x.hex"), expected)


def ihex(parts):
    """The simplest Intel HEX of some ranges."""
    def record(kind, address, data):
        raw = bytes([len(data), address >> 8 & 0xff, address & 0xff, kind]) + data
        return ":" + (raw + bytes([-sum(raw) & 0xff])).hex().upper() + "\n"
    out = ""
    for address, data in parts:
        for at in range(0, len(data), 4):
            here = address + at
            out += record(4, 0, (here >> 16).to_bytes(2, "big"))
            out += record(0, here & 0xffff, data[at:at + 4])
    return out + record(1, 0, b"")


def srec(base, data):
    """The simplest S-record file of some bytes."""
    def record(kind, rest):
        raw = bytes([len(rest) + 1]) + rest
        return f"S{kind}" + (raw + bytes([~sum(raw) & 0xff])).hex().upper() + "\n"
    lines = [record(3, (base + at).to_bytes(4, "big") + data[at:at + 16])
             for at in range(0, len(data), 16)]
    return "".join(lines) + record(7, base.to_bytes(4, "big"))


def test_what_is_right_already_is_left_alone():
    for chip in ("f103c8", "f407vg"):
        with Rig(chip) as rig:
            rig.file("same.bin", rig.image)
            end = rig.flash("--json", "same.bin").check(0).events()[-1]
            assert end["content"] == "new" and end["erased_sectors"] == 0 and end["written"] == 0
            assert end["proven"] == len(rig.image)
            check_untouched(rig)


def test_one_sector_differs_and_is_erased_alone():
    for chip, number in (("f103c8", 17), ("f407vg", 7)):
        with Rig(chip) as rig:
            at = sum(SECTORS[chip][:number])
            data = bytearray(rig.image)
            data[at + 999] ^= 0xff
            rig.file("x.bin", data)
            check_success(rig, rig.flash("--json", "x.bin"), bytes(data))
            assert [i for i, n in enumerate(rig.stats()["erases"]) if n] == [number]


def test_a_blank_sector_is_not_erased():
    with Rig(image=b"\xff" * 65536) as rig:
        data = make_image(5000)
        rig.file("x.bin", data)
        check_success(rig, rig.flash("--json", "x.bin"), data + b"\xff" * (65536 - 5000))
        assert sum(rig.stats()["erases"]) == 0


def test_only_what_was_erased_is_counted():
    """Full and blank pages in turn, all written in one go."""
    page = b"\x55" * 1024 + b"\xff" * 1024
    with Rig(image=page * 32) as rig:
        data = rng.randbytes(8 * 1024)
        rig.file("x.bin", data)
        result = rig.flash("--json", "x.bin")
        check_success(rig, result, data + (page * 32)[len(data):])
        assert sum(rig.stats()["erases"]) == result.events()[-1]["erased_sectors"] == 4, result


def test_full_rewrites_everything():
    with Rig() as rig:
        rig.file("same.bin", rig.image)
        check_success(rig, rig.flash("--json", "--full", "same.bin"), rig.image)
        stats = rig.stats()
        assert stats["mass_erases"] or all(stats["erases"]), stats
        assert stats["bytes_programmed"] == len(rig.image), stats


def test_an_image_of_ff_erases():
    with Rig() as rig:
        rig.file("x.bin", b"\xff" * 2048)
        check_success(rig, rig.flash("--json", "x.bin"), b"\xff" * 2048 + rig.image[2048:])


def test_dry_run_touches_nothing():
    with Rig() as rig:
        rig.file("x.bin", rng.randbytes(1500))
        result = rig.flash("--json", "--dry-run", "x.bin").check(0)
        plan = [e for e in result.events() if e["event"] == "plan"][0]
        assert [s["action"] for s in plan["sectors"]] == ["rewrite", "rewrite"], plan
        assert plan["erase"] == plan["write"] == 2 and plan["image_bytes"] == 1500, plan
        assert plan["sectors"][1]["around_bytes"] == plan["around_bytes"] > 500, plan
        assert result.events()[-1]["content"] == "unchanged"
        check_untouched(rig)
        text = rig.flash("--dry-run", "x.bin").check(0, "was reset and is no longer halted")
        assert "0x08000000" in text.out and "LOST" in text.out, text


def test_after_halt():
    with Rig() as rig:
        rig.file("x.bin", make_image(3000))
        rig.flash("--after", "halt", "x.bin").check(0, "halted")
        assert rig.stats()["halted"]


# ---- what must not begin


def refused(rig, code, *words, args=()):
    result = rig.flash(*args).check(code, *words)
    assert "Nothing was erased or written" in result.err, result
    check_untouched(rig)
    assert rig.stats()["running"]
    return result


def test_beyond_the_end_of_flash():
    with Rig() as rig:
        rig.file("x.bin", rng.randbytes(87 * 1024))
        refused(rig, 7, "0x08010000 \\+ 23552 bytes", args=["x.bin"])


def test_a_section_in_ram():
    with Rig() as rig:
        rig.file("x.hex", ihex([(BASE, b"1234"), (0x20000000, b"5678")]).encode())
        refused(rig, 7, "0x20000000 \\+ 4 bytes", args=["x.hex"])


def test_memory_that_can_be_written_once():
    with Rig("f407vg") as rig:
        rig.file("x.bin", b"\x12" * 64)
        for args in ((), ("--dry-run",)):
            refused(rig, 11, "programmed once", args=["--address", "0x1fff7800", *args, "x.bin"])


def test_no_such_bank():
    with Rig() as rig:
        rig.file("x.bin", b"1234")
        refused(rig, 7, "no flash bank 5", args=["--bank", "5", "x.bin"])


def test_read_protection():
    with Rig(board=("--fault", "rdp")) as rig:
        rig.file("x.bin", make_image(3000))
        rig.flash("x.bin").check(6, "[Rr]ead protection is on \\(RDP level 1\\)", "ERASES",
                                 "Nothing was erased or written", "--unprotect")
        check_untouched(rig)


def test_read_protection_is_removed_if_asked():
    for chip, driver in BOARDS:
        with Rig(chip, driver=driver, board=("--fault", "rdp")) as rig:
            data = make_image(3000)
            rig.file("x.bin", data)
            rig.flash("--dry-run", "--unprotect", "x.bin").check(
                6, "dry run ends here", "Nothing was erased", "Without --dry-run .* ERASES")
            check_untouched(rig)
            rig.flash("--backup", "y", "--unprotect", "x.bin").check(2, "cannot be saved")
            check_untouched(rig)
            result = rig.flash("--json", "--unprotect", "x.bin")
            check_success(rig, result, data + b"\xff" * (SIZES[chip] - len(data)))
            end = result.events()[-1]
            assert end["unprotected"] is True and "chip was erased" in end["message"], end
            assert json.loads(rig.info("--json").check(0).out)["chip"]["read_protection"] == "off"


def test_read_protection_stays_if_the_image_does_not_fit():
    for chip, driver in BOARDS:
        with Rig(chip, driver=driver, board=("--fault", "rdp")) as rig:
            resets = rig.stats()["resets"]
            rig.file("x.bin", rng.randbytes(SIZES[chip] + 5))
            rig.file("x.hex", ihex([(BASE, b"1234"), (0x20000000, b"5678")]).encode())
            end = "0x08010000" if chip == "f103c8" else "0x08100000"
            for args, where in (["x.bin"], f"{end} \\+ 5 bytes"), (["x.hex"], "0x20000000 \\+ 4"):
                result = rig.flash("--json", "--unprotect", *args).check(
                    7, where, "protection was not removed", "Nothing was erased or written", UID)
                assert result.events()[-1]["unprotected"] is False, result
            check_untouched(rig)
            rig.flash("--bank", "7", "--unprotect", "x.bin").check(7, "no flash bank 7")
            check_untouched(rig)
            assert rig.stats()["resets"] == resets
            assert json.loads(rig.info("--json").check(0).out)["chip"]["read_protection"] != "off"


def test_nothing_is_erased_for_a_protection_that_is_off():
    with Rig() as rig:
        data = make_image(3000)
        rig.file("x.bin", data)
        result = rig.flash("--json", "--unprotect", "x.bin")
        check_success(rig, result, after_flashing(rig.chip, rig.image, data, 0, False))
        end = result.events()[-1]
        assert end["unprotected"] is False and "no read protection" in end["message"], end
        assert "erased itself" not in result.err, result


def test_write_protection():
    for chip, first in (("f103c8", 4), ("f407vg", 1)):
        with Rig(chip, board=("--fault", f"wrp={first}-{first + 3}")) as rig:
            at = sum(SECTORS[chip][:first])
            rig.file("x.bin", rng.randbytes(at + 100))
            result = refused(rig, 6, f"0x{BASE + at:08x}", "write protected", "--unlock",
                             args=["x.bin"])
            assert "option unlock" not in result.err, result


def test_write_protection_is_removed_if_asked():
    for chip, driver in BOARDS:
        first = 4 if chip == "f103c8" else 1
        with Rig(chip, driver=driver, board=("--fault", f"wrp={first}-{first + 3}")) as rig:
            at = sum(SECTORS[chip][:first])
            data = make_image(at + 100)
            rig.file("x.bin", data)
            count = len([n for n, (at, _) in enumerate(touched(chip, 0, len(data))) if n >= first])
            result = rig.flash("--dry-run", "--unlock", "x.bin").check(0)
            assert f"{count} sector" in result.err and "stays removed" in result.err, result
            check_untouched(rig)
            result = rig.flash("--json", "--unlock", "x.bin")
            check_success(rig, result, after_flashing(chip, rig.image, data, 0, False))
            end = result.events()[-1]
            assert end["unlocked"] == count and "stays removed" in end["message"], end
            end = rig.flash("--json", "--unlock", "x.bin").check(0).events()[-1]
            assert end["unlocked"] == 0 and "removed" not in end["message"], end


def test_what_cannot_start_is_not_said_to_run():
    for chip in ("f103c8", "f407vg"):
        with Rig(chip) as rig:
            rig.file("good.bin", make_image(3000))
            result = rig.flash("good.bin").check(0, "was reset and runs it")
            assert "will not start" not in result.err, result
            rig.backup("x").check(0, "runs its firmware again")
            for bad in (b"\xff" * 2048, b"\0" * 2048, rng.randbytes(4) + b"\x02\0\0\x08" * 20):
                rig.file("bad.bin", bad)
                result = rig.flash("bad.bin").check(0, "was reset and is no longer halted")
                assert "warning: the chip will not start this image" in result.err, result
                assert "no longer halted" in rig.backup("--force", "x").err
            rig.file("app.bin", rng.randbytes(100))
            result = rig.flash("--address", hex(BASE + 0x4000), "app.bin").check(0)
            assert "will not start" not in result.err and "runs" not in result.err, result


def test_only_what_must_change_is_unlocked():
    """Sector 2 lies between two that change, and nobody asked for it."""
    with Rig("f407vg", board=("--fault", "wrp=1-3")) as rig:
        rig.file("x.hex", ihex([(BASE + 0x4000, b"1234"), (BASE + 0xc000, b"5678")]).encode())
        rig.flash("--unlock", "x.hex").check(0)
        bank = json.loads(rig.info("--json").check(0).out)["banks"][0]
        assert [s["protected"] for s in bank["sectors"][:5]] == [False, False, True, False, False]


def test_a_damaged_image():
    with Rig() as rig:
        rig.file("x.hex", b":0400000001020304F3\n:00000001FF\n")
        rig.flash("x.hex").check(9, "x.hex:1", "not touched")
        check_untouched(rig)


def test_nothing_to_flash():
    with Rig() as rig:
        rig.file("empty.bin", b"")
        rig.flash("empty.bin").check(9, "empty.bin", "not touched")
        rig.flash(".").check(9, "not touched")
        check_untouched(rig)


def test_the_backup_cannot_be_saved():
    with Rig() as rig:
        rig.file("x.bin", make_image(3000))
        rig.file("old.bin", b"mine")
        rig.flash("--backup", "old.bin", "x.bin").check(9, "old.bin")
        rig.flash("--backup", "no/such/folder", "x.bin").check(9)
        check_untouched(rig)
        assert read(rig.path("old.bin")) == b"mine"


def test_a_backup_does_not_replace_what_is_needed():
    with Rig() as rig:
        new = make_image(3000)
        rig.file("new.elf", read(firmware("blinky-f103-new.elf")))
        rig.file("new.bin", new)
        os.symlink("new.bin", rig.path("link"))
        for image, backup in (("new.bin", "new.bin"), ("new.bin", "./new.bin"), ("link", "new.bin"),
                              ("new.bin", rig.path("new.bin")), ("new.elf", "new.elf")):
            rig.flash(image, "--backup", backup, "--force").check(2, "would replace", "another name")
        rig.file("x.part", new)
        rig.flash("x.part", "--backup", "x", "--force").check(2, "would replace")
        assert read(rig.path("new.bin")) == read(rig.path("x.part")) == new
        rig.backup("old.bin").check(0)
        manifest = read(rig.path("old.bin.json"))
        rig.flash("new.bin", "--backup", "old.bin.json", "--force").check(9, "manifest of .old.bin")
        rig.backup("old.bin.json", "--force").check(9, "manifest of .old.bin")
        assert read(rig.path("old.bin.json")) == manifest
        check_untouched(rig)
        rig.backup("alone.json").check(0)


# ---- backup and restore


def test_backup_flash_restore():
    for chip, driver in BOARDS:
        with Rig(chip, driver=driver) as rig:
            data = make_image(9000)
            rig.file("new.bin", data)
            result = rig.flash("--json", "--backup", "old.bin", "new.bin").check(0)
            files = result.events()[-1]["files"]
            assert [f["file"] for f in files] == ["old.bin"] and files[0]["chip"]["uid"] == UID
            assert read(rig.path("old.bin")) == rig.image
            assert rig.flash_now() == after_flashing(chip, rig.image, data, 0, False)
            check_success(rig, rig.restore("--json", "old.bin"), rig.image)
            assert rig.files() == ["new.bin", "old.bin", "old.bin.json"]


def test_restore_of_what_is_there_changes_nothing():
    with Rig() as rig:
        rig.backup("old.bin").check(0)
        rig.restore("old.bin").check(0, "proven", "64 right already")
        check_untouched(rig)


def changed_manifest(rig, **changes):
    manifest = json.loads(read(rig.path("old.bin.json")))
    for key, value in changes.items():
        if key in manifest["chip"]:
            manifest["chip"][key] = value
        else:
            manifest[key] = value
    rig.file("old.bin.json", json.dumps(manifest).encode())


def test_restore_refuses_what_is_not_the_backup():
    with Rig() as rig:
        rig.backup("old.bin").check(0)
        good = read(rig.path("old.bin.json"))
        rig.file("old.bin", rig.image[:-1] + bytes([rig.image[-1] ^ 1]))
        rig.restore("old.bin").check(8, "not what was backed up", "not touched")
        rig.file("old.bin", rig.image[:-1])
        rig.restore("old.bin").check(8, "not what was backed up")
        rig.file("old.bin", rig.image)
        for broken in (b"", b"[]", b"{", b'{"sha256": 5}', good[:-30]):
            rig.file("old.bin.json", broken)
            rig.restore("old.bin").check(9, "old.bin.json")
        rig.file("old.bin.json", b"{")
        rig.restore("old.bin").check(9, "no manifest of stmfw-backup .line 1")
        rig.restore("old.bin.json").check(9, "is the manifest", "Say: stmfw-restore old.bin$")
        os.unlink(rig.path("old.bin.json"))
        result = rig.restore("old.bin").check(9, "old.bin.json.: the manifest is missing")
        assert result.err.count("old.bin.json") == 1, result
        result = rig.restore("missing.bin").check(9, "missing.bin.: there is no such backup")
        assert result.err.count("missing.bin") == 1, result
        check_untouched(rig)


def test_restore_knows_its_board():
    with Rig() as rig:
        rig.backup("old.bin").check(0)
        new = make_image(4000)
        rig.file("new.bin", new)
        rig.flash("new.bin").check(0)
        changed = rig.flash_now()
        changed_manifest(rig, uid="00" * 12)
        result = rig.restore("old.bin").check(14, "another board", UID, "--other-board")
        assert "Nothing was erased or written" in result.err
        changed_manifest(rig, device_id="0x413", uid=UID)
        rig.restore("--other-board", "old.bin").check(14, "another kind of chip")
        assert rig.flash_now() == changed
        changed_manifest(rig, device_id="0x410", uid="00" * 12)
        check_success(rig, rig.restore("--json", "--other-board", "old.bin"), rig.image)


def test_restore_on_a_read_protected_chip():
    with Rig() as rig:
        rig.backup("old.bin").check(0)
        rig.protect("lock").check(0)
        result = rig.restore("old.bin").check(6, "stmfw-protect unlock --yes --erase-chip",
                                              "then repeat")
        assert "--unprotect" not in result.err, result
        rig.protect("unlock", "--yes", "--erase-chip").check(0)
        check_success(rig, rig.restore("--json", "old.bin"), rig.image)


def test_restore_asks_before_a_blank_backup():
    with Rig(image=b"\xff" * 65536) as rig:
        rig.backup("old.bin").check(10)
        rig.file("new.bin", make_image(4000))
        rig.flash("new.bin").check(0)
        rig.restore("old.bin").check(10, "does not look like firmware", "--force")
        check_success(rig, rig.restore("--json", "--force", "old.bin"), rig.image)


# ---- when it goes wrong on the way


def test_a_stuck_cell_and_the_old_firmware_is_back():
    """The cell holds what the old firmware needs: so that can be put back, and is."""
    with Rig(board=("--fault", f"stuck={hex(BASE + 2048 + 5)}:0")) as rig:
        old = rig.flash_now()
        rig.file("x.bin", b"\xa5" * 6144)
        result = rig.flash("--json", "x.bin")
        end = result.check(8, "0x08000805").events()[-1]
        now = rig.flash_now()
        if old[2048 + 5] == 0:
            assert end["content"] == "old" and now == old, result
        else:
            assert end["content"] in ("old", "mixed"), result
        assert end["retries"] >= 2, end


def test_a_write_fault_and_the_old_firmware_is_back():
    for keep in ((), ("--keep",)):
        with Rig() as rig:
            rig.ask("fault write-fault-after=3000")
            rig.file("x.bin", rng.randbytes(6144))
            process = rig.begin("stmfw-flash", "--json", *keep, "x.bin")
            until_event(process, lambda e: e["event"] == "progress" and e["step"] == "erase")
            out, err = process.communicate(timeout=60)
            end = json.loads(out.splitlines()[-1])
            now = rig.flash_now()
            assert process.returncode != 0 or end["content"] == "new", err
            if end["content"] == "old":
                assert now == rig.image, err


def is_writing(event):
    return event["event"] == "progress" and event["step"] in ("erase", "write")


def test_ctrl_c_puts_the_old_content_back():
    with Rig("f407vg", board=("--latency-us", "3000")) as rig:
        rig.file("x.bin", make_image(1 << 20))
        process = rig.begin("stmfw-flash", "--json", "x.bin")
        until_event(process, is_writing)
        process.send_signal(signal.SIGINT)
        rig.ask("latency 100")  # it was slow only so that this came in time
        out, err = process.communicate(timeout=60)
        end = json.loads(out.splitlines()[-1])
        assert process.returncode == 130 and end["content"] == "old", (end, err)
        assert b"will be put back" in err and UID.encode() in err, err
        assert "no longer halted" in end["message"], end
        assert rig.flash_now() == rig.image
        assert rig.stats()["running"]


def test_a_closed_terminal_puts_the_old_content_back():
    with Rig("f407vg", board=("--latency-us", "3000")) as rig:
        rig.file("x.bin", make_image(1 << 20))
        process = rig.begin("stmfw-flash", "--json", "x.bin", # also if we run under nohup
                            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
        until_event(process, is_writing)
        process.send_signal(signal.SIGHUP)
        rig.ask("latency 100")  # it was slow only so that this came in time
        out, err = process.communicate(timeout=60)
        end = json.loads(out.splitlines()[-1])
        assert process.returncode == 143 and end["content"] == "old", (end, err)
        assert rig.flash_now() == rig.image and rig.stats()["running"]


def test_nohup():
    with Rig("f407vg", board=("--latency-us", "300")) as rig:
        data = make_image(300000)
        rig.file("x.bin", data)
        process = rig.begin("stmfw-flash", "--json", "x.bin",
                            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        until_event(process, is_writing)
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=60)
        assert process.returncode == 0 and rig.flash_now()[:len(data)] == data


def test_ctrl_c_before_anything_was_changed():
    with Rig("f407vg", board=("--latency-us", "300")) as rig:
        rig.file("x.bin", make_image(1 << 20))
        process = rig.begin("stmfw-flash", "--json", "x.bin")
        until_event(process, lambda e: e["event"] == "progress" and e["step"] == "read")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        end = json.loads(out.splitlines()[-1])
        assert process.returncode == 130 and end["content"] == "unchanged", end
        assert b"nothing has been changed yet" in err and b"put back" not in err, err
        assert "no longer halted" in end["message"] and UID in end["message"], end
        check_untouched(rig)


def test_a_second_ctrl_c_stops_at_once_and_says_so():
    with Rig("f407vg", board=("--latency-us", "1000")) as rig:
        rig.file("x.bin", make_image(1 << 20))
        process = rig.begin("stmfw-flash", "--json", "x.bin")
        until_event(process, is_writing)
        process.send_signal(signal.SIGINT)
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        end = json.loads(out.splitlines()[-1])
        assert process.returncode == 130 and end["content"] == "unknown", (end, err)
        assert end["open"] and end["open"][0]["address"].startswith("0x08"), end
        assert b"stmfw-flash" in err and b"may still be halted" in err, err


def test_ctrl_c_when_all_is_written_is_too_late():
    with Rig("f407vg", board=("--latency-us", "300")) as rig:
        data = make_image(1 << 20)
        rig.file("x.bin", data)
        process = rig.begin("stmfw-flash", "--json", "x.bin")
        seen = until_event(process, lambda e: e["event"] == "progress" and e["step"] == "prove")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        end = json.loads((seen + out).splitlines()[-1])
        assert process.returncode == 0 and end["content"] == "new", (end, err)
        if b"Stopping" in err or b"being proven" in err:
            assert b"will end by itself" in err and b"put back" not in err, err
            assert "complete before it could be stopped" in end["message"], end
        assert rig.flash_now() == data


# ---- the command line


def test_usage():
    for args, words in (([], "Which image"), (["a", "b"], "b"), (["--type", "x", "a"], "--type"),
                        (["--address", "x", "a"], "--address"), (["--after", "x", "a"], "--after"),
                        (["--bank", "x", "a"], "--bank"), (["--backup", "", "a"], "--backup")):
        run("stmfw-flash", *args).check(2, words)
    for args, words in (([], "Which backup"), (["--after", "x", "a"], "--after")):
        run("stmfw-restore", *args).check(2, words)
    run("stmfw-flash", "/no/such/file").check(9, "/no/such/file")


main()
