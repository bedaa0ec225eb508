"""Reading what the engine says about a graph."""

from __future__ import annotations

from weft.vnf.graph import devices_of, drivers_of, problems_of


def test_reasons_join_their_landmark() -> None:
    said = (
        "a.click:2: While configuring 'x :: Strip':\n"
        "  too few arguments; Strip requires one\n"
        "  another reason\n"
        "b.click:7: unknown element class 'Foo'\n"
        "Router could not be initialized!\n"
    )
    assert [str(problem) for problem in problems_of(said)] == [
        "a.click:2: While configuring 'x :: Strip': too few arguments; Strip requires one; "
        "another reason",
        "b.click:7: unknown element class 'Foo'",
    ]


def test_what_has_no_landmark_is_kept() -> None:
    assert [str(problem) for problem in problems_of("something else\n")] == [
        "graph: something else"
    ]


def test_devices_come_in_order_and_once() -> None:
    flat = "a :: FromDevice(in, SNIFFER false);\nb :: ToDevice(DEVNAME out);\nc :: ToDevice(in);\n"
    assert devices_of(flat) == ("in", "out")


def test_drivers_are_those_a_graph_names() -> None:
    text = (
        "FromDevice(a, PROMISC true, METHOD AF_XDP) -> x :: Counter -> ToDevice(b);\n"
        'FromDevice(DEVNAME "c", capture xdp) -> Discard; FromDevice(d, METHOD LINUX) -> Discard;\n'
        "Idle -> ToDevice(a, METHOD af_xdp); ToDevice(e, BURST 1) -> q(METHOD AF_XDP);"
    )
    assert drivers_of(text) == (("a", "af_xdp"), ("c", "af_xdp"))
