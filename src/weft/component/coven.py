"""The process of a component written for COVEN: starts its program, and carries packets to it and back.

The program listens on its input port and connects to its output port, on this component's own
loopback interface. TCP keeps no borders between packets, so that one is outside at a time: it is sent,
and what comes back within the patience is its answer. Run as a module it takes a JSON object with
`command`, `input`, `output`, `agent` (0 where there is none), `requests` and `patience_s`.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from weft.component import Component, HandlerError

if TYPE_CHECKING:
    from weft.component import Packet

__all__ = ["Bridge", "length_of", "main", "working_folder"]

SILENT = "no-answer"
HOST = "127.0.0.1"
START_S = 20.0
AGENT_S = 0.8
ETHERNET = 14
COPIED = 4 * 1024 * 1024
"""Bytes of files that a program may write to, and finds where it is started."""
LARGEST = 65_553


def length_of(frame: bytes) -> int:
    """How many bytes a frame must have, as far as its headers tell; 0 where they do not."""
    kind = frame[12:14]
    if kind == b"\x08\x00" and len(frame) >= ETHERNET + 4:
        return ETHERNET + int.from_bytes(frame[16:18], "big")
    if kind == b"\x86\xdd" and len(frame) >= ETHERNET + 6:
        return ETHERNET + 40 + int.from_bytes(frame[18:20], "big")
    return 0


def working_folder() -> Path:
    """A folder with what lies here that can be written to: programs write logs where they are started.

    Files are copied while there is room, and then linked to.
    """
    made = Path(os.environ.get("HOME", ".")) / "work"
    room = COPIED
    for folder, _, names in os.walk("."):
        (made / folder).mkdir(parents=True, exist_ok=True)
        for name in names:
            source, target = Path(folder, name).absolute(), made / folder / name
            if target.exists() or target.is_symlink():
                continue
            size = source.stat().st_size
            if size > room:
                target.symlink_to(source)
                continue
            shutil.copyfile(source, target)
            shutil.copymode(source, target)
            room -= size
    return made


class Bridge:
    """One program and its two connections."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._patience_s = float(told["patience_s"])
        self._agent = (HOST, int(told["agent"]))
        self.counts = {"sent": 0, "answered": 0, "unanswered": 0, "late": 0}
        with socket.create_server((HOST, told["output"])) as listener:
            listener.settimeout(START_S)
            self._program = subprocess.Popen(
                told["command"], cwd=working_folder(), start_new_session=True
            )
            self._to_program = self._connected(told["input"])
            try:
                self._from_program, _ = listener.accept()
            except OSError:
                self._give_up(f"it does not connect to its output port {told['output']}")
        for end in (self._to_program, self._from_program):
            end.settimeout(None)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """End the program, and what it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._program.pid, signal.SIGKILL)

    def exchange(self, packet: Packet) -> None:
        """One packet, there and back."""
        self._forget_late_answers()
        try:
            self._to_program.sendall(packet.data)
        except OSError as error:
            self._give_up(f"it takes no packet: {error}")
        self.counts["sent"] += 1
        frame = self._answer()
        if frame and _replaced(packet, frame):
            self.counts["answered"] += 1
        else:
            self.counts["unanswered"] += 1
            packet.drop(SILENT)

    def ask(self, message: str) -> str:
        """What the program's agent answers to a message."""
        try:
            with socket.create_connection(self._agent, AGENT_S) as agent:
                agent.sendall(message.encode())
                return agent.recv(3028).decode(errors="replace")
        except OSError as error:
            raise HandlerError(f"the agent of the program does not answer: {error}") from None

    def _connected(self, port: int) -> socket.socket:
        until = time.monotonic() + START_S
        while True:
            try:
                return socket.create_connection((HOST, port), START_S)
            except OSError as error:
                if self._program.poll() is not None:
                    self._give_up(f"it has ended with status {self._program.returncode}")
                if time.monotonic() > until:
                    self._give_up(f"it does not listen on its input port {port}: {error}")
                time.sleep(0.01)

    def _received(self) -> bytes:
        piece = self._from_program.recv(LARGEST)
        if not piece:
            self._give_up("it has closed its output")
        return piece

    def _forget_late_answers(self) -> None:
        """What comes after its time belongs to no packet any more."""
        while select.select([self._from_program], [], [], 0)[0]:
            self._received()
            self.counts["late"] += 1

    def _answer(self) -> bytes:
        """What the program makes of the packet it was sent; nothing where it keeps it."""
        until = time.monotonic() + self._patience_s
        frame = b""
        while len(frame) < max(length_of(frame), 1):
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._from_program], [], [], left)[0]:
                return frame
            frame += self._received()
        return frame

    def _give_up(self, message: str) -> NoReturn:
        """Whoever supervises this process starts it again."""
        print(f"the program cannot go on: {message}", file=sys.stderr, flush=True)
        self.close()
        os._exit(1)


def _replaced(packet: Packet, frame: bytes) -> bool:
    """Put the answer in the packet's place, if it fits."""
    grown = len(frame) - len(packet)
    if grown > 0 and packet.put(grown) is None:
        return False
    if grown < 0:
        packet.trim(len(frame))
    packet.data[:] = frame
    return True


def main() -> None:
    """Serve until the engine says goodbye."""
    told = json.loads(sys.argv[1])
    component = Component(reasons=[SILENT])
    bridge = Bridge(told)
    component.packet(bridge.exchange)
    component.handler("packets", type=dict, help="packets sent to the program, and answers")(
        lambda: bridge.counts
    )

    def add(name: str, message: str) -> None:
        help_text = f"what its agent answers to {message!r}"
        component.handler(name, help=help_text)(lambda: bridge.ask(message))

    for name, message in told["requests"].items():
        add(name, message)
    try:
        component.run()
    finally:
        bridge.close()


if __name__ == "__main__":
    main()
