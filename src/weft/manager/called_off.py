"""Files whose reading ends when what they are read for is called off: a thread cannot be stopped else."""

from __future__ import annotations

import io
import os
from typing import BinaryIO

from weft.errors import WeftError

__all__ = ["CalledOff"]

_BLOCK_BYTES = 2**20


class CalledOff(io.RawIOBase):
    """A file that is read through this until `now`; it is not closed with this."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._is_now = False

    @property
    def stream(self) -> BinaryIO:
        """The file to read."""
        return io.BufferedReader(self, _BLOCK_BYTES)

    def now(self) -> None:
        """Refuse everything from here on."""
        self._is_now = True

    def readable(self) -> bool:
        """As files say it."""
        return True

    def seekable(self) -> bool:
        """As files say it."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As files do."""
        return self._file.seek(offset, whence)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As files do; WeftError once it is called off."""
        if self._is_now:
            raise WeftError("called off")
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
