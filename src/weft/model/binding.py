"""What an interface of a function is joined to."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Binding", "DeviceBinding", "NetnsBinding", "PcapBinding"]


@dataclass(frozen=True, slots=True)
class DeviceBinding:
    """A device of this server; `take` moves the device itself into the sandbox."""

    interface: str
    device: str
    take: bool = False

    def __str__(self) -> str:
        return f"{self.device}:take" if self.take else self.device


@dataclass(frozen=True, slots=True)
class NetnsBinding:
    """A named network namespace, in which a link of this name is made (None: a derived one)."""

    interface: str
    netns: str
    link: str | None = None

    def __str__(self) -> str:
        return f"netns:{self.netns}" + (f":{self.link}" if self.link else "")


@dataclass(frozen=True, slots=True)
class PcapBinding:
    """Capture files: packets come from `source` and go to `sink`, where there is one."""

    interface: str
    source: str
    sink: str | None = None

    def __str__(self) -> str:
        return f"pcap:{self.source}" + (f":{self.sink}" if self.sink else "")


Binding = DeviceBinding | NetnsBinding | PcapBinding
