"""The JSON schema of `vnf.yaml`, made of the tables of keys that its reader goes by."""

from __future__ import annotations

from weft.vnf.schema.root import schema

__all__ = ["schema"]
