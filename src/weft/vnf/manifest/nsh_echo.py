"""The `echo` of `vnf.yaml`: whether and as whom a function takes part in active OAM (RFC 9516)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from weft.model.nsh import Echo
from weft.vnf.manifest.nsh_values import IPV4, IPV6, SI, SPI, Form

if TYPE_CHECKING:
    from weft.vnf.document import Node
    from weft.vnf.manifest.nsh_values import NshValues

__all__ = ["ECHO_KEYS", "read_echo"]

ECHO_KEYS = {
    "classifier": {"address": True, "reply": False},
    "forwarder": {"address": True},
}
_PATH = re.compile(r"([^/]+)/([^/]+)")


def _is_path(text: str) -> bool:
    parts = _PATH.fullmatch(text)
    return parts is not None and SPI.accepts(parts[1]) and SI.accepts(parts[2])


_ADDRESS = IPV4.also(IPV6.accepts, "an IP address of one host, as in 192.0.2.1 or 2001:db8::1")
_REPLY = Form(_is_path, "a path and an index, as in 110/255")


def read_echo(values: NshValues, node: Node, role: str) -> Echo:
    """The settings; only a classifier asks itself, so that only it has a path for replies."""
    keys = values.reader.mapping(node, "nsh: echo: ", ECHO_KEYS[role])
    found = {
        key: values.value(keys[key][1], f"echo: {key}: ", form)
        for key, form in (("address", _ADDRESS), ("reply", _REPLY))
        if key in keys
    }
    return Echo(found.get("address") or "", found.get("reply") or "")
