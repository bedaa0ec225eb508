"""Make, check, sign and keep packages.

PACKAGE is the path of a folder, zip or CSAR, or a name that the store knows: NAME, NAME@VERSION,
NAME@SPECIFIER as in nat@~=1.2, or NAME@sha256:HEX.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

__all__ = ["VERBS", "add_arguments", "execute"]

VERBS = {
    "init": "make a package that works, to start from",
    "check": "report every problem of a package at once",
    "graph": "show the graph that a package becomes",
    "schema": "show the JSON schema of vnf.yaml",
    "build": "make the archive of a package: a CSAR after ETSI SOL004",
    "sign": "make a signed archive of a package",
    "verify": "check an archive, and that someone trusted has signed it",
    "import": "make a package of one that was made for another system",
    "push": "keep a package in the store",
    "list": "list the packages of the store, and the ready functions",
    "show": "everything about one package",
    "remove": "remove packages from the store",
    "policy": "show or change what the store asks of packages",
}
"""Each verb is a file here, called so unless Python has the word for itself."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft package`."""
    import argparse

    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="|".join(VERBS))
    for name, about in VERBS.items():
        module = import_module(_module_of(name))
        verb = verbs.add_parser(name, help=about, description=module.__doc__)
        module.add_arguments(verb)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft package`."""
    module = import_module(_module_of(arguments.verb))
    status: int = module.execute(arguments)
    return status


def _module_of(verb: str) -> str:
    return f"weft.cli.package.{'importing' if verb == 'import' else verb}"
