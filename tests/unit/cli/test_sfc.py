"""What `weft sfc` refuses, and what it makes of answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from weft.cli import sfc
from weft.cli.main import run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ping", "f", "--spi", "16777216"], "--spi 16777216: allowed: 0 to 16777215"),
        (["ping", "f", "--spi", "1", "--si", "256"], "--si 256: allowed: 0 to 255"),
        (["ping", "f", "--spi", "1", "--ttl", "64"], "--ttl 64: allowed: 0 to 63"),
        (["ping", "f", "--spi", "1", "--count", "0"], "--count 0: allowed: 1 to 2147483648"),
        (["ping", "f", "--spi", "1", "--interval", "0"], "--interval 0: allowed: 0.001 to 3600"),
        (["trace", "f", "--spi", "1", "--timeout", "nan"], "--timeout nan: allowed: 0.001 to 3600"),
        (["trace", "f", "--spi", "1", "--max-hops", "64"], "--max-hops 64: allowed: 1 to 63"),
        (
            ["trace", "f", "--spi", "1", "--reply", "1/256"],
            "--reply 1/256: allowed: SPI or SPI/SI, SPI up to 16777215, SI up to 255",
        ),
        (
            ["trace", "f", "--spi", "1", "--reply", "x"],
            "--reply x: allowed: SPI or SPI/SI, SPI up to 16777215, SI up to 255",
        ),
    ],
)
def test_wrong_usage(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sfc", *arguments]) == 2
    assert capsys.readouterr().err == f"weft: {message}\n"


class Answering:
    """A client whose function answers with what it is given."""

    def __init__(self, graph: str, *answers: dict[str, Any]) -> None:
        self.graph = graph
        self.answers = list(answers)
        self.asked: list[tuple[str, str]] = []

    async def read(self, name: str, handler: str, parameters: str = "") -> bytes:
        assert name == "f"
        if handler == "flatconfig":
            return self.graph.encode()
        self.asked.append((handler, parameters))
        return json.dumps(self.answers.pop(0)).encode()


GRAPH = "a :: Queue;\nb/p :: NSHPing(REPLY 110);\n\na -> b/p;\n"
TIMEOUT = {"outcome": "timeout", "sequence": 7}


def reply(code: int, meaning: str, source: str | None = "192.0.2.1") -> dict[str, Any]:
    rest = {"subcode": 0, "rtt_ns": 1_250_000}
    return {
        "outcome": "reply",
        "sequence": 7,
        "code": code,
        "meaning": meaning,
        "from": source,
    } | rest


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Any:
    def make(*answers: dict[str, Any], graph: str = GRAPH) -> Answering:
        client = Answering(graph, *answers)
        monkeypatch.setattr(sfc, "local_client", lambda: client)
        return client

    return make


def test_ping_tells_each_answer(answer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    client = answer(reply(5, "end of the path"), TIMEOUT, reply(4, "TTL exceeded", None))
    quick = ["--interval", "0.001", "--count", "3", "--timeout", "0.5", "--reply", "110/9"]
    assert run(["sfc", "ping", "f", "--spi", "10", "--si", "3", "--ttl", "5", *quick]) == 0
    assert capsys.readouterr().out == (
        "reply from 192.0.2.1: sequence 7, end of the path, 1.250 ms\n"
        "no reply within 0.5 s: sequence 7\n"
        "reply from unknown: sequence 7, TTL exceeded, 1.250 ms\n"
        "sent 3, answered 2, lost 33%; round trip least/mean/most 1.250/1.250/1.250 ms\n"
    )
    asked = "10/3 TTL 5 TIMEOUT 0.500000000 REPLY 110/9"
    assert client.asked == [("b/p.ping", asked)] * 3


def test_trace_ends_where_the_path_does(answer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    client = answer(reply(4, "TTL exceeded"), TIMEOUT, reply(5, "end of the path", "2001:db8::1"))
    assert run(["sfc", "trace", "f", "--spi", "10"]) == 0
    assert capsys.readouterr().out == (
        " 1  192.0.2.1        1.250 ms  TTL exceeded\n"
        " 2  *                no reply within 1 s\n"
        " 3  2001:db8::1      1.250 ms  end of the path\n"
    )
    assert [parameters.split()[2] for _, parameters in client.asked] == ["1", "2", "3"]


def test_programs_get_json(answer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    answer(TIMEOUT)
    assert run(["sfc", "trace", "f", "--spi", "10", "--max-hops", "1", "-o", "json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "name": "f",
        "spi": 10,
        "si": 255,
        "requests": 1,
        "replies": 0,
        "rtt_least_ms": None,
        "rtt_mean_ms": None,
        "rtt_most_ms": None,
        "answers": [{"hop": 1, **TIMEOUT}],
    }


def test_nothing_came_back(answer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    answer(TIMEOUT)
    assert run(["sfc", "ping", "f", "--spi", "10", "--count", "1"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "sent 1, answered 0, lost 100%"


def test_which_element_sends_must_be_clear(answer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    answer(graph=GRAPH + "q :: NSHPing;\n")
    assert run(["sfc", "ping", "f", "--spi", "10"]) == 2
    assert capsys.readouterr().err == (
        "weft: 'f' has several NSHPing; name one with --element: b/p, q\n"
    )
    client = answer(reply(5, "end of the path"), graph="")
    assert run(["sfc", "ping", "f", "--spi", "10", "--count", "1", "--element", "q"]) == 0
    assert client.asked[0][0] == "q.ping"
