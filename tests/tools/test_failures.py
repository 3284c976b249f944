#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the tools say, and leave behind, when something goes wrong. See rig.py."""
import fcntl
import http.server
import json
import os
import pty
import re
import resource
import signal
import socket
import struct
import termios
import threading
import time

from rig import (Rig, Skip, begin, finish, is_reading, main, make_image, read, run, until_event,
                 write)


def check_nothing_made(rig):
    assert rig.files() == [], rig.files()


# ---- the wrong command line


def test_usage():
    for args, words in ((["--bogus"], "--bogus.* not understood"), (["-x"], "-x"),
                        (["--bank"], "--bank.* needs a value"), (["--bank", "x"], "--bank"),
                        (["--offset", "1G"], "1G"), (["--length", "0"], "--length"),
                        (["--verify", "md5"], "md5"), (["--after", "explode"], "explode"),
                        (["a", "b"], "b"), ([""], "empty"), (["--openocd", "a:b"], "no address"),
                        (["--bank", "all", "--offset", "1"], "--bank all")):
        result = run("stmfw-backup", *args).check(2, words)
        assert result.out == "" and len(result.err.splitlines()) == 1, result
        end = run("stmfw-backup", *args, "--json").check(2).events()[-1]
        assert end["code"] == "USAGE" and end["advice"] is not None, end
    assert json.loads(run("stmfw-info", "--json", "x").check(2).out)["code"] == "USAGE"


# ---- the wrong server


def test_nothing_listens():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    result = run("stmfw-backup", "--json", "--openocd", f":{port}", "x").check(
        3, f"cannot reach OpenOCD at 127.0.0.1:{port}: connection refused", "Start it")
    assert result.events()[-1]["code"] == "CONNECT"
    assert json.loads(run("stmfw-info", "--json", "--openocd", f":{port}").check(3).out)["exit"] == 3


def test_telnet_port():
    with Rig(telnet=True) as rig:
        port = rig.find_port("telnet")
        rig.backup("--openocd", f":{port}", "x").check(
            4, f"127.0.0.1:{port} answered, but not as an OpenOCD TCL port", "telnet", "Listening")
        check_nothing_made(rig)


class QuietHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):  # pylint: disable=arguments-differ
        pass


def test_web_server():
    server = http.server.HTTPServer(("127.0.0.1", 0), QuietHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        run("stmfw-backup", "--openocd", f":{server.server_port}", "x").check(
            4, "not as an OpenOCD TCL port", "web server|HTTP")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answer_once(answer):
    """A server that says one thing; returns its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(20)

    def serve():
        with listener, listener.accept()[0] as peer:
            peer.recv(4096)
            peer.sendall(answer)
            peer.recv(4096)
    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def test_terminals_are_safe_from_peers():
    for tool in "stmfw-backup", "stmfw-info":
        port = answer_once(b"\x1b]0;owned\x07 \x9b2J \xff\xfe\r\n\x1a")
        result = run(tool, "--openocd", f":{port}", cwd="/").check(4, "not as an OpenOCD TCL port")
        text = result.out + result.err
        assert all(c == "\n" or " " <= c <= "~" for c in text), repr(text)


# ---- the wrong bank, the wrong place


def test_no_such_bank():
    with Rig() as rig:
        rig.backup("--bank", "7", "x").check(7, "has no flash bank 7", "it has 1")
        check_nothing_made(rig)
        assert rig.stats()["running"]


def test_no_such_folder():
    with Rig() as rig:
        before = rig.stats()["resets"]
        rig.backup("nowhere/x").check(9, "nowhere", "No such file or directory")
        assert rig.stats()["resets"] == before
        check_nothing_made(rig)


def test_full_disk():
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
    with Rig() as rig:
        rig.backup("--verify", "none", "x", preexec_fn=limit).check(
            9, "could not be saved", "x.part", "No file was made", "runs its firmware again")
        check_nothing_made(rig)
        assert rig.stats()["running"]


def test_full_stdout():
    with Rig() as rig, open("/dev/full", "wb") as full:
        rig.backup("--quiet", "x", stdout=full).check(9, "stdout")
        assert read(rig.path("x")) == rig.image


def test_closed_descriptors():
    every_tool = (("stmfw-backup", "x", "--force"), ("stmfw-flash", "x"), ("stmfw-info",),
                  ("stmfw-compare", "x"), ("stmfw-protect",), ("stmfw-restore", "x"))
    with Rig() as rig:
        for tool in every_tool:
            for closed in (0,), (1,), (2,), (0, 1, 2):
                process = rig.begin(*tool, preexec_fn=lambda fds=closed: [os.close(f) for f in fds])
                result = finish(process)
                assert result.code == 0, (tool, closed, result)
        assert read(rig.path("x")) == rig.image == rig.flash_now()
        assert rig.files() == ["x", "x.json"]


def test_part_of_another_run_is_kept():
    with Rig() as rig:
        write(rig.path("x.part"), b"mine")
        rig.backup("x").check(9, "x.part.* already exists")
        assert rig.files() == ["x.part"] and read(rig.path("x.part")) == b"mine"


# ---- the chip


def test_full_stdout_and_what_the_flash_holds():
    with Rig() as rig, open("/dev/full", "wb") as full:
        write(rig.path("x"), make_image(2000))
        rig.flash("--json", "x", stdout=full).check(9, "could not be written to stdout",
                                                    "2000 bytes of .x. are in flash, proven")


def test_a_blank_part_is_not_a_blank_chip():
    with Rig(image=make_image(8192) + b"\xff" * (65536 - 8192)) as rig:
        result = rig.backup("--offset", "32K", "--length", "4K", "x").check(
            10, "this part of the flash is blank")
        assert "the chip is blank" not in result.err, result


def test_force_is_not_advised_where_it_does_not_help():
    with Rig() as rig:
        for name, words in ((".", "is a folder"), ("no/x", "No such file")):
            for more in [], ["--force"]:
                result = rig.backup(name, *more).check(9, words, "another folder")
                assert "--force" not in result.err, result
        check_nothing_made(rig)


def test_a_narrow_terminal():
    with Rig() as rig:
        for columns in 20, 40, 60, 80, 200:
            ours, theirs = pty.openpty()
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            process = rig.begin("stmfw-backup", "--force", "x", stderr=theirs)
            os.close(theirs)
            process.communicate(timeout=20)
            drawn = terminal_lines(ours)
            bars = [line for line in drawn if line.startswith(("read", "verify"))]
            assert bars and max(map(len, bars)) < columns, (columns, bars)
            assert "0:00 left" not in " ".join(bars), bars
            assert len([line for line in bars if "100 %" in line]) == 2, bars


def terminal_lines(fd):
    """What was drawn, each time."""
    text = b""
    try:
        while more := os.read(fd, 65536):
            text += more
    except OSError:  # the other end is closed
        pass
    os.close(fd)
    return re.split(r"[\r\n]+", text.decode().replace("\033[K", ""))


def test_read_protection_comes_first():
    with Rig(board=["--fault", "rdp"]) as rig:
        before = rig.stats()["resets"]
        rig.backup("x").check(
            6, r"Read protection is on \(RDP level 1\): this chip's firmware cannot be read by anyone",
            "STM32F10x", "0123456789abcdef01234567", f"127.0.0.1:{rig.tcl}", "No file was made",
            "Removing the protection erases the chip")
        assert rig.stats()["resets"] == before, "the chip was touched"
        check_nothing_made(rig)
        assert "removing the protection erases it" in rig.info().check(0).out


def test_read_protection_f407():
    with Rig("f407vg", board=["--fault", "rdp"]) as rig:
        rig.backup("x").check(6, "RDP level 1")
        check_nothing_made(rig)


def test_chip_does_not_halt():
    with Rig(board=["--fault", "no-halt"]) as rig:
        rig.backup("x").check(5, "Cannot reset and halt the chip", "UID 0123", "No file was made",
                              "Nothing was written to the chip", "sleep", "reset")
        check_nothing_made(rig)


def test_read_fault():
    with Rig(board=["--fault", "read-fault-after=30000"]) as rig:
        rig.backup("x").check(5, "Cannot read the flash", "UID 0123", "No file was made",
                              "Nothing was written to the chip", "reset and is no longer halted")
        check_nothing_made(rig)
        assert rig.stats()["running"]


def test_bad_line_is_found_by_checksum():
    with Rig(board=["--fault", "corrupt-read=0x1234"]) as rig:
        rig.backup("x").check(8, "Cannot prove the copy", "UID 0123", "No file was made",
                              "wires", "speed")
        check_nothing_made(rig)


def test_bad_line_is_found_by_second_read():
    with Rig(board=["--fault", "corrupt-read=0x1234"]) as rig:
        rig.backup("--verify", "reread", "x").check(
            8, "Two reads differ in 1 place, 1 byte, first at 0x1234", "No file was made", "wires")
        check_nothing_made(rig)


def test_probe_is_unplugged():
    with Rig("f407vg", board=["--latency-us", "1000"]) as rig:
        process = rig.begin("stmfw-backup", "--json", "x")
        seen = until_event(process, is_reading)
        rig.ask("unplug")
        result = finish(process, seen).check(5, "Cannot read the flash: OpenOCD lost its probe",
                                             "No file was made", "may still be halted")
        assert len(result.err.splitlines()[-1]) < 600 and result.err.count("cable") == 1, result
        assert result.events()[-1]["code"] == "TARGET"
        check_nothing_made(rig)
        result = rig.info().check(5, "Cannot identify the chip", "probe")
        assert "note" in result.out and "stm32f4x.cpu" in result.out, result


def test_openocd_dies():
    with Rig("f407vg", board=["--latency-us", "1000"]) as rig:
        process = rig.begin("stmfw-backup", "--json", "x")
        seen = until_event(process, is_reading)
        rig.openocd.kill()
        result = finish(process, seen).check(4, "OpenOCD closed the connection during \"read\"|reset",
                                             "UID 0123", "No file was made",
                                             "Nothing was written", "may still be halted")
        assert result.events()[-1]["code"] == "LOST"
        check_nothing_made(rig)


def test_openocd_hangs_and_ctrl_c_is_patient_for_5_seconds():
    with Rig("f407vg", board=["--latency-us", "1000"]) as rig:
        process = rig.begin("stmfw-backup", "--json", "x")
        seen = until_event(process, is_reading)
        rig.openocd.send_signal(signal.SIGSTOP)
        try:
            process.send_signal(signal.SIGINT)
            finish(process, seen).check(130, "Stopped as asked", "may still be halted").events()
        finally:
            rig.openocd.send_signal(signal.SIGCONT)
        check_nothing_made(rig)


def test_ctrl_c_while_connecting():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        process = begin("stmfw-backup", "--json", "--openocd", f":{silent.getsockname()[1]}", "x")
        seen = until_event(process, lambda event: event["event"] == "begin")
        process.send_signal(signal.SIGINT)
        finish(process, seen).check(130, "trying to connect").events()
        assert time.monotonic() - began < 4, "it waited"


def test_second_ctrl_c_ends_at_once():
    with Rig("f407vg", board=["--latency-us", "1000"]) as rig:
        process = rig.begin("stmfw-backup", "--json", "x")
        seen = until_event(process, is_reading)
        rig.openocd.send_signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGTERM)
            result = finish(process, seen)
            assert time.monotonic() - began < 3, "it waited"
        finally:
            rig.openocd.send_signal(signal.SIGCONT)
        assert result.code in (130, 143) and not result.events()[-1]["ok"], result
        check_nothing_made(rig)


def test_unwritable_folder():
    if os.geteuid() == 0:
        raise Skip("root may write everywhere")
    with Rig() as rig:
        os.chmod(rig.dir, 0o500)
        rig.backup("x").check(9, "cannot write to folder")
        os.chmod(rig.dir, 0o700)
        check_nothing_made(rig)


main()
