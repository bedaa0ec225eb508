"""What guides point at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
_FILE = re.compile(r"(?<=\| )((?:tests|functions)/[\w./-]+) \|")


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_links_lead_somewhere(guide: Path) -> None:
    text = guide.read_text()
    targets = [guide.parent / link for link in _LINK.findall(text)]
    targets += [ROOT / file for file in _FILE.findall(text)]
    assert [str(target) for target in targets if not target.exists()] == []
