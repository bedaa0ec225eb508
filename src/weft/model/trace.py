"""What is asked of a packet trace."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TraceRequest"]


@dataclass(frozen=True, slots=True)
class TraceRequest:
    """Which packets are followed, and how much of them is kept.

    `expression` is one of IPClassifier, `pattern` one of Classifier; with both, a packet must match both.
    Packets are chosen where they come into the graph, or where they arrive at element `at`.
    """

    expression: str | None = None
    pattern: str | None = None
    at: str | None = None
    every: int = 1
    count: int = 1
    bytes_per_hop: int = 256
