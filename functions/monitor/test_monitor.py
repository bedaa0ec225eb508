"""The monitor: every frame passes as it is, and what real hosts did is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.captured import on_files
from tests.support.frames import arp, echo, ethernet, tcp, udp
from tests.support.hosts import between
from tests.support.peers import iperf, pinged
from tests.support.running import Running

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

PACKAGE = str(Path(__file__).parent)
CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
CLIENT_MAC, SERVER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"


def to_server(payload: bytes, kind: int = 0x0800) -> bytes:
    return ethernet(SERVER_MAC, CLIENT_MAC, kind, payload)


ALL_KINDS = [
    to_server(udp(CLIENT, SERVER, (4000, 5000), b"x")),
    to_server(arp(1, (CLIENT_MAC, CLIENT), (SERVER_MAC, SERVER)), 0x0806),
    to_server(echo(CLIENT, SERVER)),
    to_server(tcp(CLIENT, SERVER, (1, 80))),
    to_server(b"\x00\x07\x08\x00" + udp(CLIENT, SERVER, (1, 2)), 0x8100),
    to_server(b"\x45" + bytes(range(1, 40))),
    b"short",
]


def test_every_frame_passes_as_it_is_both_ways(tmp_path: Path) -> None:
    there, back = ALL_KINDS, ALL_KINDS[::-1]
    for flows in ("FLOWS=16384", "FLOWS=1"):
        passed = on_files(tmp_path, PACKAGE, {"in": there, "out": back}, flows)
        assert passed == {"in": back, "out": there}


def test_who_talks_most_is_told(weft: Weft, make_host: Callable[[str], Host]) -> None:
    client, server = make_host("client"), make_host("server")
    weft("run", PACKAGE, "-d", "--name", "monitor", *between(client, server))
    client.configure("eth0", CLIENT)
    server.configure("eth0", SERVER)
    running = Running(weft, weft.ps()[0])

    def read(handler: str) -> Any:
        return json.loads(running.read(f"monitor/flows.{handler}"))

    assert pinged(client, SERVER, count=3)
    [ping] = [flow for flow in read("flows 100") if flow["protocol"] == "icmp"]
    assert (ping["source"], ping["destination"]) == (CLIENT, SERVER)
    assert (ping["packets"], ping["packets_back"], ping["bytes"]) == (3, 3, 3 * 98)

    received = iperf(client, server, SERVER, "-n", "4M")["end"]["sum_received"]["bytes"]
    assert received > 1 << 20
    [largest] = json.loads(weft("read", "monitor", "monitor/flows.top", "1", "bytes"))
    assert (largest["protocol"], largest["destination_port"]) == ("tcp", 5201)
    assert largest["bytes"] > received > largest["bytes_back"]
    talkers = {host["address"]: host for host in read("talkers")}
    assert talkers[CLIENT]["sent_bytes"] > received
    assert talkers[CLIENT]["sent_bytes"] == talkers[SERVER]["received_bytes"]
    assert {"tcp", "icmp", "arp"} <= {row["protocol"] for row in read("protocols")}
    assert read("evicted") == {"flows": 0, "packets": 0, "bytes": 0}

    complaint = weft("read", "monitor", "monitor/flows.top", "many", status=1)
    assert "'many' is no number from 1 to 10000" in complaint
    running.write("monitor/flows.reset", "")
    assert pinged(client, SERVER, count=1)
    assert {flow["protocol"] for flow in read("flows 100")} <= {"icmp", "icmp6"}
