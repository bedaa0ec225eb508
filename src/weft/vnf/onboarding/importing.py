"""Any package made elsewhere, recognized by what it holds."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from weft.errors import PackageError, UsageError
from weft.model.package import PackageFile
from weft.model.problem import Problem
from weft.vnf.archive import FILE_LIMIT_BYTES, read_members, strip_top_folder
from weft.vnf.csar.reading import is_csar
from weft.vnf.onboarding.click_on_osv import header_of, onboard_click_on_osv
from weft.vnf.onboarding.coven import INSTALL, onboard_coven
from weft.vnf.onboarding.sol001 import onboard_sol001
from weft.vnf.source import LARGEST_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft.vnf.onboarding import Onboarded

__all__ = ["FORMATS", "make_folder", "onboard", "onboard_bytes"]

FORMATS = (
    "a CSAR with a descriptor after SOL001, a .coven archive, or a Click file with the header of "
    "Click-on-OSv"
)


def _is_descriptor(file: PackageFile) -> bool:
    """Whether a file at the root is a TOSCA template."""
    is_yaml = file.name.endswith((".yaml", ".yml")) and "/" not in file.name
    return is_yaml and b"tosca_definitions_version" in file.content


def make_folder(folder: Path, files: Sequence[PackageFile]) -> Path:
    """Write a package's files into a new folder: all of them, or none."""
    temporary = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(temporary, ignore_errors=True)
    if folder.exists():
        raise UsageError(f"'{folder}' is there already; nothing was changed")
    try:
        for file in files:
            target = temporary / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.content)
        temporary.rename(folder)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise UsageError(f"cannot make '{folder}': {error.strerror}") from None
    return folder


def onboard(path: Path, configuration: bytes | None = None) -> Onboarded:
    """The package of ours that the one at `path` becomes; PackageError tells what is wrong with it."""
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST_BYTES else b""
    except OSError as error:
        raise UsageError(f"cannot read '{path}': {error.strerror}") from None
    if size > LARGEST_BYTES:
        too_large = Problem(path.name, 0, f"larger than {LARGEST_BYTES >> 20} MiB")
        raise PackageError(str(path), [too_large])
    return onboard_bytes(content, str(path), configuration)


def onboard_bytes(content: bytes, called: str, configuration: bytes | None = None) -> Onboarded:
    """As `onboard`, of the bytes of a file; a COVEN `configuration` takes the place of its own."""
    name = Path(called).name
    if content.startswith(b"PK"):
        files = strip_top_folder(read_members(content, called))
        if configuration is not None or any(file.name == INSTALL for file in files):
            return onboard_coven(files, called, configuration)
        if is_csar(files) or any(_is_descriptor(file) for file in files):
            return onboard_sol001(files, called)
    elif len(content) <= FILE_LIMIT_BYTES and header_of(content.decode("utf-8", errors="replace")):
        return onboard_click_on_osv(PackageFile(name, content), called)
    raise PackageError(called, [Problem(name, 0, f"not understood; allowed: {FORMATS}")])
