"""The report on an archive of another maker: each part, whether it runs, and why not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from weft.model.catalogue import PackagePart
from weft.vnf.csar.layout import META, read_meta
from weft.vnf.onboarding.running import framework_of, member_of, why_not

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weft.vnf.onboarding.descriptor import Descriptor, Vdu
    from weft.vnf.onboarding.integrity import Integrity
    from weft.vnf.onboarding.members import Members

__all__ = ["MOST_PARTS", "parts_of", "printable"]

_NAMED_FILES = 3
MOST_PARTS = 500
"""How many parts are told of one by one."""

_LONGEST = 500
_CERTIFICATES = (".cert", ".crt", ".pem", ".cms", ".sig")


def parts_of(
    members: Members, descriptor: Descriptor, integrity: Integrity, running: Sequence[Vdu]
) -> tuple[PackagePart, ...]:
    """Every part of an archive, what runs first; of very many the last are only counted."""
    parts = [
        replace(part, name=printable(part.name), told=printable(part.told))
        for part in _all(members, descriptor, integrity, running)
    ]
    more = len(parts) - MOST_PARTS
    if more > 0:
        counted = PackagePart(f"{more} more", "parts", False, "kept, not told one by one")
        parts = [*parts[:MOST_PARTS], counted]
    return tuple(parts)


def printable(text: str) -> str:
    """A text of somebody else as it can be shown on a line anywhere."""
    plain = "".join(char if char.isprintable() else "?" for char in text)
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}..."


def _all(
    members: Members, descriptor: Descriptor, integrity: Integrity, running: Sequence[Vdu]
) -> Iterator[PackagePart]:
    used = {META, *descriptor.files, *integrity.read}
    for vdu in descriptor.vdus:
        image = member_of(vdu.image, members)
        used.add(image)
        yield _unit(vdu, members, image, runs=vdu in running)
    yield from _beside_units(members, descriptor, used)
    for name, kind in descriptor.unknown.items():
        told = f"node template of type '{kind}': kept, not understood"
        yield PackagePart(name, "node template", False, told)
    for problem in descriptor.unread:
        yield PackagePart(problem.file, "definitions", False, f"not read: {problem.message}")
    for artifacts in integrity.sets:
        used.update(artifacts.sources)
        files = ", ".join(artifacts.sources)
        told = f"artifacts that are not for a manager of functions: kept, not used: {files}"
        yield PackagePart(artifacts.name, "artifact set", False, told)
    yield from _rest(members, used, is_package=bool(running))


def _unit(vdu: Vdu, members: Members, image: str, *, runs: bool) -> PackagePart:
    size = members.size(image) if image else 0
    if runs:
        framework = framework_of(vdu, members)
        told = f"runs as a component: {framework}" if framework else "runs by the vnf.yaml in it"
    elif framework_of(vdu, members):
        told = f"image '{vdu.image}' could run, but not in this package"
    else:
        told = why_not(vdu, members)
    return PackagePart(_called(vdu), "deployment unit", runs, told, image, size)


def _called(vdu: Vdu) -> str:
    """A deployment unit, and the flavour it is of: several may have one of its name."""
    return f"{vdu.name} ({vdu.flavour})" if vdu.flavour else vdu.name


def _beside_units(
    members: Members, descriptor: Descriptor, used: set[str]
) -> Iterator[PackagePart]:
    """What goes with deployment units of other platforms."""
    for name, files in descriptor.charts.items():
        found = [member_of(file, members) for file in files]
        used.update(found)
        what = ", ".join(f"'{file}'" for file in files) or "of which no file is named"
        told = f"Helm chart {what} is for Kubernetes, which is not run here: kept"
        size = sum(members.size(one) for one in found if one)
        yield PackagePart(name, "Helm chart", False, told, next(iter(found), ""), size)
    for vdu in descriptor.vdus:
        if vdu.boot_data is not None:
            file = member_of(vdu.boot_data, members)
            used.add(file)
            told = "boot data (cloud-init) is for a virtual machine, which is not run here: kept"
            yield PackagePart(_called(vdu), "boot data", False, told, file)
    for operation, script in descriptor.scripts:
        file = member_of(script, members)
        used.add(file)
        where = f"'{script}'" if file else f"'{script}', which is not in the archive,"
        told = f"script {where} is not run: the life cycle here has no scripts"
        yield PackagePart(operation, "life-cycle script", False, told, file)


def _rest(members: Members, used: set[str], *, is_package: bool) -> Iterator[PackagePart]:
    """Files that nothing names which is understood; in a package they may be its own."""
    meta = read_meta(members.read(META)) if META in members else {}
    named = tuple(value for key, value in meta.items() if key.startswith("ETSI-Entry-") and value)
    kept = [
        name
        for name in members
        if name not in used
        and not name.endswith(_CERTIFICATES)
        and not any(name == one or name.startswith(f"{one.rstrip('/')}/") for one in named)
    ]
    if not kept or is_package:
        return
    size = sum(members.size(name) for name in kept)
    shown = ", ".join(sorted(kept, key=lambda name: (-members.size(name), name))[:_NAMED_FILES])
    more = f" and {len(kept) - _NAMED_FILES} more" if len(kept) > _NAMED_FILES else ""
    told = f"{size} bytes that nothing here reads: kept: {shown}{more}"
    name = f"{len(kept)} files" if len(kept) > 1 else "1 file"
    yield PackagePart(name, "files", False, told, "", size)
