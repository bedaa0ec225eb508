"""Components in Python: weft's own interpreter, with NumPy and the SDK, and the package's requirements."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from weft.errors import PackageError
from weft.model.package import MANIFEST, Launch
from weft.model.problem import Problem
from weft.vnf.building.cache import digest_of
from weft.vnf.building.tools import copied, failed, problem_in
from weft.vnf.frameworks.framework import PROCESS_KEYS, ProcessFramework

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from weft.model.package import Component, PackageFile
    from weft.vnf.building.places import Places
    from weft.vnf.building.tools import Tools

__all__ = ["PythonFramework"]

# -S: nothing but the standard library, the SDK, NumPy and the requirements.
_FLAGS = ("-B", "-u", "-s", "-S")
_ENVIRONMENT = (
    ("OMP_NUM_THREADS", "1"),
    ("OPENBLAS_NUM_THREADS", "1"),
    ("PYTHONDONTWRITEBYTECODE", "1"),
)
_NAMED = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\s*(\[[^\]]*\])?"
    r"\s*(@\s*(?P<url>[^\s+]+://\S+)|\(?[\d\s,<>=!~.*+_A-Za-z]*\)?)(\s*;.*)?(\s--hash=\S+)*",
    re.ASCII,
)
_WHEEL = re.compile(r"(?!-)[^\s:+]+\.whl", re.ASCII)
# The reason alone: not the class of the error, nor the object that had it.
_UNREACHED = re.compile(
    r"^WARNING: .* after connection broken by '\w+\(['\"]?(?:<[^>]*>: )?(.*?)['\"]?\)': \S+$",
    re.MULTILINE,
)
_ALLOWED = "NAME with versions and markers (PEP 508), or a wheel (.whl)"


class PythonFramework(ProcessFramework):
    """A Python file that runs a component; what it needs comes as wheels."""

    name: ClassVar[str] = "python"
    keys: ClassVar[Mapping[str, bool]] = {"file": True, "requirements": False, **PROCESS_KEYS}

    def check(self, component: Component, files: Sequence[PackageFile]) -> list[Problem]:
        """Syntax errors of its file; requirements that are not understood or would run code."""
        contents = {file.name: file.content for file in files}
        problems = _syntax_problems(component.file, contents[component.file])
        where = f"components: {component.name}: requirements: "
        for file, line, text in _requirements(component, contents):
            if not _is_allowed(text):
                prefix = where if file == MANIFEST else ""
                message = f"{prefix}'{text}' is not valid; allowed: {_ALLOWED}"
                problems.append(Problem(file, line, message))
        return problems

    def prepare(
        self, component: Component, package_folder: Path, build_folder: Path, tools: Tools
    ) -> Launch:
        """Put SDK and NumPy where its user sees them; install what it requires."""
        places = tools.places()
        libraries = build_folder / "python"
        _copy_sdk(component, libraries)
        search = [libraries]
        contents = {
            name: (package_folder / name).read_bytes()
            for name in component.requirements
            if (package_folder / name).is_file()
        }
        requirements = [text for _, _, text in _requirements(component, contents)]
        if requirements:
            installed = _installed(component, requirements, package_folder, tools)
            search.insert(0, places.show(installed, f"python-{installed.name[:16]}"))
        _link_numpy(component, libraries, places, required=not requirements)
        interpreter, environment = _interpreter(places)
        given = dict(component.environment)
        path = [str(folder) for folder in search]
        if given.get("PYTHONPATH"):
            path.append(given["PYTHONPATH"])
        environment = {**dict(_ENVIRONMENT), **environment, **given, "PYTHONPATH": ":".join(path)}
        command = (interpreter, *_FLAGS, str(package_folder / component.file))
        return Launch(
            (*command, *component.arguments),
            tuple(environment.items()),
            str(package_folder),
            mounts=places.mounts,
        )


def _syntax_problems(file: str, content: bytes) -> list[Problem]:
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(content, file)
    except SyntaxError as error:
        return [Problem(file, error.lineno or 0, f"syntax error: {error.msg}")]
    except (ValueError, RecursionError, MemoryError) as error:
        return [Problem(file, 0, f"syntax error: {error or type(error).__name__}")]
    return []


def _requirements(
    component: Component, contents: Mapping[str, bytes]
) -> list[tuple[str, int, str]]:
    """Each requirement with the file and line where it stands."""
    found = []
    for text in component.requirements:
        if text in contents and not text.endswith(".whl"):
            found += _lines(text, contents[text])
        else:
            found.append((MANIFEST, component.line, text.strip()))
    return found


def _lines(file: str, content: bytes) -> list[tuple[str, int, str]]:
    """The lines of a requirements file, without comments, joined where they end in a backslash."""
    found: list[tuple[str, int, str]] = []
    begun = ""
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        text = begun + re.sub(r"(^|\s)#.*$", "", line).strip()
        begun = ""
        if text.endswith("\\"):
            begun = text[:-1].rstrip() + " "
        elif text:
            found.append((file, number, text))
    return [*found, (file, 0, begun.strip())] if begun.strip() else found


def _is_allowed(text: str) -> bool:
    """Options, folders and sources are refused: nothing runs while it is installed."""
    if _WHEEL.fullmatch(text):
        return True
    named = _NAMED.fullmatch(text)
    if named is None:
        return False
    return named["url"] is None or named["url"].partition("#")[0].endswith(".whl")


def _copy_sdk(component: Component, target: Path) -> None:
    """The SDK alone, out of the folder of weft, which the component's user may not see."""
    source = _package_folder("weft.component")
    if source is None:
        raise failed(component, "the Python SDK 'weft.component' is not installed")
    for path in source.rglob("*.py"):
        copied(path, target / "weft" / "component" / path.relative_to(source))


def _package_folder(name: str) -> Path | None:
    """Where a Python package of weft's own environment lies."""
    from importlib.util import find_spec

    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _link_numpy(component: Component, target: Path, places: Places, *, required: bool) -> None:
    """Weft's own NumPy; a requirement of the component comes before it."""
    package = _package_folder("numpy")
    if package is None:
        if required:
            raise failed(component, "NumPy is not installed; run: pip install numpy")
        return
    for folder in (package, package.with_name("numpy.libs")):
        if folder.is_dir():
            (target / folder.name).symlink_to(places.show(folder, folder.name))


def _interpreter(places: Places) -> tuple[str, dict[str, str]]:
    """The interpreter that weft itself runs on, and what it takes to run where it is seen."""
    base = Path(sys.base_prefix)
    executable = Path(getattr(sys, "_base_executable", None) or sys.executable).resolve()
    shown = places.show(base, "interpreter")
    if shown == base or not executable.is_relative_to(base.resolve()):
        return str(executable), {}
    inside = shown / executable.relative_to(base.resolve())
    return str(inside), {"LD_LIBRARY_PATH": str(shown / "lib")}


def _installed(
    component: Component, requirements: Sequence[str], package_folder: Path, tools: Tools
) -> Path:
    """The folder of the cache with these requirements installed."""
    wheels = [package_folder / text for text in requirements if _WHEEL.fullmatch(text)]
    contents = [path.read_bytes() for path in wheels if path.is_file()]
    base = getattr(sys, "_base_executable", None) or sys.executable

    def build(folder: Path) -> None:
        tools.say(f"{component.name}: installing {', '.join(requirements)} with pip")
        listed = folder / "requirements.txt"
        listed.write_text("".join(f"{text}\n" for text in requirements))
        command = [*_pip(component, base, tools), "install", "--requirement", str(listed)]
        options = "--only-binary=:all: --no-input --no-warn-script-location --progress-bar=off"
        done = tools.run(
            [*command, *options.split(), "--disable-pip-version-check", "--target", str(folder)],
            package_folder,
            {"PYTHONDONTWRITEBYTECODE": ""},
            _progress(component, tools),
        )
        listed.unlink()
        if done.status != 0:
            raise _refused(component, done.output)

    parts = [sys.version, base, *requirements, *contents]
    return tools.cached("python", digest_of(parts), build)


def _pip(component: Component, base: str, tools: Tools) -> list[str]:
    """The pip of weft's environment, or that of its interpreter."""
    for python in dict.fromkeys((sys.executable, base)):
        if tools.run([python, "-m", "pip", "--version"], Path("/")).status == 0:
            return [python, "-m", "pip"]
    raise failed(
        component,
        "requirements need pip, which is not installed; on Debian: apt-get install python3-pip",
    )


def _progress(component: Component, tools: Tools) -> Callable[[str], None]:
    def tell(line: str) -> None:
        if line.startswith(("Collecting ", "Downloading ")):
            tools.say(f"{component.name}: {line.partition(' (from ')[0]}")

    return tell


def _refused(component: Component, output: str) -> PackageError:
    """The errors that pip named."""
    said = [line for line in output.splitlines() if line.startswith("ERROR: ")]
    unreached = _UNREACHED.findall(output)
    if unreached and any("No matching distribution" in line for line in said):
        # pip takes an index that it cannot reach for one that has nothing.
        said = [f"pip cannot reach its index: {unreached[-1]}"]
    last = output.strip().splitlines()[-1:] or ["pip failed without a word"]
    reasons = (line.removeprefix("ERROR: ") for line in dict.fromkeys(said or last))
    problems = [problem_in(component, f"requirements: {reason}") for reason in reasons]
    return PackageError(component.name, problems)
