"""Edit the path of a running function, or the text of one of its components, and swap it in.

The text is opened in $EDITOR, unless --file gives another one. It is checked whole before anything
changes; if anything is wrong, all is as before, and what was written is kept in a file. Without a
component it is the path, or the Click text of a function that is one Click component.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from weft.cli.changing import show_plan
from weft.cli.interruption import run_until_signal
from weft.cli.output import add_output_argument, show_progress, show_text
from weft.client import local_client
from weft.errors import UsageError, WeftError
from weft.model.change import Edit, Replacement
from weft.model.package import PackageFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weft.client import Client
    from weft.model.revision import ComponentText, FunctionText


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft edit`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", help="name of the function")
    parser.add_argument("component", nargs="?", help="the component whose text is edited")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--file", metavar="FILE", help="take the new text from here; - is the input")
    way.add_argument("--print", action="store_true", help="only show the text as it is")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft edit`."""
    client = local_client(show_progress)
    component, before = _chosen(asyncio.run(client.text(arguments.name)), arguments.component)
    if arguments.print:
        show_text("text", before, arguments.output)
        return 0
    suffix = PurePosixPath(component.file).suffix if component else ".click"
    after = _given(arguments.file) if arguments.file else _edited(before, suffix or ".click")
    if after == before:
        print("weft: nothing has changed", file=sys.stderr)
        return 0
    return run_until_signal(_change(client, arguments, component, after))


async def _change(
    client: Client, arguments: argparse.Namespace, component: ComponentText | None, after: str
) -> int:
    facts, _ = await client.function(arguments.name)
    try:
        plan = await client.reconfigure(
            facts, None, _edit_of(component, after), {}, dry_run=arguments.dry_run, cause="edit"
        )
    except WeftError as error:
        if not arguments.file:
            error.hint = f"your text is kept: weft edit {arguments.name} --file {_kept(after)}"
        raise
    if arguments.dry_run or arguments.output != "table":
        show_plan(facts.name, plan, arguments.output, planned=arguments.dry_run)
    return 0


def _chosen(text: FunctionText, wanted: str | None) -> tuple[ComponentText | None, str]:
    """The component meant, or None for the path, and the text that it has."""
    if wanted is None and text.path is not None:
        return None, text.path
    names = [component.name for component in text.components]
    if wanted is None and len(names) == 1:
        wanted = names[0]
    for component in text.components:
        if component.name != wanted:
            continue
        if component.text is None:
            raise UsageError(
                f"component '{wanted}' is made of '{component.file}', which is no text"
            )
        return component, component.text
    if wanted is None:
        raise UsageError("there is no path; name the component: " + (", ".join(names) or "none"))
    raise UsageError(f"no component '{wanted}'; allowed: {', '.join(names) or 'none'}")


def _edit_of(component: ComponentText | None, text: str) -> Edit:
    if component is None:
        return Edit(path=text)
    name = PurePosixPath(component.file).name or f"{component.name}.click"
    return Edit(replaced=(Replacement(component.name, PackageFile(name, text.encode())),))


def _given(name: str) -> str:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return data.decode()
    except OSError as error:
        raise UsageError(f"--file: cannot read '{name}': {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"--file: '{name}' is not UTF-8 text") from None


def _edited(before: str, suffix: str) -> str:
    """What the editor makes of it."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        raise UsageError("no editor is set", hint="set EDITOR, or give the text with --file")
    with tempfile.TemporaryDirectory(prefix="weft-edit-") as folder:
        place = Path(folder) / f"text{suffix}"
        place.write_text(before)
        try:
            with _ctrl_c_left_to_it():
                status = subprocess.run([*shlex.split(editor), str(place)], check=False).returncode
            if status:
                raise UsageError(
                    f"the editor '{editor}' ended with status {status}; nothing changed"
                )
            return place.read_text()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise UsageError(f"cannot run the editor '{editor}': {why}") from None


@contextlib.contextmanager
def _ctrl_c_left_to_it() -> Iterator[None]:
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)


def _kept(text: str) -> str:
    with tempfile.NamedTemporaryFile("w", prefix="weft-edit-", suffix=".txt", delete=False) as file:
        file.write(text)
    return file.name
