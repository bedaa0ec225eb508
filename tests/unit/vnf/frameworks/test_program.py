from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from weft.model.package import Package, ProgramInterface
from weft.vnf.frameworks.framework import Context

if TYPE_CHECKING:
    from tests.unit.vnf.frameworks.conftest import Bench

FRAMEWORK = "program"
WHERE = "vnf.yaml:5: components: filter: "
LAN = ProgramInterface("lan", ("10.0.0.1/24",), ("10.0.0.254",), 1400)
WAN = ProgramInterface("wan")


def test_a_file_of_the_package_is_started(bench: Bench) -> None:
    bench.file("bin/serve", "#!/bin/sh\necho $#\n")
    bench.describe(file="bin/serve", arguments=("a", "b"), interfaces=(LAN, WAN))
    assert bench.check() == []
    launch = bench.prepare()
    assert (launch.ready, launch.mounts) == ("start", ())
    assert launch.interfaces == ((LAN, "filter"), (WAN, "filter.1"))
    done = subprocess.run(launch.program, capture_output=True, text=True, check=True)
    assert done.stdout == "2\n"


def test_a_command_of_the_server_is_found(bench: Bench) -> None:
    bench.describe(options=(("command", ("sh", "-c", "exit 7")),), interfaces=(WAN,))
    assert bench.check() == []
    launch = bench.prepare()
    assert launch.program[0].startswith("/")
    assert launch.interfaces == ((WAN, "filter"),)
    assert subprocess.run(launch.program, check=False).returncode == 7


def test_its_ports_are_devices(bench: Bench) -> None:
    component = replace(bench.component, interfaces=(LAN,))
    package = Package("gate", "1", (), (component,), ())
    context = Context(package, frozenset({0}), frozenset({0}))
    assert bench.framework.element(component, context) == (
        "filter :: { from :: FromDevice(filter) -> output; "
        "input -> queue :: Queue -> to :: ToDevice(filter); };\n"
    )


def test_a_command_that_is_not_there_is_told(bench: Bench) -> None:
    bench.describe(options=(("command", ("no-such-program",)),))
    assert bench.refused() == [
        f"{WHERE}command: no program 'no-such-program' on this server "
        "(/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)"
    ]


@pytest.mark.parametrize(
    "changes", [{}, {"file": "serve", "options": (("command", ("sh",)),)}], ids=["none", "both"]
)
def test_one_of_file_and_command_is_needed(bench: Bench, changes: dict[str, object]) -> None:
    bench.file("serve", "#!/bin/sh\n")
    bench.describe(**changes)
    assert bench.check() == [
        f"{WHERE}either `file` (of the package) or `command` (of the server) is needed"
    ]


def test_what_is_no_program_is_refused(bench: Bench) -> None:
    bench.file("serve", "hello")
    bench.describe(file="serve")
    assert bench.check() == [
        "serve: cannot be started; allowed: a program (ELF, or a script with #!)"
    ]
