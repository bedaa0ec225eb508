"""The way to a server: what names one, and what comes back as it was sent."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import asdict
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from weft.client import local_client
from weft.client.connection import Address, address_of
from weft.client.decoding import decode
from weft.client.http import HttpClient
from weft.client.local import LocalClient
from weft.errors import UsageError, WeftError
from weft.model.change import ChangePlan
from weft.model.function import ComponentStatus, FunctionFacts, FunctionStatus
from weft.model.host import HostFacts, HostRoute
from weft.model.look import ComponentLook, ElementLook, Look
from weft.model.package import Parameter
from weft.model.revision import ComponentText, FunctionText
from weft.model.state import FunctionState

if TYPE_CHECKING:
    from pathlib import Path

FACTS = FunctionFacts(
    UUID("00000000-0000-4000-8000-000000000001"),
    *("fw", "default", "wire", "1", {"in": "eth1"}, 1.25, "op"),
    links={"in": "wf0"},
    component_uids={"a": 7},
    change={"operation": "x", "keys": [["a", "a"]]},
)
STATUS = FunctionStatus(
    FunctionState.ACTIVE,
    pid=7,
    uptime_s=1.5,
    errors=("a", "b"),
    components=(ComponentStatus("a", "a", "ready", cpu_s=0.5),),
)
LOOK = Look(
    *(1.5, "active", 0.25, 7, 0),
    components=(ComponentLook("a", "a", "ready", drops=(("why", 3),)),),
    elements=(ElementLook("b", "Counter", (("x", 1),)),),
)
PLAN = ChangePlan(("a",), (), ("b", "c"), (), "graph", (("a", "a.2"),), "2")
WRITTEN = FunctionText(
    None, (ComponentText("a", "c", "a.c", None),), (Parameter("n", "text"),), ("a.c", "vnf.yaml")
)
HOST = HostFacts(
    *("h", "0", "s", "k", "m", 1.0, 2, 3.0, 4.0, (0.1, 0.2), 5, 6, 7, 8, (), ()),
    routes=(HostRoute("0.0.0.0/0", "1.1.1.1", "eth0", 0),),
    process_count=1,
    processes=(),
)


@pytest.mark.parametrize(
    "thing", [FACTS, STATUS, LOOK, PLAN, HOST, WRITTEN], ids=lambda thing: type(thing).__name__
)
def test_frozen_data_comes_back_as_it_was(thing: object) -> None:
    sent = json.loads(json.dumps(asdict(thing), default=str))  # type: ignore[call-overload]
    assert decode(type(thing), sent) == thing


def test_fields_of_a_newer_server_are_left_out() -> None:
    assert decode(HostRoute, {**asdict(HOST.routes[0]), "table": 7}) == HOST.routes[0]


def test_a_server_is_named_by_its_socket_or_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_TOKEN", "secret")
    monkeypatch.setenv("WEFT_CA", "/ca")
    assert address_of("unix:/run/x") == Address("unix:/run/x", path="/run/x")
    near = address_of("https://[::1]:8443")
    assert (near.host, near.port, near.token, near.authority) == ("::1", 8443, "secret", "/ca")
    assert address_of("https://server.example/").port == 443
    assert "secret" not in repr(near)


@pytest.mark.parametrize(
    "text", ["x", "unix:", "http://a", "https://", "https://a:0", "https://a:70000", "https://u@a"]
)
def test_what_names_no_server_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        address_of(text)
    assert caught.value.message == (
        f"WEFT_SERVER '{text}': not understood; allowed: unix:PATH, https://HOST:PORT or none"
    )


def test_a_token_file_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_TOKEN_FILE", "/nowhere")
    with pytest.raises(UsageError, match="WEFT_TOKEN_FILE: cannot read '/nowhere'"):
        address_of("https://a")


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    client = HttpClient(address_of(f"unix:{tmp_path}/api.sock"), lambda _line: None)
    with pytest.raises(WeftError) as caught:
        asyncio.run(client.functions())
    assert caught.value.message == (
        f"cannot reach the server at 'unix:{tmp_path}/api.sock': No such file or directory"
    )
    assert caught.value.hint == (
        "start it with `weft serve`, or set WEFT_SERVER=none to do without"
    )


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "the connection was closed"),
        (b"nonsense\r\n\r\n", "illegal status line"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[]", "peer closed connection without"),
    ],
)
def test_a_server_that_breaks_off_is_told(tmp_path: Path, answer: bytes, why: str) -> None:
    async def story() -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            writer.close()

        server = await asyncio.start_unix_server(talk, tmp_path / "s")
        async with server:
            client = HttpClient(address_of(f"unix:{tmp_path}/s"), lambda _line: None)
            with pytest.raises(WeftError) as caught:
                await client.functions()
        assert f"the server at 'unix:{tmp_path}/s' broke off: " in caught.value.message
        assert why in caught.value.message

    asyncio.run(story())


def test_functions_are_asked_for_page_by_page(tmp_path: Path) -> None:
    asked: list[str] = []
    shown = {**asdict(FACTS), "status": asdict(STATUS)}

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        asked.append(target.removeprefix("/v1/functions?"))
        name = "b" if "after" not in target else "a"
        more = "" if "after" in target else f'Link: <{target}&after=b>; rel="next"\r\n'
        body = json.dumps([{**shown, "name": name}], default=str)
        writer.write(f"HTTP/1.1 200 OK\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        writer.close()

    async def story() -> tuple[list[str], list[str]]:
        server = await asyncio.start_unix_server(talk, tmp_path / "s")
        async with server:
            client = HttpClient(address_of(f"unix:{tmp_path}/s"), lambda _line: None)
            all_of_them = [facts.name for facts, _ in await client.functions()]
            return all_of_them, [facts.name for facts in await client.selected("*")]

    assert asyncio.run(story()) == (["b", "a"], ["a", "b"])
    every, chosen = "limit=1000", "selector=%2A&limit=1000"
    assert asked == [every, f"{every}&after=b", chosen, f"{chosen}&after=b"]


def test_a_server_is_asked_where_one_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WEFT_SERVER", raising=False)
    monkeypatch.setenv("WEFT_RUN_DIR", str(tmp_path))
    assert isinstance(local_client(), LocalClient)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "api.sock"))
        assert isinstance(local_client(), LocalClient), "one that died left its socket"
        listener.listen()
        assert isinstance(local_client(), HttpClient)
        monkeypatch.setenv("WEFT_SERVER", "none")
        assert isinstance(local_client(), LocalClient)
