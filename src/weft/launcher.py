"""Finding the engine binary and the like, and becoming it. Standard library only: on the fast path."""

from __future__ import annotations

import functools
import os
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from weft.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "become_engine",
    "click_buildtool",
    "click_flatten",
    "click_pretty",
    "engine_binary",
    "functions_folder",
    "sdk_folder",
]

BINARY = "weft-engine"


def engine_binary() -> str:
    """The path of `weft-engine`: $WEFT_ENGINE, next to this Python, or on the PATH."""
    chosen = os.environ.get("WEFT_ENGINE")
    if chosen:
        return chosen
    for folder in _own_folders():
        candidate = folder / BINARY
        if os.access(candidate, os.X_OK):
            return str(candidate)
    found = shutil.which(BINARY)
    if found is None:
        raise EngineError(
            f"the engine binary '{BINARY}' is not installed next to {sys.executable}",
            hint="install the wheel, or run `make build` in a clone",
        )
    return found


@functools.cache
def _own_folders() -> tuple[Path, Path]:
    """Where this Python has its programs."""
    return Path(sys.executable).parent, Path(sysconfig.get_path("scripts"))


def sdk_folder() -> Path:
    """Where the SDKs of components lie: $WEFT_SDK, beside this package, or built in the clone."""
    chosen = os.environ.get("WEFT_SDK")
    if chosen:
        return Path(chosen).absolute()
    here = Path(__file__).resolve()
    packaged = here.with_name("_sdk")
    return packaged if packaged.is_dir() else here.parents[2] / "target" / "sdk"


def functions_folder() -> Path:
    """Where the ready functions lie: $WEFT_FUNCTIONS, beside this package, or in the clone."""
    chosen = os.environ.get("WEFT_FUNCTIONS")
    if chosen:
        return Path(chosen).absolute()
    here = Path(__file__).resolve()
    packaged = here.with_name("_functions")
    return packaged if packaged.is_dir() else here.parents[2] / "functions"


def become_engine(arguments: Sequence[str]) -> NoReturn:
    """Replace this process by the engine with these arguments."""
    binary = engine_binary()
    try:
        os.execv(binary, [binary, *arguments])
    except OSError as error:
        raise EngineError(
            f"cannot run the engine '{binary}': {error.strerror}",
            hint="correct or unset WEFT_ENGINE, or run `make build` in a clone",
        ) from None


def _become_tool(tool: str) -> NoReturn:
    try:
        become_engine([tool, *sys.argv[1:]])
    except (EngineError, OSError) as error:
        print(f"weft-{tool}: {error}", file=sys.stderr)
        sys.exit(1)


def click_flatten() -> NoReturn:
    """Console script `weft-click-flatten`."""
    _become_tool("click-flatten")


def click_pretty() -> NoReturn:
    """Console script `weft-click-pretty`."""
    _become_tool("click-pretty")


def click_buildtool() -> NoReturn:
    """Console script `weft-click-buildtool`."""
    _become_tool("click-buildtool")
