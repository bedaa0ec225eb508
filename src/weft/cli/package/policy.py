"""Show or change what the store asks of packages: a signature, by someone who is trusted."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_facts, show_rows
from weft.client import local_client
from weft.errors import UsageError

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft package policy`."""
    parser.add_argument(
        "--require-signature",
        choices=("yes", "no"),
        help="refuse packages that nobody has signed who is trusted (default: no)",
    )
    parser.add_argument(
        "--trust", action="append", default=[], metavar="FILE", help="trust a certificate"
    )
    parser.add_argument(
        "--distrust",
        action="append",
        default=[],
        metavar="NAME",
        help="trust a certificate no more; its name is that of its file",
    )
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft package policy`."""
    required = {"yes": True, "no": False, None: None}[arguments.require_signature]
    trust = tuple(_certificate(name) for name in arguments.trust)
    client = local_client()
    if required is None and not trust and not arguments.distrust:
        policy = asyncio.run(client.package_policy())
    else:
        change = client.set_package_policy(required, trust, tuple(arguments.distrust))
        policy = asyncio.run(change)
    if arguments.output != "table":
        show_facts(
            asdict(policy) | {"trusted": [asdict(one) for one in policy.trusted]}, arguments.output
        )
        return 0
    print(f"require signature  {'yes' if policy.require_signature else 'no'}")
    if policy.trusted:
        print()
        show_rows([asdict(one) for one in policy.trusted], ("name", "subject", "expires"), "table")
    return 0


def _certificate(path: str) -> tuple[str, bytes]:
    try:
        return Path(path).name, Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"--trust {path}: {error.strerror}") from None
