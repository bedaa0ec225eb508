"""What to do about a handler that is not there, or cannot be used as it was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.errors import HandlerError, WeftError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["advised"]

_NO_ELEMENT, _NO_HANDLER, _PERMISSION = 510, 511, 530
_MOST_NAMES = 30
_READ_DATA = ": call it with READDATA"
_EVERY = frozenset(("class", "name", "config", "ports", "handlers", "icounts", "ocounts", "drops"))


async def advised(
    error: HandlerError, name: str, handler: str, read: Callable[[str], Awaitable[bytes]]
) -> HandlerError:
    """The error with a hint that names what is allowed; `read` reads handlers of the function."""
    message = error.message.removesuffix(_READ_DATA)
    if error.code == _NO_ELEMENT:
        hint: str | None = f"`weft show {name} --handlers` lists elements and their handlers"
    elif error.code == _NO_HANDLER:
        hint = await _those_there(name, handler, read)
    elif error.code == _PERMISSION:
        hint = await _other_use(name, handler, read)
    else:
        hint = error.hint
    better = HandlerError(error.code, message)
    better.hint = hint
    return better


async def _those_there(name: str, handler: str, read: Callable[[str], Awaitable[bytes]]) -> str:
    element = handler.rpartition(".")[0]
    flags = await _flags(element, read)
    own = [known for known in flags if known not in _EVERY] or list(flags)
    if not own:
        return f"`weft show {name} --handlers` lists elements and their handlers"
    more = ", ..." if len(own) > _MOST_NAMES else ""
    which = f"'{element}'" if element else "the graph"
    return f"{which} has: {', '.join(own[:_MOST_NAMES])}{more}"


async def _other_use(
    name: str, handler: str, read: Callable[[str], Awaitable[bytes]]
) -> str | None:
    element, _, own = handler.rpartition(".")
    flags = (await _flags(element, read)).get(own, "")
    if set("xb") & set(flags):
        return f"call it: weft call {name} {handler}{' [ARGUMENT]' if 'x' in flags else ''}"
    if "r" in flags:
        return f"read it: weft read {name} {handler}"
    return f"write it: weft write {name} {handler} VALUE" if "w" in flags else None


async def _flags(element: str, read: Callable[[str], Awaitable[bytes]]) -> dict[str, str]:
    """Flags of an element's handlers by name; none where it cannot be asked."""
    try:
        text = await read(f"{element}.handlers" if element else "handlers")
    except WeftError:
        return {}
    pairs = (line.partition("\t") for line in text.decode(errors="replace").splitlines())
    return {own: flags for own, _, flags in pairs}
