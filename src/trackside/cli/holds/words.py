"""The words of `trackside hold`.  What each command does is in `holds`."""

import argparse
from typing import Any

from trackside.cli.place import add_place

MODULE = "trackside.cli.holds.commands"
KINDS = ("run", "experiment", "logged-model", "model", "version", "workspace")


def add_commands(commands: Any) -> None:
    hold = commands.add_parser(
        "hold",
        help="forbid the deletion of runs, experiments, models or a whole workspace",
        description="Place, remove and list legal holds. Nothing deletes what is on hold, what is in it, or its files.",
    )
    inner = hold.add_subparsers(title="commands", metavar="COMMAND")
    add = _command(inner, "add", "place a legal hold")
    _add_object(add)
    add.add_argument("--reason", required=True, metavar="TEXT", help="why, such as the number of a case")
    add.add_argument("--until", metavar="DAY", help="the hold ends by itself on this day, such as 2027-01-31")
    add.add_argument("--json", action="store_true", help="the same for programs")
    _add_object(_command(inner, "remove", "remove the legal hold of an object"))
    listed = _command(inner, "list", "list the legal holds of a workspace, or those that cover one object")
    _add_object(listed, is_needed=False)
    listed.add_argument("--json", action="store_true", help="the same for programs")


def _command(inner: Any, name: str, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = inner.add_parser(
        name, help=summary, description=summary[0].upper() + summary[1:] + "."
    )
    add_place(parser)
    parser.set_defaults(module=MODULE, function=name, given={}, arguments=lambda words: {"words": words})
    return parser


def _add_object(parser: argparse.ArgumentParser, *, is_needed: bool = True) -> None:
    many = {} if is_needed else {"nargs": "?"}
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS), **many)  # type: ignore[arg-type]  # of argparse
    parser.add_argument("id", nargs="?", metavar="ID", help="id of the object, or name; NAME/VERSION for a version")
