"""Packages: read, checked whole, and only then handed on."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from weft.errors import PackageError, UsageError
from weft.model.package import Component, Package, PackageFile, Parameter
from weft.model.problem import Problem
from weft.vnf import quantities
from weft.vnf.digest import package_digest
from weft.vnf.forwarder import graph_of, isolated_graphs
from weft.vnf.frameworks import processes_of
from weft.vnf.frameworks.click import compound_of, line_directive
from weft.vnf.graph import GraphReport, check_graph, devices_of, drivers_of, missing_devices
from weft.vnf.manifest import MANIFEST, read_in_part
from weft.vnf.path import parse_path
from weft.vnf.reader import suggestion
from weft.vnf.source import read_files
from weft.vnf.stand_in import with_stand_in_addresses
from weft.vnf.unpacking import unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = [
    "check_graph_with",
    "examined",
    "load_click_file",
    "load_package",
    "missing_values",
    "package_of",
    "parameter_values",
    "written_package",
]

_OF_TEXT = ("syntax error", "undeclared element", "unknown element class")
"""How problems begin that a Click text has by itself, whatever is joined to it."""
_PORT_PROBLEM = re.compile(
    r"'(?P<name>\w+)' (?:has no (?P<missing>(?:in|out)put \d+)|(?P<unused>(?:in|out)put \d+) unused)"
)


def load_package(path: Path, warnings: list[Problem] | None = None) -> Package:
    """The package at `path`, a folder or zip; PackageError lists every problem there is.

    What the engine finds doubtful but not wrong is added to `warnings`.
    """
    return package_of(read_files(path), str(path), warnings)


def package_of(
    files: Sequence[PackageFile], called: str, warnings: list[Problem] | None = None
) -> Package:
    """The package that consists of these files, checked as `load_package` does."""
    package, problems = examined(files, warnings)
    if package is None or problems:
        raise PackageError(called, problems)
    return package


def examined(
    files: Sequence[PackageFile], warnings: list[Problem] | None = None
) -> tuple[Package | None, list[Problem]]:
    """The package that these files describe and what is wrong with it; none where that is its manifest."""
    package, problems = read_in_part(files)
    if package is None or problems:
        in_texts = () if package is None else _text_problems(package)
        return None, sorted({*problems, *in_texts})
    problems = _graph_problems(package, warnings if warnings is not None else [])
    if problems:
        return package, problems
    named = dict(drivers_of(graph_of(package))) | dict(package.drivers)
    drivers = ((name, driver) for name, driver in named.items() if name in package.interfaces)
    return replace(package, drivers=tuple(drivers), digest=package_digest(files)), []


def load_click_file(path: Path, values: Mapping[str, str]) -> Package:
    """A Click file on its own, as a package whose interfaces are the devices it names."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read '{path}': {error.strerror}") from None
    return _click_package(PackageFile(path.name, content), str(path), values)


def _click_package(file: PackageFile, called: str, values: Mapping[str, str]) -> Package:
    package = Package(
        name=PurePath(file.name).stem,
        version="0",
        interfaces=(),
        components=(Component("graph", "click", file.name),),
        files=(file,),
        digest=package_digest([file]),
        parameters=tuple(Parameter(name, "text", value) for name, value in values.items()),
    )
    report = _check_with_its_devices(graph_of(package), values)
    if report.problems:
        raise PackageError(called, report.problems)
    flat = report.flat
    return replace(package, interfaces=devices_of(flat), drivers=drivers_of(flat))


def written_package(
    files: Sequence[PackageFile], called: str, click_file: str, values: Mapping[str, str]
) -> Package:
    """What a function runs that was made of these files: a package, or the one Click file."""
    if not click_file:
        return package_of(files, called)
    [file] = files
    return _click_package(file, called, values)


def _check_with_its_devices(graph: str, values: Mapping[str, str]) -> GraphReport:
    """Only the engine knows what a device is called in the end; it is asked until none is missing."""
    devices = ["(none)"]  # without any, the engine would open the server's own
    while True:
        report = check_graph(graph, values, devices)
        missing = missing_devices(report.problems)
        if not set(missing) - set(devices):
            return report
        devices += missing


def missing_values(package: Package, values: Mapping[str, str]) -> list[str]:
    """The parameters that have neither a value nor a default."""
    known = {name.lower() for name in values}
    return [
        parameter.name
        for parameter in package.parameters
        if parameter.default is None and parameter.name.lower() not in known
    ]


def parameter_values(
    package: Package, given: Mapping[str, str], *, partial: bool = False
) -> dict[str, str]:
    """The value of every parameter: as given, else its default. Names match in any case.

    UsageError tells of those without either, unless values may come later (`partial`).
    """
    known = {parameter.name.lower(): parameter for parameter in package.parameters}
    values = {p.name: p.default for p in package.parameters if p.default is not None}
    for name, value in given.items():
        parameter = known.get(name.lower())
        if parameter is None:
            names = [p.name for p in package.parameters]
            raise UsageError(f"'{package.name}' has no parameter '{name}'{suggestion(name, names)}")
        accepts, allowed = quantities.PARAMETER_TYPES[parameter.type]
        if not accepts(value):
            raise UsageError(
                f"parameter {parameter.name}: '{value}' is not of type {parameter.type}; "
                f"allowed: {allowed}"
            )
        values[parameter.name] = value
    missing = [p.name for p in package.parameters if p.name not in values]
    if missing and not partial:
        raise UsageError(
            f"'{package.name}' needs a value for: {', '.join(missing)}",
            hint=f"add --set {missing[0]}=VALUE",
        )
    return values


def check_graph_with(package: Package, called: str, values: Mapping[str, str]) -> None:
    """PackageError tells what the engine finds wrong with a package that is given these values."""
    problems = _problems_with(package, values, [])
    if problems:
        raise PackageError(called, problems)


def _graph_problems(package: Package, warnings: list[Problem]) -> list[Problem]:
    """What the engine finds wrong; a graph that waits for a value cannot be judged yet."""
    if any(parameter.default is None for parameter in package.parameters):
        return []
    values = {p.name: p.default for p in package.parameters if p.default is not None}
    return _problems_with(package, values, warnings)


def _text_problems(package: Package) -> Iterator[Problem]:
    """What is wrong with the Click text of components, where no graph can be made of them all."""
    names = {file.name for file in package.files}
    for component in package.components:
        if component.framework == "click" and (
            component.text is not None or component.file in names
        ):
            text = line_directive(component.line, MANIFEST) + compound_of(component, package)
            report = check_graph(text, {}, ["(none)"])
            yield from (one for one in report.problems if one.message.startswith(_OF_TEXT))


def _problems_with(
    package: Package, values: Mapping[str, str], warnings: list[Problem]
) -> list[Problem]:
    graph = with_stand_in_addresses(graph_of(package), package)
    with tempfile.TemporaryDirectory(prefix="weft-") as scratch:
        folder = Path(scratch) / "data"
        unpack(package.files, folder)
        report = check_graph(graph, {**values, **_start_values(package)}, package.devices, folder)
    isolated = [check_graph(alone, values, ()) for alone in isolated_graphs(package)]
    problems = {problem for one in (report, *isolated) for problem in one.problems}
    if problems:
        return sorted(set(_told_by_path(package, problems)))
    warnings.extend(warning for one in (report, *isolated) for warning in one.warnings)
    return _device_problems(package, report.flat)


def _start_values(package: Package) -> dict[str, str]:
    """Values for the variables that are given at the start: any will do to check the graph."""
    return {
        name: value
        for component in processes_of(package)
        for name, value in ((component.key_name, component.name), (component.uid_name, "1"))
    }


def _told_by_path(package: Package, problems: Iterable[Problem]) -> Iterator[Problem]:
    """Problems with the ports of a component, as they look from the path."""
    names = parse_path(package.path).names if package.path else {}
    for problem in problems:
        match = _PORT_PROBLEM.fullmatch(problem.message)
        if match is None or match["name"] not in names:
            yield problem
            continue
        message = f"path: '{match['name']}' has no {match['missing']}"
        if match["unused"]:
            message = f"path: {match['unused']} of '{match['name']}' is not connected"
        yield Problem(MANIFEST, package.path_line + names[match["name"]] - 1, message)


def _device_problems(package: Package, flat: str) -> list[Problem]:
    """Interfaces that the graph leaves out; devices that are none the engine has told already."""
    used = devices_of(flat)
    file = package.components[0].file if len(package.components) == 1 else ""
    return [
        Problem(
            file or MANIFEST,
            0,
            f"interface '{name}' is not used; use FromDevice({name}) or ToDevice({name})",
        )
        for name in package.interfaces
        if name not in used
    ]
