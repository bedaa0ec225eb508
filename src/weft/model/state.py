"""The states of a function, after ETSI GS NFV-SWA 001."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["FunctionState"]


class FunctionState(StrEnum):
    """SWA 001's states; `restarting` and `failed` are conditions in which an active one may be."""

    NULL = "null"
    STARTING = "starting"  # on the way from null to one of the next three
    INSTANTIATED = "instantiated"  # Instantiated, not configured: parameters need values
    INACTIVE = "inactive"  # Instantiated, configured, inactive: stopped
    ACTIVE = "active"  # Instantiated, configured, active
    RESTARTING = "restarting"
    FAILED = "failed"
    TERMINATED = "terminated"
    GONE = "gone"  # its processes ended without our doing
