"""The sandboxes a function may run in: one file each, one line each here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.server.sandboxes.process import ProcessSandbox

if TYPE_CHECKING:
    from weft.server.sandboxes.base import Sandbox

__all__ = ["SANDBOXES", "choose_sandbox"]

SANDBOXES: dict[str, type[Sandbox]] = {"process": ProcessSandbox}


def choose_sandbox(wanted: str) -> str:
    """The kind of sandbox for what a package asks; `auto` takes the best there is."""
    return "process" if wanted == "auto" else wanted
