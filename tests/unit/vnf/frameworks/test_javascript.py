from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from weft.model.package import Resources

if TYPE_CHECKING:
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


def tool(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """An `npm` that does what a test wants."""
    (folder / "tools").mkdir()
    (folder / "tools" / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "tools" / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder / "tools"), prepend=":")


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


def test_dependencies_lie_in_a_folder_of_the_name_that_node_looks_for(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm = "mkdir -p node_modules/@own/tiny node_modules/needed node_modules/.bin"
    tool(tmp_path, monkeypatch, npm)
    monkeypatch.setattr("weft.vnf.building.places.is_open", lambda _path: False)
    mounts = tmp_path / "run" / "one" / "mnt"
    bench.tools = replace(bench.tools, mounts=mounts)
    bench.file("package.json", json.dumps({"dependencies": {"@own/tiny": "1.0.0"}}))
    bench.file("first.mjs", FIRST)
    bench.describe(file="first.mjs")
    launch = bench.prepare()
    [(fetched, target)] = [
        (mount.source, mount.target) for mount in launch.mounts if "/npm-" in str(mount.target)
    ]
    assert (Path(fetched) / "node_modules" / "@own" / "tiny").is_dir()
    modules = tmp_path / "package1" / "node_modules"
    links = {path.name: str(path.readlink()) for path in modules.iterdir() if path.is_symlink()}
    assert links == {name: f"{target}/node_modules/{name}" for name in ("@own", "needed")}


REFUSED_BY_10 = """\
npm error code E404
npm error 404 Not Found - GET https://libraries.example/tiny
npm error 404
npm error 404  The requested resource 'tiny@1.0.0' could not be found.
npm error 404
npm error 404 Note that you can also install from a
npm error 404 tarball, folder, http url, or git url.
npm error A complete log of this run can be found in: /root/.npm/_logs/debug-0.log
"""
REFUSED_BY_9 = """\
npm ERR! code E404
npm ERR! 404 Not Found - GET https://libraries.example/tiny - Not found
npm ERR! 404
npm ERR! 404  'tiny@1.0.0' is not in this registry.
npm ERR! 404
npm ERR! 404 Note that you can also install from a
npm ERR! 404 tarball, folder, http url, or git url.

npm ERR! A complete log of this run can be found in:
npm ERR!     /root/.npm/_logs/debug-0.log
"""
NO_VERSION = """\
npm error code ETARGET
npm error notarget No matching version found for tiny@1.0.0.
npm error notarget In most cases you or one of your dependencies are requesting
npm error notarget a package version that doesn't exist.
"""
NOT_FOUND = "Not Found - GET https://libraries.example/tiny"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (REFUSED_BY_10, f"{NOT_FOUND}; The requested resource 'tiny@1.0.0' could not be found."),
        (REFUSED_BY_9, f"{NOT_FOUND} - Not found; 'tiny@1.0.0' is not in this registry."),
        (
            NO_VERSION,
            "No matching version found for tiny@1.0.0.; In most cases you or one of your "
            "dependencies are requesting; a package version that doesn't exist.",
        ),
        ("", "npm failed without a word"),
    ],
)
def test_what_npm_refuses_is_told(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, told: str
) -> None:
    (tmp_path / "said").write_text(said)
    tool(tmp_path, monkeypatch, f"cat {tmp_path}/said; exit 1")
    bench.file("lib/package.json", json.dumps({"dependencies": {"tiny": "1.0.0"}}))
    bench.file("lib/first.mjs", "import 'tiny';\n")
    bench.describe(file="lib/first.mjs")
    assert bench.refused() == [f"{WHERE}dependencies of 'lib/package.json': {told}"]


def test_what_the_real_npm_refuses_is_told(bench: Bench) -> None:
    bench.file("package.json", json.dumps({"dependencies": {"tiny": "file:/nowhere/tiny.tgz"}}))
    bench.file("first.mjs", "import 'tiny';\n")
    bench.describe(file="first.mjs")
    [problem] = bench.refused()
    assert problem.startswith(f"{WHERE}dependencies of 'package.json': ")
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
