"""The text of a `vnf.yaml` that is made of another format."""

from __future__ import annotations

from typing import Any

import yaml

__all__ = ["manifest_text"]


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as a person would write them."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def manifest_text(data: dict[str, Any]) -> str:
    """The data as YAML, in the order given."""
    return str(yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=4096))
