"""What RFC 7665 asks of the parts of a service function chain: each test bears the sentence it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.frames import ethernet, udp
from tests.support.nsh import FRAME, INNER, change, nsh, over_ethernet, run_graph, tlv
from tests.unit.nsh.written import frames_expected

if TYPE_CHECKING:
    from pathlib import Path

CHECK = "CheckNSHHeader(14)"
TO_1, TO_2 = "ETHER 2:0:0:0:0:1 2:0:0:0:0:2", "ETHER 2:0:0:0:0:3 2:0:0:0:0:4"


def test_roles_stand_alone_and_make_a_chain(tmp_path: Path) -> None:
    """Classifier, SFF, SF and proxy are separate roles."""
    # Every hop is a frame on a wire: all that one role knows of another is in the packet.
    classified = run_graph(
        tmp_path,
        f"in -> NSHClassifier(udp => SPI 10 CONTEXT {'ab' * 16}) "
        f"-> EtherEncap(0x894f, 2:0:0:0:0:9, 2:0:0:0:0:1) -> out0;",
        [FRAME],
    ).outputs[0]
    header = nsh(metadata=b"\xab" * 16, next_protocol=3)
    link = bytes.fromhex("020000000001 020000000009 894f")
    assert classified == [link + header + FRAME]

    table = f"10/255 => 0 {TO_1}, 10/254 => 1 {TO_2}, 10/253 => 2"
    forward = f"in -> {CHECK} -> sff :: NSHForwarder({table});"
    forward += "sff [0] -> out0; sff [1] -> out1; sff [2] -> NSHDecap -> out2;"
    to_proxy = run_graph(tmp_path, forward, classified, 3).outputs
    expected = over_ethernet(nsh(ttl=62, metadata=b"\xab" * 16, next_protocol=3), FRAME)
    assert to_proxy == [[expected], [], []]

    proxy = f"in -> {CHECK} -> p :: NSHProxy; p [0] -> out1 -> [1] p [1] -> out0;"
    proxied = run_graph(tmp_path, proxy, to_proxy[0], 2).outputs
    assert proxied == [[change(expected, si=254)], [FRAME]]

    to_aware = run_graph(tmp_path, forward, proxied[0], 3).outputs
    expected = nsh(si=254, ttl=61, metadata=b"\xab" * 16, next_protocol=3) + FRAME
    assert to_aware == [[], [bytes.fromhex("020000000004 020000000003 894f") + expected], []]

    aware = f"in -> {CHECK} -> f :: NSHFunction; "
    aware += f"f [0] -> SetNSH(CONTEXT {'cd' * 16}) -> [1] f [1] -> out0;"
    left = run_graph(tmp_path, aware, to_aware[1]).outputs
    expected = nsh(si=253, ttl=61, metadata=b"\xcd" * 16, next_protocol=3) + FRAME
    assert left == [[bytes.fromhex("020000000004 020000000003 894f") + expected]]

    assert run_graph(tmp_path, forward, left[0], 3).outputs == [[], [], [FRAME]]


def numbered(number: int) -> bytes:
    """Packets of one flow that only their data tells apart."""
    inner = udp("10.0.0.1", "10.0.0.2", (1000, 2000), bytes([number]) * 8)
    return ethernet("02:00:00:00:00:0b", "02:00:00:00:00:0a", 0x0800, inner)


def frame_of(number: int) -> bytes:
    """A packet with a header that no other has."""
    if number % 2:
        metadata = tlv((number, number), bytes([number]) * (number % 128))
        header = nsh(number << 8, 255 - number, md_type=2, metadata=metadata, next_protocol=3)
    else:
        metadata = bytes([number]) * 16
        unassigned = (number >> 1 & 1, number & 0xF)
        header = nsh(
            number, 255 - number, ttl=number & 63, metadata=metadata,
            unassigned=unassigned, next_protocol=3,
        )  # fmt: skip
    return over_ethernet(header, numbered(number))


def test_each_packet_gets_its_own_header_back(tmp_path: Path) -> None:
    """The proxy restores each packet's own header (metadata kept per packet)."""
    frames = [frame_of(number) for number in range(100)]
    graph = f"in -> {CHECK} -> p :: NSHProxy; p [0] -> Queue -> Unqueue -> [1] p [1] -> out0;"
    ran = run_graph(tmp_path, graph, frames)
    assert ran.outputs == [[change(frame, si=frame[21] - 1) for frame in frames]]


def test_headers_of_all_sorts_come_back(tmp_path: Path) -> None:
    """The proxy restores each packet's own header (metadata kept per packet)."""
    frames = [frame for header, frame in frames_expected() if header.si]
    graph = "in -> CheckNSHHeader(14, OAM forward) -> p :: NSHProxy; "
    graph += "p [0] -> out1 -> [1] p; p [1] -> out0;"
    ran = run_graph(tmp_path, graph, frames, 2)
    assert sorted(ran.outputs[0]) == sorted(change(frame, si=frame[21] - 1) for frame in frames)
    assert ran.drops == {}


def test_headers_follow_packets_that_overtake_one_another(tmp_path: Path) -> None:
    """The proxy restores each packet's own header (metadata kept per packet)."""
    frames = [frame_of(number) for number in range(60)]
    # One packet in 100 ms; those of even numbers (byte 42 of what the function sees) wait for 250 ms.
    graph = f"""in -> {CHECK} -> p :: NSHProxy; p [1] -> out0;
        p [0] -> c :: Classifier(42/00%01, -); c [1] -> [1] p;
        c [0] -> SetTimestamp -> Queue -> DelayShaper(0.25) -> Unqueue -> [1] p;"""
    ran = run_graph(tmp_path, graph, frames, gap_us=100_000, linger_s=10)
    order = sorted(range(60), key=lambda number: number + 2.5 * (number % 2 == 0))
    assert order[:5] == [1, 0, 3, 2, 5]
    assert ran.outputs == [[change(frames[n], si=frames[n][21] - 1) for n in order]]


def test_a_packet_without_a_header_gets_none_of_another(tmp_path: Path) -> None:
    """The proxy restores each packet's own header (metadata kept per packet)."""
    graph = f"in -> c :: Classifier(12/894f, -) -> {CHECK} -> p :: NSHProxy; p [0] -> out1; "
    graph += "c [1] -> [1] p [1] -> out0;"
    ran = run_graph(tmp_path, graph, [over_ethernet(nsh(), INNER), FRAME], 2)
    assert ran.outputs == [[], [over_ethernet(nsh(), INNER)[:12] + b"\x08\x00" + INNER]]
    assert ran.drops == {"p: nsh-no-context": 1}
