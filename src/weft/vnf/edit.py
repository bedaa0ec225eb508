"""Single changes of a package: its files after them, comments in `vnf.yaml` aside."""

from __future__ import annotations

import contextlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import yaml

from weft.errors import UsageError
from weft.model.change import Edit
from weft.model.package import MANIFEST, PackageFile
from weft.model.revision import ComponentText, FunctionText
from weft.vnf.reader import suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft.model.change import Addition, Replacement
    from weft.model.package import Component, Package

__all__ = ["edited", "text_of"]


def edited(
    files: Sequence[PackageFile], edit: Edit, click_file: str = ""
) -> tuple[PackageFile, ...]:
    """The files after the change; UsageError lists all that cannot be meant.

    The files must be those of a package without problems, or the one `click_file`. What comes of
    them may have some.
    """
    if click_file:
        return (_edited_click_file(edit, click_file),)
    editing = _Editing(files)
    for name in edit.removed:
        editing.remove(name)
    for replacement in edit.replaced:
        editing.replace(replacement)
    for addition in edit.added:
        editing.add(addition)
    if edit.path is not None:
        editing.set_path(edit.path)
    if editing.problems:
        raise UsageError("\n".join(editing.problems))
    return editing.result()


def text_of(package: Package) -> FunctionText:
    """What a person may edit of a package: its path, and what its components are made of."""
    components = (_component_text(item, package) for item in package.components)
    names = tuple(file.name for file in package.files)
    return FunctionText(package.path, tuple(components), package.parameters, names)


def _component_text(component: Component, package: Package) -> ComponentText:
    text = component.text
    if text is None:
        contents = {file.name: file.content for file in package.files}
        with contextlib.suppress(UnicodeDecodeError):
            text = contents.get(component.file, b"").decode("utf-8")
    options = dict(component.options)
    return ComponentText(component.name, component.framework, component.file, text, options)


def _edited_click_file(edit: Edit, name: str) -> PackageFile:
    """A Click file is one component, `graph`, which can only be replaced."""
    if len(edit.replaced) != 1 or edit != Edit(replaced=edit.replaced):
        raise UsageError(
            "a function that runs a Click file has no path and one component, 'graph', which can "
            "be replaced, not removed or joined by others"
        )
    [replacement] = edit.replaced
    if replacement.name != "graph":
        raise UsageError(f"no component '{replacement.name}'; allowed: graph")
    return PackageFile(name, replacement.file.content)


class _Editing:
    """One package on its way."""

    def __init__(self, files: Sequence[PackageFile]) -> None:
        self.files = {file.name: file.content for file in files}
        text = self.files[MANIFEST].decode("utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        assert isinstance(root, yaml.MappingNode)
        self.root = root
        self.problems: list[str] = []
        self.touched: set[str] = set()

    def result(self) -> tuple[PackageFile, ...]:
        text: str = yaml.serialize(self.root, allow_unicode=True, width=4096)
        self.files[MANIFEST] = text.encode()
        return tuple(PackageFile(name, self.files[name]) for name in sorted(self.files))

    def remove(self, name: str) -> None:
        entry = self._entry("--remove", name)
        if entry is None:
            return
        components = self._components()
        components.value = [pair for pair in components.value if pair[1] is not entry]
        file = _text(entry, "file")
        if file and file not in self._files_of_components():
            self.files.pop(file, None)

    def replace(self, replacement: Replacement) -> None:
        entry = self._entry("--replace", replacement.name)
        if entry is None:
            return
        old = _text(entry, "file")
        _drop(entry, "file", "text")
        if old and old not in self._files_of_components():
            self.files.pop(old, None)
        folder = PurePosixPath(old).parent if old else PurePosixPath()
        target = str(folder / replacement.file.name)
        if self._put("--replace", replacement.name, target, replacement.file.content):
            _set(entry, "file", target)
            if replacement.framework:
                _set(entry, "framework", replacement.framework)

    def add(self, addition: Addition) -> None:
        name = addition.name
        if not self._is_first("--add", name):
            return
        if name in dict(self._entries()):
            self.problems.append(f"--add {name}: there is a component '{name}'; use --replace")
            return
        if self._put("--add", name, addition.file.name, addition.file.content):
            entry = yaml.MappingNode("tag:yaml.org,2002:map", [], flow_style=True)
            _set(entry, "framework", addition.framework)
            _set(entry, "file", addition.file.name)
            self._components().value.append((_scalar(name), entry))

    def set_path(self, path: str) -> None:
        _set(self.root, "path", path)

    def _put(self, option: str, name: str, target: str, content: bytes) -> bool:
        """Lay a file down, unless another component has one of that name that differs."""
        if target == MANIFEST:
            self.problems.append(f"{option} {name}: '{MANIFEST}' is no file of a component")
            return False
        if target in self._files_of_components() and self.files[target] != content:
            self.problems.append(
                f"{option} {name}: the package has another '{target}', which a component is made "
                "of; rename the file"
            )
            return False
        self.files[target] = content
        return True

    def _entry(self, option: str, name: str) -> yaml.MappingNode | None:
        if not self._is_first(option, name):
            return None
        entries = dict(self._entries())
        if name not in entries:
            near = suggestion(name, list(entries))
            self.problems.append(f"{option} {name}: no component '{name}'{near}")
        return entries.get(name)

    def _is_first(self, option: str, name: str) -> bool:
        """One change for each component: which of two is meant to win nobody knows."""
        if name in self.touched:
            self.problems.append(f"{option} {name}: '{name}' is named by another option already")
            return False
        self.touched.add(name)
        return True

    def _components(self) -> yaml.MappingNode:
        """The mapping of all components; where there is none yet, an empty one is put in."""
        node = next((value for key, value in self.root.value if key.value == "components"), None)
        if node is None:
            node = yaml.MappingNode("tag:yaml.org,2002:map", [])
            self.root.value.append((_scalar("components"), node))
        assert isinstance(node, yaml.MappingNode)
        return node

    def _entries(self) -> list[tuple[str, yaml.MappingNode]]:
        return [(key.value, value) for key, value in self._components().value]

    def _files_of_components(self) -> set[str]:
        return {_text(entry, "file") for _, entry in self._entries()} - {""}


def _text(entry: yaml.MappingNode, key: str) -> str:
    for name, value in entry.value:
        if name.value == key:
            return str(value.value)
    return ""


def _drop(entry: yaml.MappingNode, *keys: str) -> None:
    entry.value = [pair for pair in entry.value if pair[0].value not in keys]


def _set(entry: yaml.MappingNode, key: str, text: str) -> None:
    for index, (name, _) in enumerate(entry.value):
        if name.value == key:
            entry.value[index] = (name, _scalar(text))
            return
    entry.value.append((_scalar(key), _scalar(text)))


def _scalar(text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style=style)
