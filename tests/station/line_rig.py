# SPDX-License-Identifier: MIT
"""line_driver (see there), and what it talks to: a real mosquitto, a real PostgreSQL, and peers that
misbehave. All of them in a private folder, ended by their pid."""
import glob
import json
import os
import pwd
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from rig import PATIENCE, Skip, end, main, read, wait_until, write  # noqa: E402,F401 pylint: disable=all

PROGRAM = os.path.abspath(sys.argv[1])
STATION = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None


def free_port(other=None):
    """One that nobody has now, and that is not the other one."""
    while True:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            if s.getsockname()[1] != other:
                return s.getsockname()[1]


def program(name):
    """Where it is; such programs are not in everybody's PATH."""
    places = [os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]
    places += sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join(places))
    if not found:
        raise Skip(f"{name} is not installed")
    return found


class Folder:
    """A private folder; everything that was started in it ends with it."""

    def __init__(self):
        self.private = tempfile.TemporaryDirectory(prefix="line-test-")
        self.name = self.private.name
        os.chmod(self.name, 0o711)
        self.things = []

    def path(self, name):
        return os.path.join(self.name, name)

    def write(self, name, text):
        write(self.path(name), text.encode())
        return self.path(name)

    def recipe(self, name="line", mqtt=None, serial=None, station=None,
               site="127.0.0.1:6666"):
        """A recipe whose only step needs nothing; the record is NAME.sqlite."""
        text = [f"station: {station or name}", f"record: {name}.sqlite", "sites:",
                f"  - {{ name: A, openocd: '{site}' }}", "steps:"]
        text += ["  - serial: {}" if serial else "  - run: {}"]
        for key, values in (("mqtt", mqtt), ("serial", serial)):
            if values:
                text += [f"{key}:"] + [f"  {k}: {json.dumps(v)}" for k, v in values.items()]
        return self.write(f"{name}.yaml", "\n".join(text) + "\n")

    def keep(self, thing):
        self.things.append(thing)
        return thing

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for thing in reversed(self.things):
            thing.stop()
        self.private.cleanup()


class Driver:
    """A station without boards."""

    def __init__(self, folder, recipe):
        self.notes, self.pending = [], b""
        self.process = subprocess.Popen([PROGRAM, recipe], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, cwd=folder.name)
        folder.keep(self)
        self.first = self.line()

    def raw_line(self, seconds=PATIENCE):
        limit = time.monotonic() + seconds
        while b"\n" not in self.pending:
            left = limit - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return None
            got = os.read(self.process.stdout.fileno(), 65536)
            assert got, f"the driver has ended: {self.process.wait()}"
            self.pending += got
        line, self.pending = self.pending.split(b"\n", 1)
        return line.decode()

    def line(self, seconds=PATIENCE):
        """The next one that is no note."""
        while (line := self.raw_line(seconds)) is not None:
            if not line.startswith("note "):
                return line
            self.notes.append(line[5:])
        raise AssertionError(f"no answer; notes: {self.notes}")

    def note(self, *words, seconds=PATIENCE):
        """The next note, which has to have these words."""
        if not self.notes:
            line = self.raw_line(seconds)
            assert line and line.startswith("note "), f"no note with {words}: {line}"
            self.notes.append(line[5:])
        note = self.notes.pop(0)
        for word in words:
            assert word in note, f"no '{word}' in: {note}"
        return note

    def no_note(self, seconds=0.0):
        line = self.raw_line(seconds)
        assert line is None and not self.notes, (line, self.notes)

    def ask(self, command, seconds=PATIENCE):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        name, _, rest = self.line(seconds).partition(" ")
        return name, rest

    def number(self, command):
        name, rest = self.ask(command)
        assert name == command.split()[0], (command, name, rest)
        return int(rest.split()[0])

    def passed(self, count):
        """The serial numbers with which boards have passed."""
        name, rest = self.ask(f"pass {count}")
        assert name == "passed" and "failed" not in rest, (name, rest)
        return rest.split("none")[0].split()

    def sent(self, seconds=PATIENCE):
        wait_until(lambda: self.number("unsent") == 0, "all events are acknowledged", seconds)

    def quit(self, seconds=PATIENCE):
        """The regular end; the number of events that are left."""
        name, rest = self.ask("quit", seconds)
        assert name == "closed" and self.process.wait(PATIENCE) == 0, (name, rest)
        return int(rest)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.kill()
        self.process.stdin.close()
        self.process.stdout.close()


# ---- MQTT

CONNECT, PUBLISH, PUBACK = 1, 3, 4


class Broker:
    """A real mosquitto. It can be killed, and started again on the same port with what it has kept."""

    def __init__(self, folder, *settings, port=None):
        self.folder, self.port = folder, port or free_port()
        self.plain = free_port(self.port)  # for those who look on
        self.mosquitto = program("mosquitto")
        store = folder.path(f"broker-{self.port}")
        os.makedirs(store, exist_ok=True)
        self.log = folder.path(f"broker-{self.port}.log")
        self.config = folder.write(f"broker-{self.port}.conf", "\n".join([
            "per_listener_settings true", f"user {pwd.getpwuid(os.geteuid()).pw_name}", f"listener {self.port} 127.0.0.1",
            "persistence true", f"persistence_location {store}/", "max_queued_messages 0",
            "autosave_on_changes true", "autosave_interval 1",
            *(settings or ["allow_anonymous true"]), f"listener {self.plain} 127.0.0.1",
            "allow_anonymous true", ""]))
        self.process = None
        folder.keep(self)
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.mosquitto, "-c", self.config, "-v"], stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL)
        wait_until(self.listens, "the broker listens")

    def listens(self):
        assert self.process.poll() is None, read(self.log).decode()
        for port in (self.port, self.plain):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) != 0:
                    return False
        return True

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        end(self.process)


class Subscriber:
    """Reads all topics, and comes back when the broker does."""

    def __init__(self, folder, broker, *options, topic="#"):
        self.path = folder.path(f"heard-{len(folder.things)}")
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen(
                [program("mosquitto_sub"), "-h", "127.0.0.1", "-p", str(broker.plain), "-t", topic,
                 "-q", "1", "-c", "-i", "mes", "-F", "%r %t %p", *options], stdout=out,
                stdin=subprocess.DEVNULL)
        folder.keep(self)
        wait_until(lambda: "SUBSCRIBE" in read(broker.log).decode(errors="replace"),
                   "the subscription")

    def messages(self):
        """(topic, payload, retained) in the order of their coming."""
        lines = read(self.path).decode().split("\n")[:-1]
        parts = [line.split(" ", 2) for line in lines]
        return [(topic, json.loads(payload), kept == "1") for kept, topic, payload in parts]

    def events(self):
        return [(t, p) for t, p, _ in self.messages() if p["event"] != "state"]

    def ids(self):
        """Of the events, each as often as it came."""
        return [p["id"] for _, p in self.events()]

    def has(self, count, seconds=PATIENCE):
        """Waits for the events 1 to count; there must be no others."""
        wait_until(lambda: len(set(self.ids())) >= count, f"{count} events", seconds)
        assert set(self.ids()) == set(range(1, count + 1)), sorted(set(self.ids()))

    def stop(self):
        end(self.process)


class Peer:
    """Somebody at the broker's port who is none; serve(connection) in a thread of its own."""

    def __init__(self, folder, serve):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.serve, self.connections = self.listener.getsockname()[1], serve, []
        threading.Thread(target=self.accept, daemon=True).start()
        folder.keep(self)

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.run, args=[connection], daemon=True).start()

    def run(self, connection):
        try:
            self.serve(connection)
        except OSError:
            pass

    def stop(self):
        self.listener.close()
        for connection in self.connections:
            connection.close()


def whole_packets(connection):
    """The control packets that come: type, content, all of its bytes."""
    stream = connection.makefile("rb")
    while head := stream.read(1):
        length, shift = 0, 0
        while True:
            head += stream.read(1)
            length |= (head[-1] & 0x7f) << shift
            shift += 7
            if head[-1] < 0x80:
                break
        content = stream.read(length)
        yield head[0] >> 4, content, head + content


def packets(connection):
    """The control packets that come: type and content."""
    for kind, content, _ in whole_packets(connection):
        yield kind, content


class Relay(Peer):
    """In front of a broker, for MQTT 3.1.1: notes which events the broker has confirmed.

    A broker that is killed may itself lose these: mosquitto confirms first, and saves afterwards."""

    def __init__(self, folder, broker):
        self.broker, self.confirmed = broker, []  # ids, of each connection
        super().__init__(folder, self.serve_broker)

    def serve_broker(self, station):
        flying, confirmed = {}, set()
        self.confirmed.append(confirmed)
        try:
            with socket.create_connection(("127.0.0.1", self.broker.port)) as broker:
                threading.Thread(target=self.go_on, args=[self.to_broker, station, broker, flying],
                                 daemon=True).start()
                self.go_on(self.to_station, broker, station, flying, confirmed)
        finally:
            station.close()

    @staticmethod
    def go_on(send, source, sink, *notes):
        """Until one of them is gone; then the other one is told."""
        try:
            send(source, sink, *notes)
        except (OSError, IndexError):  # in the middle of a packet
            pass
        for end_ in (source, sink):
            try:
                end_.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @staticmethod
    def to_broker(station, broker, flying):
        for kind, content, whole in whole_packets(station):
            if kind == PUBLISH:
                at = 2 + int.from_bytes(content[:2], "big")
                flying[content[at:at + 2]] = json.loads(content[at + 2:]).get("id")
            broker.sendall(whole)

    @staticmethod
    def to_station(broker, station, flying, confirmed):
        for kind, content, whole in whole_packets(broker):
            if kind == PUBACK and flying[content[:2]]:  # 0: no event, but the state
                confirmed.add(flying[content[:2]])
            station.sendall(whole)


# ---- PostgreSQL


class Database:
    """A real PostgreSQL, which insists on not being root."""

    def __init__(self, folder, port=None):
        self.folder, self.port, self.process = folder, port or free_port(), None
        self.dir, self.log = folder.path("database"), folder.path("database.log")
        self.who = self.somebody()
        os.mkdir(self.dir, 0o700)
        write(self.log, b"")
        if self.who:
            os.chown(self.dir, self.who["user"], self.who["group"])
            os.chown(self.log, self.who["user"], self.who["group"])
        self.command("initdb", "-D", self.dir, "-A", "trust", "-U", "station", "--no-sync",
                     "--no-instructions", "--locale=C", "-E", "UTF8")
        folder.keep(self)
        self.start()

    @staticmethod
    def somebody():
        if os.geteuid() != 0:
            return {}
        names = [n for n in ("postgres", "nobody") if n in {p.pw_name for p in pwd.getpwall()}]
        who = pwd.getpwnam(names[0])
        return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}

    def command(self, name, *args):
        done = subprocess.run([program(name), *args], cwd="/", stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=60, check=False, **self.who)
        assert done.returncode == 0, (name, args, done.stderr.decode())
        return done.stdout.decode()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [program("postgres"), "-D", self.dir, "-k", self.dir, "-p", str(self.port),
                 "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"], cwd="/", stdout=log,
                stderr=log, stdin=subprocess.DEVNULL, **self.who)
        wait_until(lambda: self.sql("SELECT 1", check=False) == "1", "the database answers")

    def sql(self, text, check=True):
        """What psql says, without its last line end."""
        done = subprocess.run([program("psql"), "-h", self.dir, "-p", str(self.port), "-U",
                               "station", "-d", "postgres", "-XAtqc", text], capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False, **self.who,
                              cwd="/")
        assert done.returncode == 0 or not check, done.stderr.decode()
        return done.stdout.decode().rstrip("\n") if done.returncode == 0 else None

    @property
    def info(self):
        return f"host=127.0.0.1 port={self.port} user=station dbname=postgres"

    def stop(self):
        """SIGINT: at once, but in order."""
        if self.process.poll() is None:
            self.process.send_signal(2)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.send_signal(3)
                self.process.wait()
