from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from weft.model.package import Resources

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.vnf.frameworks.conftest import Bench
    from weft.model.package import Launch

FRAMEWORK = "javascript"
NOT_STARTED = "weft: not started as a component: WEFT_COMPONENT is not set\n"
WHERE = "vnf.yaml:5: components: filter: "
FIRST = """\
import { Component } from 'weft-component';
const component = new Component();
component.onPacket(() => {});
console.log(process.argv.slice(2).join(' '));
component.run();
"""
REQUIRED = "const { Component } = require('weft-component'); console.log(typeof Component);\n"


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


def test_a_module_finds_the_sdk(bench: Bench) -> None:
    bench.file("first.mjs", FIRST)
    bench.describe(file="first.mjs", arguments=("a", "b"))
    assert bench.check() == []
    launch = bench.prepare()
    assert run(launch) == (2, "a b\n", NOT_STARTED)
    assert bench.said == []


def test_a_script_in_a_folder_finds_the_sdk(bench: Bench) -> None:
    bench.file("lib/first.cjs", REQUIRED)
    bench.describe(file="lib/first.cjs")
    assert run(bench.prepare()) == (0, "function\n", "")


def test_syntax_errors_have_file_and_line(bench: Bench) -> None:
    bench.file("first.mjs", FIRST + "const = 3;\n")
    bench.describe(file="first.mjs")
    assert bench.refused() == ["first.mjs:6: SyntaxError: Unexpected token '='"]
    bench.file("first.cjs", "let a;\nlet a;\n")
    bench.describe(file="first.cjs")
    assert bench.refused() == ["first.cjs:2: SyntaxError: Identifier 'a' has already been declared"]


def test_dependencies_are_installed_once_and_run_no_script(bench: Bench, tmp_path: Path) -> None:
    tiny = tmp_path / "tiny"
    tiny.mkdir()
    described = {"name": "tiny", "version": "1.0.0", "main": "tiny.js"}
    described["scripts"] = {"install": f"touch {tmp_path}/ran"}  # type: ignore[assignment]
    (tiny / "package.json").write_text(json.dumps(described))
    (tiny / "tiny.js").write_text("module.exports = 'tiny is here';\n")
    subprocess.run(["npm", "pack", "--silent", tiny], cwd=tmp_path, check=True, capture_output=True)
    needed = {"tiny": f"file:{tmp_path}/tiny-1.0.0.tgz", "weft-component": "^1.0.0"}
    bench.file("package.json", json.dumps({"dependencies": needed}))
    bench.file("first.mjs", "import tiny from 'tiny';\nconsole.log(tiny);\n")
    bench.describe(file="first.mjs")
    assert bench.check() == []
    assert run(bench.prepare()) == (0, "tiny is here\n", "")
    assert run(bench.prepare()) == (0, "tiny is here\n", "")
    assert bench.said == ["filter: installing tiny with npm"]
    assert not (tmp_path / "ran").exists()


def test_what_npm_refuses_is_told(bench: Bench) -> None:
    bench.file("package.json", json.dumps({"dependencies": {"tiny": "file:/nowhere/tiny.tgz"}}))
    bench.file("first.mjs", "import 'tiny';\n")
    bench.describe(file="first.mjs")
    [problem] = bench.refused()
    assert problem.startswith(f"{WHERE}dependencies: ")
    assert "/nowhere/tiny.tgz" in problem


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{\n,}", "package.json:2: not JSON: Expecting property name enclosed in double quotes"),
        ("[" * 100_000, "package.json: not JSON: nested too deep"),
        ("[]", "package.json: an object is needed"),
        (
            '{"dependencies": {"a": 1}}',
            "package.json: dependencies: an object of names and versions is needed",
        ),
    ],
)
def test_a_broken_description_is_told(bench: Bench, content: str, problem: str) -> None:
    bench.file("package.json", content)
    bench.file("first.mjs", FIRST)
    bench.describe(file="first.mjs")
    assert bench.check() == [problem]


def test_files_of_another_kind_are_refused(bench: Bench) -> None:
    bench.file("first.ts", "")
    bench.describe(file="first.ts", options=(("flags", ("expose-gc",)),))
    assert bench.check() == [
        f"{WHERE}file: 'first.ts' is no module; allowed: .mjs, .js, .cjs",
        f"{WHERE}flags: 'expose-gc' is not valid; allowed: flags of node, as in --expose-gc",
    ]


@pytest.mark.usefixtures("without_tools")
def test_missing_node_is_named_with_its_package(bench: Bench) -> None:
    bench.file("first.mjs", FIRST)
    bench.describe(file="first.mjs")
    assert bench.refused() == [
        f"{WHERE}framework javascript needs 'node', which is not installed; "
        "on Debian: apt-get install nodejs"
    ]


def test_the_heap_fits_the_memory_that_is_allowed(bench: Bench) -> None:
    bench.file("first.mjs", FIRST)
    bench.describe(
        file="first.mjs",
        resources=Resources(memory_bytes=128 << 20),
        options=(("flags", ("--expose-gc",)),),
    )
    program = bench.prepare().program
    assert program.index("--max-old-space-size=64") < program.index("--expose-gc")
