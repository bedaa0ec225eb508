"""Zip archives that are the same, byte for byte, wherever and whenever they are made."""

from __future__ import annotations

import io
import stat
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weft.model.package import PackageFile

__all__ = ["zip_bytes"]

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def zip_bytes(files: Iterable[PackageFile]) -> bytes:
    """A zip archive of these files, in this order.

    Nothing is compressed: what comes out of a compressor differs from one version to the next.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for file in files:
            member = zipfile.ZipInfo(file.name, _EPOCH)
            member.create_system = _UNIX
            member.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(member, file.content)
    return stream.getvalue()
