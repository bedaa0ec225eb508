"""What programs of other systems import, and what is to be installed for them."""

from __future__ import annotations

import pytest

from weft.vnf.onboarding.imports import needs_of

FILES = ("SourceCode/block.py", "SourceCode/tables.py", "lib/x.py")


@pytest.mark.parametrize(
    ("text", "requirements", "notes"),
    [
        ("import socket, os.path\nimport numpy\nfrom . import a\n", (), []),
        ("import tables\nfrom lib.x import y\n", (), []),
        (
            "def f():\n    from scapy.all import *\nimport yaml\n",
            ("scapy", "PyYAML"),
            [
                "SourceCode/block.py: imports 'scapy': its requirement 'scapy' is fetched when it is built",
                "SourceCode/block.py: imports 'yaml': its requirement 'PyYAML' is fetched when it is built",
            ],
        ),
        (
            "import strange.thing\n",
            (),
            [
                "SourceCode/block.py: imports 'strange': say under its 'requirements' in vnf.yaml "
                "what that comes in"
            ],
        ),
        ("print 'x'\n", (), ["SourceCode/block.py:1: not understood as Python 3"]),
        ("\0", (), ["SourceCode/block.py: not understood as Python 3"]),
    ],
)
def test_what_is_imported_is_required_or_told(
    text: str, requirements: tuple[str, ...], notes: list[str]
) -> None:
    needs = needs_of("SourceCode/block.py", text.encode(), FILES)
    assert needs.requirements == requirements
    assert [str(note) for note in needs.notes] == notes
