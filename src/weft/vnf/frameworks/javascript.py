"""Components in JavaScript: a module that Node.js runs, with the dependencies of its package.json."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from weft.errors import PackageError
from weft.model.package import Launch
from weft.model.problem import Problem
from weft.vnf.building.cache import digest_of
from weft.vnf.building.tools import copied, failed, find_command, problem_in
from weft.vnf.frameworks.framework import PROCESS_KEYS, ProcessFramework

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weft.model.package import Component, PackageFile
    from weft.vnf.building.tools import Tools

__all__ = ["JavaScriptFramework"]

_SUFFIXES = (".mjs", ".js", ".cjs")
_SDK = "weft-component"
_NODE_FLAGS = ("--max-semi-space-size=4",)
_NPM_FLAGS = ("--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error")
_PLACE = re.compile(r"(?:file://)?(?P<file>/\S+):(?P<line>\d+)")


class JavaScriptFramework(ProcessFramework):
    """A module (.mjs, .js, .cjs) for Node.js 18 and newer."""

    name: ClassVar[str] = "javascript"
    keys: ClassVar[Mapping[str, bool]] = {"file": True, "flags": False, **PROCESS_KEYS}

    def check(self, component: Component, files: Sequence[PackageFile]) -> list[Problem]:
        """Whether it is a module, and its package.json can be read."""
        problems = []
        if not component.file.endswith(_SUFFIXES):
            message = f"file: '{component.file}' is no module; allowed: {', '.join(_SUFFIXES)}"
            problems.append(problem_in(component, message))
        problems += [
            problem_in(
                component,
                f"flags: '{flag}' is not valid; allowed: flags of node, as in --expose-gc",
            )
            for flag in component.option("flags")
            if not flag.startswith("-")
        ]
        contents = {file.name: file.content for file in files}
        described = _described_by(component, contents)
        if described:
            problems += _description_problems(described, contents[described])
        return problems

    def prepare(
        self, component: Component, package_folder: Path, build_folder: Path, tools: Tools
    ) -> Launch:
        """Put SDK and dependencies beside the module, and have Node.js read it."""
        node = Path(find_command(component, "node", "nodejs"))
        places = tools.places()
        modules = package_folder / "node_modules"
        modules.mkdir(exist_ok=True)
        described = _described_by(
            component,
            {
                path.relative_to(package_folder).as_posix(): b""
                for path in package_folder.rglob("package.json")
            },
        )
        if described and _dependencies(package_folder / described):
            fetched = _fetched(component, package_folder, described, node, tools)
            # Node.js looks for what a module needs in the `node_modules` that it really lies in.
            inside = places.show(fetched, f"npm-{fetched.name[:16]}") / "node_modules"
            for path in (fetched / "node_modules").iterdir():
                if not path.name.startswith(".") and not (modules / path.name).exists():
                    (modules / path.name).symlink_to(inside / path.name)
        _copy_sdk(component, modules / _SDK, tools)
        _check_syntax(component, package_folder, node, tools)
        binary = node.resolve()
        machine = places.show(binary.parent, "node") / binary.name
        return Launch(
            (
                *(str(machine), *_NODE_FLAGS, *_heap(component), *component.option("flags")),
                *(str(package_folder / component.file), *component.arguments),
            ),
            component.environment,
            str(package_folder),
            mounts=places.mounts,
        )


def _heap(component: Component) -> tuple[str, ...]:
    """Half of the memory it may have: Node.js itself takes the rest."""
    memory = component.resources.memory_bytes
    return () if memory is None else (f"--max-old-space-size={max(memory // 2 >> 20, 2)}",)


def _described_by(component: Component, contents: Mapping[str, bytes]) -> str | None:
    """The package.json nearest to its file."""
    for folder in PurePosixPath(component.file).parents:
        name = (folder / "package.json").as_posix()
        if name in contents:
            return name
    return None


def _description_problems(name: str, content: bytes) -> list[Problem]:
    try:
        description = json.loads(content)
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 0
        return [Problem(name, line, f"not JSON: {getattr(error, 'msg', error)}")]
    except RecursionError:
        return [Problem(name, 0, "not JSON: nested too deep")]
    if not isinstance(description, dict):
        return [Problem(name, 0, "an object is needed")]
    wanted = description.get("dependencies", {})
    if not isinstance(wanted, dict) or not all(isinstance(item, str) for item in wanted.values()):
        return [Problem(name, 0, "dependencies: an object of names and versions is needed")]
    return []


def _dependencies(path: Path) -> dict[str, str]:
    """What a package.json depends on, besides the SDK, which is here already."""
    description: dict[str, Any] = json.loads(path.read_bytes())
    return {
        name: text for name, text in description.get("dependencies", {}).items() if name != _SDK
    }


def _fetched(
    component: Component, package_folder: Path, described: str, node: Path, tools: Tools
) -> Path:
    """The folder of the cache with the dependencies installed; none of their scripts is run."""
    folder = (package_folder / described).parent
    wanted = _dependencies(folder / "package.json")
    lock = folder / "package-lock.json"
    locked = (
        lock.is_file()
        and _SDK not in json.loads((folder / "package.json").read_bytes())["dependencies"]
    )
    npm = find_command(component, "npm", "npm")
    version = tools.run([str(node), "--version"], folder).output
    parts: list[str | bytes] = [
        version,
        json.dumps(wanted, sort_keys=True),
        lock.read_bytes() if locked else b"",
    ]

    def build(target: Path) -> None:
        tools.say(f"{component.name}: installing {', '.join(wanted)} with npm")
        (target / "node_modules").mkdir()
        (target / "package.json").write_text(
            json.dumps({"name": "component", "version": "1.0.0", "dependencies": wanted})
        )
        if locked:
            shutil.copyfile(lock, target / lock.name)
        done = tools.run([npm, "install", *_NPM_FLAGS], target)
        if done.status != 0:
            raise _refused(component, described, done.output)

    return tools.cached("javascript", digest_of(parts), build)


def _refused(component: Component, described: str, output: str) -> PackageError:
    """The errors that npm named, without its notes on logs and on what else it could install."""
    said = []
    for line in output.splitlines():
        if re.match(r"npm (error|ERR!) (?!code |A complete log|Log files|errno |syscall )", line):
            text = re.sub(r"^npm (error|ERR!) ((404|notarget)\b)?", "", line).strip()
            if text.startswith("Note that you can"):
                break
            said += [text] if text else []
    reasons = "; ".join(said[:3]) or "npm failed without a word"
    return failed(component, f"dependencies of '{described}': {reasons}")


def _copy_sdk(component: Component, target: Path, tools: Tools) -> None:
    description = tools.sdk_file(component, "javascript/package.json")
    source = description.parent
    if target.exists():
        shutil.rmtree(target)
    for name in ("package.json", *json.loads(description.read_bytes())["files"]):
        place = source / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file():
                copied(path, target / path.relative_to(source))


def _check_syntax(component: Component, package_folder: Path, node: Path, tools: Tools) -> None:
    done = tools.run(
        [str(node), "--check", str(package_folder / component.file)],
        package_folder,
        {"NODE_OPTIONS": ""},
    )
    if done.status == 0:
        return
    lines = done.output.splitlines()
    place = next((match for line in lines if (match := _PLACE.fullmatch(line))), None)
    said = next((line for line in lines if re.match(r"\w*Error", line)), "node refuses it")
    line = int(place["line"]) if place else 0
    raise PackageError(component.name, [Problem(component.file, line, said)])
