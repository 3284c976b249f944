#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the tools do when all is well. See rig.py for how it is called."""
import hashlib
import json
import os
import pty
import re
import signal
import subprocess
from datetime import datetime, timezone

from rig import (SIZES, UID, Rig, Skip, finish, is_reading, main, make_image, read, run,
                 until_event, write)


def check_copy(chip, driver):
    with Rig(chip, driver=driver) as rig:
        rig.backup("copy.bin").check(0)
        assert read(rig.path("copy.bin")) == rig.image, "not what the board holds"
        assert rig.read_by_openocd(SIZES[chip]) == rig.image, "openocd reads something else"
        assert rig.files() == ["copy.bin", "copy.bin.json"], rig.files()
        assert rig.stats()["running"] and rig.stats()["bytes_programmed"] == 0


# ---- stmfw-backup


def test_backup_equals_flash_f103_hla():
    check_copy("f103c8", "hla")


def test_backup_equals_flash_f103_dapdirect():
    check_copy("f103c8", "dap")


def test_backup_equals_flash_f407_hla():
    check_copy("f407vg", "hla")


def test_backup_equals_flash_f407_dapdirect():
    check_copy("f407vg", "dap")


def test_manifest_says_what_it_is_of():
    with Rig() as rig:
        rig.backup("copy.bin").check(0)
        text = read(rig.path("copy.bin.json"))
        manifest = json.loads(text)
        made = datetime.strptime(manifest.pop("time"), "%Y-%m-%dT%H:%M:%SZ")
        age = datetime.now(timezone.utc) - made.replace(tzinfo=timezone.utc)
        assert abs(age.total_seconds()) < 60 and text.endswith(b"}\n")
        assert re.search(r"0\.\d+\.\d+", manifest["openocd"].pop("version"))
        assert re.fullmatch(r"\d+\.\d+\.\d+", manifest.pop("tool_version"))
        assert manifest == {
            "file": "copy.bin", "sha256": hashlib.sha256(rig.image).hexdigest(),
            "verified": "crc", "content": "plausible", "tool": "stmfw-backup",
            "chip": {"family": "STM32F10x medium-density", "device_id": "0x410",
                     "revision_id": "0x2003", "uid": UID, "flash_kib": 64,
                     "read_protection": "off"},
            "flash": {"bank": 0, "name": "stm32f1x.flash", "driver": "stm32f1x",
                      "base": "0x08000000", "offset": 0, "size": 65536},
            "openocd": {"adapter": "hla", "transport": "hla_swd", "adapter_serial": None}
        }, manifest


def test_stdout_is_for_sha256sum():
    with Rig() as rig:
        out = rig.backup("copy.bin").check(0).out
        assert out == f"{hashlib.sha256(rig.image).hexdigest()}  copy.bin\n", out
        subprocess.run(["sha256sum", "-c"], input=out.encode(), cwd=rig.dir, check=True,
                       stdout=subprocess.DEVNULL)


def test_a_name_is_made():
    with Rig() as rig:
        rig.backup().check(0)
        name, manifest = rig.files()
        assert re.fullmatch(rf"stm32f10x-medium-density-{UID}-\d{{8}}T\d{{6}}Z\.bin", name), name
        assert manifest == name + ".json" and read(rig.path(name)) == rig.image


def test_existing_file_is_kept():
    with Rig() as rig:
        for name in "copy.bin", "copy.bin.json":
            write(rig.path(name), b"mine")
            before = rig.stats()["resets"]
            rig.backup("copy.bin").check(9, "already exists", "--force", "No file was made")
            assert rig.stats()["resets"] == before, "the chip was touched"
            assert read(rig.path(name)) == b"mine" and rig.files() == [name]
            os.remove(rig.path(name))


def test_force_replaces_it():
    with Rig() as rig:
        write(rig.path("copy.bin"), b"old")
        write(rig.path("copy.bin.json"), b"old")
        write(rig.path("copy.bin.part"), b"left behind")
        rig.backup("--force", "copy.bin").check(0)
        assert read(rig.path("copy.bin")) == rig.image
        assert json.loads(read(rig.path("copy.bin.json")))["chip"]["uid"] == UID
        assert rig.files() == ["copy.bin", "copy.bin.json"]


def test_file_that_appears_meanwhile_is_kept():
    with Rig("f407vg", board=["--latency-us", "1000"]) as rig:
        process = rig.begin("stmfw-backup", "--json", "--verify", "none", "copy.bin")
        seen = until_event(process, is_reading)
        write(rig.path("copy.bin"), b"mine")
        finish(process, seen).check(9, "could not be saved", "already exists", "runs its firmware")
        assert read(rig.path("copy.bin")) == b"mine" and rig.files() == ["copy.bin"]


def test_ranges():
    with Rig() as rig:
        for name, args, start, stop in (
                ("a", ["--offset", "0x1001", "--length", "4099"], 0x1001, 0x1001 + 4099),
                ("b", ["--offset", "63K"], 63 << 10, 64 << 10),
                ("c", ["--length", "1"], 0, 1),
                ("d", ["--size", "32K"], 0, 32 << 10),
                ("e", ["--size", "32K", "--offset", "31K"], 31 << 10, 32 << 10)):
            rig.backup(*args, name).check(0)
            assert read(rig.path(name)) == rig.image[start:stop], args
            flash = json.loads(read(rig.path(name + ".json")))["flash"]
            assert (flash["offset"], flash["size"]) == (start, stop - start), flash
        for args in (["--offset", "64K"], ["--length", "65537"], ["--offset", "1", "--length", "64K"],
                     ["--size", "32K", "--length", "33K"], ["--offset", "0xffffffffffffffff"]):
            resets = rig.stats()["resets"]
            rig.backup(*args, "x").check(7, "does not lie in flash bank 0", "64 KiB|32 KiB",
                                         "The chip was not touched")
            assert rig.stats()["resets"] == resets
        assert "x" not in rig.files()


def test_size_beyond_the_bank_is_explained():
    with Rig("f103c8") as rig:
        rig.backup("--size", "128K", "x").check(7, "64 KiB", "128 KiB", "set FLASH_SIZE 0x20000")
        assert rig.files() == []
    with Rig("f103cb", config=["set FLASH_SIZE 0x20000"]) as rig:
        rig.backup("--size", "128K", "x").check(0)
        assert read(rig.path("x")) == rig.image


def test_other_proofs():
    with Rig() as rig:
        rig.backup("--verify", "reread", "a").check(0, "read twice")
        rig.backup("--verify", "none", "b").check(0, "not verified")
        assert read(rig.path("a")) == read(rig.path("b")) == rig.image
        assert [json.loads(read(rig.path(n + ".json")))["verified"] for n in "ab"] == [
            "reread", "none"]


def test_all_banks():
    with Rig("f407vg") as rig:
        rig.backup("--bank", "all", "--json", "copy.bin").check(0)
        assert rig.files() == [f"copy-bank{n}.bin{s}" for n in (0, 1) for s in ("", ".json")]
        assert read(rig.path("copy-bank0.bin")) == rig.image
        assert len(read(rig.path("copy-bank1.bin"))) == 512
        rig.backup("--bank", "1", "otp").check(0)
        assert read(rig.path("otp")) == read(rig.path("copy-bank1.bin"))
        rig.backup("--bank", "all", "copy.bin").check(9, "copy-bank0.bin.* already exists")


def test_after():
    with Rig() as rig:
        rig.backup("a").check(0, "runs its firmware again")
        assert rig.stats()["running"]
        rig.backup("--after", "halt", "b").check(0, "is halted")
        assert rig.stats()["halted"]
        rig.backup("--after", "reset", "c").check(0, "runs its firmware again")
        assert rig.stats()["running"]


def test_the_chip_is_reset_again_only_if_something_ran_on_it():
    def resets(*args):
        before = rig.stats()["resets"]
        rig.backup("--force", *args, "x").check(0, "runs its firmware again")
        after = rig.stats()
        assert after["running"]
        return after["resets"] - before

    with Rig() as rig:
        once = resets("--verify", "none")
        assert once == resets("--verify", "reread")
        assert once < resets("--verify", "crc")
        assert once < resets("--verify", "none", "--after", "reset")


def test_a_chip_that_does_not_resume_is_reset():
    with Rig() as rig:
        rig.tell_openocd("rename resume real_resume; proc resume {} {error {not today}}")
        rig.backup("--verify", "none", "x").check(0, "runs its firmware again")
        assert rig.stats()["running"]


def test_suspect_dumps_are_kept_but_reported():
    size = SIZES["f103c8"]
    for image, words in ((b"\xff" * size, "all of its 64 KiB are FF.*Not usable"),
                         (bytes(size), "all of its 64 KiB are 00"),
                         (make_image(1024) * 64, "block of 1 KiB repeats"),
                         (make_image(size // 2) * 2, "block of 32 KiB repeats")):
        with Rig(image=image) as rig:
            rig.backup("copy.bin").check(10, "Backup saved in \"copy.bin\", BUT", words)
            assert read(rig.path("copy.bin")) == image


# ---- what it says


def test_json_stream():
    with Rig() as rig:
        result = rig.backup("--json", "copy.bin").check(0)
        events = result.events()
        assert events[0] == {"event": "begin", "tool": "stmfw-backup", "server":
                             f"127.0.0.1:{rig.tcl}", "version": events[0]["version"]}
        for step in "read", "verify":
            done = [e["done"] for e in events if e.get("step") == step]
            assert done == sorted(done) and done[0] == 0 and done[-1] == 65536, done
        assert events[-1]["files"] == [json.loads(read(rig.path("copy.bin.json")))]
        assert events[-1]["code"] == "OK" and result.err == "", result


def test_lines_where_there_is_no_terminal():
    with Rig("f407vg") as rig:
        result = rig.backup("a").check(0)
        assert "\r" not in result.err and 4 <= len(result.err.splitlines()) <= 12, result
        assert rig.backup("--quiet", "b").check(0).err == ""
        assert "openocd: " in rig.backup("-v", "c").check(0).err


def test_bar_on_a_terminal():
    with Rig() as rig:
        ours, theirs = pty.openpty()
        process = rig.begin("stmfw-backup", "copy.bin", stderr=theirs)
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 4096):
                seen += piece
        except OSError:
            pass
        os.close(ours)
        finish(process).check(0)
        assert re.search(rb"\rread +\[#+\] 100 % of 64 KiB +[0-9.]+ [KM]iB/s", seen), seen


def test_help_fits_the_screen():
    for tool in "stmfw-backup", "stmfw-compare", "stmfw-info":
        lines = run(tool, "--help").check(0).out.splitlines()
        assert len(lines) <= 40 and max(map(len, lines)) <= 80, (len(lines), max(map(len, lines)))
        assert all(re.search(rf"^ *{n} |  +{n} ", "\n".join(lines), re.M) for n in (0, 13, 130))
        assert re.fullmatch(rf"{tool} \d+\.\d+\.\d+\n", run(tool, "--version").check(0).out)


# ---- Ctrl-C


def interrupt(how, code, name):
    with Rig("f407vg", board=["--latency-us", "2000"]) as rig:
        process = rig.begin("stmfw-backup", "--json", "copy.bin")
        seen = until_event(process, is_reading)
        process.send_signal(how)
        result = finish(process, seen).check(code, "Stopped as asked", "No file was made",
                                             "Nothing was written", "no longer halted")
        assert result.events()[-1]["code"] == name
        assert rig.files() == [] and rig.stats()["running"]


def test_ctrl_c_leaves_no_file_and_a_running_chip():
    interrupt(signal.SIGINT, 130, "INTERRUPTED")


def test_sigterm_likewise():
    interrupt(signal.SIGTERM, 143, "TERMINATED")


# ---- where OpenOCD is


def test_server_by_environment_and_address():
    with Rig() as rig:
        def ask(value, *args):
            return run("stmfw-info", "--json", *args, env={"STMFW_OPENOCD": value}).code
        assert ask(f":{rig.tcl}") == ask(f"localhost:{rig.tcl}") == 0
        assert ask("127.0.0.1:1", "--openocd", f"127.0.0.1:{rig.tcl}") == 0
        for bad in ":x", "[::1", "a:0", "a:65536", "[]:1":
            assert ask(bad) == 2, bad
            assert ask(bad, "--openocd", f"127.0.0.1:{rig.tcl}") == ask(bad, "--help") == 0, bad


def test_other_machine_is_warned_of():
    result = run("stmfw-info", "--openocd", "nowhere.invalid:7777").check(3, "nowhere.invalid:7777")
    assert "no password and no encryption" in result.err.splitlines()[0]
    assert len(result.err.splitlines()) == 2, result
    assert "warning" not in run("stmfw-info", "--openocd", "[::1]:1").check(3).err


# ---- stmfw-info


def test_info():
    for chip, target, words in (
            ("f103c8", "stm32f1x", ["STM32F10x medium-density", r"0-63 +0x08000000 +64 x 1 KiB"]),
            ("f407vg", "stm32f4x", ["STM32F405/407/415/417", r"0-3 +0x08000000 +4 x 16 KiB",
                                    r"4 +0x08010000 +1 x 64 KiB", r"5-11 +0x08020000 +7 x 128 KiB",
                                    "bank 1"])):
        with Rig(chip) as rig:
            before = rig.stats()["resets"]
            out = rig.info().check(0).out
            for word in [*words, f"{target}.cpu .*running", UID, "read prot. off", "0\\.1[0-9]"]:
                assert re.search(word, out), (word, out)
            assert rig.stats()["resets"] == before and rig.stats()["running"]
            assert len(rig.info("--sectors").check(0).out) > len(out)


def test_info_json():
    with Rig(board=["--fault", "wrp=4-7"]) as rig:
        doc = json.loads(rig.info("--json").check(0).out)
        assert doc["ok"] and doc["notes"] == [] and doc["chip"]["uid"] == UID, doc
        assert doc["server"]["adapter"] == "hla" and doc["targets"][0]["state"] == "running"
        sectors = doc["banks"][0]["sectors"]
        assert [i for i, s in enumerate(sectors) if s["protected"]] == [4, 5, 6, 7]
        assert sum(s["size"] for s in sectors) == doc["banks"][0]["size"] == 65536
        out = rig.info().check(0).out
        assert re.search(r"4-7 .* write protected", out)
        assert doc["chip"]["options"] == "0x03fffffc" and doc["chip"]["options_mask"] == "0x03fffc1c"
        assert "options    0x03fffffc, of which 0x03fffc1c can be written" in out, out


def test_minimal():
    with Rig(port=6666) as rig:
        if rig.tcl is None:
            raise Skip("port 6666 is taken")
        with open(rig.path("out"), "wb") as out:
            run("minimal", stdout=out).check(0)
        assert read(rig.path("out")) == rig.image
        with open("/dev/full", "wb") as full:
            run("minimal", stdout=full).check(1)
    run("minimal").check(1, "Start it")
    run("minimal", "127.0.0.1:66666").check(1, "no address")


main()
