#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The tools where OpenOCD does not see our files, or is not to. See rig.py."""
import os
import shutil
import signal
import socket
import subprocess
import time

from rig import (Rig, Skip, begin, finish, is_reading, main, make_image, read, run, until_event,
                 SIZES)

INLINE = ("--transfer", "inline")


def every_byte(size):
    """An image of all that could go wrong on the way: each byte, in runs and in any order."""
    special = [bytes([byte]) * 97 for byte in b'\0\x1a%\\"$[]{};#\n\r\t \x7f\x80\xff']
    tricks = [b"%00%0A%1A%25", b"\\000\\032", b"[exit]$x{", b"}}\x1a", b"\r\n\x1a", b"\xc3\xa9\xff",
              b"\nset r}} \"", b"\\" * 33 + b'"']
    start = make_image(64)
    body = bytes(range(256)) * 8 + b"".join(special + tricks) + bytes(range(255, -1, -1))
    image = start + (body * (size // len(body) + 1))
    return image[:size]


def client_files():
    """A folder for the tools' own temporary files, to see whether there are any."""
    return os.environ.get("TMPDIR", "/tmp")


# ---- all of it, forced


def check_everything(chip, driver):
    old, new = every_byte(SIZES[chip]), make_image(SIZES[chip])
    with Rig(chip, old, driver) as rig:
        nowhere = {"TMPDIR": "/nowhere"}  # so no file of ours can be made
        rig.backup(*INLINE, "old.bin", env=nowhere).check(0)
        assert read(rig.path("old.bin")) == old
        rig.flash(*INLINE, rig.file("new.bin", new), env=nowhere, seconds=60).check(0)
        assert rig.flash_now() == new
        rig.compare(*INLINE, "new.bin", env=nowhere).check(0)
        rig.compare(*INLINE, "old.bin", env=nowhere).check(1)
        rig.restore(*INLINE, "old.bin", env=nowhere, seconds=60).check(0)
        assert rig.flash_now() == old
        rig.backup(*INLINE, "--verify", "reread", "--offset", "1K", "--length", "2K", "part.bin",
                   env=nowhere).check(0)
        assert read(rig.path("part.bin")) == old[1024:3072]
        assert rig.tell_openocd("debug_level").strip() in ("debug_level: 2", "2")


def test_everything_inline_f103_hla():
    check_everything("f103c8", "hla")


def test_everything_inline_f407_dapdirect():
    check_everything("f407vg", "dapdirect")


def test_without_a_work_area():
    """Nothing is proven by the chip itself: all is read, twice."""
    config = ["set WORKAREASIZE 0"]
    old, new = every_byte(0x10000), make_image(0x10000)
    with Rig(image=old, config=config) as rig:
        rig.backup(*INLINE, "old.bin").check(0)
        assert read(rig.path("old.bin")) == old
        rig.flash(*INLINE, rig.file("new.bin", new), seconds=60).check(0)
        assert rig.flash_now() == new


def test_what_can_be_said():
    run("stmfw-backup", "--transfer", "pigeon", "x").check(2, "--transfer does not take \"pigeon\"")
    run("stmfw-info", "--transfer", "inline").check(2, "not understood")


# ---- chosen by itself


def namespace(options, *more):
    """Words that give OpenOCD a /tmp of its own."""
    mount = f"mount -t tmpfs -o {options} tmpfs /tmp"
    wrap = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
            " && ".join([mount, *more, 'exec "$@"']), "sh"]
    if not shutil.which("unshare") or subprocess.run([*wrap, "true"], check=False,
                                                     capture_output=True).returncode:
        raise Skip("no mount namespace of our own is permitted here")
    return wrap


def check_round_trip(rig, *args):
    old, new = rig.image, make_image(len(rig.image))
    rig.backup(*args, "old.bin").check(0)
    assert read(rig.path("old.bin")) == old
    rig.flash(*args, rig.file("new.bin", new)).check(0)
    assert rig.flash_now() == new


def test_openocd_has_a_file_system_of_its_own():
    with Rig(wrap=namespace("size=4m")) as rig:
        check_round_trip(rig)
        assert os.listdir(f"/proc/{rig.openocd.pid}/root/tmp") == []
        rig.backup("--transfer", "shared", "no.bin").check(11, "does not see our files",
                                                           "same temporary directory")
        assert not os.path.exists(rig.path("no.bin"))


def test_openocd_is_somebody_else():
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise Skip("only root can start OpenOCD as somebody else")
    wrap = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
    with Rig(wrap=wrap) as rig:
        check_round_trip(rig)
        rig.backup("--transfer", "shared", "no.bin").check(11, "does not see our files",
                                                           "under this user")


def test_no_folder_for_a_file_of_ours():
    with Rig() as rig:
        rig.backup("x.bin", env={"TMPDIR": "/nowhere"}).check(0)
        assert read(rig.path("x.bin")) == rig.image
        rig.backup("--transfer", "shared", "y.bin", env={"TMPDIR": "/nowhere"}).check(
            9, "cannot make a scratch file", "TMPDIR")


def test_shared_if_both_see_it():
    """And then OpenOCD makes no file."""
    with Rig() as rig:
        rig.tell_openocd("rename file no_more_file")
        rig.tell_openocd("proc file args {error {asked for a temporary file}}")
        check_round_trip(rig)


def test_through_the_telnet_console():
    """Which takes no byte that cannot be typed."""
    with Rig(image=every_byte(0x10000), telnet=True) as rig:
        check_round_trip(rig, "--openocd", f"telnet://127.0.0.1:{rig.find_port('telnet')}", *INLINE)


def test_openocd_without_commands_for_files():
    """As 0.10 with its reduced Tcl: it can be read, as memory, and writing says what is missing."""
    with Rig() as rig:
        rig.tell_openocd("rename file {}; rename open {}")
        rig.backup("shared.bin").check(0)
        hidden = {"env": {"TMPDIR": "/nowhere"}}
        rig.backup("x.bin", **hidden).check(0)
        assert read(rig.path("x.bin")) == rig.image
        rig.backup("--offset", "1001", "--length", "999", "y.bin", **hidden).check(0)
        assert read(rig.path("y.bin")) == rig.image[1001:2000]
        new = rig.file("new.bin", make_image(len(rig.image)))
        rig.flash("--dry-run", new, **hidden).check(0)
        rig.flash(new, **hidden).check(11, "no commands to make its own", "OpenOCD 0.11",
                                       "/nowhere|TMPDIR")
        assert rig.flash_now() == rig.image


# ---- OpenOCD's disk


def check_refused(rig, *words):
    """A clear error each, and the chip as it was."""
    rig.backup("x.bin").check(9, *words)
    new = rig.file("new.bin", make_image(len(rig.image)))
    rig.flash(new).check(9, *words)
    assert rig.flash_now() == rig.image
    assert rig.files() == ["new.bin"]


def test_read_only_temporary_directory():
    with Rig(wrap=namespace("size=4m", "mount -o remount,ro /tmp")) as rig:
        check_refused(rig, "temporary file cannot be made", "Read-only", "TMPDIR or /tmp")


def test_full_disk():
    with Rig(wrap=namespace("size=16k")) as rig:
        check_refused(rig, "temporary file", "with room for")
        assert os.listdir(f"/proc/{rig.openocd.pid}/root/tmp") == []


def test_full_disk_while_writing():
    """There is room for what is read, and none for what is to be written: the old is kept."""
    with Rig(image=make_image(2048).ljust(0x10000, b"\xff"),
             wrap=namespace("size=16k")) as rig:
        new = rig.file("new.bin", make_image(0x8000))
        result = rig.flash(new)
        result.check(9, "temporary file", "with room for")
        assert rig.flash_now() == rig.image, result
        assert os.listdir(f"/proc/{rig.openocd.pid}/root/tmp") == []


def with_scratch(rig, harm, code, *words):
    """A backup through a shared file, to which harm comes meanwhile."""
    os.mkdir(rig.hidden("ours"))
    process = rig.begin("stmfw-backup", "--transfer", "shared", "--json", "x.bin",
                        env={"TMPDIR": rig.hidden("ours")})
    seen = until_event(process, is_reading)
    made = os.listdir(rig.hidden("ours"))
    assert len(made) == 1, made
    harm(os.path.join(rig.hidden("ours"), made[0]))
    finish(process, seen).check(code, *words)
    assert os.listdir(rig.hidden("ours")) == []
    assert rig.files() == []


def test_the_shared_file_is_deleted_meanwhile():
    with Rig("f407vg", board=["--latency-us", "1000"]) as rig:
        with_scratch(rig, lambda path: os.unlink(path + "/flash.bin"), 9, "left 0 of")


def test_the_shared_folder_is_deleted_meanwhile():
    with Rig("f407vg", board=["--latency-us", "1000"]) as rig:
        with_scratch(rig, shutil.rmtree, 12, "could.* open")


# ---- what others notice


def test_telnet_users_are_not_flooded():
    with Rig(telnet=True) as rig:
        with socket.create_connection(("127.0.0.1", rig.find_port("telnet")), 5) as sock:
            sock.settimeout(5)
            time.sleep(0.2)
            sock.recv(65536)
            rig.backup(*INLINE, "x.bin").check(0)
            sock.sendall(b"echo [format %s%s the end]\r\n")
            seen = b""
            while b"theend" not in seen:
                seen += sock.recv(65536)
            assert len(seen) < 8192, len(seen)
            assert rig.image[:64] not in seen
        assert os.path.getsize(rig.hidden("openocd.log")) < 16384


def check_killed(rig, *args):
    """Whenever we die, OpenOCD ends what it was told, and has no file left."""
    killed = 0
    for delay in (0, 0.03, 0.1, 0.2):
        process = rig.begin(*args)
        until_event(process, lambda event: event["event"] == "progress")
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        process.communicate()
        assert rig.tell_openocd("expr 1") == "1"
        assert os.listdir(rig.hidden("temp")) == []
    assert killed > 2, killed


def test_nothing_is_left_when_we_are_killed():
    with Rig("f407vg", board=["--latency-us", "1000"]) as rig:
        check_killed(rig, "stmfw-backup", *INLINE, "--json", "--force", "x.bin")
        new = rig.file("new.bin", make_image(len(rig.image)))
        check_killed(rig, "stmfw-flash", *INLINE, "--json", new)
        rig.flash(*INLINE, new, seconds=60).check(0)
        assert rig.flash_now() == read(rig.path("new.bin"))


if __name__ == "__main__":
    main()
