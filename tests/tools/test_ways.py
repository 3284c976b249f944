#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The tools over every way in: the same bytes, the same exit codes. See rig.py for how it is called.

What the board holds, as it says itself, is the oracle.
"""
import os
import re
import socket
import time

from rig import Rig, SIZES, finish, main, read, rng, run, wait_until
from ways import ExecRig, SshRig, TelnetRig, WAYS


def changed(image):
    """The same but for 3000 bytes somewhere."""
    at = rng.randrange(len(image) // 2)
    return image[:at] + rng.randbytes(3000) + image[at + 3000:]


def check_everything(way, chip):
    with WAYS[way](chip) as rig:
        rig.backup("old.bin").check(0)
        assert read(rig.path("old.bin")) == rig.flash_now() == rig.image, "not what the board holds"
        new = changed(rig.image)
        rig.file("new.bin", new)
        rig.compare("new.bin").check(1)
        end = rig.flash("--json", "new.bin").check(0).events()[-1]
        assert end["content"] == "new" and end["proven"] == SIZES[chip], end
        assert rig.flash_now() == new, "not what was to be flashed"
        rig.compare("new.bin").check(0)
        rig.restore("old.bin").check(0)
        assert rig.flash_now() == rig.image and rig.stats()["running"]
        assert rig.files() == ["new.bin", "old.bin", "old.bin.json"], rig.files()


def test_f103_by_tcl():
    check_everything("tcl", "f103c8")


def test_f103_by_telnet():
    check_everything("telnet", "f103c8")


def test_f103_by_unix():
    check_everything("unix", "f103c8")


def test_f103_by_exec():
    check_everything("exec", "f103c8")


def test_f103_by_ssh():
    check_everything("ssh", "f103c8")


def test_f407_by_tcl():
    check_everything("tcl", "f407vg")


def test_f407_by_telnet():
    check_everything("telnet", "f407vg")


def test_f407_by_unix():
    check_everything("unix", "f407vg")


def test_f407_by_exec():
    check_everything("exec", "f407vg")


def test_f407_by_ssh():
    check_everything("ssh", "f407vg")


# ---- what OpenOCD says


def test_live_lines_under_verbose():
    for kind in (TelnetRig, ExecRig):
        with kind() as rig:
            said = [line for line in rig.backup("-v", "a.bin").check(0).err.splitlines()
                    if line.startswith("openocd: ")]
            assert any("halted due to" in line for line in said), said
            assert not any(re.search(r"@[0-9a-f]{16}|apply|\x08|^openocd: >", line)
                           for line in said), said
            assert not re.search("openocd: ", rig.backup("b.bin").check(0).err)


def test_no_port_is_open():
    with ExecRig(board=["--latency-us", "1000"]) as rig:
        process = rig.begin("stmfw-backup", "--json", "a.bin")
        openocd = wait_until(lambda: children(process.pid), "openocd runs")[0]
        wait_until(lambda: b"read" in process.stdout.readline(), "it reads")
        assert not listening_sockets(openocd), "it listens"
        process.terminate()
        finish(process).check(143)
        wait_until(lambda: not os.path.exists(f"/proc/{openocd}"), "openocd has ended")


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def listening_sockets(pid):
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    listening = {f"socket:[{row[9]}]" for row in rows if row[3] == "0A"}
    fds = f"/proc/{pid}/fd"
    return [name for name in os.listdir(fds) if os.readlink(f"{fds}/{name}") in listening]


# ---- how it fails


def test_openocd_that_ends_at_once():
    with ExecRig() as rig:
        board = rig.where
        for where, words in ((f"{board} -f no-such.cfg", ["exit status 1", "no-such.cfg", "-f"]),
                             ("exec:no-such-program -f x", ["cannot be started", "no such file"]),
                             ("exec:/bin/sh -c 'echo Error: open failed >&2; exit 1'",
                              ["open failed", "probe"])):
            rig.where = where
            rig.info().check(3, *words)


def test_probe_that_is_not_there():
    with ExecRig() as rig:
        rig.end_board()
        rig.info().check(3, "exit status 1", "Its last words", "probe|ST-LINK")


def test_chip_of_another_id():
    with ExecRig(board=["--fault", "wrong-idcode=0x2ba01477"]) as rig:
        rig.info().check(3, "UNEXPECTED idcode: 0x2ba01477", "0x1ba01477", "CPUTAPID")


def test_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with ExecRig(after=[f"telnet_port {taken.getsockname()[1]}"]) as rig:
            rig.info().check(3, "couldn't bind telnet", "Another program has that port")


def test_commands_that_are_none():
    for where in ("exec:", "exec:  ", "exec:'openocd", "unix:", "telnet://h:0", "tcl://h:x"):
        run("stmfw-info", "--openocd", where).check(2, "is no address")


def test_ssh_that_is_refused():
    with SshRig() as rig:
        os.remove(rig.hidden("authorized_keys"))
        rig.info().check(3, "Permission denied", "key")
        os.remove(rig.hidden("known_hosts"))
        rig.info().check(3, "Host key verification failed", "log in there by hand")


# ---- another machine; patience


def test_another_machine_is_warned_of():
    with Rig() as rig:
        for where, warns in ((f"0.0.0.0:{rig.tcl}", True), (f"127.0.0.1:{rig.tcl}", False),
                             (f"localhost:{rig.tcl}", False)):
            rig.where = where
            result = rig.info().check(0)
            warnings = [line for line in result.err.splitlines() if "warning" in line]
            assert len(warnings) == warns, result
            assert not warns or re.search("0.0.0.0 .*no password.*no encryption", warnings[0])


def test_wait_for_openocd():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Rig(port=port) as rig:
        rig.end_openocd()
        began = time.monotonic()
        rig.info().check(3, "connection refused")
        rig.info("--wait", "1").check(3, "connection refused", r"tried \d+ times")
        assert 1 <= time.monotonic() - began < 5
        process = rig.begin("stmfw-info", "--wait", "20")
        time.sleep(0.3)
        assert process.poll() is None
        rig.start_openocd()
        assert "STM32F10x" in finish(process).check(0).out


main()
