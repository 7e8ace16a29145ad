"""Functions that add commands and common flags to the parser."""

import argparse
from typing import Any

from trackside.core import settings

FOR_PROGRAMS = "print JSON, for programs"


def add_group(commands: Any, name: str, summary: str, description: str = "", *, of: str = "COMMAND") -> Any:
    """Add a command that has commands of its own, and return where those are added."""
    parser = commands.add_parser(name, help=summary, description=description or _sentence(summary))
    return parser.add_subparsers(title="commands", metavar=of)


def add_command(
    commands: Any, name: str, summary: str, module: str, function: str = "", *, description: str = ""
) -> argparse.ArgumentParser:
    """Add a command whose work is `function(words)` of `module`; left out, the function has the command's name."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=description or _sentence(summary)
    )
    parser.set_defaults(
        module=module,
        function=function or name.replace("-", "_"),
        given={},
        arguments=lambda words: {"words": words},
    )
    return parser


def add_call(
    commands: Any, name: str, summary: str, module: str, function: str = "", *, named: str = "", shows: bool = False
) -> argparse.ArgumentParser:
    """Add a command that asks a running server about a workspace.  `named` is the word for what its first argument names;
    `shows`: it has --json."""
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
    """Add the flags for the server's address and the workspace."""
    parser.add_argument(
        "--workspace", "-w", metavar="NAME", help=f"{workspace} (default default; {settings.WORKSPACE})"
    )
    add_server(parser)


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."
