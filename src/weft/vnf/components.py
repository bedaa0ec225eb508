"""The components of a package that are processes: their files laid out, built, and ready to start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from weft.errors import PackageError
from weft.launcher import sdk_folder
from weft.vnf.building.cache import default_cache, open_up
from weft.vnf.building.tools import Tools
from weft.vnf.frameworks import FRAMEWORKS, processes_of
from weft.vnf.package import examined
from weft.vnf.parameters import bound
from weft.vnf.path import parse_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from weft.model.package import Launch, Package, PackageFile
    from weft.model.problem import Problem

__all__ = ["checked_package", "frameworks_along", "prepare_components"]

_PROGRAM = (b"\x7fELF", b"#!")


def checked_package(
    files: Sequence[PackageFile],
    called: str,
    say: Callable[[str], None],
    warnings: list[Problem] | None = None,
) -> Package:
    """The package of these files, once its components were built; PackageError lists every problem."""
    package, problems = examined(files, warnings)
    if package is not None:
        try:
            _build(package, say)
        except PackageError as error:
            problems = sorted({*problems, *error.problems})
    if package is None or problems:
        raise PackageError(called, problems)
    return package


def _build(package: Package, say: Callable[[str], None]) -> None:
    """Build all components as for a start, and throw away what is not kept in the cache."""
    if processes_of(package):
        import tempfile

        tools = Tools(sdk_folder(), default_cache(), say)
        values = {p.name: p.default for p in package.parameters if p.default is not None}
        with tempfile.TemporaryDirectory(prefix="weft-check-") as folder:
            prepare_components(package, Path(folder), tools, values)


def frameworks_along(package: Package) -> dict[str, str]:
    """What each component is written in, in the order in which packets meet them."""
    written = {component.name: component.framework for component in package.components}
    met = parse_path(package.path).met_from(package.interfaces) if package.path else []
    return {name: written[name] for name in dict.fromkeys([*met, *written]) if name in written}


def prepare_components(
    package: Package,
    folder: Path,
    tools: Tools,
    values: Mapping[str, str],
    keys: Mapping[str, str] | None = None,
) -> dict[str, Launch]:
    """How each process is started; PackageError lists what cannot be built, of all of them.

    A component gets `folder`/KEY/package with the package's files, `folder`/KEY/build, and the
    `values` of the parameters that its entry names. `keys` says which components are meant, and the
    key of each; else all are, under their names.
    """
    launches: dict[str, Launch] = {}
    problems: list[Problem] = []
    _make(folder)
    for component in processes_of(package):
        if keys is not None and component.name not in keys:
            continue
        place = folder / (keys[component.name] if keys else component.name)
        framework = FRAMEWORKS[component.framework]
        try:
            _lay_out(package, place / "package")
            _make(place / "build")
            launches[component.name] = framework.prepare(
                bound(component, values), place / "package", place / "build", tools
            )
            open_up(place)
        except PackageError as error:
            problems += error.problems
    if problems:
        raise PackageError(package.name, sorted(set(problems)))
    return launches


def _lay_out(package: Package, folder: Path) -> None:
    """Write the package's files where every user can read them, and start what are programs."""
    _make(folder)
    for file in package.files:
        target = folder / file.name
        for parent in reversed(target.relative_to(folder).parents[:-1]):
            _make(folder / parent)
        target.write_bytes(file.content)
        target.chmod(0o755 if file.content.startswith(_PROGRAM) else 0o644)


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
