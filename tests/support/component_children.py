"""The conformance children: the same component in each language, and the hostile one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from weft.launcher import engine_binary, sdk_folder

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CHILDREN", "CLICK", "HOSTILE", "LANGUAGES", "Child", "Kind"]

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE_S = 60.0


def flipped(packet: bytes) -> bytes:
    """Each byte behind the operation and its argument changed."""
    return packet[:16] + bytes(byte ^ 0x5A for byte in packet[16:])


def turned(packet: bytes) -> bytes:
    """Both addresses in each other's place, where there is an operation that says so."""
    return packet[6:12] + packet[:6] + packet[12:] if packet[14:15] == b"\x01" else packet


@dataclass(frozen=True)
class Kind:
    """How a child of one language is started, and the Debian packages of the commands it needs.

    `command` is given a folder of its own and the outputs of the element. `changed` is what operation 1
    makes of a packet, `asked` and `unasked` are the reasons of what operation 7 drops with and without
    an argument.
    """

    name: str
    command: Callable[[Path, int], list[str]]
    needs: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    status_of_error: int = 1
    traceback: str = ""
    changed: Callable[[bytes], bytes] = flipped
    asked: str = "asked"
    unasked: str = "component"

    def check(self) -> None:
        """Complain about what is missing on this machine: a child that cannot be tried has failed."""
        for command, package in self.needs.items():
            assert shutil.which(command), (
                f"no '{command}' on the PATH: apt-get install {package}, then make sdk"
            )


def _sdk(*parts: str) -> Path:
    path = sdk_folder().joinpath(*parts)
    assert path.exists(), f"{path} is missing: run `make sdk` in the clone"
    return path


def _c(folder: Path, outputs: int) -> list[str]:
    return [str(_sdk("c", "conformance"))]


def _python(folder: Path, outputs: int) -> list[str]:
    return [sys.executable, str(ROOT / "sdk/python/conformance/conformance.py")]


def _java(folder: Path, outputs: int) -> list[str]:
    classes = f"{_sdk('java', 'weft-component.jar')}:{_sdk('java', 'conformance')}"
    return ["java", "-XX:+UseSerialGC", "-Xshare:auto", "-cp", classes, "Conformance"]


def _javascript(folder: Path, outputs: int) -> list[str]:
    modules = folder / "node_modules"
    if not modules.exists():
        modules.mkdir()
        (modules / "weft-component").symlink_to(_sdk("javascript"))
        shutil.copy(ROOT / "sdk/javascript/conformance/conformance.mjs", folder)
    return ["node", str(folder / "conformance.mjs")]


def _click(folder: Path, outputs: int) -> list[str]:
    """A graph has as many outputs as it uses, so there is one with several."""
    file = "conformance.click" if outputs == 1 else "outputs.click"
    graph = ROOT / "sdk" / "click" / file
    return [engine_binary(), "component", "--graph", str(graph)]


def _hostile(folder: Path, outputs: int) -> list[str]:
    return [str(_sdk("c", "hostile"))]


LANGUAGES = [
    Kind("c", _c, {"cc": "gcc libc6-dev"}, status_of_error=-signal.SIGABRT),
    Kind("python", _python, environment={"PYTHONPATH": str(ROOT / "src")}, traceback="Traceback"),
    Kind("java", _java, {"java": "default-jdk-headless"}, traceback="Conformance"),
    Kind("javascript", _javascript, {"node": "nodejs"}, traceback="conformance.mjs"),
]
"""Those whose author writes what happens to each byte."""
CLICK = Kind("click", _click, changed=turned, asked="no-match", unasked="dropped")
"""Elements do what they can of it; the rest is in test_click.py."""
CHILDREN = [*LANGUAGES, CLICK]
HOSTILE = Kind("hostile", _hostile, {"cc": "gcc libc6-dev"})


class Child:
    """A running child; what it writes goes to a file of its own in `folder`."""

    def __init__(
        self,
        kind: Kind,
        socket: Path,
        folder: Path,
        *arguments: str,
        key: str = "conf",
        without: str = "",
        outputs: int = 1,
    ) -> None:
        kind.check()
        self.kind = kind
        self._log = folder / f"child-{len(list(folder.glob('child-*')))}.log"
        environment = {
            **os.environ,
            **kind.environment,
            "WEFT_COMPONENT": str(socket),
            "WEFT_COMPONENT_NAME": key,
        }
        environment.pop(without, None)
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*kind.command(folder, outputs), *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def said(self) -> str:
        """What it wrote."""
        return self._log.read_text(errors="replace")

    def wait(self) -> int:
        """How it ended by itself."""
        return self.process.wait(_PATIENCE_S)

    def kill(self) -> int:
        """Kill it; how it ended."""
        self.process.kill()
        return self.wait()

    def halt(self) -> None:
        """Stop it where it is, and return when it stands still."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)

    def go_on(self) -> None:
        """Let a halted one go on."""
        self.process.send_signal(signal.SIGCONT)

    def cpu_s(self) -> float:
        """Processor time that it has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End it if it still runs."""
        if self.process.poll() is None:
            self.kill()
