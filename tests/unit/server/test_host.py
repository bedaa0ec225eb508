"""How this server is: what has names that are no plain words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# In a namespace of its own, for others see what is mounted here, too.
MOUNTED = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o size=1M none "$0" && exec "$@"']
LOOK = """
import json
from dataclasses import asdict
from uuid import uuid4
from weft.server.facts import server_facts
from weft.server.groups import remove_groups
from weft.server.host import host_facts

server_facts()
remove_groups(uuid4())
print(json.dumps([asdict(disk) for disk in host_facts().disks]))
"""


@pytest.mark.parametrize(("name", "shown"), [("a \\ bé", "a \\ bé"), ("\udcff", "\ufffd")])
def test_disks_are_told_whatever_they_are_called(tmp_path: Path, name: str, shown: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount")
    place = tmp_path / name
    place.mkdir()
    command = [*MOUNTED, str(place), sys.executable, "-c", LOOK]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    [disk] = [disk for disk in json.loads(done.stdout) if disk["mount"] == str(tmp_path / shown)]
    assert (disk["type"], disk["total_bytes"]) == ("tmpfs", 1 << 20)
