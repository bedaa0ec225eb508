"""A server as it is at one time: what runs on it, what it has, what of that is free."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Disk", "HostFacts", "HostInterface", "HostProcess", "HostRoute"]


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system on a device."""

    mount: str
    device: str
    type: str
    total_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True)
class HostInterface:
    """A network interface; `kind` is empty for hardware, `addresses` are as in `10.0.0.1/24`."""

    name: str
    index: int
    kind: str
    state: str
    mtu: int
    mac: str
    addresses: tuple[str, ...]
    packets_in: int
    packets_out: int
    bytes_in: int
    bytes_out: int
    drops_in: int
    drops_out: int


@dataclass(frozen=True, slots=True)
class HostRoute:
    """A route of the main table; without `gateway` the destination is on the link."""

    destination: str
    gateway: str
    interface: str
    metric: int


@dataclass(frozen=True, slots=True)
class HostProcess:
    """A process, with the processor time it has used."""

    pid: int
    name: str
    state: str
    user: int
    memory_bytes: int
    cpu_s: float


@dataclass(frozen=True, slots=True)
class HostFacts:
    """A server; `cpu_busy_s` and `cpu_idle_s` are of all its processors since it started.

    `processes` are those that have most memory, `process_count` is how many there are.
    """

    name: str
    version: str
    system: str
    kernel: str
    machine: str
    uptime_s: float
    cpus: int
    cpu_busy_s: float
    cpu_idle_s: float
    load: tuple[float, ...]
    memory_total_bytes: int
    memory_available_bytes: int
    swap_total_bytes: int
    swap_free_bytes: int
    disks: tuple[Disk, ...]
    interfaces: tuple[HostInterface, ...]
    routes: tuple[HostRoute, ...]
    process_count: int
    processes: tuple[HostProcess, ...]
