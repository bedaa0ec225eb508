"""Make a signed archive of a package.

With --option 1 the list of files in the archive is signed; an archive that is named is replaced. With
--option 2 the archive is signed as a whole, and lies in a zip with its signature and the certificate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.cli.output import FORMATS, show_facts
from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft package sign`."""
    parser.add_argument("package", help="a path, or a name that the store knows")
    parser.add_argument("--key", required=True, metavar="FILE", help="the private key, in PEM")
    parser.add_argument(
        "--certificate",
        required=True,
        metavar="FILE",
        help="its certificate, in PEM; those of authorities between may follow in it",
    )
    parser.add_argument(
        "--password-file", metavar="FILE", help="the key's pass phrase; else it is asked for"
    )
    parser.add_argument(
        "--option",
        type=int,
        choices=(1, 2),
        default=1,
        help="of SOL004: 1 signs the list of files (default), 2 the archive as a whole",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="the signed archive")
    parser.add_argument("--format", choices=FORMATS, default="table", help="how to show the result")


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft package sign`."""
    made = local_client().package_sign(
        arguments.package,
        arguments.key,
        arguments.certificate,
        lambda: _password(arguments.password_file, arguments.key),
        whole=arguments.option == 2,
        output=arguments.output,
    )
    if arguments.format == "table":
        print(f"{made['file']}: signed by {made['signed_by']}")
    else:
        show_facts(made, arguments.format)
    return 0


def _password(file: str | None, key: str) -> bytes:
    """The pass phrase: the first line of a file, or what is typed."""
    if file is not None:
        from pathlib import Path

        return (Path(file).read_bytes().splitlines() or [b""])[0]
    import sys
    from getpass import getpass

    from weft.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError("the key needs its pass phrase", hint="give it with --password-file FILE")
    return getpass(f"pass phrase of {key}: ").encode()
