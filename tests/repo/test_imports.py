"""The import rules of the architecture: each room knows only the rooms below it."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "weft"

PYTHON_RULES: dict[str, set[str]] = {
    "component": set(),  # a distribution of its own
    "model": set(),
    "errors": {"model"},  # for types only
    "launcher": {"errors"},
    "vnf": {"model", "errors", "launcher", "_engine"},
    "server": {"vnf", "model", "errors", "launcher"},
    "manager": {"vnf", "server", "model", "errors", "launcher"},
    "client": {"manager", "server", "vnf", "model", "errors"},
    # Hosts of a measurement are namespaces, as sandboxes are.
    "bench": {"client", "server", "model", "errors", "launcher"},
    "api": {"client", "manager", "model", "errors"},
    "cli": {"client", "api", "bench", "model", "errors", "launcher"},
}
RUST_RULES: dict[str, set[str]] = {
    "wire": set(),
    "lang": set(),
    "classify": {"wire"},
    "core": {"wire", "lang"},
    "component": set(),
    # Device elements choose drivers, the element of components speaks their contract.
    "elements": {"core", "wire", "lang", "classify", "io", "component"},
    "xdp": set(),
    "io": {"core", "wire", "xdp"},
    "init": {"xdp"},
}
UNRESTRICTED = {"cli", "binding", "fuzz"}
# Examples are what people write who have the package, and nothing else of this repository.
EXAMPLE_RULE = {"client", "server", "component", "model", "errors"}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_names(path: Path) -> set[str]:
    """The full names that a file imports anywhere, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def imported_rooms(path: Path) -> set[str]:
    """The rooms of ours that a file imports."""
    rooms = {name.split(".")[1] for name in imported_names(path) if name.startswith("weft.")}
    return rooms - {"__version__"}


SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_python_room_imports_only_what_it_may(path: Path) -> None:
    room = room_of(path)
    assert room in PYTHON_RULES, f"a new room '{room}' needs its rule here"
    assert imported_rooms(path) <= PYTHON_RULES[room] | {room}


def test_the_manager_knows_of_servers_only_the_seam() -> None:
    for path in (PACKAGE / "manager").rglob("*.py"):
        servers = {name for name in imported_names(path) if name.startswith("weft.server")}
        assert servers <= {"weft.server.agent.Agent"}, path


def test_a_room_of_the_manager_knows_no_other_room() -> None:
    for path in (PACKAGE / "manager").glob("*/*.py"):
        room = path.parent.name
        for name in imported_names(path):
            if name.startswith("weft."):
                assert name.split(".")[1] in {"model", "errors"} or name.startswith(
                    f"weft.manager.{room}"
                ), path


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "examples").rglob("*.py")),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_an_example_imports_only_what_it_may(path: Path) -> None:
    assert imported_rooms(path) <= EXAMPLE_RULE
    tops = {name.split(".")[0] for name in imported_names(path)}
    assert tops.isdisjoint({"bench", "demo", "functions", "tests", "tools"})


def test_model_does_no_input_or_output() -> None:
    allowed = {"__future__", "dataclasses", "enum", "typing", "uuid", "weft"}
    for path in (PACKAGE / "model").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert str(node.module).split(".")[0] in allowed, path
            elif isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= allowed, path


def crates() -> dict[str, set[str]]:
    found = {}
    for manifest in sorted((ROOT / "engine").glob("*/Cargo.toml")):
        dependencies = tomllib.loads(manifest.read_text()).get("dependencies", {})
        found[manifest.parent.name] = {
            name.removeprefix("weft-") for name in dependencies if name.startswith("weft-")
        }
    return found


def test_crates_depend_only_on_what_they_may() -> None:
    for crate, dependencies in crates().items():
        if crate not in UNRESTRICTED:
            assert crate in RUST_RULES, f"a new crate '{crate}' needs its rule here"
            assert dependencies <= RUST_RULES[crate], crate
