"""Everything about one function, the graph that runs in it, or what can be read, written and called.

Of each component in a process: its state and what it uses, what is counted of it since the function's
start, and in a last line what limits the function, if anything does; see docs/guides/seeing.md.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING, Any

from weft.cli.facts import COMPONENT_COLUMNS, describe
from weft.cli.output import add_output_argument, show_facts, show_rows, show_text
from weft.cli.rates import (
    FIGURE_COLUMNS,
    INTERFACE_COLUMNS,
    QUEUE_COLUMNS,
    figures,
    interfaces,
    queues,
)
from weft.client import local_client
from weft.model.state import FunctionState

if TYPE_CHECKING:
    from weft.client import Client
    from weft.model.look import Look

_LOOK_S = 0.3
_HANDLER_COLUMNS = ("name", "type", "unit", "access", "limits", "help")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft show`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", help="name of the function, or the start of its UUID")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--graph", action="store_true", help="show the graph that runs in it")
    what.add_argument(
        "--handlers",
        nargs="?",
        const="",
        metavar="ELEMENT",
        help="list values and commands, of an element or component or of all",
    )
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft show`."""
    if arguments.graph:
        graph = asyncio.run(local_client().graph(arguments.name))
        show_text("graph", graph, arguments.output)
        return 0
    if arguments.handlers is not None:
        return _show_handlers(arguments)
    described, look, limit = asyncio.run(_gather(local_client(), arguments.name))
    counted = {
        "figures": figures(look) if look else [],
        "interface_figures": interfaces(look) if look else [],
        "queues": queues(look) if look else [],
    }
    if arguments.output != "table":
        show_facts({**described, **counted, "bottleneck": limit}, arguments.output)
        return 0
    components = described.pop("components")
    show_facts(described, arguments.output)
    tables = (
        ("components", components, COMPONENT_COLUMNS),
        ("figures", counted["figures"], FIGURE_COLUMNS),
        ("interfaces", counted["interface_figures"], INTERFACE_COLUMNS),
        ("queues", counted["queues"], QUEUE_COLUMNS),
    )
    for title, rows, columns in tables:
        if rows:
            print(f"\n{title}")
            show_rows(rows, columns, arguments.output)
    if limit:
        print(f"\n{limit}")
    return 0


def _show_handlers(arguments: argparse.Namespace) -> int:
    found = asyncio.run(local_client().handlers(arguments.name, arguments.handlers))
    show_rows([facts.as_data() for facts in found], _HANDLER_COLUMNS, arguments.output)
    return 0


async def _gather(client: Client, name: str) -> tuple[dict[str, Any], Look | None, str | None]:
    """The facts and a look; of a function with component processes a second, a moment later."""
    facts, status = await client.function(name)
    described = describe(facts, status)
    if status.state is not FunctionState.ACTIVE:
        return described, None, None
    before = await client.look(facts)
    if not status.components:
        return described, before, None
    await asyncio.sleep(_LOOK_S)
    after = await client.look(facts)
    return described, after, client.bottleneck(facts, before, after)
