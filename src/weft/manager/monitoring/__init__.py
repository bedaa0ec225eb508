"""Monitoring: what is measured of functions, kept for an hour, and raises alarms."""

from __future__ import annotations

from weft.manager.monitoring.monitoring import Monitoring

__all__ = ["Monitoring"]
