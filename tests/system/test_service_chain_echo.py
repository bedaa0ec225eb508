"""Echo requests between functions that are roles, as `weft sfc` sends them.

    begin (classifier) -- br1 -- sff (forwarder) -- br2 -- end (classifier)

Path 10 leads to the end, path 110 back.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from weft.server.namespaces import NETNS_FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

BEGIN = """\
interfaces: [host, chain]
nsh: {role: classifier, mac: "02:00:00:00:00:01", echo: {address: 192.0.2.1, reply: $BACK}}
parameters:
  BACK: {type: text, default: 110/255}
"""
SFF = """\
interfaces: [west, east]
nsh:
  role: forwarder
  echo: {address: 192.0.2.2}
  table:
    - {spi: 10, si: 255, interface: east, mac: "02:00:00:00:00:02"}
    - {spi: 110, si: 255, interface: west, mac: "02:00:00:00:00:03"}
"""
END = """\
interfaces: [host, chain]
nsh: {role: classifier, mac: "02:00:00:00:00:01", echo: {address: "2001:db8::3"}}
"""


@pytest.fixture
def chain(weft: Weft, make_host: Callable[[str], Host], tmp_path: Path) -> Iterator[Weft]:
    """The three functions, run on a server in a namespace of its own."""
    server = make_host("server")
    server.keep_silent()
    for bridge in ("br0", "br1", "br2", "br3"):
        server.route.link("add", ifname=bridge, kind="bridge", state="up")
    weft.prefix = ["nsenter", f"--net={NETNS_FOLDER / server.name}"]
    try:
        for name, text, ends in (
            ("end", END, ("host=br3", "chain=br2")),
            ("sff", SFF, ("west=br1", "east=br2")),
            ("begin", BEGIN, ("host=br0", "chain=br1")),
        ):
            folder = tmp_path / name
            folder.mkdir()
            (folder / "vnf.yaml").write_text(f"weft: 1\nvnf: {name}\nversion: 1.0.0\n{text}")
            weft("run", str(folder), "-d", *(f"--interface={end}" for end in ends))
        yield weft
        weft("off", "--all")
    finally:
        weft.prefix = []


def test_a_path_of_roles_is_pinged_and_traced(chain: Weft) -> None:
    told = chain("sfc", "ping", "begin", "--spi", "10", "--count", "1", "-o", "json")
    (answer,) = json.loads(told)["answers"]
    assert (answer["from"], answer["meaning"]) == ("2001:db8::3", "end of the path")
    hops = [
        line.split(maxsplit=4)
        for line in chain("sfc", "trace", "begin", "--spi", "10").splitlines()
    ]
    assert [(hop, source, meaning) for hop, source, _, _, meaning in hops] == [
        ("1", "192.0.2.2", "TTL exceeded"),
        ("2", "2001:db8::3", "end of the path"),
    ]
    assert chain("read", "sff", "echo.replies") == "1\n"
    assert chain("read", "end", "chain/echo.replies") == "2\n"


def test_a_path_that_ends_in_the_middle_has_no_end(chain: Weft) -> None:
    chain("write", "sff", "nsh.remove", "10/255")
    quick = ("--spi", "10", "--timeout", "0.3", "--count", "1")
    chain("sfc", "ping", "begin", *quick, status=1)
    assert chain("read", "sff", "nsh.drops") == "nsh-no-path 1\n"
