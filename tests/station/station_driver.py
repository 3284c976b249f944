# SPDX-License-Identifier: MIT
"""hall_driver (see there) and its page, from outside."""
import http.client
import json
import os
import re
import select
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from rig import PATIENCE, main, wait_until  # noqa: E402,F401 pylint: disable=all

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "./hall_driver"


class Driver:
    """A station that does what it is told."""

    def __init__(self, address="127.0.0.1:0", sites=4, name="Line 4"):
        # glibc counts what it keeps for the next malloc() of a thread as in use.
        exact = {**os.environ, "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [PROGRAM, address, str(sites), name], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=exact)
        self.pending = b""
        self.said = self.line()
        found = re.search(r"http://(\S+):(\d+)/", self.said)
        self.host, self.port = (found[1].strip("[]"), int(found[2])) if found else (None, 0)

    def line(self, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while b"\n" not in self.pending:
            left = end - time.monotonic()
            assert left > 0 and select.select([self.process.stdout], [], [], left)[0], "no answer"
            got = os.read(self.process.stdout.fileno(), 65536)
            assert got, f"the driver has ended: {self.process.wait()}"
            self.pending += got
        line, self.pending = self.pending.split(b"\n", 1)
        return line.decode()

    def send(self, *commands):
        self.process.stdin.write(b"".join(c if isinstance(c, bytes) else f"{c}\n".encode()
                                          for c in commands))
        self.process.stdin.flush()

    def do(self, *commands):
        for command in commands:
            self.send(command)
            assert (answer := self.line()) == "ok", (command, answer)

    def heap(self):
        """Bytes in use, descriptors that are open."""
        self.send("heap")
        return tuple(map(int, self.line().split()))

    def flood(self, count):
        self.send(f"flood {count}")

    def flooded(self):
        assert (answer := self.line()) == "flooded", answer

    def quit(self):
        """The end of the station; nothing of the page may be left in its loop."""
        self.send("quit")
        assert (answer := self.line()) == "closed", answer
        assert self.process.wait(PATIENCE) == 0, self.process.returncode

    # ---- its page

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def ask(self, path="/", method="GET", body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.content = answer.read()
            return answer
        finally:
            connection.close()

    def status(self):
        return json.loads(self.ask("/status.json").content)

    def connect(self, text=b"", room=None):
        """A bare connection; room: bytes that the kernel keeps for us."""
        s = socket.socket()
        if room:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        s.settimeout(PATIENCE)
        s.connect((self.host, self.port))
        if text:
            s.sendall(text)
        return s

    def watch(self):
        return Watcher(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Watcher:
    """One that reads server-sent events, with what they have told so far."""

    def __init__(self, driver):
        self.connection = http.client.HTTPConnection("127.0.0.1", driver.port, timeout=PATIENCE)
        self.connection.request("GET", "/events")
        self.answer = self.connection.getresponse()
        self.sites, self.parts, self.count, self.name = {}, {}, 0, None

    def next(self):
        """The next event's name and content; None at the end."""
        while line := self.answer.readline():
            word, _, rest = line.decode().rstrip("\n").partition(": ")
            if word == "event":
                self.name = rest
            elif word == "data":
                content = json.loads(rest)
                self.count += 1
                if self.name == "site":
                    self.sites[content["index"]] = content
                else:
                    self.parts[self.name] = content
                return self.name, content
        return None

    def until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition(self):
            assert time.monotonic() < end, f"never told: {what}"
            assert self.next(), f"ended before it told: {what}"

    def site(self, index, **wanted):
        self.until(lambda w: all(w.sites.get(index, {}).get(k) == v for k, v in wanted.items()),
                   wanted)

    def close(self):
        self.answer.close()
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
