#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""stmfw-station check, from outside: recipes on disk, and what is wrong around them.

usage: test_check.py STMFW_STATION SOURCE_ROOT
"""
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import traceback

STATION, ROOT = os.path.abspath(sys.argv[1]), sys.argv[2]
HEX = b":0400000001020304F2\n:00000001FF\n"

RECIPE = """\
station: line3
record: record/line3.sqlite
sites:
  - { name: A, openocd: 127.0.0.1:6666 }
  - { name: B, start: [./openocd, -f, board.cfg], usb_path: 1-3.2 }
  - { name: C, start: [./openocd, -f, board.cfg], usb_path: 1-3.3 }
images:
  - { name: boot, file: boot.bin, sha256: BOOT, address: 0x08000000 }
  - { name: app, file: app.bin, sha256: APP, address: 0x08004000 }
chip: { flash_kib: 64 }
serial: { source: list, file: numbers, format: ascii, length: 8, address: 0x0800f000 }
steps:
  - identify: {}
  - backup: { directory: backups }
  - flash: { images: [boot, app] }
  - serial: {}
  - verify: { images: [boot, app] }
  - exec: { command: [./check.sh] }
mqtt: { host: broker, credentials: secret, ca_file: ca.pem }
"""


class Line:
    """A folder with a recipe and all that it names."""

    def __init__(self):
        self.private = tempfile.TemporaryDirectory(prefix="station-test-")
        self.dir = self.private.name
        self.recipe = RECIPE
        for name in ("record", "backups"):
            os.mkdir(self.path(name))
        self.image("boot", b"B" * 1000)
        self.image("app", b"A" * 3000)
        self.write("numbers", b"SN1\nSN2\r\nSN3")
        self.write("secret", b"user\npassword\n")
        self.write("ca.pem", b"-----BEGIN CERTIFICATE-----\n")
        for name in ("openocd", "check.sh"):
            self.write(name, b"#!/bin/sh\n")
            os.chmod(self.path(name), 0o755)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.private.cleanup()

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)

    def image(self, name, data):
        self.write(name + ".bin", data)
        self.change(name.upper(), hashlib.sha256(data).hexdigest())

    def change(self, old, new):
        assert old in self.recipe, old
        self.recipe = self.recipe.replace(old, new, 1)

    def check(self, *args, cwd="/", path=None, **how):
        if path is None:
            path = self.path("line3.yaml")
            self.write("line3.yaml", self.recipe.encode())
        return run("check", path, *args, cwd=cwd, **how)


class Run:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout.decode(), done.stderr.decode()

    def __str__(self):
        return f"exit code {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}"

    def expect(self, code, *words):
        assert self.code == code, self
        for word in words:
            assert re.search(word, self.err + self.out), f"no '{word}' in {self}"
        return self

    def events(self):
        events = [json.loads(line) for line in self.out.splitlines()]
        assert [e for e in events if e["event"] == "end"] == events[-1:], self
        assert events[-1]["exit"] == self.code and events[-1]["ok"] == (self.code == 0), self
        return events


def run(*args, cwd="/", **how):
    return Run(subprocess.run([STATION, *args], cwd=cwd, stdin=subprocess.DEVNULL, timeout=60,
                              capture_output=True, check=False, **how))


def one_fault(line, *words):
    """Exactly one thing is wrong, and it is this."""
    faults = [e["text"] for e in line.check("--json").expect(9).events() if e["event"] == "fault"]
    assert len(faults) == 1, faults
    for word in words:
        assert re.search(word, faults[0]), f"no '{word}' in {faults}"


# ---- all is well


def test_all_is_fine():
    with Line() as line:
        result = line.check().expect(0, r"fine: 3 sites, 2 images, 6 steps\.")
        assert result.err == "", result
        line.check("-q").expect(0)
        assert line.check("-q").out == ""
        # From its own folder, by its bare name.
        line.check(path="line3.yaml", cwd=line.dir).expect(0, '"line3.yaml" is fine')
        events = line.check("--json").expect(0).events()
        assert [e["event"] for e in events] == ["begin", "end"], events
        digest = hashlib.sha256(line.recipe.encode()).hexdigest()
        assert events[-1]["faults"] == 0 and events[-1]["sha256"] == digest, events
        assert events[-1]["sites"] == 3 and events[-1]["station"] == "line3", events


def test_nothing_is_made_or_changed():
    with Line() as line:
        line.check()
        before = sorted(os.listdir(line.dir)), os.listdir(line.path("record"))
        line.check().expect(0)
        assert before == (sorted(os.listdir(line.dir)), os.listdir(line.path("record")))
        assert os.listdir(line.path("record")) == []


def test_openocd_in_the_environment_means_nothing():
    with Line() as line:
        env = dict(os.environ, STMFW_OPENOCD="no address")
        assert line.check(env=env).expect(0).err == ""


# ---- recipes that cannot be loaded


def test_a_bad_recipe_is_told_in_one_line():
    with Line() as line:
        line.change("name: C", "naem: C")
        result = line.check().expect(9, r"line3\.yaml:6: unknown key \"naem\" in \"sites\"")
        assert result.err.count("\n") == 1, result
        end = line.check("--json").events()[-1]
        assert end["code"] == "FILE" and "faults" not in end and ":6:" in end["message"], end


def test_files_that_are_no_recipes():
    with Line() as line:
        line.check(path=line.path("none.yaml")).expect(9, "none.yaml: No such file")
        line.check(path=line.dir).expect(9, "not a regular file")
        os.mkfifo(line.path("fifo"))
        line.check(path=line.path("fifo")).expect(9, "not a regular file")
        line.check(path="/dev/zero").expect(9, "not a regular file")
        with open(line.path("huge"), "wb") as file:
            file.truncate(100 << 20)
        line.check(path=line.path("huge")).expect(9, "larger than 1024 KiB")
        line.write("noise", bytes(range(256)) * 1000)
        line.check(path=line.path("noise")).expect(9, "noise:1: this is no YAML")


# ---- what is wrong around a recipe


def test_a_digest_in_capital_letters():
    with Line() as line:
        digest = hashlib.sha256(b"B" * 1000).hexdigest()
        line.change(digest, digest.upper())
        line.check().expect(0)


def test_images():
    with Line() as line:
        line.write("app.bin", b"other")
        digest = hashlib.sha256(b"other").hexdigest()
        one_fault(line, 'Image "app"', f"SHA-256 is {digest}, the recipe says")
    with Line() as line:
        os.unlink(line.path("app.bin"))
        one_fault(line, 'Image "app": .*/app.bin: No such file')
    with Line() as line:
        line.change("0x08004000 }", "0x08004000, type: bin }")
        line.change("name: boot, file: boot.bin", "name: boot, type: hex, file: boot.bin")
        line.change(", address: 0x08000000 }", " }")
        one_fault(line, 'Image "boot": .*boot.bin:1')
    with Line() as line:
        line.change("0x08004000", "0x08000200")
        one_fault(line, 'images "boot" and "app" have bytes at the same addresses')
    with Line() as line:  # Without an address it goes where the flash begins.
        line.change(", address: 0x08000000 }", " }")
        line.change("0x08004000", "0x08000200")
        one_fault(line, 'images "boot" and "app" have bytes at the same addresses')
    for between, faults in (("", 1), ("  - erase: {}\n", 0)):
        with Line() as line:
            line.change("0x08004000", "0x08000200")
            line.change("  - flash: { images: [boot, app] }\n  - serial: {}\n  - verify: { images: [boot, app] }\n",
                        "  - flash: { images: [boot] }\n" + between +
                        "  - flash: { images: [app], keep: true }\n  - serial: {}\n")
            if faults:
                one_fault(line, 'Step "flash-2": image "app" has bytes at the same addresses as "boot"',
                          "put a step erase between")
            else:
                line.check().expect(0)
    with Line() as line:
        line.change("0x08004000", "0x0800fe00")
        line.change("0x0800f000", "0x0800e000")
        one_fault(line, 'Image "app" reaches beyond the 64 KiB')
    with Line() as line:  # A HEX file has its own addresses.
        line.write("boot.bin", HEX)
        line.change(hashlib.sha256(b"B" * 1000).hexdigest(), hashlib.sha256(HEX).hexdigest())
        one_fault(line, 'Image "boot"', "address")


def test_each_site_has_its_own_probe():
    for old, new, words in (
            ("usb_path: 1-3.3", "usb_path: 1-3.2", 'Sites "B" and "C" .* usb_path 1-3.2'),
            (", usb_path: 1-3.3", "", 'Sites "B" and "C" start OpenOCD alike'),
            ("start: [./openocd, -f, board.cfg], usb_path: 1-3.3", 'openocd: ":6666"',
             'Sites "A" and "C" have the same OpenOCD'),
            ("start: [./openocd, -f, board.cfg], usb_path: 1-3.3", "openocd: tcl://127.0.0.1",
             'Sites "A" and "C" have the same OpenOCD')):
        with Line() as line:
            line.change(old, new)
            one_fault(line, words)
    with Line() as line:
        line.change("usb_path: 1-3.2", "adapter_serial: X1")
        line.change("board.cfg], usb_path: 1-3.3", "other.cfg], adapter_serial: X1")
        one_fault(line, 'Sites "B" and "C" have the same probe: adapter_serial X1')


START = "start: [./openocd, -f, board.cfg]"


def with_starts(line, b, c):
    """Sites B and C start OpenOCD with these; or that is all of the site."""
    for port, site in ((2, b), (3, c)):
        line.change(f"{START}, usb_path: 1-3.{port}",
                    site.replace("HERE", line.dir) if site.startswith(("start", "openocd"))
                    else f"start: [./openocd, {site}")


def test_probes_that_words_choose():
    alike, same = 'Sites "B" and "C" start OpenOCD alike', 'Sites "B" and "C" have the same probe: '
    for b, c, words in (
            ("-f, a.cfg]", '-f, a.cfg, -c, "gdb_port 3334; tcl_port 0"]', alike),
            ("-f, a.cfg]", "-d0, -fa.cfg, -l, log]", alike),
            ("-f, a.cfg]", "--file=a.cfg], adapter_serial: X", alike),
            ("-f, i.cfg, -f, target/a.cfg]", "-f, i.cfg, -f, target/b.cfg]", alike),
            ("-f, a.cfg]", 'openocd: "exec:HERE/openocd -f a.cfg"', alike),
            ('openocd: "exec:HERE/openocd  -f a.cfg"', 'openocd: "exec:HERE/openocd -f \'a.cfg\'"', alike),
            ("start: [./check.sh, 1]", "start: [./check.sh, 1]", alike),
            ('-f, a.cfg, -c, "adapter serial X"]', '-f, b.cfg, -c, " adapter  serial {X} "]',
             same + "adapter_serial X"),
            ('-f, a.cfg, -c, "set A 1; hla_serial X"]', "-f, b.cfg], adapter_serial: X",
             same + "adapter_serial X"),
            ("-f, a.cfg], adapter_serial: 066f", "-f, b.cfg], adapter_serial: 066F",
             same + "adapter_serial 066F"),
            ('-f, a.cfg, "-cadapter usb location 1-2"]', "-f, b.cfg], usb_path: 1-2",
             same + "usb_path 1-2"),
            ("openocd: localhost:4000", 'openocd: "[::1]:4000"', 'have the same OpenOCD, '),
            ("openocd: LOCALHOST:4000", "openocd: tcl://127.0.0.1:4000", 'have the same OpenOCD, '),
            ("openocd: bench:4000", "openocd: Bench:4000", 'have the same OpenOCD, ')):
        with Line() as line:
            with_starts(line, b, c)
            one_fault(line, words)


def test_probes_that_words_may_choose():
    """What is in a file, a script or a variable nobody can see from here."""
    for b, c in (("-f, a.cfg]", "-f, b.cfg]"),
                 ("-f, interface/stlink.cfg]", "-f, interface/jlink.cfg]"),
                 ("-s, one, -f, a.cfg]", "-s, two, -f, a.cfg]"),
                 ('-c, "set SITE 1", -f, a.cfg]', '-c, "set SITE 2", -f, a.cfg]'),
                 ('-f, a.cfg, -c, "adapter serial X"]', '-f, a.cfg, -c, "adapter serial Y"]'),
                 ('-f, a.cfg, -c, "adapter serial X"]', "-f, a.cfg], usb_path: 1-2"),
                 ('-f, a.cfg, -c, "adapter serial X"]', "-f, a.cfg], adapter_serial: Y"),
                 ("-f, a.cfg], adapter_serial: X", '-f, a.cfg, -c, "ftdi channel 1"], adapter_serial: X'),
                 ("start: [./check.sh, 1]", "start: [./check.sh, 2]"),
                 ("start: [./ssh, p1, ./openocd, -f, a.cfg]", "-f, a.cfg]"),
                 ("openocd: unix:/run/A", "openocd: unix:/run/a"),
                 ("openocd: 127.0.0.2:4000", "openocd: 127.0.0.1:4000")):
        with Line() as line:
            os.symlink("openocd", line.path("ssh"))
            with_starts(line, b, c)
            line.check().expect(0)


def test_sites_that_only_look_alike():
    for b, c in (("start: [./openocd, -f, board.cfg], adapter_serial: X, usb_path: 1-1",
                  "start: [./openocd, -f, board.cfg], adapter_serial: X, usb_path: 1-2"),
                 ("start: [./openocd, -f, a.cfg]", "start: [./openocd, -f, b.cfg]"),
                 ("start: [./ssh, p1, openocd], usb_path: 1-1",
                  "start: [./ssh, p2, openocd], usb_path: 1-1"),
                 ("openocd: 127.0.0.1:6667", "openocd: telnet://127.0.0.1:6666")):
        with Line() as line:
            os.symlink("openocd", line.path("ssh"))
            line.change("start: [./openocd, -f, board.cfg], usb_path: 1-3.2", b)
            line.change("start: [./openocd, -f, board.cfg], usb_path: 1-3.3", c)
            line.check().expect(0)


def test_programs():
    with Line() as line:
        os.chmod(line.path("check.sh"), 0o644)
        one_fault(line, 'Step "exec": .*check.sh" is not there, or must not be run')
    with Line() as line:
        line.change("[./check.sh]", "[no-such-program-here]")
        one_fault(line, 'Step "exec": .*no-such-program-here" is not found in PATH')
    with Line() as line:
        line.change("openocd: 127.0.0.1:6666", "openocd: \"exec:./none -f 'a b'\"")
        one_fault(line, 'Site "A": .*none')
    with Line() as line:
        line.change("[./openocd, -f, board.cfg], usb_path: 1-3.3", "[/none], usb_path: 1-3.3")
        one_fault(line, 'Site "C": .*"/none"')
    with Line() as line:
        line.change("[./check.sh]", "[sh, -c, true]")
        line.check().expect(0)


def test_list_of_serial_numbers():
    for data, words in ((b"", "no number"), (b"\n", "line 1: it is empty"),
                        (b"1\n\n2\n", "line 2: it is empty"), (b"1\n2\n3\n2\n", "line 4: the same as line 2"),
                        (b"1\n123456789\n", "line 2: .* does not fit into 8 bytes"),
                        (b"1\nS\xc3\xbc\n", "line 2: .*printable ASCII"), (b"1\n\0\n", "no text"),
                        (b"1\n2 \n2\r\n", "line 3: the same as line 2"),
                        (None, "No such file")):
        with Line() as line:
            if data is None:
                os.unlink(line.path("numbers"))
            else:
                line.write("numbers", data)
            one_fault(line, "Serial numbers: .*numbers: ", words)
    with Line() as line:
        line.change("format: ascii, length: 8", "format: hex, length: 2")
        line.write("numbers", b"0a0b\n0A0B\n")
        one_fault(line, "line 2: the same as line 1")
    with Line() as line:
        line.write("numbers", b"".join(b"%d\n" % n for n in range(1000000)))
        line.check().expect(0)


def test_place_of_the_serial_number():
    with Line() as line:
        line.change("0x0800f000", "0x0800fffc")
        one_fault(line, "0x0800fffc and the 8 bytes from there lie beyond the 64 KiB")
    with Line() as line:
        line.change("0x0800f000", "0x08004bb4")
        one_fault(line, 'image "app" has bytes at 0x08004bb4')
    with Line() as line:  # It is on the board already, and only looked at.
        line.change("0x0800f000", "0x08004bb4")
        line.change("flash: { images: [boot, app] }", "flash: { images: [boot] }")
        one_fault(line, 'Step "verify" can never pass', 'over a part of image "app"')
    for verify_before in (False, True):  # The image keeps room for it with FF.
        with Line() as line:
            line.change("0x0800f000", "0x08004bb4")
            line.change(hashlib.sha256(b"A" * 3000).hexdigest(), "APP")
            line.image("app", b"A" * 2996 + b"\xff" * 4)
            if verify_before:
                line.change("  - serial: {}\n", "")
                line.change("  - exec:", "  - serial: {}\n  - exec:")
                line.check().expect(0)
            else:
                one_fault(line, 'Step "verify" can never pass', 'over a part of image "app"')
    with Line() as line:  # Not looked at afterwards: the firmware would be spoiled all the same.
        line.change("0x0800f000", "0x08004100")
        line.change("  - serial: {}\n", "")
        line.change("  - exec:", "  - serial: {}\n  - exec:")
        one_fault(line, 'image "app" has bytes at 0x08004100')
    with Line() as line:
        line.change("0x0800f000", "0x08004bb8")
        line.check().expect(0)


def test_files_and_directories():
    for name, words in (("record", "Record: the directory .*record/: No such"),
                        ("backups", None)):
        with Line() as line:
            os.rmdir(line.path(name))
            if words:
                one_fault(line, words)
            else:  # It is made when it is needed.
                line.check().expect(0)
    with Line() as line:
        line.change("directory: backups", "directory: none/backups")
        one_fault(line, 'Step "backup": the directory .*none/: No such')
    with Line() as line:
        os.mkdir(line.path("record/line3.sqlite"))
        one_fault(line, "Record: .*line3.sqlite is no regular file")
    with Line() as line:
        line.write("record/line3.sqlite", b"junk " * 100)
        one_fault(line, "Record: .*line3.sqlite.*no record at all")
        assert os.listdir(line.path("record")) == ["line3.sqlite"]
    with Line() as line:
        line.write("numbers", b"SN1\nSN2\n")
        one_fault(line, "Serial numbers: 2 left for 3 sites")
    for name, data, words in (("secret", b"user\n", "two lines"), ("secret", b"", "two lines"),
                              ("secret", None, "credentials .*No such"),
                              ("ca.pem", None, "certificates .*No such")):
        with Line() as line:
            if data is None:
                os.unlink(line.path(name))
            else:
                line.write(name, data)
            one_fault(line, "MQTT: ", words)
    if os.geteuid() != 0:
        with Line() as line:
            os.chmod(line.path("record"), 0o555)
            one_fault(line, "Record: nothing can be written")
            os.chmod(line.path("record"), 0o755)


def test_all_faults_are_told_at_once():
    with Line() as line:
        for name in ("app.bin", "boot.bin", "numbers"):
            os.unlink(line.path(name))
        result = line.check().expect(9, r"3 things are wrong with .*No board was touched\.")
        assert result.err.count("\n") == 4, result


# ---- command line


def test_command_line():
    run().expect(2, "What is to be done")
    run("chek", "x").expect(2, 'no command "chek"')
    run("check").expect(2, "Which recipe")
    end = run("--json").expect(2).events()[-1]
    assert end["code"] == "USAGE", end
    run("check", "a", "b").expect(2, '"b" is too much')
    run("check", "a", "--openocd", "x").expect(2, "--openocd")
    end = run("check", "--json", "--what").expect(2).events()[-1]
    assert end["code"] == "USAGE", end
    run("--json", "check").expect(2, "they come first")
    run("--version").expect(0, "stmfw-station 0")
    for args in (["--help"], ["check", "--help"]):
        text = run(*args).expect(0, "check RECIPE").out.splitlines()
        assert len(text) <= 24 and max(map(len, text)) <= 80, text


# ---- documentation


def test_recipes_that_are_examples_load():
    folder = os.path.join(ROOT, "examples/station/recipes")
    recipes = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            recipes[name] = file.read()
    assert len(recipes) >= 3, recipes
    with Line() as line:
        for name, text in recipes.items():
            line.recipe = text
            end = line.check("--json").events()[-1]
            assert "faults" in end, (name, end)


def test_documentation_has_all_keys():
    """As a recipe that has an unknown key is told which ones there are."""
    with open(os.path.join(ROOT, "docs/station.md"), encoding="utf-8") as file:
        documented = set(re.findall(r"`([a-z0-9_]+)`", file.read()))
    with Line() as line:
        line.change("  - exec", "  - memory: { address: 0, expect: 0 }\n"
                    "  - tcl: { script: x }\n  - erase: { unlock: true }\n  - exec")
        line.change("mqtt:", "limits: { fails_in_row: 1 }\nmqtt:")
        whole = line.recipe
        for old in ("station:", "name: A", "name: boot", "flash_kib:", "source:", "directory:", "host:",
                    "identify:", "images: [", "expect:", "script:", "unlock:", "command:",
                    "fails_in_row:"):
            line.recipe = whole
            line.change(old, old.replace(old.split(":")[0], "x"))
            text = line.check().expect(9, "it can have: ").err
            keys = re.search(r"it can have: ([a-z0-9_, ]+)", text)[1].strip().split(", ")
            assert keys and not set(keys) - documented, set(keys) - documented


def main():
    tests = [(n, f) for n, f in globals().items() if n.startswith("test_")]
    print(f"1..{len(tests)}")
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} - {name[5:].replace('_', ' ')}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            for text in traceback.format_exc().splitlines():
                print(f"# {text}")
            print(f"not ok {number} - {name[5:].replace('_', ' ')}", flush=True)
    sys.exit(1 if failed else 0)


main()
