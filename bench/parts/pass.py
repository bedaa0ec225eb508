"""pass.py INDEX: counts 1 up in a byte of each packet that is this component's own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from weft.component import Component

if TYPE_CHECKING:
    from weft.component import Batch

own = 8 + int(sys.argv[1])
component = Component()


@component.batch
def count(batch: Batch) -> None:
    """All of a batch at once."""
    batch.flat[batch.starts + own] += 1


component.run()
