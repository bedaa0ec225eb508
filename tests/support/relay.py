"""A function of two components, one of them a process, and its deployment broken off at a step.

As a program it deploys the function and kills itself at a moment of a step:
RUN_DIRECTORY LEFT RIGHT STEP MOMENT.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from uuid import UUID, uuid4

from weft.model.binding import NetnsBinding
from weft.model.function import FunctionRequest
from weft.model.package import PackageFile
from weft.server.deployment import Deployment
from weft.server.rundir import RunDirectory
from weft.vnf.package import package_of, parameter_values

MANIFEST = """weft: 1
vnf: relay
version: 1.0.0
interfaces: [in, out]
components:
  count: {framework: click, text: "input -> c :: Counter -> q :: Queue($size) -> Unqueue -> output;"}
  same: {framework: python, file: same.py}
path: |
  in -> count -> same -> out
  out -> in
parameters:
  size: {type: integer, default: 100}
"""
SAME = """from weft.component import Component

component = Component()

@component.packet
def same(packet):
    pass

component.run()
"""


def relay_request(left: str, right: str, uuid: UUID | None = None) -> FunctionRequest:
    """The function between the namespaces `left` and `right`, where its links are called eth0."""
    files = [PackageFile("vnf.yaml", MANIFEST.encode()), PackageFile("same.py", SAME.encode())]
    package = package_of(files, "relay")
    bindings = (NetnsBinding("in", left, "eth0"), NetnsBinding("out", right, "eth0"))
    values = tuple(parameter_values(package, {}).items())
    return FunctionRequest(uuid or uuid4(), "relay", package, bindings, values)


def main() -> None:
    """Deploy it until the moment comes."""
    run_directory, left, right, last_step, last_moment, uuid = sys.argv[1:]

    def watch(step: str, moment: str) -> None:
        if (step, moment) == (last_step, last_moment):
            os.kill(os.getpid(), signal.SIGKILL)

    run = RunDirectory(Path(run_directory))
    request = relay_request(left, right, UUID(uuid))
    asyncio.run(Deployment(run, "operation", request, lambda _line: None, watch).run())


if __name__ == "__main__":
    main()
