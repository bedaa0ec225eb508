"""Figures of the demo: connect time, time to the first answered ping."""

from __future__ import annotations

import socket
import statistics
import struct
import time
from typing import TYPE_CHECKING

from demo.stage import DIRECT, THROUGH

if TYPE_CHECKING:
    from demo.stage import Host

__all__ = ["Sample", "connect_times_us", "first_ping"]

_ETH_P_ALL = 3
_RESEND_S = 0.001
_PATIENCE_S = 5.0


class Sample:
    """Repeated measurements of one thing."""

    def __init__(self, values: list[float]) -> None:
        self.values = sorted(values)

    def __str__(self) -> str:
        middle = statistics.median(self.values)
        return (
            f"{middle:.1f} (of {len(self.values)}: {self.values[0]:.1f} to {self.values[-1]:.1f})"
        )


def connect_times_us(client: Host, rounds: int) -> tuple[Sample, Sample]:
    """Microseconds of a TCP connect to port 80, without and with the function, in turn."""
    times: dict[str, list[float]] = {DIRECT["server"]: [], THROUGH["server"]: []}
    for _ in range(rounds):
        for address, found in times.items():
            found.append(_connect_us(client, address))
    return Sample(times[DIRECT["server"]]), Sample(times[THROUGH["server"]])


def _connect_us(client: Host, address: str) -> float:
    with client.namespace.entered():
        handle = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with handle:
        handle.settimeout(5)
        start = time.perf_counter()
        handle.connect((address, 80))
        return (time.perf_counter() - start) * 1e6


def first_ping(client: Host, device: str, mac: str, address: str) -> float:
    """Ping until the first answer, frame by frame, so that no address need be set up before.

    The result is when it came, by `time.perf_counter`; closing the socket takes longer.
    """
    with client.namespace.entered():
        # With protocol 0: the kernel would take milliseconds to change a socket that listens already.
        handle = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        handle.bind((device, _ETH_P_ALL))
    with handle:
        own = handle.getsockname()[4]
        request = _echo_request(own, bytes.fromhex(mac.replace(":", "")), address)
        deadline = time.perf_counter() + _PATIENCE_S
        while time.perf_counter() < deadline:
            handle.send(request)
            if _answered(handle, own, time.perf_counter() + _RESEND_S):
                return time.perf_counter()
    raise TimeoutError(f"{address} did not answer a ping within {_PATIENCE_S:.0f} s")


def _answered(handle: socket.socket, own: bytes, until: float) -> bool:
    while (left := until - time.perf_counter()) > 0:
        handle.settimeout(left)
        try:
            frame = handle.recv(2048)
        except TimeoutError:
            return False
        if frame[:6] == own and frame[12:14] == b"\x08\x00" and frame[23] == 1 and frame[34] == 0:
            return True
    return False


def _echo_request(own: bytes, mac: bytes, address: str) -> bytes:
    source, target = socket.inet_aton(THROUGH["client"]), socket.inet_aton(address)
    icmp = struct.pack("!BBHHH", 8, 0, 0, 7, 1) + bytes(range(32))
    icmp = icmp[:2] + struct.pack("!H", _checksum(icmp)) + icmp[4:]
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(icmp), 1, 0, 64, 1, 0, source, target)
    header = header[:10] + struct.pack("!H", _checksum(header)) + header[12:]
    return mac + own + b"\x08\x00" + header + icmp


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
