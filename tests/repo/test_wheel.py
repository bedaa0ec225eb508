"""What the wheel has besides the Python files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_wheel_has_the_sdks_that_components_are_built_with(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "setup.py", "-q", "build_py", "--build-lib", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    sdk = tmp_path / "weft" / "_sdk"
    names = {path.relative_to(sdk).as_posix() for path in sdk.rglob("*") if path.is_file()}
    assert {
        *("c/include/weft/component.h", "c/libweft_component.a", "c/libweft_component.so"),
        *("c/weft-component-host", "java/weft-component.jar", "java/libweft_component_jni.so"),
        *("javascript/package.json", "javascript/index.mjs", "javascript/weft_component.node"),
    } <= names
    assert not any("conformance" in name or name.endswith(".o") for name in names)
    assert (sdk / "c" / "weft-component-host").stat().st_mode & 0o111 == 0o111


def test_the_wheel_has_the_ready_functions_without_their_tests(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "setup.py", "-q", "build_py", "--build-lib", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    functions = tmp_path / "weft" / "_functions"
    names = {path.relative_to(functions).as_posix() for path in functions.rglob("*.*")}
    assert {"stateless-firewall/vnf.yaml", "traffic-inspector/Meter.java"} <= names
    assert {name.split("/")[0] for name in names} == {
        path.parent.name for path in (ROOT / "functions").glob("*/vnf.yaml")
    }
    assert not any("/test_" in name or "__pycache__" in name for name in names)
