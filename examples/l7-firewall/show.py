"""Shows the case study, row by row; exit status 0 only if all was as it should be."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from case import PREFIX, Attempt, balance, block, measure
from ends import INTERRUPTIONS
from weft.errors import WeftError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from types import FrameType

__all__ = ["main"]

_WIDTHS = (42, 24, 24)


def main(arguments: Sequence[str] = ()) -> int:
    """Show the case study; whatever happens, take everything away again."""
    if arguments:
        print(f"l7-firewall: '{arguments[0]}': takes no arguments", file=sys.stderr)
        return 2
    if os.geteuid() != 0:
        print("l7-firewall: needs root, for network namespaces: sudo make example", file=sys.stderr)
        return 1
    interrupted = _heed_signals()
    try:
        return _show()
    except KeyboardInterrupt:
        print("l7-firewall: interrupted; everything was taken away", file=sys.stderr)
        return 128 + interrupted[0]
    except (WeftError, OSError, subprocess.SubprocessError) as error:
        print(f"l7-firewall: {error}", file=sys.stderr)
        if hint := getattr(error, "hint", None):
            print(f"l7-firewall: hint: {hint}", file=sys.stderr)
        return 1


def _heed_signals() -> list[int]:
    """The first signal interrupts, a second one does not disturb the way back."""
    owner, found = os.getpid(), [signal.SIGINT.value]

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        if os.getpid() != owner:  # a child, forked to make a namespace: taking away is not its work
            os._exit(130)
        for one in INTERRUPTIONS:
            signal.signal(one, signal.SIG_IGN)
        found[0] = number
        raise KeyboardInterrupt

    for number in INTERRUPTIONS:
        signal.signal(number, interrupt)
    return found


def _show() -> int:
    name = f"{PREFIX}{os.getpid()}"
    run_directory = Path("/run") / name
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    os.environ["WEFT_RUN_DIR"] = str(run_directory)
    try:
        good = _print_attempts(block(folder)) & _print_attempts(balance(folder))
        print(flush=True)
        measure(folder)
        return 0 if good else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(run_directory, ignore_errors=True)


def _print_attempts(attempts: Generator[Attempt, None, None]) -> bool:
    """A row each, as it happens; whether all was as it should be."""
    good = True
    print()
    _print_row("tried", "should happen", "happened", "")
    _print_row(*("-" * width for width in _WIDTHS), "")
    with contextlib.closing(attempts):  # also where an interruption meets this loop
        for attempt in attempts:
            _print_row(*attempt, "ok" if attempt.as_it_should else "WRONG")
            good &= attempt.as_it_should
    return good


def _print_row(*cells: str) -> None:
    *columns, last = cells
    padded = [cell.ljust(width) for cell, width in zip(columns, _WIDTHS, strict=True)]
    print("  ".join([*padded, last]).rstrip(), flush=True)
