"""`weft-component` is a wheel of its own that needs NumPy only, alone and beside `weft`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest

from weft.component import __version__

ROOT = Path(__file__).resolve().parents[3]
NUMPY = Path(np.__file__).parents[1]
USE = "import weft.component as c, weft; print(c.__file__, getattr(weft, '__version__', None))"


def run(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built offline, from a copy: building leaves files in the source folder."""
    folder = tmp_path_factory.mktemp("wheel")
    project = folder / "sdk" / "python"
    shutil.copytree(ROOT / "src" / "weft" / "component", folder / "src" / "weft" / "component")
    project.mkdir(parents=True)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / "sdk" / "python" / name, project)
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps")
    run(*pip, "--no-build-isolation", "--wheel-dir", folder, project)
    return folder / f"weft_component-{__version__}-py3-none-any.whl"


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter in an empty environment that has this wheel and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet")
    run(*pip, "--no-index", "--no-deps", wheel)
    return python


def test_the_wheel_owns_the_sdk_and_weft_does_not(wheel: Path) -> None:
    names = [n for n in zipfile.ZipFile(wheel).namelist() if not n.startswith("weft_component-")]
    files = {
        f"weft/component/{path.name}"
        for path in (ROOT / "src" / "weft" / "component").iterdir()
        if path.is_file()
    }
    assert set(names) == files
    assert "weft/component/py.typed" in names
    weft = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert weft["tool"]["setuptools"]["packages"]["find"]["exclude"] == ["weft.component*"]


def test_it_is_imported_alone(python: Path) -> None:
    out = run(python, "-P", "-c", USE, PYTHONPATH=str(NUMPY))
    site = next(python.parents[1].glob("lib/*/site-packages"))
    assert out == f"{site}/weft/component/__init__.py None\n"


def test_it_is_found_beside_weft_in_another_place(python: Path, tmp_path: Path) -> None:
    (tmp_path / "weft").mkdir()
    shutil.copy(ROOT / "src" / "weft" / "__init__.py", tmp_path / "weft")
    site = next(python.parents[1].glob("lib/*/site-packages"))
    for path in (f"{tmp_path}:{NUMPY}", f"{site}:{tmp_path}:{NUMPY}"):
        out = run(python, "-P", "-c", USE, PYTHONPATH=path)
        assert out == f"{site}/weft/component/__init__.py 0.1.0\n"
