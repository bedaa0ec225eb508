"""The agent of this server, as a program uses it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

from weft.client import local_client
from weft.server.local_agent import LocalAgent
from weft.server.rundir import RunDirectory

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.support.hosts import Host
    from tests.system.conftest import Weft


def test_an_operation_that_is_repeated_does_nothing_twice(
    weft: Weft, make_host: Callable[[str], Host], wire: str
) -> None:
    left, right = make_host("left"), make_host("right")
    joins = [f"in=netns:{left.name}:eth0", f"out=netns:{right.name}:eth0"]
    request = local_client().prepare(wire, None, joins, {})
    agent = LocalAgent(RunDirectory(weft.run_directory))

    async def run() -> None:
        first = await agent.deploy("operation", request)
        again = await agent.deploy("operation", replace(request, uuid=uuid4()))
        assert again == first
        assert [facts for facts, _ in await agent.functions()] == [first]
        assert first.links == {
            "in": f"veth to eth0 in namespace {left.name}",
            "out": f"veth to eth0 in namespace {right.name}",
        }
        await agent.remove("other", first.uuid)
        await agent.remove("other", first.uuid)
        assert await agent.functions() == []

    asyncio.run(run())


def test_a_start_that_is_called_off_is_undone(
    weft: Weft, make_host: Callable[[str], Host], wire: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right = make_host("left"), make_host("right")
    joins = [f"in=netns:{left.name}:eth0", f"out=netns:{right.name}:eth0"]
    request = local_client().prepare(wire, None, joins, {})
    agent = LocalAgent(RunDirectory(weft.run_directory))

    async def run() -> None:
        deploying = asyncio.create_task(agent.deploy("operation", request))
        while "eth0" not in right.links():
            await asyncio.sleep(0)
            assert not deploying.done()
        deploying.cancel()
        await asyncio.wait([deploying])
        assert deploying.cancelled()

    asyncio.run(run())
    assert weft.folders() == []
    assert left.links() == right.links() == {}
