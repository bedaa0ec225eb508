"""Packages made elsewhere: each format becomes the files of a package of ours, as far as it can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weft.model.package import PackageFile
    from weft.model.problem import Problem

__all__ = ["Onboarded"]


@dataclass(frozen=True, slots=True)
class Onboarded:
    """The files of a package, and what of the original it does not run, each with the reason."""

    files: tuple[PackageFile, ...]
    notes: tuple[Problem, ...] = ()
