"""Chains between us and Open vSwitch: what one encapsulates the other decapsulates, and a proxy between."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from bench.open_vswitch import Switch
from tests.support.nsh import ETHERTYPE, change, nsh, tlv
from tests.support.row import send_and_compare, until
from tests.support.tap import Tap, finish_frames

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

LEFT, RIGHT = "10.7.0.1", "10.7.0.2"
MTU = 1400  # leaves room for headers of 36 bytes and the frame around them
DATAGRAMS = [0, 1, 2, 3, 17, 64, 500, 1000, 1372]
TCP_BYTES = 8 << 20
THERE, BACK = 0x123456, 0xFEDCBA
LINK = bytes.fromhex("0200000000f2 0200000000f1 894f")
TO_FUNCTION = (
    "encap(ethernet),set_field:02:00:00:00:00:f1->eth_src,set_field:02:00:00:00:00:f2->eth_dst"
)
NSH = "dl_type=0x894f"


@dataclass(frozen=True)
class Form:
    """A form of metadata: as the switch writes and matches it, and as bytes."""

    md_type: int
    encap: str
    match: str
    metadata: bytes

    def header(self, spi: int, si: int = 255) -> bytes:
        """What the header is that has it."""
        return nsh(spi, si, md_type=self.md_type, metadata=self.metadata, next_protocol=3)

    def encapsulate(self, spi: int) -> str:
        """Actions that put a frame into a header."""
        return f"{self.encap},set_field:{spi:#x}->nsh_spi,set_field:255->nsh_si,{TO_FUNCTION}"

    def matches(self, spi: int, si: int) -> str:
        """A match of packets with it on a path."""
        return f"{NSH},nsh_mdtype={self.md_type},nsh_spi={spi:#x},nsh_si={si}{self.match}"


WORDS = (0x11223344, 0x55667788, 0, 0xDEADBEEF)
FORMS = {
    "MD 1": Form(
        1,
        "encap(nsh(md_type=1))"
        + "".join(f",set_field:{word:#x}->nsh_c{n}" for n, word in enumerate(WORDS, 1)),
        "".join(f",nsh_c{n}={word:#x}" for n, word in enumerate(WORDS, 1)),
        struct.pack("!4I", *WORDS),
    ),
    "MD 2": Form(
        2,
        "encap(nsh(md_type=2,tlv(0x1000,10,0x12345678),tlv(0x2000,20,0xfedcba9876543210)))",
        "",
        tlv((0x1000, 10), bytes.fromhex("12345678"))
        + tlv((0x2000, 20), bytes.fromhex("fedcba9876543210")),
    ),
}


class Chain:
    """Two hosts at a switch, and functions of ours at it too."""

    def __init__(self, weft: Weft, make_host: Callable[[str], Host], folder: Path) -> None:
        self.weft = weft
        self.left, self.right, self.middle = (
            make_host(role) for role in ("left", "right", "switch")
        )
        for host in (self.left, self.right, self.middle):
            host.keep_silent()
        self.folder = folder

    def function(self, name: str, text: str, **interfaces: str) -> None:
        """Run a package; its interfaces are joined with devices `host:device`."""
        place = self.folder / name
        place.mkdir()
        head = f"weft: 1\nvnf: {name}\nversion: 1.0.0\ninterfaces: [{', '.join(interfaces)}]\n"
        (place / "vnf.yaml").write_text(head + text)
        (place / "count.click").write_text(COUNT)
        ends = [f"--interface={key}=netns:{end}" for key, end in interfaces.items()]
        self.weft("run", str(place), "-d", *ends)

    def cable(self, host: Host, device: str, address: str) -> None:
        """A cable from `eth0` of a host to a device of the switch."""
        peer = {"ifname": device, "net_ns_fd": self.middle.name}
        host.route.link("add", ifname="eth0", kind="veth", peer=peer)
        self.address(host, address)
        index = self.middle.namespace.index_of(device)
        self.middle.route.link("set", index=index, state="up")

    @staticmethod
    def address(host: Host, address: str) -> None:
        """Give `eth0` of a host its address, and have it send whole frames with their checksums."""
        host.configure("eth0", address)
        host.route.link("set", index=host.namespace.index_of("eth0"), mtu=MTU)
        finish_frames(host, "eth0")


def exchange(sender: Host, receiver: Host, address: str) -> None:
    """Send datagrams of many sizes; each arrives byte by byte, and is answered with its reverse."""
    with receiver.namespace.entered():
        far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sender.namespace.entered():
        near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with far, near:
        far.bind((address, 7000))
        far.settimeout(20)
        near.settimeout(20)
        for number, size in enumerate(DATAGRAMS):
            data = bytes((number * 37 + n) % 256 for n in range(size))
            near.sendto(data, (address, 7000))
            got, origin = far.recvfrom(65536)
            assert got == data
            far.sendto(data[::-1], origin)
            assert near.recv(65536) == data[::-1]


def all_passed(one: Tap, other: Tap) -> bool:
    """Whether all that a function got at each side has left at the other, the datagrams among it."""
    pairs = [(one.sent, other.received), (other.sent, one.received)]
    return all(len(to) == len(back) > 2 * len(DATAGRAMS) for to, back in pairs)


PROXY = """\
nsh: proxy
components:
  there:
    framework: click
    file: count.click
  back:
    framework: click
    file: count.click
path: |
  in -> there -> out
  out -> back -> in
"""
# What the function sees are Ethernet frames.
COUNT = """\
input -> c :: Classifier(12/0800 23/11, 12/0800 23/06, -);
c [0] -> udp :: Counter -> output;
c [1] -> tcp :: Counter -> output;
c [2] -> output;
"""


@pytest.fixture
def chain(weft: Weft, make_host: Callable[[str], Host], tmp_path: Path) -> Chain:
    return Chain(weft, make_host, tmp_path)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_open_vswitch_gets_back_what_it_sends_through_a_proxy(
    chain: Chain, tmp_path: Path, form: Form
) -> None:
    left, right, middle = chain.left, chain.right, chain.middle
    chain.cable(left, "pa", LEFT)
    chain.cable(right, "pb", RIGHT)
    place = f"{middle.name}:"
    chain.function("watch", PROXY, **{"in": f"{place}f0", "out": f"{place}f1"})
    (tmp_path / "ovs").mkdir()
    with Switch(middle.name, tmp_path / "ovs") as switch:
        switch.add_ports("pa", "pb", "f0", "f1")
        switch.set_flows(
            {
                "there": f"in_port=pa,actions={form.encapsulate(THERE)},f0",
                "come": f"priority=9,in_port=f1,{form.matches(THERE, 254)},actions=decap(),decap(),pb",
                "back": f"in_port=pb,actions={form.encapsulate(BACK)},f1",
                "returned": f"priority=9,in_port=f0,{form.matches(BACK, 254)},actions=decap(),decap(),pa",
                "other at f0": "priority=1,in_port=f0,actions=drop",
                "other at f1": "priority=1,in_port=f1,actions=drop",
            }
        )
        with Tap(middle, "f0", ETHERTYPE) as f0, Tap(middle, "f1", ETHERTYPE) as f1:
            exchange(left, right, RIGHT)
            exchange(right, left, LEFT)
            until(lambda: all_passed(f0.look(), f1.look()))
        assert all(frame.startswith(LINK + form.header(THERE)) for frame in f0.sent)
        assert f1.received == [change(frame, si=254) for frame in f0.sent]
        assert all(frame.startswith(LINK + form.header(BACK)) for frame in f1.sent)
        assert f0.received == [change(frame, si=254) for frame in f1.sent]
        send_and_compare(left, right, RIGHT, TCP_BYTES)
        send_and_compare(right, left, LEFT, TCP_BYTES)
        until(lambda: switch.packets()["come"] > TCP_BYTES / MTU)
        until(lambda: switch.packets()["returned"] > TCP_BYTES / MTU)
        packets = switch.packets()
        assert packets["other at f0"] == packets["other at f1"] == 0
    for counter in ("there/udp.count", "back/udp.count"):
        assert chain.weft("read", "watch", counter) == f"{2 * len(DATAGRAMS)}\n"
    assert int(chain.weft("read", "watch", "there/tcp.count")) > TCP_BYTES / MTU


ENDS = """\
nsh:
  role: classifier
  in: host
  out: chain
  mac: "02:00:00:00:00:f2"
  rules:
    - {{match: "udp", spi: {there}, {metadata}}}
    - {{match: "-", spi: {there}, si: 7, {metadata}}}
"""
METADATA = {
    "MD 1": f'context: "{FORMS["MD 1"].metadata.hex()}"',
    "MD 2": 'tlvs: [{class: 4096, type: 10, value: "12345678"}, '
    '{class: 8192, type: 20, value: "fedcba9876543210"}]',
}


@pytest.mark.parametrize("name", FORMS)
def test_open_vswitch_decapsulates_what_we_encapsulate_and_we_what_it_does(
    chain: Chain, tmp_path: Path, name: str
) -> None:
    form = FORMS[name]
    left, right, middle = chain.left, chain.right, chain.middle
    chain.cable(right, "pb", RIGHT)
    text = ENDS.format(there=THERE, metadata=METADATA[name])
    chain.function("ends", text, host=f"{left.name}:eth0", chain=f"{middle.name}:e0")
    chain.address(left, LEFT)
    (tmp_path / "ovs").mkdir()
    with Switch(middle.name, tmp_path / "ovs") as switch:
        switch.add_ports("pb", "e0")
        switch.set_flows(
            {
                "udp": f"priority=9,in_port=e0,{form.matches(THERE, 255)},actions=decap(),decap(),pb",
                "rest": f"priority=9,in_port=e0,{form.matches(THERE, 7)},actions=decap(),decap(),pb",
                "back": f"in_port=pb,actions={form.encapsulate(BACK)},e0",
                "other": "priority=1,in_port=e0,actions=drop",
            }
        )
        with Tap(middle, "e0", ETHERTYPE) as tap:
            exchange(left, right, RIGHT)
            exchange(right, left, LEFT)
            until(lambda: len(tap.look().received) > 2 * len(DATAGRAMS))
        ours = {frame[12 : 14 + len(form.header(THERE))] for frame in tap.received}
        assert ours == {LINK[12:] + form.header(THERE, si) for si in (255, 7)}
        assert all(frame.startswith(LINK + form.header(BACK)) for frame in tap.sent)
        send_and_compare(left, right, RIGHT, TCP_BYTES)
        send_and_compare(right, left, LEFT, TCP_BYTES)
        until(lambda: switch.packets()["rest"] > TCP_BYTES / MTU)
        packets = switch.packets()
        assert packets["udp"] == 2 * len(DATAGRAMS)
        assert packets["other"] == 0
