"""Work with files of this machine, which needs no server: what is to run is put together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from weft.client.packages import PackageWork
from weft.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weft.model.function import FunctionRequest
    from weft.model.package import PackageFile
    from weft.model.revision import FunctionText

__all__ = ["FileWork"]

_ARCHIVES = (".zip", ".csar")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", re.ASCII)


class FileWork(PackageWork):
    """The part of a client that is the same wherever functions run."""

    def prepare(
        self,
        path: str,
        name: str | None,
        interfaces: Sequence[str],
        settings: Mapping[str, str],
        drivers: Sequence[str] = (),
        *,
        active: bool = True,
        from_outside: bool = True,
    ) -> FunctionRequest:
        """A folder, an archive and a name mean a package; any other file is a Click configuration.

        Parameters of type `file` may name files of this machine, unless that is not allowed
        (`from_outside`): whoever asks may be on another one.
        """
        from uuid import uuid4

        from weft.model.function import FunctionRequest
        from weft.vnf.interfaces import match_bindings, match_drivers, parse_binding
        from weft.vnf.package import load_click_file, parameter_values
        from weft.vnf.parameters import check_values, with_given_files

        bindings = [parse_binding(text) for text in interfaces]
        place = Path(path)
        if place.is_file() and not _is_archive(place):
            package = load_click_file(place, settings)
        else:
            package, _ = self._load(path)
        if from_outside:
            package, settings = with_given_files(package, settings)
        values = parameter_values(package, settings, partial=not active)
        check_values(package, values)
        matched = match_bindings(package.interfaces, bindings)
        chosen = name if name is not None else package.name
        if not _NAME.fullmatch(chosen):
            raise UsageError(
                f"'{chosen}' cannot name a function; allowed: letters, digits and _ . -, 63 at most, "
                "the first a letter or digit",
                hint="give another with --name",
            )
        return FunctionRequest(
            uuid4(),
            chosen,
            package,
            matched,
            tuple(values.items()),
            drivers=match_drivers(package, matched, drivers),
            active=active,
        )

    def steps(self, request: FunctionRequest) -> tuple[str, ...]:
        """The steps of starting a function, in order."""
        from weft.server.deployment import steps_of

        return steps_of(request)

    def files_given(
        self, text: FunctionText, settings: Mapping[str, str]
    ) -> tuple[tuple[PackageFile, ...], dict[str, str]]:
        """The files here that settings of a function's parameters name, and the settings with them."""
        from weft.vnf.parameters import files_given

        return files_given(text.parameters, text.files, settings)

    def run_on_files(self, request: FunctionRequest) -> int:
        """Run the graph in a process of ours, until its input ends."""
        from weft.vnf.offline import run_on_files

        return run_on_files(request)


def _is_archive(path: Path) -> bool:
    """By its name, or by how it begins."""
    if path.suffix in _ARCHIVES:
        return True
    try:
        with path.open("rb") as stream:
            return stream.read(4) == b"PK\x03\x04"
    except OSError:
        return False
