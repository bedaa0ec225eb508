"""A client, a server and a router in namespaces of their own, and functions between the first two."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.bench.exchange import Responder
from weft.client import local_client
from weft.errors import UsageError, WeftError
from weft.launcher import functions_folder
from weft.server.namespaces import Namespace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from weft.bench.plan import Combination
    from weft.client import Client

__all__ = ["Stage", "package_folder", "staged"]

_PREFIX = "weft-components-"
_RUN = Path("/run")
_SWITCHES = {"ipv6/conf/default/disable_ipv6": "1"}
_FORWARD = {"ipv4/ip_forward": "1"}
_PERMANENT = 0x80  # a neighbour that is never asked for again
_ROUTED = ("10.81.0", "10.82.0")
_BETWEEN = "10.83"


def package_folder() -> Path:
    """The package l7-firewall among the ready functions."""
    folder = functions_folder() / "l7-firewall"
    if not (folder / "vnf.yaml").is_file():
        raise WeftError(
            f"the package 'l7-firewall' is not in '{folder.parent}'",
            hint="name its folder with --package, or run in a clone",
        )
    return folder


class Stage:
    """Hosts, and functions of combinations between them; `address` is where requests go."""

    def __init__(self, client: Client, hosts: dict[str, Namespace], folder: Path) -> None:
        self.client = client
        self.host = hosts["client"]
        self._hosts = hosts
        self._folder = folder
        self._count = 0
        _connect_by_router(hosts)
        self.routed_address = f"{_ROUTED[1]}.2"

    async def start(self, combination: Combination, package: Path, lines: dict[str, str]) -> str:
        """Start the function of a combination; the address that requests reach the server by."""
        self._count += 1
        place = _variant(package, self._folder / combination.name, lines)
        link = f"f{self._count}"
        joins = [
            f"{interface}=netns:{_PREFIX}{os.getpid()}-{role}:{link}"
            for interface, role in (("in", "client"), ("out", "server"))
        ]
        await self.client.run(self.client.prepare(str(place), combination.name, joins, {}))
        net = f"{_BETWEEN}.{self._count}"
        _join(self._hosts["client"], link, f"{net}.1", self._hosts["server"], link, f"{net}.2")
        return f"{net}.2"

    async def analyzer(self, combination: Combination) -> tuple[int, int]:
        """Packets that the analyzer has looked at, and nanoseconds it has parsed."""
        found = [
            int(await self.client.read(combination.name, f"analyzer.{handler}"))
            for handler in ("packets", "parsing")
        ]
        return found[0], found[1]


@contextlib.asynccontextmanager
async def staged(say: Callable[[str], None]) -> AsyncIterator[Stage]:
    """A stage with a responder on its server; however this ends, nothing of it is left."""
    await _sweep()
    name = f"{_PREFIX}{os.getpid()}"
    with contextlib.ExitStack() as stack:
        folder = _RUN / name
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        client = stack.enter_context(_client_of(folder, say))
        hosts = {role: stack.enter_context(_host(role)) for role in ("client", "router", "server")}
        stage = Stage(client, hosts, folder / "packages")
        stack.enter_context(Responder(hosts["server"]))
        try:
            yield stage
        finally:
            await _remove_all(client)


@contextlib.contextmanager
def _client_of(folder: Path, say: Callable[[str], None]) -> Iterator[Client]:
    """A client in this process; functions that are measured run apart from all others on this server."""
    chosen = {"WEFT_RUN_DIR": str(folder / "functions"), "WEFT_SERVER": "none"}
    before = {name: os.environ.get(name) for name in chosen}
    os.environ.update(chosen)
    try:
        yield local_client(say)
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


async def _remove_all(client: Client) -> None:
    for facts, _ in await client.functions():
        await client.remove(str(facts.uuid), missing_ok=True)


async def _sweep() -> None:
    """Take away what a measurement left that was killed before it could."""
    from pyroute2 import netns

    for left in _RUN.glob(f"{_PREFIX}*"):
        if not Path(f"/proc/{left.name.removeprefix(_PREFIX)}").exists():
            with _client_of(left, lambda _line: None) as client:
                await _remove_all(client)
            shutil.rmtree(left, ignore_errors=True)
    for name in netns.listnetns():
        owner = name.removeprefix(_PREFIX).partition("-")[0]
        if name.startswith(_PREFIX) and not Path(f"/proc/{owner}").exists():
            netns.remove(name)


def _variant(package: Path, place: Path, lines: dict[str, str]) -> Path:
    """The package with other lines for some of its components."""
    try:
        shutil.copytree(package, place, ignore=shutil.ignore_patterns("__pycache__", "test_*"))
        manifest = place / "vnf.yaml"
        text = manifest.read_text()
    except OSError as error:
        raise UsageError(f"cannot read '{error.filename}': {error.strerror}") from None
    for component, line in lines.items():
        if line:
            begin, _, rest = text.partition(f"\n  {component}: ")
            text = f"{begin}\n  {component}: {line}\n{rest.partition(chr(10))[2]}"
    manifest.write_text(text)
    return place


@contextlib.contextmanager
def _host(role: str) -> Iterator[Namespace]:
    """A namespace whose devices send nothing of their own accord."""
    from pyroute2 import netns

    name = f"{_PREFIX}{os.getpid()}-{role}"
    netns.create(name)
    try:
        with Namespace.named(name) as namespace:
            _switch(namespace, _SWITCHES)
            yield namespace
    finally:
        netns.remove(name)


def _switch(namespace: Namespace, switches: dict[str, str]) -> None:
    with namespace.entered():
        for path, value in switches.items():
            with contextlib.suppress(FileNotFoundError):
                (Path("/proc/sys/net") / path).write_text(value)


def _connect_by_router(hosts: dict[str, Namespace]) -> None:
    """Two cables, and a kernel between them that forwards."""
    router = hosts["router"]
    _switch(router, _FORWARD)
    for role, net, other in (("client", *_ROUTED), ("server", *reversed(_ROUTED))):
        host = hosts[role]
        host.route.link(
            "add",
            ifname="router",
            kind="veth",
            peer={"ifname": role, "net_ns_fd": router.descriptor},
        )
        _join(host, "router", f"{net}.2", router, role, f"{net}.1")
        host.route.route("add", dst=f"{other}.0/24", gateway=f"{net}.1")


def _join(
    left: Namespace,
    left_link: str,
    left_address: str,
    right: Namespace,
    right_link: str,
    right_address: str,
) -> None:
    """Give both ends of a cable addresses; neither ever asks for the other's Ethernet address."""
    ends = ((left, left_link, left_address), (right, right_link, right_address))
    for namespace, link, address in ends:
        index = namespace.index_of(link)
        namespace.route.addr("add", index=index, address=address, prefixlen=24)
        namespace.route.link("set", index=index, state="up")
    for (namespace, link, _), (other, other_link, address) in (ends, reversed(ends)):
        namespace.route.neigh(
            "replace",
            dst=address,
            lladdr=_ethernet_address(other, other_link),
            ifindex=namespace.index_of(link),
            state=_PERMANENT,
        )


def _ethernet_address(namespace: Namespace, link: str) -> Any:
    [found] = namespace.route.get_links(namespace.index_of(link))
    return found.get_attr("IFLA_ADDRESS")
