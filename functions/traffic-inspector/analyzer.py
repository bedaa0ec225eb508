"""Marks packets that contain the signature of an application: analyzer.py SIGNATURES"""

import sys
from pathlib import Path

from weft.component import Component, Packet


def read_signatures(path: str) -> list[tuple[int, str, bytes]]:
    """Mark, name and bytes of each application, in the order of the file."""
    rows = []
    for line in Path(path).read_text().splitlines():
        if line and not line.startswith("#"):
            mark, name, text = line.split(maxsplit=2)
            unescaped = text.encode("latin-1").decode("unicode_escape")
            rows.append((int(mark), name, unescaped.encode("latin-1")))
    return rows


signatures = read_signatures(sys.argv[1])
found = {name: 0 for _, name, _ in signatures}
component = Component()


@component.packet
def analyze(packet: Packet) -> None:
    """It gets the mark of the first signature in it, and goes on in its direction."""
    packet.port = packet.input
    content = bytes(packet)
    for mark, name, signature in signatures:
        if signature in content:
            packet.mark = mark
            found[name] += 1
            break


@component.handler("found", type=dict, unit="packets", help="packets by application")
def read_found() -> dict[str, int]:
    """How often each signature was met."""
    return found


@component.handler("signatures", type="lines", help="mark and name of each application")
def read_names() -> str:
    """What is looked for."""
    return "".join(f"{mark} {name}\n" for mark, name, _ in signatures)


@component.command("recognize", limits="..1500 bytes", help="which application a text would be")
def recognize(text: str) -> str:
    """The name of the first signature in the text, or `none`."""
    content = text.encode()
    return next((name for _, name, signature in signatures if signature in content), "none")


component.run()
