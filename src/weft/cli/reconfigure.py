"""Change the components or the path of a running function without losing or reordering a packet.

Either to a new version of its whole package, or by single changes, of which several may be given: all
are made at once. Components that did not change keep their processes. If anything is wrong or a new
component does not become ready, all is as before.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.cli.interruption import run_until_signal
from weft.cli.output import add_output_argument, show_facts, show_progress, show_rows
from weft.client import local_client
from weft.errors import UsageError, WeftError
from weft.model.change import Addition, Edit, Replacement
from weft.model.package import PackageFile

if TYPE_CHECKING:
    from weft.client import Client
    from weft.model.change import ChangePlan
    from weft.model.function import FunctionFacts

_COLUMNS = ("name", "outcome", "started", "kept", "replaced", "ended")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft reconfigure`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", help="name of the function, or a glob such as 'fw-*' for several")
    parser.add_argument(
        "package", nargs="?", help="the new version: a path, or a name as in nat@1.2"
    )
    parser.add_argument("--path", metavar="TEXT", help="another path")
    parser.add_argument(
        "--add",
        action="append",
        default=[],
        metavar="NAME=FRAMEWORK:FILE",
        help="a further component",
    )
    parser.add_argument(
        "--remove", action="append", default=[], metavar="NAME", help="a component that goes"
    )
    parser.add_argument(
        "--replace",
        action="append",
        default=[],
        metavar="NAME=[FRAMEWORK:]FILE",
        help="another file for a component, and what it is written in where that differs",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="set a parameter"
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be done")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft reconfigure`."""
    edit = _edit(arguments)
    if arguments.package is None and not edit:
        raise UsageError(
            "nothing to change; give a package, or one of --path, --add, --remove, --replace",
            hint=f"to set parameters alone: weft configure {arguments.name} NAME=VALUE",
        )
    settings = dict(_halves("--set", text, "NAME=VALUE") for text in arguments.set)
    return run_until_signal(_change(local_client(show_progress), arguments, edit, settings))


def _edit(arguments: argparse.Namespace) -> Edit:
    return Edit(
        arguments.path,
        tuple(_addition(text) for text in arguments.add),
        tuple(arguments.remove),
        tuple(_replacement(text) for text in arguments.replace),
    )


def _halves(option: str, text: str, allowed: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals or not value:
        raise UsageError(f"{option} {text}: not understood; allowed: {allowed}")
    return name, value


def _addition(text: str) -> Addition:
    allowed = "NAME=FRAMEWORK:FILE"
    name, rest = _halves("--add", text, allowed)
    framework, colon, file = rest.partition(":")
    if not framework or not colon or not file:
        raise UsageError(f"--add {text}: not understood; allowed: {allowed}")
    return Addition(name, framework, _file("--add", text, file))


def _replacement(text: str) -> Replacement:
    name, file = _halves("--replace", text, "NAME=[FRAMEWORK:]FILE")
    framework, colon, rest = file.partition(":")
    if not colon or Path(file).exists():
        return Replacement(name, _file("--replace", text, file))
    return Replacement(name, _file("--replace", text, rest), framework)


def _file(option: str, text: str, name: str) -> PackageFile:
    try:
        return PackageFile(Path(name).name, Path(name).read_bytes())
    except OSError as error:
        raise UsageError(f"{option} {text}: cannot read '{name}': {error.strerror}") from None


async def _change(
    client: Client, arguments: argparse.Namespace, edit: Edit, settings: dict[str, str]
) -> int:
    """Change each function that is meant; one that fails does not keep others from being changed."""
    chosen = await client.selected(arguments.name)
    if len(chosen) == 1:
        plan = await _one(client, chosen[0], arguments, edit, settings)
        _show(chosen[0], plan, arguments)
        return 0
    rows = []
    for count, facts in enumerate(chosen, 1):
        show_progress(f"{facts.name} ({count} of {len(chosen)})")
        try:
            plan = await _one(client, facts, arguments, edit, settings)
            rows.append(_describe(facts, plan, arguments))
        except WeftError as error:
            print(f"weft: {error.message}", file=sys.stderr)
            rows.append({"name": facts.name, "outcome": "failed", "error": error.message})
    show_rows(rows, _COLUMNS, arguments.output)
    return 1 if any(row["outcome"] == "failed" for row in rows) else 0


async def _one(
    client: Client,
    facts: FunctionFacts,
    arguments: argparse.Namespace,
    edit: Edit,
    settings: dict[str, str],
) -> ChangePlan:
    return await client.reconfigure(
        facts, arguments.package, edit, settings, dry_run=arguments.dry_run
    )


def _describe(
    facts: FunctionFacts, plan: ChangePlan, arguments: argparse.Namespace
) -> dict[str, Any]:
    return {
        "name": facts.name,
        "outcome": "planned" if arguments.dry_run else "changed",
        "version": plan.version,
        "started": list(plan.started),
        "kept": list(plan.kept),
        "replaced": list(plan.replaced),
        "ended": list(plan.ended),
        "graph": plan.graph,
    }


def _show(facts: FunctionFacts, plan: ChangePlan, arguments: argparse.Namespace) -> None:
    described = _describe(facts, plan, arguments)
    if arguments.output == "table":
        graph = described.pop("graph")
        show_facts(described, arguments.output)
        if arguments.dry_run:
            print(f"\n{graph}", end="" if graph.endswith("\n") else "\n")
    else:
        show_facts(described, arguments.output)
