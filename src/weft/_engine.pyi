"""The engine in process: runs, checks and describes Click configurations."""

from typing import Literal, TypedDict, final

__version__: str

class GraphError(Exception):
    """A configuration that cannot run; `lines` holds what is wrong, as Click prints it."""

    lines: list[str]

class HandlerError(Exception):
    """A handler that is not there, or that refused."""

class Argument(TypedDict):
    """A configuration argument of a class."""

    name: str
    place: Literal["mandatory", "optional", "keyword", "rest"]
    type: str
    default: str

class Handler(TypedDict):
    """A handler of a class."""

    name: str
    type: str
    unit: str
    help: str
    readable: bool
    writable: bool
    parameter: bool

class ElementClass(TypedDict):
    """A class of elements."""

    name: str
    group: str
    ports: str
    processing: str
    flow: str
    live: bool
    arguments: list[Argument]
    handlers: list[Handler]
    fuzz: list[str]

@final
class Diagnostic:
    """One thing that is wrong, or doubtful, with a configuration; `str()` gives Click's wording."""

    @property
    def severity(self) -> Literal["error", "warning"]: ...
    @property
    def file(self) -> str | None: ...
    @property
    def line(self) -> int | None: ...
    @property
    def message(self) -> str: ...

@final
class Router:
    """A configuration, initialized and ready to run in this thread."""

    def __new__(
        cls,
        config: str,
        *,
        file: str = "config",
        simtime: float | None = None,
        seed: int = 1,
        parameters: dict[str, str] | None = None,
    ) -> Router: ...
    def run(self, timeout_s: float | None = None) -> bool:
        """Run until the graph stops, at most `timeout_s` real seconds; True when it stopped."""

    def run_for(self, task_runs: int) -> int:
        """Run what is due now without waiting; the number of task runs."""

    def read(self, handler: str, parameter: str = "") -> str:
        """Read `element.handler`, or a global handler. Raises HandlerError."""

    def write(self, handler: str, value: str = "") -> None:
        """Write `element.handler`, or a global handler. Raises HandlerError."""

    def take_output(self) -> str:
        """What elements have printed since this was last asked."""

    @property
    def stopped(self) -> bool: ...
    @property
    def elements(self) -> list[str]: ...
    @property
    def frames_in_use(self) -> int: ...

def elements() -> list[ElementClass]:
    """Every class with its ports, arguments and handlers, by name."""

def flatten(config: str, file: str = "config", parameters: dict[str, str] | None = None) -> str:
    """The configuration without compound elements. Raises GraphError."""

def check(
    config: str, file: str = "config", parameters: dict[str, str] | None = None
) -> list[Diagnostic]:
    """Everything that is wrong or doubtful with a configuration, without running it."""
