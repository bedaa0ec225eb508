"""Network namespaces by descriptor, and netlink sockets inside them."""

from __future__ import annotations

import array
import contextlib
import ctypes
import errno
import fcntl
import functools
import os
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from weft.errors import BindingError, LinkError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NETNS_FOLDER", "Namespace", "netlink_errors"]

NETNS_FOLDER = Path("/run/netns")
_CLONE_NEWNET = 0x4000_0000
_SIOCGIFFLAGS, _SIOCSIFFLAGS = 0x8913, 0x8914
_IFF_UP = 1
_SIOCETHTOOL = 0x8946
_ETHTOOL_GLINK = 0x0A
_ETHTOOL_GFLAGS, _ETHTOOL_SFLAGS = 0x25, 0x26
_FLAG_TXVLAN = 1 << 7


class Namespace:
    """One network namespace, kept alive by a descriptor, with one netlink socket made at first use."""

    def __init__(self, descriptor: int, name: str) -> None:
        self.descriptor = descriptor
        self.name = name
        self._route: Any = None

    @classmethod
    def current(cls) -> Self:
        """The namespace this process is in."""
        return cls(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC), "this server")

    @classmethod
    def new(cls, name: str) -> Self:
        """A new namespace, which lives as long as the descriptor, or processes in it; takes root."""
        with cls.current() as before:
            if _libc().unshare(_CLONE_NEWNET) != 0:
                reason = os.strerror(ctypes.get_errno())
                raise LinkError(f"cannot make a network namespace for {name}: {reason}")
            try:
                return cls(cls.current().descriptor, name)
            finally:
                _set_namespace(before.descriptor, before.name)

    @classmethod
    def of_process(cls, pid: int) -> Self:
        """The namespace another process is in."""
        return cls(os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC), "the sandbox")

    @classmethod
    def named(cls, name: str) -> Self:
        """A namespace that `ip netns add` made."""
        try:
            descriptor = os.open(NETNS_FOLDER / name, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            there = ", ".join(sorted(path.name for path in _named())) or "none"
            raise BindingError(
                f"no network namespace '{name}'; there are: {there}",
                hint=f"make it with: ip netns add {name}",
            ) from None
        return cls(descriptor, f"namespace '{name}'")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the namespace."""
        if self._route is not None:
            self._route.close()
        os.close(self.descriptor)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Run the body in this namespace; nothing may be awaited in it."""
        with Namespace.current() as before:
            _set_namespace(self.descriptor, self.name)
            try:
                yield
            finally:
                _set_namespace(before.descriptor, before.name)

    @property
    def route(self) -> Any:
        """A netlink route socket in this namespace; it works from any other."""
        if self._route is None:
            from pyroute2 import RawIPRoute

            with self.entered():
                self._route = RawIPRoute()
        return self._route

    def index_of(self, device: str) -> int:
        """The index of a device; BindingError names those there are."""
        with self.entered():
            try:
                return socket.if_nametoindex(device)
            except OSError:
                there = ", ".join(name for _, name in socket.if_nameindex())
        raise BindingError(f"no device '{device}' in {self.name}; there are: {there}")

    def bring_up(self, device: str) -> None:
        """Bring a device up; LinkError where that is refused."""
        request = struct.pack("16sh22x", device.encode(), 0)
        try:
            with self._asking() as handle:
                (flags,) = struct.unpack_from("16xh", fcntl.ioctl(handle, _SIOCGIFFLAGS, request))
                request = struct.pack("16sh22x", device.encode(), flags | _IFF_UP)
                fcntl.ioctl(handle, _SIOCSIFFLAGS, request)
        except OSError as error:
            raise LinkError(f"cannot bring up '{device}': {error.strerror}") from None

    def settle(self, device: str) -> None:
        """Have the kernel take note at once that a device has link now; one that has gone has none."""
        with contextlib.suppress(OSError):
            self._ethtool(device, _ETHTOOL_GLINK)

    def tags_in_frames(self, device: str) -> bool:
        """Whether VLAN tags are written into the frames a device sends, not left to its hardware."""
        return not self._ethtool(device, _ETHTOOL_GFLAGS) & _FLAG_TXVLAN

    def write_tags_into_frames(self, device: str) -> None:
        """Have VLAN tags written into the frames a device sends; one that cannot stays as it is."""
        with contextlib.suppress(OSError):
            flags = self._ethtool(device, _ETHTOOL_GFLAGS)
            self._ethtool(device, _ETHTOOL_SFLAGS, flags & ~_FLAG_TXVLAN)

    def _ethtool(self, device: str, command: int, data: int = 0) -> int:
        value = array.array("I", [command, data])
        request = struct.pack("16sQ16x", device.encode(), value.buffer_info()[0])
        with self._asking() as handle:
            fcntl.ioctl(handle, _SIOCETHTOOL, request)
        return value[1]

    @contextlib.contextmanager
    def _asking(self) -> Iterator[socket.socket]:
        """A socket in this namespace for requests about its devices."""
        with self.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
            yield handle


def _named() -> list[Path]:
    try:
        return list(NETNS_FOLDER.iterdir())
    except OSError:
        return []


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _set_namespace(descriptor: int, name: str) -> None:
    if _libc().setns(descriptor, _CLONE_NEWNET) != 0:
        raise LinkError(f"cannot enter {name}: {os.strerror(ctypes.get_errno())}")


@contextlib.contextmanager
def netlink_errors(what: str) -> Iterator[None]:
    """Turn what the kernel refuses into LinkError with a reason."""
    from pyroute2 import NetlinkError

    try:
        yield
    except NetlinkError as error:
        code = int(error.code)
        hint = None
        if code == errno.EPERM:
            hint = "run as root"
        raise LinkError(f"{what}: {os.strerror(code)}", hint=hint) from None
