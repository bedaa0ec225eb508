"""What RFC 8300 asks of every node, sentence by sentence: each test bears the sentence it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.frames import ethernet
from tests.support.nsh import FRAME, INNER, change, nsh, over_ethernet, run_graph, tlv
from tests.unit.nsh.roles import AWARE, CHECK, FORWARD, LINK, PROXY, ROLES

if TYPE_CHECKING:
    from pathlib import Path

CONTEXT = bytes(range(0xA0, 0xB0))
GOOD = over_ethernet(nsh(), INNER)


def passed(folder: Path, frame: bytes, arguments: str = "14") -> bool:
    """Whether the check lets a frame through unchanged; if not, it leaves nowhere."""
    ran = run_graph(folder, f"in -> CheckNSHHeader({arguments}) -> out0;", [frame])
    assert ran.outputs[0] in ([frame], [])
    assert sum(ran.drops.values()) == 1 - len(ran.outputs[0])
    return bool(ran.outputs[0])


# Base header, service path header


def test_fields_are_where_the_standard_has_them(tmp_path: Path) -> None:
    """Base header, network order: Ver 2, O 1, U 1, TTL 6, Length 6 (in 4-byte words), U 4, MD type 4,
    Next Protocol 8; service path header: SPI 24, SI 8."""
    encap = "in -> NSHEncap(0x123456, 0x78, TTL 0x2a, OAM true, CONTEXT " + CONTEXT.hex()
    ran = run_graph(tmp_path, f"{encap}) -> out0;", [FRAME])
    # 00 1 0 101010 000110 | 0000 0001 | 00000011 | 0x123456 | 0x78
    expected = bytes.fromhex("2a86 01 03 123456 78") + CONTEXT
    assert ran.outputs == [[expected + FRAME]]
    tlvs = "in -> NSHEncap(0xffffff, 1, TTL 1, NEXT ip, TLV 0x0102:3:deadbeef05) -> out0;"
    ran = run_graph(tmp_path, tlvs, [INNER])
    # 00 0 0 000001 000101 | 0000 0010 | 00000001 | 0xffffff | 0x01
    expected = bytes.fromhex("0045 02 01 ffffff 01 0102 03 05 deadbeef05 000000")
    assert ran.outputs == [[expected + INNER]]


def test_the_ethertype(tmp_path: Path) -> None:
    """EtherType 0x894F."""
    assert run_graph(tmp_path, FORWARD, [GOOD]).outputs[0][0][12:14] == bytes.fromhex("894f")


def test_the_next_protocol_of_vxlan_gpe(tmp_path: Path) -> None:
    """VXLAN-GPE next protocol 4."""
    encap = "in -> CheckNSHHeader(14) -> Strip(14) -> VXLANGPEEncap(192.0.2.1, 192.0.2.9) -> out0;"
    [[packet]] = run_graph(tmp_path, encap, [GOOD]).outputs
    # IPv4 with UDP to port 4790; then version 0, I and P bits, next protocol 4, VNI 0.
    assert (packet[9], packet[22:24], packet[28:]) == (
        17,
        (4790).to_bytes(2, "big"),
        bytes.fromhex("0c 0000 04 000000 00") + nsh() + INNER,
    )
    decap = "in -> CheckIPHeader(14) -> VXLANGPEDecap -> CheckNSHHeader -> out0;"
    frame = ethernet("02:00:00:00:00:02", "02:00:00:00:00:01", 0x0800, packet)
    assert run_graph(tmp_path, decap, [frame]).outputs == [[nsh() + INNER]]
    other = bytearray(frame)
    other[14 + 28 + 3] = 5
    ran = run_graph(tmp_path, decap, [bytes(other)])
    assert ran.outputs == [[]]
    assert [reason.split(": ")[1] for reason in ran.drops] == ["vxlan-next-protocol"]


# Version and unassigned bits


def test_version_0_is_sent(tmp_path: Path) -> None:
    """Version 0 is sent."""
    ran = run_graph(tmp_path, "in -> NSHEncap(1) -> out0;", [FRAME])
    assert ran.outputs[0][0][0] >> 6 == 0


@pytest.mark.parametrize("role", ROLES)
def test_another_version(tmp_path: Path, role: str) -> None:
    """Another version received: drop, count."""
    others = [over_ethernet(nsh(version=version), INNER) for version in (1, 2, 3)]
    ran = run_graph(tmp_path, ROLES[role], others)
    assert ran.outputs == [[]]
    assert ran.drops == {"check: nsh-version": 3}


def test_unassigned_bits_on_origination(tmp_path: Path) -> None:
    """U bits 0 on origination."""
    encap = "in -> NSHEncap(16777215, TTL 63, OAM true, TLV 0xffff:0xff:ff) -> out0;"
    header = run_graph(tmp_path, encap, [FRAME]).outputs[0][0]
    assert (header[0] & 0x10, header[2] & 0xF0, header[11] & 0x80) == (0, 0, 0)


@pytest.mark.parametrize(
    "frame",
    [
        over_ethernet(nsh(unassigned=(1, 0xF)), INNER),
        over_ethernet(nsh(md_type=2, metadata=tlv((1, 2), b"abc", 1), unassigned=(1, 5)), INNER),
    ],
    ids=["MD 1", "MD 2"],
)
def test_unassigned_bits_in_transit(tmp_path: Path, frame: bytes) -> None:
    """U bits ignored and preserved in transit."""
    assert run_graph(tmp_path, FORWARD, [frame]).outputs == [[change(frame, ttl=62)]]
    assert run_graph(tmp_path, PROXY, [frame], 2).outputs[0] == [change(frame, si=254)]
    assert run_graph(tmp_path, AWARE, [frame]).outputs == [[change(frame, si=254)]]


# TTL


def test_the_default_ttl(tmp_path: Path) -> None:
    """TTL: default 63."""
    for encap in ("NSHEncap(10)", "NSHClassifier(- => SPI 10)"):
        ran = run_graph(tmp_path, f"in -> {encap} -> out0;", [FRAME])
        assert ran.outputs == [[nsh(ttl=63, next_protocol=3) + FRAME]]


@pytest.mark.parametrize(("ttl", "left"), [(63, 62), (2, 1), (33, 32), (0, 63)])
def test_a_forwarder_counts_the_ttl_down(tmp_path: Path, ttl: int, left: int) -> None:
    """A service function forwarder (SFF) decrements; incoming 0 becomes 63: 0 in = out with 63."""
    frame = over_ethernet(nsh(ttl=ttl), INNER)
    ran = run_graph(tmp_path, FORWARD, [frame])
    assert ran.outputs == [[change(frame, ttl=left)]]
    assert ran.drops == {}


def test_what_has_expired(tmp_path: Path) -> None:
    """A result of 0 is not forwarded. So 1 in = drop."""
    ran = run_graph(tmp_path, FORWARD, [over_ethernet(nsh(ttl=1), INNER), GOOD])
    assert ran.outputs == [[change(GOOD, ttl=62)]]
    assert ran.drops == {"sff: nsh-ttl": 1}


def test_the_ttl_comes_before_the_lookup(tmp_path: Path) -> None:
    """An SFF decrements before lookup."""
    ran = run_graph(tmp_path, FORWARD, [over_ethernet(nsh(11, ttl=1), INNER)])
    assert ran.drops == {"sff: nsh-ttl": 1}


@pytest.mark.parametrize("ttl", [0, 1, 63])
@pytest.mark.parametrize("graph", [PROXY.replace("out1 ->", ""), AWARE], ids=["proxy", "aware"])
def test_functions_leave_the_ttl(tmp_path: Path, graph: str, ttl: int) -> None:
    """A service function forwarder decrements: functions and proxies do not."""
    frame = over_ethernet(nsh(ttl=ttl), INNER)
    assert run_graph(tmp_path, graph, [frame]).outputs == [[change(frame, si=254)]]


# Length


@pytest.mark.parametrize("length", range(64))
def test_lengths_of_md_type_1(tmp_path: Path, length: int) -> None:
    """Length 6 for MD type 1."""
    frame = over_ethernet(nsh(length=length), bytes(252))
    ran = run_graph(tmp_path, f"{CHECK} -> out0;", [frame])
    assert ran.outputs == [[frame] if length == 6 else []]
    assert ran.drops == ({} if length == 6 else {"check: nsh-length": 1})


@pytest.mark.parametrize("length", range(64))
def test_lengths_of_md_type_2(tmp_path: Path, length: int) -> None:
    """Length at least 2 for MD type 2."""
    words = max(length - 2, 0)
    frame = over_ethernet(nsh(md_type=2, metadata=tlv((1, 1)) * words, length=length), INNER)
    ran = run_graph(tmp_path, f"{CHECK} -> out0;", [frame])
    assert ran.outputs == [[frame] if length >= 2 else []]
    assert ran.drops == ({} if length >= 2 else {"check: nsh-length": 1})


@pytest.mark.parametrize("words", [0, 1, 2, 17, 60, 61])
def test_the_length_locates_the_payload(tmp_path: Path, words: int) -> None:
    """Length locates the payload."""
    frame = over_ethernet(nsh(md_type=2, metadata=tlv((1, 1)) * words, next_protocol=3), FRAME)
    assert run_graph(tmp_path, f"{CHECK} -> NSHDecap -> out0;", [frame]).outputs == [[FRAME]]
    assert run_graph(tmp_path, PROXY, [frame], 2).outputs == [[change(frame, si=254)], [FRAME]]


def test_a_length_beyond_the_packet(tmp_path: Path) -> None:
    """Length*4 beyond the packet: drop."""
    md1, longest = nsh(), nsh(md_type=2, metadata=tlv((1, 1)) * 61)
    cut = [over_ethernet(header[:n]) for header in (md1, longest) for n in range(len(header))]
    ran = run_graph(tmp_path, f"{CHECK} -> out0;", [*cut, over_ethernet(md1)])
    assert ran.outputs == [[over_ethernet(md1)]]
    assert ran.drops == {"check: nsh-truncated": 24 + 252}


@pytest.mark.parametrize("role", ROLES)
def test_a_context_of_zeros(tmp_path: Path, role: str) -> None:
    """MD type 1 context (16 bytes) is zero when unused: the common case."""
    ran = run_graph(tmp_path, ROLES[role], [GOOD] * 3)
    field = {"ttl": 62} if role == "forwarder" else {"si": 254}
    assert ran.outputs == [[change(GOOD, **field)] * 3]
    assert ran.drops == {}


def test_an_unused_context_is_zero(tmp_path: Path) -> None:
    """MD type 1 context (16 bytes) is zero when unused."""
    ran = run_graph(tmp_path, "in -> NSHEncap(10) -> out0;", [FRAME])
    assert ran.outputs[0][0][8:24] == bytes(16)


# MD types


@pytest.mark.parametrize("md_type", [0x0, *range(3, 0xF)])
def test_md_types_that_are_not_known(tmp_path: Path, md_type: int) -> None:
    """MD type 0x0 is silently discarded; other unknown types too."""
    # No argument lets them through.
    graph = "in -> check :: CheckNSHHeader(14, EXPERIMENT true, NEXT_PROTOCOL forward, OAM forward)"
    ran = run_graph(tmp_path, f"{graph} -> out0;", [over_ethernet(nsh(md_type=md_type), INNER)])
    assert ran.outputs == [[]]
    assert ran.drops == {"check: nsh-md-type": 1}


def test_the_md_type_of_experiments(tmp_path: Path) -> None:
    """MD type 0xF too unless an experiment is configured."""
    frame = over_ethernet(nsh(md_type=0xF, metadata=b"any sort of meta"), INNER)
    ran = run_graph(tmp_path, f"{CHECK} -> out0;", [frame])
    assert (ran.outputs, ran.drops) == ([[]], {"check: nsh-md-type": 1})
    experiment = PROXY.replace("CheckNSHHeader(14)", "CheckNSHHeader(14, EXPERIMENT true)")
    assert run_graph(tmp_path, experiment, [frame], 2).outputs[0] == [change(frame, si=254)]


@pytest.mark.parametrize("role", ROLES)
def test_md_types_1_and_2(tmp_path: Path, role: str) -> None:
    """MD 1 and MD 2 are supported."""
    md2 = nsh(md_type=2, metadata=tlv((0x0103, 7), b"tenant") + tlv((0, 0)))
    frames = [over_ethernet(nsh(metadata=CONTEXT), INNER), over_ethernet(md2, INNER)]
    field = {"ttl": 62} if role == "forwarder" else {"si": 254}
    ran = run_graph(tmp_path, ROLES[role], frames)
    assert ran.outputs == [[change(frame, **field) for frame in frames]]


# Context headers


@pytest.mark.parametrize("role", ROLES)
def test_context_headers_that_nobody_knows(tmp_path: Path, role: str) -> None:
    """A node that does not know an MD 2 TLV carries it unchanged."""
    unknown = [
        tlv((0xFFF6, 0x7F), b"vendor"),
        tlv((0xFFFF, 0xFF), bytes(range(127)), 1),
        tlv((0, 0)) + tlv((0, 0)) + tlv((0x1234, 0x80), b"\xff"),
        # Padding that is not zero is none of a node's business either.
        bytes.fromhex("0100 01 01 aa bbccdd"),
    ]
    frames = [over_ethernet(nsh(md_type=2, metadata=one), INNER) for one in unknown]
    field = {"ttl": 62} if role == "forwarder" else {"si": 254}
    ran = run_graph(tmp_path, ROLES[role], frames)
    assert ran.outputs == [[change(frame, **field) for frame in frames]]


@pytest.mark.parametrize("length", [*range(10), 126, 127])
def test_the_form_of_context_headers(tmp_path: Path, length: int) -> None:
    """TLV: class 16, type 8, U 1, length 7, padded to 4."""
    value = bytes(range(1, length + 1))
    encap = f"in -> NSHEncap(10, TLV 0x0102:0x83:{value.hex()}, TLV 4:5:) -> out0;"
    if not length:
        encap = "in -> NSHEncap(10, TLV 0x0102:0x83:, TLV 4:5:) -> out0;"
    padded = -(-length // 4)
    expected = (
        struct_words(0x0FC0 | 4 + padded, 2, 3)
        + bytes.fromhex("00000aff 0102 83")
        + bytes([length])
        + value
        + bytes(padded * 4 - length)
        + bytes.fromhex("0004 05 00")
    )
    assert run_graph(tmp_path, encap, [FRAME]).outputs == [[expected + FRAME]]
    frame = over_ethernet(expected, FRAME)
    assert run_graph(tmp_path, PROXY, [frame], 2).outputs == [[change(frame, si=254)], [FRAME]]


def struct_words(first: int, md_type: int, next_protocol: int) -> bytes:
    return first.to_bytes(2, "big") + bytes([md_type, next_protocol])


@pytest.mark.parametrize(
    "metadata",
    [
        bytes.fromhex("0001 02 01"),
        bytes.fromhex("0001 02 05 01020304"),
        bytes.fromhex("0001 02 7f 01020304"),
        bytes.fromhex("0001 02 85 01020304"),
        bytes.fromhex("0001 02 01 01000000 0001 02 01"),
        bytes.fromhex("0001 02 00 0001 02 09 0102030405060708"),
    ],
    ids=lambda metadata: metadata.hex(),
)
def test_a_context_header_past_the_end(tmp_path: Path, metadata: bytes) -> None:
    """A TLV past the header's end: drop."""
    # What it would reach into is there: the payload.
    frame = over_ethernet(nsh(md_type=2, metadata=metadata), INNER + bytes(128))
    ran = run_graph(tmp_path, f"{CHECK} -> out0;", [frame])
    assert ran.outputs == [[]]
    assert ran.drops == {"check: nsh-tlv": 1}


# Next protocol

MPLS = bytes.fromhex("00064140") + INNER
KNOWN = {1: INNER, 2: bytes.fromhex("6000000000003b40") + bytes(32), 3: FRAME, 4: nsh(20), 5: MPLS}


@pytest.mark.parametrize("protocol", KNOWN)
def test_next_protocols(tmp_path: Path, protocol: int) -> None:
    """Next Protocol 1 IPv4, 2 IPv6, 3 Ethernet, 4 NSH, 5 MPLS."""
    frame = over_ethernet(nsh(next_protocol=protocol), KNOWN[protocol])
    decap = f"{CHECK} -> d :: NSHDecap(ipv4, ipv6, ethernet, nsh, mpls); "
    decap += " ".join(f"d [{n}] -> out{n};" for n in range(5))
    expected = [[KNOWN[protocol]] if n == protocol - 1 else [] for n in range(5)]
    assert run_graph(tmp_path, decap, [frame], 5).outputs == expected
    types = {1: 0x0800, 2: 0x86DD, 4: 0x894F, 5: 0x8847}
    ran = run_graph(tmp_path, PROXY, [frame], 2)
    seen = FRAME if protocol == 3 else frame[:12] + types[protocol].to_bytes(2, "big")
    assert ran.outputs[1] == [seen if protocol == 3 else seen + KNOWN[protocol]]
    assert ran.outputs[0] == [change(frame, si=254)]


@pytest.mark.parametrize("protocol", KNOWN)
def test_next_protocols_are_written(tmp_path: Path, protocol: int) -> None:
    """Next Protocol 1 IPv4, 2 IPv6, 3 Ethernet, 4 NSH, 5 MPLS."""
    word = {1: "ip", 2: "ip", 3: "ethernet", 4: "nsh", 5: "mpls"}[protocol]
    ran = run_graph(tmp_path, f"in -> NSHEncap(10, NEXT {word}) -> out0;", [KNOWN[protocol]])
    assert ran.outputs == [[nsh(next_protocol=protocol) + KNOWN[protocol]]]
    if protocol != 3:
        kind = {1: 0x0800, 2: 0x86DD, 4: 0x894F, 5: 0x8847}[protocol]
        frame = ethernet("02:00:00:00:00:0b", "02:00:00:00:00:0a", kind, KNOWN[protocol])
        graph = "in -> NSHClassifier(- => SPI 10, NEXT ip) -> out0;"
        assert run_graph(tmp_path, graph, [frame]).outputs == ran.outputs


UNSUPPORTED = [6, 7, 8, 0x7F, 0x80, 0xFD, 0xFE, 0xFF]


def test_unsupported_next_protocols(tmp_path: Path) -> None:
    """Unsupported: drop by default, forwarding by option."""
    frames = [over_ethernet(nsh(next_protocol=one), INNER) for one in UNSUPPORTED]
    ran = run_graph(tmp_path, FORWARD, frames)
    assert ran.outputs == [[]]
    assert ran.drops == {"check: nsh-next-protocol": len(frames)}
    option = "CheckNSHHeader(14, NEXT_PROTOCOL forward)"
    ran = run_graph(tmp_path, FORWARD.replace("CheckNSHHeader(14)", option), frames)
    assert ran.outputs == [[change(frame, ttl=62) for frame in frames]]
    assert ran.drops == {}
    # A function is not shown what it could not understand.
    ran = run_graph(tmp_path, PROXY.replace("CheckNSHHeader(14)", option), frames, 2)
    assert ran.outputs == [[change(frame, si=254) for frame in frames], []]


def test_metadata_alone(tmp_path: Path) -> None:
    """RFC 8393: Next Protocol 0 = none, metadata only, not an error."""
    md2 = nsh(md_type=2, metadata=tlv((1, 1), b"only this"), next_protocol=0)
    frames = [over_ethernet(nsh(metadata=CONTEXT, next_protocol=0)), over_ethernet(md2)]
    ran = run_graph(tmp_path, FORWARD, frames)
    assert (ran.outputs, ran.drops) == ([[change(frame, ttl=62) for frame in frames]], {})
    ran = run_graph(tmp_path, PROXY, frames, 2)
    assert (ran.outputs, ran.drops) == ([[change(frame, si=254) for frame in frames], []], {})
    ran = run_graph(tmp_path, AWARE, frames)
    assert (ran.outputs, ran.drops) == ([[change(frame, si=254) for frame in frames]], {})
    encap = f"in -> NSHEncap(10, CONTEXT {CONTEXT.hex()}, NEXT none) -> {LINK} -> out0;"
    assert run_graph(tmp_path, encap, [FRAME]).outputs == [frames[:1]]


# OAM


@pytest.mark.parametrize("oam", [False, True])
@pytest.mark.parametrize("role", ROLES)
def test_the_o_bit_in_transit(tmp_path: Path, role: str, oam: bool) -> None:
    """O bit never changed in transit."""
    frame = over_ethernet(nsh(oam=oam), INNER)
    field = {"ttl": 62} if role == "forwarder" else {"si": 254}
    graph = ROLES[role].replace("CheckNSHHeader(14)", "CheckNSHHeader(14, OAM forward)")
    assert run_graph(tmp_path, graph, [frame]).outputs == [[change(frame, **field)]]


@pytest.mark.parametrize("role", ROLES)
def test_oam_packets(tmp_path: Path, role: str) -> None:
    """Without OAM support such packets are discarded by default, forwarding by option."""
    frames = [over_ethernet(nsh(oam=True, next_protocol=one), INNER) for one in (1, 7)]
    ran = run_graph(tmp_path, ROLES[role], frames)
    assert ran.outputs == [[]]
    assert ran.drops == {"check: nsh-oam": 2}
    graph = ROLES[role].replace("CheckNSHHeader(14)", "CheckNSHHeader(14, OAM forward)")
    field = {"ttl": 62} if role == "forwarder" else {"si": 254}
    ran = run_graph(tmp_path, graph, frames)
    assert ran.outputs == [[change(frame, **field) for frame in frames]]
    assert ran.drops == {}


# Service index


@pytest.mark.parametrize("si", [255, 128, 2, 1])
def test_functions_count_the_service_index_down(tmp_path: Path, si: int) -> None:
    """The service function, or the proxy in its place, decrements SI by 1."""
    frame = over_ethernet(nsh(si=si), INNER)
    for graph in (PROXY.replace("out1 ->", ""), AWARE):
        assert run_graph(tmp_path, graph, [frame]).outputs == [[change(frame, si=si - 1)]]


def test_a_forwarder_leaves_the_service_index(tmp_path: Path) -> None:
    """The service function decrements SI by 1; an SFF does not."""
    frames = [over_ethernet(nsh(si=si), INNER) for si in (255, 7, 1)]
    graph = f"{CHECK} -> NSHForwarder(10/255 => 0, 10/7 => 0, 10/1 => 0) -> {LINK} -> out0;"
    ran = run_graph(tmp_path, graph, frames)
    assert ran.outputs == [[change(frame, ttl=62) for frame in frames]]


def test_the_initial_service_index(tmp_path: Path) -> None:
    """Initial SI 255 unless configured."""
    for encap, si in [
        ("NSHEncap(10)", 255),
        ("NSHEncap(10, 254)", 254),
        ("NSHEncap(10, SI 0)", 0),
        ("NSHClassifier(- => SPI 10)", 255),
        ("NSHClassifier(- => SPI 10 SI 7)", 7),
    ]:
        ran = run_graph(tmp_path, f"in -> {encap} -> out0;", [FRAME])
        assert ran.outputs == [[nsh(si=si, next_protocol=3) + FRAME]]


# Next hops


@pytest.mark.parametrize(("spi", "si"), [(10, 254), (11, 255), (0, 255), (0xFFFFFF, 1), (2560, 0)])
def test_no_next_hop(tmp_path: Path, spi: int, si: int) -> None:
    """No next hop for (SPI, SI): must drop."""
    ran = run_graph(tmp_path, FORWARD, [over_ethernet(nsh(spi, si), INNER)])
    assert ran.outputs == [[]]
    assert ran.drops == {"sff: nsh-no-path": 1}


def test_service_index_0(tmp_path: Path) -> None:
    """SI 0 is such a miss: drop, count."""
    frame = over_ethernet(nsh(si=0), INNER)
    ran = run_graph(tmp_path, FORWARD, [frame, frame])
    assert (ran.outputs, ran.drops) == ([[]], {"sff: nsh-no-path": 2})
    ran = run_graph(tmp_path, PROXY, [frame], 2)
    assert (ran.outputs, ran.drops) == ([[], []], {"proxy: nsh-si": 1})
    ran = run_graph(tmp_path, AWARE, [frame])
    assert (ran.outputs, ran.drops) == ([[]], {"edge: nsh-si": 1})
