"""A component between a capture file and capture files: what goes in, what comes out, and the account."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.component_children import Child, Kind
from tests.support.component_engine import ComponentEngine, until
from tests.support.pcap import read_pcap, write_pcap

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Bench", "Sides", "frame", "numbered"]

PCAP_HEADER, PCAP_RECORD = 24, 16
HEAD = bytes.fromhex("020000000002 020000000001 88b5")


def frame(operation: int, n: int = 0, length: int = 60, seed: int = 0) -> bytes:
    """A frame that the conformance child does `operation` to, each byte told from its neighbours."""
    body = bytes((seed + i * 7) % 251 for i in range(16, max(length, 16)))
    return (HEAD + bytes([operation, n]) + body)[:length]


def numbered(count: int, operation: int = 0, n: int = 0, length: int = 64) -> list[bytes]:
    """Frames that hold their number from byte 16 on."""
    pattern = frame(operation, n, length)
    return [pattern[:16] + i.to_bytes(4, "big") + pattern[20:] for i in range(count)]


@dataclass(frozen=True)
class Sides:
    """The graph around a component.

    `outputs` is how many it has, `arguments` are further ones of the element, `before` stands
    between source and component, `behind` between an output and its file, `source` goes into the
    source's arguments.
    """

    outputs: int = 1
    arguments: str = ""
    before: str = ""
    behind: str = ""
    source: str = "BURST 32"
    uid: int = field(default_factory=os.geteuid)

    def graph(self, folder: Path, element: str = "c") -> str:
        """The whole of it; the files lie in `folder`."""
        arguments = f", {self.arguments}" if self.arguments else ""
        lines = [
            f"src :: FromDump({folder}/in.pcap, ACTIVE false, {self.source});",
            f"{element} :: Component(conf, UID {self.uid}{arguments});",
            f"src -> {self.before}{element};",
        ]
        for number in range(self.outputs):
            file = f"ToDump({folder}/out{number}.pcap, SNAPLEN 0, UNBUFFERED true)"
            lines.append(f"{element}[{number}] -> {self.behind}out{number} :: {file};")
        return "\n".join(lines) + "\n"


class Bench:
    """An engine, the child of one language, and what happens between them."""

    def __init__(self, kind: Kind, folder: Path) -> None:
        self.kind = kind
        self.folder = folder
        self.engine = ComponentEngine(folder)
        self.children: list[Child] = []
        self.sides = Sides()
        self.sent = 0
        self.frames = self.length = 0

    def child(self, *arguments: str, kind: Kind | None = None, **how: str) -> Child:
        """Start a child; it attaches in its own time."""
        made = Child(
            kind or self.kind,
            self.engine.path,
            self.folder,
            *arguments,
            outputs=self.sides.outputs,
            **how,
        )
        self.children.append(made)
        return made

    def load(self, frames: Sequence[bytes], sides: Sides | None = None) -> None:
        """Start an engine that has these frames ready, and nobody attached."""
        self.sides = sides or self.sides
        self.sent = self.frames = len(frames)
        self.length = len(frames[0]) if frames else 0
        write_pcap(self.folder / "in.pcap", frames)
        self.engine.start(self.sides.graph(self.folder))

    def start(self, graph: str, sent: int) -> None:
        """Start an engine on a graph of the test's own with a source `src`, `c` and `out0`."""
        self.sent = sent
        self.engine.start(graph)

    def attach(self) -> Child:
        """Start a child and return when it is ready."""
        times = self.engine.lines.count("component conf ready")
        child = self.child()
        self.engine.wait_for("component conf ready", times + 1)
        return child

    def flow(self) -> None:
        """Let the frames flow."""
        self.engine.write("src.active", "true")

    def again(self, count: int) -> None:
        """Send the last so many of the frames again, which are of one length."""
        record = PCAP_RECORD + self.length
        self.sent += count
        self.engine.write("src.filepos", str(PCAP_HEADER + (self.frames - count) * record))
        self.flow()

    def repeat(self) -> None:
        """Send all frames again, and return when they are through."""
        self.sent += self.frames
        self.engine.write("src.filepos", str(PCAP_HEADER))
        self.flow()
        self.settle()

    def expect(self, expected: list[list[bytes]]) -> None:
        """Compare what has left by each output with what should have, byte by byte."""
        for number, (got, wanted) in enumerate(zip(self.outputs(), expected, strict=True)):
            for at, (one, other) in enumerate(zip(got, wanted, strict=False)):
                assert one == other, f"packet {at} of output {number}"
            assert len(got) == len(wanted), f"output {number}; drops {self.drops}; {self.said()}"

    def said(self) -> str:
        """What engine and children wrote to standard error."""
        return self.engine.log() + "".join(child.said() for child in self.children)

    def settled(self) -> bool:
        """Whether every frame is through, one way or another."""
        read = self.engine.number
        return read("src.count") == self.sent and read("c.waiting") == read("c.in_flight") == 0

    def settle(self) -> None:
        """Return when every frame is through."""
        until(self.settled, f"{self.sent} frames get through; {self.said()}")

    def exchange(self, frames: Sequence[bytes], sides: Sides | None = None) -> list[list[bytes]]:
        """Send frames through a fresh engine and child; what left by each output."""
        self.load(frames, sides)
        self.attach()
        self.flow()
        self.settle()
        return self.outputs()

    def outputs(self) -> list[list[bytes]]:
        """What has left by each output."""
        return [
            read_pcap(self.folder / f"out{number}.pcap") for number in range(self.sides.outputs)
        ]

    @property
    def drops(self) -> dict[str, int]:
        """Packets that the component's element dropped, by reason."""
        return self.engine.drops("c")

    @property
    def emitted(self) -> int:
        """Packets that came from the component without having gone to it."""
        figures = json.loads(self.engine.read("c.figures"))
        count: int = figures["packets_emitted"]
        return count

    def account(self, emitted: int = 0) -> None:
        """Every frame is accounted for: sent and emitted = received + dropped + in flight."""
        received = sum(self.engine.number(f"out{n}.count") for n in range(self.sides.outputs))
        dropped = sum(self.drops.values())
        held = self.engine.number("c.in_flight") + self.engine.number("c.waiting")
        sent = self.engine.number("src.count")
        assert sent + emitted == received + dropped + held, (sent, received, self.drops, held)

    def close(self) -> None:
        """End everything."""
        self.engine.close()
        for child in self.children:
            child.close()
