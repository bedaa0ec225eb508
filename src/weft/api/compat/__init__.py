"""Listeners for tools that were written for other systems. Each is off until it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.api.compat.click_on_osv import ClickOnOsvListener
from weft.api.compat.coven import CovenListener

if TYPE_CHECKING:
    from weft.api.compat.listener import Listener

__all__ = ["LISTENERS"]

LISTENERS: dict[str, type[Listener]] = {
    "coven": CovenListener,
    "click-on-osv": ClickOnOsvListener,
}
"""By the name that `weft serve --compat` takes; a further one is one file and one line here."""
