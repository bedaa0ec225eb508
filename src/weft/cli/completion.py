"""Print the completion script of a shell, as in: source <(weft completion bash)"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.cli.main import COMMANDS
from weft.cli.package import VERBS

if TYPE_CHECKING:
    import argparse

_NAMED = (
    "show",
    "top",
    "trace",
    "check",
    "reconfigure",
    "logs",
    "metrics",
    "history",
    "start",
    "stop",
    "restart",
    "off",
    "configure",
    "edit",
    "revisions",
    "undo",
)

_BASH = """\
_weft() {{
    local word=${{COMP_WORDS[COMP_CWORD]}}
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "{commands}" -- "$word"))
        return
    fi
    if [[ $word == -* ]]; then
        local group=
        case ${{COMP_WORDS[1]}} in
        click) return ;;
        package|alarm|threshold|bench|sfc) [ "$COMP_CWORD" -gt 2 ] && group=${{COMP_WORDS[2]}} ;;
        esac
        COMPREPLY=($(compgen -W "$(weft "${{COMP_WORDS[1]}}" $group --help 2>/dev/null |
            grep -oE -- '(^|[ ,[])--?[a-z][a-z-]*' | tr -d ' ,[' | sort -u)" -- "$word"))
        return
    fi
    case ${{COMP_WORDS[1]}} in
    read|write|call)
        local what=names
        [ "$COMP_CWORD" -gt 2 ] && what="handlers ${{COMP_WORDS[2]}}"
        [ "$COMP_CWORD" -gt 3 ] && return
        COMPREPLY=($(compgen -W "$(weft completion $what 2>/dev/null)" -- "$word")) ;;
    {named}) COMPREPLY=($(compgen -W "$(weft completion names 2>/dev/null)" -- "$word")) ;;
    sfc) COMPREPLY=($(compgen -W "ping trace $(weft completion names 2>/dev/null)" -- "$word")) ;;
    package)
        if [ "$COMP_CWORD" -eq 2 ]; then
            COMPREPLY=($(compgen -W "{verbs}" -- "$word"))
        else
            COMPREPLY=($(compgen -W "$(weft completion packages 2>/dev/null)" -- "$word")
                $(compgen -f -- "$word"))
        fi ;;
    run) COMPREPLY=($(compgen -W "$(weft completion packages 2>/dev/null)" -- "$word")
        $(compgen -f -- "$word")) ;;
    alarm) COMPREPLY=($(compgen -W "list ack" -- "$word")) ;;
    threshold) COMPREPLY=($(compgen -W "list set remove" -- "$word")) ;;
    completion) COMPREPLY=($(compgen -W "bash zsh" -- "$word")) ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
    esac
}}
complete -o filenames -F _weft weft
"""
_ZSH = "autoload -U +X bashcompinit && bashcompinit\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft completion`."""
    parser.add_argument(
        "shell",
        choices=("bash", "zsh", "names", "handlers", "packages"),
        help="`names` lists functions, `handlers` the handlers of one, `packages` packages",
    )
    parser.add_argument("name", nargs="?", help="name of the function, for `handlers`")


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft completion`."""
    if arguments.shell == "names":
        import asyncio

        from weft.client import local_client

        found = asyncio.run(local_client().functions())
        print("\n".join(facts.name for facts, _ in found))
        return 0
    if arguments.shell == "handlers":
        import asyncio

        from weft.client import local_client
        from weft.errors import UsageError

        if arguments.name is None:
            raise UsageError("name the function whose handlers to list")
        handlers = asyncio.run(local_client().handlers(arguments.name))
        print("\n".join(facts.name for facts in handlers))
        return 0
    if arguments.shell == "packages":
        import asyncio

        from weft.client import local_client

        kept = asyncio.run(local_client().packages())
        print("\n".join(dict.fromkeys(facts.name for facts in kept)))
        return 0
    script = _BASH.format(
        commands=" ".join(COMMANDS), named="|".join(_NAMED), verbs=" ".join(VERBS)
    )
    print(script if arguments.shell == "bash" else _ZSH + script, end="")
    return 0
