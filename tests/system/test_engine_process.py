"""One engine process as process 1 of a sandbox starts it: on memory and sockets that it is handed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from weft.launcher import engine_binary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FRAMES_BYTES = 8 << 20
STATE_BYTES = 1 << 20
QUEUED = """
src :: InfiniteSource(LIMIT $n, STOP false) -> c :: Counter -> q :: Queue(100)
    -> u :: Unqueue(ACTIVE false) -> out :: Counter -> Discard;
"""


class Holder:
    """What outlives an engine: its memory and its listening socket."""

    def __init__(self, folder: Path) -> None:
        self.frames = os.memfd_create("frames")
        os.ftruncate(self.frames, FRAMES_BYTES)
        self.state = os.memfd_create("state")
        os.ftruncate(self.state, STATE_BYTES)
        self.path = folder / "control.sock"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen()
        self.graph = folder / "graph.click"
        self.engine: subprocess.Popen[bytes] | None = None

    def start(self, graph: str, *parameters: str) -> str:
        """Start an engine; what it says about being ready."""
        self.graph.write_text(graph)
        hears, says = os.pipe()
        descriptors = {
            "control": self.listener.fileno(),
            "frames": self.frames,
            "state": self.state,
            "ready": says,
        }
        options = [word for name, fd in descriptors.items() for word in (f"--{name}-fd", str(fd))]
        self.engine = subprocess.Popen(
            [engine_binary(), "engine", "--graph", str(self.graph), *options, *parameters],
            pass_fds=descriptors.values(),
            stderr=subprocess.DEVNULL,
        )
        os.close(says)
        with open(hears, "rb") as pipe:  # noqa: PTH123
            said = b""
            while said != b"ready\n" and (line := pipe.readline()):
                said += line
            return said.decode()

    def kill(self) -> int:
        """Kill the engine; how it ended."""
        assert self.engine is not None
        self.engine.send_signal(signal.SIGKILL)
        return self.engine.wait(10)

    def close(self) -> None:
        """Give everything back."""
        if self.engine is not None:
            self.engine.kill()
            self.engine.wait(10)
        self.listener.close()
        os.close(self.frames)
        os.close(self.state)

    def read(self, handler: str) -> str:
        """The value of a handler."""
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as client:
            client.settimeout(10)
            client.connect(str(self.path))
            client.sendall(f"READ {handler}\nQUIT\n".encode())
            answer = b"".join(iter(lambda: client.recv(4096), b"")).decode()
        assert f"200 Read handler '{handler}' OK" in answer, answer
        length, _, rest = answer.partition("DATA ")[2].partition("\r\n")
        return rest[: int(length)]

    def write(self, handler: str, value: str) -> str:
        """Write a handler; the answer."""
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as client:
            client.settimeout(10)
            client.connect(str(self.path))
            client.sendall(f"WRITEDATA {handler} {len(value)}\n{value}QUIT\n".encode())
            answer = b"".join(iter(lambda: client.recv(4096), b"")).decode()
        return answer.split("\r\n", 1)[1]


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[Holder]:
    made = Holder(tmp_path)
    yield made
    made.close()


def test_handlers_are_served_without_a_control_socket_in_the_graph(holder: Holder) -> None:
    assert holder.start(QUEUED, "n=30") == "ready\n"
    assert holder.read("list") == "6\nsrc\nc\nq\nu\nout\nDiscard@6\n"
    assert holder.read("c.count") == "30"
    assert "ControlSocket" not in holder.read("flatconfig")
    assert "ControlSocket" not in holder.read("stats")


def test_a_killed_engine_goes_on_with_its_counters_and_queued_packets(holder: Holder) -> None:
    assert holder.start(QUEUED, "n=30") == "ready\n"
    assert holder.read("q.length") == "30"
    assert holder.kill() == -signal.SIGKILL
    assert holder.start(QUEUED, "n=0") == "ready\n"
    assert (holder.read("c.count"), holder.read("q.length")) == ("30", "30")
    assert "200 Write" in holder.write("u.active", "true")
    assert holder.read("q.length") == "0"
    assert holder.read("out.count") == "30"


def test_the_graph_can_be_replaced_while_it_runs(holder: Holder) -> None:
    assert holder.start(QUEUED, "n=30") == "ready\n"
    new = "Idle -> c :: Counter -> q :: Queue(200) -> Unqueue -> out :: Counter -> Discard;"
    assert "200 Write handler 'hotconfig' OK" in holder.write("hotconfig", new)
    assert holder.read("config") == new
    assert holder.read("out.count") == "30"
    bad = holder.write("hotconfig", "x :: Nonsense;")
    assert "520 config:1: unknown element class 'Nonsense'" in bad
    assert holder.read("config") == new


def test_a_wrong_graph_is_told_line_by_line(holder: Holder) -> None:
    said = holder.start("c :: Counter(4);\nInfiniteSource -> c -> Discard;")
    assert said == (
        f"{holder.graph}:1: While configuring 'c :: Counter':\n  too many arguments\n"
        "Router could not be initialized!\n"
    )
    assert holder.engine is not None
    assert holder.engine.wait(10) == 1


def test_a_stop_signal_ends_the_engine(holder: Holder) -> None:
    assert holder.start(QUEUED, "n=3") == "ready\n"
    assert holder.engine is not None
    holder.engine.terminate()
    assert holder.engine.wait(10) == 0


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "--graph is missing"),
        (["--graph", "g", "--colour", "red"], "unknown argument '--colour'"),
        (["--graph", "g", "--ready-fd", "2"], "--ready-fd '2': the number of an open descriptor"),
        (["--graph", "g", "--ready-fd", "987"], "--ready-fd: Bad file descriptor"),
    ],
)
def test_wrong_usage_is_told(arguments: list[str], problem: str) -> None:
    done = subprocess.run(
        [engine_binary(), "engine", *arguments], capture_output=True, text=True, check=False
    )
    assert problem in done.stderr
    assert done.returncode == 2
