"""Archives as makers of network functions hand them out, put together from nothing."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["META", "csar", "listed", "meta", "sparse_csar", "units", "zipped"]

META = "TOSCA-Metadata/TOSCA.meta"
CHUNK = bytes(2**20)

TYPES = """tosca_definitions_version: tosca_simple_yaml_1_2
node_types:
  acme.IMS: {derived_from: tosca.nodes.nfv.VNF}
  acme.Vdu: {derived_from: tosca.nodes.nfv.Vdu.Compute}
"""
TOP = """tosca_definitions_version: tosca_simple_yaml_1_3
imports: [etsi_nfv_sol001_vnfd_VERSION_types.yaml, ims_types.yaml, IMPORTS]
topology_template:
  inputs:
    selected_flavour: {type: string, default: simple}
    maker: {type: string, default: ACME Networks}
  node_templates:
    VNF:
      type: acme.IMS
      properties:
        flavour_id: {get_input: selected_flavour}
        descriptor_id: b1bb0ce7-ebca-4fa7-95ed-4840d70a1177
        provider: {get_input: maker}
        product_name: IMS Core
        software_version: '21.4'
      interfaces:
        Vnflcm: {instantiate_start: {implementation: ../Scripts/start.sh}}
"""
FLAVOUR = """tosca_definitions_version: tosca_simple_yaml_1_3
topology_template:
  substitution_mappings:
    node_type: acme.IMS
    properties: {flavour_id: FLAVOUR}
    requirements: {virtual_link_mgmt: [CP1, virtual_link]}
  node_templates:
UNITS
"""


def units(*lines: str) -> str:
    """Node templates, as they stand in a descriptor."""
    return "".join(f"    {line}\n" for line in lines)


def zipped(files: Mapping[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packing) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def meta(*lines: str, entry: str = "Definitions/ims_top.vnfd.yaml") -> bytes:
    """A TOSCA.meta."""
    head = ("TOSCA-Meta-File-Version: 1.0", "CSAR-Version: 1.1", "Created-By: acme")
    return "\n".join((*head, f"Entry-Definitions: {entry}", *lines, "")).encode()


def listed(files: Mapping[str, bytes], head: str = "metadata:\n  vnf_product_name: ims\n") -> bytes:
    """A manifest with the hashes of files."""
    lines = [
        f"Source: {name}\nAlgorithm: SHA-256\nHash: {hashlib.sha256(content).hexdigest()}\n"
        for name, content in files.items()
    ]
    return "\n".join((head, *lines)).encode()


def csar(
    flavours: Mapping[str, str],
    further: Mapping[str, bytes] | None = None,
    version: str = "2_6_1",
    head: str = "metadata:\n  vnf_product_name: ims\n",
) -> dict[str, bytes]:
    """The files of an archive: descriptor, a file for each flavour with its node templates, manifest."""
    names = {flavour: f"ims_df_{flavour}.yaml" for flavour in flavours}
    top = TOP.replace("VERSION", version).replace("IMPORTS", ", ".join(names.values()))
    files = {
        META: meta("ETSI-Entry-Manifest: ims.mf"),
        "Definitions/ims_top.vnfd.yaml": top.encode(),
        "Definitions/ims_types.yaml": TYPES.encode(),
        "Scripts/start.sh": b"#!/bin/sh\n",
    }
    for flavour, templates in flavours.items():
        text = FLAVOUR.replace("FLAVOUR", flavour).replace("UNITS", templates)
        files[f"Definitions/{names[flavour]}"] = text.encode()
    files |= further or {}
    return files | {"ims.mf": listed(files, head)}


def sparse_csar(path: Path, files: Mapping[str, bytes], image: str, size_mib: int) -> None:
    """Write an archive with a further file of zeros, packed."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        with archive.open(image, "w", force_zip64=True) as stream:
            for _ in range(size_mib):
                stream.write(CHUNK)
