"""Every error Weft raises on purpose, in one tree.

    WeftError                     exit status 1
    ├── UsageError                a wrong argument; exit status 2
    ├── PrivilegeError            needs root
    ├── EngineError               the engine binary is missing or does not answer as it should
    ├── PackageError              a package with problems; each with file and line
    │   ├── CovenError            a COVEN configuration with problems, in one of its parts
    │   └── NotRunnableError      a package of another maker of which nothing can be run here
    ├── PackageNotFoundError      no package of that name or version
    ├── PackageTakenError         another package has that name and version
    ├── BindingError              an interface cannot be joined to what was asked for
    │   └── LinkError             the kernel refused a link
    ├── FunctionError             about one function
    │   ├── FunctionNotFoundError no function of that name
    │   ├── NameTakenError        the name is in use in its project
    │   ├── StartError            a start that failed and was rolled back
    │   ├── ChangeError           a change of a running function that failed and was rolled back
    │   └── NotRunningError       the function is there, but its engine does not run
    └── HandlerError              a handler that cannot be read or written (ControlSocket code)

A message says what, where, what is allowed; `hint` says what to do about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft.model.problem import Problem

__all__ = [
    "BindingError",
    "ChangeError",
    "CovenError",
    "EngineError",
    "FunctionError",
    "FunctionNotFoundError",
    "HandlerError",
    "LinkError",
    "NameTakenError",
    "NotRunnableError",
    "NotRunningError",
    "PackageError",
    "PackageNotFoundError",
    "PackageTakenError",
    "PrivilegeError",
    "StartError",
    "UsageError",
    "WeftError",
]


class WeftError(Exception):
    """The root: anything a person can cause and mend."""

    exit_status = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(WeftError):
    """An argument that cannot be meant."""

    exit_status = 2


class PrivilegeError(WeftError):
    """Something that only root may do."""

    def __init__(self, what: str, *, command: str = "weft ...") -> None:
        files = "; without root, interfaces can be `pcap:IN[:OUT]` files"
        starts = command.startswith("weft run")
        super().__init__(
            f"{what} needs root", hint=f"run `sudo {command}`{files if starts else ''}"
        )


class EngineError(WeftError):
    """The engine binary is missing, or broke its contract."""


class PackageError(WeftError):
    """A package that must not start, with every problem found."""

    def __init__(self, package: str, problems: Sequence[Problem]) -> None:
        count = len(problems)
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"{package}: {count} problem{'s' if count != 1 else ''}\n{lines}")
        self.problems = tuple(problems)


class PackageNotFoundError(WeftError):
    """No package has that name, or none the version asked for."""

    def __init__(self, reference: str, known: Sequence[str]) -> None:
        there = f"there are: {', '.join(known)}" if known else "there is none"
        super().__init__(
            f"no package '{reference}'; {there}",
            hint="`weft package list` tells all; the path of a folder or file has a '/' in it",
        )


class PackageTakenError(WeftError):
    """Another package is kept under that name and version."""

    def __init__(self, name: str, version: str) -> None:
        super().__init__(
            f"the store has '{name}@{version}' with other contents; nothing was changed",
            hint="give the package another version, or remove that one: "
            f"weft package remove {name}@{version}",
        )


class CovenError(PackageError):
    """What is wrong with a COVEN configuration; `part` is YAML, PPS, VNS, NSHP or MA."""

    def __init__(self, package: str, part: str, problems: Sequence[Problem]) -> None:
        super().__init__(package, problems)
        self.part = part


class NotRunnableError(PackageError):
    """Nothing of a package that was made for another system can be run here."""

    def __init__(self, package: str, problems: Sequence[Problem]) -> None:
        super().__init__(package, problems)
        lines = "\n".join(f"  {problem}" for problem in problems)
        self.message = f"{package}: nothing of it can be run here\n{lines}"
        self.hint = "`weft package show` tells of every part; `weft package push` keeps it as it is"


class BindingError(WeftError):
    """An interface that cannot be joined to what was asked for."""


class LinkError(BindingError):
    """A link that the kernel refused."""


class FunctionError(WeftError):
    """Something about one function."""


class FunctionNotFoundError(FunctionError):
    """No function has that name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        there = f"there are: {', '.join(known)}" if known else "none is running"
        what = f"matches '{name}'" if set(name) & set("*?[") else f"named '{name}'"
        super().__init__(f"no function {what}; {there}", hint="`weft ps` lists them")


class NameTakenError(FunctionError):
    """The name is in use."""

    def __init__(self, name: str, project: str) -> None:
        super().__init__(
            f"the name '{name}' is taken in project '{project}'",
            hint=f"choose another with --name, or turn that function off: weft off {name}",
        )


class StartError(FunctionError):
    """A start that failed; everything was undone."""

    def __init__(self, name: str, stage: str, lines: Sequence[str]) -> None:
        reasons = "\n".join(f"  {line}" for line in lines) or "  no reason was given"
        super().__init__(f"'{name}' did not start (stage: {stage}); all was undone\n{reasons}")
        self.stage = stage
        self.lines = tuple(lines)


class ChangeError(FunctionError):
    """A change of a running function that failed."""

    def __init__(self, name: str, stage: str, lines: Sequence[str]) -> None:
        reasons = "\n".join(f"  {line}" for line in lines) or "  no reason was given"
        super().__init__(f"'{name}' was not changed (stage: {stage}); all is as before\n{reasons}")
        self.stage = stage
        self.lines = tuple(lines)


class NotRunningError(FunctionError):
    """The function is there, but nothing answers on its sockets."""


class HandlerError(WeftError):
    """A handler that could not be read or written."""

    # Codes, as the ControlSocket has them.
    NO_ELEMENT = 510
    NO_HANDLER = 511
    FAILED = 520
    NO_PERMISSION = 530

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
