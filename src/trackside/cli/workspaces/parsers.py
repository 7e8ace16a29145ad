"""The parsers of `trackside workspace`; the commands are in `commands`."""

import argparse
from typing import Any

from trackside.cli.parsers import add_command, add_group, add_json, add_server

MODULE = "trackside.cli.workspaces.commands"


def add_commands(commands: Any) -> None:
    inner = add_group(
        commands,
        "workspace",
        "create and list workspaces",
        "Create and list workspaces. `trackside delete workspace` deletes one.",
    )
    create = _command(inner, "create", "create a workspace")
    create.add_argument("name", metavar="NAME", help="2 to 63 letters, digits, - and _")
    create.add_argument("--description", metavar="TEXT", help="description")
    create.add_argument(
        "--artifact-root",
        metavar="PLACE",
        help="location of its files, in one of the server's --allowed-artifact-roots (default: the server's artifact store)",
    )
    create.add_argument("--subscription", metavar="ID", help="label for clients of Azure ML")
    create.add_argument("--resource-group", metavar="NAME", help="label for clients of Azure ML")
    _command(inner, "list", "list the workspaces that the caller may see, with their tracking URIs")


def _command(inner: Any, name: str, summary: str) -> argparse.ArgumentParser:
    parser = add_command(inner, name, summary, MODULE)
    add_server(parser)
    add_json(parser)
    return parser
