"""Knows who has which address, from what hosts and the server say to one another: leases.py FIRST LAST"""

import ipaddress
import json
import os
import struct
import sys
import time
from pathlib import Path

from weft.component import Component, Packet

MESSAGES = ("discover", "offer", "request", "decline", "ack", "nak", "release", "inform")
OF_SERVERS = ("offer", "ack", "nak")
SERVER_SIDE = 1  # the input that the server's packets come by
HOST_NAME, LEASE_TIME, MESSAGE_TYPE = 12, 51, 53
COOKIE = bytes.fromhex("63825363")
FOREVER = 0xFFFFFFFF

first, last = (ipaddress.IPv4Address(text) for text in sys.argv[1:3])
kept = Path(os.environ["HOME"]) / "leases.json"
component = Component()
counts = dict.fromkeys(MESSAGES, 0)
names: dict[str, str] = {}
# By address: who has it, and until when (0: for ever). The file outlives this process.
leases: dict[str, dict[str, str | float]] = json.loads(kept.read_text()) if kept.exists() else {}


def message_in(frame: bytes) -> bytes:
    """The DHCP message of an Ethernet frame; empty where there is none."""
    if frame[12:14] != b"\x08\x00" or frame[23:24] != b"\x11":
        return b""
    message = frame[14 + (frame[14] & 15) * 4 + 8 :]
    return message if message[236:240] == COOKIE else b""


def options_of(message: bytes) -> dict[int, bytes]:
    """Options by code, as far as they are whole (RFC 2132)."""
    found, at = {}, 240
    while at + 1 < len(message) and message[at] != 255:
        if message[at] == 0:
            at += 1
            continue
        end = at + 2 + message[at + 1]
        if end > len(message):
            break
        found[message[at]] = message[at + 2 : end]
        at = end
    return found


def keep() -> None:
    """Write the leases down, whole or not at all."""
    for address in [address for address, lease in leases.items() if is_over(lease)]:
        del leases[address]
    new = kept.with_suffix(".new")
    new.write_text(json.dumps(leases))
    new.replace(kept)


def is_over(lease: dict[str, str | float]) -> bool:
    """Whether its time has passed."""
    return lease["until"] != 0 and float(lease["until"]) <= time.time()


def learn(message: bytes, by_server: bool) -> None:
    """What a message says of leases; hosts cannot speak for the server, nor it for them."""
    options = options_of(message)
    kind = options.get(MESSAGE_TYPE, b"\0")[:1]
    if not kind or not 1 <= kind[0] <= len(MESSAGES):
        return
    name = MESSAGES[kind[0] - 1]
    if by_server != (name in OF_SERVERS):
        return
    counts[name] += 1
    mac = message[28:34].hex(":")
    asked, given = (str(ipaddress.IPv4Address(message[at : at + 4])) for at in (12, 16))
    if HOST_NAME in options and len(names) < 65536:
        names[mac] = options[HOST_NAME].decode(errors="replace").rstrip("\0")
    if name == "ack" and len(options.get(LEASE_TIME, b"")) == 4:
        seconds = struct.unpack("!I", options[LEASE_TIME])[0]
        until = 0 if seconds == FOREVER else time.time() + seconds
        leases[given] = {"mac": mac, "name": names.get(mac, ""), "until": until}
        keep()
    elif name == "release" and leases.get(asked, {}).get("mac") == mac:
        del leases[asked]
        keep()


@component.packet
def watch(packet: Packet) -> None:
    """Every packet goes on in its direction, as it is."""
    packet.port = packet.input
    message = message_in(bytes(packet))
    if message:
        learn(message, packet.input == SERVER_SIDE)


@component.handler("table", type=list, help="address, mac, name and seconds left of each lease")
def read_table() -> list[dict[str, object]]:
    """The leases there are now, by address; `seconds` is null where there is no end."""
    rows: list[dict[str, object]] = []
    for address in sorted(leases, key=ipaddress.IPv4Address):
        lease = leases[address]
        if not is_over(lease):
            until = float(lease["until"])
            seconds = round(until - time.time()) if until else None
            rows.append(
                {
                    "address": address,
                    "mac": lease["mac"],
                    "name": lease["name"],
                    "seconds": seconds,
                }
            )
    return rows


@component.handler("count", type=int, unit="leases", help="leases there are now")
def read_count() -> int:
    """How many addresses are given away."""
    return len(read_table())


@component.handler("free", type=int, unit="addresses", help="addresses of the pool without a lease")
def read_free() -> int:
    """How many hosts can still come."""
    taken = (ipaddress.IPv4Address(str(row["address"])) for row in read_table())
    return int(last) - int(first) + 1 - sum(first <= address <= last for address in taken)


@component.handler("messages", type=dict, unit="messages", help="DHCP messages by type")
def read_messages() -> dict[str, int]:
    """How many of each have passed."""
    return counts


component.run()
