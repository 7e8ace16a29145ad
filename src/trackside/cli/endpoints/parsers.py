"""The parsers of `trackside endpoint`; the commands are in `commands`."""

import argparse
from typing import Any

from trackside.cli.parsers import add_call, add_group, number

MODULE = "trackside.cli.endpoints.commands"


def add_commands(commands: Any) -> None:
    inner = add_group(commands, "endpoint", "serve registered models over HTTP")
    create = _command(inner, "create", "create an endpoint, and deploy a model to it")
    create.add_argument(
        "--auth-mode", choices=("key", "none"), default="key", help="authentication of callers (default key)"
    )
    _add_model(create)
    _command(inner, "list", "list the endpoints of a workspace", named=False, shows=True)
    _command(inner, "show", "show an endpoint: its state, deployments and replicas", shows=True)
    update = _command(inner, "update", "change the model, the spec or the traffic split")
    _add_model(update)
    update.add_argument(
        "--traffic", nargs="+", default=[], metavar="NAME=PERCENT", help="share of each deployment; the sum must be 100"
    )
    update.add_argument(
        "--mirror",
        metavar="NAME=PERCENT",
        help="deployment that gets copies of this share of requests; its answers are discarded",
    )
    rollback = _command(inner, "rollback", "restore a deployment's model and spec before its last update")
    _add_deployment(rollback)
    _command(inner, "delete", "delete an endpoint with its deployments")
    logs = _command(inner, "logs", "print the output of a deployment's replicas", shows=True)
    _add_deployment(logs)
    logs.add_argument("--lines", type=int, default=200, metavar="N", help="number of lines (default 200)")
    logs.add_argument("--raw", action="store_true", help="print control characters unchanged, such as colours")
    keys = _command(inner, "keys", "print the keys of an endpoint", shows=True)
    keys.add_argument("--regenerate", choices=("primary", "secondary"), help="first replace this key")
    requests = _command(
        inner, "request-log", "show, switch on or off, or read the request log of an endpoint", shows=True
    )
    requests.set_defaults(module="trackside.cli.endpoints.request_log", function="request_log")
    switch = requests.add_mutually_exclusive_group()
    switch.add_argument("--on", action="store_true", help="log inputs and predictions, or change the settings")
    switch.add_argument("--off", action="store_true", help="stop logging; logged rows are kept until they expire")
    switch.add_argument("--delete", action="store_true", help="stop logging and delete the logged rows")
    requests.add_argument("--sampling", type=number, metavar="SHARE", help="share of requests to log (default 1)")
    requests.add_argument("--max-mb", type=int, metavar="N", help="maximum size of the log (default 1024)")
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
    invoke.add_argument("file", metavar="FILE", help="file with the JSON request; - for standard input")
    invoke.add_argument("--deployment", metavar="NAME", help="call this deployment, independent of the traffic split")


def _command(
    inner: Any, name: str, summary: str, *, named: bool = True, shows: bool = False
) -> argparse.ArgumentParser:
    return add_call(inner, name, summary, MODULE, named="NAME" if named else "", shows=shows)


def _add_deployment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--deployment", default="blue", metavar="NAME", help="name of the deployment (default blue)")


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", metavar="URI", help="model URI, such as models:/NAME/VERSION, models:/NAME@ALIAS or runs:/RUN/PATH"
    )
    _add_deployment(parser)
    parser.add_argument(
        "--backend", choices=("process", "ray", "kubernetes"), help="where replicas run (default process)"
    )
    parser.add_argument("--env", choices=("auto", "uv", "local"), help="source of the model's packages (default auto)")
    parser.add_argument("--replicas", type=int, metavar="N", help="number of processes (default 1)")
    parser.add_argument("--max-replicas", type=int, metavar="N", help="maximum number of processes under load")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="any field of the deployment's spec, such as memory_mb=2048 or threads=2; may be repeated",
    )
    parser.add_argument("--wait", action="store_true", help="return when the deployment is healthy or has failed")
