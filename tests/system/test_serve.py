"""`weft serve`: its start and end, its listeners, and what is asked of it, with functions that run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.running import wait_until
from tests.support.serving import Server, serving, upload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.client import HTTPResponse

    from tests.support.hosts import Host
    from tests.system.conftest import Weft


@pytest.fixture
def server(weft: Weft) -> Iterator[Server]:
    with serving(weft) as running:
        yield running


@pytest.fixture
def pair(make_host: Callable[[str], Host]) -> dict[str, str]:
    """What the interfaces of a wire are joined to."""
    left, right = make_host("left"), make_host("right")
    return {"in": f"netns:{left.name}:eth0", "out": f"netns:{right.name}:eth0"}


def events(answer: HTTPResponse, until: str) -> list[tuple[str, str | None, str]]:
    """Kind, function and id of events, until one of this kind."""
    found: list[tuple[str, str | None, str]] = []
    while not found or found[-1][0] != until:
        fields: dict[str, str] = {}
        while (line := answer.readline()) != b"\n":
            assert line, f"the stream ended after {found}"
            name, _, value = line.decode().rstrip("\n").partition(": ")
            fields[name] = value
        if "event" in fields:
            data = json.loads(fields["data"])
            found.append((fields["event"], data.get("function"), fields.get("id", "")))
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_at_once_and_its_streams_with_it(
    weft: Weft, number: signal.Signals
) -> None:
    with serving(weft) as server, server.opened("GET", "/v1/events") as stream:
        assert stream.readline() == b": weft\n"
        status, log = server.end(number)
        assert stream.read() == b"\n"
        assert status == 0, log
        assert f"signal={number.name}" in log
        assert not server.path.exists()


def test_there_is_one_server_and_one_that_died_is_followed(weft: Weft) -> None:
    with serving(weft) as server:
        pid = server.process.pid
        assert weft("serve", status=1) == (
            f"weft: a server of '{weft.run_directory}' runs already: process {pid}\n"
            "weft: hint: end that one first, or choose another run directory: set WEFT_RUN_DIR\n"
        )
        server.end(signal.SIGKILL)
        assert server.path.exists()
        assert weft.ps() == []
        with serving(weft) as second:
            assert second.ask("GET", "/v1/functions").json() == []


def test_functions_go_on_without_their_server(weft: Weft, wire: str, pair: dict[str, str]) -> None:
    with serving(weft) as server:
        body, headers = upload(wire, interfaces=pair)
        made = server.ask("POST", "/v1/functions", body, headers)
        assert made.status == 201, made.body
        assert made.headers["location"] == "/v1/functions/wire"
        assert made.json()["status"]["state"] == "active"
    assert [row["state"] for row in weft.ps()] == ["active"]
    with serving(weft) as server:
        assert server.ask("GET", "/v1/functions/wire").json()["uuid"] == made.json()["uuid"]
        assert server.ask("DELETE", "/v1/functions/wire").status == 204
    assert weft.folders() == []


def test_a_function_is_managed(weft: Weft, server: Server, wire: str, pair: dict[str, str]) -> None:
    asked = {"package": wire, "name": "fw", "interfaces": pair}
    assert server.ask("POST", "/v1/functions", asked).status == 201
    there = "/v1/functions/fw"
    graph = server.ask("GET", f"{there}/graph")
    assert graph.json()["graph"] == weft("show", "fw", "--graph")
    assert graph.headers["etag"].startswith('"')
    count = f"{there}/handlers/counter/count.count"
    assert server.ask("GET", count).json()["value"].isdecimal()
    reset = f"{there}/handlers/counter/count.reset"
    assert server.ask("PUT", reset, {"value": ""}).status == 204
    missing = server.ask("GET", f"{there}/handlers/x.count")
    assert (missing.status, missing.json()["detail"]) == (404, "No element named 'x'")
    assert server.ask("GET", f"{there}/look").json()["state"] == "active"
    assert server.ask("POST", f"{there}/stop").status == 204
    stopped = server.ask("GET", f"{there}/handlers/list")
    assert (stopped.status, stopped.json()["hint"]) == (409, "start it with: weft start fw")
    assert server.ask("POST", f"{there}/start").status == 204
    assert server.ask("GET", f"{there}/log").status == 200
    assert server.ask("POST", f"{there}/off").status == 204
    assert server.ask("GET", there).json()["detail"] == "no function named 'fw'; none is running"


def test_an_operation_is_done_once_under_its_key(
    weft: Weft, wire: str, pair: dict[str, str]
) -> None:
    headers = {"Idempotency-Key": "deploy-7"}
    asked = {"package": wire, "interfaces": pair}
    with serving(weft) as server:
        first = server.ask("POST", "/v1/functions", asked, headers)
        again = server.ask("POST", "/v1/functions", asked, headers)
        assert (first.status, first.body) == (again.status, again.body)
        assert first.json()["operation"] == "deploy-7"
        without = server.ask("POST", "/v1/functions", asked)
        assert (without.status, without.json()["type"]) == (409, "urn:weft:problem:name-taken")
    with serving(weft) as server:  # another knows of it, too
        later = server.ask("POST", "/v1/functions", asked, headers)
        assert (later.status, later.json()["uuid"]) == (201, first.json()["uuid"])


def test_a_change_is_made_only_if_nothing_else_was_changed(
    weft: Weft, server: Server, tmp_path: Path
) -> None:
    graph = tmp_path / "idle.click"
    graph.write_text("Idle -> Discard;\n")
    assert server.ask("POST", "/v1/functions", {"package": str(graph)}).status == 201
    there = "/v1/functions/idle/graph"
    before = server.ask("GET", there)
    former = before.headers["etag"]
    text = {"Content-Type": "text/plain", "If-Match": former}
    body = b"Idle -> c :: Counter -> Discard;\n"
    changed = server.ask("PUT", there, body, text)
    assert changed.status == 200
    assert changed.json()["graph"].endswith(body.decode())
    again = server.ask("PUT", there, body, text)
    assert (again.status, again.json()["detail"]) == (
        412,
        "the graph is no longer what If-Match says; read again",
    )
    numbers = [item["number"] for item in server.ask("GET", "/v1/functions/idle/revisions").json()]
    assert numbers == [1, 2]
    assert server.ask("POST", "/v1/functions/idle/undo").status == 200
    assert server.ask("GET", there).json() == before.json()


def test_a_package_is_kept_and_read_in_parts(weft: Weft, server: Server, wire: str) -> None:
    content = upload(wire)[0].partition(b'wire.zip"\r\n\r\n')[2].rpartition(b"\r\n--cut--")[0]
    made = server.ask("POST", "/v1/packages", content, {"Content-Type": "application/zip"})
    assert made.status == 201, made.body
    there = made.headers["location"]
    assert server.ask("GET", there).json() == made.json()
    whole = server.ask("GET", f"{there}/content").body
    for asked, first, last in (("0-9", 0, 9), ("-5", len(whole) - 5, len(whole) - 1)):
        part = server.ask("GET", f"{there}/content", headers={"Range": f"bytes={asked}"})
        assert (part.status, part.body) == (206, whole[first : last + 1])
        assert part.headers["content-range"] == f"bytes {first}-{last}/{len(whole)}"
    beyond = server.ask("GET", f"{there}/content", headers={"Range": "bytes=99999999-"})
    assert (beyond.status, beyond.headers["content-range"]) == (416, f"bytes */{len(whole)}")
    assert server.ask("DELETE", there).status == 200
    missing = server.ask("GET", there)
    assert (missing.status, missing.json()["type"]) == (404, "urn:weft:problem:package-not-found")


def test_alarms_are_events(weft: Weft, server: Server, tmp_path: Path) -> None:
    graph = tmp_path / "idle.click"
    graph.write_text("Idle -> Discard;\n")
    assert server.ask("POST", "/v1/functions", {"package": str(graph)}).status == 201
    with server.opened("GET", "/v1/events") as stream:
        asked = {"series": "up", "above": 0.5, "severity": "warning"}
        assert server.ask("PUT", "/v1/thresholds/awake", asked).status == 200
        assert events(stream, "alarm.raised")[-1][1] == "idle"
    [alarm] = [one for one in server.ask("GET", "/v1/alarms").json() if one["cleared_s"] is None]
    assert (alarm["threshold"], alarm["severity"]) == ("awake", "warning")
    seen = server.ask("POST", f"/v1/alarms/{alarm['id']}/acknowledge").json()
    assert seen["acknowledged_s"] is not None
    assert server.ask("DELETE", "/v1/thresholds/awake").status == 204


def test_a_list_comes_in_pages(weft: Weft, server: Server, tmp_path: Path) -> None:
    graph = tmp_path / "idle.click"
    graph.write_text("Idle -> Discard;\n")
    for name in ("a", "b", "c"):
        asked = {"package": str(graph), "name": name}
        assert server.ask("POST", "/v1/functions", asked).status == 201
    seen, target = [], "/v1/functions?limit=2"
    while target:
        page = server.ask("GET", target)
        assert len(page.json()) <= 2
        seen += [item["name"] for item in page.json()]
        target = page.headers.get("link", "").partition(">")[0].lstrip("<")
    assert sorted(seen) == ["a", "b", "c"]
    chosen = server.ask("GET", "/v1/functions?selector=%5Bab%5D").json()
    assert sorted(item["name"] for item in chosen) == ["a", "b"]


def test_what_happens_is_told_and_nothing_is_missed(
    weft: Weft, server: Server, tmp_path: Path
) -> None:
    graph = tmp_path / "idle.click"
    graph.write_text("Idle -> Discard;\n")
    weft.environment["WEFT_SERVER"] = "none"  # what others do is seen as well
    with server.opened("GET", "/v1/events") as stream:
        weft("run", str(graph), "-d")
        last = events(stream, "function.deployed")[-1]
        assert last[1] == "idle"
    weft("stop", "idle")
    weft("start", "idle")
    weft("off", "idle")
    with server.opened("GET", "/v1/events", headers={"Last-Event-ID": last[2]}) as stream:
        kinds = [kind for kind, _, _ in events(stream, "function.removed")]
    # Stopped and started between two looks it is seen to have been restarted.
    told = {"function.stopped", "function.started", "function.restarted", "function.removed"}
    assert kinds[-1] == "function.removed"
    assert set(kinds) <= told


def test_the_log_and_a_trace_are_followed(weft: Weft, server: Server, tmp_path: Path) -> None:
    graph = tmp_path / "talk.click"
    graph.write_text(
        'Message("hello from the graph"); InfiniteSource(LIMIT 1, ACTIVE false) -> Discard;\n'
    )
    weft("run", str(graph), "-d")
    accept = {"Accept": "application/x-ndjson"}
    with server.opened("GET", "/v1/functions/talk/log?follow=true", headers=accept) as log:
        lines = iter(lambda: json.loads(log.readline()), None)
        assert next(line for line in lines if "hello" in line["text"])["source"] == "engine"
        with server.opened("POST", "/v1/functions/talk/trace", {"count": 1}) as trace:
            assert json.loads(trace.readline())["state"] == "running"
        # Whoever asked has left, so there is room for another.
        with server.opened("POST", "/v1/functions/talk/trace", {"count": 1}) as trace:
            assert json.loads(trace.readline())["state"] == "running"
        weft("off", "talk")
        assert log.read() is not None


def test_a_deployment_tells_of_its_progress_and_leaving_calls_it_off(
    weft: Weft, server: Server, tmp_path: Path
) -> None:
    package = tmp_path / "slow"
    package.mkdir()
    (package / "vnf.yaml").write_text(
        "weft: 1\nvnf: slow\nversion: 1.0.0\ninterfaces: []\n"
        "components:\n  work: {framework: python, file: work.py}\n"
        "  source: {framework: click, text: 'Idle -> output;'}\n"
        "  sink: {framework: click, text: 'input -> Discard;'}\n"
        "path: source -> work -> sink\n"
    )
    (package / "work.py").write_text("import time\ntime.sleep(60)\n")
    accept = {"Accept": "application/x-ndjson"}
    asked = {"package": str(package)}
    with server.opened("POST", "/v1/functions", asked, accept) as answer:
        assert answer.status == 200
        wait_until(lambda: len(weft.folders()), 1)
    wait_until(weft.folders, [])
    with server.opened("POST", "/v1/functions", asked, accept) as answer:
        assert answer.status == 200
        wait_until(lambda: len(weft.folders()), 1)
        assert server.end()[0] == 0
    assert weft.folders() == []  # the end of the server undoes it, too


def test_the_network_needs_a_token_and_tls(weft: Weft, tmp_path: Path) -> None:
    assert weft("serve", "--listen", "127.0.0.1:0", status=2) == (
        "weft: --listen 127.0.0.1:0: on the network, loopback too, a token and TLS are needed; "
        "missing: --token-file, --tls-cert, --tls-key\n"
        "weft: hint: --self-signed makes a certificate; a token is made with: "
        "head -c 24 /dev/urandom | base64 > token; chmod 600 token\n"
    )
    token = tmp_path / "token"
    token.write_text("a token that is long".replace(" ", "-"))
    token.chmod(0o600)
    options = ("--listen", "127.0.0.1:0", "--self-signed", "--token-file", str(token))
    with serving(weft, *options) as server:
        words = server.network.split()
        url, certificate = words[2].rstrip(","), words[4].rstrip(",")
        curl = ["curl", "-s", "-i", "--cacert", certificate, f"{url}/v1/functions"]
        refused = subprocess.run(curl, capture_output=True, text=True, check=True).stdout
        assert refused.startswith("HTTP/1.1 401 ")
        assert 'www-authenticate: bearer realm="weft"' in refused.lower()
        bearer = ["-H", f"Authorization: Bearer {token.read_text()}"]
        answered = subprocess.run([*curl, *bearer], capture_output=True, text=True, check=True)
        assert answered.stdout.startswith("HTTP/1.1 200 ")
        weft.environment |= {
            "WEFT_SERVER": url,
            "WEFT_CA": certificate,
            "WEFT_TOKEN_FILE": str(token),
        }
        assert weft.ps() == []
        weft.environment["WEFT_TOKEN_FILE"] = ""
        assert weft("ps", status=1) == (
            "weft: this listener asks for a token\n"
            "weft: hint: send it as: Authorization: Bearer TOKEN; `weft` reads it from $WEFT_TOKEN_FILE\n"
        )
        weft.environment["WEFT_CA"] = ""
        assert "its certificate is not trusted; WEFT_CA=FILE names what is" in weft("ps", status=1)
    for name in ("WEFT_SERVER", "WEFT_CA", "WEFT_TOKEN_FILE"):
        del weft.environment[name]


def test_it_is_quiet_while_nobody_asks(weft: Weft, server: Server) -> None:
    def spent() -> float:
        fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    server.ask("GET", "/v1/server")
    before = spent()
    with server.opened("GET", "/v1/events") as stream:
        assert stream.readline() == b": weft\n"
        subprocess.run(["sleep", "2"], check=True)
    assert spent() - before < 0.5
