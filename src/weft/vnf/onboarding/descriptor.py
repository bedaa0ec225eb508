"""What a descriptor after SOL001 says, as far as it is understood, over all the files that it imports.
One after SOL006 is read, too.

Off-the-shelf TOSCA parsers refuse most real descriptors, so that this reads the few things that matter:
who made the function, its connection points, its deployment units with their images, Helm charts, scripts.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from weft.errors import PackageError
from weft.model.problem import Problem
from weft.vnf.document import read_document
from weft.vnf.onboarding.nodes import at, entries, items, named_items, text
from weft.vnf.onboarding.sol006 import is_sol006, read_sol006

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weft.vnf.document import Node
    from weft.vnf.onboarding.members import Members

__all__ = ["FACTS", "Descriptor", "Vdu", "is_descriptor", "read_descriptor"]

FACTS = ("descriptor_id", "provider", "product_name", "software_version", "descriptor_version")

_TEMPLATE = b"tosca_definitions_version"
_MOST = 500
_DEEPEST = 32
_STANDARD = "etsi_nfv_sol001"
_MOST_BYTES = 4 * 2**20
_VDUS = (
    *("Vdu.Compute", "Vdu.OsContainer", "Vdu.OsContainerDeployableUnit"),
    *("VDU", "VDU.Compute"),
)
_STORAGES = ("Vdu.VirtualBlockStorage", "Vdu.VirtualObjectStorage", "Vdu.VirtualFileStorage")
_KNOWN = (
    *("VNF", "VnfExtCp", "VduCp", "VirtualCp", "VduSubCp", "VipCp", "VnfVirtualLink", "CP", "VL"),
    *("ElementGroup", "NfvAdditionalConstraint"),
)
_TOSCA_NODES = "tosca.nodes.nfv."


@dataclass(frozen=True, slots=True)
class Vdu:
    """A deployment unit: the file of its image, or what is said of one that is not in the archive.

    `parts` are the containers in it, `flavour` is the deployment flavour it belongs to.
    """

    name: str
    type: str
    image: str = ""
    form: str = ""
    flavour: str = ""
    parts: tuple[str, ...] = ()
    boot_data: str | None = None
    """The file of what a virtual machine is given as it boots; empty where it stands in the descriptor."""

    @property
    def is_container(self) -> bool:
        """Whether it is one, or is made of some."""
        return "OsContainer" in self.type


@dataclass(slots=True)
class Descriptor:
    """What was found; `unknown` are node templates by name, `unread` files that were not read."""

    facts: dict[str, str] = field(default_factory=dict)
    connection_points: list[str] = field(default_factory=list)
    vdus: list[Vdu] = field(default_factory=list)
    charts: dict[str, list[str]] = field(default_factory=dict)
    """The files of each Helm chart (MCIOP)."""
    scripts: list[tuple[str, str]] = field(default_factory=list)
    """Life-cycle operations, and the file that each runs."""
    unknown: dict[str, str] = field(default_factory=dict)
    unread: list[Problem] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    """The files that were read for it."""


def is_descriptor(content: bytes) -> bool:
    """Whether a text looks like a file of a descriptor."""
    return _TEMPLATE in content or is_sol006(content)


def read_descriptor(members: Members, entry: str, called: str) -> Descriptor:
    """What the descriptor in the file `entry` says; PackageError where that cannot be read."""
    reading = _Reading(members, called)
    reading.read(entry)
    return reading.end()


class _Reading:
    """The descriptor and all that it imports, each file once; types first, then templates."""

    def __init__(self, members: Members, called: str) -> None:
        self._members = members
        self._called = called
        self._found = Descriptor()
        self._parents: dict[str, str] = {}
        self._own_types: set[str] = set()
        self._templates: list[tuple[str, Node, str]] = []
        self._images: dict[str, tuple[str, str]] = {}
        self._inputs: dict[str, str] = {}
        self._whole: list[Vdu] = []
        """Those of SOL006, which have all that belongs to them in one place."""

    def read(self, entry: str) -> None:
        waiting, taken = [entry], 0
        while waiting:
            name = waiting.pop(0)
            if name in self._found.files:
                continue
            self._found.files.add(name)
            taken += self._members.size(name)
            root = self._root(name, taken)
            if isinstance(root, Problem):
                if name == entry:
                    raise PackageError(self._called, [root])
                self._found.unread.append(root)
                continue
            self._read_root(root)
            for wanted in _imports(root):
                waiting += self._imported(name, wanted)

    def _root(self, name: str, taken: int) -> Node | Problem:
        if self._members.is_large(name) or taken > _MOST_BYTES:
            return Problem(name, 0, f"beyond the {_MOST_BYTES >> 20} MiB of a descriptor")
        return read_document(name, self._members.read(name), tolerant=True)

    def _imported(self, where: str, wanted: str) -> list[str]:
        """The member that an import means: beside the file that imports it, else of that name."""
        base = posixpath.basename(wanted)
        if "://" not in wanted:
            near = posixpath.normpath(posixpath.join(posixpath.dirname(where), wanted))
            for name in (near, wanted):
                if name in self._members:
                    return [name]
            same = self._members.find(base)
            if same:
                return [same]
        if not base.startswith(_STANDARD):
            lies = (
                "lies elsewhere and is not fetched" if "://" in wanted else "is not in the archive"
            )
            self._found.unread.append(Problem(where, 0, f"import '{wanted}' {lies}"))
        return []

    def _read_yang(self, root: Node) -> None:
        found, yang = self._found, read_sol006(root)
        if yang is None:
            return
        found.facts |= yang.facts
        for point in yang.connection_points:
            _add(found.connection_points, point)
        for name, image, form, boot in yang.units:
            self._whole.append(Vdu(name, "vdu", image, form, boot_data=boot))
        for name, chart in yang.charts.items():
            found.charts.setdefault(name, [chart] if chart else [])

    def _read_root(self, root: Node) -> None:
        self._read_yang(root)
        found, template = self._found, at(root, "topology_template")
        for name, kind in entries(at(root, "node_types")):
            self._parents[name] = text(at(kind, "derived_from"))
            if self._parents[name].endswith("nfv.VNF"):
                self._own_types.add(name)
                found.facts |= self._facts(at(kind, "properties"), "default")
        for name, node in entries(at(template, "inputs")):
            self._inputs.setdefault(name, text(at(node, "default")))
        mappings = at(template, "substitution_mappings")
        found.facts |= self._facts(at(mappings, "properties"))
        for name, _ in named_items(at(mappings, "requirements")):
            _add(found.connection_points, name)
        flavour = text(at(mappings, "properties", "flavour_id"))
        for name, node in entries(at(template, "node_templates")):
            self._templates.append((name, node, flavour))

    def end(self) -> Descriptor:
        for name, node, flavour in self._templates:
            self._read_template(name, node, flavour)
        self._found.scripts = list(dict.fromkeys(self._found.scripts))
        self._cut()
        units = [self._with_image(vdu, node) for vdu, node in self._vdu_nodes()]
        self._found.vdus = [*units, *self._whole]
        return self._found

    def _cut(self) -> None:
        """Look at no more of a kind than any real function has: who looks compares them all."""
        found = self._found
        for kind, some in (
            ("deployment units", found.vdus),
            ("deployment units", self._whole),
            ("life-cycle scripts", found.scripts),
        ):
            if len(some) > _MOST:
                told = f"{len(some)} {kind}: only the first {_MOST} are looked at"
                found.unread.append(Problem("descriptor", 0, told))
                del some[_MOST:]

    def _read_template(self, name: str, node: Node, flavour: str) -> None:
        found, kind = self._found, text(at(node, "type"))
        short = self._short(kind)
        self._read_scripts(node)
        if short in _VDUS:
            found.vdus.append(self._vdu(name, kind, node, flavour))
        elif short in _STORAGES:
            self._images[name] = _image(node)
        elif short == "Mciop":
            files = [_file(artifact) for _, artifact in entries(at(node, "artifacts"))]
            found.charts.setdefault(name, [file for file in files if file])
        elif short == "VnfExtCp":
            if not found.connection_points:
                _add(found.connection_points, name)
        elif kind in self._own_types or text(at(node, "properties", "descriptor_id")):
            found.facts |= self._facts(at(node, "properties"))
        elif short not in _KNOWN and name not in found.unknown:
            found.unknown[name] = kind

    def _short(self, kind: str) -> str:
        """A type of SOL001 that this one is, or is derived from, without what all begin with."""
        for _ in range(_DEEPEST):
            if kind.startswith(_TOSCA_NODES) or kind not in self._parents:
                break
            kind = self._parents[kind]
        return kind.rpartition("nfv.")[2] or kind

    def _vdu(self, name: str, kind: str, node: Node, flavour: str) -> Vdu:
        image, form = _image(node)
        needs = named_items(at(node, "requirements"))
        parts = tuple(text(need) for key, need in needs if key == "container" and text(need))
        boot = at(node, "properties", "boot_data")
        file = text(at(boot, "source_path")) or text(
            at(boot, "content_or_file_data", "source_path")
        )
        booted = None if boot is None else file
        return Vdu(name, kind, image, form, flavour, parts, booted)

    def _vdu_nodes(self) -> Iterator[tuple[Vdu, Node]]:
        nodes = {(name, flavour): node for name, node, flavour in self._templates}
        inner = {part for vdu in self._found.vdus for part in vdu.parts}
        for vdu in dict.fromkeys(self._found.vdus):
            if vdu.name not in inner:
                yield vdu, nodes[vdu.name, vdu.flavour]

    def _with_image(self, vdu: Vdu, node: Node) -> Vdu:
        """One without an image of its own has that of its storage, or of its one container."""
        if vdu.image:
            return vdu
        units = {one.name: (one.image, one.form) for one in self._found.vdus}
        needs = named_items(at(node, "requirements"))
        for key, need in needs:
            target = text(need) or text(at(need, "node"))
            image, form = (self._images if key == "virtual_storage" else units).get(
                target, ("", "")
            )
            if image and key in ("virtual_storage", "container"):
                return replace(vdu, image=image, form=form)
        return vdu

    def _read_scripts(self, node: Node) -> None:
        for _, interface in entries(at(node, "interfaces")):
            operations = [*entries(at(interface, "operations")), *entries(interface)]
            for operation, said in operations:
                run = at(said, "implementation")
                script = text(run) or text(at(run, "primary")) or text(at(run, "primary", "file"))
                if script:
                    self._found.scripts.append((operation, script))

    def _facts(self, node: Node | None, *below: str) -> dict[str, str]:
        found = {}
        for key, value in entries(node):
            said = at(value, *below)
            known = text(said) or self._inputs.get(text(at(said, "get_input")), "")
            if key in FACTS and known:
                found[key] = known
        return found


def _image(node: Node) -> tuple[str, str]:
    """An image's file, else what `sw_image_data` calls it, and its form."""
    image, data = "", at(node, "properties", "sw_image_data")
    for _, artifact in entries(at(node, "artifacts")):
        image = image or _file(artifact)
    form = text(at(data, "disk_format")) or text(at(data, "container_format"))
    return image or text(at(data, "name")), form


def _file(artifact: Node) -> str:
    """The file of an artifact, in TOSCA's long or short notation."""
    return text(at(artifact, "file")) or text(artifact)


def _imports(root: Node) -> Iterator[str]:
    node = at(root, "imports")
    for item in items(node):
        name = text(item) or text(at(item, "file")) or text(at(item, "url"))
        for _, value in entries(item):
            name = name or text(value) or text(at(value, "file"))
        if name:
            yield name
    for _, value in entries(node):
        if text(value) or text(at(value, "file")):
            yield text(value) or text(at(value, "file"))


def _add(names: list[str], name: str) -> None:
    if len(names) < _MOST and name not in names:
        names.append(name)
