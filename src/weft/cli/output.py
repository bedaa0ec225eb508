"""One way of showing results: a table for people, JSON or YAML for programs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

__all__ = [
    "FORMATS",
    "add_output_argument",
    "show_data",
    "show_done",
    "show_facts",
    "show_progress",
    "show_rows",
    "show_text",
    "show_value",
]

FORMATS = ("table", "json", "yaml")


def add_output_argument(parser: argparse.ArgumentParser) -> None:
    """The option `-o`, the same for every command."""
    parser.add_argument(
        "-o", "--output", choices=FORMATS, default="table", help="how to show the result"
    )


def show_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], form: str) -> None:
    """Show rows; a table has only these columns, JSON and YAML have everything."""
    if form == "table":
        _print_table(
            [column.upper().replace("_", " ") for column in columns],
            [[_cell(row.get(column)) for column in columns] for row in rows],
        )
    else:
        _print_data(list(rows), form)


def show_facts(facts: Mapping[str, Any], form: str) -> None:
    """Show one thing: a line per fact."""
    if form != "table":
        _print_data(dict(facts), form)
        return
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        print(f"{name.replace('_', ' '):<{width}}  {_cell(value)}")


def show_text(name: str, text: str, form: str) -> None:
    """Show a text of several lines: people get it as it is, programs under its name."""
    if form != "table":
        _print_data({name: text}, form)
        return
    data = text.encode("utf-8", errors="surrogateescape")
    sys.stdout.flush()
    sys.stdout.buffer.write(data if data.endswith(b"\n") else data + b"\n")
    sys.stdout.buffer.flush()


def show_done(facts: Mapping[str, Any], form: str) -> None:
    """Show that something was done: programs are told, people see the exit status."""
    if form != "table":
        _print_data(dict(facts), form)


def show_value(value: bytes) -> None:
    """Show the value of a handler as it is, and end the line."""
    sys.stdout.flush()
    sys.stdout.buffer.write(value)
    if value and not value.endswith(b"\n"):
        sys.stdout.buffer.write(b"\n")


def show_progress(line: str) -> None:
    """Tell what takes long, where it is in nobody's way."""
    print(f"weft: {line}", file=sys.stderr, flush=True)


def show_data(data: object, form: str) -> None:
    """Show plain data to programs."""
    _print_data(data, form)


def _print_data(data: object, form: str) -> None:
    text = json.dumps(data, indent=2)
    if form == "json":
        print(text)
    else:
        import yaml

        # Through JSON, for programs get the same in both, whatever types it was made of.
        yaml.safe_dump(json.loads(text), sys.stdout, sort_keys=False, allow_unicode=True)


def _print_table(titles: list[str], cells: list[list[str]]) -> None:
    if not sys.stdout.isatty():
        _print_plain([titles, *cells])
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in cells:
        table.add_row(*row)
    Console(markup=False, highlight=False).print(table)


def _print_plain(lines: list[list[str]]) -> None:
    widths = [max(len(line[index]) for line in lines) for index in range(len(lines[0]))]
    for line in lines:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, list | tuple):
        return ", ".join(_cell(item) for item in value) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{name}={_cell(item)}" for name, item in value.items()) or "-"
    return str(value)
