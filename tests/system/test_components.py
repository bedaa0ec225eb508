"""Components in every framework: real processes in a sandbox, real packets between two hosts."""

from __future__ import annotations

import socket
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.frames import ethernet, ipv4, tcp
from weft.launcher import sdk_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

SDK = Path(__file__).resolve().parents[2] / "sdk"
OURS, THEIRS = "02:00:00:00:00:01", "02:00:00:00:00:02"
MARKER = ethernet(THEIRS, OURS, 0x88B5, b"the end".ljust(46, b"\0"))
IPV6 = ethernet(THEIRS, OURS, 0x86DD, b"\x60".ljust(46, b"\0"))
TELNET = ethernet(THEIRS, OURS, 0x0800, tcp("10.9.0.1", "10.9.0.2", (4000, 23)))
WEB = ethernet(THEIRS, OURS, 0x0800, tcp("10.9.0.1", "10.9.0.2", (4000, 80)))
ETH_P_ALL = 3
PATIENCE_S = 30.0


@pytest.fixture
def pair(make_host: Callable[[str], Host]) -> tuple[Host, Host]:
    left, right = make_host("left"), make_host("right")
    left.keep_silent()
    right.keep_silent()
    return left, right


def bindings(left: Host, right: Host) -> list[str]:
    return [
        *("--interface", f"in=netns:{left.name}:eth0"),
        *("--interface", f"out=netns:{right.name}:eth0"),
    ]


def package(folder: Path, entry: str, files: dict[str, bytes]) -> str:
    """A function of one component, `filter`, between `in` and `out`."""
    place = folder / "gate"
    place.mkdir()
    (place / "vnf.yaml").write_text(
        "weft: 1\nvnf: gate\nversion: 1.0.0\ninterfaces: [in, out]\n"
        f"components:\n  filter: {{{entry}}}\n"
        "path: in -> filter -> out; out -> in\n"
    )
    for name, content in files.items():
        (place / name).write_bytes(content)
    return str(place)


def example(name: str) -> bytes:
    return (SDK / name).read_bytes()


def built(folder: Path, source: str, *options: str) -> bytes:
    """What cc makes of a C source."""
    target = folder / "built"
    subprocess.run(
        ["cc", "-O2", *options, f"-I{sdk_folder()}/c/include", "-o", target, "-x", "c", "-"],
        input=source.encode(),
        check=True,
    )
    return target.read_bytes()


def frames_through(left: Host, right: Host, frames: list[bytes]) -> list[bytes]:
    """What of these frames comes out at the other side, before a last one that always does."""
    with left.namespace.entered():
        sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    with right.namespace.entered():
        receiver = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    with sender, receiver:
        sender.bind(("eth0", 0))
        receiver.bind(("eth0", ETH_P_ALL))
        receiver.settimeout(PATIENCE_S)
        for frame in [*frames, MARKER]:
            sender.send(frame)
        came = []
        while (frame := receiver.recv(65536)) != MARKER:
            came.append(frame)
    return came


def test_c_source_is_compiled_and_drops_what_it_should(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    entry = "framework: c, file: first.c"
    gate = package(tmp_path, entry, {"first.c": example("c/examples/first.c")})
    weft("run", gate, "-d", *bindings(*pair))
    assert frames_through(*pair, [WEB, IPV6, TELNET]) == [WEB, TELNET]
    [row] = weft.ps()
    [component] = row["components"]
    assert (component["name"], component["key"]) == ("filter", "filter")
    assert (component["state"], component["restarts"]) == ("ready", 0)
    assert component["memory_bytes"] > 0
    status = Path(f"/proc/{component['pid']}/status").read_text()
    uid = status.partition("Uid:\t")[2].split()[0]
    assert 0x6000_0000 <= int(uid) < 0x6F00_0000
    assert "CapEff:\t0000000000000000" in status


def test_a_shared_object_is_hosted(weft: Weft, pair: tuple[Host, Host], tmp_path: Path) -> None:
    source = example("c/examples/first.c").decode().replace("static void process", "void process")
    source = source.partition("int main")[0]
    code = built(tmp_path, source, "-shared", "-fPIC")
    gate = package(tmp_path, "framework: c, file: first.so", {"first.so": code})
    weft("run", gate, "-d", *bindings(*pair))
    assert frames_through(*pair, [IPV6, WEB]) == [WEB]


def test_a_program_that_attaches_by_itself(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    first = (sdk_folder() / "c" / "first").read_bytes()
    gate = package(tmp_path, "framework: c, file: first", {"first": first})
    weft("run", gate, "-d", *bindings(*pair))
    assert frames_through(*pair, [IPV6, WEB]) == [WEB]


def test_python_with_a_handler(weft: Weft, pair: tuple[Host, Host], tmp_path: Path) -> None:
    entry = "framework: python, file: first.py"
    gate = package(tmp_path, entry, {"first.py": example("python/examples/first.py")})
    weft("run", gate, "-d", *bindings(*pair))
    assert frames_through(*pair, [WEB, TELNET, IPV6, TELNET]) == [WEB, IPV6]
    assert weft("read", "gate", "filter.dropped") == "2\n"


def test_python_by_batches_with_numpy(weft: Weft, pair: tuple[Host, Host], tmp_path: Path) -> None:
    entry = "framework: python, file: batch.py"
    gate = package(tmp_path, entry, {"batch.py": example("python/examples/batch.py")})
    weft("run", gate, "-d", *bindings(*pair))
    assert frames_through(*pair, [TELNET, WEB]) == [WEB]


def test_java(weft: Weft, pair: tuple[Host, Host], tmp_path: Path) -> None:
    entry = "framework: java, file: First.java"
    gate = package(tmp_path, entry, {"First.java": example("java/examples/First.java")})
    weft("run", gate, "-d", *bindings(*pair))
    assert frames_through(*pair, [IPV6, TELNET, IPV6, WEB]) == [TELNET, WEB]


def test_javascript_with_a_handler(weft: Weft, pair: tuple[Host, Host], tmp_path: Path) -> None:
    entry = "framework: javascript, file: first.mjs"
    gate = package(tmp_path, entry, {"first.mjs": example("javascript/examples/first.mjs")})
    weft("run", gate, "-d", *bindings(*pair))
    assert frames_through(*pair, [IPV6, TELNET, IPV6, WEB]) == [TELNET, WEB]
    assert weft("read", "gate", "filter.dropped") == "2\n"
