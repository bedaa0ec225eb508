"""Whether the parts of a function answer: its process 1, its engine, each of its components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weft.model.state import FunctionState

__all__ = ["FunctionCheck", "PartCheck"]


@dataclass(frozen=True, slots=True)
class PartCheck:
    """One part: whether it answered, how long that took, and what is wrong, in words.

    A part that is stopped, or is a program that answers nobody, is not asked: `alive` is None.
    """

    name: str
    state: str
    alive: bool | None
    answer_ms: float | None = None
    restarts: int | None = None
    problem: str = ""

    @property
    def answer(self) -> str:
        """`alive`, `silent`, or `-` where it was not asked."""
        return "-" if self.alive is None else "alive" if self.alive else "silent"


@dataclass(frozen=True, slots=True)
class FunctionCheck:
    """All parts of a function, looked at together."""

    name: str
    state: FunctionState
    parts: tuple[PartCheck, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong with any part."""
        return not any(part.problem for part in self.parts)

    def as_data(self) -> dict[str, Any]:
        """Plain data, as programs get it."""
        return {
            "name": self.name,
            "state": self.state.value,
            "sound": self.is_sound,
            "parts": [
                {
                    "name": part.name,
                    "state": part.state,
                    "alive": part.alive,
                    "answer_ms": part.answer_ms,
                    "restarts": part.restarts,
                    "problem": part.problem,
                }
                for part in self.parts
            ],
        }
