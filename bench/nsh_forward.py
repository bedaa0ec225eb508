"""Frames put into Network Service Headers and taken out again, against Open vSwitch, over AF_XDP."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from bench.cable import Host, connect, host, received_packets
from bench.figure import BrokenRunError, at_least
from bench.open_vswitch import Switch
from bench.process import cpu_s, running
from bench.setting import Comparison, ratios

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.figure import Figure
    from bench.setting import Setting

__all__ = ["measure"]

_CPU = {"generator": 0, "forwarder": 1}
_DURATION_S = 2.0
_PATIENCE_S = 30.0
_FLOWING = 1000  # packets that have arrived before anything is measured
_SPI, _CONTEXT = 10, "000102030405060708090a0b0c0d0e0f"
_GRAPH = f"""\
FromDevice(a1, PROMISC true, METHOD AF_XDP) -> NSHEncap({_SPI}, CONTEXT {_CONTEXT})
    -> EtherEncap(0x894f, 2:0:0:0:0:1, 2:0:0:0:0:2) -> Queue(1024) -> ToDevice(m0, METHOD AF_XDP);
FromDevice(m1, PROMISC true, METHOD AF_XDP) -> CheckNSHHeader(14) -> NSHSwitch({_SPI}/255)
    -> NSHDecap(ethernet) -> Queue(1024) -> ToDevice(b1, METHOD AF_XDP);
"""
_WORDS = [f"set_field:0x{_CONTEXT[8 * n : 8 * n + 8]}->nsh_c{n + 1}" for n in range(4)]
_FLOWS = {
    "encapsulate": "in_port=a1,actions=encap(nsh(md_type=1)),"
    + f"set_field:{_SPI}->nsh_spi,set_field:255->nsh_si,{','.join(_WORDS)},encap(ethernet),"
    + "set_field:02:00:00:00:00:01->eth_src,set_field:02:00:00:00:00:02->eth_dst,m0",
    "decapsulate": f"in_port=m1,dl_type=0x894f,nsh_spi={_SPI},nsh_si=255,actions=decap(),decap(),b1",
}


def measure(setting: Setting) -> list[Figure]:
    """Frames of 64 and 1400 bytes, as many as the generator can send. One process receives them,
    encapsulates, sends them over a cable to itself, checks, decapsulates and sends them on. Of the switch,
    which never sleeps, only the time counts that it spends on packets."""
    with host("source") as source, host("middle") as middle, host("sink") as sink:
        connect(source, "a0", middle, "a1")
        connect(middle, "m0", middle, "m1")
        connect(middle, "b1", sink, "b0")
        return [_at_length(setting, (source, middle, sink), length) for length in (64, 1400)]


def _at_length(setting: Setting, hosts: tuple[Host, Host, Host], length: int) -> Figure:
    source, middle, sink = hosts
    name = f"NSH put on and taken off, AF_XDP, against Open vSwitch, {length} bytes"
    subject = Comparison(name, at_least(1.0), lambda: _engine(setting, middle, sink))
    command = [setting.reference("generate"), "a0", str(length)]
    with running(source.command(command), _CPU["generator"]) as generator:
        [figure] = ratios(setting, lambda: _switch(setting, middle, sink), [subject])
        generator.stop().checked()
    return figure


def _engine(setting: Setting, middle: Host, sink: Host) -> float:
    config = setting.folder / "nsh_forward.click"
    config.write_text(_GRAPH)
    command = middle.command([setting.engine, "click", str(config)])
    with running(command, _CPU["forwarder"]) as child:
        rate = _rate(setting, child.pid, sink, lambda: None)
        child.stop()
    return rate


def _switch(setting: Setting, middle: Host, sink: Host) -> float:
    with _folder(setting) as folder, Switch(middle.name, folder, _CPU["forwarder"]) as switch:
        switch.add_ports("a1", "m0", "m1", "b1", driver="afxdp")
        switch.set_flows(_FLOWS)
        try:
            return _rate(setting, switch.pid, sink, switch.forget_work) / switch.busy()
        except BrokenRunError as error:
            raise BrokenRunError(f"{error}; {switch.problems()}") from None


@contextlib.contextmanager
def _folder(setting: Setting) -> Iterator[Path]:
    """A folder for one switch."""
    folder = setting.folder / f"switch-{time.monotonic_ns()}"
    folder.mkdir()
    yield folder


def _rate(setting: Setting, pid: int, sink: Host, begin: Callable[[], None]) -> float:
    """Packets that arrive in the CPU time that a process takes, once they do."""
    start = received_packets(sink, "b0")
    deadline = time.monotonic() + _PATIENCE_S
    while received_packets(sink, "b0") - start < _FLOWING:
        if time.monotonic() > deadline:
            raise BrokenRunError("nothing arrives")
        time.sleep(0.01)
    begin()
    packets, spent_s = received_packets(sink, "b0"), cpu_s(pid)
    time.sleep(setting.seconds(_DURATION_S))
    return (received_packets(sink, "b0") - packets) / (cpu_s(pid) - spent_s)
