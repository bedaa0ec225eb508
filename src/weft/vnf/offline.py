"""Running a function on capture files: no sandbox and no privilege, one engine process of ours."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from weft.errors import BindingError, EngineError, UsageError
from weft.launcher import engine_binary
from weft.model.binding import PcapBinding
from weft.vnf.capture import EMPTY_CAPTURE
from weft.vnf.forwarder import graph_of
from weft.vnf.frameworks import processes_of
from weft.vnf.manifest import MANIFEST
from weft.vnf.stand_in import with_stand_in_addresses
from weft.vnf.unpacking import unpack

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from weft.model.function import FunctionRequest
    from weft.model.package import Package

__all__ = ["run_on_files"]


def run_on_files(request: FunctionRequest) -> int:
    """Run the graph until its input ends; the engine's exit status.

    A package's files lie in the engine's working folder, as they do in a sandbox; a bare Click file
    runs where the caller is, as it does with Click.
    """
    package = request.package
    _check_components(package)
    _check_files([item for item in request.bindings if isinstance(item, PcapBinding)])
    with tempfile.TemporaryDirectory(prefix="weft-") as scratch:
        graph = Path(scratch) / "graph.click"
        text = with_stand_in_addresses(graph_of(package), package)
        graph.write_bytes(text.encode("utf-8", errors="surrogateescape"))
        is_package = any(file.name == MANIFEST for file in package.files)
        folder = Path(scratch) / "data" if is_package else None
        if folder is not None:
            unpack(package.files, folder)
        empty = Path(scratch) / "empty.pcap"
        empty.write_bytes(EMPTY_CAPTURE)
        return _run(_command(request, graph, empty), folder)


def _check_components(package: Package) -> None:
    """There is no process 1 here that could start and mend processes."""
    names = [f"'{component.name}'" for component in processes_of(package)]
    if names:
        raise UsageError(
            f"'{package.name}' has components in processes: {', '.join(names)}",
            hint="they need a sandbox: join an interface to something else than files, as root",
        )


def _check_files(bindings: Sequence[PcapBinding]) -> None:
    """Find what is wrong with the files before any is written."""
    used: set[Path] = set()
    for binding in bindings:
        if binding.source:
            used.add(_readable(binding))
    for binding in bindings:
        if binding.sink:
            sink = Path(binding.sink).resolve()
            if sink in used and not sink.is_char_device():
                raise BindingError(
                    f"interface '{binding.interface}': {sink} is read or written already",
                    hint="give each output a file of its own",
                )
            used.add(sink)


def _readable(binding: PcapBinding) -> Path:
    path = Path(binding.source).absolute()
    try:
        path.stat()
        if not os.access(path, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise BindingError(
            f"interface '{binding.interface}': {path}: {error.strerror}",
            hint="give a capture file, as `tcpdump -w FILE` writes it",
        ) from None
    return path.resolve()


def _command(request: FunctionRequest, graph: Path, empty: Path) -> list[str]:
    command = [engine_binary(), "click"]
    for binding in request.bindings:
        if isinstance(binding, PcapBinding):
            source = Path(binding.source).absolute() if binding.source else empty
            sink = f":{Path(binding.sink).absolute()}" if binding.sink else ""
            command += ["--device", f"{binding.interface}=pcap:{source}{sink}"]
    command += ["-f", str(graph)]
    return command + [f"{name}={value}" for name, value in request.values]


def _run(command: list[str], folder: Path | None) -> int:
    """Run the engine, with SIGTERM passed on; Ctrl-C reaches it by the terminal."""
    try:
        engine = subprocess.Popen(command, cwd=folder)
    except OSError as error:
        raise EngineError(f"cannot run '{command[0]}': {error.strerror}") from None

    def pass_on(number: int, _frame: FrameType | None) -> None:
        engine.send_signal(number)

    before = signal.signal(signal.SIGTERM, pass_on)
    try:
        while True:
            try:
                status = engine.wait()
                break
            except KeyboardInterrupt:
                continue
    finally:
        signal.signal(signal.SIGTERM, before)
    return status if status >= 0 else 128 - status
