"""How this server is: what has names that are no plain words."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from weft.server.host import host_facts

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("name", "shown"), [("a \\ bé", "a \\ bé"), ("\udcff", "\ufffd")])
def test_disks_are_told_whatever_they_are_called(tmp_path: Path, name: str, shown: str) -> None:
    place = tmp_path / name
    place.mkdir()
    tried = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1M", "none", place], check=False)
    if tried.returncode:
        pytest.skip(f"needs root, and leave to mount (user {os.geteuid()})")
    try:
        [disk] = [disk for disk in host_facts().disks if disk.mount == str(tmp_path / shown)]
        assert (disk.type, disk.total_bytes) == ("tmpfs", 1 << 20)
    finally:
        subprocess.run(["umount", place], check=True)
