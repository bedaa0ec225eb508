"""What tests of ready functions stand on: fixtures of the system tests."""

from __future__ import annotations

from tests.system.conftest import _root, make_host, weft

__all__ = ["_root", "make_host", "weft"]
