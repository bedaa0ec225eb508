"""Make a package of one that was made for another system.

Understood are archives after ETSI SOL004 with a descriptor after SOL001 or SOL006, .coven archives, and
Click files with the header of Click-on-OSv. The new package is checked like any other. What it does not run
of the original is told, with the reason, and written to ONBOARDING.md. An archive of which nothing can be
run is kept in the store as it is, or unpacked where --into names a folder.
Exit status 3: nothing of it can be run.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.cli.output import add_output_argument, show_facts, show_progress
from weft.cli.package.facts import NOT_RUNNABLE
from weft.client import local_client

if TYPE_CHECKING:
    import argparse

    from weft.client import Client


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft package import`."""
    parser.add_argument("file", help="the package as it was made")
    parser.add_argument(
        "--into", metavar="FOLDER", help="the new package (default: a folder of its name, here)"
    )
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft package import`."""
    into = Path(arguments.into) if arguments.into else None
    client = local_client(show_progress)
    made: dict[str, Any] = client.package_import(Path(arguments.file), into)
    if not made["package"]:
        made["package"] = _keep(client, arguments.file)
    if arguments.output != "table":
        show_facts(made, arguments.output)
    else:
        for note in made["notes"]:
            print(f"weft: note: {note}", file=sys.stderr)
        print(_told(made, is_folder=into is not None))
    return 0 if made["runnable"] else NOT_RUNNABLE


def _keep(client: Client, file: str) -> str:
    """Keep an archive as it is in the store."""
    with client.package_archive(file) as archive:
        facts = asyncio.run(client.push_package(archive, file))
    return f"{facts.name}@{facts.version}"


def _told(made: dict[str, Any], *, is_folder: bool) -> str:
    name = made["package"]
    if made["runnable"]:
        return f"made {name}/; `weft package push {name}` keeps it in the store"
    if is_folder:
        return f"made {name}/, with nothing in it that can be run; see ONBOARDING.md there"
    return f"kept {name} in the store as it is: nothing of it can be run; see `weft package show {name}`"
