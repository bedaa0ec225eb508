"""Writing the files of a package where an engine finds them: in its working folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from weft.model.package import PackageFile

__all__ = ["unpack"]


def unpack(files: Iterable[PackageFile], folder: Path) -> None:
    """Write the files below `folder`, which is made where it is not there."""
    folder.mkdir(exist_ok=True)
    for file in files:
        target = folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
