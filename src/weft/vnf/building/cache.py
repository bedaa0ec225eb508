"""What was built or fetched once: folders named after the digest of all that went into them."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from weft.errors import WeftError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Cache", "default_cache", "digest_of", "open_up"]

_UNFINISHED_S = 24 * 3600.0


def default_cache() -> Path:
    """`$WEFT_CACHE_DIR`; else `/var/cache/weft` for root, and the user's cache folder for others."""
    chosen = os.environ.get("WEFT_CACHE_DIR")
    if chosen:
        return Path(chosen).absolute()
    if os.geteuid() == 0:
        return Path("/var/cache/weft")
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(home) / "weft"


def digest_of(parts: Iterable[str | bytes]) -> str:
    """A name for what is made of these parts: the same parts, the same name."""
    import hashlib  # not paid for by commands that build nothing

    total = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogateescape")
        total.update(len(data).to_bytes(8, "little"))
        total.update(data)
    return total.hexdigest()[:40]


class Cache:
    """Folders that are there whole or not at all. Running functions use them in place."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def entry(self, kind: str, digest: str, build: Callable[[Path], None]) -> Path:
        """The folder of this digest; where there is none yet, `build` fills a new one."""
        place = self.root / kind / digest
        if place.is_dir():
            return place
        import tempfile

        try:
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
            self._remove_unfinished(place.parent)
            fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=place.parent))
        except OSError as error:
            raise WeftError(
                f"the cache folder '{self.root}' cannot be used: {error.strerror}",
                hint="choose another: set WEFT_CACHE_DIR",
            ) from None
        try:
            build(fresh)
            open_up(fresh)
            try:
                fresh.rename(place)
            except OSError:
                if not place.is_dir():  # else someone was faster: theirs is as good
                    raise
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        return place

    def _remove_unfinished(self, folder: Path) -> None:
        """What a process that was killed has left."""
        for path in folder.glob(".new-*"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _UNFINISHED_S:
                    shutil.rmtree(path, ignore_errors=True)


def open_up(folder: Path) -> None:
    """Let every user read what was built, whatever the umask; nobody but us may change it."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
