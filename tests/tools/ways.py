# SPDX-License-Identifier: MIT
"""The ways in: rigs whose tools reach OpenOCD by another way than its TCL port."""
import getpass
import os
import re
import shutil
import socket
import socketserver
import subprocess
import threading

from rig import OPENOCD, TARGETS, Rig, Skip, read, wait_until, write


class TelnetRig(Rig):
    """By OpenOCD's console."""

    def __init__(self, *args, **how):
        super().__init__(*args, telnet=True, **how)

    def start(self):
        super().start()
        self.where = f"telnet://127.0.0.1:{self.find_port('telnet')}"


class Relay(socketserver.ThreadingUnixStreamServer):
    """A socket in the file system, forwarded to a port, as ssh -L and socat do it."""
    daemon_threads = True

    def __init__(self, path, port):
        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with socket.create_connection(("127.0.0.1", port)) as peer:
                    back = threading.Thread(target=copy, args=(peer, self.request))
                    back.start()
                    copy(self.request, peer)
                    back.join()
        super().__init__(path, Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class UnixRig(Rig):
    """By a Unix domain socket that is forwarded to the TCL port."""
    relay = None

    def start(self):
        super().start()
        self.relay = Relay(self.hidden("relay"), self.tcl)
        self.where = f"unix:{self.hidden('relay')}"

    def __exit__(self, *how):
        if self.relay:
            self.relay.shutdown()
            self.relay.server_close()
        super().__exit__(*how)


class ExecRig(Rig):
    """The tools start their own OpenOCD: with what a user would have in his board.cfg."""

    def start_openocd(self):
        command = self.openocd_command("")[3:]
        lines = [f"source [find {value}]" if kind == "-f" else value
                 for kind, value in zip(command[::2], command[1::2])]
        write(self.hidden("board.cfg"), "\n".join(lines).encode() + b"\n")
        self.where = "exec:" + " ".join(self.command())

    def command(self):
        return [OPENOCD, "-f", self.hidden("board.cfg")]


class SshRig(ExecRig):
    """The same through ssh, to an sshd of our own."""

    def start(self):
        self.tools = [shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
                      for name in ("ssh", "ssh-keygen", "sshd")]
        for name, path in zip(("ssh", "ssh-keygen", "sshd"), self.tools):
            if not path:
                raise Skip(f"there is no {name}")
        self.start_sshd()
        super().start()

    def command(self):
        return [self.tools[0], "-F", self.hidden("ssh_config"), "station", *super().command()]

    def make_key(self, name):
        subprocess.run([self.tools[1], "-q", "-t", "ed25519", "-N", "", "-f", self.hidden(name)],
                       check=True, stdin=subprocess.DEVNULL)
        return read(self.hidden(name + ".pub")).decode()

    def start_sshd(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        host_key = self.make_key("host_key")
        write(self.hidden("authorized_keys"), self.make_key("user_key").encode())
        write(self.hidden("known_hosts"), f"[127.0.0.1]:{port} {host_key}".encode())
        write(self.hidden("ssh_config"), f"""Host station
  HostName 127.0.0.1
  Port {port}
  User {getpass.getuser()}
  IdentityFile {self.hidden("user_key")}
  IdentitiesOnly yes
  UserKnownHostsFile {self.hidden("known_hosts")}
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  BatchMode yes
""".encode())
        write(self.hidden("sshd_config"), f"""ListenAddress 127.0.0.1:{port}
HostKey {self.hidden("host_key")}
AuthorizedKeysFile {self.hidden("authorized_keys")}
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PidFile none
""".encode())
        self.make_privsep_dir()
        sshd = self.spawn("sshd.log", self.tools[2], "-D", "-e", "-f", self.hidden("sshd_config"))
        log = wait_until(lambda: sshd.poll() is not None and b"ended" or
                         re.search(rb"Server listening", read(self.hidden("sshd.log"))), "sshd")
        if log == b"ended":
            raise Skip("sshd does not run here: " +
                       read(self.hidden("sshd.log")).decode(errors="replace").strip())

    @staticmethod
    def make_privsep_dir():
        """What Debian's service makes; sshd insists on it when it runs as root."""
        if os.geteuid() == 0 and not os.path.isdir("/run/sshd"):
            try:
                os.mkdir("/run/sshd", 0o755)
            except OSError as why:
                raise Skip(f"sshd needs /run/sshd: {why}") from why


WAYS = {"tcl": Rig, "telnet": TelnetRig, "unix": UnixRig, "exec": ExecRig, "ssh": SshRig}
