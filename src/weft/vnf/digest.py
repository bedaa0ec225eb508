"""What a package is known by, wherever it lies: a digest of its files and their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weft.model.package import PackageFile

__all__ = ["package_digest"]


def package_digest(files: Iterable[PackageFile]) -> str:
    """`sha256:` and the SHA-256 of a list of the files, sorted by name, as `sha256sum` prints them.

    It does not depend on the form that the package has: a folder, a zip, a CSAR, signed or not.
    """
    import hashlib

    lines = [
        f"{hashlib.sha256(file.content).hexdigest()}  {file.name}\n"
        for file in sorted(files, key=lambda file: file.name)
    ]
    listed = "".join(lines).encode("utf-8", "surrogateescape")
    return f"sha256:{hashlib.sha256(listed).hexdigest()}"
