"""Functions that add commands and common flags to the parser, and that read values of flags."""

import argparse
import json
import math
from typing import Any

from trackside.core import settings

FOR_PROGRAMS = "print JSON"


def add_group(commands: Any, name: str, summary: str, description: str = "", *, of: str = "COMMAND") -> Any:
    """Add a command with subcommands, and return the object to which they are added."""
    parser = commands.add_parser(name, help=summary, description=description or _sentence(summary))
    return parser.add_subparsers(title="commands", metavar=of)


def add_command(
    commands: Any, name: str, summary: str, module: str, function: str = "", *, description: str = ""
) -> argparse.ArgumentParser:
    """Add a command that calls `function(args)` of `module`.  The default of `function` is the command's name."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=description or _sentence(summary)
    )
    parser.set_defaults(
        module=module,
        function=function or name.replace("-", "_"),
        given={},
        kwargs=lambda args: {"args": args},
    )
    return parser


def add_call(
    commands: Any, name: str, summary: str, module: str, function: str = "", *, named: str = "", shows: bool = False
) -> argparse.ArgumentParser:
    """Add a command that calls a running server for a workspace.

    `named`: the metavariable of a positional argument `name`; left out, there is none.  `shows`: add --json."""
    parser = add_command(commands, name, summary, module, function)
    if named:
        parser.add_argument("name", metavar=named, help="its name")
    if shows:
        add_json(parser)
    add_place(parser)
    return parser


def add_json(parser: argparse.ArgumentParser, what: str = FOR_PROGRAMS) -> None:
    parser.add_argument("--json", action="store_true", help=what)


def add_server(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--server", metavar="URL", help=f"the server (default {settings.DEFAULT_URL}; {settings.SERVER_URL})"
    )


def add_place(parser: argparse.ArgumentParser, workspace: str = "the workspace") -> None:
    """Add the flags --server and --workspace."""
    parser.add_argument(
        "--workspace", "-w", metavar="NAME", help=f"{workspace} (default default; {settings.WORKSPACE})"
    )
    add_server(parser)


def number(text: str) -> float:
    """Return the finite number that the value of a flag is.  argparse names this function in its message."""
    found = float(text)
    if not math.isfinite(found):
        raise ValueError
    return found


def decoded(text: str) -> Any:
    """Return what JSON means.  Raise ValueError, also for nesting that Python cannot read and for the NaN of Python."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse(name: str) -> None:
    raise ValueError(f"JSON has no {name}")


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."
