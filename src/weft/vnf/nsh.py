"""The graph around a function's role in service function chains (RFC 7665).

The element of the role is called `nsh`. Each interface is a compound around its device, as without a
role, but what comes in is checked, and passes by `nsh` before the path meets it:

    in :: { from :: FromDevice(in) -> kind :: Classifier(12/894f) -> check :: CheckNSHHeader(14)
            -> [1]output; input[1] -> output; input -> [2]output;
            input[2] -> queue :: Queue -> to :: ToDevice(in); };
    nsh :: NSHProxy(MTU 1500);
    in[1] -> nsh -> [1]in[2] -> [1]nsh[1] -> [2]in;

With the role `internal` frames have no header outside of the function: NSHEncap stands where kind and check
are, NSHDecap before the queue.

Ports 0 of the compound are those the path knows; ports 1 and 2 lead packets to the function and from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.vnf.frameworks.framework import devices_element
from weft.vnf.nsh_carrier import Carrier, OwnHeaders
from weft.vnf.nsh_room import IPV4_LEAST, header_room, ip_room

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft.model.nsh import Classification, Echo, NextHop, Nsh, Rule
    from weft.vnf.path import Path

__all__ = ["nsh_graph"]

_BOUNDARIES = {"proxy": "NSHProxy", "aware": "NSHFunction", "internal": "NSHFunction"}
_IP_PROTOCOLS = {"ipv4": "0x0800", "ipv6": "0x86dd", "mpls": "0x8847"}


def nsh_graph(nsh: Nsh, interfaces: Sequence[str], path: Path) -> str:
    """Graph text of the interfaces and of the element of the role, joined to one another."""
    if nsh.classification:
        return _classifier(nsh, nsh.classification)
    if nsh.role == "forwarder":
        return _forwarder(nsh, interfaces)
    return _boundary(nsh, interfaces, path)


def _boundary(nsh: Nsh, interfaces: Sequence[str], path: Path) -> str:
    """A proxy, or a function that sees headers: the path is between its outputs and inputs."""
    count = len(interfaces)
    parts, joints = [], []
    for number, name in enumerate(interfaces):
        is_source, is_target = 0 in path.outputs(name), 0 in path.inputs(name)
        carrier = OwnHeaders(name) if nsh.role == "internal" else Carrier(nsh, name)
        arrival = carrier.arrival() if is_source else carrier.no_arrival()
        parts.append(
            f"{name} :: {{ {arrival} -> [1]output; input[1] -> output; input -> [2]output;"
            f" {carrier.departure('input[2]')}; }};"
            f"{'' if is_source else f' {name} -> Discard;'}"
            f"{'' if is_target else f' Idle -> {name};'}\n"
        )
        back = count + number
        joints.append(
            f"{name}[1] -> [{number}]nsh[{number}] -> [1]{name};"
            f" {name}[2] -> [{back}]nsh[{back}] -> [2]{name};\n"
        )
    settings = [] if nsh.role == "internal" else [f"MTU {header_room(nsh)}"]
    if nsh.is_reassociating:
        settings += ["REASSOCIATE flow", f"FLOWS {nsh.flows}", f"TIMEOUT {nsh.timeout_s}"]
    arguments = f"({', '.join(settings)})" if settings else ""
    element = f"nsh :: {_BOUNDARIES[nsh.role]}{arguments};\n"
    return "".join([*parts, element, *joints])


def _classifier(nsh: Nsh, task: Classification) -> str:
    """Frames from inside get headers; what comes from outside has its header taken off."""
    inside, outside = task.inside, task.outside
    carrier = Carrier(nsh, outside)
    forwards = task.unmatched == "forward"
    asked, source = (_asked(nsh.echo), "leave") if nsh.echo else ("", "input")
    room = ip_room(nsh, task)
    answers = room >= IPV4_LEAST
    past = " kind[1] -> [1]output; input[1] -> queue;" if forwards else ""
    settings = [
        *(_rule(rule) for rule in task.rules),
        *_of_file(task.file),
        f"NEXT {task.next}",
        f"MTU {header_room(nsh)}",
    ]
    parts = [
        _hosts_side(task, room) if answers else devices_element(inside, (inside,), {0}, {0}),
        f"{outside} :: {{ {carrier.arrival(others=forwards)} -> {asked}{_end(task)}"
        f" {carrier.departure(source)};{past} }};\n",
        f"nsh :: NSHClassifier({', '.join(settings)});\n",
        f"{inside} -> nsh -> {outside} -> {inside};\n",
    ]
    if forwards:
        parts.append(f"nsh[1] -> [1]{outside}[1] -> {inside};\n")
    elif answers:
        parts.append("nsh[1] -> Discard;\n")
    if answers:
        parts.append(f"nsh[2] -> [1]{inside};\n")
    return "".join(parts)


def _hosts_side(task: Classification, room: int) -> str:
    """The inner interface, where senders of packets longer than `room` are told so."""
    name, tags = task.inside, "true" if task.next == "ethernet" else "false"
    sources = ", ".join(filter(None, (task.icmp.address, task.icmp.address6)))
    return (
        f"{name} :: {{ from :: FromDevice({name}) -> output;"
        f" input -> queue :: Queue -> to :: ToDevice({name});"
        f" input[1] -> icmp :: PacketTooBig({sources}, MTU {room}, TAGS {tags}) -> queue; }};\n"
    )


def _asked(echo: Echo) -> str:
    """What meets echo requests at the end of a path, and sends some; all else comes to what follows."""
    answers = f"echo :: NSHEcho({echo.address}); input -> leave :: Null; echo -> leave; echo[1] -> "
    if not echo.reply:
        return answers
    return f"{answers}ping :: NSHPing(REPLY {echo.reply}); ping -> leave; ping[1] -> "


def _end(task: Classification) -> str:
    """The end of a path: what is inside becomes an Ethernet frame for the inner interface."""
    if task.next == "ethernet":
        return "decap :: NSHDecap(ethernet) -> output;"
    links = [
        f" decap[{port}] -> EtherEncap({kind}, {task.inside}:eth, {task.host}) -> output;"
        for port, kind in enumerate(_IP_PROTOCOLS.values())
    ]
    return f"decap :: NSHDecap({', '.join(_IP_PROTOCOLS)});{''.join(links)}"


def _rule(rule: Rule) -> str:
    """A rule as NSHClassifier reads it."""
    parts = [rule.match, "=>", "SPI", rule.spi]
    for key, value in (("SI", rule.si), ("TTL", rule.ttl), ("CONTEXT", rule.context)):
        parts += [key, value] if value else []
    for tlv in rule.tlvs:
        parts += ["TLV", f"{tlv.metadata_class}:{tlv.type}:{tlv.value}"]
    return " ".join(parts)


def _forwarder(nsh: Nsh, interfaces: Sequence[str]) -> str:
    """What any interface receives goes by one table to the interface of its next hop."""
    parts, joints = [], []
    for number, name in enumerate(interfaces):
        carrier = Carrier(nsh, name)
        parts.append(
            f"{name} :: {{ {carrier.arrival()} -> output; {carrier.departure('input')}; }};\n"
        )
        joints.append(f"{name} -> nsh; nsh[{number}] -> {name};\n")
    settings = [_hop(hop, interfaces) for hop in nsh.table]
    settings += _of_file(nsh.table_file)
    if nsh.echo:
        expired = len(interfaces)
        settings.append(f"EXPIRED {expired}")
        joints.append(
            f"Idle -> echo :: NSHEcho({nsh.echo.address}) -> nsh; nsh[{expired}] -> [1]echo;"
            " echo[1] -> Discard;\n"
        )
    return "".join([*parts, f"nsh :: NSHForwarder({', '.join(settings)});\n", *joints])


def _of_file(name: str) -> list[str]:
    """The setting for what stands in a file: one of the package, or a parameter for one."""
    if not name:
        return []
    return [f"FILE {name}" if name.startswith("$") else f'FILE "{name}"']


def _hop(hop: NextHop, interfaces: Sequence[str]) -> str:
    """An entry as NSHForwarder reads it."""
    way = f"VXLANGPE {hop.peer}" if hop.peer else f"ETHER {hop.interface}:eth {hop.mac}"
    return f"{hop.spi}/{hop.si} => {interfaces.index(hop.interface)} {way}"
