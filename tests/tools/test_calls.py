#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The small programs of examples/calls/, held against the board's own flash. See rig.py."""
import os

from rig import Rig, begin, end, finish, main, make_image, read, run, wait_until, write

FIRMWARE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "firmware")
SECTOR = {"f103c8": 1 << 10, "f407vg": 128 << 10}  # bytes of the last one
RAM = 0x20000000


def call(rig, name, *args, **how):
    return run("calls/" + name, f"127.0.0.1:{rig.tcl}", *args, cwd=rig.dir, **how)


def intel_hex(address, data):
    """One record of data, below 64 KiB from a border of such."""
    def record(*content):
        return ":" + bytes([*content, -sum(content) & 0xff]).hex().upper() + "\n"
    return (record(2, 0, 0, 4, address >> 24, address >> 16 & 0xff) +
            record(len(data), address >> 8 & 0xff, address & 0xff, 0, *data) +
            record(0, 0, 0, 1)).encode()


def test_convert_says_where_it_is_and_writes_each_kind():
    with Rig() as rig:
        elf = os.path.join(FIRMWARE, "blinky-f103-new.elf")
        plain = read(os.path.join(FIRMWARE, "blinky-f103-new.bin"))
        for kind in "hex", "s19", "bin":
            said = run("calls/convert", elf, "new." + kind, cwd=rig.dir).check(0)
            assert said.out == f"{len(plain)} bytes, from 0x08000000 to 0x{0x08000000 + len(plain) - 1:08x}\n"
        assert read(rig.path("new.bin")) == plain
        for kind in "hex", "s19":
            run("calls/convert", "new." + kind, "back.bin", cwd=rig.dir).check(0)
            assert read(rig.path("back.bin")) == plain
        rig.file("bad.hex", read(rig.path("new.hex")).replace(b":1", b":2", 1))
        run("calls/convert", "bad.hex", "out.bin", cwd=rig.dir).check(1, "bad.hex:")
        run("calls/convert", elf, "/dev/full/x.bin", cwd=rig.dir).check(1)


def test_ask_passes_words_as_they_are():
    with Rig() as rig:
        words = ["a b", "$x", "[exit]", "{", "\\", '"']
        assert call(rig, "ask", "list", *words).check(0).out == \
            rig.tell_openocd(r'list {a b} {$x} {[exit]} "\{" "\\" {"}') + "\n"
        call(rig, "ask", "no-such-command").check(1)
        call(rig, "ask", "x" * 5000).check(2, "too long")


def test_watch_sees_what_the_target_does_until_the_end():
    with Rig() as rig:
        with open(rig.hidden("watched"), "wb") as out:
            watch = begin("calls/watch", f"127.0.0.1:{rig.tcl}", stdout=out)
        try:
            def seen(words):
                return words in read(rig.hidden("watched"))
            wait_until(lambda: seen(b"other: watching\n"), "watching")
            rig.tell_openocd("halt")
            wait_until(lambda: seen(b"state: halted\n"), "halted")
            assert watch.poll() is None
            call(rig, "shutdown").check(0)
            rig.openocd.wait(10)
            assert finish(watch).code == 0
        finally:
            end(watch)
    run("calls/watch", "127.0.0.1:1").check(1)


def test_ram_is_as_it_was_and_the_chip_runs():
    with Rig() as rig:
        rig.tell_openocd("halt")
        rig.tell_openocd(f"mww {RAM + 0x400:#x} 0x12345678 8")
        result = call(rig, "ram", hex(RAM + 0x400)).check(0)
        assert result.out == "good\n" and rig.stats()["running"]
        assert rig.tell_openocd(f"read_memory {RAM + 0x400:#x} 32 8").split() == ["0x12345678"] * 8
        call(rig, "ram", "0x08000000").check(1)  # flash: cannot be written like that


def test_plain_commands_write_a_file_of_openocds():
    with Rig() as rig:
        new = make_image(5000)
        write(rig.hidden("temp/new.bin"), new)
        copy = rig.hidden("temp/copy.bin")
        call(rig, "plain", rig.hidden("temp/new.bin"), "5000", copy).check(0)
        assert read(copy) == new and rig.stats()["running"]
        assert rig.flash_now() == new + b"\xff" * (5120 - 5000) + rig.image[5120:]
        call(rig, "plain", rig.hidden("temp/none.bin"), "5000", copy).check(1)
        for name in "new.bin", "copy.bin":
            os.unlink(rig.hidden("temp/" + name))


def test_record_is_in_the_last_sector():
    for chip in "f103c8", "f407vg":
        with Rig(chip) as rig:
            call(rig, "record", "serial 4711").check(0)
            record = b"serial 4711".ljust(64, b"\0")
            last = record + b"\xff" * (SECTOR[chip] - 64)
            assert rig.flash_now() == rig.image[:-SECTOR[chip]] + last and rig.stats()["running"]
    run("calls/record", "", "x" * 33).check(2)


def test_image_goes_to_its_addresses():
    with Rig() as rig:
        call(rig, "image", "flash", os.path.join(FIRMWARE, "blinky-f103-new.elf")).check(0)
        new = read(os.path.join(FIRMWARE, "blinky-f103-new.bin"))
        assert rig.flash_now().startswith(new)
        rig.file("ram.hex", intel_hex(RAM + 0x1000, b"in RAM, now"))
        assert call(rig, "image", "ram", "ram.hex").check(0).out == "11 bytes are there\n"
        answer = rig.tell_openocd(f"read_memory {RAM + 0x1000:#x} 8 11")
        assert bytes(int(b, 0) for b in answer.split()) == b"in RAM, now"
        call(rig, "image", "flash", "none.elf").check(1, "none.elf cannot be read")


def test_options_are_shown_and_written():
    with Rig("f407vg") as rig:
        assert call(rig, "options").check(0).out.count("can be chosen") == 1
        result = call(rig, "options", "0", "0x20").check(0)
        before, after = (int(line.split(": ")[1].split(",")[0], 16) for line in result.out.splitlines())
        assert before ^ after == 0x20, result
        call(rig, "options", "0", "2").check(1)


main()
