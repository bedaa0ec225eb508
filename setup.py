"""Metadata is in pyproject.toml; this file names the wheel after the stable ABI, and puts the SDKs in."""

import json
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
BUILT = ROOT / "target" / "sdk"
C_FILES = (
    *("libweft_component.a", "libweft_component.so", "weft-component.pc", "weft-component-host"),
    "include/weft/component.h",
)
JAVA_FILES = ("weft-component.jar", "libweft_component_jni.so")


class BuildWithSdks(build_py):
    """A wheel has the built SDKs in `weft/_sdk`; in a clone they stay where `make sdk` puts them."""

    def run(self):
        """Copy what components are built and run with."""
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / "weft" / "_sdk"
        shutil.rmtree(target, ignore_errors=True)
        for source in _sdk_files():
            (target / source).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(BUILT / source, target / source)


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
    cmdclass={"build_py": BuildWithSdks},
)
