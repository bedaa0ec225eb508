"""The driver of a function's interfaces, chosen on the command line, in the package or in the graph."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.hosts import between
from tests.support.row import send_and_compare
from tests.support.traffic import Receiver, Sender

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

WIRE = "f :: FromDevice(in{0}) -> q :: Queue(4096) -> t :: ToDevice(out{0});\n"
BOTH_WAYS = (
    "FromDevice(in) -> Queue(4096) -> ToDevice(out);FromDevice(out) -> Queue(4096) -> ToDevice(in);"
)


@pytest.fixture
def pair(make_host: Callable[[str], Host]) -> tuple[Host, Host]:
    left, right = make_host("left"), make_host("right")
    for host in (left, right):
        host.keep_silent()
    return left, right


def graph(folder: Path, text: str) -> str:
    path = folder / "f.click"
    path.write_text(text)
    return str(path)


def carries(pair: tuple[Host, Host]) -> bool:
    with Receiver(pair[1]) as receiver, Sender(pair[0]) as sender:
        sender.send(100)
        receiver.wait_for(100)
        return receiver.settle() == list(range(100))


@pytest.mark.parametrize(
    ("option", "method", "drivers"),
    [
        ((), "", ("af_packet", "af_packet")),
        (("--driver", "af_xdp"), "", ("af_xdp", "af_xdp")),
        (("--driver", "in=af_xdp"), "", ("af_xdp", "af_packet")),
        ((), ", METHOD AF_XDP", ("af_xdp", "af_xdp")),
    ],
)
def test_the_driver_is_the_one_chosen(
    weft: Weft,
    pair: tuple[Host, Host],
    tmp_path: Path,
    option: tuple[str, ...],
    method: str,
    drivers: tuple[str, str],
) -> None:
    config = graph(tmp_path, WIRE.format(method))
    weft("run", config, "-d", *option, *between(*pair))
    assert carries(pair)
    methods = [weft("read", "f", handler) for handler in ("f.method", "t.method")]
    assert [text.split()[0] for text in methods] == list(drivers)
    in_frames = [host.namespace.tags_in_frames("eth0") for host in pair]
    assert in_frames == [driver == "af_xdp" for driver in drivers]


def test_a_package_names_the_driver_of_an_interface(
    weft: Weft, pair: tuple[Host, Host], wire: str
) -> None:
    manifest = Path(wire) / "vnf.yaml"
    text = manifest.read_text()
    assert "interfaces: [in, out]" in text
    mapping = "interfaces: {in: {driver: af_xdp}, out: }"
    manifest.write_text(text.replace("interfaces: [in, out]", mapping))
    weft("run", wire, "-d", *between(*pair))
    assert carries(pair)
    [row] = weft.ps()
    facts = json.loads((weft.run_directory / row["uuid"] / "function.json").read_text())
    assert facts["sandbox"]["drivers"] == {"in": "af_xdp"}


def test_bulk_tcp_passes_a_function_that_is_killed_meanwhile(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    weft("run", graph(tmp_path, BOTH_WAYS), "-d", "--driver", "af_xdp", *between(*pair))
    for number, host in enumerate(pair, 1):
        host.configure("eth0", f"10.66.0.{number}")
    send_and_compare(*pair, "10.66.0.2", 20 << 20)
    for _ in range(3):
        status = json.loads(weft("show", "f", "-o", "json"))
        os.kill(status["engine_pid"], signal.SIGKILL)
        send_and_compare(*pair, "10.66.0.2", 20 << 20)


def test_the_engine_is_stopped_and_started_on_the_same_sockets(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    weft("run", graph(tmp_path, WIRE.format("")), "-d", "--driver", "af_xdp", *between(*pair))
    for _ in range(3):
        assert carries(pair)
        weft("stop", "f")
        weft("start", "f")
    assert carries(pair)


def test_a_graph_and_a_driver_that_exclude_each_other_are_told(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    config = graph(tmp_path, WIRE.format(", METHOD AF_PACKET"))
    told = weft("run", config, "-d", "--driver", "af_xdp", *between(*pair), status=1)
    assert (
        "in: it was opened for AF_XDP when the function was started; leave METHOD out, or start the "
        "function with another driver"
    ) in told
    config = graph(tmp_path, WIRE.format(", METHOD AF_XDP"))
    told = weft("run", config, "-d", "--driver", "af_packet", *between(*pair), status=1)
    assert (
        "in: it was opened for packet sockets when the function was started; start the function with "
        "--driver in=af_xdp"
    ) in told
    assert weft.folders() == []


def test_a_driver_that_does_not_exist_is_told(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    config = graph(tmp_path, WIRE.format(""))
    told = weft("run", config, "--driver", "in=dpdk", *between(*pair), status=2)
    assert told.splitlines()[0] == (
        "weft: --driver in=dpdk: no driver 'dpdk'; allowed: af_packet, af_xdp, "
        "or NAME=DRIVER for one interface"
    )
