"""What people write to join interfaces."""

from __future__ import annotations

import pytest

from weft.errors import BindingError, UsageError
from weft.model.binding import Binding, DeviceBinding, NetnsBinding, PcapBinding
from weft.model.package import Package
from weft.vnf.interfaces import match_bindings, match_drivers, parse_binding


@pytest.mark.parametrize(
    ("text", "binding"),
    [
        ("in=eth1", DeviceBinding("in", "eth1")),
        ("in=eth1:take", DeviceBinding("in", "eth1", take=True)),
        ("in=netns:client", NetnsBinding("in", "client")),
        ("in=netns:client:eth0", NetnsBinding("in", "client", "eth0")),
        ("in=pcap:a.pcap", PcapBinding("in", "a.pcap")),
        ("in=pcap:a.pcap:b.pcap", PcapBinding("in", "a.pcap", "b.pcap")),
        ("in=pcap::b.pcap", PcapBinding("in", "", "b.pcap")),
    ],
)
def test_binding_is_read_and_shown_alike(text: str, binding: Binding) -> None:
    assert parse_binding(text) == binding
    assert f"in={parse_binding(text)}" == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("in", "not understood; allowed: NAME=DEVICE[:take], NAME=netns:NAMESPACE[:LINK]"),
        ("=eth0", "not understood"),
        ("in=eth0:give", "not understood"),
        ("in=pcap:", "a file is missing"),
        ("in=netns:../x", "'../x' cannot name a namespace"),
        ("in=netns:a:b/c", "'b/c' cannot name a device; allowed: 1 to 15 characters"),
        ("in=sixteen_letters_", "'sixteen_letters_' cannot name a device"),
    ],
)
def test_what_is_not_understood_is_told(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_binding(text)
    assert reason in caught.value.message


def test_bindings_come_in_the_order_of_the_interfaces() -> None:
    first, second = DeviceBinding("in", "a"), NetnsBinding("out", "b")
    assert match_bindings(["in", "out"], [second, first]) == (first, second)


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["in=a"], "nothing is joined to interface out"),
        (["in=a", "out=b", "inn=c"], "no interface 'inn' (did you mean 'in'?); allowed: in, out"),
        (["in=a", "in=b", "out=c"], "interface 'in' is joined twice: a and b"),
        (["in=pcap:a", "out=b"], "pcap interfaces cannot be mixed with devices and namespaces"),
    ],
)
def test_bindings_that_do_not_match(texts: list[str], reason: str) -> None:
    with pytest.raises(BindingError) as caught:
        match_bindings(["in", "out"], [parse_binding(text) for text in texts])
    assert caught.value.message == reason


PACKAGE = Package("p", "1", ("in", "out"), (), (), drivers=(("in", "af_xdp"),))
DEVICES = (DeviceBinding("in", "a"), DeviceBinding("out", "b"))


@pytest.mark.parametrize(
    ("texts", "drivers"),
    [
        ([], {"in": "af_xdp"}),
        (["af_xdp"], {"in": "af_xdp", "out": "af_xdp"}),
        (["af_packet"], {}),
        (["out=af_xdp", "in=af_packet"], {"out": "af_xdp"}),
    ],
)
def test_a_driver_given_is_before_the_package(texts: list[str], drivers: dict[str, str]) -> None:
    assert dict(match_drivers(PACKAGE, DEVICES, texts)) == drivers


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "dpdk",
            "--driver dpdk: no driver 'dpdk'; allowed: af_packet, af_xdp, "
            "or NAME=DRIVER for one interface",
        ),
        ("inn=af_xdp", "no interface 'inn' (did you mean 'in'?); allowed: in, out"),
    ],
)
def test_drivers_that_cannot_be_are_told(text: str, reason: str) -> None:
    with pytest.raises((BindingError, UsageError)) as caught:
        match_drivers(PACKAGE, DEVICES, [text])
    assert caught.value.message == reason


def test_capture_files_have_no_driver() -> None:
    captures = (PcapBinding("in", "a.pcap"), PcapBinding("out", "b.pcap"))
    assert match_drivers(PACKAGE, captures, []) == (("in", "af_xdp"),)
    with pytest.raises(UsageError) as caught:
        match_drivers(PACKAGE, captures, ["af_xdp"])
    reason = "--driver af_xdp: capture files need none; leave out --driver"
    assert caught.value.message == reason
