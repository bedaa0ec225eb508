"""Work with files of this machine, which needs no server: packages made, checked, prepared to run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from weft.model.function import FunctionRequest
    from weft.model.package import PackageFile
    from weft.model.problem import Problem
    from weft.model.revision import FunctionText

__all__ = ["FileWork"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", re.ASCII)


class FileWork:
    """The part of a client that is the same wherever functions run."""

    _say: Callable[[str], None]

    def package_init(self, name: str) -> Path:
        """Make a package in the current folder."""
        from weft.vnf.template import make_package

        return make_package(name)

    def package_check(self, path: str) -> dict[str, Any]:
        """Check a package, its components' building included, and describe it."""
        from weft.vnf.components import check_components
        from weft.vnf.package import load_package

        warnings: list[Problem] = []
        package = load_package(Path(path), warnings)
        check_components(package, self._say)
        return {
            "vnf": package.name,
            "version": package.version,
            "interfaces": list(package.interfaces),
            "components": {item.name: item.file or item.framework for item in package.components},
            "parameters": {item.name: item.default for item in package.parameters},
            "files": len(package.files),
            "warnings": [str(warning) for warning in warnings],
        }

    def package_graph(self, path: str) -> str:
        """Check a package and compile its path."""
        from weft.vnf.forwarder import graph_of
        from weft.vnf.package import load_package

        return graph_of(load_package(Path(path)))

    def prepare(
        self,
        path: str,
        name: str | None,
        interfaces: Sequence[str],
        settings: Mapping[str, str],
        drivers: Sequence[str] = (),
        *,
        active: bool = True,
    ) -> FunctionRequest:
        """A folder or zip is a package; any other file is a Click configuration."""
        from uuid import uuid4

        from weft.model.function import FunctionRequest
        from weft.vnf.interfaces import match_bindings, match_drivers, parse_binding
        from weft.vnf.package import load_click_file, load_package, parameter_values
        from weft.vnf.parameters import check_values, with_given_files

        bindings = [parse_binding(text) for text in interfaces]
        place = Path(path)
        if place.is_file() and place.suffix != ".zip":
            package = load_click_file(place, settings)
        else:
            package = load_package(place)
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
