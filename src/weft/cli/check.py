"""Ask the engine and every component of functions whether they are there: all at once, silence is told.

Exit status 1 where something is silent or has failed. What is stopped is not asked, nor is a program.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from weft.cli.named import add_named_arguments, names_of
from weft.cli.output import show_data, show_rows
from weft.client import local_client
from weft.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from weft.client import Client
    from weft.model.check import FunctionCheck

_COLUMNS = ("function", "part", "state", "answer", "answer_ms", "restarts", "problem")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft check`."""
    parser.add_argument(
        "--timeout", type=float, default=2.0, metavar="SECONDS", help="time for an answer (2)"
    )
    add_named_arguments(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft check`."""
    if not (math.isfinite(arguments.timeout) and 0 < arguments.timeout <= 60):
        raise UsageError(f"--timeout is above 0 and at most 60 seconds, not {arguments.timeout:g}")
    checks = asyncio.run(_check(local_client(), arguments))
    if arguments.output == "table":
        show_rows([row for check in checks for row in _rows(check)], _COLUMNS, arguments.output)
    else:
        show_data([check.as_data() for check in checks], arguments.output)
    return 0 if all(check.is_sound for check in checks) else 1


async def _check(client: Client, arguments: argparse.Namespace) -> list[FunctionCheck]:
    names = await names_of(client, arguments, "check")
    return await asyncio.gather(*(client.check(name, arguments.timeout) for name in names))


def _rows(check: FunctionCheck) -> list[dict[str, object]]:
    return [
        {
            "function": check.name,
            "part": part.name,
            "state": part.state,
            "answer": part.answer,
            "answer_ms": None if part.answer_ms is None else f"{part.answer_ms:.3f}",
            "restarts": part.restarts,
            "problem": part.problem,
        }
        for part in check.parts
    ]
