"""How an interface carries Network Service Headers: right over Ethernet, or in VXLAN-GPE."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from weft.model.nsh import Nsh, Tunnel

__all__ = ["Carrier", "OwnHeaders"]

_ETHER_TYPE = "894f"
_ETHERNET_BYTES = 14


class Carrier:
    """Graph text of what is inside an interface's compound, before and behind the device."""

    TUNNEL_BYTES: ClassVar[int] = 36
    """Bytes between the link header and the Network Service Header: IPv4, UDP, VXLAN-GPE."""

    def __init__(self, nsh: Nsh, interface: str) -> None:
        self._nsh = nsh
        self._interface = interface
        self._tunnel = nsh.tunnel(interface)

    def arrival(self, others: bool = False) -> str:
        """A chain from the device to `check`, which marks the header; it may stand before `->`.

        With `others`, frames that carry no header leave by `kind[1]`, else they are dropped.
        """
        if self._tunnel:
            return self._from_tunnel(self._tunnel)
        kinds = f"12/{_ETHER_TYPE}, -" if others else f"12/{_ETHER_TYPE}"
        return (
            f"from :: FromDevice({self._interface}) -> kind :: Classifier({kinds})"
            f" -> {self._check(_ETHERNET_BYTES)}"
        )

    def no_arrival(self) -> str:
        """The same where nothing is to be received; a tunnel still has to find its peer."""
        return f"{self.arrival()} -> Discard; Idle" if self._tunnel else "Idle"

    def departure(self, source: str) -> str:
        """A chain from `source`, where packets with a header come out, to the device."""
        if self._tunnel:
            return self._into_tunnel(self._tunnel, source)
        steps = "".join(f"{step} -> " for step in self._readdressing())
        return f"{source} -> {steps}{self._queue()}"

    def _readdressing(self) -> list[str]:
        """What gives packets the Ethernet addresses they leave with."""
        mac = dict(self._nsh.macs).get(self._interface)
        if mac is None:
            return []
        if mac == "sender":
            return ["EtherMirror"]
        header = f"EtherEncap(0x{_ETHER_TYPE}, {self._interface}:eth, {mac})"
        return [header] if self._nsh.is_whole else [f"Strip({_ETHERNET_BYTES})", header]

    def _queue(self) -> str:
        return f"queue :: Queue -> to :: ToDevice({self._interface})"

    def _check(self, offset: int) -> str:
        nsh = self._nsh
        settings = [str(offset)]
        settings += [] if nsh.oam == "drop" else ["OAM forward"]
        settings += [] if nsh.next_protocol == "drop" else ["NEXT_PROTOCOL forward"]
        settings += ["EXPERIMENT true"] if nsh.experiment else []
        return f"check :: CheckNSHHeader({', '.join(settings)})"

    def _from_tunnel(self, tunnel: Tunnel) -> str:
        own = tunnel.address
        return (
            f"queue :: Queue; arp :: ARPQuerier({own}, {self._interface}:eth);"
            f" from :: FromDevice({self._interface})"
            " -> kind :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800);"
            f" kind -> ARPResponder({own} {self._interface}:eth) -> queue;"
            " kind[1] -> [1]arp;"
            f" kind[2] -> Strip({_ETHERNET_BYTES}) -> CheckIPHeader"
            f" -> mine :: IPClassifier(dst host {own} and udp and dst port 4790)"
            f" -> tunnel :: VXLANGPEDecap({tunnel.vni}) -> {self._check(0)}"
        )

    def _into_tunnel(self, tunnel: Tunnel, source: str) -> str:
        settings = f"{tunnel.address}, {tunnel.peer or '0'}, VNI {tunnel.vni}"
        return (
            f"{source} -> encap :: VXLANGPEEncap({settings})"
            f" -> arp -> queue -> to :: ToDevice({self._interface})"
        )


class OwnHeaders:
    """The same where only the function itself has headers: frames get one, and lose it as they leave."""

    def __init__(self, interface: str) -> None:
        self._interface = interface

    def arrival(self) -> str:
        """A chain from the device to what puts a header before each frame."""
        return f"from :: FromDevice({self._interface}) -> encap :: NSHEncap(1)"

    def no_arrival(self) -> str:
        """The same where nothing is to be received."""
        return "Idle"

    def departure(self, source: str) -> str:
        """A chain from `source`, where packets with a header come out, to the device."""
        device = f"queue :: Queue -> to :: ToDevice({self._interface})"
        return f"{source} -> decap :: NSHDecap(ethernet) -> {device}"
