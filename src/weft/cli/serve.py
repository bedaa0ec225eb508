"""Serve REST: everything that `weft` does, for programs, pages and other machines.

It listens on the socket api.sock in the run directory, for its owner and maybe a group. On the network it
listens only with a token and TLS. `weft` itself uses a server that runs, and does without where none does.
Ctrl-C or SIGTERM ends it; functions go on.
"""

from __future__ import annotations

import argparse

from weft.errors import UsageError

_FORMATS = ("text", "json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft serve`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--group", metavar="GROUP", help="let this group use the socket, too")
    parser.add_argument(
        "--listen", metavar="HOST:PORT", help="listen on the network, too; port 0 is any free one"
    )
    parser.add_argument(
        "--token-file", metavar="FILE", help="the token that the network has to give"
    )
    parser.add_argument("--tls-cert", metavar="FILE", help="the certificate, in PEM")
    parser.add_argument("--tls-key", metavar="FILE", help="its key, in PEM")
    parser.add_argument(
        "--self-signed",
        action="store_true",
        help="use a certificate of one's own, made at the first start: api.crt in the run directory",
    )
    parser.add_argument(
        "--compat",
        action="append",
        default=[],
        metavar="KIND[=HOST:PORT]",
        help="listen for tools of another system, too: coven (6667 and 6668), click-on-osv (8000); "
        "without token and TLS, as those have none",
    )
    parser.add_argument(
        "--compat-interface",
        action="append",
        default=[],
        metavar="NAME=TARGET",
        help="what an interface of their function is joined to, as with `weft run -i`",
    )
    parser.add_argument(
        "--element-bytes",
        action="store_true",
        help="keep bytes through every element in the history, too; it costs engines some of their speed",
    )
    parser.add_argument(
        "--log-format", choices=_FORMATS, default="text", help="how to write the log (text)"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft serve`."""
    _check(arguments)
    from weft.api.compat import LISTENERS
    from weft.api.compat.listener import parse_compat
    from weft.api.listening import parse_listen
    from weft.api.serving import ServerOptions, serve
    from weft.client import archive_limit, run_directory

    archive_limit()  # refused here where it is no size, and not by each request
    options = ServerOptions(
        root=run_directory(),
        group=arguments.group,
        listen=parse_listen(arguments.listen) if arguments.listen else None,
        token_file=arguments.token_file or "",
        certificate=arguments.tls_cert or "",
        key=arguments.tls_key or "",
        is_self_signed=arguments.self_signed,
        log_format=arguments.log_format,
        compat=tuple(parse_compat(text, LISTENERS) for text in arguments.compat),
        compat_interfaces=tuple(arguments.compat_interface),
        element_bytes=arguments.element_bytes,
    )
    return serve(options, _tell)


def _tell(line: str) -> None:
    print(f"weft: {line}", flush=True)


def _check(arguments: argparse.Namespace) -> None:
    """Refuse what would leave a listener open, or an option without its effect."""
    needed = {"--token-file": arguments.token_file}
    if not arguments.self_signed:
        needed |= {"--tls-cert": arguments.tls_cert, "--tls-key": arguments.tls_key}
    elif arguments.tls_cert or arguments.tls_key:
        raise UsageError("--self-signed makes a certificate; leave out --tls-cert and --tls-key")
    if arguments.listen is None:
        given = [name for name, value in needed.items() if value]
        if given or arguments.self_signed:
            raise UsageError(f"{(given or ['--self-signed'])[0]} is for --listen HOST:PORT")
        return
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise UsageError(
            f"--listen {arguments.listen}: on the network, loopback too, a token and TLS are needed; "
            f"missing: {', '.join(missing)}",
            hint="--self-signed makes a certificate; a token is made with: "
            "head -c 24 /dev/urandom | base64 > token; chmod 600 token",
        )
