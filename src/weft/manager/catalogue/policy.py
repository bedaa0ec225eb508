"""What a store asks of packages: whether they must be signed, and by whom.

Its settings are in `policy.json`, the certificates it trusts in the folder `trusted`, one file each;
both can be written by hand, too.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from weft.errors import UsageError, WeftError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["PolicyFolder"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", re.ASCII)
_SUFFIXES = (".pem", ".crt", ".cert", ".cer", ".der")


class PolicyFolder:
    """The policy of one store, in its folder. Certificates are bytes here: others understand them."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "policy.json"
        self._trusted = folder / "trusted"

    def requires_signature(self) -> bool:
        """Whether unsigned packages, and those of signers not trusted, are refused."""
        try:
            data = json.loads(self._file.read_bytes())
        except FileNotFoundError:
            return False
        except (OSError, ValueError) as error:
            raise self._unusable(error) from None
        wanted = data.get("require-signature") if isinstance(data, dict) else None
        if not isinstance(wanted, bool):
            raise self._unusable("'require-signature' must be true or false")
        return wanted

    def require_signature(self, wanted: bool) -> None:
        """Set whether they are."""
        try:
            self._file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            temporary = self._file.with_name("policy.json.new")
            temporary.write_text(json.dumps({"require-signature": wanted}) + "\n")
            temporary.replace(self._file)
        except OSError as error:
            raise self._unusable(error) from None

    def trusted(self) -> dict[str, bytes]:
        """The files with trusted certificates, by name."""
        try:
            if not self._trusted.is_dir():
                return {}
            return {
                path.name: path.read_bytes()
                for path in sorted(self._trusted.iterdir())
                if path.suffix in _SUFFIXES and path.is_file()
            }
        except OSError as error:
            raise self._unusable(error) from None

    def trust(self, name: str, certificate: bytes) -> None:
        """Trust a certificate, under a name."""
        try:
            self._trusted.mkdir(mode=0o755, parents=True, exist_ok=True)
            temporary = self._trusted / f"{_file_name(name)}.new"
            temporary.write_bytes(certificate)
            temporary.replace(self._trusted / _file_name(name))
        except OSError as error:
            raise self._unusable(error) from None

    def distrust(self, name: str) -> None:
        """Trust it no more; UsageError where there is none of that name."""
        there = self.trusted()
        if name not in there:
            known = ", ".join(there) or "none"
            raise UsageError(f"no trusted certificate is called '{name}'; there are: {known}")
        try:
            (self._trusted / name).unlink()
        except OSError as error:
            raise self._unusable(error) from None

    def _unusable(self, why: object) -> WeftError:
        reason = why.strerror if isinstance(why, OSError) and why.strerror else why
        return WeftError(
            f"the policy of the store, '{self._file}', cannot be used: {reason}",
            hint="run as its user, or choose another store: set WEFT_DATA_DIR",
        )


def _file_name(name: str) -> str:
    """The name of a file for a certificate."""
    if not _NAME.fullmatch(name):
        allowed = "letters, digits and _ . -, 63 at most, the first a letter or digit"
        raise UsageError(f"a certificate cannot be called '{name}'; allowed: {allowed}")
    return name if name.endswith(_SUFFIXES) else f"{name}.pem"
