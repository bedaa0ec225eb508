"""Servers that forbid user namespaces: programs cannot start there, everything else can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.hosts import between
from tests.support.user_namespaces import Room, filtered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

PROGRAM = "framework: program, command: [sleep, '1000'], interfaces: [lan, wan]"
PROGRAM_PATH = "in -> [0] filter [0] -> out; out -> [1] filter [1] -> in"
PROCESS = "framework: click, text: 'input -> output', isolate: true"
PROCESS_PATH = "in -> filter -> out; out -> in"
REFUSED = """\
weft: 'gate' did not start (stage: component); all was undone
  cannot make a user namespace for component 'filter': {}
"""
USED_UP = REFUSED.format(
    "No space left on device (os error 28); a program needs one: raise the limit, as in "
    "`sysctl user.max_user_namespaces=1000`"
)
FORBIDDEN = REFUSED.format(
    "Operation not permitted (os error 1); a program needs one: what forbids it here has to allow "
    "it, such as `sysctl kernel.unprivileged_userns_clone=1`, AppArmor's "
    "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or a container's seccomp profile"
)


@pytest.fixture
def room(weft: Weft) -> Iterator[Room]:
    """Where `weft` is to run, with two devices, `left` and `right`."""
    made = Room()
    weft.prefix = made.prefix
    for device in ("left", "right"):
        made.run("ip", "link", "add", device, "type", "veth", "peer", f"{device}-end")
        made.run("ip", "link", "set", device, "up")
        made.run("ip", "link", "set", f"{device}-end", "up")
    yield made
    weft("off", "--all")
    weft.prefix = []
    made.close()


def package(folder: Path, entry: str, path: str) -> str:
    place = folder / "gate"
    place.mkdir()
    (place / "vnf.yaml").write_text(
        "weft: 1\nvnf: gate\nversion: 1.0.0\ninterfaces: [in, out]\n"
        f"components:\n  filter: {{{entry}}}\npath: {path}\n"
    )
    return str(place)


def devices(room: Room) -> list[str]:
    """Names and flags of the devices, without what changes with time."""
    return [line.partition(" mtu ")[0] for line in room.run("ip", "-o", "link").splitlines()]


TAKEN = ["--interface=in=left:take", "--interface=out=right:take"]


def test_where_none_may_be_made_a_program_is_refused_and_nothing_is_touched(
    weft: Weft, room: Room, tmp_path: Path
) -> None:
    gate = package(tmp_path, PROGRAM, PROGRAM_PATH)
    before = devices(room)
    room.allow_user_namespaces(0)
    assert weft("run", gate, "-d", *TAKEN, status=1) == USED_UP
    assert weft.folders() == []
    assert devices(room) == before
    room.allow_user_namespaces(1)
    assert weft("run", gate, "-d", *TAKEN) == "gate\n"
    [component] = weft.ps()[0]["components"]
    assert (component["name"], component["state"]) == ("filter", "ready")


def test_where_none_may_be_made_other_components_run(
    weft: Weft, room: Room, tmp_path: Path
) -> None:
    room.allow_user_namespaces(0)
    weft("run", package(tmp_path, PROCESS, PROCESS_PATH), "-d", *TAKEN)
    [component] = weft.ps()[0]["components"]
    assert (component["name"], component["state"]) == ("filter", "ready")


def test_where_a_filter_forbids_them_it_is_said_what_to_allow(
    weft: Weft, make_host: Callable[[str], Host], tmp_path: Path
) -> None:
    left, right = make_host("left"), make_host("right")
    bindings = [
        *between(left, right),
    ]
    weft.prefix = filtered()
    gate = package(tmp_path, PROGRAM, PROGRAM_PATH)
    assert weft("run", gate, "-d", *bindings, status=1) == FORBIDDEN
    assert weft.folders() == []
    assert left.links() == right.links() == {}
    weft.prefix = []
    assert weft("run", gate, "-d", *bindings) == "gate\n"
