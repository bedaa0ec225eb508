"""Run a package or a Click file as a function.

In the foreground the function's log is shown, and Ctrl-C or SIGTERM ends it and leaves nothing behind;
with -d it lives on its own. Interfaces that are all pcap files need neither root nor a sandbox: the
graph runs until its input ends.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from typing import TYPE_CHECKING

from weft.cli.changing import assignment
from weft.cli.facts import describe
from weft.cli.interruption import run_until_signal
from weft.cli.output import add_output_argument, show_facts, show_progress, show_rows
from weft.client import local_client
from weft.errors import UsageError
from weft.model.binding import PcapBinding
from weft.model.log import LogRequest

if TYPE_CHECKING:
    from weft.client import Client
    from weft.model.function import FunctionFacts, FunctionRequest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft run`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "package", help="a package: a path or a name (see weft package); or a Click file"
    )
    parser.add_argument(
        "-i",
        "--interface",
        action="append",
        default=[],
        metavar="NAME=TARGET",
        help="join an interface: DEVICE[:take], netns:NAMESPACE[:LINK] or pcap:IN[:OUT]",
    )
    parser.add_argument(
        "--driver",
        action="append",
        default=[],
        metavar="[NAME=]DRIVER",
        help="how packets come and go by an interface, or by all: af_packet (as a rule) or af_xdp",
    )
    parser.add_argument(
        "--inactive",
        action="store_true",
        help="with -d: make it ready, to be started by `weft start`; values may be missing",
    )
    parser.add_argument("--dry-run", action="store_true", help="show the steps of the start")
    parser.add_argument("-d", "--detach", action="store_true", help="start it and return")
    parser.add_argument("--name", help="name of the function (default: the package's)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="set a parameter"
    )
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft run`."""
    client = local_client(show_progress)
    settings = dict(assignment("--set ", text) for text in arguments.set)
    request = client.prepare(
        arguments.package,
        arguments.name,
        arguments.interface,
        settings,
        arguments.driver,
        active=not arguments.inactive,
    )
    if arguments.inactive and not arguments.detach:
        raise UsageError("--inactive: what does not run cannot be watched; add -d")
    if arguments.dry_run:
        rows = [{"step": name} for name in client.steps(request)]
        show_rows(rows, ("step",), arguments.output)
        return 0
    if _needs_no_sandbox(request):
        if arguments.detach:
            raise UsageError("-d: a run on pcap files ends by itself; leave out -d")
        return client.run_on_files(request)
    return run_until_signal(_run(client, request, arguments))


def _needs_no_sandbox(request: FunctionRequest) -> bool:
    """Files need none; a graph without any interface gets one where that is allowed."""
    if not request.bindings:
        return os.geteuid() != 0
    return all(isinstance(binding, PcapBinding) for binding in request.bindings)


async def _run(client: Client, request: FunctionRequest, arguments: argparse.Namespace) -> int:
    """Start, and unless detached watch until it ends or a signal comes."""
    facts = await client.run(request)
    if arguments.detach:
        await _tell(client, facts, arguments.output)
        return 0
    return await _watch(client, facts)


async def _tell(client: Client, facts: FunctionFacts, form: str) -> None:
    if form == "table":
        print(facts.name)
    else:
        show_facts(describe(*await client.function(str(facts.uuid))), form)


async def _watch(client: Client, facts: FunctionFacts) -> int:
    """Show the log until the function is gone; however this ends, nothing of it is left."""
    name = str(facts.uuid)
    try:
        print(f"weft: '{facts.name}' runs; Ctrl-C ends it", flush=True)
        async for line in client.log(name, LogRequest(follow=True)):
            print(f"{line.source}: {line.text}", flush=True)
        return 1  # it ended without being asked to
    finally:
        await asyncio.shield(client.remove(name, missing_ok=True))
