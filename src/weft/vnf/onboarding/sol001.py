"""Archives after SOL004 with a descriptor after SOL001, of whatever maker.

Off-the-shelf TOSCA parsers refuse most real packages, so that this reads the few things that matter and
keeps the rest: who made it, its connection points, its deployment units (VDUs) and their images. What
Weft can run of it becomes a package; every other part is told, with the reason.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from weft.errors import PackageError
from weft.model.package import MANIFEST, PackageFile
from weft.model.problem import Problem
from weft.vnf.csar.layout import META, read_meta
from weft.vnf.csar.mf import ALGORITHMS, read_listing
from weft.vnf.document import ListNode, MappingNode, Node, TextNode, read_document
from weft.vnf.onboarding import Onboarded
from weft.vnf.onboarding.text import manifest_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Descriptor", "Vdu", "describe", "onboard_sol001"]

_VDUS = ("Vdu.Compute", "Vdu.OsContainer", "Vdu.OsContainerDeployableUnit", "VDU")
_KNOWN = (
    *_VDUS,
    "VNF",
    "VnfExtCp",
    "VduCp",
    "VirtualCp",
    "VnfVirtualLink",
    "Vdu.VirtualBlockStorage",
    "Vdu.VirtualObjectStorage",
    "Vdu.VirtualFileStorage",
    "VipCp",
    "CP",
    "VL",
)
_RUNTIMES = {
    ".click": "click",
    ".py": "python",
    ".c": "c",
    ".java": "java",
    ".mjs": "javascript",
    ".js": "javascript",
}
_MACHINES = (".qcow2", ".img", ".vmdk", ".vdi", ".vhd", ".vhdx", ".raw", ".iso", ".ova")
_FACTS = ("descriptor_id", "provider", "product_name", "software_version", "descriptor_version")
_RUNS = "Click, C, Python, Java, JavaScript and programs"


@dataclass(frozen=True, slots=True)
class Vdu:
    """A deployment unit: the file of its image, or what is said of one that is not in the archive."""

    name: str
    type: str
    image: str = ""
    form: str = ""


@dataclass(slots=True)
class Descriptor:
    """What a descriptor says, as far as it is understood; `unknown` are node templates by name."""

    facts: dict[str, str] = field(default_factory=dict)
    connection_points: list[str] = field(default_factory=list)
    vdus: list[Vdu] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    own_types: set[str] = field(default_factory=set)
    """The node types that it makes for VNFs."""


def onboard_sol001(files: Sequence[PackageFile], called: str) -> Onboarded:
    """The archive's files, with a `vnf.yaml` if it can be run; PackageError where it is not sound."""
    contents = {file.name: file.content for file in files}
    notes = [*_check_listing(contents, called)]
    descriptor = describe(contents, called)
    for name, kind in descriptor.unknown.items():
        notes.append(Problem(name, 0, f"node template of type '{kind}': kept, not understood"))
    inner = next((name for name in contents if PurePosixPath(name).name == MANIFEST), None)
    if inner is not None:
        folder = inner.removesuffix(MANIFEST)
        notes += [
            Problem(vdu.name, 0, f"not looked at: '{inner}' says what runs")
            for vdu in descriptor.vdus
        ]
        own = (
            PackageFile(name.removeprefix(folder), content)
            for name, content in contents.items()
            if name.startswith(folder)
        )
        return Onboarded(tuple(own), tuple(notes))
    runnable = [vdu for vdu in descriptor.vdus if _framework(vdu, contents)]
    notes += [
        Problem(vdu.name, 0, _why_not(vdu, contents))
        for vdu in descriptor.vdus
        if vdu not in runnable
    ]
    if len(runnable) == 1 and len(descriptor.vdus) == 1 and descriptor.connection_points:
        made = PackageFile(MANIFEST, _manifest(descriptor, runnable[0], contents).encode())
        return Onboarded((made, *files), tuple(notes))
    if len(runnable) > 1:
        why = "several deployment units; how packets pass from one to another is not said in a way"
        notes.append(Problem(called, 0, f"{why} that can be followed: write a path in {MANIFEST}"))
    elif runnable and not descriptor.connection_points:
        notes.append(
            Problem(called, 0, "no external connection point, so that it has no interface")
        )
    return Onboarded(tuple(files), tuple(notes))


def describe(contents: Mapping[str, bytes], called: str) -> Descriptor:
    """What the descriptor of an archive says; PackageError where there is none that can be read."""
    entry = _entry(contents, called)
    found, seen = Descriptor(), set[str]()
    waiting = [entry]
    while waiting:
        name = waiting.pop(0)
        if name in seen or name not in contents:
            continue
        seen.add(name)
        root = read_document(name, contents[name])
        if isinstance(root, Problem):
            if name == entry:
                raise PackageError(called, [root])
            found.unknown[name] = root.message
            continue
        _read(root, found)
        waiting += _imports(root, name)
    return found


def _entry(contents: Mapping[str, bytes], called: str) -> str:
    """The file that describes the VNF: named in TOSCA.meta, else the one YAML file at the root."""
    if META in contents:
        name = read_meta(contents[META]).get("Entry-Definitions", "")
        if name in contents:
            return name
        raise PackageError(called, [Problem(META, 0, f"Entry-Definitions: no file '{name}'")])
    roots = [name for name in contents if re.fullmatch(r"[^/]+\.ya?ml", name)]
    if len(roots) == 1:
        return roots[0]
    told = f"missing; without it one YAML file at the root describes the VNF, not {len(roots)}"
    raise PackageError(called, [Problem(META, 0, told)])


def _check_listing(contents: Mapping[str, bytes], called: str) -> Iterator[Problem]:
    """Hashes that do not fit are problems; what else the list lacks is only told."""
    name = read_meta(contents[META]).get("ETSI-Entry-Manifest", "") if META in contents else ""
    name = name or next((file for file in contents if file.endswith(".mf")), "")
    if name not in contents:
        yield Problem(name or "archive", 0, "no manifest: nothing shows that the files are whole")
        return
    listing, odd = read_listing(name, contents[name])
    wrong = []
    for entry in listing.entries:
        algorithm = ALGORITHMS.get(entry.algorithm.upper())
        if "://" in entry.source:
            yield Problem(name, entry.line, f"'{entry.source}' lies elsewhere and is not fetched")
        elif entry.source not in contents:
            wrong.append(Problem(name, entry.line, f"'{entry.source}' is not in the archive"))
        elif algorithm and entry.hash:
            digest = hashlib.new(algorithm, contents[entry.source]).hexdigest()
            if digest != entry.hash.lower():
                told = f"is not what '{name}' lists on line {entry.line}"
                wrong.append(Problem(entry.source, 0, told))
    if wrong:
        raise PackageError(called, sorted(set(wrong)))
    yield from odd


def _read(root: Node, found: Descriptor) -> None:
    template = _at(root, "topology_template")
    mappings = _at(template, "substitution_mappings")
    found.facts |= _facts(_at(mappings, "properties"))
    for key, _ in _entries(_at(mappings, "requirements")):
        _add(found.connection_points, key)
    for item in _items(_at(mappings, "requirements")):
        for key, _ in _entries(item):
            _add(found.connection_points, key)
    for name, kind in _entries(_at(root, "node_types")):
        if _text(_at(kind, "derived_from")).endswith("nfv.VNF"):
            found.own_types.add(name)
            found.facts |= _defaults(_at(kind, "properties"))
    for name, node in _entries(_at(template, "node_templates")):
        _read_template(name, node, found)


def _read_template(name: str, node: Node, found: Descriptor) -> None:
    kind = _text(_at(node, "type"))
    short = kind.rpartition("nfv.")[2] or kind
    if short in _VDUS:
        found.vdus.append(_vdu(name, kind, node))
    elif short == "VnfExtCp":
        if not found.connection_points:
            _add(found.connection_points, name)
    elif _at(node, "properties") is not None and _text(_at(node, "properties", "descriptor_id")):
        found.facts |= _facts(_at(node, "properties"))
    elif short not in _KNOWN and kind not in found.own_types:
        found.unknown[name] = kind


def _vdu(name: str, kind: str, node: Node) -> Vdu:
    """Its image: an artifact's file, or what `sw_image_data` calls it."""
    image, data = "", _at(node, "properties", "sw_image_data")
    for _, artifact in _entries(_at(node, "artifacts")):
        image = image or _text(_at(artifact, "file")) or _text(artifact)
    form = _text(_at(data, "disk_format")) or _text(_at(data, "container_format"))
    return Vdu(name, kind, image or _text(_at(data, "name")), form)


def _facts(node: Node | None) -> dict[str, str]:
    found = {key: _text(value) for key, value in _entries(node) if key in _FACTS}
    return {key: value for key, value in found.items() if value}


def _defaults(node: Node | None) -> dict[str, str]:
    found = {key: _text(_at(value, "default")) for key, value in _entries(node) if key in _FACTS}
    return {key: value for key, value in found.items() if value}


def _imports(root: Node, where: str) -> Iterator[str]:
    folder = PurePosixPath(where).parent
    for item in _items(_at(root, "imports")):
        name = _text(item) or _text(_at(item, "file"))
        for _, value in _entries(item):
            name = name or _text(value) or _text(_at(value, "file"))
        if name and "://" not in name:
            yield str(folder / name).removeprefix("./")


def _framework(vdu: Vdu, contents: Mapping[str, bytes]) -> str:
    name = _in_archive(vdu, contents)
    if not name:
        return ""
    if contents[name].startswith((b"\x7fELF", b"#!")):
        return "program"
    return _RUNTIMES.get(PurePosixPath(name).suffix.lower(), "")


def _in_archive(vdu: Vdu, contents: Mapping[str, bytes]) -> str:
    """The member that an image's name means, wherever the descriptor lies."""
    wanted = vdu.image.lstrip("./")
    if not wanted:
        return ""
    ends = (name for name in contents if name == wanted or name.endswith(f"/{wanted}"))
    return next(ends, "")


def _why_not(vdu: Vdu, contents: Mapping[str, bytes]) -> str:
    form = f" ({vdu.form})" if vdu.form else ""
    image = f"image '{vdu.image}'{form}"
    if not vdu.image:
        return f"{vdu.type}: no image is named; what runs: {_RUNS}"
    if "OsContainer" in vdu.type:
        return f"{image} is of a container; what runs: {_RUNS}"
    if PurePosixPath(vdu.image).suffix.lower() in _MACHINES or vdu.form:
        return f"{image} is of a virtual machine; what runs: {_RUNS}"
    if not _in_archive(vdu, contents):
        return f"{image} is not in the archive"
    return f"{image} is of a kind that is not known; what runs: {_RUNS}"


def _manifest(descriptor: Descriptor, vdu: Vdu, contents: Mapping[str, bytes]) -> str:
    facts, framework = descriptor.facts, _framework(vdu, contents)
    interfaces = [_word(name, 15) for name in descriptor.connection_points]
    name = "-".join(re.findall(r"[a-z0-9]+", facts.get("product_name", "function").lower()))
    component = _word(vdu.name, 48)
    entry: dict[str, Any] = {"framework": framework, "file": _in_archive(vdu, contents)}
    data: dict[str, Any] = {
        "weft": 1,
        "vnf": name if name[:1].isalpha() else f"f-{name}",
        "version": re.sub(r"[^0-9A-Za-z.+-]", "-", facts.get("software_version", "0.0.0"))[:64],
        "provider": facts.get("provider", "unknown"),
        "description": f"Made of descriptor {facts.get('descriptor_id', 'without id')}",
        "interfaces": interfaces,
        "components": {component: entry},
    }
    is_graph = framework == "click" and b"FromDevice" in contents[entry["file"]]
    if framework == "program":
        entry["interfaces"] = interfaces
    if not is_graph:
        data["path"] = _path(interfaces, component, framework)
    return manifest_text(data)


def _path(interfaces: Sequence[str], component: str, framework: str) -> str:
    """A program has a port for each interface; others stand between the first and the last."""
    if framework == "program":
        pairs = [(f"[{port}]" if port else "", name) for port, name in enumerate(interfaces)]
        lines = [
            f"{name} -> {port}{component}; {component}{port} -> {name};" for port, name in pairs
        ]
        return "\n".join(lines) + "\n"
    first, last = interfaces[0], interfaces[-1]
    back = f"{last} -> {first};\n" if len(interfaces) > 1 else ""
    return f"{first} -> {component} -> {last};\n{back}"


def _word(name: str, longest: int) -> str:
    word = re.sub(r"\W", "_", name, flags=re.ASCII)[:longest]
    return word if word[:1].isalpha() or word[:1] == "_" else f"_{word}"[:longest]


def _add(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)


def _at(node: Node | None, *keys: str) -> Node | None:
    for key in keys:
        node = dict(_entries(node)).get(key)
    return node


def _entries(node: Node | None) -> list[tuple[str, Node]]:
    if not isinstance(node, MappingNode):
        return []
    return [(key.text, value) for key, value in node.entries]


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, ListNode) else ()


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, TextNode) else ""
