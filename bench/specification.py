"""The table of figures in SPECIFICATION.md, kept by the benches themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.report import cells

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.figure import Figure

__all__ = ["SPECIFICATION", "rewritten"]

SPECIFICATION = Path(__file__).resolve().parents[1] / "SPECIFICATION.md"
_BEGIN, _END = "<!-- figures: written by `python -m bench --specification` -->", "<!-- end -->"
_HEAD = ("figure", "bench", "goal", "later", "median", "min..max", "verdict")


def rewritten(
    text: str, measured: Mapping[str, Sequence[Figure]], machine: Mapping[str, str]
) -> str:
    """The document with the rows of these benches replaced, and what they were measured on; rows of
    others stay.

    Raises ValueError when the document has no place for figures.
    """
    before, begin, rest = text.partition(_BEGIN)
    old, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"SPECIFICATION.md has no lines '{_BEGIN}' and '{_END}'")
    rows = {bench: _new_rows(bench, figures) for bench, figures in measured.items()}
    kept = [line for line in old.splitlines() if line.startswith("| ")][1:]
    lines: list[str] = []
    for line in kept:
        bench = line.split("|")[2].strip().strip("`")
        if bench not in rows:
            lines.append(line)
        else:
            lines += rows[bench]
            rows[bench] = []
    for new in rows.values():
        lines += new
    head = [_line(_HEAD), "|" + "---|" * len(_HEAD)]
    place = "Last run: " + ", ".join(f"{key} {value}" for key, value in machine.items()) + "."
    return "\n".join([before + _BEGIN, *head, *lines, "", place, _END]) + after


def _new_rows(bench: str, figures: Sequence[Figure]) -> list[str]:
    return [_line((name, f"`{bench}`", *rest)) for name, *rest in map(cells, figures)]


def _line(parts: Sequence[str]) -> str:
    return f"| {' | '.join(part.replace('|', '/') for part in parts)} |"
