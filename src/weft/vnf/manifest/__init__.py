"""`vnf.yaml`: its keys, what each allows, and how they fit together."""

from __future__ import annotations

from weft.model.package import MANIFEST
from weft.vnf.manifest.root import NO_MANIFEST, read_in_part, read_manifest

__all__ = ["MANIFEST", "NO_MANIFEST", "read_in_part", "read_manifest"]
