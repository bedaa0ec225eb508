"""What the command line talks to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from weft.manager.management import Management

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from weft.model.catalogue import PackageFacts
    from weft.model.function import FunctionRequest
    from weft.model.package import PackageFile
    from weft.model.revision import FunctionText

__all__ = ["Client"]


class Client(Management, Protocol):
    """The management system, and work with files of this machine."""

    def package_init(self, name: str, framework: str = "click") -> Path:
        """Make a package to start from."""
        ...

    def package_check(self, reference: str) -> dict[str, Any]:
        """The facts of a package without problems; PackageError lists all there are."""
        ...

    def package_graph(self, reference: str) -> str:
        """The graph that a package without problems becomes."""
        ...

    def package_facts(self, reference: str) -> PackageFacts:
        """What is known about a package at a path, or by a name."""
        ...

    def package_archive(self, reference: str) -> BinaryIO:
        """The archive of a package, to be pushed: a file, which is to be closed."""
        ...

    def click_header(self, text: str) -> dict[str, str]:
        """The fields of the header that a Click file of Click-on-OSv has."""
        ...

    def archive_members(self, content: bytes, called: str) -> dict[str, bytes]:
        """The files of a zip archive, checked whole, whatever it is for."""
        ...

    def package_import(
        self, file: Path, into: Path | None, configuration: bytes | None = None
    ) -> dict[str, Any]:
        """Make a package's folder of a package made elsewhere."""
        ...

    def package_build(self, reference: str, output: str | None = None) -> dict[str, Any]:
        """Make the archive of a package, a CSAR after SOL004."""
        ...

    def package_sign(
        self,
        reference: str,
        key: str,
        certificate: str,
        ask: Callable[[], bytes],
        *,
        whole: bool = False,
        output: str | None = None,
    ) -> dict[str, Any]:
        """Make a signed archive of a package; `ask` gives the key's pass phrase where it needs one."""
        ...

    def package_verify(self, path: str, trust: Sequence[str] = ()) -> dict[str, Any]:
        """Who has signed an archive; PackageError where nobody has who is trusted."""
        ...

    def package_schema(self) -> dict[str, Any]:
        """The JSON schema of `vnf.yaml`."""
        ...

    def prepare(
        self,
        path: str,
        name: str | None,
        interfaces: Sequence[str],
        settings: Mapping[str, str],
        drivers: Sequence[str] = (),
        *,
        active: bool = True,
        from_outside: bool = True,
    ) -> FunctionRequest:
        """What to run, checked whole: a package or Click file with its interfaces joined."""
        ...

    def steps(self, request: FunctionRequest) -> tuple[str, ...]:
        """The steps of starting a function, in order."""
        ...

    def files_given(
        self, text: FunctionText, settings: Mapping[str, str]
    ) -> tuple[tuple[PackageFile, ...], dict[str, str]]:
        """The files here that settings of a function's parameters name, and the settings with them."""
        ...

    def run_on_files(self, request: FunctionRequest) -> int:
        """Run a function whose interfaces are all pcap files; the engine's exit status."""
        ...
