"""Each step of a deployment fails in turn, by an error and by SIGKILL: nothing of it is left behind."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.support.relay import relay_request
from tests.support.running import wait_until
from weft.errors import StartError
from weft.server.deployment import Deployment, steps_of
from weft.server.groups import groups_of
from weft.server.rundir import RunDirectory
from weft.server.steps import BEGINS, DONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

STEPS = steps_of(relay_request("left", "right"))
MOMENTS = [(step, moment) for step in STEPS for moment in (BEGINS, DONE)]


class Ground:
    """Two hosts, and what is between them."""

    def __init__(self, weft: Weft, left: Host, right: Host) -> None:
        self.weft, self.left, self.right = weft, left, right
        self.uuid = uuid4()

    def deploy(self, watch: Callable[[str, str], None]) -> None:
        run = RunDirectory(self.weft.run_directory)
        request = relay_request(self.left.name, self.right.name, self.uuid)
        deployment = Deployment(run, "operation", request, lambda _line: None, watch)
        asyncio.run(deployment.run())

    def processes(self) -> list[str]:
        mark = str(self.weft.run_directory)
        found = subprocess.run(["pgrep", "-f", "-a", mark], capture_output=True, text=True)
        return [line for line in found.stdout.splitlines() if "pgrep" not in line]

    def is_clean(self) -> tuple[object, ...]:
        """What is there: functions, folders, links, processes, control groups."""
        return (
            self.weft.ps(),
            self.weft.folders(),
            self.left.links(),
            self.right.links(),
            self.processes(),
            groups_of(self.uuid),
        )

    def check_that_it_still_works(self) -> None:
        self.uuid = uuid4()
        self.deploy(lambda _step, _moment: None)
        assert [(row["name"], row["state"]) for row in self.weft.ps()] == [("relay", "active")]
        self.weft("off", "relay")
        assert self.is_clean() == NOTHING


NOTHING: tuple[object, ...] = ([], [], {}, {}, [], [])


@pytest.fixture
def ground(weft: Weft, make_host: Callable[[str], Host]) -> Ground:
    return Ground(weft, make_host("left"), make_host("right"))


def test_the_plan_names_the_steps_that_are_done(ground: Ground) -> None:
    seen: list[tuple[str, str]] = []
    ground.deploy(lambda step, moment: seen.append((step, moment)))
    assert seen == MOMENTS
    ground.weft("off", "relay")


@pytest.mark.parametrize(("last_step", "last_moment"), MOMENTS)
def test_an_error_at_any_step_undoes_the_whole(
    ground: Ground, last_step: str, last_moment: str
) -> None:
    def watch(step: str, moment: str) -> None:
        if (step, moment) == (last_step, last_moment):
            raise StartError("relay", step, ["no more"])

    with pytest.raises(StartError, match="no more"):
        ground.deploy(watch)
    assert ground.is_clean() == NOTHING
    if last_moment == DONE:
        ground.check_that_it_still_works()


@pytest.mark.parametrize(("last_step", "last_moment"), MOMENTS)
def test_a_kill_at_any_step_ends_in_done_or_in_nothing(
    ground: Ground, last_step: str, last_moment: str
) -> None:
    places = [str(ground.weft.run_directory), ground.left.name, ground.right.name]
    arguments = [*places, last_step, last_moment, str(ground.uuid)]
    killed = subprocess.run(
        [sys.executable, "-m", "tests.support.relay", *arguments],
        env=ground.weft.environment,
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    if (last_step, last_moment) == MOMENTS[-1]:
        assert [(row["name"], row["state"]) for row in ground.weft.ps()] == [("relay", "active")]
        ground.weft("off", "relay")
    wait_until(ground.is_clean, NOTHING)
