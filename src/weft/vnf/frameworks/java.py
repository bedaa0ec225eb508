"""Components in Java: sources that are compiled, or a jar; with jars and Maven coordinates they need."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from weft.model.package import Launch
from weft.vnf.building.cache import digest_of
from weft.vnf.building.compilers import compile_error, sources_of, tree_digest
from weft.vnf.building.tools import copied, failed, find_command, problem_in
from weft.vnf.frameworks.framework import PROCESS_KEYS, ProcessFramework

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weft.model.package import Component, PackageFile
    from weft.model.problem import Problem
    from weft.vnf.building.places import Places
    from weft.vnf.building.tools import Tools

__all__ = ["JavaFramework"]

_JDK = "default-jdk-headless"
_JAR = "weft-component.jar"
_NATIVE = "libweft_component_jni.so"
_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)\s*;", re.MULTILINE)
_CLASS = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*", re.ASCII)
_COORDINATE = re.compile(r"[\w.-]+:[\w.-]+:[\w.+-]+", re.ASCII)
_VM_FLAGS = (
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",
    "-XX:InitialHeapSize=8m",
    "-Xshare:auto",
    "-Xss512k",
)
_COMPILER_FLAGS = (
    *("-J-XX:+UseSerialGC", "-J-XX:TieredStopAtLevel=1", "-J-XX:-UsePerfData"),
    *("-proc:none", "--release", "17", "-encoding", "UTF-8", "-Xlint:-options"),
)
# What Maven says before the reason, of the project that is none of the package's.
_GOAL = re.compile(
    r"^Failed to execute goal on project component: .* for project weft:component:\S+ "
)
_COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"


class JavaFramework(ProcessFramework):
    """A `.java` file with a `main` method, or a `.jar`; Java 17 and newer."""

    name: ClassVar[str] = "java"
    keys: ClassVar[Mapping[str, bool]] = {
        "file": True,
        "sources": False,
        "main": False,
        "flags": False,
        "requirements": False,
        **PROCESS_KEYS,
    }

    def check(self, component: Component, files: Sequence[PackageFile]) -> list[Problem]:
        """Whether its files are sources or jars, and what its main class is."""
        contents = {file.name: file.content for file in files}
        said = list(_kind_errors(component, contents))
        for main in component.option("main"):
            if not _CLASS.fullmatch(main):
                said.append(
                    f"main: '{main}' is not valid; allowed: a class, as in org.example.Main"
                )
        for flag in component.option("flags"):
            if not flag.startswith("-"):
                said.append(f"flags: '{flag}' is not valid; allowed: flags of java, as in -Xmx64m")
        for requirement in component.requirements:
            if not _COORDINATE.fullmatch(requirement) and requirement not in contents:
                allowed = "a jar of the package, or group:artifact:version"
                said.append(f"requirements: '{requirement}' is not valid; allowed: {allowed}")
        return [problem_in(component, message) for message in said]

    def prepare(
        self, component: Component, package_folder: Path, build_folder: Path, tools: Tools
    ) -> Launch:
        """Compile where there are sources, fetch what is to be fetched."""
        java = find_command(component, "java", _JDK)
        for name in (_JAR, _NATIVE):
            copied(tools.sdk_file(component, f"java/{name}"), build_folder / name)
        places = tools.places()
        found, shown = _requirements(component, package_folder, tools, places)
        if component.file.endswith(".jar"):
            program = package_folder / component.file
        else:
            program = build_folder / "classes"
            compiled = _compiled(component, package_folder, tools, found)
            shutil.copytree(compiled / "classes", program)
        home = Path(java).resolve().parents[1]
        machine = places.show(home, "java") / "bin" / "java"
        path = ":".join(str(entry) for entry in (program, *shown, build_folder / _JAR))
        command = [
            *(str(machine), *_VM_FLAGS, *_heap(component), *component.option("flags")),
            *(f"-Djava.library.path={build_folder}", "-cp", path),
            *(_main_class(component, package_folder), *component.arguments),
        ]
        return Launch(
            tuple(command), component.environment, str(package_folder), mounts=places.mounts
        )


def _heap(component: Component) -> tuple[str, ...]:
    """Half of the memory it may have: the machine itself takes the rest."""
    memory = component.resources.memory_bytes
    return () if memory is None else (f"-Xmx{max(memory // 2 >> 20, 2)}m",)


def _kind_errors(component: Component, contents: Mapping[str, bytes]) -> list[str]:
    """What is wrong with the files that are to be run."""
    file = component.file
    said = []
    if file.endswith(".java"):
        for source in component.option("sources"):
            if source not in contents:
                said.append(f"sources: no file '{source}' in the package")
            elif not source.endswith(".java"):
                said.append(f"sources: '{source}' is not a .java file")
    elif not file.endswith(".jar"):
        said.append(f"file: '{file}' is not Java; allowed: a .java or .jar file")
    else:
        if component.option("sources"):
            said.append(f"'{file}' is not compiled: `sources` need a .java file")
        main = _main_of_jar(contents[file])
        if main is None:
            said.append(f"file: '{file}' is damaged: not a jar")
        elif not main and not component.option("main"):
            said.append(f"file: '{file}' names no Main-Class; add `main: CLASS`")
    return said


def _main_of_jar(content: bytes) -> str | None:
    """The main class that a jar names, or ""; None where it is no jar."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as jar:
            if "META-INF/MANIFEST.MF" not in jar.namelist():
                return ""
            with jar.open("META-INF/MANIFEST.MF") as stream:
                manifest = stream.read(65536).decode("utf-8", "replace")
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError):
        return None
    joined = manifest.replace("\r\n", "\n").replace("\n ", "")
    found = re.search(r"^Main-Class:\s*(\S+)\s*$", joined, re.MULTILINE)
    return found[1] if found and _CLASS.fullmatch(found[1]) else ""


def _main_class(component: Component, package_folder: Path) -> str:
    if component.option("main"):
        return component.option("main")[0]
    content = (package_folder / component.file).read_bytes()
    if component.file.endswith(".jar"):
        return _main_of_jar(content) or ""
    package = _PACKAGE.search(content.decode("utf-8", "replace"))
    stem = Path(component.file).stem
    return f"{package[1]}.{stem}" if package else stem


def _requirements(
    component: Component, package_folder: Path, tools: Tools, places: Places
) -> tuple[list[Path], list[Path]]:
    """The jars it needs: where they lie now, and where they are seen inside."""
    own = [name for name in component.requirements if (package_folder / name).is_file()]
    found = [package_folder / name for name in own]
    shown = list(found)
    coordinates = [name for name in component.requirements if name not in own]
    if coordinates:
        folder = _fetched(component, coordinates, tools)
        inside = places.show(folder, f"jars-{folder.name[:16]}")
        names = sorted(path.name for path in folder.glob("*.jar"))
        found += [folder / name for name in names]
        shown += [inside / name for name in names]
    return found, shown


def _fetched(component: Component, coordinates: Sequence[str], tools: Tools) -> Path:
    """The folder of the cache with these artefacts and all that they need."""
    maven = find_command(component, "mvn", "maven")

    def build(folder: Path) -> None:
        tools.say(f"{component.name}: fetching {', '.join(coordinates)} with mvn")
        project = folder / "pom.xml"
        project.write_text(_project(coordinates))
        command = [
            maven,
            "-q",
            "-B",
            "-U",
            "-f",
            str(project),
            _COPY_GOAL,
            f"-DoutputDirectory={folder}",
        ]
        done = tools.run([*command, "-DincludeScope=runtime"], folder)
        project.unlink()
        if done.status != 0:
            raise failed(component, f"requirements: {_maven_error(done.output)}")

    return tools.cached("java-requirements", digest_of(coordinates), build)


def _maven_error(output: str) -> str:
    """The first thing that went wrong."""
    for line in re.sub(r"\x1b\[[0-9;]*m", "", output).splitlines():
        said = line.removeprefix("[ERROR]").strip()
        if line.startswith("[ERROR]") and said:
            return _GOAL.sub("", said).removesuffix(" -> [Help 1]")
    return "mvn failed without a word"


def _project(coordinates: Sequence[str]) -> str:
    """A Maven project that depends on these and is nothing else."""
    wanted = ""
    for coordinate in coordinates:
        group, artifact, version = coordinate.split(":")
        wanted += (
            f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
            f"<version>{version}</version></dependency>"
        )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>weft</groupId><artifactId>component</artifactId><version>1</version>"
        f"<packaging>pom</packaging><dependencies>{wanted}</dependencies></project>"
    )


def _compiled(
    component: Component, package_folder: Path, tools: Tools, jars: Sequence[Path]
) -> Path:
    """The folder of the cache with the classes made of these sources."""
    compiler = find_command(component, "javac", _JDK)
    sources = [f"./{source}" for source in sources_of(component)]
    own = tools.sdk_file(component, f"java/{_JAR}")
    version = tools.run([compiler, "-version"], package_folder).output
    parts: list[str | bytes] = [
        version,
        *_COMPILER_FLAGS,
        *sources,
        own.read_bytes(),
        *component.requirements,
    ]

    def build(folder: Path) -> None:
        tools.say(f"{component.name}: compiling {', '.join(sources_of(component))}")
        path = ":".join(str(jar) for jar in (own, *jars))
        done = tools.run(
            [
                *(compiler, *_COMPILER_FLAGS, "-cp", path, "-sourcepath", "."),
                *("-d", str(folder / "classes"), *sources),
            ],
            package_folder,
        )
        if done.status != 0:
            raise compile_error(component, done.output)

    return tools.cached("java", digest_of([*parts, tree_digest(package_folder)]), build)
