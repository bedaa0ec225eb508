"""Programs that know nothing of Weft, on interfaces of their own inside a function."""

from __future__ import annotations

import ipaddress
import subprocess
import threading
from typing import TYPE_CHECKING

from tests.support.frames import ethernet, tcp, udp
from tests.support.hosts import between
from tests.support.sockets import packet_socket

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

OURS, THEIRS = "02:00:00:00:00:01", "02:00:00:00:00:02"
PATIENCE_S = 30.0
HEAD = "weft: 1\nvnf: gate\nversion: 1.0.0\n"
PAGE = bytes(range(256)) * 4096

DELETING = b"""#!/usr/bin/python3
import socket, subprocess, time
own = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
own.bind(("eth0", 3))
print("waiting", flush=True)
own.recv(65536)
subprocess.run(["ip", "link", "del", "eth0"], check=True)
print("gone", flush=True)
time.sleep(1000)
"""

BRIDGE = b"""#!/usr/bin/python3
import select, socket
sides = []
for name in ("lan", "wan"):
    side = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    side.bind((name, 3))
    sides.append(side)
print("bridging", flush=True)
while True:
    for side in select.select(sides, [], [])[0]:
        frame, where = side.recvfrom(65536)
        if where[2] != socket.PACKET_OUTGOING:
            sides[1 - sides.index(side)].send(frame)
"""

PRISONER = b"""#!/usr/bin/python3
import ctypes, os, socket, subprocess
libc = ctypes.CDLL(None, use_errno=True)

def checked(result):
    if result == -1:
        raise OSError(ctypes.get_errno(), "")

def attempt(what, action):
    try:
        action()
        print(what, "done", flush=True)
    except OSError as error:
        print(what, os.strerror(error.errno), flush=True)

def raw(name):
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)).bind((name, 3))

print("I am", os.getuid(), os.getgid(), flush=True)
attempt("another program of the package", lambda: subprocess.run("./helper", check=True))
attempt("raw on own", lambda: raw("eth0"))
attempt("raw on in", lambda: raw("in"))
attempt("mount", lambda: checked(libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)))
attempt("unshare", lambda: checked(libc.unshare(0x10000000)))
attempt("become another", lambda: os.setuid(1))
attempt("shadow", lambda: open("/etc/shadow"))
attempt("kill 1", lambda: os.kill(1, 9))
attempt("own the package", lambda: os.chown(__file__, 0, 0))
attempt("write the package", lambda: open(__file__, "a"))
attempt("device", lambda: os.mknod(os.environ["TMPDIR"] + "/device", 0o20666, os.makedev(1, 1)))
attempt("host name", lambda: socket.sethostname("mine"))
attempt("clock", lambda: checked(libc.settimeofday(bytes(16), None)))
for pid in range(2, 64):
    if pid != os.getpid():
        try:
            os.kill(pid, 9)
            print("killed", pid, flush=True)
        except OSError:
            pass
print("tried", flush=True)
os.read(os.pipe()[0], 1)
"""


def package(folder: Path, text: str, files: dict[str, bytes]) -> str:
    place = folder / "gate"
    place.mkdir()
    (place / "vnf.yaml").write_text(HEAD + text)
    for name, content in files.items():
        (place / name).write_bytes(content)
    return str(place)


def logged(weft: Weft, line: str) -> list[str]:
    """The function's log up to a line."""
    log = weft.popen("logs", "gate", "-f")
    assert log.stdout is not None
    lines = []
    patience = threading.Timer(PATIENCE_S, log.terminate)
    patience.start()
    for found in log.stdout:
        lines.append(found.split(maxsplit=2)[2].rstrip("\n"))  # behind date and time
        if lines[-1] == line:
            break
    patience.cancel()
    log.terminate()
    log.communicate()
    assert lines[-1:] == [line], lines
    return lines


def fetched(host: Host, url: str) -> bytes:
    """A page as a client on a host gets it; a server that does not listen yet is asked again."""
    patience = ["--retry", "20", "--retry-connrefused", "--retry-delay", "1", "-m", "30"]
    command = ["nsenter", f"--net=/run/netns/{host.name}", "curl", "-gsSf", *patience, url]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_web_server_behind_a_filter(
    weft: Weft, make_host: Callable[[str], Host], tmp_path: Path
) -> None:
    client = make_host("left")
    text = """\
interfaces: [in]
components:
  guard: {framework: click, text: "input -> c :: Classifier(12/0800 23/06 36/0050, 12/0806, 12/86dd, -)
    -> output; c[1] -> output; c[2] -> output; c[3] -> Discard;"}
  web:
    framework: program
    command: [python3, -m, http.server, "80", --bind, "::"]
    interfaces: {lan: {address: [10.9.0.2/24, "fd00:9::2/64"], gateway: 10.9.0.1}}
path: in -> guard -> web -> in
"""
    gate = package(tmp_path, text, {"page": PAGE})
    weft("run", gate, "-d", "--interface", f"in=netns:{client.name}:eth0")
    client.configure("eth0", "10.9.0.1")
    index = client.namespace.index_of("eth0")
    client.route.addr("add", index=index, address="fd00:9::1", prefixlen=64, flags=2)
    assert fetched(client, "http://10.9.0.2/page") == PAGE
    assert fetched(client, "http://[fd00:9::2]/page") == PAGE
    assert client.run(["ping", "-c1", "-W1", "10.9.0.2"]).returncode == 1
    [component] = weft.ps()[0]["components"]
    assert (component["state"], component["restarts"]) == ("ready", 0)


def test_a_bridge_with_packet_sockets(
    weft: Weft, make_host: Callable[[str], Host], tmp_path: Path
) -> None:
    hosts = make_host("left"), make_host("right")
    for host in hosts:
        host.keep_silent()
    text = """\
interfaces: [in, out]
components:
  prog: {framework: program, file: bridge, interfaces: [lan, wan]}
path: |
  in -> prog -> in
  out -> [1]prog[1] -> out
"""
    gate = package(tmp_path, text, {"bridge": BRIDGE})
    weft("run", gate, "-d", *between(*hosts))
    logged(weft, "prog: bridging")
    question = ethernet(THEIRS, OURS, 0x0800, tcp("10.9.0.1", "10.9.0.2", (4000, 80)))
    answer = ethernet(OURS, THEIRS, 0x0800, udp("10.9.0.2", "10.9.0.1", (80, 4000), b"x" * 1400))
    with packet_socket(hosts[0]) as left, packet_socket(hosts[1]) as right:
        left.send(question)
        assert right.recv(65536) == question
        right.send(answer)
        assert left.recv(65536) == answer


def test_addresses_are_set_before_it_starts(
    weft: Weft, make_host: Callable[[str], Host], tmp_path: Path
) -> None:
    host = make_host("left")
    text = """\
interfaces: [in]
components:
  prog:
    framework: program
    command: [sh, -c, "ip -o addr; ip route; echo shown; exec sleep inf"]
    interfaces: {lan: {address: 10.9.0.2/24, gateway: 10.9.0.254, mtu: 1400}, wan: {}}
path: in -> prog -> in
"""
    gate = package(tmp_path, text, {})
    weft("run", gate, "-d", "--interface", f"in=netns:{host.name}:eth0")
    lines = [line.split() for line in logged(weft, "prog: shown") if line.startswith("prog: ")]
    assert [line[2:5] for line in lines[:2]] == [
        ["lo", "inet", "127.0.0.1/8"],
        ["lan", "inet", "10.9.0.2/24"],
    ]
    assert lines[2][1:6] == ["default", "via", "10.9.0.254", "dev", "lan"]
    assert lines[3][1:4] == [str(ipaddress.ip_network("10.9.0.0/24")), "dev", "lan"]
    assert lines[4:] == [["prog:", "shown"]]


def test_its_capabilities_end_at_its_network(
    weft: Weft, make_host: Callable[[str], Host], tmp_path: Path
) -> None:
    host = make_host("left")
    text = """\
interfaces: [in]
components: {prog: {framework: program, file: prisoner}}
path: in -> prog -> in
"""
    gate = package(tmp_path, text, {"prisoner": PRISONER, "helper": b"#!/bin/sh\necho helped\n"})
    weft("run", gate, "-d", "--interface", f"in=netns:{host.name}:eth0")
    lines = logged(weft, "prog: tried")
    refused = "Operation not permitted"
    assert [line.removeprefix("prog: ") for line in lines if line.startswith("prog: ")] == [
        "I am 0 0",
        "helped",
        "another program of the package done",
        "raw on own done",
        "raw on in No such device",
        f"mount {refused}",
        f"unshare {refused}",
        "become another Invalid argument",
        "shadow Permission denied",
        f"kill 1 {refused}",
        "own the package Read-only file system",
        "write the package Permission denied",
        f"device {refused}",
        f"host name {refused}",
        f"clock {refused}",
        "tried",
    ]
    [row] = weft.ps()
    assert (row["state"], row["restarts"]) == ("active", 0)
    assert row["components"][0]["restarts"] == 0


def test_one_that_deletes_its_interface_harms_only_itself(
    weft: Weft, make_host: Callable[[str], Host], tmp_path: Path
) -> None:
    hosts = make_host("left"), make_host("right")
    for host in hosts:
        host.keep_silent()
    text = """\
interfaces: [in, out]
components:
  prog: {framework: program, file: deleting}
path: in -> prog -> in; out -> out
"""
    gate = package(tmp_path, text, {"deleting": DELETING})
    weft("run", gate, "-d", *between(*hosts))
    logged(weft, "prog: waiting")
    frame = ethernet(THEIRS, OURS, 0x0800, tcp("10.9.0.1", "10.9.0.2", (4000, 80)))
    with packet_socket(hosts[0]) as left, packet_socket(hosts[1]) as right:
        left.send(frame)
        logged(weft, "prog: gone")
        left.send(frame)
        right.send(frame)
        assert right.recv(65536) == frame
    [row] = weft.ps()
    assert (row["state"], row["restarts"]) == ("active", 0)
