"""Click files of Click-on-OSv: nine comment lines tell who made them; devices are DPDK ports.

The header is `//VNF_HEADER`, then `//VNF_VERSION:`, `ID`, `PROVIDER`, `NAME`, `RELEASE_DATE`,
`RELEASE_VERSION`, `RELEASE_LIFESPAN` and `DESCRIPTION`, each with a value. Port N of `FromDPDKDevice` and
`ToDPDKDevice` becomes the interface `portN`. A `ToDPDKDevice` is pushed to, so it becomes a device behind
a queue, unless the file has queues of its own.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from weft.errors import PackageError
from weft.model.package import MANIFEST, PackageFile
from weft.model.problem import Problem
from weft.vnf.graph import check_graph
from weft.vnf.onboarding import Onboarded
from weft.vnf.onboarding.text import manifest_text

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FIELDS", "header_of", "onboard_click_on_osv"]

FIELDS = (
    "VERSION",
    "ID",
    "PROVIDER",
    "NAME",
    "RELEASE_DATE",
    "RELEASE_VERSION",
    "RELEASE_LIFESPAN",
    "DESCRIPTION",
)
"""What the lines behind `//VNF_HEADER` are called, in their order, without `VNF_`."""

_HEADER = re.compile(r"//\s*VNF_HEADER\s*")
_DEVICE = re.compile(r"\b(From|To)DPDKDevice\s*\(\s*(\d+)\s*(?:,[^()]*)?\)")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,63}", re.ASCII)


def header_of(text: str) -> dict[str, str]:
    """The values of a file's header by field; empty where it has none."""
    lines = text.splitlines()
    if not lines or not _HEADER.fullmatch(lines[0]):
        return {}
    found = {}
    for field, line in zip(FIELDS, lines[1:], strict=False):
        match = re.fullmatch(rf"//\s*VNF_{field}\s*:\s*(.*?)\s*", line)
        if match is None:
            break
        found[field] = match[1]
    return found


def onboard_click_on_osv(file: PackageFile, called: str) -> Onboarded:
    """The package that such a file becomes; PackageError tells what its header lacks."""
    text = file.content.decode("utf-8", errors="replace")
    header = header_of(text)
    missing = [field for field in FIELDS if field not in header]
    if missing:
        what = "//VNF_HEADER" if not header else f"//VNF_{missing[0]}:"
        line = 1 if not header else len(header) + 2
        raise PackageError(called, [Problem(file.name, line, f"'{what}' is missing in the header")])
    ports = sorted({int(match[2]) for match in _DEVICE.finditer(text)})
    if not ports:
        why = "no FromDPDKDevice or ToDPDKDevice, so that it has no interface"
        raise PackageError(called, [Problem(file.name, 0, why)])
    new = _with_devices(text, ports)
    notes = [
        Problem(file.name, 0, f"{field} ({header[field]}) is kept in the file, and not used")
        for field in ("RELEASE_DATE", "RELEASE_LIFESPAN", "ID")
    ]
    manifest = PackageFile(MANIFEST, _manifest(header, file.name, ports).encode())
    graph = PackageFile(PurePosixPath(file.name).name, new.encode())
    return Onboarded((manifest, graph), tuple(notes))


def _with_devices(text: str, ports: list[int]) -> str:
    """The text with devices of interfaces: as they are where it pulls, else behind queues."""
    pulled = _DEVICE.sub(r"\1Device(port\2)", text)
    if not check_graph(pulled, {}, [f"port{port}" for port in ports]).problems:
        return pulled
    return re.sub(r"\bToDevice\(port\d+\)", r"{ input -> Queue -> \g<0> }", pulled)


def _manifest(header: Mapping[str, str], name: str, ports: list[int]) -> str:
    words = re.findall(r"[a-z0-9]+", header["NAME"].lower())
    called = "-".join(words) or "function"
    release = header["RELEASE_VERSION"]
    return manifest_text(
        {
            "weft": 1,
            "vnf": called if called[0].isalpha() else f"f-{called}",
            "version": release if _VERSION.fullmatch(release) else "0.0.0",
            "provider": header["PROVIDER"] or "unknown",
            "description": header["DESCRIPTION"] or header["NAME"],
            "interfaces": [f"port{port}" for port in ports],
            "components": {"graph": {"framework": "click", "file": PurePosixPath(name).name}},
        },
    )
