"""Archives after SOL004 with a descriptor after SOL001, of whatever maker and size.

What Weft can run of one becomes a package; every other part is kept as it is, and told with the reason.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from weft.errors import PackageError
from weft.model.package import MANIFEST, PackageFile
from weft.model.problem import Problem
from weft.vnf.archive import TOTAL_LIMIT_BYTES
from weft.vnf.csar.layout import META, read_meta
from weft.vnf.document import LARGEST_DOCUMENT_BYTES
from weft.vnf.onboarding import Onboarded, Origin
from weft.vnf.onboarding.descriptor import is_descriptor, read_descriptor
from weft.vnf.onboarding.integrity import check_integrity
from weft.vnf.onboarding.parts import MOST_PARTS, parts_of, printable
from weft.vnf.onboarding.running import framework_of, manifest_of, member_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weft.vnf.onboarding.descriptor import Descriptor, Vdu
    from weft.vnf.onboarding.integrity import Integrity
    from weft.vnf.onboarding.members import Members

__all__ = ["entry_of", "onboard_sol001"]

_YAML = (".yaml", ".yml")
_TOPOLOGY = b"topology_template"
_MOST_TEMPLATES = 50
_PLACES = ("", "Definitions/")
_NAME = re.compile(r"[a-z0-9]+")
_VERSION = re.compile(r"[^0-9A-Za-z.+-]+")
_RELEASED = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d))?", re.ASCII)


def onboard_sol001(members: Members, called: str) -> Onboarded:
    """What becomes of an archive; PackageError where it is not sound."""
    entry = entry_of(members, called)
    integrity = check_integrity(members, called)
    descriptor = read_descriptor(members, entry, called)
    origin = _origin(members, descriptor, integrity, called)
    files, running, notes = _package(members, descriptor, origin, called)
    parts = parts_of(members, descriptor, integrity, running)
    told = [Problem(part.name, 0, part.told) for part in parts if not part.runs]
    own = [
        Problem(printable(note.file), note.line, printable(note.message))
        for note in integrity.notes[:MOST_PARTS]
    ]
    notes = [*own, *told, *notes]
    return Onboarded(tuple(files), tuple(notes), replace(origin, parts=parts))


def entry_of(members: Members, called: str) -> str:
    """The file that describes the VNF: named in TOSCA.meta, else the one template at the root.

    PackageError tells where there is none, or more than one.
    """
    if META in members:
        name = read_meta(members.read(META)).get("Entry-Definitions", "")
        if name in members:
            return name
        raise PackageError(called, [Problem(META, 0, f"Entry-Definitions: no file '{name}'")])
    roots: list[str] = []
    for place in _PLACES:
        roots = _templates(members, place)
        if len(roots) == 1:
            return roots[0]
        if roots:
            break
    told = f"missing; without it one YAML file at the root describes the VNF, not {len(roots)}"
    raise PackageError(called, [Problem(META, 0, told)])


def _templates(members: Members, place: str) -> list[str]:
    """The templates in a folder that none of the others imports; those with a topology, if any has one."""
    found: dict[str, bytes] = {}
    for name in members:
        is_there = name.startswith(place) and "/" not in name.removeprefix(place)
        if is_there and name.endswith(_YAML) and members.size(name) <= LARGEST_DOCUMENT_BYTES:
            text = members.read(name)
            if is_descriptor(text):
                found[name] = text
        if len(found) > _MOST_TEMPLATES:
            return list(found)
    with_topology = {name: text for name, text in found.items() if _TOPOLOGY in text} or found
    return [
        name
        for name in with_topology
        if not any(
            posixpath.basename(name).encode() in text
            for other, text in with_topology.items()
            if other != name
        )
    ]


def _package(
    members: Members, descriptor: Descriptor, origin: Origin, called: str
) -> tuple[Sequence[PackageFile], Sequence[Vdu], list[Problem]]:
    """The files of what can be run, the deployment units that are in it, and why there are no more."""
    inner = next((name for name in members if posixpath.basename(name) == MANIFEST), None)
    if inner is not None:
        notes = [
            Problem(vdu.name, 0, f"not looked at: '{inner}' says what runs")
            for vdu in descriptor.vdus
        ]
        return _below(members, inner.removesuffix(MANIFEST), called), descriptor.vdus, notes
    runnable = [vdu for vdu in descriptor.vdus if framework_of(vdu, members)]
    if len(runnable) == 1 and len(descriptor.vdus) == 1 and descriptor.connection_points:
        [vdu] = runnable
        text = manifest_of(descriptor, vdu, members, origin.name, origin.version)
        made = PackageFile(MANIFEST, text.encode())
        notes = []
        files = [made, *_taken(members, member_of(vdu.image, members), notes)]
        return files, runnable, notes
    if len(runnable) > 1:
        why = "several deployment units; how packets pass from one to another is not said in a way"
        return (
            (),
            (),
            [Problem(called, 0, f"{why} that can be followed: write a path in {MANIFEST}")],
        )
    if runnable and not descriptor.connection_points:
        return (
            (),
            (),
            [Problem(called, 0, "no external connection point, so that it has no interface")],
        )
    return (), (), []


def _below(members: Members, folder: str, called: str) -> list[PackageFile]:
    """The files of a package that lies in a folder of the archive."""
    names = [name for name in members if name.startswith(folder)]
    total = sum(members.size(name) for name in names)
    if total > TOTAL_LIMIT_BYTES or any(members.is_large(name) for name in names):
        told = f"the package in it exceeds 16 MiB in a file, or {TOTAL_LIMIT_BYTES >> 20} MiB"
        raise PackageError(called, [Problem(folder + MANIFEST, 0, told)])
    return [PackageFile(name.removeprefix(folder), members.read(name)) for name in names]


def _taken(members: Members, first: str, notes: list[Problem]) -> Iterator[PackageFile]:
    """All files that a package of ours can hold; what is too large is left out, and told."""
    total = 0
    for name in sorted(members, key=lambda name: (name != first, name)):
        size = members.size(name)
        if name == MANIFEST:
            continue
        if members.is_large(name) or total + size > TOTAL_LIMIT_BYTES:
            notes.append(
                Problem(name, 0, f"{size} bytes: left out of the package, too large for it")
            )
            continue
        total += size
        yield PackageFile(name, members.read(name))


def _origin(members: Members, descriptor: Descriptor, integrity: Integrity, called: str) -> Origin:
    """Facts of the descriptor; what it leaves out is taken from the manifest, then from the name."""
    facts, said = descriptor.facts, integrity.metadata

    def first(*names: str) -> str:
        found = (value for name in names if (value := facts.get(name) or said.get(name)))
        return printable(next(found, ""))

    stem = posixpath.basename(called).rpartition(".")[0] or called
    name = first("product_name", "vnf_product_name", "pnfd_name", "application_name") or stem
    version = first("software_version", "vnf_software_version", "descriptor_version")
    version = version or first("vnf_package_version", "pnfd_archive_version")
    released = first("vnf_release_date_time", "vnf_release_data_time", "release_date_time")
    return Origin(
        name=_name(name),
        version=_VERSION.sub("-", version).strip("-")[:64] or "0.0.0",
        digest=integrity.digest,
        provider=first("provider", "vnf_provider_id", "pnfd_provider", "application_provider"),
        descriptor_id=first("descriptor_id", "vnfd_id"),
        released=released if _RELEASED.fullmatch(released) else "",
        size_bytes=sum(members.size(one) for one in members),
        signature=integrity.signature,
    )


def _name(text: str) -> str:
    words = "-".join(_NAME.findall(text.lower()))[:63].strip("-") or "function"
    return words if words[0].isalpha() else f"f-{words}"
