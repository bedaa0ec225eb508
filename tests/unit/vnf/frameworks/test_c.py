from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.vnf.frameworks.conftest import Bench

FRAMEWORK = "c"
NOT_STARTED = "weft: not started as a component: WEFT_COMPONENT is not set\n"
PROCESS = """\
#include <weft/component.h>
void process(weft_component *component, weft_packet *packets, size_t count, void *user)
{
    (void)component, (void)packets, (void)count, (void)user;
}
"""
MAIN = "int main(void) { return weft_run(&(weft_options){.process = process}); }\n"


def test_a_source_becomes_a_program(bench: Bench) -> None:
    bench.file("first.c", PROCESS + MAIN)
    bench.describe(file="first.c", arguments=("--fast",), environment=(("MODE", "a"),))
    assert bench.check() == []
    launch = bench.prepare()
    program = bench.folder / "build1" / "filter"
    assert launch.program == (str(program), "--fast")
    assert launch.environment == (("MODE", "a"),)
    assert (launch.ready, launch.mounts) == ("attach", ())
    done = subprocess.run(launch.program, capture_output=True, text=True, env={}, check=False)
    assert (done.returncode, done.stderr) == (2, NOT_STARTED)


def test_what_was_compiled_once_is_not_compiled_again(bench: Bench) -> None:
    bench.file("first.c", PROCESS + MAIN)
    bench.describe(file="first.c")
    bench.prepare()
    bench.prepare()
    assert bench.said == ["filter: compiling first.c"]
    bench.file("first.c", PROCESS + MAIN + "\n")
    bench.prepare()
    assert bench.said == ["filter: compiling first.c"] * 2


def test_several_sources_headers_and_libraries(bench: Bench) -> None:
    bench.file("src/main.c", '#include "own.h"\n' + PROCESS + MAIN)
    bench.file("src/own.h", "double root(double value);\n")
    bench.file(
        "more.c",
        "#include <math.h>\n#include <src/own.h>\ndouble root(double v) { return sqrt(v); }\n",
    )
    bench.describe(file="src/main.c", options=(("sources", ("more.c",)), ("libraries", ("m",))))
    assert bench.check() == []
    assert Path(bench.prepare().program[0]).is_file()


def test_compiler_errors_have_file_and_line(bench: Bench) -> None:
    bench.file("first.c", PROCESS + "int main(void) { return nothing; }\nint x = ;\n")
    bench.describe(file="first.c")
    assert bench.refused() == [
        "first.c:6: 'nothing' undeclared (first use in this function)",
        "first.c:7: expected expression before ';' token",
    ]
    assert list((bench.folder / "cache" / "c").iterdir()) == []


def test_linker_errors_have_file_and_line(bench: Bench) -> None:
    bench.file("first.c", "int other(void);\n\nint main(void)\n{\n    return other();\n}\n")
    bench.describe(file="first.c")
    assert bench.refused() == ["first.c:5: undefined reference to `other'"]


def test_a_source_without_main_is_told(bench: Bench) -> None:
    bench.file("first.c", PROCESS)
    bench.describe(file="first.c")
    [problem] = bench.refused()
    assert problem.startswith("first.c: ")
    assert "undefined reference to `main'" in problem


def test_warnings_are_shown(bench: Bench) -> None:
    bench.file("first.c", PROCESS + "int main(void) { int unused; return 0; }\n")
    bench.describe(file="first.c")
    bench.prepare()
    assert bench.said[1:] == ["filter: first.c:6: unused variable 'unused' [-Wunused-variable]"]


def test_a_source_cannot_read_what_only_root_may(bench: Bench, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("int secret;\n")
    secret.chmod(0o600)
    tmp_path.chmod(0o700)
    bench.file("first.c", f'#include "{secret}"\n')
    bench.describe(file="first.c")
    assert bench.refused() == [f"first.c:1: {secret}: Permission denied"]


def test_a_shared_object_is_hosted(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "object.c"
    source.write_text(PROCESS)
    include = bench.tools.sdk / "c" / "include"
    subprocess.run(
        ["cc", "-shared", "-fPIC", f"-I{include}", "-o", tmp_path / "object.so", source], check=True
    )
    bench.file("object.so", (tmp_path / "object.so").read_bytes())
    bench.describe(file="object.so", arguments=("x",))
    assert bench.check() == []
    launch = bench.prepare()
    folder = bench.folder
    assert launch.program == (
        *(f"{folder}/build1/weft-component-host", f"{folder}/package1/object.so", "x"),
    )
    done = subprocess.run(launch.program, capture_output=True, text=True, env={}, check=False)
    assert (done.returncode, done.stderr) == (2, NOT_STARTED)


def test_a_shared_object_without_entry_says_so(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "empty.c").write_text("int nothing;\n")
    target = tmp_path / "empty.so"
    subprocess.run(["cc", "-shared", "-o", target, tmp_path / "empty.c"], check=True)
    host = bench.tools.sdk / "c" / "weft-component-host"
    done = subprocess.run([host, target], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        f"weft: {target}: exports neither 'process' nor 'weft_component_options'\n",
    )


def test_a_program_is_started_as_it_is(bench: Bench) -> None:
    bench.file("filter", "#!/bin/sh\nexit 3\n")
    bench.describe(file="filter")
    assert bench.check() == []
    launch = bench.prepare()
    assert subprocess.run(launch.program, check=False).returncode == 3


@pytest.mark.parametrize(
    ("file", "content", "options", "problem"),
    [
        (
            "notes.txt",
            "hello",
            (),
            "notes.txt: cannot be started; allowed: C source (.c), a shared object (.so), "
            "a program (ELF, or a script with #!)",
        ),
        ("x.so", "hello", (), "x.so: not a shared object (ELF)"),
        (
            "run",
            "#!/bin/sh",
            (("sources", ("a.c",)),),
            "vnf.yaml:5: components: filter: 'run' is not compiled: `sources` and `libraries` "
            "need a .c file",
        ),
        (
            "a.c",
            "",
            (("sources", ("b.c",)),),
            "vnf.yaml:5: components: filter: sources: no file 'b.c' in the package",
        ),
        (
            "a.c",
            "",
            (("libraries", ("-Wl,-x",)),),
            "vnf.yaml:5: components: filter: libraries: '-Wl,-x' is not valid; "
            "allowed: a name as in m or z",
        ),
    ],
)
def test_files_of_another_kind_are_refused(
    bench: Bench, file: str, content: str, options: tuple[tuple[str, tuple[str, ...]]], problem: str
) -> None:
    bench.file(file, content)
    bench.describe(file=file, options=options)
    assert bench.check() == [problem]


@pytest.mark.usefixtures("without_tools")
def test_a_missing_compiler_is_named_with_its_package(bench: Bench) -> None:
    bench.file("first.c", PROCESS + MAIN)
    bench.describe(file="first.c")
    assert bench.refused() == [
        "vnf.yaml:5: components: filter: framework c needs 'cc', which is not installed; "
        "on Debian: apt-get install gcc libc6-dev"
    ]


def test_a_missing_sdk_is_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_SDK", "/nowhere")
    from weft.launcher import sdk_folder
    from weft.vnf.building.tools import Tools

    bench.tools = Tools(sdk_folder(), bench.folder / "cache", bench.said.append)
    bench.file("first.c", PROCESS + MAIN)
    bench.describe(file="first.c")
    assert bench.refused() == [
        "vnf.yaml:5: components: filter: the SDK is not built: "
        "no '/nowhere/c/libweft_component.a'; run `make sdk` in a clone"
    ]
