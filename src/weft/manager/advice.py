"""What to do about a handler or a value that cannot be used as it was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.errors import ChangeError, HandlerError, StartError, WeftError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from weft.model.handler import HandlerFacts
    from weft.model.package import Parameter

    Read = Callable[[str], Awaitable[bytes]]
    Known = Callable[[], Awaitable[Sequence[HandlerFacts]]]

__all__ = ["advised", "hint_of_values"]

_MOST_NAMES = 30
_MOST_SHOWN = 60  # characters of a value that a hint repeats
_TYPES = {
    "bool": "true or false",
    "unsigned": "a whole number from 0 on",
    "integer": "a whole number",
    "real": "a number",
    "text": "a text",
}
_READ_DATA = ": call it with READDATA"
_EVERY = frozenset(("class", "name", "config", "ports", "handlers", "icounts", "ocounts", "drops"))


def hint_of_values(
    error: StartError | ChangeError, parameters: Iterable[Parameter], values: Mapping[str, str]
) -> str | None:
    """What the parameters take whose values the graph did not; None where none was given."""
    if error.stage not in ("engine", "handler"):
        return error.hint
    told = [
        f"{parameter.name}={values[parameter.name]} ({parameter.help or parameter.type})"
        for parameter in parameters
        if values.get(parameter.name, parameter.default) != parameter.default
    ]
    return f"values that were given: {'; '.join(told)}" if told else error.hint


async def advised(
    error: HandlerError, name: str, handler: str, read: Read, known: Known
) -> HandlerError:
    """The error with a hint that names what is allowed.

    `read` reads handlers of the function, `known` tells of all that it has.
    """
    message = error.message.removesuffix(_READ_DATA)
    if error.code == HandlerError.NO_ELEMENT:
        hint: str | None = f"`weft show {name} --handlers` lists elements and their handlers"
    elif error.code == HandlerError.NO_HANDLER:
        hint = await _those_there(name, handler, read)
    elif error.code == HandlerError.NO_PERMISSION:
        hint = await _other_use(name, handler, read)
    elif error.code == HandlerError.FAILED and error.hint is None:
        hint = await _what_it_takes(message, name, handler, read, known)
    else:
        hint = error.hint
    better = HandlerError(error.code, message)
    better.hint = hint
    return better


async def _those_there(name: str, handler: str, read: Read) -> str:
    element = handler.rpartition(".")[0]
    flags = await _flags(element, read)
    own = [known for known in flags if known not in _EVERY] or list(flags)
    if not own:
        return f"`weft show {name} --handlers` lists elements and their handlers"
    more = ", ..." if len(own) > _MOST_NAMES else ""
    which = f"'{element}'" if element else "the graph"
    return f"{which} has: {', '.join(own[:_MOST_NAMES])}{more}"


async def _other_use(name: str, handler: str, read: Read) -> str | None:
    element, _, own = handler.rpartition(".")
    flags = (await _flags(element, read)).get(own, "")
    if set("xb") & set(flags):
        return f"call it: weft call {name} {handler}{' [ARGUMENT]' if 'x' in flags else ''}"
    if "r" in flags:
        return f"read it: weft read {name} {handler}"
    return f"write it: weft write {name} {handler} VALUE" if "w" in flags else None


async def _what_it_takes(
    message: str, name: str, handler: str, read: Read, known: Known
) -> str | None:
    """What a handler takes that has refused what it was given; None where its message says so."""
    if "allowed" in message:
        return None
    try:
        facts = next((facts for facts in await known() if facts.name == handler), None)
    except WeftError:
        return None
    if facts is None or facts.type == "button":
        return None
    if message.startswith("Read "):
        use = f"weft read {name} {handler} PARAMETER"
        return f"it may take a parameter, {use}: {facts.help}" if facts.parameter else None
    limits = f", {facts.limits}" if facts.limits else ""
    unit = f", in {facts.unit}" if facts.unit else ""
    takes = f"{_TYPES.get(facts.type, facts.type)}{limits}{unit}"
    return f"{handler} takes {takes}: {facts.help}{await _now(facts, read)}"


async def _now(facts: HandlerFacts, read: Read) -> str:
    """The value that it has, which is one that it takes, where that is short."""
    if not facts.readable or facts.parameter:
        return ""
    try:
        value = (await read(facts.name)).decode().strip()
    except (WeftError, UnicodeDecodeError):
        return ""
    short = 0 < len(value) <= _MOST_SHOWN and value.isprintable()
    return f"; now it is {value}" if short else ""


async def _flags(element: str, read: Read) -> dict[str, str]:
    """Flags of an element's handlers by name; none where it cannot be asked."""
    try:
        text = await read(f"{element}.handlers" if element else "handlers")
    except WeftError:
        return {}
    pairs = (line.partition("\t") for line in text.decode(errors="replace").splitlines())
    return {own: flags for own, _, flags in pairs}
