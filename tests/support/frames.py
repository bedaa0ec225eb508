"""Ethernet frames with right checksums, byte by byte."""

from __future__ import annotations

import socket
import struct

__all__ = ["arp", "checksum", "echo", "error", "ethernet", "ipv4", "lowered", "tcp", "udp"]

SYN, ACK, RST = 0x02, 0x10, 0x04


def checksum(data: bytes) -> int:
    """The Internet checksum, RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(target: str, source: str, kind: int, payload: bytes) -> bytes:
    """A frame, not padded."""
    return _mac(target) + _mac(source) + struct.pack("!H", kind) + payload


def ipv4(source: str, target: str, protocol: int, payload: bytes, ttl: int = 64) -> bytes:
    """A datagram without options."""
    addresses = socket.inet_aton(source) + socket.inet_aton(target)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, ttl, protocol, 0)
    total = checksum(head + addresses)
    return head[:10] + struct.pack("!H", total) + addresses + payload


def tcp(source: str, target: str, ports: tuple[int, int], flags: int = SYN) -> bytes:
    """A TCP segment without data, in its datagram."""
    segment = struct.pack("!HHIIBBHHH", *ports, 1, 0, 5 << 4, flags, 8192, 0, 0)
    return _transport(source, target, 6, segment, 16)


def udp(source: str, target: str, ports: tuple[int, int], data: bytes = b"") -> bytes:
    """A UDP datagram in its IP datagram."""
    segment = struct.pack("!HHHH", *ports, 8 + len(data), 0) + data
    return _transport(source, target, 17, segment, 6)


def echo(source: str, target: str, kind: int = 8, number: int = 1, ttl: int = 64) -> bytes:
    """An ICMP echo request (kind 8) or reply (kind 0) in its datagram."""
    message = struct.pack("!BBHHH", kind, 0, 0, 7, number) + b"weft"
    message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
    return ipv4(source, target, 1, message, ttl)


def error(source: str, target: str, kind: int, quoted: bytes, code: int = 0) -> bytes:
    """An ICMP error in its datagram, which quotes the datagram it is about."""
    message = struct.pack("!BBHI", kind, code, 0, 0) + quoted
    message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
    return ipv4(source, target, 1, message)


def lowered(datagram: bytes) -> bytes:
    """The same datagram, its time to live one lower."""
    head = datagram[:8] + bytes([datagram[8] - 1, datagram[9], 0, 0]) + datagram[12:20]
    return head[:10] + struct.pack("!H", checksum(head)) + datagram[12:]


def arp(operation: int, sender: tuple[str, str], target: tuple[str, str]) -> bytes:
    """An ARP packet for Ethernet and IPv4; sender and target are (MAC, address)."""
    return (
        struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
        + (_mac(sender[0]) + socket.inet_aton(sender[1]))
        + (_mac(target[0]) + socket.inet_aton(target[1]))
    )


def _transport(source: str, target: str, protocol: int, segment: bytes, at: int) -> bytes:
    pseudo = socket.inet_aton(source) + socket.inet_aton(target)
    total = checksum(pseudo + struct.pack("!HH", protocol, len(segment)) + segment)
    segment = segment[:at] + struct.pack("!H", total) + segment[at + 2 :]
    return ipv4(source, target, protocol, segment)


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))
