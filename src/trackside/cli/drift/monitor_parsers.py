"""The args of `trackside monitor`.  What each command does is in `monitors`."""

import argparse
from typing import Any

from trackside.cli.drift.parsers import RULES
from trackside.cli.parsers import add_call, add_group

MODULE = "trackside.cli.drift.monitors"


def add_commands(commands: Any) -> None:
    inner = add_group(commands, "monitor", "watch endpoints and tables for drift")
    _add_create(_command(inner, "create", "create a monitor"))
    _command(inner, "list", "list the monitors of a workspace", named=False, shows=True)
    show = _command(inner, "show", "show a monitor with its newest windows and open incidents", shows=True)
    show.add_argument("--slice", default="", metavar="COLUMN=VALUE", help="the windows of these rows alone")
    run = _command(inner, "run", "compute the windows that are due and the current one, and wait", shows=True)
    run.add_argument("--start", metavar="TIME", help="compute the windows from this time on: a back-fill")
    run.add_argument("--end", metavar="TIME", help="up to this time (default now)")
    incidents = _command(inner, "incidents", "list incidents, open ones first", named=False, shows=True)
    incidents.add_argument("--monitor", metavar="NAME", help="only those of one monitor")
    incidents.add_argument("--open", action="store_true", help="only those that are open")
    report = _command(inner, "report", "write a window as one HTML file")
    report.add_argument("--html", required=True, metavar="FILE", help="where the report goes")
    report.add_argument("--start", metavar="TIME", help="the beginning of the window (default the newest one)")
    report.add_argument("--slice", default="", metavar="COLUMN=VALUE", help="the window of these rows alone")
    _command(inner, "pause", "compute windows on request alone")
    _command(inner, "resume", "compute windows when they end")
    _command(inner, "delete", "delete a monitor with its windows and incidents")


def _add_create(create: argparse.ArgumentParser) -> None:
    target = create.add_mutually_exclusive_group(required=True)
    target.add_argument("--endpoint", metavar="NAME", help="watch the request log of an endpoint")
    target.add_argument(
        "--table", metavar="PLACE", help="watch a table: runs:/RUN/PATH or file:///PATH below --job-folders"
    )
    create.add_argument("--deployment", metavar="NAME", help="of this deployment alone")
    create.add_argument("--timestamp", metavar="COLUMN", help="the column of the table with the time of a row")
    baseline = create.add_mutually_exclusive_group(required=True)
    baseline.add_argument(
        "--baseline",
        metavar="PLACE",
        help="compare with a table: a file of this machine, runs:/RUN/PATH, or file:///PATH below the server's --job-folders",
    )
    baseline.add_argument("--baseline-dataset", metavar="NAME", help="compare with an evaluation dataset")
    baseline.add_argument("--baseline-run", metavar="RUN", help="compare with the dataset that a run logged")
    baseline.add_argument("--past", type=int, metavar="N", help="compare with the N windows before")
    create.add_argument(
        "--window", choices=("hour", "day", "week", "month"), default="day", help="the size of a window (default day)"
    )
    create.add_argument("--timezone", default="UTC", metavar="NAME", help="of days, weeks and months (default UTC)")
    create.add_argument("--latency", type=int, metavar="SECONDS", help="wait so long for late rows (default 600)")
    create.add_argument("--rules", choices=RULES, default="default", help="what counts as drift (default default)")
    create.add_argument("--columns", nargs="+", metavar="NAME", help="these columns alone")
    create.add_argument(
        "--slices", nargs="+", metavar="COLUMN", help="compare rows by the values of these columns, too"
    )
    create.add_argument("--label", metavar="COLUMN", help="the column with the truth (default label)")
    create.add_argument("--score", metavar="COLUMN", help="the column with the probability of the positive class")
    create.add_argument("--magnitude", action="store_true", help="also tell how well a classifier separates the two")
    create.add_argument("--attribution", action="store_true", help="also compare which features decide predictions")
    create.add_argument("--no-schedule", action="store_true", help="compute windows on request alone")
    create.add_argument(
        "--experiment", default="0", metavar="ID", help="the experiment that keeps a baseline file (default 0)"
    )


def _command(
    inner: Any, name: str, summary: str, *, named: bool = True, shows: bool = False
) -> argparse.ArgumentParser:
    return add_call(inner, name, summary, MODULE, named="MONITOR" if named else "", shows=shows)
