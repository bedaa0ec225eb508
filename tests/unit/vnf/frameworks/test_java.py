from __future__ import annotations

import re
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from weft.model.package import Resources

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.vnf.frameworks.conftest import Bench
    from weft.model.package import Launch

FRAMEWORK = "java"
NOT_STARTED = "weft: not started as a component: WEFT_COMPONENT is not set\n"
WHERE = "vnf.yaml:5: components: filter: "
FIRST = """\
import dev.weft.component.Component;
public class First {
    public static void main(String[] arguments) {
        System.out.println(String.join(" ", arguments) + More.text());
        Component.create().onPacket(packet -> {}).run();
    }
}
"""
MORE = 'public class More { static String text() { return "!"; } }\n'


def run(launch: Launch) -> tuple[int, str, str]:
    done = subprocess.run(
        launch.program,
        cwd=launch.directory,
        env=dict(launch.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def jar(path: Path, files: dict[str, str | bytes]) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path.read_bytes()


def test_sources_are_compiled_and_run(bench: Bench) -> None:
    bench.file("First.java", FIRST)
    bench.file("More.java", MORE)
    bench.describe(file="First.java", arguments=("a", "b"))
    assert bench.check() == []
    launch = bench.prepare()
    assert run(launch) == (2, "a b!\n", NOT_STARTED)
    assert bench.said == ["filter: compiling First.java"]
    bench.prepare()
    assert bench.said == ["filter: compiling First.java"]


def test_a_class_in_a_java_package_is_found(bench: Bench) -> None:
    bench.file(
        "org/example/First.java", "package org.example;\n" + FIRST.replace("More.text()", "1")
    )
    bench.describe(file="org/example/First.java")
    assert run(bench.prepare())[:2] == (2, "1\n")


def test_compiler_errors_have_file_and_line(bench: Bench) -> None:
    bench.file("First.java", FIRST)
    bench.describe(file="First.java")
    assert bench.refused() == ["First.java:4: cannot find symbol"]
    bench.file("First.java", "class First {\n  int x\n}\n")
    assert bench.refused() == ["First.java:2: ';' expected"]


def test_a_jar_runs_with_the_jars_it_requires(bench: Bench, tmp_path: Path) -> None:
    bench.file("First.java", FIRST)
    bench.file("More.java", MORE)
    bench.describe(file="First.java")
    bench.prepare()
    classes = tmp_path / "build1" / "classes"
    main: dict[str, str | bytes] = {
        "META-INF/MANIFEST.MF": "Main-Class: First\n",
        "First.class": b"",
    }
    main["First.class"] = (classes / "First.class").read_bytes()
    more = jar(tmp_path / "more", {"More.class": (classes / "More.class").read_bytes()})
    bench.files.clear()
    bench.file("first.jar", jar(tmp_path / "first", main))
    bench.file("lib/more.jar", more)
    bench.describe(file="first.jar", requirements=("lib/more.jar",))
    assert bench.check() == []
    assert run(bench.prepare()) == (2, "!\n", NOT_STARTED)


def test_what_maven_fetches_is_on_the_path(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    jar(tools / "lib-1.jar", {"x": ""})
    wanted = "<groupId>org.example</groupId><artifactId>lib</artifactId><version>1.0</version>"
    (tools / "mvn").write_text(
        f"#!/bin/sh\ngrep -q '{wanted}' pom.xml || exit 1\n"
        f"for i; do case $i in -DoutputDirectory=*) cp {tools}/lib-1.jar ${{i#*=}};; esac; done\n"
    )
    (tools / "mvn").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    bench.file("First.java", FIRST)
    bench.file("More.java", MORE)
    bench.describe(file="First.java", requirements=("org.example:lib:1.0",))
    assert bench.check() == []
    path = bench.prepare().program[-2].split(":")
    assert [re.sub(r".*/", "", entry) for entry in path] == [
        *("classes", "lib-1.jar", "weft-component.jar"),
    ]
    assert bench.said[0] == "filter: fetching org.example:lib:1.0 with mvn"


GOAL = (
    "Failed to execute goal on project component: Could not resolve dependencies for project "
    "weft:component:pom:1: "
)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("[ERROR] no lib:1.0 anywhere\n", "no lib:1.0 anywhere"),
        (
            f"[ERROR] {GOAL}Could not find artifact org.example:lib:jar:1.0 in central "
            "(https://libraries.example/maven2) -> [Help 1]\n[ERROR] \n[ERROR] [Help 1] x\n",
            "Could not find artifact org.example:lib:jar:1.0 in central "
            "(https://libraries.example/maven2)",
        ),
        ("", "mvn failed without a word"),
    ],
)
def test_what_maven_refuses_is_told(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, told: str
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "said").write_text(said)
    (tools / "mvn").write_text(f"#!/bin/sh\ncat {tools}/said\nexit 1\n")
    (tools / "mvn").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    bench.file("First.java", FIRST)
    bench.describe(file="First.java", requirements=("org.example:lib:1.0",))
    assert bench.refused() == [f"{WHERE}requirements: {told}"]


def test_files_of_another_kind_are_refused(bench: Bench, tmp_path: Path) -> None:
    bench.file("first.py", "")
    bench.describe(file="first.py", requirements=("lib",), options=(("main", ("1",)),))
    assert bench.check() == [
        f"{WHERE}file: 'first.py' is not Java; allowed: a .java or .jar file",
        f"{WHERE}main: '1' is not valid; allowed: a class, as in org.example.Main",
        f"{WHERE}requirements: 'lib' is not valid; allowed: a jar of the package, "
        "or group:artifact:version",
    ]
    bench.file("first.jar", "PK")
    bench.describe(file="first.jar", requirements=(), options=())
    assert bench.check() == [f"{WHERE}file: 'first.jar' is damaged: not a jar"]
    bench.file("first.jar", jar(tmp_path / "empty", {"x": ""}))
    assert bench.check() == [f"{WHERE}file: 'first.jar' names no Main-Class; add `main: CLASS`"]
    bench.describe(options=(("main", ("First",)), ("flags", ("Xmx1g",))))
    assert bench.check() == [
        f"{WHERE}flags: 'Xmx1g' is not valid; allowed: flags of java, as in -Xmx64m"
    ]


@pytest.mark.usefixtures("without_tools")
def test_missing_java_is_named_with_its_package(bench: Bench) -> None:
    bench.file("First.java", FIRST)
    bench.describe(file="First.java")
    assert bench.refused() == [
        f"{WHERE}framework java needs 'java', which is not installed; "
        "on Debian: apt-get install default-jdk-headless"
    ]


def test_the_heap_fits_the_memory_that_is_allowed(bench: Bench) -> None:
    bench.file("First.java", FIRST.replace("More.text()", "1"))
    bench.describe(
        file="First.java",
        resources=Resources(memory_bytes=128 << 20),
        options=(("flags", ("-Xss1m",)),),
    )
    program = bench.prepare().program
    assert program.index("-Xmx64m") < program.index("-Xss1m")
