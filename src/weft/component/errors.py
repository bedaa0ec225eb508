"""What can go wrong with a component.

ComponentError
├── RefusedError      the engine does not take this component
├── UnreachableError  there is no engine at the socket
├── LostError         the connection ended without a goodbye
├── ProtocolError     the engine said something the contract does not allow
└── HandlerError      a handler's call fails, for a reason its caller is told
"""

from __future__ import annotations

__all__ = [
    "ComponentError",
    "HandlerError",
    "LostError",
    "ProtocolError",
    "RefusedError",
    "UnreachableError",
]


class ComponentError(Exception):
    """Anything below; its text is meant for people."""


class RefusedError(ComponentError):
    """The engine does not take this component; the text is the engine's reason."""


class UnreachableError(ComponentError):
    """There is no engine at the socket."""


class LostError(ComponentError):
    """The connection ended without a goodbye: the engine was killed."""


class ProtocolError(ComponentError):
    """The engine said something the contract does not allow."""


class HandlerError(ComponentError):
    """Raised in a handler: the call fails, and its caller is told this text."""
