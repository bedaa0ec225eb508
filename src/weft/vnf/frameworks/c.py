"""Components in C: sources that are compiled, a shared object, or a program that is there already."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from weft.model.package import Launch
from weft.model.problem import Problem
from weft.vnf.building.cache import digest_of
from weft.vnf.building.compilers import compile_error, problems_of, sources_of, tree_digest
from weft.vnf.building.tools import copied, find_command, problem_in
from weft.vnf.frameworks.framework import PROCESS_KEYS, ProcessFramework

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weft.model.package import Component, PackageFile
    from weft.vnf.building.tools import Tools

__all__ = ["CFramework"]

_FLAGS = ("-O2", "-g", "-Wall", "-Wextra", "-fmax-errors=50", "-fdiagnostics-color=never")
_LIBRARY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_+.-]*", re.ASCII)
_MAGIC = (b"\x7fELF", b"#!")
_HOST = "weft-component-host"


class CFramework(ProcessFramework):
    """`.c` sources, a `.so` that a small program of the SDK hosts, or any program that attaches."""

    name: ClassVar[str] = "c"
    keys: ClassVar[Mapping[str, bool]] = {
        "file": True,
        "sources": False,
        "libraries": False,
        **PROCESS_KEYS,
    }

    def check(self, component: Component, files: Sequence[PackageFile]) -> list[Problem]:
        """Whether its files are of a kind that can be started."""
        contents = {file.name: file.content for file in files}
        problems = []
        if component.file.endswith(".c"):
            problems += _check_sources(component, contents)
        elif component.option("sources") or component.option("libraries"):
            message = (
                f"'{component.file}' is not compiled: `sources` and `libraries` need a .c file"
            )
            problems.append(problem_in(component, message))
        elif component.file.endswith(".so"):
            if not contents[component.file].startswith(_MAGIC[0]):
                problems.append(Problem(component.file, 0, "not a shared object (ELF)"))
        elif not contents[component.file].startswith(_MAGIC):
            allowed = "C source (.c), a shared object (.so), a program (ELF, or a script with #!)"
            problems.append(Problem(component.file, 0, f"cannot be started; allowed: {allowed}"))
        return problems

    def prepare(
        self, component: Component, package_folder: Path, build_folder: Path, tools: Tools
    ) -> Launch:
        """Compile where there are sources."""
        file = package_folder / component.file
        if component.file.endswith(".c"):
            built = _compiled(component, package_folder, tools)
            command = [str(copied(built / "program", build_folder / component.name))]
        elif component.file.endswith(".so"):
            host = tools.sdk_file(component, f"c/{_HOST}")
            command = [str(copied(host, build_folder / _HOST)), str(file)]
        else:
            file.chmod(0o755)
            command = [str(file)]
        return Launch((*command, *component.arguments), component.environment, str(package_folder))


def _check_sources(component: Component, contents: Mapping[str, bytes]) -> list[Problem]:
    problems = []
    for source in component.option("sources"):
        if source not in contents:
            problems.append(problem_in(component, f"sources: no file '{source}' in the package"))
        elif not source.endswith(".c"):
            problems.append(problem_in(component, f"sources: '{source}' is not a .c file"))
    problems += [
        problem_in(component, f"libraries: '{library}' is not valid; allowed: a name as in m or z")
        for library in component.option("libraries")
        if not _LIBRARY.fullmatch(library)
    ]
    return problems


def _compiled(component: Component, package_folder: Path, tools: Tools) -> Path:
    """The folder of the cache with the program made of these sources."""
    compiler = find_command(component, "cc", "gcc libc6-dev")
    library = tools.sdk_file(component, "c/libweft_component.a")
    header = tools.sdk_file(component, "c/include/weft/component.h")
    version = tools.run([compiler, "--version"], package_folder).output
    libraries = [f"-l{library}" for library in component.option("libraries")]
    sources = [f"./{source}" for source in sources_of(component)]
    parts: list[str | bytes] = [
        version,
        *_FLAGS,
        *libraries,
        *sources,
        header.read_bytes(),
        library.read_bytes(),
    ]

    def build(folder: Path) -> None:
        import tempfile

        tools.say(f"{component.name}: compiling {', '.join(sources_of(component))}")
        with tempfile.TemporaryDirectory(prefix="weft-build-") as name:
            work = Path(name)
            shutil.copytree(package_folder, work / "package")
            (work / "include" / "weft").mkdir(parents=True)
            shutil.copy(header, work / "include" / "weft")
            shutil.copy(library, work)
            command = [
                *(compiler, *_FLAGS, "-I../include", "-I.", f"-ffile-prefix-map={work}/package=."),
                *("-o", "../program", *sources, f"../{library.name}", *libraries),
            ]
            done = tools.run_bounded(command, work / "package", owned=work)
            if done.status != 0:
                raise compile_error(component, done.output)
            copied(work / "program", folder / "program")
        for warning in problems_of(done.output, ("warning",)):
            tools.say(f"{component.name}: {warning}")

    return tools.cached("c", digest_of([*parts, tree_digest(package_folder)]), build)
