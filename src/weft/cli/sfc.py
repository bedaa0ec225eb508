"""Follow a service function path: ask at its end, or hop by hop where it leads.

Requests are active OAM of service function chains (RFC 9516). A function that runs sends them: one
whose graph has an NSHPing. Forwarders answer with NSHEcho where a request's TTL has expired or its path
has ended. Ctrl-C ends it early, with what there is so far, and exit status 130. Otherwise the status is
0 where the end of the path has answered, else 1.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import time
from typing import TYPE_CHECKING, Any

from weft.cli.output import add_output_argument, show_facts
from weft.client import local_client
from weft.errors import FunctionError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from weft.client import Client

_PATH = re.compile(r"(?P<spi>\d+)(?:/(?P<si>\d+))?", re.ASCII)
_PINGS = re.compile(r"^(\S+) :: NSHPing\b", re.MULTILINE)
_MOST_SPI, _MOST_SI, _MOST_TTL = 2**24 - 1, 255, 63
_SECONDS = (0.001, 3600.0)
# Return codes, RFC 9516.
_NO_ERROR, _TTL_EXCEEDED, _END_OF_PATH = 0, 4, 5
_INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft sfc`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="ping|trace")
    ping = verbs.add_parser("ping", help="ask at the end of a path, some times")
    _add_path_arguments(ping)
    ping.add_argument("--count", type=int, default=4, metavar="N", help="requests (4)")
    ping.add_argument(
        "--interval", type=float, default=1.0, metavar="SECONDS", help="between two requests (1)"
    )
    ping.add_argument("--ttl", type=int, default=_MOST_TTL, help="forwarders on the way (63)")
    add_output_argument(ping)
    trace = verbs.add_parser("trace", help="ask each forwarder of a path, by TTL")
    _add_path_arguments(trace)
    trace.add_argument("--max-hops", type=int, default=16, metavar="N", help="at most (16)")
    add_output_argument(trace)


def _add_path_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="name of the function that sends the requests")
    parser.add_argument("--spi", type=int, required=True, help="service path identifier")
    parser.add_argument("--si", type=int, default=_MOST_SI, help="service index (255)")
    parser.add_argument(
        "--reply", metavar="SPI[/SI]", help="path of the replies (default: what the graph says)"
    )
    parser.add_argument(
        "--timeout", type=float, default=1.0, metavar="SECONDS", help="for each reply (1)"
    )
    parser.add_argument(
        "--element", help="the NSHPing of the graph (default: the only one there is)"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft sfc`."""
    _check(arguments)
    answers: list[dict[str, Any]] = []
    is_table = arguments.output == "table"
    try:
        asyncio.run(_collect(arguments, answers))
        status = 0 if any(map(_is_end, answers)) else 1
    except KeyboardInterrupt:
        status = _INTERRUPTED
    if not is_table:
        show_facts({**_summary(arguments, answers), "answers": answers}, arguments.output)
    elif arguments.verb == "ping":
        print(_told_summary(_summary(arguments, answers)))
    return status


def _check(arguments: argparse.Namespace) -> None:
    whole = {"--spi": (arguments.spi, 0, _MOST_SPI), "--si": (arguments.si, 0, _MOST_SI)}
    times = {"--timeout": arguments.timeout}
    if arguments.verb == "ping":
        whole |= {"--ttl": (arguments.ttl, 0, _MOST_TTL), "--count": (arguments.count, 1, 2**31)}
        times["--interval"] = arguments.interval
    else:
        whole["--max-hops"] = (arguments.max_hops, 1, _MOST_TTL)
    for option, (value, least, most) in whole.items():
        if not least <= value <= most:
            raise UsageError(f"{option} {value}: allowed: {least} to {most}")
    for option, seconds in times.items():
        if not _SECONDS[0] <= seconds <= _SECONDS[1]:
            raise UsageError(f"{option} {seconds:g}: allowed: {_SECONDS[0]:g} to {_SECONDS[1]:g}")
    if arguments.reply is not None:
        path = _PATH.fullmatch(arguments.reply)
        if not path or int(path["spi"]) > _MOST_SPI or int(path["si"] or 0) > _MOST_SI:
            raise UsageError(
                f"--reply {arguments.reply}: allowed: SPI or SPI/SI, "
                f"SPI up to {_MOST_SPI}, SI up to {_MOST_SI}"
            )


async def _collect(arguments: argparse.Namespace, answers: list[dict[str, Any]]) -> None:
    client = local_client()
    element = arguments.element or await _element(client, arguments.name)
    asked = _pings if arguments.verb == "ping" else _hops
    async with contextlib.aclosing(asked(client, element, arguments)) as told:
        async for answer in told:
            answers.append(answer)
            if arguments.output == "table":
                print(_told(arguments, answer), flush=True)


async def _element(client: Client, name: str) -> str:
    """The NSHPing of a function."""
    text = (await client.read(name, "flatconfig")).decode(errors="replace")
    found = _PINGS.findall(text)
    if len(found) == 1:
        return str(found[0])
    if found:
        raise UsageError(
            f"'{name}' has several NSHPing; name one with --element: {', '.join(found)}"
        )
    raise FunctionError(
        f"the graph of '{name}' has no NSHPing, which sends the requests",
        hint="docs/guides/service-chains-oam.md shows where to put one",
    )


async def _pings(
    client: Client, element: str, arguments: argparse.Namespace
) -> AsyncGenerator[dict[str, Any]]:
    for number in range(arguments.count):
        begun = time.monotonic()
        yield await _ask(client, element, arguments, arguments.ttl)
        rest = arguments.interval - (time.monotonic() - begun)
        if number + 1 < arguments.count:
            await asyncio.sleep(max(0.0, rest))


async def _hops(
    client: Client, element: str, arguments: argparse.Namespace
) -> AsyncGenerator[dict[str, Any]]:
    for ttl in range(1, arguments.max_hops + 1):
        answer = await _ask(client, element, arguments, ttl)
        yield {"hop": ttl, **answer}
        if answer["outcome"] == "reply" and answer["code"] != _TTL_EXCEEDED:
            return


async def _ask(
    client: Client, element: str, arguments: argparse.Namespace, ttl: int
) -> dict[str, Any]:
    request = f"{arguments.spi}/{arguments.si} TTL {ttl} TIMEOUT {arguments.timeout:.9f}"
    if arguments.reply is not None:
        request += f" REPLY {arguments.reply}"
    answer: dict[str, Any] = json.loads(
        await client.read(arguments.name, f"{element}.ping", request)
    )
    return answer


def _is_end(answer: dict[str, Any]) -> bool:
    return answer["outcome"] == "reply" and answer["code"] in (_NO_ERROR, _END_OF_PATH)


def _summary(arguments: argparse.Namespace, answers: list[dict[str, Any]]) -> dict[str, Any]:
    times_ms = [item["rtt_ns"] / 1e6 for item in answers if item["outcome"] == "reply"]
    return {
        "name": arguments.name,
        "spi": arguments.spi,
        "si": arguments.si,
        "requests": len(answers),
        "replies": len(times_ms),
        "rtt_least_ms": min(times_ms, default=None),
        "rtt_mean_ms": sum(times_ms) / len(times_ms) if times_ms else None,
        "rtt_most_ms": max(times_ms, default=None),
    }


def _told_summary(summary: dict[str, Any]) -> str:
    requests, replies = summary["requests"], summary["replies"]
    lost = (requests - replies) / requests if requests else 0.0
    line = f"sent {requests}, answered {replies}, lost {lost:.0%}"
    if not replies:
        return line
    times = "/".join(f"{summary[f'rtt_{kind}_ms']:.3f}" for kind in ("least", "mean", "most"))
    return f"{line}; round trip least/mean/most {times} ms"


def _told(arguments: argparse.Namespace, answer: dict[str, Any]) -> str:
    """An answer as a line."""
    is_reply = answer["outcome"] == "reply"
    missing = f"no reply within {arguments.timeout:g} s"
    source = (answer["from"] or "unknown") if is_reply else "*"
    if arguments.verb == "trace":
        rest = f"{answer['rtt_ns'] / 1e6:.3f} ms  {answer['meaning']}" if is_reply else missing
        return f"{answer['hop']:>2}  {source:<15}  {rest}"
    number = f"sequence {answer['sequence']}"
    if not is_reply:
        return f"{missing}: {number}"
    return f"reply from {source}: {number}, {answer['meaning']}, {answer['rtt_ns'] / 1e6:.3f} ms"
