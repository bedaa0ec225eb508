"""The `echo` of classifiers and forwarders: settings, problems, and the graph."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.vnf.test_nsh import MAC, WIRE, graph, read, settings
from weft.model.nsh import Echo, Nsh
from weft.model.package import PackageFile
from weft.vnf.manifest import read_manifest

CLASSIFIER = f'role: classifier, mac: "{MAC}"'


def test_who_answers_lets_oam_packets_in() -> None:
    expected = Nsh("forwarder", oam="forward", echo=Echo("192.0.2.2"), line=5)
    for text in ("", "oam: forward, "):
        assert settings(f"nsh: {{role: forwarder, {text}echo: {{address: 192.0.2.2}}}}\n", "") == (
            expected
        )
    asks = settings(f'nsh: {{{CLASSIFIER}, echo: {{address: "2001:db8::1", reply: 1/2}}}}\n', "")
    assert asks == replace(asks, oam="forward", echo=Echo("2001:db8::1", "1/2"))


def test_a_forwarder_answers_what_has_expired() -> None:
    assert graph("nsh: {role: forwarder, echo: {address: 192.0.2.2}}\n", "")[3:] == [
        "nsh :: NSHForwarder(EXPIRED 2);",
        "in -> nsh; nsh[0] -> in;",
        "out -> nsh; nsh[1] -> out;",
        "Idle -> echo :: NSHEcho(192.0.2.2) -> nsh; nsh[2] -> [1]echo; echo[1] -> Discard;",
    ]


@pytest.mark.parametrize(
    ("reply", "then"),
    [
        ("", ""),
        (", reply: 110/255", "ping :: NSHPing(REPLY 110/255); ping -> leave; ping[1] -> "),
        (", reply: $BACK", "ping :: NSHPing(REPLY $BACK); ping -> leave; ping[1] -> "),
    ],
)
def test_a_classifier_answers_at_the_end_and_may_ask(reply: str, then: str) -> None:
    parameters = "parameters:\n  BACK: {type: text, default: 110/255}\n"
    lines = graph(f"nsh: {{{CLASSIFIER}, echo: {{address: 192.0.2.1{reply}}}}}\n", parameters)
    assert lines[2] == (
        "out :: { from :: FromDevice(out) -> kind :: Classifier(12/894f) "
        "-> check :: CheckNSHHeader(14, OAM forward) -> echo :: NSHEcho(192.0.2.1); "
        f"input -> leave :: Null; echo -> leave; echo[1] -> {then}"
        "decap :: NSHDecap(ethernet) -> output; "
        f"leave -> EtherEncap(0x894f, out:eth, {MAC}) -> queue :: Queue -> to :: ToDevice(out); }};"
    )


@pytest.mark.parametrize(
    ("nsh", "problems"),
    [
        (
            "{role: forwarder, oam: drop, echo: {reply: 1/1}}",
            [
                "5: nsh: echo: missing key 'address'",
                "5: nsh: echo: unknown key 'reply'; allowed: address",
                "5: nsh: oam: 'drop' and 'echo', whose packets are OAM, exclude each other",
            ],
        ),
        (
            f"{{{CLASSIFIER}, echo: {{address: here, reply: 110}}}}",
            [
                "5: nsh: echo: address: 'here' is not valid; allowed: an IP address of one host, "
                "as in 192.0.2.1 or 2001:db8::1",
                "5: nsh: echo: reply: '110' is not valid; allowed: a path and an index, as in "
                "110/255",
            ],
        ),
        (
            f"{{{CLASSIFIER}, echo: {{address: 192.0.2.1, reply: 110/256}}}}",
            [
                "5: nsh: echo: reply: '110/256' is not valid; allowed: a path and an index, as in "
                "110/255"
            ],
        ),
        (
            "{role: proxy, echo: {address: 192.0.2.1}}",
            [
                "5: nsh: unknown key 'echo'; allowed: role, transport, address, vni, oam, "
                "next-protocol, experiment, peer, mac, mtu, reassociate, flows, timeout"
            ],
        ),
    ],
)
def test_problem_of_echo(nsh: str, problems: list[str]) -> None:
    rest = WIRE if "proxy" in nsh else ""
    assert read(f"nsh: {nsh}\n", rest) == (None, problems)


def test_the_name_of_what_answers_is_taken_at_a_forwarder() -> None:
    text = "weft: 1\nvnf: sff\nversion: 1.0.0\ninterfaces: [echo, out]\n"
    text += "nsh: {role: forwarder, echo: {address: 192.0.2.1}}\n"
    _, problems = read_manifest([PackageFile("vnf.yaml", text.encode())])
    assert [str(problem) for problem in problems] == [
        "vnf.yaml:5: interfaces: 'echo' is the element that answers requests; choose another name"
    ]
