"""Roles over VXLAN-GPE: the other end of the tunnel is a UDP socket of an ordinary host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.service_frames import in_ethernet, nsh
from tests.support.sockets import datagram_socket
from tests.system.test_service_functions import (
    CONTEXT,
    DNS,
    SF,
    WEB,
    WEB_BACK,
    gate,  # noqa: F401 - a fixture
    sender_of,
)

if TYPE_CHECKING:
    import socket

    from tests.support.hosts import Host
    from tests.system.test_service_functions import Gate

OWN, PEER, PORT = "10.9.0.2", "10.9.0.1", 4790
TUNNEL = f"transport: vxlan-gpe, address: {{in: {OWN}}}, peer: {{in: {PEER}}}, vni: 7"
FIREWALL = """\
components:
  fw: {framework: click, text: "input -> MarkIPHeader(14) -> IPClassifier(tcp) -> output;"}
path: in -> fw -> in; out -> out
"""


def gpe(vni: int, header: bytes) -> bytes:
    """VXLAN-GPE with an instance, and a Network Service Header next (protocol 4)."""
    return b"\x0c\0\0\x04" + vni.to_bytes(3, "big") + b"\0" + header


def peer_of(host: Host) -> socket.socket:
    host.configure("eth0", PEER)
    return datagram_socket(host, PEER, PORT)


def test_a_proxy_in_a_tunnel_answers_its_peer(gate: Gate) -> None:  # noqa: F811
    gate.start(f"nsh: {{role: proxy, {TUNNEL}}}\n{FIREWALL}")
    with peer_of(gate.left) as peer:
        for vni, inner in ((8, WEB), (7, DNS), (7, WEB)):
            peer.sendto(gpe(vni, nsh((10, 255), inner, context=CONTEXT)), (OWN, PORT))
        answer, (address, _) = peer.recvfrom(65536)
    assert address == OWN
    assert answer == gpe(7, nsh((10, 254), WEB, context=CONTEXT))


def test_a_classifier_sends_into_a_tunnel_and_ends_one(gate: Gate) -> None:  # noqa: F811
    tunnel = TUNNEL.replace("{in: ", "").replace("}", "")
    rules = 'rules: [{match: "-", spi: 10, si: 7}]'
    gate.start(f"nsh: {{role: classifier, in: out, {tunnel}, {rules}}}\n")
    right = gate.ends[1]
    with peer_of(gate.left) as peer:
        right.send(WEB)
        assert peer.recv(65536) == gpe(7, nsh((10, 7), WEB))
        peer.sendto(gpe(7, nsh((20, 3), WEB_BACK)), (OWN, PORT))
        assert right.recv(65536) == WEB_BACK


def test_a_forwarder_joins_a_tunnel_and_a_cable(gate: Gate) -> None:  # noqa: F811
    table = f"{{spi: 10, si: 255, interface: out, mac: '{SF}'}}"
    table += f", {{spi: 10, si: 254, interface: in, vxlan-gpe: {PEER}}}"
    carrier = f"transport: vxlan-gpe, address: {{in: {OWN}}}, vni: 7"
    gate.start(f"nsh: {{role: forwarder, {carrier}, table: [{table}]}}\n")
    right = gate.ends[1]
    with peer_of(gate.left) as peer:
        peer.sendto(gpe(7, nsh((10, 255), WEB)), (OWN, PORT))
        came = right.recv(65536)
        assert came == in_ethernet(SF, sender_of(came), nsh((10, 255), WEB, ttl=62))
        right.send(in_ethernet(sender_of(came), SF, nsh((10, 254), WEB, ttl=62)))
        assert peer.recv(65536) == gpe(7, nsh((10, 254), WEB, ttl=61))
