from __future__ import annotations

import base64
import hashlib
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.vnf.frameworks.conftest import Bench
    from weft.model.package import Launch

FRAMEWORK = "python"
NOT_STARTED = "weft: not started as a component: WEFT_COMPONENT is not set\n"
WHERE = "vnf.yaml:5: components: filter: requirements: "
ALLOWED = "allowed: NAME with versions and markers (PEP 508), or a wheel (.whl)"
FIRST = """\
import sys
from weft.component import Component
component = Component()
@component.packet
def analyze(packet): ...
print(*sys.argv[1:])
component.run()
"""


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


def wheel(folder: Path, name: str, version: str, text: str) -> bytes:
    """A distribution with one module."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": text,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).decode()
        record += f"{path},sha256={digest.rstrip('=')},{len(content)}\n"
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    place = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(place, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return place.read_bytes()


def test_a_component_finds_the_sdk_and_numpy_and_nothing_else(bench: Bench) -> None:
    bench.file("first.py", FIRST.replace("import sys\n", "import sys, numpy\n"))
    bench.describe(file="first.py", arguments=("a", "b"))
    assert bench.check() == []
    launch = bench.prepare()
    assert run(launch) == (2, "a b\n", NOT_STARTED)
    assert bench.said == []
    assert not (bench.folder / "cache").exists()
    bench.file("first.py", "import yaml\n")
    status, _, complaint = run(bench.prepare())
    assert (status, complaint.splitlines()[-1]) == (
        1,
        "ModuleNotFoundError: No module named 'yaml'",
    )


def test_modules_beside_the_file_are_found(bench: Bench) -> None:
    bench.file("lib/first.py", "import more\nprint(more.TEXT)\n")
    bench.file("lib/more.py", "TEXT = 'more'\n")
    bench.describe(file="lib/first.py")
    assert run(bench.prepare()) == (0, "more\n", "")


def test_requirements_are_installed_once_and_come_first(bench: Bench) -> None:
    name = "./wheels/tiny-1.0-py3-none-any.whl"
    bench.file(name.removeprefix("./"), wheel(bench.folder, "tiny", "1.0", "TEXT = 'tiny'\n"))
    bench.file("first.py", "import numpy, tiny\nimport weft.component\nprint(tiny.TEXT)\n")
    bench.describe(file="first.py", requirements=(name,))
    assert bench.check() == []
    assert run(bench.prepare()) == (0, "tiny\n", "")
    assert run(bench.prepare()) == (0, "tiny\n", "")
    assert bench.said == [f"filter: installing {name} with pip"]
    bench.file(name.removeprefix("./"), wheel(bench.folder, "tiny", "1.0", "TEXT = 'new'\n"))
    assert run(bench.prepare()) == (0, "new\n", "")


def test_a_requirements_file_is_read(bench: Bench) -> None:
    bench.file("wheels/tiny-1.0-py3-none-any.whl", wheel(bench.folder, "tiny", "1.0", ""))
    bench.file("requirements.txt", "# ours\n./wheels/tiny-1.0-py3-none-any.whl  # tiny\n\n")
    bench.file("first.py", "import tiny\n")
    bench.describe(file="first.py", requirements=("requirements.txt",))
    assert bench.check() == []
    assert run(bench.prepare()) == (0, "", "")


def test_what_pip_refuses_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    bench.file("first.py", FIRST)
    bench.describe(file="first.py", requirements=("tiny>=2",))
    assert bench.check() == []
    assert bench.refused() == [
        f"{WHERE}Could not find a version that satisfies the requirement tiny>=2 "
        "(from versions: none)",
        f"{WHERE}No matching distribution found for tiny>=2",
    ]
    assert list((bench.folder / "cache" / "python").iterdir()) == []


def test_an_index_out_of_reach_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nothing listens on port 1.
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    bench.file("first.py", FIRST)
    bench.describe(file="first.py", requirements=("tiny>=2",))
    [problem] = bench.refused()
    assert problem.startswith(f"{WHERE}pip cannot reach its index: ")
    assert problem.endswith("Connection refused")


@pytest.mark.parametrize(
    "text",
    [
        *("numpy", "scapy==2.5.0", "scapy >=2, <3", "uvloop[dev]~=0.19; sys_platform == 'linux'"),
        *(
            "a @ https://example.org/a-1.0-py3-none-any.whl#sha256=00",
            "wheels/a-1-py3-none-any.whl",
        ),
        "a==1 --hash=sha256:00 --hash=sha256:11",
    ],
)
def test_requirements_that_run_nothing_are_allowed(bench: Bench, text: str) -> None:
    bench.file("first.py", FIRST)
    bench.describe(file="first.py", requirements=(text,))
    assert bench.check() == []


@pytest.mark.parametrize(
    "text",
    [
        *("-e .", "--index-url=https://example.org", "-r other.txt", ".", "./folder", "/folder"),
        *("git+https://example.org/a.git", "a @ git+https://example.org/a.git", "a-1.0.tar.gz/"),
        *("a @ https://example.org/a-1.0.tar.gz", "https://example.org/a.whl", "a --pre"),
    ],
)
def test_requirements_that_run_code_are_refused(bench: Bench, text: str) -> None:
    bench.file("first.py", FIRST)
    bench.describe(file="first.py", requirements=(text,))
    assert bench.check() == [f"{WHERE}'{text}' is not valid; {ALLOWED}"]
    bench.file("needs.txt", f"numpy\n{text}\n")
    bench.describe(requirements=("needs.txt",))
    assert bench.check() == [f"needs.txt:2: '{text}' is not valid; {ALLOWED}"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"import sys\nx = = 3\n", "first.py:2: syntax error: invalid syntax"),
        (b"x = 1\0", "first.py: syntax error: source code string cannot contain null bytes"),
    ],
)
def test_syntax_errors_have_file_and_line(bench: Bench, content: bytes, problem: str) -> None:
    bench.file("first.py", content)
    bench.describe(file="first.py")
    assert bench.check() == [problem]


def test_the_interpreter_is_shown_where_its_user_cannot_reach_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    bench.tools = replace(bench.tools, mounts=bench.folder / "run" / "one" / "mnt")
    monkeypatch.setattr("weft.vnf.building.places.is_open", lambda _path: False)
    bench.file("first.py", FIRST)
    bench.describe(file="first.py")
    launch = bench.prepare()
    mounts = bench.folder / "run" / "one" / "mnt"
    assert launch.program[0].startswith(f"{mounts}/interpreter/bin/python3")
    targets = {mount.target for mount in launch.mounts}
    assert {f"{mounts}/interpreter", f"{mounts}/numpy"} <= targets
    link = bench.folder / "build1" / "python" / "numpy"
    assert str(link.readlink()) == f"{mounts}/numpy"
