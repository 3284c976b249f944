#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""stmfw-compare, from outside: each verdict, with a chip and with two files. See rig.py."""
import hashlib
import json
import os
import pty
import re
import signal
import tempfile

from rig import (SIZES, Rig, finish, is_reading, main, make_image, read, rng, run, until_event,
                 write)

FIRMWARE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "firmware")
BASE = 0x08000000
PAGE = 1024
FF = b"\xff"
CODE = make_image(5 * PAGE + 6)


def firmware(name):
    return os.path.join(FIRMWARE, name)


def flash_with(content, chip="f103c8"):
    """A whole flash: parts at offsets, the rest blank."""
    image = bytearray(FF * SIZES[chip])
    for offset, data in content.items():
        image[offset:offset + len(data)] = data
    return bytes(image)


def changed(data, *offsets):
    new = bytearray(data)
    for offset in offsets:
        new[offset] ^= 0x55
    return bytes(new)


def swapped(data, width):
    return b"".join(data[i:i + width][::-1] for i in range(0, len(data), width))


def verdict(result, code, name):
    """The end object, which must agree with what is said and the exit code."""
    end = result.events()[-1]
    assert result.code == code and end["verdict"] == name, result
    assert end["agrees"] == (code == 0), result
    return end


def with_chip(image, code, name, chip="f103c8", data=CODE, args=(), **rig_options):
    """One comparison with a chip that holds the image; its end object."""
    with Rig(chip, image=image, **rig_options) as rig:
        rig.file("fw.bin", data)
        end = verdict(rig.compare("--json", *args, "fw.bin"), code, name)
        stats = rig.stats()
        assert rig.flash_now() == rig.image and stats["bytes_programmed"] == 0
        assert stats["running"], "the chip should run"
    return end


# ---- with a chip: it agrees


def test_longer_flash_with_an_erased_tail_agrees():
    with Rig(image=flash_with({0: CODE})) as rig:
        rig.file("fw.bin", CODE)
        result = rig.compare("fw.bin").check(
            0, "Contents agree", r"60410 bytes\) is erased \(FF\)",
            "Hashes over different lengths always differ", "runs its firmware again")
        digests = [hashlib.sha256(d).hexdigest() for d in (CODE, rig.image, CODE)]
        lines = result.out.splitlines()
        assert [line.split()[0] for line in lines[:3]] == digests, result
        assert "only 5126 bytes" in lines[2] and "the flash" in lines[2], result
        assert re.search(r"^0x08000000  ={6}\.{58}$", result.out, re.M), result
        assert "58 outside, blank" in result.out and "6 same" in result.out, result


def test_every_format_on_every_board():
    for chip, driver, name in (("f103c8", "hla", "blinky-f103-new"),
                               ("f103c8", "dapdirect", "blinky-f103-new"),
                               ("f407vg", "hla", "blinky-f407-new"),
                               ("f407vg", "dapdirect", "blinky-f407-new")):
        image = flash_with({0: read(firmware(name + ".bin"))}, chip)
        with Rig(chip, image=image, driver=driver) as rig:
            for ending in "bin", "hex", "elf":
                end = verdict(rig.compare("--json", firmware(f"{name}.{ending}")), 0, "same-blank")
                assert end["expected"]["type"] == ending
                assert len(end["cells"]) == (64 if chip == "f103c8" else 12)


def test_whole_flash_is_the_same():
    image = make_image(SIZES["f103c8"])
    end = with_chip(image, 0, "same", data=image)
    assert end["compared"] == end["found_bytes"] == 65536 and end["span_total"] == 0


def test_older_data_behind_it():
    with Rig(image=flash_with({0: CODE, 60000: b"old"})) as rig:
        rig.file("fw.bin", CODE)
        end = verdict(rig.compare("--json", "fw.bin"), 0, "same-other")
        assert end["extra"] - end["extra_blank"] == 3
        result = rig.compare("fw.bin").check(0, "Behind it are 3 bytes of other data, first at "
                                                 "0x0800ea60")
        assert re.search(r"^0x08000000  ={6}\.{52}\+\.{5}$", result.out, re.M), result


# ---- with a chip: it differs


def test_different_bytes_are_shown():
    with Rig(image=flash_with({0: changed(CODE, 0x234, 0x235, 0x1000)})) as rig:
        rig.file("fw.bin", CODE)
        byte = CODE[0x234]
        result = rig.compare("fw.bin").check(
            1, "3 of 5126 bytes differ, in 2 places, first at 0x08000234",
            f"the flash {byte ^ 0x55:02x}, \"fw.bin\" {byte:02x}", "runs its firmware again")
        file, flash, marks = (line for line in result.out.split("\n\n")[2].splitlines()[:3])
        assert file.startswith("0x08000230  file   " + CODE[0x230:0x240].hex(" ")), result
        assert flash.startswith(" " * 12 + "flash  " + rig.image[0x230:0x240].hex(" ")), result
        assert marks.rstrip() == " " * 19 + 3 * 4 * " " + "^^ ^^", result
        assert re.search(r"^0x08000000  #===#=\.{58}$", result.out, re.M), result
        end = verdict(rig.compare("--json", "fw.bin"), 1, "different")
        assert end["differing"] == 3 and end["span_total"] == 2
        assert end["spans"][0] == {"address": "0x08000234", "length": 2,
                                   "expected": CODE[0x234:0x236].hex(),
                                   "found": rig.image[0x234:0x236].hex()}, end["spans"]
        assert [i for i, c in enumerate(end["cells"]) if c["state"] == "differs"] == [0, 4]


def test_blank_chip():
    end = with_chip(flash_with({}), 1, "blank")
    assert "only FF" in end["message"] and end["differing"] == len(CODE) - CODE.count(FF)


def test_shifted():
    end = with_chip(flash_with({0x4000: CODE}), 1, "shifted")
    assert end["shift"] == 0x4000 and "at 0x08004000" in end["message"], end
    end = with_chip(flash_with({0: CODE}), 1, "shifted", args=["--address", "0x08004000"])
    assert end["shift"] == -0x4000, end


def test_swapped():
    data = CODE + b"\xff\xff"
    for width, name in ((2, "swapped-16"), (4, "swapped-32")):
        with_chip(flash_with({0: swapped(data, width)}), 1, name, data=data)


def test_gaps():
    data = CODE[:2000] + bytes(500) + CODE[2500:]
    flash = flash_with({0: CODE[:2000], 2500: CODE[2500:]})
    assert "1 place (500 bytes)" in with_chip(flash, 1, "gaps", data=data)["message"]


def test_whole_sectors():
    old = rng.randbytes(2 * PAGE)
    end = with_chip(flash_with({0: CODE, PAGE: old}), 1, "sectors")
    assert "2 sectors, first at 0x08000400, something else" in end["message"], end
    end = with_chip(flash_with({0: CODE, PAGE: FF * PAGE}), 1, "sectors")
    assert "1 sector, first at 0x08000400, blank" in end["message"], end
    assert end["cells"][1]["state"] == "found-blank"


def test_write_protected_sectors():
    with_chip(flash_with({0: changed(CODE, 4100)}), 1, "protected", board=["--fault", "wrp=4-7"])
    with_chip(flash_with({0: changed(CODE, 4000)}), 1, "different", board=["--fault", "wrp=4-7"])


def test_unstable_connection():
    with Rig(image=flash_with({0: CODE})) as rig:
        rig.file("fw.bin", CODE)
        rig.ask("fault corrupt-read=1234")
        result = rig.compare("--json", "fw.bin")
        end = verdict(result, 8, "unstable")
        assert end["unstable"] == {"address": "0x080004d2", "length": 1, "bytes": 1}, end
        result.check(8, "Two reads of the flash differ in 1 byte, first at 0x080004d2", "wires",
                     "runs its firmware again")
        rig.ask("clear")
        rig.compare("fw.bin").check(0)


def test_in_two_banks():
    otp = bytes.fromhex("0123456789abcdef")
    with Rig("f407vg", image=flash_with({0: CODE}, "f407vg")) as rig:
        lines = [":020000040800F2"]
        for address, data in ((BASE, CODE), (0x1fff7800, otp)):
            for at in range(0, len(data), 16):
                here, part = address + at, data[at:at + 16]
                for kind, low, raw in ((4, 0, (here >> 16).to_bytes(2, "big")),
                                       (0, here & 0xffff, part)):
                    body = bytes([len(raw), low >> 8, low & 0xff, kind]) + raw
                    lines.append(":" + (body + bytes([-sum(body) & 0xff])).hex())
        rig.file("fw.hex", "\n".join([*lines, ":00000001FF", ""]).encode())
        end = verdict(rig.compare("--json", "fw.hex"), 1, "sectors")
        assert end["differing"] == 8 and end["spans"][0]["address"] == "0x1fff7800", end
        assert end["found_bytes"] > SIZES["f407vg"], end


# ---- with a chip: it cannot tell


def test_read_protected_chip():
    with Rig(board=["--fault", "rdp"]) as rig:
        rig.file("fw.bin", CODE)
        resets = rig.stats()["resets"]
        result = rig.compare("--json", "fw.bin").check(6, "Read protection is on")
        assert "verdict" not in result.events()[-1] and rig.stats()["resets"] == resets


def test_image_that_does_not_fit():
    with Rig() as rig:
        rig.file("fw.bin", make_image(SIZES["f103c8"] + 100))
        resets = rig.stats()["resets"]
        rig.compare("fw.bin").check(7, "does not fit: its 100 bytes from 0x08010000 to 0x08010063",
                                     "no flash bank", "The chip was not touched")
        rig.compare("--address", "0x20000000", "fw.bin").check(7, "from 0x20000000")
        rig.compare("--bank", "7", "fw.bin").check(7, "no flash bank 7")
        assert rig.stats()["resets"] == resets and rig.stats()["running"]


def test_legend_of_two_files():
    with Rig() as rig:
        rig.file("a.bin", CODE + b"\x11" * 4096)
        rig.file("b.bin", CODE)
        out = rig.compare("a.bin", "b.bin").check(1).out
        assert 'missing in "b.bin"' in out and "not read" not in out, out


def test_no_openocd():
    result = run("stmfw-compare", "--openocd", "127.0.0.1:1", firmware("blinky-f103-new.hex"))
    result.check(3, "127.0.0.1:1")


def test_probe_that_is_gone():
    with Rig(image=flash_with({0: CODE})) as rig:
        rig.file("fw.bin", CODE)
        rig.ask("unplug")
        assert rig.compare("fw.bin").check(rig.compare("fw.bin").code, "Cannot").code in (4, 5, 12)


# ---- how it leaves the chip


def test_after():
    with Rig(image=flash_with({0: CODE})) as rig:
        rig.file("fw.bin", CODE)
        rig.compare("--after", "halt", "fw.bin").check(0, "is halted")
        assert rig.stats()["halted"]
        rig.compare("--after", "reset", "fw.bin").check(0, "runs its firmware again")
        assert rig.stats()["running"]


def test_ctrl_c():
    for how, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        with Rig("f407vg", board=["--latency-us", "2000"]) as rig:
            rig.file("fw.bin", CODE)
            process = rig.begin("stmfw-compare", "--json", "fw.bin")
            seen = until_event(process, is_reading)
            process.send_signal(how)
            finish(process, seen).check(code, "Stopped as asked", "no longer halted")
            assert rig.stats()["running"]


# ---- two files


class Folder:
    """A folder with files, and the tool in it, without any OpenOCD."""

    def __init__(self, **contents):
        self.private = tempfile.TemporaryDirectory(prefix="tools-test-")
        self.contents = contents

    def __enter__(self):
        for name, data in self.contents.items():
            write(os.path.join(self.private.name, name), data)
        return self

    def __exit__(self, *_):
        self.private.cleanup()

    def compare(self, *args, **how):
        return run("stmfw-compare", *args, cwd=self.private.name, **how)

    def verdict(self, code, name, *args):
        return verdict(self.compare("--json", *args), code, name)


def test_two_files_of_different_formats():
    for name in "blinky-f103-new", "blinky-f407-new":
        endings = [firmware(f"{name}.{ending}") for ending in ("bin", "hex", "elf")]
        for first in endings:
            for second in endings:
                result = run("stmfw-compare", first, second).check(0, "The contents are the same")
                assert len({line.split()[0] for line in result.out.splitlines()[:2]}) == 1


def test_verdicts_about_two_files():
    odd = CODE + b"\xff\xff"
    gap = CODE[:2000] + bytes(500) + CODE[2500:]
    with Folder(a=CODE, same=CODE, tail=CODE + FF * 1000, zeros=CODE + bytes(10),
                more=CODE + b"data", head=b"\x00" * 16 + CODE, cut=CODE[16:],
                blank=FF * len(CODE), one=changed(CODE, 99), odd=odd,
                swap=swapped(odd, 2), reverse=swapped(odd, 4), gap=gap,
                filled=CODE[:2000] + FF * 500 + CODE[2500:]) as f:
        for code, name, first, second in (
                (0, "same", "a", "same"), (0, "same-blank", "a", "tail"),
                (0, "same-blank", "tail", "a"), (0, "same-filled", "a", "zeros"),
                (0, "same-filled", "zeros", "a"), (0, "same-other", "a", "more"),
                (1, "different", "more", "a"), (1, "shifted", "a", "head"),
                (1, "shifted", "a", "cut"), (1, "blank", "a", "blank"),
                (1, "different", "a", "one"), (1, "swapped-16", "odd", "swap"),
                (1, "swapped-32", "odd", "reverse"), (1, "gaps", "gap", "filled"),
                (1, "gaps", "filled", "gap")):
            f.verdict(code, name, first, second)
        assert f.verdict(1, "shifted", "a", "cut")["shift"] == -16
        assert "4 bytes of \"more\" are not in \"a\"" in f.verdict(1, "different", "more", "a")[
            "message"]
        f.compare("one", "a").check(1, "1 of 5126 bytes differ.*\"a\" .., \"one\" ..")


def test_binary_goes_where_the_other_file_is():
    data = read(firmware("blinky-f103-new.bin"))
    with Folder(dump=data + FF * 5000) as f:
        elf = firmware("blinky-f103-new.elf")
        assert f.verdict(0, "same-blank", "dump", elf)["digests"][0]["address"] == "0x08000000"
        f.verdict(1, "shifted", "--address", "0x08000100", "dump", elf)
        f.verdict(0, "same-blank", "--address", "0x08000000", elf, "dump")


def test_type_is_what_the_user_says():
    text = read(firmware("blinky-f103-new.hex"))
    with Folder(a=text, b=text[:-5]) as f:
        f.verdict(0, "same-other", "--type", "bin", "--type2", "bin", "b", "a")
        f.compare("a", "b").check(9, r"^stmfw-compare: b:\d+: ")
        f.compare("--type", "elf", "a", "b").check(9, "no ELF file")


def test_files_that_cannot_be_read():
    with Folder(empty=b"", a=CODE) as f:
        os.mkfifo(os.path.join(f.private.name, "pipe"))
        for name, words in (("empty", "empty"), ("none", "No such file"), (".", "directory"),
                            ("pipe", "no regular file")):
            f.compare(name, "a").check(9, words)
            end = f.compare("--json", "a", name).check(9, words).events()[-1]
            assert "verdict" not in end, end


def test_wrong_command_lines():
    with Folder(a=CODE) as f:
        for args in ([], ["a", "a", "a"], ["--type", "x", "a"], ["--bank", "x", "a"],
                     ["--address", "x", "a"], ["--after", "x", "a"], ["--nonsense", "a"],
                     ["--type2", "bin", "a"],
                     ["--address", "0", firmware("blinky-f103-new.elf")]):
            f.compare(*args).check(2)
            f.compare("--json", *args).check(2).events()


def test_colours_only_on_a_terminal_that_wants_them():
    with Folder(a=CODE, b=changed(CODE, 99)) as f:
        def on_terminal(**env):
            ours, theirs = pty.openpty()
            f.compare("a", "b", stdout=theirs, env=env)
            os.close(theirs)
            seen = b""
            try:
                while piece := os.read(ours, 4096):
                    seen += piece
            except OSError:
                pass
            os.close(ours)
            return seen
        assert b"\033[31m#" in on_terminal(TERM="xterm")
        assert b"\033" not in on_terminal(TERM="xterm", NO_COLOR="1")
        assert b"\033" not in on_terminal(TERM="dumb")
        assert "\033" not in f.compare("a", "b", env={"TERM": "xterm"}).out


def test_quiet_and_names_that_are_strange():
    name = "a \x1b[31m\n{b}"
    with Folder(**{name: CODE, "b": CODE}) as f:
        assert f.compare("--quiet", name, "b").check(0).err == ""
        result = f.compare(name, "b")
        assert "\x1b" not in result.out + result.err and "\\x1b[31m\\x0a{b}" in result.out
        json.loads(f.compare("--json", name, "b").check(0).out)


main()
