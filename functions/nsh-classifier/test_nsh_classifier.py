"""The classifier on capture files: which header a frame gets, and that it is taken off, byte by byte."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.captured import on_files
from tests.support.frames import ethernet, tcp, udp
from tests.support.nsh import nsh

if TYPE_CHECKING:
    import pytest

PACKAGE = str(Path(__file__).parent)
CHAIN, NEXT = "02:00:00:00:00:02", "02:00:00:00:00:0a"
CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
CLIENT_MAC, SERVER_MAC = "02:00:00:00:07:01", "02:00:00:00:07:02"


def frame(datagram: bytes) -> bytes:
    return ethernet(SERVER_MAC, CLIENT_MAC, 0x0800, datagram)


def with_header(header: bytes, inside: bytes, to: str = NEXT) -> bytes:
    return ethernet(to, CHAIN, 0x894F, header + inside)


def rules(folder: Path, text: str) -> str:
    (folder / "mine.txt").write_text(text)
    return f"RULES={folder}/mine.txt"


def test_the_first_rule_that_matches_gives_the_header(tmp_path: Path) -> None:
    web, dns = frame(tcp(CLIENT, SERVER, (4000, 80))), frame(udp(CLIENT, SERVER, (4000, 53)))
    other = frame(udp(CLIENT, SERVER, (4000, 5000)))
    context = bytes(range(16))
    mine = rules(
        tmp_path,
        "# the web first\n\ntcp dst port 80 => SPI 10\n"
        f"udp dst port 53 => SPI 20 SI 7 TTL 9 CONTEXT {context.hex()}\n",
    )
    left = on_files(
        tmp_path, PACKAGE, {"host": [web, dns, other], "chain": []}, mine, f"NEXT={NEXT}"
    )
    assert left["host"] == []
    assert left["chain"] == [
        with_header(nsh(10, 255, next_protocol=3), web),
        with_header(nsh(20, 7, ttl=9, metadata=context, next_protocol=3), dns),
    ]


def test_everything_goes_by_one_path_without_rules_of_ones_own(tmp_path: Path) -> None:
    other = ethernet(SERVER_MAC, CLIENT_MAC, 0x88B5, b"not even IP")
    left = on_files(tmp_path, PACKAGE, {"host": [other], "chain": []})
    header = nsh(10, 255, next_protocol=3)
    assert left["chain"] == [with_header(header, other, to="02:00:00:00:00:01")]


def test_what_comes_back_loses_its_header(tmp_path: Path) -> None:
    inside = frame(udp(SERVER, CLIENT, (1, 2)))
    back = [with_header(nsh(11, 254, next_protocol=3), inside, to=CHAIN), inside]
    left = on_files(tmp_path, PACKAGE, {"host": [], "chain": back})
    assert left == {"host": [inside], "chain": []}


def test_rules_that_cannot_be_are_told_by_their_lines(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mine = rules(tmp_path, "# mine\ntcp => SPI 10\nudp dst prot 53 => SPI 20\n\n- => SI 3\nicmp\n")
    on_files(tmp_path, PACKAGE, {"host": [], "chain": []}, mine, status=1)
    told = capfd.readouterr().err
    for line in ("given/RULES:3: ", "given/RULES:5: missing SPI", "given/RULES:6: should be"):
        assert line in told, told
