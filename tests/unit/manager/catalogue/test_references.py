"""How packages are named, and which one is meant."""

from __future__ import annotations

import re

import pytest

from weft.errors import PackageNotFoundError
from weft.manager.catalogue.references import Reference, choose, in_order, parse_reference
from weft.model.catalogue import PackageFacts

VERSIONS = ("1.0.0", "1.2.0", "1.10.0", "2.0.0rc1", "0.9", "night-build")
KNOWN = [
    PackageFacts("nat", version, f"sha256:{index:064x}") for index, version in enumerate(VERSIONS)
]
KNOWN.append(PackageFacts("shaper", "3.0.0b2", "sha256:" + "f" * 64))


def meant(text: str) -> str:
    reference = parse_reference(text)
    assert reference is not None
    return choose(reference, KNOWN).version


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("nat", "1.10.0"),
        ("nat@1.2.0", "1.2.0"),
        ("nat@1.2", "1.2.0"),
        ("nat@~=1.2", "1.10.0"),
        ("nat@>=1,<1.5", "1.2.0"),
        ("nat@==1.0.*", "1.0.0"),
        ("nat@>=2.0.0rc1", "2.0.0rc1"),
        ("nat@night-build", "night-build"),
        (f"nat@sha256:{1:064x}", "1.2.0"),
        ("shaper", "3.0.0b2"),
        ("shaper@sha256:ffffffff", "3.0.0b2"),
    ],
)
def test_the_newest_that_is_meant_is_chosen(text: str, version: str) -> None:
    assert meant(text) == version


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dns", "no package 'dns'; there are: nat, shaper"),
        ("shaper@2", "no package 'shaper@2'; there are: shaper@3.0.0b2"),
        ("shaper@>9", "no package 'shaper@>9'; there are: shaper@3.0.0b2"),
        ("shaper@what?", "no package 'shaper@what?'; there are: shaper@3.0.0b2"),
        (
            "shaper@sha256:00000000",
            "no package 'shaper@sha256:00000000'; there are: shaper@3.0.0b2",
        ),
    ],
)
def test_what_is_not_there_is_told_with_what_is(text: str, message: str) -> None:
    with pytest.raises(PackageNotFoundError, match=f"^{re.escape(message)}$"):
        meant(text)


def test_without_any_package_that_is_told_too() -> None:
    with pytest.raises(PackageNotFoundError, match=r"^no package 'nat'; there is none$"):
        choose(Reference("nat"), [])


@pytest.mark.parametrize("text", ["", "a/b", "Nat", "nat@", "nat@a/b", "nat@ 1", "../nat", "n\nat"])
def test_what_can_be_no_name_is_no_reference(text: str) -> None:
    assert parse_reference(text) is None


def test_versions_are_in_order_as_people_count_them() -> None:
    ordered = [facts.version for facts in in_order(KNOWN) if facts.name == "nat"]
    assert ordered == ["night-build", "0.9", "1.0.0", "1.2.0", "1.10.0", "2.0.0rc1"]
