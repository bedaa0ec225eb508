"""What `weft trace` tells of packets in a running function."""

from __future__ import annotations

import json
import re
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.frames import ethernet, udp
from tests.support.traffic import Sender
from tests.system.conftest import WEFT

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.system.conftest import Weft
