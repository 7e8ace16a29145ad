"""The parsers of `trackside quota`; the commands are in `commands`."""

import argparse
from typing import Any

from trackside.cli.parsers import add_call, add_group
from trackside.quotas.model import Measure

MODULE = "trackside.cli.quotas.commands"
_MEASURE = f"{', '.join(list(Measure)[:-1])} or {list(Measure)[-1]}"


def add_commands(commands: Any) -> None:
    inner = add_group(
        commands,
        "quota",
        "limit runs, points, bytes, endpoints and jobs",
        "Manage quotas: limits of runs, metric points, bytes of artifacts, endpoints, and live jobs of the server, a "
        "workspace, a user or an experiment.",
    )
    put = _command(inner, "set", "create a quota, or change its limit")
    put.add_argument("measure", metavar="MEASURE", help=_MEASURE)
    put.add_argument("limit", metavar="LIMIT", help="limit, such as 1000, 50M (millions) or 10GiB")
    _add_subject(put)
    _command(inner, "list", "list the quotas of a workspace and their use", shows=True)
    show = _command(inner, "show", "show the quotas of a user, an experiment or the workspace", shows=True)
    _add_subject(show, each=False)
    delete = _command(inner, "delete", "remove a quota")
    delete.add_argument("measure", metavar="MEASURE", help=_MEASURE)
    _add_subject(delete)
    _command(inner, "recount", "recount runs, points and files by a job")


def _command(inner: Any, name: str, summary: str, *, shows: bool = False) -> argparse.ArgumentParser:
    return add_call(inner, name, summary, MODULE, "put" if name == "set" else "", shows=shows)


def _add_subject(parser: argparse.ArgumentParser, *, each: bool = True) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--user", metavar="NAME", help="quota of a user (default: of the workspace)")
    group.add_argument("--experiment", metavar="EXPERIMENT", help="quota of an experiment, by its id or name")
    group.add_argument("--all-workspaces", action="store_true", help="quota of the server, which all workspaces share")
    if each:
        group.add_argument("--each-user", action="store_true", help="quota of each user without a separate one")
        group.add_argument(
            "--each-experiment", action="store_true", help="quota of each experiment without a separate one"
        )
