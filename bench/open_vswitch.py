"""Open vSwitch with its datapath in user space: an implementation of NSH that is not ours."""

from __future__ import annotations

import os
import re
import subprocess
import time
from typing import TYPE_CHECKING, Self

from weft.server.namespaces import NETNS_FOLDER

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Switch"]

_BRIDGE = "br0"
_SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
_PATIENCE_S = 30.0


class Switch:
    """A switch between devices of a namespace; its flows are text as `ovs-ofctl` takes it.

    Its sockets and logs lie in `folder`. Threads that poll devices run on processor `pin`, if given.
    """

    def __init__(self, namespace: str, folder: Path, pin: int | None = None) -> None:
        self._namespace = namespace
        self._folder = folder
        self._environment = {**os.environ, "OVS_RUNDIR": str(folder), "OVS_LOGDIR": str(folder)}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._names: list[str] = []
        try:
            self._start(pin)
        except BaseException:
            self.close()
            raise

    def _start(self, pin: int | None) -> None:
        database, socket = self._folder / "conf.db", self._folder / "db.sock"
        self._call("ovsdb-tool", "create", str(database), _SCHEMA)
        self._daemon("ovsdb-server", str(database), f"--remote=punix:{socket}")
        deadline = time.monotonic() + _PATIENCE_S
        while not socket.exists():
            assert time.monotonic() < deadline, "ovsdb-server does not listen"
            time.sleep(0.005)
        if pin is not None:
            self._vsctl("--no-wait", "init")
            mask = f"other_config:pmd-cpu-mask={1 << pin:#x}"
            self._vsctl("--no-wait", "set", "Open_vSwitch", ".", mask)
        self._daemon("ovs-vswitchd", f"unix:{socket}")
        bridge = ["set", "bridge", _BRIDGE, "datapath_type=netdev", "fail-mode=secure"]
        self._vsctl("add-br", _BRIDGE, "--", *bridge)

    def _daemon(self, name: str, *arguments: str) -> None:
        own = [f"--unixctl={self._folder / name}.ctl", f"--log-file={self._folder / name}.log"]
        command = ["nsenter", f"--net={NETNS_FOLDER / self._namespace}", name, *arguments, *own]
        command += ["-vconsole:off", f"--pidfile={self._folder / name}.pid"]
        with (self._folder / f"{name}.err").open("wb") as errors:
            started = subprocess.Popen(command, env=self._environment, stderr=errors)
        self._processes.append(started)

    def _call(self, *command: str) -> str:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
            env=self._environment,
        )
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
        return done.stdout

    def _vsctl(self, *arguments: str) -> None:
        self._call("ovs-vsctl", f"--db=unix:{self._folder / 'db.sock'}", "-t", "20", *arguments)

    def _ofctl(self, *arguments: str) -> str:
        return self._call("ovs-ofctl", "-O", "OpenFlow15", *arguments)

    @property
    def pid(self) -> int:
        """The process that forwards."""
        return self._processes[1].pid

    def add_ports(self, *devices: str, driver: str = "system") -> None:
        """Make devices ports, by AF_PACKET (`system`) or AF_XDP (`afxdp`)."""
        for device in devices:
            self._vsctl(
                "add-port", _BRIDGE, device, "--", "set", "interface", device, f"type={driver}"
            )

    def problems(self) -> str:
        """What it complained about in its log."""
        lines = (self._folder / "ovs-vswitchd.log").read_text().splitlines()
        return "\n".join(line for line in lines if "|WARN|" in line or "|ERR|" in line)

    def forget_work(self) -> None:
        """Begin to reckon anew how busy it is."""
        self._appctl("dpif-netdev/pmd-stats-clear")

    def busy(self) -> float:
        """The share of its threads' cycles that went into packets, and not into looking for some."""
        shown = self._appctl("dpif-netdev/pmd-stats-show")
        idle = sum(map(int, re.findall(r"idle cycles: (\d+)", shown)))
        work = sum(map(int, re.findall(r"processing cycles: (\d+)", shown)))
        return work / (work + idle)

    def _appctl(self, *arguments: str) -> str:
        return self._call("ovs-appctl", "-t", str(self._folder / "ovs-vswitchd.ctl"), *arguments)

    def set_flows(self, flows: dict[str, str]) -> None:
        """Replace all flows by these, by names."""
        self._names = list(flows)
        lines = [f"cookie={number},{flow}" for number, flow in enumerate(flows.values())]
        (self._folder / "flows").write_text("\n".join(lines) + "\n")
        self._ofctl("replace-flows", self._management, str(self._folder / "flows"))

    @property
    def _management(self) -> str:
        return str(self._folder / f"{_BRIDGE}.mgmt")

    def packets(self) -> dict[str, int]:
        """How many packets each flow has had; the switch counts them in its own time."""
        listing = self._ofctl("dump-flows", self._management)
        found = re.findall(r"cookie=(0x[0-9a-f]+),.* n_packets=(\d+),", listing)
        return {self._names[int(cookie, 16)]: int(count) for cookie, count in found}

    def close(self) -> None:
        """End it."""
        for process in reversed(self._processes):
            process.terminate()
            process.wait(30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
