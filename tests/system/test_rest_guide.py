"""The requests of the guide are answered as it says."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.serving import serving

if TYPE_CHECKING:
    from tests.system.conftest import Weft

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "rest.md"


def test_the_requests_of_the_guide_are_answered(weft: Weft, tmp_path: Path) -> None:
    (tmp_path / "idle.click").write_text("Idle -> Discard;\n")
    _, _, rest = GUIDE.read_text().partition("```sh\n")
    commands = rest.partition("```")[0]
    weft.environment["WEFT_DATA_DIR"] = str(tmp_path / "data")
    with serving(weft) as server:
        script = f"set -e\nshopt -s expand_aliases\nSOCKET={server.path}\n{commands}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert '"name":"fw"' in done.stdout
        assert "Idle -> Discard" in done.stdout
        assert server.ask("GET", "/v1/functions").json() == []
