"""Values of parameters beside the graph: `${NAME}` in entries of components, and files they name."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from weft.errors import UsageError
from weft.model.package import PackageFile
from weft.vnf.addresses import (
    ADDRESS_ALLOWED,
    GATEWAY_ALLOWED,
    host_address,
    is_reached,
    router_address,
)
from weft.vnf.archive import FILE_LIMIT_BYTES
from weft.vnf.references import reference_of, references_in, substituted

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from weft.model.package import Component, Package, Parameter, ProgramInterface

__all__ = [
    "GIVEN",
    "bound",
    "check_values",
    "files_given",
    "given_files",
    "with_files",
    "with_given_files",
    "without_given",
]

GIVEN = "given"
"""The folder of a package in which the files lie that parameters were given."""

_PLAIN = re.compile(r"[^\0]+")


def bound(component: Component, values: Mapping[str, str]) -> Component:
    """The component with values in place of the parameters that its entry names.

    UsageError where a value is nothing that an interface can have.
    """
    return replace(
        component,
        arguments=tuple(substituted(text, values) for text in component.arguments),
        environment=tuple(
            (name, substituted(text, values)) for name, text in component.environment
        ),
        options=tuple(
            (key, tuple(substituted(text, values) for text in texts))
            for key, texts in component.options
        ),
        interfaces=tuple(
            _interface(component, interface, values) for interface in component.interfaces
        ),
    )


def check_values(package: Package, values: Mapping[str, str]) -> None:
    """Complain about values that components cannot have, and files that are not in the package."""
    for component in package.components:
        bound(component, values)
    names = {file.name for file in package.files}
    for parameter in package.parameters:
        value = values.get(parameter.name)
        if parameter.type == "file" and value is not None and value not in names:
            raise UsageError(f"parameter {parameter.name}: no file '{value}' in the package")


def with_given_files(
    package: Package, settings: Mapping[str, str]
) -> tuple[Package, dict[str, str]]:
    """The package with the files that `settings` name for parameters of type `file`, and such settings.

    A name is that of a file of the package, else of one here, which becomes a file of the package.
    """
    names = [file.name for file in package.files]
    given, values = files_given(package.parameters, names, settings)
    return replace(package, files=with_files(package.files, given)), values


def files_given(
    parameters: Sequence[Parameter], names: Collection[str], settings: Mapping[str, str]
) -> tuple[tuple[PackageFile, ...], dict[str, str]]:
    """The files from outside that settings mean, and the settings that name them in the package.

    `names` are those of the package's own files.
    """
    kinds = {parameter.name.lower(): parameter for parameter in parameters}
    files, values = [], dict(settings)
    for name, value in settings.items():
        parameter = kinds.get(name.lower())
        if parameter and parameter.type == "file" and value not in names:
            file = PackageFile(f"{GIVEN}/{parameter.name}", _content(parameter.name, value))
            files.append(file)
            values[name] = file.name
    return tuple(files), values


def with_files(
    files: Sequence[PackageFile], further: Sequence[PackageFile]
) -> tuple[PackageFile, ...]:
    """The files, and further ones, which take the place of those of the same names."""
    return tuple({file.name: file for file in (*files, *further)}.values())


def given_files(
    files: Sequence[PackageFile], before: Sequence[PackageFile]
) -> tuple[PackageFile, ...]:
    """The files of another version of a package, with those that parameters were given `before`."""
    names = {file.name for file in files}
    given = (file for file in before if file.name.startswith(f"{GIVEN}/"))
    return (*files, *(file for file in given if file.name not in names))


def without_given(
    files: Sequence[PackageFile], values: Mapping[str, str]
) -> tuple[PackageFile, ...]:
    """The files of the package itself: without those that parameters were given."""
    given = {value for name, value in values.items() if value == f"{GIVEN}/{name}"}
    return tuple(file for file in files if file.name not in given)


def _content(parameter: str, path: str) -> bytes:
    def refused(why: str) -> UsageError:
        return UsageError(
            f"parameter {parameter}: '{path}': {why}",
            hint="give the name of a file of the package, or the path of a file here",
        )

    if not _PLAIN.fullmatch(path):
        raise refused("no file can be called so")
    try:
        place = Path(path)
        if place.exists() and not place.is_file():
            raise refused("not a plain file")
        if place.exists() and place.stat().st_size > FILE_LIMIT_BYTES:
            raise refused(f"larger than {FILE_LIMIT_BYTES >> 20} MiB")
        return place.read_bytes()
    except OSError as error:
        raise refused(error.strerror or "cannot be read") from None


def _interface(
    component: Component, interface: ProgramInterface, values: Mapping[str, str]
) -> ProgramInterface:
    """An interface with values in place of parameters; what was written out was checked before."""
    texts = (*interface.addresses, *interface.gateways)
    if not any(map(references_in, texts)):
        return interface
    addresses = tuple(substituted(text, values) for text in interface.addresses)
    gateways = tuple(substituted(text, values) for text in interface.gateways)
    if any(map(references_in, (*addresses, *gateways))):
        return interface  # a value is still to be given
    where = f"components: {component.name}: interfaces: {interface.name}: "
    known = []
    for written, text in zip(interface.addresses, addresses, strict=True):
        address = host_address(text)
        if address is None:
            raise _refused(where, written, text, f"allowed: {ADDRESS_ALLOWED}")
        known.append(address)
    for written, text in zip(interface.gateways, gateways, strict=True):
        gateway = router_address(text)
        if gateway is None:
            raise _refused(where, written, text, f"allowed: {GATEWAY_ALLOWED}")
        if not any(is_reached(address, gateway) for address in known):
            raise _refused(where, written, text, f"it lies in no network of '{interface.name}'")
    return replace(
        interface,
        addresses=tuple(address.with_prefixlen for address in known),
        gateways=gateways,
    )


def _refused(where: str, written: str, text: str, why: str) -> UsageError:
    name = reference_of(written)
    return UsageError(f"{f'parameter {name}: ' if name else where}'{text}' is not valid; {why}")
