"""The words of `trackside workspace`.  What each command does is in `commands`."""

import argparse
from typing import Any

from trackside.core import settings

MODULE = "trackside.cli.workspaces.commands"


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "workspace",
        help="create and list workspaces",
        description="Create and list workspaces. `trackside delete workspace` deletes one.",
    )
    inner = parser.add_subparsers(title="commands", metavar="COMMAND")
    create = _command(inner, "create", "create a workspace")
    create.add_argument("name", metavar="NAME", help="2 to 63 letters, digits, - and _")
    create.add_argument("--description", metavar="TEXT", help="what it is for")
    create.add_argument(
        "--artifact-root",
        metavar="PLACE",
        help="where its files lie, one of the server's --allowed-artifact-roots or below (default: with the others)",
    )
    create.add_argument("--subscription", metavar="ID", help="the one by which clients of Azure ML name it")
    create.add_argument("--resource-group", metavar="NAME", help="the one by which clients of Azure ML name it")
    _command(inner, "list", "list the workspaces that the caller may see, with their tracking URIs")


def _command(inner: Any, name: str, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = inner.add_parser(
        name, help=summary, description=summary[0].upper() + summary[1:] + "."
    )
    server = f"the server (default {settings.DEFAULT_URL}; {settings.SERVER_URL})"
    parser.add_argument("--server", metavar="URL", help=server)
    parser.add_argument("--json", action="store_true", help="the same for programs")
    parser.set_defaults(module=MODULE, function=name, given={}, arguments=lambda words: {"words": words})
    return parser
