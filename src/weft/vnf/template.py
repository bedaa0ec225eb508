"""The package that `weft package init` makes: a wire that counts, small and working."""

from __future__ import annotations

import re
from pathlib import Path

from weft.errors import UsageError

__all__ = ["make_package"]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)

_MANIFEST = """\
weft: 1
vnf: {name}
version: 0.1.0
description: Passes frames between two interfaces and counts them
interfaces: [in, out]
components:
  counter: {{framework: click, file: counter.click}}
path: |
  in -> counter -> out
  out -> in
"""

_COMPONENT = """\
// Each component has the ports `input` and `output`; the path in vnf.yaml joins them.
input -> count :: Counter -> output;
"""

_README = """\
# {name}

    weft package check {name}
    weft run {name} --interface in=pcap:in.pcap --interface out=pcap:/dev/null:out.pcap
    sudo weft run {name} --interface in=netns:client --interface out=netns:server -d
    sudo weft read {name} counter/count.count
"""


def make_package(name: str) -> Path:
    """Make the folder `name` with a package in it; nothing is overwritten."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' is not a name for a package; allowed: lower-case words joined by hyphens, "
            "as in l7-firewall"
        )
    folder = Path(name)
    try:
        folder.mkdir()
    except FileExistsError:
        raise UsageError(f"'{folder}' is there already; nothing was changed") from None
    (folder / "vnf.yaml").write_text(_MANIFEST.format(name=name))
    (folder / "counter.click").write_text(_COMPONENT)
    (folder / "README.md").write_text(_README.format(name=name))
    return folder
