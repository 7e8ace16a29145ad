"""The parsers of `trackside hold`; the commands are in `commands`."""

import argparse
from typing import Any

from trackside.cli.parsers import add_call, add_group

MODULE = "trackside.cli.holds.commands"
KINDS = ("run", "experiment", "logged-model", "model", "version", "workspace")


def add_commands(commands: Any) -> None:
    inner = add_group(
        commands,
        "hold",
        "block the deletion of runs, experiments, models or a whole workspace",
        "Place, remove and list legal holds. An object on hold, its content and its files cannot be deleted.",
    )
    add = add_call(inner, "add", "place a legal hold", MODULE, shows=True)
    _add_object(add)
    add.add_argument("--reason", required=True, metavar="TEXT", help="reason, such as the number of a case")
    add.add_argument("--until", metavar="DAY", help="last day of the hold, such as 2027-01-31")
    _add_object(add_call(inner, "remove", "remove the legal hold of an object", MODULE))
    listed = add_call(
        inner, "list", "list the legal holds of a workspace, or those that cover one object", MODULE, shows=True
    )
    _add_object(listed, is_needed=False)


def _add_object(parser: argparse.ArgumentParser, *, is_needed: bool = True) -> None:
    many = {} if is_needed else {"nargs": "?"}
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS), **many)  # type: ignore[arg-type]  # of argparse
    parser.add_argument("id", nargs="?", metavar="ID", help="id of the object, or name; NAME/VERSION for a version")
