"""Active OAM and integrity through a chain of functions in sandboxes of their own, by the real commands.

    head (ping, forwarder) -- br1 -- middle (forwarder, proxied firewall) -- br2 -- end (forwarder)

Path 10 leads to the end, path 110 back. Between middle and end all is signed.
"""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from weft.server.namespaces import NETNS_FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

MACS = "2:0:0:0:0:1 2:0:0:0:0:2"
KEY = "k1:" + "5a" * 32
RECEIVE = "Classifier(12/894f) -> CheckNSHHeader(14, OAM forward)"
HEAD = f"""
sff :: NSHForwarder(10/255 => 0 ETHER {MACS}, 110/253 => 1, 110/254 => 1, EXPIRED 2);
ping :: NSHPing(REPLY 110/254) -> sff;
FromDevice(east) -> {RECEIVE} -> sff;
sff [0] -> Queue -> ToDevice(east);
sff [1] -> ping;
sff [2] -> [1] echo :: NSHEcho(192.0.2.1) -> sff;
Idle -> echo; echo [1] -> Discard;
"""
MIDDLE = f"""
sff :: NSHForwarder(10/255 => 2, 10/254 => 0 ETHER {MACS},
    110/254 => 2, 110/253 => 1 ETHER {MACS}, EXPIRED 3);
FromDevice(west) -> {RECEIVE} -> sff;
FromDevice(east) -> {RECEIVE} -> verify :: NSHVerify(KEYS keys.txt) -> sff;
sff [0] -> NSHSign(KEYS keys.txt) -> Queue -> ToDevice(east);
sff [1] -> Queue -> ToDevice(west);
sff [2] -> proxy :: NSHProxy -> firewall :: Null -> [1] proxy; proxy [1] -> sff;
sff [3] -> [1] echo :: NSHEcho(192.0.2.2) -> sff;
Idle -> echo; echo [1] -> Discard;
"""
END = f"""
sff :: NSHForwarder(10/254 => 0, 110/254 => 1 ETHER {MACS}, EXPIRED 2);
FromDevice(west) -> {RECEIVE} -> verify :: NSHVerify(KEYS keys.txt) -> sff;
sff [0] -> echo :: NSHEcho(192.0.2.3) -> sff;
sff [1] -> NSHSign(KEYS keys.txt) -> Queue -> ToDevice(west);
sff [2] -> [1] echo [1] -> Discard;
"""


@pytest.fixture
def chain(weft: Weft, make_host: Callable[[str], Host], tmp_path: Path) -> Iterator[Weft]:
    """The three functions, run on a server in a namespace of its own."""
    server = make_host("server")
    server.keep_silent()
    for bridge in ("br1", "br2"):
        server.route.link("add", ifname=bridge, kind="bridge", state="up")
    weft.prefix = ["nsenter", f"--net={NETNS_FOLDER / server.name}"]
    try:
        for name, graph, ends in (
            ("end", END, {"west": "br2"}),
            ("middle", MIDDLE, {"west": "br1", "east": "br2"}),
            ("head", HEAD, {"east": "br1"}),
        ):
            folder = tmp_path / name
            folder.mkdir()
            (folder / "vnf.yaml").write_text(
                f"weft: 1\nvnf: {name}\nversion: 1.0.0\ninterfaces: [{', '.join(ends)}]\n"
                "components:\n  chain: {framework: click, file: chain.click}\n"
            )
            (folder / "chain.click").write_text(graph)
            (folder / "keys.txt").write_text(f"{KEY}\n")
            joins = [part for end, bridge in ends.items() for part in ("-i", f"{end}={bridge}")]
            weft("run", str(folder), "-d", *joins)
        yield weft
        weft("off", "--all")
    finally:
        weft.prefix = []


def drops(weft: Weft, name: str, element: str) -> dict[str, int]:
    lines = weft("read", name, f"{element}.drops").splitlines()
    return {line.split()[0]: int(line.split()[1]) for line in lines if line}


def test_a_path_is_pinged_and_traced(chain: Weft) -> None:
    found = json.loads(
        chain(
            "sfc", "ping", "head", "--spi", "10", "--count", "3", "--interval", "0.01", "-o", "json"
        )
    )
    assert (found["requests"], found["replies"]) == (3, 3)
    answers = found["answers"]
    assert [(item["from"], item["code"], item["meaning"]) for item in answers] == [
        ("192.0.2.3", 5, "end of the path")
    ] * 3
    first = answers[0]["sequence"]
    assert [item["sequence"] for item in answers] == [(first + n) % 2**32 for n in range(3)]
    assert 0 < found["rtt_least_ms"] <= found["rtt_mean_ms"] <= found["rtt_most_ms"]

    hops = [
        line.split(maxsplit=4) for line in chain("sfc", "trace", "head", "--spi", "10").splitlines()
    ]
    assert [(hop, source, meaning) for hop, source, _, _, meaning in hops] == [
        ("1", "192.0.2.1", "TTL exceeded"),
        ("2", "192.0.2.2", "TTL exceeded"),
        ("3", "192.0.2.2", "TTL exceeded"),
        ("4", "192.0.2.3", "TTL exceeded"),
        ("5", "192.0.2.3", "end of the path"),
    ]
    assert drops(chain, "end", "verify") == drops(chain, "middle", "verify") == {}


def test_a_gap_in_a_path_is_seen(chain: Weft) -> None:
    """The firewall is passed, but what follows it leads nowhere."""
    chain("write", "middle", "sff.remove", "10/254")
    quick = ("--spi", "10", "--timeout", "0.3")
    assert chain("sfc", "ping", "head", *quick, "--count", "1", status=1) == ""
    traced = chain.popen("sfc", "trace", "head", *quick, "--max-hops", "4")
    out, err = traced.communicate(timeout=60)
    lines = out.splitlines()
    assert (traced.returncode, err) == (1, "")
    assert [line.split()[1] for line in lines] == ["192.0.2.1", "192.0.2.2", "192.0.2.2", "*"]
    assert lines[3] == " 4  *                no reply within 0.3 s"
    assert drops(chain, "middle", "sff") == {"nsh-no-path": 2}


def test_what_is_signed_with_another_key_goes_no_further(chain: Weft) -> None:
    chain("write", "end", "verify.remove", "k1")
    chain("write", "end", "verify.add", "k1:" + "a5" * 32)
    assert chain("read", "end", "verify.ids") == "k1\n"
    quick = ("--spi", "10", "--timeout", "0.3", "--count", "1")
    chain("sfc", "ping", "head", *quick, status=1)
    assert drops(chain, "end", "verify") == {"nsh-integrity-mac": 1}
    log = chain("logs", "end")
    assert "verify: packet dropped as nsh-integrity-mac" in log
    for name in ("end", "middle"):
        known = chain("logs", name) + chain("show", name, "--graph")
        assert "5a5a" not in known
        assert "a5a5" not in known
    chain("write", "end", "verify.load")
    chain("sfc", "ping", "head", *quick)


def test_an_interrupted_ping_tells_what_there_is(chain: Weft) -> None:
    running = chain.popen("sfc", "ping", "head", "--spi", "10", "--interval", "3600")
    assert running.stdout is not None
    line = running.stdout.readline()
    assert line.startswith("reply from 192.0.2.3: sequence ")
    assert line.rstrip().endswith(" ms")
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (130, "")
    assert out.startswith("sent 1, answered 1, lost 0%; round trip least/mean/most ")


def test_functions_that_cannot_ping_say_so(chain: Weft) -> None:
    assert chain("sfc", "ping", "end", "--spi", "10", status=1) == (
        "weft: the graph of 'end' has no NSHPing, which sends the requests\n"
        "weft: hint: docs/guides/service-chains-oam.md shows where to put one\n"
    )
    complaint = chain("sfc", "ping", "head", "--spi", "10", "--element", "nope", status=1)
    assert complaint == (
        "weft: No element named 'nope'\n"
        "weft: hint: `weft show head --handlers` lists elements and their handlers\n"
    )
