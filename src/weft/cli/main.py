"""The entry of the command `weft`. It starts fast: only the command that is asked for is imported."""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import TYPE_CHECKING

from weft import __version__
from weft.errors import UsageError, WeftError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "run": "run a package or a Click file",
    "ps": "list the functions",
    "show": "everything about one function, or the graph that runs in it",
    "top": "what functions and their components do, live",
    "trace": "follow packets through a function, their bytes before and after each element",
    "read": "read a handler of a function",
    "write": "write a handler of a function",
    "call": "call a command of a function",
    "check": "ask the engine and every component of functions whether they are there",
    "reconfigure": "change the components or the path of a running function",
    "metrics": "what is measured of functions, for Prometheus",
    "history": "what was measured of a function in the last hour",
    "alarm": "what is wrong with functions, and that somebody has seen it",
    "threshold": "when an alarm is raised",
    "logs": "what a function's processes have said",
    "sfc": "ask along a service function path whether it is whole, or where it leads",
    "configure": "set parameters of a function, or show them",
    "edit": "edit the path or a component of a running function",
    "revisions": "what changes have made of a function",
    "undo": "make a function what it was before a change",
    "start": "start the processing of stopped functions",
    "stop": "end the processing of functions, and keep their sandboxes",
    "restart": "end the processing of functions and start it again",
    "off": "turn functions off: nothing of them is left",
    "package": "make, check, sign and keep packages",
    "bench": "measure functions as they run on this server",
    "serve": "serve REST, for programs, pages and other machines",
    "doctor": "what this machine has and lacks, and what to do about it",
    "click": "Click's own command line, on Weft's engine",
    "completion": "the completion script for a shell",
}

_ended_by: int = signal.SIGINT


def main() -> None:
    """Run `weft` with the arguments of this process and exit."""
    _have_streams()
    _end_in_order()
    sys.exit(run(sys.argv[1:]))


def _have_streams() -> None:
    """Give closed streams a place, which what is opened next would take, and show every letter."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # where the terminal lacks a letter


def _end_in_order() -> None:
    """Have what ends a program end it as Ctrl-C does: temporary files and half-made things go first."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup has SIGHUP ignored
            signal.signal(number, _interrupt)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    global _ended_by
    _ended_by = number
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def run(arguments: Sequence[str]) -> int:
    """Run one command; the result is the exit status."""
    try:
        status = _dispatch(arguments)
        sys.stdout.flush()
        return status
    except WeftError as error:
        _say(error.message, error.hint)
        return error.exit_status
    except BrokenPipeError:
        # The reader is gone; keep Python from complaining when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 128 + _ended_by
    except OSError as error:
        place = f"'{error.filename}': " if error.filename else ""
        _say(f"{place}{error.strerror or error}", None)
        return 1
    except Exception as error:
        if os.environ.get("WEFT_DEBUG"):
            raise
        _say(
            f"internal error: {type(error).__name__}: {error}",
            "set WEFT_DEBUG=1 to see where, and report it",
        )
        return 1


def _dispatch(arguments: Sequence[str]) -> int:
    if not arguments:
        print(_help(), file=sys.stderr)
        return 2
    name, rest = arguments[0], arguments[1:]
    if name in ("-h", "--help"):
        print(_help())
        return 0
    if name == "--version":
        print(f"weft {__version__}")
        return 0
    if name == "click":
        from weft.launcher import become_engine

        become_engine(["click", *rest])
    if name not in COMMANDS:
        import difflib

        near = difflib.get_close_matches(name, COMMANDS, n=1)
        guess = f" (did you mean '{near[0]}'?)" if near else ""
        raise UsageError(f"no command '{name}'{guess}; allowed: {', '.join(COMMANDS)}")
    return _run_command(name, rest)


def _run_command(name: str, arguments: Sequence[str]) -> int:
    import argparse
    from importlib import import_module

    module = import_module(f"weft.cli.{name}")
    parser = argparse.ArgumentParser(
        prog=f"weft {name}", description=module.__doc__, allow_abbrev=False
    )
    module.add_arguments(parser)
    status: int = module.execute(parser.parse_args(arguments))
    return status


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {about}" for name, about in COMMANDS.items()]
    return "\n".join(
        [
            "usage: weft COMMAND [ARGUMENT ...]",
            "",
            "Runs virtualized network functions and manages them.",
            "",
            *lines,
            "",
            "`weft COMMAND --help` tells about one. Exit status: 0 done, 1 failed, 2 wrong usage.",
        ]
    )


def _say(message: str, hint: str | None) -> None:
    print(f"weft: {message}", file=sys.stderr)
    if hint:
        print(f"weft: hint: {hint}", file=sys.stderr)
