"""Functions of components in sandboxes, for figures of whole functions."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from bench.component import PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.setting import Setting

__all__ = ["package"]


def package(setting: Setting, name: str, files: Sequence[str]) -> Path:
    """A package whose components stand one behind the other from `in` to `out`; back it is straight."""
    place = setting.folder / name
    place.mkdir()
    frameworks = {".c": "c", ".py": "python"}
    components = {f"part{number}": PARTS / file for number, file in enumerate(files)}
    entries = "".join(
        f"  {key}: {{framework: {frameworks[source.suffix]}, file: {source.name}}}\n"
        for key, source in components.items()
    )
    for source in components.values():
        shutil.copy(source, place)
    path = " -> ".join(["in", *components, "out"])
    (place / "vnf.yaml").write_text(
        f"weft: 1\nvnf: {name}\nversion: 1.0.0\ninterfaces: [in, out]\ncomponents:\n{entries}"
        f"path: {path}; out -> in\n"
    )
    return place
