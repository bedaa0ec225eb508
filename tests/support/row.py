"""Three hosts in a row: left `a` - `a1` middle `b1` - `b` right, and an engine in the middle."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.launcher import engine_binary
from weft.server.namespaces import NETNS_FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host

__all__ = ["LIMIT_S", "MACS", "Engine", "join", "raw", "send_and_compare", "until"]

LIMIT_S = 30
MACS = {"a": "02:00:00:00:00:01", "b": "02:00:00:00:00:02"}


class Engine:
    """A graph that runs in a namespace, and its control socket."""

    def __init__(self, host: Host, config: str, folder: Path) -> None:
        self.path = folder / f"{host.name}.sock"
        command = [engine_binary(), "click", "-R", "-u", str(self.path), "-e", config]
        self.process = subprocess.Popen(
            ["nsenter", f"--net={NETNS_FOLDER / host.name}", *command],
            stderr=subprocess.PIPE,
            text=True,
        )
        until(lambda: self.path.exists() or self.process.poll() is not None)
        assert self.process.poll() is None, self.process.communicate()[1]

    def read(self, handler: str) -> str:
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.path))
            stream = control.makefile("rwb")
            stream.readline()
            stream.write(f"READ {handler}\r\n".encode())
            stream.flush()
            answer = stream.readline()
            assert answer.startswith(b"200"), answer
            length = int(stream.readline().split()[1])
            return stream.read(length).decode().strip()

    def write(self, handler: str, value: str) -> None:
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.path))
            stream = control.makefile("rwb")
            stream.readline()
            stream.write(f"WRITEDATA {handler} {len(value)}\r\n{value}".encode())
            stream.flush()
            answer = stream.readline()
            assert answer.startswith(b"200"), answer

    def count(self, handler: str) -> int:
        return int(self.read(handler))

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> str:
        """End it; what it wrote to standard error."""
        if self.process.poll() is None:
            self.process.send_signal(2)
        messages = self.process.communicate(timeout=LIMIT_S)[1]
        return str(messages)


def until(condition: Callable[[], bool], limit_s: float = LIMIT_S) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.005)


def join(near: Host, name: str, far: Host, ends: tuple[dict[str, Any], ...] = ({}, {})) -> None:
    """A cable from device `name` to `name`1, up at both ends, with what `ends` says of each."""
    peer = {"ifname": f"{name}1", "net_ns_fd": far.name, **ends[1]}
    near.route.link("add", ifname=name, kind="veth", peer=peer, address=MACS[name], **ends[0])
    for host, device in ((near, name), (far, f"{name}1")):
        host.run(["sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"])
        host.route.link("set", index=host.namespace.index_of(device), state="up")


def raw(host: Host, device: str) -> socket.socket:
    with host.namespace.entered():
        made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    made.bind((device, 0))
    return made


def send_and_compare(sender: Host, receiver: Host, address: str, length: int) -> None:
    """Send so many bytes over TCP to the receiver's address; they arrive as they are."""
    data = os.urandom(1 << 20) * (length >> 20)
    with receiver.namespace.entered():
        listener = socket.create_server((address, 5001))
    with listener:
        listener.settimeout(LIMIT_S)
        thread = _send(sender, address, data)
        stream, _ = listener.accept()
        digest, received = hashlib.sha256(), 0
        with stream:
            stream.settimeout(LIMIT_S)
            while part := stream.recv(1 << 20):
                digest.update(part)
                received += len(part)
        thread.join(LIMIT_S)
    assert received == len(data)
    assert digest.digest() == hashlib.sha256(data).digest()


def _send(host: Host, address: str, data: bytes) -> threading.Thread:
    def send() -> None:
        with host.namespace.entered(), socket.create_connection((address, 5001)) as stream:
            stream.sendall(data)

    thread = threading.Thread(target=send)
    thread.start()
    return thread
