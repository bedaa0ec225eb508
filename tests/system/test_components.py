"""Components in every framework: real processes in a sandbox, real packets between two hosts."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.frames import ethernet, tcp, udp
from tests.support.hosts import between
from tests.support.passing import frames_through
from weft.launcher import sdk_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

SDK = Path(__file__).resolve().parents[2] / "sdk"
OURS, THEIRS = "02:00:00:00:00:01", "02:00:00:00:00:02"
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


def test_c_source_is_compiled_and_drops_what_it_should(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    entry = "framework: c, file: first.c"
    gate = package(tmp_path, entry, {"first.c": example("c/examples/first.c")})
    weft("run", gate, "-d", *between(*pair))
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
    weft("run", gate, "-d", *between(*pair))
    assert frames_through(*pair, [IPV6, WEB]) == [WEB]


def test_a_program_that_attaches_by_itself(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    first = (sdk_folder() / "c" / "first").read_bytes()
    gate = package(tmp_path, "framework: c, file: filter", {"filter": first})
    weft("run", gate, "-d", *between(*pair))
    assert frames_through(*pair, [IPV6, WEB]) == [WEB]


def test_python_with_a_handler(weft: Weft, pair: tuple[Host, Host], tmp_path: Path) -> None:
    entry = "framework: python, file: first.py"
    gate = package(tmp_path, entry, {"first.py": example("python/examples/first.py")})
    weft("run", gate, "-d", *between(*pair))
    assert frames_through(*pair, [WEB, TELNET, IPV6, TELNET]) == [WEB, IPV6]
    assert weft("read", "gate", "filter.dropped") == "2\n"


def test_python_by_batches_with_numpy(weft: Weft, pair: tuple[Host, Host], tmp_path: Path) -> None:
    entry = "framework: python, file: batch.py"
    gate = package(tmp_path, entry, {"batch.py": example("python/examples/batch.py")})
    weft("run", gate, "-d", *between(*pair))
    assert frames_through(*pair, [TELNET, WEB]) == [WEB]


def test_java(weft: Weft, pair: tuple[Host, Host], tmp_path: Path) -> None:
    entry = "framework: java, file: First.java"
    gate = package(tmp_path, entry, {"First.java": example("java/examples/First.java")})
    weft("run", gate, "-d", *between(*pair))
    assert frames_through(*pair, [IPV6, TELNET, IPV6, WEB]) == [TELNET, WEB]


def test_javascript_with_a_handler(weft: Weft, pair: tuple[Host, Host], tmp_path: Path) -> None:
    entry = "framework: javascript, file: first.mjs"
    gate = package(tmp_path, entry, {"first.mjs": example("javascript/examples/first.mjs")})
    weft("run", gate, "-d", *between(*pair))
    assert frames_through(*pair, [IPV6, TELNET, IPV6, WEB]) == [TELNET, WEB]
    assert weft("read", "gate", "filter.dropped") == "2\n"


UDP_PORT = 9000
ANSWERING = """\
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int count, char **arguments)
{
    char text[2048];
    int yes = 1, handle = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in all = {.sin_family = AF_INET, .sin_port = htons(9000)};
    setsockopt(handle, SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes);
    if (count != 2 || setsockopt(handle, SOL_SOCKET, SO_BINDTODEVICE, arguments[1], strlen(arguments[1])) ||
        bind(handle, (struct sockaddr *)&all, sizeof all))
        return perror("answering"), 1;
    puts("answering");
    fflush(stdout);
    all.sin_addr.s_addr = htonl(INADDR_BROADCAST);
    for (ssize_t length; (length = recv(handle, text, sizeof text, 0)) > 0;) {
        for (ssize_t i = 0; i < length; i++)
            text[i] ^= 0x20;
        sendto(handle, text, length, 0, (struct sockaddr *)&all, sizeof all);
    }
    return 1;
}
"""


def test_a_program_works_on_an_interface_of_its_own(
    weft: Weft, make_host: Callable[[str], Host], tmp_path: Path
) -> None:
    left = make_host("left")
    left.keep_silent()
    place = tmp_path / "gate"
    place.mkdir()
    (place / "vnf.yaml").write_text(
        "weft: 1\nvnf: gate\nversion: 1.0.0\ninterfaces: [in]\ncomponents:\n"
        "  prog: {framework: program, file: answering, arguments: [lan], interfaces: [lan]}\n"
        "path: in -> prog -> in\n"
    )
    (place / "answering").write_bytes(built(tmp_path, ANSWERING))
    weft("run", str(place), "-d", "--interface", f"in=netns:{left.name}:eth0")
    log = weft.popen("logs", "gate", "-f")
    assert log.stdout is not None
    for line in log.stdout:
        if line.endswith(" prog: answering\n"):
            break
    log.terminate()
    log.communicate()
    asking = udp("10.9.0.1", "255.255.255.255", (4000, UDP_PORT), b"HELLO")
    with left.namespace.entered():
        handle = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    with handle:
        handle.bind(("eth0", ETH_P_ALL))
        handle.settimeout(PATIENCE_S)
        handle.send(ethernet("ff:ff:ff:ff:ff:ff", OURS, 0x0800, asking))
        while (frame := handle.recv(65536))[6:12] == bytes.fromhex(OURS.replace(":", "")):
            pass
    assert frame[12:14] == b"\x08\x00"
    assert frame[-5:] == b"hello"
    [component] = weft.ps()[0]["components"]
    assert (component["name"], component["state"]) == ("prog", "ready")


def test_a_component_that_ends_fails_the_start_with_its_last_words(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    script = b"import sys\nprint('out')\nsys.exit('no such table')\n"
    gate = package(tmp_path, "framework: python, file: first.py", {"first.py": script})
    complaint = weft("run", gate, "-d", *between(*pair), status=1)
    assert complaint == (
        "weft: 'gate' did not start (stage: component); all was undone\n"
        "  component 'filter' ended with status 1 before it was ready\n"
        "  filter: out\n"
        "  filter: no such table\n"
    )
    assert weft.folders() == []
    assert pair[0].links() == pair[1].links() == {}


def test_what_cannot_be_compiled_leaves_nothing(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    gate = package(
        tmp_path, "framework: c, file: first.c", {"first.c": b"int main(void) { return x; }\n"}
    )
    problem = "first.c:1: 'x' undeclared (first use in this function)"
    said = "weft: filter: compiling first.c\nweft: {}: 1 problem\n  " + problem + "\n"
    assert weft("run", gate, "-d", *between(*pair), status=1) == said.format("gate")
    assert weft("package", "check", gate, status=1) == said.format(gate)
    assert weft.folders() == []
    assert pair[0].links() == pair[1].links() == {}


def test_a_build_that_is_called_off_leaves_nothing(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    with tempfile.TemporaryDirectory() as name:
        tools = Path(name)
        tools.chmod(0o755)
        os.mkfifo(tools / "compiling")
        (tools / "compiling").chmod(0o666)
        began = os.open(tools / "compiling", os.O_RDWR)
        (tools / "cc").write_text(
            f"#!/bin/sh\n[ $1 = --version ] && exit\necho > {tools}/compiling\nexec sleep 600\n"
        )
        (tools / "cc").chmod(0o755)
        weft.environment["PATH"] = f"{tools}:{os.environ['PATH']}"
        gate = package(tmp_path, "framework: c, file: first.c", {"first.c": b"//\n"})
        running = weft.popen("run", gate, *between(*pair))
        assert select.select([began], [], [], PATIENCE_S)[0], running.communicate()
        os.close(began)
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 128 + signal.SIGTERM
        running.communicate()
    assert weft.folders() == []


def test_ps_and_logs_name_the_component(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    script = b"print('hello from inside')\n" + example("python/examples/first.py")
    gate = package(tmp_path, "framework: python, file: first.py", {"first.py": script})
    weft("run", gate, "-d", *between(*pair))
    assert "filter: hello from inside\n" in weft("logs", "gate")
    assert [line.split()[:2] for line in weft("ps").splitlines()[1:]] == [
        ["gate", "active"],
        ["filter", "ready"],
    ]
    shown = weft("show", "gate").splitlines()
    at = shown.index("components")
    assert shown[at + 1].split() == [
        *("NAME", "STATE", "PID", "RESTARTS", "CPU", "S", "MEMORY", "MIB", "LAST", "END")
    ]
    assert shown[at + 2].split()[:2] == ["filter", "ready"]


def test_two_functions_share_no_user_id(
    weft: Weft, make_host: Callable[[str], Host], tmp_path: Path
) -> None:
    entry = "framework: c, file: first.c"
    gate = package(tmp_path, entry, {"first.c": example("c/examples/first.c")})
    users = []
    for number in range(2):
        hosts = [make_host(f"{side}{number}") for side in ("left", "right")]
        weft("run", gate, "-d", "--name", f"gate{number}", *between(*hosts))
    for row in weft.ps():
        pids = [row["engine_pid"], row["components"][0]["pid"]]
        users += [Path(f"/proc/{pid}").stat().st_uid for pid in pids]
    assert len(set(users)) == 4


def test_a_strict_umask_hides_nothing_from_components(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    weft.environment["WEFT_CACHE_DIR"] = str(tmp_path / "cache")
    entry = "framework: c, file: first.c"
    gate = package(tmp_path, entry, {"first.c": example("c/examples/first.c")})
    before = os.umask(0o077)
    try:
        weft("run", gate, "-d", *between(*pair))
    finally:
        os.umask(before)
    assert frames_through(*pair, [IPV6, WEB]) == [WEB]
