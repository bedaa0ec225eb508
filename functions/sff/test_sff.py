"""The forwarder: packets byte by byte, and a whole chain of ready functions with real traffic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.cables import cables
from tests.support.captured import on_files
from tests.support.frames import ethernet
from tests.support.nsh import nsh
from tests.support.peers import fetch, pinged, serving
from tests.support.row import send_and_compare
from tests.support.running import Running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

PACKAGE = Path(__file__).parent
A, B, NEXT = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:0b"
LEFT, RIGHT = "10.8.0.1", "10.8.0.2"
FIREWALL = """\
weft: 1
vnf: firewall
version: 1.0.0
interfaces: [wire]
nsh: {role: proxy, mac: sender}
components:
  guard:
    framework: click
    text: |
      input -> MarkIPHeader(14) -> c :: IPClassifier(tcp dst port 8080, -);
      c[0] -> refused :: Counter -> Discard;
      c[1] -> passed :: Counter -> output;
path: wire -> guard -> wire
"""
# TCP goes by the firewall (b), all else past it; c is the other end.
TABLE = """\
10/255 => 1 ETHER b:eth 02:00:00:00:00:0b
10/254 => 2 ETHER c:eth 02:00:00:00:00:0c
11/255 => 1 ETHER b:eth 02:00:00:00:00:0b
11/254 => 0 ETHER a:eth 02:00:00:00:00:0a
12/255 => 2 ETHER c:eth 02:00:00:00:00:0c
13/255 => 0 ETHER a:eth 02:00:00:00:00:0a
"""


def table(folder: Path, text: str) -> str:
    (folder / "mine.txt").write_text(text)
    return f"TABLE={folder}/mine.txt"


def at_a(spi: int, si: int, ttl: int = 63) -> bytes:
    return ethernet(A, "02:00:00:00:07:01", 0x894F, nsh(spi, si, ttl=ttl) + b"payload")


def test_a_packet_goes_on_one_hop_older(tmp_path: Path) -> None:
    arriving = {"a": [at_a(10, 255), at_a(10, 254), at_a(10, 255, ttl=1)], "b": [], "c": []}
    left = on_files(
        tmp_path,
        str(PACKAGE),
        arriving,
        table(tmp_path, f"# mine\n10/255 => 1 ETHER b:eth {NEXT}\n"),
    )
    sent = ethernet(NEXT, B, 0x894F, nsh(10, 255, ttl=62) + b"payload")
    assert left == {"a": [], "b": [sent], "c": []}


def test_without_a_table_nothing_passes(tmp_path: Path) -> None:
    arriving = {"a": [at_a(10, 255)], "b": [], "c": []}
    assert on_files(tmp_path, str(PACKAGE), arriving) == {"a": [], "b": [], "c": []}


def test_a_table_that_cannot_be_is_told_by_its_lines(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = f"10/255 => 1\n\n10/255 => 2\n10/0 => 1\n11/1 => 3\n12/1 => 1 ETHER x {NEXT}\n"
    on_files(tmp_path, str(PACKAGE), {"a": [], "b": [], "c": []}, table(tmp_path, text), status=1)
    told = capfd.readouterr().err
    assert "given/TABLE:3: 10/255 has an entry already" in told
    assert "given/TABLE:4: '10/0' is no path" in told
    assert "given/TABLE:5: '11/1 => 3': there is no output 3, the last is 2" in told
    assert "given/TABLE:6: " in told


class Chain:
    """Classifier, forwarder, firewall and the classifier at the other end, between two hosts."""

    def __init__(self, weft: Weft, left: Host, right: Host, folder: Path) -> None:
        self.weft, self.left, self.right = weft, left, right
        self.folder = folder
        (folder / "firewall").mkdir()
        (folder / "firewall" / "vnf.yaml").write_text(FIREWALL)

    def start(self, ends: list[tuple[str, str]]) -> None:
        """Run all four, joined by three cables."""
        (begin, a), (wire, b), (end, c) = ends
        classifier = str(PACKAGE.parent / "nsh-classifier")
        for name, host, device, rules in (
            ("begin", self.left, begin, "tcp => SPI 10\n- => SPI 12\n"),
            ("end", self.right, end, "tcp => SPI 11\n- => SPI 13\n"),
        ):
            file = self.folder / name
            file.write_text(rules)
            joins = ["-i", f"host=netns:{host.name}:eth0", "-i", f"chain={device}:take"]
            self.weft("run", classifier, "-d", "--name", name, *joins, "--set", f"RULES={file}")
        joins = [
            f"--interface={name}={device}:take" for name, device in (("a", a), ("b", b), ("c", c))
        ]
        given = table(self.folder, TABLE)
        self.weft("run", str(PACKAGE), "-d", "--name", "sff", *joins, "--set", given)
        self.weft("run", str(self.folder / "firewall"), "-d", "-i", f"wire={wire}:take")
        self.left.configure("eth0", LEFT)
        self.right.configure("eth0", RIGHT)

    def running(self, name: str) -> Running:
        return Running(self.weft, next(row for row in self.weft.ps() if row["name"] == name))


@pytest.fixture
def chain(weft: Weft, make_host: Callable[[str], Host], tmp_path: Path) -> Iterator[Chain]:
    left, right = make_host("left"), make_host("right")
    for host in (left, right):
        host.keep_silent()
    with cables(3) as ends:
        made = Chain(weft, left, right, tmp_path)
        made.start(ends)
        yield made
        weft("off", "--all")


def test_a_chain_of_ready_functions(chain: Chain) -> None:
    weft, left, right = chain.weft, chain.left, chain.right
    assert pinged(left, RIGHT)
    here = ("--directory", str(PACKAGE))
    with (
        serving(right, "python3", "-m", "http.server", "80", *here, port=80),
        serving(right, "python3", "-m", "http.server", "8080", *here, port=8080),
    ):
        page = fetch(left, f"http://{RIGHT}/table.txt")
        assert page == (PACKAGE / "table.txt").read_text()
        blocked = left.run(["curl", "-s", "-m", "1", f"http://{RIGHT}:8080/table.txt"])
        assert blocked.returncode != 0
    send_and_compare(left, right, RIGHT, 4 << 20)
    firewall = chain.running("firewall")
    assert int(firewall.read("guard/refused.count")) >= 1
    assert int(firewall.read("guard/passed.count")) > 100

    counts = dict(line.split() for line in chain.running("sff").read("nsh.counts").splitlines())
    assert all(int(counts[path]) > 0 for path in ("10/255", "10/254", "11/255", "11/254", "12/255"))
    weft("write", "sff", "nsh.remove", "12/255")
    assert not pinged(left, RIGHT, count=1)
    weft("write", "sff", "nsh.add", "12/255 => 2 ETHER c:eth 02:00:00:00:00:0c")
    assert pinged(left, RIGHT)
    weft("write", "begin", "nsh.rules", "icmp => SPI 99\n- => SPI 12\n")
    assert not pinged(left, RIGHT, count=1)
    assert chain.running("sff").drops().get("nsh: nsh-no-path", 0) >= 1
