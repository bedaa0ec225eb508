"""Bodies that may be too large for memory: kept in a file without a name, where packages are kept.

It goes with the request.
"""

from __future__ import annotations

import hashlib
import tempfile
from typing import TYPE_CHECKING, BinaryIO

from weft.errors import WeftError
from weft.manager.data import default_data

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.requests import Request

__all__ = ["ZIP", "is_archive", "pieces_of", "spooled", "spooled_hash"]

ZIP = "application/zip"

_IN_MEMORY_BYTES = 2**20
_PIECE_BYTES = 2**20


def is_archive(media_type: str) -> bool:
    """Whether a body of this media type is spooled."""
    return media_type.partition(";")[0].strip().lower() == ZIP


async def spooled(request: Request) -> BinaryIO:
    """The body as a file, read from its beginning; the same one each time."""
    if not hasattr(request.state, "spool"):
        folder, digest = default_data(), hashlib.sha256()
        file = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES, dir=str(folder))  # noqa: SIM115
        async for piece in request.stream():
            digest.update(piece)
            try:
                if file.tell() + len(piece) > _IN_MEMORY_BYTES:
                    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
                file.write(piece)
            except OSError as error:
                why = f"the server cannot keep the body in '{folder}': {error.strerror}"
                raise WeftError(why, hint="make room there, or set WEFT_DATA_DIR") from None
        request.state.spool, request.state.spool_hash = file, digest.hexdigest()
    found: BinaryIO = request.state.spool
    found.seek(0)
    return found


async def spooled_hash(request: Request) -> bytes:
    """The SHA-256 of the body."""
    await spooled(request)
    return str(request.state.spool_hash).encode()


async def pieces_of(file: BinaryIO, first: int, last: int) -> AsyncGenerator[bytes, None]:
    """The bytes of a file from `first` to `last`, both included; then it is closed."""
    with file:
        file.seek(first)
        left = last + 1 - first
        while left > 0 and (piece := file.read(min(left, _PIECE_BYTES))):
            left -= len(piece)
            yield piece
