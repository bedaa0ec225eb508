"""The repository's own shape: sizes, names, documentation."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from weft import errors

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "weft"
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
)
MOST_LINES = 500
SOURCE_SUFFIXES = (".py", ".rs", ".pyi", ".click")


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False
    ).stdout.decode()
    names = [name for name in listed.split("\0") if name]
    if not names:  # not a clone: everything that is not built
        built = {"target", ".venv", "dist", "build", ".git"}
        return [
            path
            for path in ROOT.rglob("*")
            if path.is_file() and not built & set(path.relative_to(ROOT).parts)
        ]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def test_no_file_is_longer_than_a_person_reads() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked()
        if path.suffix in SOURCE_SUFFIXES
        and (lines := len(path.read_text(errors="replace").splitlines())) > MOST_LINES
    }
    assert long == {}


@pytest.mark.parametrize("name", MODULES)
def test_every_exported_name_is_there_and_documented(name: str) -> None:
    module = import_module(name)
    assert module.__doc__, f"{name} says nothing about itself"
    for exported in getattr(module, "__all__", ()):
        thing = getattr(module, exported)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert thing.__doc__, f"{name}.{exported} is not documented"


@pytest.mark.parametrize("name", MODULES)
def test_what_other_rooms_import_is_exported(name: str) -> None:
    path = PACKAGE.parent / Path(*name.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.ImportFrom) or not str(node.module).startswith("weft."):
            continue
        source = import_module(str(node.module))
        for alias in node.names:
            if not inspect.ismodule(getattr(source, alias.name, None)) and (
                (PACKAGE.parent / Path(*str(node.module).split(".")) / f"{alias.name}.py").exists()
                is False
            ):
                assert alias.name in source.__all__, f"{name} imports {node.module}.{alias.name}"


def test_every_error_is_exported_drawn_and_tested() -> None:
    defined = {
        name
        for name, thing in vars(errors).items()
        if inspect.isclass(thing) and issubclass(thing, errors.WeftError)
    }
    assert defined == set(errors.__all__)
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    for name in defined:
        assert name in str(errors.__doc__), f"{name} is missing in the tree at the top"
        assert re.search(rf"\b{name}\b", tests), f"{name} is not covered by a test"


def test_every_function_of_the_catalogue_has_manifest_readme_and_test() -> None:
    for folder in (ROOT / "functions").iterdir():
        if folder.is_dir() and not folder.name.startswith((".", "__")):
            names = {path.name for path in folder.iterdir()}
            assert {"vnf.yaml", "README.md"} <= names, folder
            assert any(name.startswith("test_") for name in names), folder


def test_every_example_has_a_command_readme_and_test() -> None:
    tests = "\n".join(path.name for path in (ROOT / "tests" / "system").glob("test_*_example.py"))
    for folder in (ROOT / "examples").iterdir():
        if folder.is_dir() and not folder.name.startswith((".", "__")):
            names = {path.name for path in folder.iterdir()}
            assert {"__main__.py", "README.md"} <= names, folder
            assert f"test_{folder.name.replace('-', '_')}_example.py" in tests, folder


def test_the_papers_of_the_front_page_are_there() -> None:
    for name in (
        *("README.md", "ARCHITECTURE.md", "SPECIFICATION.md", "CONTRIBUTING.md", "CHANGELOG.md"),
        *("LICENSE", "Makefile", ".ci/run"),
    ):
        assert (ROOT / name).is_file(), name


def test_the_reference_is_what_the_code_says() -> None:
    checked = subprocess.run(
        [sys.executable, ROOT / "tools" / "reference.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")
