"""Tools of other systems work with `weft serve`: what goes over their wires, byte for byte."""

from __future__ import annotations

import json
import re
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from tests.support.coven import INSTALL, archive, coven_files
from tests.support.frames import ethernet
from tests.support.passing import frames_through

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

FRAMES = [
    ethernet("02:00:00:00:00:02", "02:00:00:00:00:01", 0x88B5, b"%04d" % number + word * 60)
    for number, word in enumerate([b"other", b"skype", b"other"])
]
LIST = (
    "\n---- AVAILABLE OPERATIONS ----\n\nlist: show this\n"
    "check: check the components in and out connections\n"
    "request [file] [request]: ask for the component of [file] for the data of [request]\n"
    "\n---- AVAILABLE REQUESTS ----\n\n"
    " -> [file]: block.py\n  - [request]: Packets\n  - [request]: Nonsense\n\n"
    "--------------------------------\n"
)
CHECK = (
    "\n---- CHECK SUMMARY ----\n\n-> block.py\n  - 10010: {0}\n  - 10011: {0}\n\n"
    "-> count\n\n-----------------------"
)
CLICK = """//VNF_HEADER
//VNF_VERSION: 1.0
//VNF_ID:9196f99f-2270-48f4-a814-57206e658d24
//VNF_PROVIDER:Example
//VNF_NAME: Wire
//VNF_RELEASE_DATE:2017-04-08 21-45-45
//VNF_RELEASE_VERSION:1.0
//VNF_RELEASE_LIFESPAN:2017-06-08 21-45
//VNF_DESCRIPTION: Passes
FromDPDKDevice(0) -> seen :: Counter -> Queue -> ToDPDKDevice(1);
"""


class Tool:
    """A tool that knows nothing of us: it writes bytes to a port and reads what comes."""

    def __init__(self, port: int, socket_port: int | None = None) -> None:
        self.port, self.socket_port = port, socket_port

    def raw(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[str, bytes]:
        """The status line and the body of an HTTP/1.0 exchange."""
        head = f"{method} {path} HTTP/1.0\r\nContent-Length: {len(body)}\r\n"
        head += f"Content-Type: {kind}\r\n" if kind else ""
        answer = _exchange(self.port, head.encode() + b"\r\n" + body)
        headers, _, content = answer.partition(b"\r\n\r\n")
        return headers.partition(b"\r\n")[0].decode().partition(" ")[2], content

    def get(self, path: str) -> str:
        status, content = self.raw("GET", path)
        assert status == "200 OK", (status, content)
        return content.decode()

    def post(self, path: str, body: bytes = b"", kind: str = "") -> str:
        status, content = self.raw("POST", path, body, kind)
        assert status == "200 OK", (status, content)
        return content.decode()

    def say(self, *pieces: bytes) -> str:
        """One request over the TCP socket, in so many pieces."""
        assert self.socket_port is not None
        return _exchange(self.socket_port, *pieces).decode()


def _exchange(port: int, *pieces: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


@pytest.fixture
def pair(make_host: Callable[[str], Host]) -> tuple[Host, Host]:
    left, right = make_host("left"), make_host("right")
    for host in (left, right):
        host.keep_silent()
    return left, right


@pytest.fixture
def serve(weft: Weft) -> Iterator[Callable[..., Tool]]:
    running: list[subprocess.Popen[str]] = []

    def begin(kind: str, *interfaces: str) -> Tool:
        joins = [word for text in interfaces for word in ("--compat-interface", text)]
        running.append(weft.popen("serve", "--compat", f"{kind}=127.0.0.1:0", *joins))
        assert running[-1].stdout is not None
        for line in running[-1].stdout:
            if match := re.search(rf"{kind} on http://127.0.0.1:(\d+)(?:, TCP port (\d+))?", line):
                return Tool(int(match[1]), int(match[2]) if match[2] else None)
        raise AssertionError(running[-1].communicate()[1])

    yield begin
    for server in running:
        server.terminate()
        server.communicate(timeout=30)


@pytest.fixture
def coven(serve: Callable[..., Tool], pair: tuple[Host, Host]) -> Tool:
    left, right = pair
    return serve("coven", f"eth0=netns:{left.name}:eth0", f"eth1=netns:{right.name}:eth0")


def test_coven_runs_a_package_from_its_upload_to_its_end(
    coven: Tool, pair: tuple[Host, Host], weft: Weft
) -> None:
    assert coven.get("/status/") == "Off"
    assert coven.post("/package/blocker/", archive(coven_files())) == "0"
    assert coven.post("/install/blocker/") == "0"
    assert coven.post("/start/") == "-2"
    assert coven.post("/configure/", INSTALL.encode()) == "0"
    assert coven.post("/configure/", INSTALL.encode()) == "-2"
    assert coven.get("/status/") == "Off"
    assert coven.get("/ma/check") == CHECK.format("failure")
    assert coven.post("/stop/") == "-1"
    assert coven.post("/start/") == "0"
    assert coven.get("/status/") == "On"
    for path in ("/start/", "/configure/", "/reset/", "/off/"):
        assert coven.post(path, INSTALL.encode()) == "-1"
    assert frames_through(*pair, FRAMES) == [FRAMES[0], FRAMES[2]]
    assert coven.get("/ma/list") == LIST
    assert coven.get("/ma/check") == CHECK.format("success")
    assert coven.get("/ma/request/block.py/Packets") == "4"
    assert coven.get("/ma/request/block.py/Nothing") == "ERROR: INVALID REQUEST!!"
    assert coven.get("/ma/request/other.py/Packets") == "ERROR: INVALID FILE!!"
    assert coven.post("/stop/") == "0"
    assert coven.get("/ma/request/block.py/Packets") == "ERROR: THE EXTEND AGENT DID NOT ANSWER!!"
    assert coven.post("/start/") == "0"
    assert coven.post("/stop/") == "0"
    assert coven.post("/reset/") == "0"
    assert coven.post("/reset/") == "-2"
    assert weft.ps() == []
    assert coven.post("/launch/", INSTALL.encode()) == "0"
    assert [row["state"] for row in weft.ps()] == ["active"]
    assert coven.post("/stop/") == "0"
    assert coven.post("/off/") == "0"
    assert weft.ps() == []


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("PPS:", "PPS: [", "-3"),
        ("PPS:", "PSP:", "-4"),
        ("VNS:", "NVS:", "-5"),
        ("NSHP:", "NSP:", "-6"),
        ("Port: 10020", "Tor: 1", "-7"),
    ],
)
def test_coven_tells_by_code_which_part_is_wrong(
    coven: Tool, weft: Weft, before: str, after: str, code: str
) -> None:
    assert coven.post("/setup/blocker/", archive(coven_files())) == "0"
    assert coven.post("/configure/", INSTALL.replace(before, after, 1).encode()) == code
    assert weft.ps() == []
    assert coven.post("/configure/", INSTALL.encode()) == "0"


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "%2e%2e", "a%00b", "-x", "a" * 101])
def test_names_in_paths_are_no_files(coven: Tool, name: str) -> None:
    status, content = coven.raw("POST", f"/package/{name}/", b"x")
    assert (status, content) in [("200 OK", b"-8"), ("404 Not Found", b"Not Found")]


@pytest.mark.parametrize("member", ["../out", "/etc/out"])
def test_archives_that_leave_their_folder_are_refused(coven: Tool, member: str) -> None:
    assert coven.post("/install/absent/") == "-9"
    assert coven.post("/package/bad/", archive({**coven_files(), member: b"x"})) == "0"
    assert coven.post("/install/bad/") == "-8"
    assert coven.post("/setup/bad/", b"no zip") == "-8"


def test_coven_over_its_socket(coven: Tool, pair: tuple[Host, Host], weft: Weft) -> None:
    content = archive(coven_files())
    done = "200|SUCCESFULLY EXECUTED THE {} OPERATION"
    failed = "400|AN ERROR OCCURRED DURING THE {} OPERATION ({})"
    assert coven.say(b"status") == "200|Off"
    assert coven.say(b"package|blocker|%d" % len(content), content) == done.format("PACKAGE")
    assert coven.say(b"install|blocker") == done.format("INSTALL")
    assert coven.say(b"setup|other|%d%b" % (len(content), content)) == done.format("INSTALL")
    assert coven.say(b"package|x") == failed.format("PACKAGE", "Invalid arguments")
    assert coven.say(b"package|x|many") == failed.format("PACKAGE", "Ivalid digit")
    assert coven.say(b"package|../x|1x") == failed.format("PACKAGE", "Ivalid name")
    assert coven.say(b"install") == failed.format("INSTALL", "Invalid arguments")
    assert coven.say(b"install|nothing") == failed.format("INSTALL", "Ivalid package")
    assert coven.say(b"configure|nothing") == failed.format("CONFIGURE", "Ivalid package")
    assert coven.say(b"\xff\xfe") == "400|AN ERROR OCCURRED DURING THE REQUEST"
    assert coven.say(b"configure|blocker") == "200|0"
    assert coven.say(b"start") == "200|0"
    assert coven.say(b"start") == "200|-1"
    assert frames_through(*pair, FRAMES) == [FRAMES[0], FRAMES[2]]
    assert coven.say(b"list") == f"200|{LIST}"
    assert coven.say(b"check") == f"200|{CHECK.format('success')}"
    assert coven.say(b"request|block.py|Packets|") == "200|4"
    assert coven.say(b"request|block.py") == failed.format("REQUEST", "Invalid arguments")
    assert coven.say(b"what is this") == ""
    assert coven.say(b"stop") == "200|0"
    assert coven.say(b"reset") == "200|0"
    assert weft.ps() == []
    assert coven.say(b"close") == "200|SUCCESFULLY EXECUTED THE CLOSING OPERATION"


def test_click_on_osv(serve: Callable[..., Tool], pair: tuple[Host, Host], weft: Weft) -> None:
    left, right = pair
    joins = (f"port0=netns:{left.name}:eth0", f"port1=netns:{right.name}:eth0")
    tool = serve("click-on-osv", *joins)
    assert json.loads(tool.get("/click_plugin/running")) is False
    assert json.loads(tool.get("/click_plugin/version")).startswith("weft ")
    status, content = tool.raw("POST", "/click_plugin/start")
    assert status == "400 Bad Request"
    assert json.loads(content)["code"] == 400
    form = urlencode({"path": "func.click", "content": CLICK}).encode()
    kind = "application/x-www-form-urlencoded"
    assert tool.post("/click_plugin/write_file", form, kind) == "true"
    assert json.loads(tool.get("/click_plugin/read_file")) == CLICK
    assert json.loads(tool.get("/click_plugin/vnf_identification"))["VNF_NAME"] == "Wire"
    assert tool.post("/click_plugin/start") == "true"
    assert json.loads(tool.get("/click_plugin/running")) is True
    assert frames_through(left, right, FRAMES) == FRAMES
    metrics = json.loads(tool.get("/click_plugin/metrics"))
    assert [item["name"] for item in metrics["list"]] == ["cpu", "disk", "memory", "tx", "rx"]
    assert metrics["time_ms"] > 0
    assert isinstance(json.loads(tool.get("/click_plugin/log")), str)
    other = urlencode({"path": "../../etc/passwd", "content": "x"})
    status, content = tool.raw("POST", f"/click_plugin/write_file?{other}")
    assert (status, json.loads(content)["message"]) == (
        "400 Bad Request",
        "path: '../../etc/passwd' cannot be written; allowed: func.click",
    )
    broken = CLICK.replace("Counter", "Conuter")
    assert tool.post(f"/click_plugin/write_file?{urlencode({'content': broken})}") == "true"
    assert tool.post("/click_plugin/stop") == "true"
    status, content = tool.raw("POST", "/click_plugin/start")
    assert (status, "unknown element class 'Conuter'" in json.loads(content)["message"]) == (
        "400 Bad Request",
        True,
    )
    assert weft.ps() == []
