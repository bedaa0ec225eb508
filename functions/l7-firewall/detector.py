"""What both analyzers share: the signatures in force, what was found, and the mark in the NSH context."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from signatures import Signature, read_signatures
from weft.component import HandlerError

if TYPE_CHECKING:
    from weft.component import Component, Packet

__all__ = ["MARK", "Detector", "mark"]

MARK = 0
"""The byte of the NSH context (MD type 1) that holds the number of the signature found, 0 for none."""


class Detector:
    """Looks for signatures in payloads, counts what it finds, and publishes both as handlers."""

    def __init__(self, component: Component, path: str) -> None:
        self.ports: frozenset[int] = frozenset()
        self.packets = 0
        self.parsing_ns = 0
        self._signatures: tuple[Signature, ...] = ()
        self._text = ""
        self._found: dict[str, int] = {}
        self._take(Path(path).read_text())
        self._publish(component)

    def find(self, source: int, destination: int, payload: bytes) -> int:
        """The number of the first signature that is in a packet; 0 where none is."""
        for signature in self._signatures:
            if signature.is_in(source, destination, payload):
                self._found[signature.name] += 1
                return signature.number
        return 0

    def _take(self, text: str) -> None:
        self._signatures, self._text = read_signatures(text), text
        self.ports = frozenset().union(*(signature.ports for signature in self._signatures))
        self._found = {
            signature.name: self._found.get(signature.name, 0) for signature in self._signatures
        }

    def _publish(self, component: Component) -> None:
        @component.handler("signatures", type="lines", help="what is looked for, as TOML")
        def signatures() -> str:
            return self._text

        @signatures.write
        def write(value: str) -> None:
            try:
                self._take(value)
            except ValueError as error:
                raise HandlerError(str(error)) from None

        component.handler("found", type=dict, unit="packets", help="packets by application")(
            lambda: self._found
        )
        component.handler("packets", type="unsigned", unit="packets", help="packets looked at")(
            lambda: self.packets
        )
        component.handler(
            "parsing", type="unsigned", unit="ns", help="time taken to find ports and payload"
        )(lambda: self.parsing_ns)


def mark(packet: Packet, number: int) -> None:
    """Write the number into the packet's NSH context; the other bytes of the context stay."""
    nsh = packet.nsh
    if nsh is not None:
        nsh.context = nsh.context[:MARK] + bytes([number]) + nsh.context[MARK + 1 :]
