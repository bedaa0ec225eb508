"""The hops of a packet trace in lines: where a packet was, what became of it there, which bytes changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weft.cli.meaning import meaning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Line", "hop_lines", "packet_line"]

_ROW = 16
_MARK = slice(44, 48)  # where SetMark puts it
_TYPES = ("host", "broadcast", "multicast", "otherhost", "outgoing", "loopback", "fastroute")
_NSH = {"path": "spi", "index": "si", "ttl": "ttl", "metadata": "metadata"}
_INDENT = " " * 12


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, with the spans of it that stand for changed bytes."""

    text: str
    changed: tuple[tuple[int, int], ...] = ()
    style: str = ""


def packet_line(hop: Mapping[str, Any], again: bool) -> Line:
    """The title above hops of a packet; `again` where it was shown before."""
    if again:
        return Line(f"packet {hop['packet']}, further", style="bold")
    first = hop["before"] or hop["after"] or {"length": 0, "bytes": ""}
    data = bytes.fromhex(first["bytes"])
    words = [f"{first['length']} bytes", meaning(data, first.get("link"), first.get("network"))]
    return Line(f"packet {hop['packet']}: {', '.join(filter(None, words))}", style="bold")


def hop_lines(hop: Mapping[str, Any], began_ns: int, *, full: bool) -> Iterator[Line]:
    """A line that says what happened, then the bytes that changed; all of them when `full`."""
    before, after = hop["before"], hop["after"]
    what = "; ".join(_happenings(hop))
    time = f"{(hop['time_ns'] - began_ns) / 1000:.1f} us"
    yield Line(f"{time:>{len(_INDENT)}}  {_way(hop)}" + (f"  {what}" if what else ""))
    if before and after:
        yield from _difference(before, after, full=full)
    elif after or full:
        yield from _rows(_bytes(before or after), " ", set())


def _way(hop: Mapping[str, Any]) -> str:
    """How a packet went through the element, as the graph's language writes it."""
    entry = "" if hop["input"] is None else f"[{hop['input']}] "
    exit_ = "" if hop["output"] is None else f" [{hop['output']}]"
    return f"{entry}{hop['element']} :: {hop['class']}{exit_}"


def _happenings(hop: Mapping[str, Any]) -> Iterator[str]:
    if hop["branch"]:
        of = hop["from_branch"]
        yield f"copy {hop['branch']}" + ("" if of is None else f" of {of or 'the packet'}")
    outcome = hop["outcome"]
    if outcome == "dropped":
        where = "" if hop["output"] is None else " behind it"
        yield f"dropped{where}: {hop['reason']}"
    elif outcome == "kept":
        yield "still there"
    elif outcome != "out":
        yield str(outcome)
    before, after = hop["before"], hop["after"]
    if before and after:
        yield from _changes(before, after)


def _bytes(snapshot: Mapping[str, Any]) -> bytes:
    return bytes.fromhex(snapshot["bytes"])


def _shift(before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
    """How many bytes the front lost (negative: gained): what fits the bytes best."""
    old, new = _bytes(before), _bytes(after)

    def equal(shift: int) -> int:
        pairs = zip(old[max(shift, 0) :], new[max(-shift, 0) :], strict=False)
        return sum(a == b for a, b in pairs)

    moved: int = after["offset"] - before["offset"]
    shrunk: int = before["length"] - after["length"]
    return max((moved, shrunk, 0), key=equal)


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    shift = _shift(before, after)
    behind = after["length"] - before["length"] + shift
    if shift:
        yield f"{abs(shift)} bytes {'less' if shift > 0 else 'more'} in front"
    if behind:
        yield f"{abs(behind)} bytes {'less' if behind < 0 else 'more'} at the end"
    count = len(_changed(_bytes(before), _bytes(after), shift, only_common=True))
    if count:
        yield f"{count} byte{'' if count == 1 else 's'} changed"
    if shift or behind:
        yield f"{after['length']} bytes"
    yield from _annotations(before, after, shift)


def _annotations(before: Mapping[str, Any], after: Mapping[str, Any], shift: int) -> Iterator[str]:
    def types(snapshot: Mapping[str, Any]) -> str:
        number = snapshot.get("packet_type", 0)
        return _TYPES[number] if number < len(_TYPES) else str(number)

    for name in ("link", "network", "transport"):
        old, new = before.get(name), after.get(name)
        if new is not None and (old is None or old - shift != new):
            yield f"{name} header at {new}"
        elif old is not None and new is None:
            yield f"{name} header forgotten"
    for name, unset in (("paint", 0), ("destination", "none")):
        old, new = before.get(name, unset), after.get(name, unset)
        if old != new:
            yield f"{name} {old} -> {new}"
    if types(before) != types(after):
        yield f"packet type {types(before)} -> {types(after)}"
    yield from _area(before, after)
    if before.get("nsh") != after.get("nsh"):
        yield f"NSH {_nsh(before)} -> {_nsh(after)}"


def _area(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What changed in the annotation area."""
    old, new = (bytes.fromhex(item.get("annotations", "00" * 48)) for item in (before, after))
    if old[_MARK] != new[_MARK]:
        marks = [int.from_bytes(area[_MARK], "little") for area in (old, new)]
        yield f"mark {marks[0]} -> {marks[1]}"
    for at in range(_MARK.start):
        if old[at] != new[at]:
            yield f"annotation {at}: {old[at]} -> {new[at]}"


def _nsh(snapshot: Mapping[str, Any]) -> str:
    header = snapshot.get("nsh")
    if not header:
        return "none"
    words = [f"{name} {header[key]}" for name, key in _NSH.items()]
    return " ".join(words).rstrip()


def _changed(old: bytes, new: bytes, shift: int, *, only_common: bool = False) -> set[int]:
    """Positions in `new` whose byte is another than in `old`, or was not there."""
    common = range(max(-shift, 0), min(len(new), len(old) - shift))
    differ = {at for at in common if new[at] != old[at + shift]}
    return differ if only_common else differ | (set(range(len(new))) - set(common))


def _difference(
    before: Mapping[str, Any], after: Mapping[str, Any], *, full: bool
) -> Iterator[Line]:
    """Rows of 16 bytes in which something changed, before (-) and after (+); carets under what changed."""
    old, new, shift = _bytes(before), _bytes(after), _shift(before, after)
    changed = _changed(old, new, shift)
    for start in range(0, len(new), _ROW):
        row = range(start, min(start + _ROW, len(new)))
        here = changed.intersection(row)
        if not here:
            if full:
                yield _row(new, row, " ", start, set())
            continue
        there = [at + shift if 0 <= at + shift < len(old) else None for at in row]
        first = next((at for at in there if at is not None), None)
        if first is not None:
            yield _row(old, there, "-", first, {at + shift for at in here})
        yield _row(new, row, "+", start, here)
        yield _carets(row, here)


def _rows(data: bytes, sign: str, changed: set[int]) -> Iterator[Line]:
    for start in range(0, len(data), _ROW):
        yield _row(data, range(start, min(start + _ROW, len(data))), sign, start, changed)


def _row(data: bytes, places: Any, sign: str, start: int, changed: set[int]) -> Line:
    """Bytes at `places`; None is a gap."""
    text = f"{_INDENT}{sign} {start:04x} "
    spans = []
    for at in places:
        text += " "
        if at in changed:
            spans.append((len(text), len(text) + 2))
        text += "  " if at is None else f"{data[at]:02x}"
    style = {"-": "red", "+": "green"}.get(sign, "")
    return Line(text.rstrip(), tuple(spans), style)


def _carets(row: range, changed: set[int]) -> Line:
    marks = " ".join("^^" if at in changed else "  " for at in row)
    return Line(f"{_INDENT}{' ' * 8}{marks}".rstrip())
