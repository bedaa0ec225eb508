"""How this server is just now, from /proc and over netlink."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft import __version__
from weft.model.host import Disk, HostFacts, HostInterface, HostProcess, HostRoute
from weft.server.mounts import mounts
from weft.server.namespaces import Namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["host_facts", "kernel_lines"]

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_SHOWN_PROCESSES = 50
_MAIN_TABLE = 254
_FLAT = {"proc", "sysfs", "devpts", "mqueue", "cgroup", "cgroup2", "securityfs", "debugfs"}


def host_facts() -> HostFacts:
    """What runs on this server, what it has, and what of that is free."""
    kernel, memory = os.uname(), _memory()
    busy_s, idle_s = _processor_times()
    processes = sorted(_processes(), key=lambda item: (-item.memory_bytes, item.pid))
    with Namespace.current() as host:
        interfaces, routes = _interfaces(host.route), _routes(host.route)
    return HostFacts(
        name=kernel.nodename,
        version=__version__,
        system=_system(),
        kernel=kernel.release,
        machine=kernel.machine,
        uptime_s=float(Path("/proc/uptime").read_text().split()[0]),
        cpus=os.cpu_count() or 1,
        cpu_busy_s=busy_s,
        cpu_idle_s=idle_s,
        load=os.getloadavg(),
        memory_total_bytes=memory.get("MemTotal", 0),
        memory_available_bytes=memory.get("MemAvailable", 0),
        swap_total_bytes=memory.get("SwapTotal", 0),
        swap_free_bytes=memory.get("SwapFree", 0),
        disks=tuple(_disks()),
        interfaces=interfaces,
        routes=routes,
        process_count=len(processes),
        processes=tuple(processes[:_SHOWN_PROCESSES]),
    )


def kernel_lines(count: int) -> list[str]:
    """The last lines of the kernel's log, each with its time in seconds since the start."""
    lines: list[str] = []
    try:
        descriptor = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        while True:
            try:
                lines.append(_kernel_line(os.read(descriptor, 8192)))
            except OSError as error:
                if error.errno != errno.EPIPE:  # one was overwritten: go on with the next
                    return lines[-count:] if count else []
    finally:
        os.close(descriptor)


def _kernel_line(record: bytes) -> str:
    head, _, text = record.decode(errors="replace").partition(";")
    time_us = int(head.split(",")[2])
    return f"[{time_us / 1e6:12.6f}] {text.splitlines()[0] if text else ''}"


def _system() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/etc/os-release").read_text().splitlines():
            name, _, value = line.partition("=")
            if name == "PRETTY_NAME":
                return value.strip('"')
    return "Linux"


def _memory() -> dict[str, int]:
    found = {}
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, value = line.partition(":")
        found[name] = int(value.split()[0]) * 1024
    return found


def _processor_times() -> tuple[float, float]:
    """Seconds that all processors have been busy, and idle."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    user, nice, system, idle, waiting, *interrupts = (int(field) / _TICKS for field in fields)
    return user + nice + system + sum(interrupts), idle + waiting


def _disks() -> Iterator[Disk]:
    """File systems that have room of their own, each device once."""
    seen: set[str] = set()
    for mount in mounts():
        device = mount.device
        if mount.kind in _FLAT or (device.startswith("/") and device in seen):
            continue
        with contextlib.suppress(OSError):
            size = os.statvfs(mount.place)
            if size.f_blocks:
                seen.add(device)
                total, free = size.f_blocks * size.f_frsize, size.f_bavail * size.f_frsize
                yield Disk(_shown(str(mount.place)), _shown(device), mount.kind, total, free)


def _shown(name: str) -> str:
    """A name of a file as text, whatever its bytes are."""
    return os.fsencode(name).decode(errors="replace")


def _interfaces(route: Any) -> tuple[HostInterface, ...]:
    addresses: dict[int, list[str]] = {}
    for item in route.get_addr():
        text = f"{item.get_attr('IFA_ADDRESS')}/{item['prefixlen']}"
        addresses.setdefault(item["index"], []).append(text)
    return tuple(
        _interface(link, tuple(addresses.get(link["index"], ()))) for link in route.get_links()
    )


def _interface(link: Any, addresses: tuple[str, ...]) -> HostInterface:
    info = link.get_attr("IFLA_LINKINFO")
    counts = link.get_attr("IFLA_STATS64") or {}
    return HostInterface(
        name=link.get_attr("IFLA_IFNAME"),
        index=link["index"],
        kind=(info.get_attr("IFLA_INFO_KIND") or "") if info else "",
        state=str(link.get_attr("IFLA_OPERSTATE") or "UNKNOWN").lower(),
        mtu=link.get_attr("IFLA_MTU") or 0,
        mac=link.get_attr("IFLA_ADDRESS") or "",
        addresses=addresses,
        packets_in=counts.get("rx_packets", 0),
        packets_out=counts.get("tx_packets", 0),
        bytes_in=counts.get("rx_bytes", 0),
        bytes_out=counts.get("tx_bytes", 0),
        drops_in=counts.get("rx_dropped", 0),
        drops_out=counts.get("tx_dropped", 0),
    )


def _routes(route: Any) -> tuple[HostRoute, ...]:
    names = {link["index"]: link.get_attr("IFLA_IFNAME") for link in route.get_links()}
    found = []
    for family, everything in ((socket.AF_INET, "0.0.0.0/0"), (socket.AF_INET6, "::/0")):
        for item in route.get_routes(family=family, table=_MAIN_TABLE):
            target = item.get_attr("RTA_DST")
            found.append(
                HostRoute(
                    destination=f"{target}/{item['dst_len']}" if target else everything,
                    gateway=item.get_attr("RTA_GATEWAY") or "",
                    interface=names.get(item.get_attr("RTA_OIF"), ""),
                    metric=item.get_attr("RTA_PRIORITY") or 0,
                )
            )
    return tuple(found)


def _processes() -> Iterator[HostProcess]:
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):  # it may end meanwhile
            yield _process(folder)


def _process(folder: Path) -> HostProcess:
    text = (folder / "stat").read_text(errors="replace")
    # The name may hold blanks and brackets itself.
    name, _, rest = text.partition("(")[2].rpartition(")")
    fields = rest.split()
    return HostProcess(
        pid=int(folder.name),
        name=name,
        state=fields[0],
        user=folder.stat().st_uid,
        memory_bytes=int(fields[21]) * _PAGE_BYTES,
        cpu_s=(int(fields[11]) + int(fields[12])) / _TICKS,
    )
