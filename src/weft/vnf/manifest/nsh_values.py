"""Values of Network Service Headers as they may be written in `vnf.yaml`, and as they go into the graph."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.vnf import quantities
from weft.vnf.reader import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weft.vnf.document import Node
    from weft.vnf.manifest.values import ManifestReader

__all__ = [
    "CONTEXT",
    "IPV4",
    "IPV6",
    "MAC",
    "MATCH",
    "METADATA_CLASS",
    "METADATA_TYPE",
    "METADATA_VALUE",
    "SI",
    "SPI",
    "TTL",
    "VNI",
    "Form",
    "NshValues",
]

_PARAMETER = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)", re.ASCII)
_HEXADECIMAL = re.compile(r"([0-9A-Fa-f]{2})*", re.ASCII)
_CODE = re.compile(r"0x[0-9A-Fa-f]{1,8}", re.ASCII)
_CONTEXT_BYTES = 16
_VALUE_BYTES = 127


@dataclass(frozen=True, slots=True)
class Form:
    """What a value must look like: whether a text does, and what is allowed, in words."""

    accepts: Callable[[str], bool]
    allowed: str

    def also(self, accepts: Callable[[str], bool], allowed: str) -> Form:
        """This form or another."""
        return Form(lambda text: self.accepts(text) or accepts(text), allowed)


def _number(least: int, most: int) -> Form:
    def accepts(text: str) -> bool:
        return quantities.whole_number(text, least, most) is not None

    return Form(accepts, f"a whole number from {least} to {most}")


def _code(most: int) -> Form:
    """A number that may be written as registries do."""
    allowed = f"a whole number from 0 to {most}, or as in 0x1f"
    return _number(0, most).also(
        lambda text: bool(_CODE.fullmatch(text)) and int(text, 16) <= most, allowed
    )


def _is_ipv4(text: str) -> bool:
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return not (address.is_unspecified or address.is_multicast)


def _is_ipv6(text: str) -> bool:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return not (address.is_unspecified or address.is_multicast or address.scope_id)


def _bytes_of(text: str) -> int | None:
    return len(text) // 2 if _HEXADECIMAL.fullmatch(text) else None


def _is_filter(text: str) -> bool:
    return "=>" not in text and not set(text) & set(",;\"'\\$#{}") and "//" not in text


SPI = _number(0, 2**24 - 1)
SI = _number(1, 255)
TTL = _number(1, 63)
VNI = _number(0, 2**24 - 1)
METADATA_CLASS = _code(2**16 - 1)
METADATA_TYPE = _code(2**8 - 1)
METADATA_VALUE = Form(
    lambda text: (count := _bytes_of(text)) is not None and count <= _VALUE_BYTES,
    f"at most {_VALUE_BYTES} bytes, two hexadecimal digits each",
)
CONTEXT = Form(
    lambda text: _bytes_of(text) == _CONTEXT_BYTES,
    f"{_CONTEXT_BYTES} bytes, two hexadecimal digits each",
)
IPV4 = Form(_is_ipv4, "an IPv4 address of one host, as in 10.0.0.1")
IPV6 = Form(_is_ipv6, "an IPv6 address of one host, as in 2001:db8::1")
MAC = Form(quantities.PARAMETER_TYPES["mac"][0], quantities.PARAMETER_TYPES["mac"][1])
MATCH = Form(_is_filter, "a filter of IPClassifier, as in tcp dst port 80, or - for every packet")


class NshValues:
    """Reads values below `nsh`, each of which may be a parameter of the package."""

    def __init__(self, reader: ManifestReader, parameters: Sequence[str]) -> None:
        self.reader = reader
        self._parameters = parameters

    def problem(self, line: int, message: str) -> None:
        """Note a problem with `nsh`."""
        self.reader.problem(line, f"nsh: {message}")

    def value(self, node: Node, where: str, form: Form) -> str | None:
        """A value of a form, or a parameter; None where it is neither."""
        text = self.reader.text(node, f"nsh: {where}")
        if text is None:
            return None
        if _PARAMETER.fullmatch(text):
            return self._parameter(node.line, where, text)
        text = " ".join(text.split())
        if form.accepts(text):
            return text
        self.problem(node.line, f"{where}'{text}' is not valid; allowed: {form.allowed}")
        return None

    def file(self, node: Node, where: str) -> str | None:
        """The name of a file of the package, or a parameter for one; None where it is neither."""
        text = self.reader.text(node, f"nsh: {where}")
        if text is not None and _PARAMETER.fullmatch(text):
            return self._parameter(node.line, where, text)
        return self.reader.package_file(node, f"nsh: {where}")

    def _parameter(self, line: int, where: str, text: str) -> str | None:
        name = text.removeprefix("$")
        if name.lower() in (known.lower() for known in self._parameters):
            return text
        near = suggestion(name, self._parameters)
        self.problem(line, f"{where}no parameter '{name}'{near}")
        return None
