"""What a package is known by, wherever it lies: a digest of its files and their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from weft.model.package import PackageFile

__all__ = ["digest_of_hashes", "package_digest"]


def package_digest(files: Iterable[PackageFile]) -> str:
    """`sha256:` and the SHA-256 of a list of the files, sorted by name, as `sha256sum` prints them.

    It does not depend on the form that the package has: a folder, a zip, a CSAR, signed or not.
    """
    import hashlib

    return digest_of_hashes({file.name: hashlib.sha256(file.content).hexdigest() for file in files})


def digest_of_hashes(hashes: Mapping[str, str]) -> str:
    """The same, of the SHA-256 of each file by its name."""
    import hashlib

    listed = "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes))
    return f"sha256:{hashlib.sha256(listed.encode('utf-8', 'surrogateescape')).hexdigest()}"
