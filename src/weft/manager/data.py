"""Where the management system keeps what outlives functions."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["default_data"]


def default_data() -> Path:
    """`$WEFT_DATA_DIR`; else `/var/lib/weft` for root, and the user's data folder for others."""
    chosen = os.environ.get("WEFT_DATA_DIR")
    if chosen:
        return Path(chosen).absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/weft")
    home = os.environ.get("XDG_DATA_HOME") or Path("~/.local/share").expanduser()
    return Path(home) / "weft"
