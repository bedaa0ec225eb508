"""Make and check packages, and show the graph of one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_facts, show_progress, show_text
from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft package`."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="init|check|graph")
    init = verbs.add_parser("init", help="make a package that works, to start from")
    init.add_argument("name", help="name of the function; the folder is called so too")
    check = verbs.add_parser("check", help="report every problem of a package at once")
    check.add_argument("package", help="a folder or zip file")
    graph = verbs.add_parser("graph", help="show the graph that a package becomes")
    graph.add_argument("package", help="a folder or zip file")
    add_output_argument(init)
    add_output_argument(check)
    add_output_argument(graph)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft package`."""
    client = local_client(show_progress)
    if arguments.verb == "init":
        folder = client.package_init(arguments.name)
        if arguments.output == "table":
            print(f"made {folder}/; check it with `weft package check {folder}`")
        else:
            show_facts({"package": str(folder)}, arguments.output)
        return 0
    if arguments.verb == "graph":
        show_text("graph", client.package_graph(arguments.package), arguments.output)
        return 0
    facts = client.package_check(arguments.package)
    if arguments.output == "table":
        for warning in facts["warnings"]:
            print(f"weft: warning: {warning}", file=sys.stderr)
        print(f"{arguments.package}: no problems")
    else:
        show_facts(facts, arguments.output)
    return 0
