"""The parsers of `trackside endpoint`; the commands are in `commands`."""

import argparse
from typing import Any

from trackside.cli.parsers import add_call, add_group, number

MODULE = "trackside.cli.endpoints.commands"


def add_commands(commands: Any) -> None:
    inner = add_group(commands, "endpoint", "serve registered models over HTTP")
    create = _command(inner, "create", "create an endpoint, and deploy a model to it")
    create.add_argument("--auth-mode", choices=("key", "none"), default="key", help="how callers sign in (default key)")
    _add_model(create)
    _command(inner, "list", "list the endpoints of a workspace", named=False, shows=True)
    _command(inner, "show", "show an endpoint: its state, deployments and replicas", shows=True)
    update = _command(inner, "update", "serve another model or with another spec, or split the traffic")
    _add_model(update)
    update.add_argument(
        "--traffic", nargs="+", default=[], metavar="NAME=PERCENT", help="share of each deployment; they sum to 100"
    )
    update.add_argument(
        "--mirror",
        metavar="NAME=PERCENT",
        help="deployment that gets copies of this share of requests; its answers are dropped",
    )
    rollback = _command(inner, "rollback", "serve again what a deployment served before its last update")
    _add_deployment(rollback)
    _command(inner, "delete", "delete an endpoint with its deployments")
    logs = _command(inner, "logs", "print what the replicas of a deployment wrote", shows=True)
    _add_deployment(logs)
    logs.add_argument("--lines", type=int, default=200, metavar="N", help="at most this number (default 200)")
    logs.add_argument(
        "--raw", action="store_true", help="print control characters as they are, such as those of colours"
    )
    keys = _command(inner, "keys", "print the keys of an endpoint", shows=True)
    keys.add_argument("--regenerate", choices=("primary", "secondary"), help="replace this key first")
    requests = _command(
        inner, "request-log", "show, switch on or off, or read the log of an endpoint's requests", shows=True
    )
    requests.set_defaults(module="trackside.cli.endpoints.request_log", function="request_log")
    switch = requests.add_mutually_exclusive_group()
    switch.add_argument("--on", action="store_true", help="log inputs and predictions, or change how they are logged")
    switch.add_argument("--off", action="store_true", help="log no more; what was logged stays until it is too old")
    switch.add_argument("--delete", action="store_true", help="log no more, and delete what was logged")
    requests.add_argument("--sampling", type=number, metavar="SHARE", help="share of requests to log (default 1)")
    requests.add_argument("--max-mb", type=int, metavar="N", help="size of the log at most (default 1024)")
    requests.add_argument("--keep-days", type=int, metavar="N", help="days until a row is deleted (default 30)")
    switch.add_argument("--rows", type=int, metavar="N", help="print the newest rows, at most N")
    switch.add_argument(
        "--output",
        metavar="PLACE",
        help="write the rows to this Parquet or .csv file; to a folder/, CSV files of inputs and predictions for each day",
    )
    requests.add_argument("--since", metavar="TIME", help="rows from this time on, such as 2026-01-31T09:00:00Z")
    requests.add_argument("--until", metavar="TIME", help="rows before this time")
    requests.add_argument("--deployment", metavar="NAME", help="rows of this deployment")
    invoke = _command(inner, "invoke", "score rows")
    invoke.add_argument("file", metavar="FILE", help="JSON that the endpoint takes; - for standard input")
    invoke.add_argument("--deployment", metavar="NAME", help="the deployment to ask, whatever the traffic")


def _command(
    inner: Any, name: str, summary: str, *, named: bool = True, shows: bool = False
) -> argparse.ArgumentParser:
    return add_call(inner, name, summary, MODULE, named="NAME" if named else "", shows=shows)


def _add_deployment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--deployment", default="blue", metavar="NAME", help="which deployment (default blue)")


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", metavar="URI", help="such as models:/NAME/VERSION, models:/NAME@ALIAS, runs:/RUN/PATH"
    )
    _add_deployment(parser)
    parser.add_argument(
        "--backend", choices=("process", "ray", "kubernetes"), help="where replicas run (default process)"
    )
    parser.add_argument(
        "--env", choices=("auto", "uv", "local"), help="where the model's packages come from (default auto)"
    )
    parser.add_argument("--replicas", type=int, metavar="N", help="processes that serve (default 1)")
    parser.add_argument("--max-replicas", type=int, metavar="N", help="processes at most, under load")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="any field of the deployment's spec, such as memory_mb=2048 or threads=2; may be repeated",
    )
    parser.add_argument("--wait", action="store_true", help="return when the deployment is healthy or has failed")
