"""Metadata is in pyproject.toml; this file names the wheel after the stable ABI, and fills it."""

import json
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
BUILT = ROOT / "target" / "sdk"
FUNCTIONS = ROOT / "functions"
C_FILES = (
    *("libweft_component.a", "libweft_component.so", "weft-component.pc", "weft-component-host"),
    "include/weft/component.h",
)
JAVA_FILES = ("weft-component.jar", "libweft_component_jni.so")


class BuildWhole(build_py):
    """A wheel has SDKs in `weft/_sdk`, ready functions in `weft/_functions`; a clone has them elsewhere."""

    def run(self):
        """Copy what components are built and run with, and the functions without their tests."""
        super().run()
        if self.editable_mode:
            return
        package = Path(self.build_lib) / "weft"
        _copy(BUILT, _sdk_files(), package / "_sdk")
        _copy(FUNCTIONS, _function_files(), package / "_functions")


def _copy(source, names, target):
    """Files below one folder, to below another."""
    shutil.rmtree(target, ignore_errors=True)
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, target / name)


def _function_files():
    """The files of all ready functions, relative to their folder."""
    return [
        path.relative_to(FUNCTIONS)
        for path in sorted(FUNCTIONS.glob("*/**/*"))
        if path.is_file()
        and "__pycache__" not in path.parts
        and not path.name.startswith(("test_", "."))
    ]


def _sdk_files():
    """The files of all SDKs, relative to where they were built."""
    description = json.loads((ROOT / "sdk" / "javascript" / "package.json").read_bytes())
    files = [Path("c", name) for name in C_FILES] + [Path("java", name) for name in JAVA_FILES]
    for name in ("package.json", *description["files"]):
        place = BUILT / "javascript" / name
        inner = sorted(place.rglob("*")) if place.is_dir() else [place]
        files += [path.relative_to(BUILT) for path in inner if not path.is_dir()]
    missing = [str(path) for path in files if not (BUILT / path).is_file()]
    if missing:
        raise SystemExit(f"not built: {', '.join(missing)}; run `make sdk` first")
    return files


setup(
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
    cmdclass={"build_py": BuildWhole},
)
