"""Measure functions as they run on this server.

`components` measures the round trip between a client and a server through the function l7-firewall, for
each packet analyzer with each packet filter, beside a kernel that forwards between the same hosts. The
order changes every round, the first of which does not count, and it goes on until the confidence
interval of each mean is as narrow as asked for. Ctrl-C ends it: everything is taken away, and what was
measured so far is written.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.cli.interruption import run_until_signal
from weft.cli.output import add_output_argument, show_facts, show_progress
from weft.errors import PrivilegeError, UsageError, WeftError

if TYPE_CHECKING:
    from collections.abc import Callable

    from weft.bench.campaign import Campaign, Watcher
    from weft.bench.plan import Plan

_NAME = "components"
_QUICK = {"repeat": 5, "most": 5, "requests": 20, "interval": 1.0}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft bench`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    benches = parser.add_subparsers(dest="bench", required=True, metavar="components")
    one = benches.add_parser(
        _NAME,
        help="round trips through each analyzer with each filter",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    several: dict[str, Any] = {"action": "append", "default": []}
    one.add_argument(
        "--analyzer", **several, metavar="NAME", help="only this one: scapy, numpy; more than once"
    )
    one.add_argument(
        "--filter",
        **several,
        metavar="LANGUAGE",
        help="only this one: c, click, java, python, javascript; more than once",
    )
    number, share = _number(int, 2, 10**6), _number(float, 0.0001, 1)
    one.add_argument("--repeat", type=number, help="repetitions of each at least (30)")
    one.add_argument("--most", type=number, help="repetitions of each at most (300)")
    one.add_argument("--interval", type=share, help="half width of the interval / mean (0.05)")
    one.add_argument(
        "--confidence", type=_number(float, 0.5, 0.9999), help="of the interval (0.95)"
    )
    one.add_argument("--requests", type=_number(int, 1, 10**6), help="in a repetition (50)")
    one.add_argument("--pause", type=_number(float, 0, 1000), help="ms before each request (0)")
    one.add_argument("--protocol", choices=("tcp", "udp"), help="of the requests (tcp)")
    one.add_argument("--size", type=_number(int, 1, 1400), help="bytes of a request (64)")
    one.add_argument("--time-limit", type=_number(float, 1, 86400), help="seconds at most (600)")
    one.add_argument("--quick", action="store_true", help="5 repetitions of 20 requests each")
    one.add_argument("--package", type=Path, help="another folder of the package l7-firewall")
    one.add_argument("--out", type=Path, help="folder for report, CSV, JSON and plots (weft-bench)")
    add_output_argument(one)


def _number(kind: Callable[[str], float], least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"'{text}' is no number from {least:g} to {most:g}")
        return value

    return read


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft bench`."""
    from weft.bench.campaign import Campaign
    from weft.bench.stage import package_folder

    plan = _plan(arguments)
    if os.geteuid() != 0:
        raise PrivilegeError("making network namespaces", command=f"weft bench {_NAME}")
    watcher = _watcher(arguments)
    campaign = Campaign(plan, arguments.package or package_folder(), watcher)
    folder = arguments.out or Path("weft-bench")
    folder.mkdir(parents=True, exist_ok=True)
    needed = bool(arguments.analyzer or arguments.filter)
    try:
        status = run_until_signal(_measure(campaign, needed))
    finally:
        watcher.close()
        written = _write(campaign, folder)
    _show(campaign, arguments.output, written)
    return status


def _plan(arguments: argparse.Namespace) -> Plan:
    from weft.bench.plan import ANALYZERS, FILTERS, Combination, Plan

    chosen = {}
    for option, known in (("analyzer", ANALYZERS), ("filter", FILTERS)):
        names = list(dict.fromkeys(getattr(arguments, option))) or list(known)
        if unknown := next((name for name in names if name not in known), None):
            allowed = ", ".join(known)
            raise UsageError(f"--{option} {unknown}: not known; allowed: {allowed}")
        chosen[option] = names
    settings: dict[str, Any] = dict(_QUICK) if arguments.quick else {}
    options = {"pause": "pause_ms", "time_limit": "time_limit_s"}
    for option in (
        *("repeat", "most", "interval", "confidence", "requests", "pause", "protocol", "size"),
        "time_limit",
    ):
        if (value := getattr(arguments, option)) is not None:
            settings[options.get(option, option)] = value
    combinations = tuple(
        Combination(analyzer, language)
        for analyzer in chosen["analyzer"]
        for language in chosen["filter"]
    )
    plan = Plan(combinations, **settings)
    return (
        plan
        if plan.most >= plan.repeat
        else Plan(combinations, **{**settings, "most": plan.repeat})
    )


def _watcher(arguments: argparse.Namespace) -> Watcher:
    from weft.bench.campaign import Watcher
    from weft.bench.progress import ProgressBar

    if arguments.output == "table" and sys.stderr.isatty():
        return ProgressBar()

    class Teller(Watcher):
        """Tells what is done, line by line."""

        def say(self, line: str) -> None:
            show_progress(line)

    return Teller()


async def _measure(campaign: Campaign, needed: bool) -> int:
    try:
        await campaign.run(all_needed=needed)
    except asyncio.CancelledError:
        show_progress("interrupted; everything was taken away")
        raise
    return 0


def _write(campaign: Campaign, folder: Path) -> list[str]:
    """Whatever there is; plots only where they can be drawn."""
    from weft.bench.plot import write_plots
    from weft.bench.report import write_report
    from weft.bench.results import rows_of, write_csv, write_json

    if not rows_of(campaign):
        return []
    paths = [folder / f"{_NAME}.csv", folder / f"{_NAME}.json"]
    write_csv(campaign, paths[0])
    write_json(campaign, paths[1])
    try:
        paths += write_plots(campaign, folder, _NAME)
    except WeftError as error:
        show_progress(error.message)
        show_progress(f"hint: {error.hint}")
    report = folder / f"{_NAME}.md"
    write_report(campaign, report, paths)
    return [str(path) for path in (report, *paths)]


def _show(campaign: Campaign, form: str, written: list[str]) -> None:
    from weft.bench.results import document
    from weft.bench.table import print_results

    if form != "table":
        show_facts(document(campaign), form)
        return
    print_results(campaign)
    for combination, why in campaign.left_out.items():
        print(f"left out: {combination.label}: {why}")
    if written:
        print(f"written: {', '.join(written)}")
