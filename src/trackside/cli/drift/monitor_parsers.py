"""The args of `trackside monitor`.  What each command does is in `monitors`."""

import argparse
from typing import Any

from trackside.cli.drift.parsers import RULES
from trackside.cli.parsers import add_call, add_group

MODULE = "trackside.cli.drift.monitors"


def add_commands(commands: Any) -> None:
    inner = add_group(commands, "monitor", "monitor endpoints and tables for drift")
    _add_create(_command(inner, "create", "create a monitor"))
    _command(inner, "list", "list the monitors of a workspace", named=False, shows=True)
    show = _command(inner, "show", "show a monitor with its newest windows and open incidents", shows=True)
    show.add_argument("--slice", default="", metavar="COLUMN=VALUE", help="only windows of these rows")
    run = _command(inner, "run", "compute the windows that are due and the current one, and wait", shows=True)
    run.add_argument("--start", metavar="TIME", help="compute the windows from this time on: a back-fill")
    run.add_argument("--end", metavar="TIME", help="end of the range (default now)")
    incidents = _command(inner, "incidents", "list incidents, open ones first", named=False, shows=True)
    incidents.add_argument("--monitor", metavar="NAME", help="only incidents of one monitor")
    incidents.add_argument("--open", action="store_true", help="only open incidents")
    report = _command(inner, "report", "write a window as one HTML file")
    report.add_argument("--html", required=True, metavar="FILE", help="file of the report")
    report.add_argument("--start", metavar="TIME", help="start of the window (default: the newest window)")
    report.add_argument("--slice", default="", metavar="COLUMN=VALUE", help="the window of these rows alone")
    _command(inner, "pause", "compute windows on request alone")
    _command(inner, "resume", "compute windows when they end")
    _command(inner, "delete", "delete a monitor with its windows and incidents")


def _add_create(create: argparse.ArgumentParser) -> None:
    target = create.add_mutually_exclusive_group(required=True)
    target.add_argument("--endpoint", metavar="NAME", help="monitor the request log of an endpoint")
    target.add_argument(
        "--table", metavar="PLACE", help="monitor a table: runs:/RUN/PATH or file:///PATH below --job-folders"
    )
    create.add_argument("--deployment", metavar="NAME", help="only requests of this deployment")
    create.add_argument("--timestamp", metavar="COLUMN", help="column of the table with the time of a row")
    baseline = create.add_mutually_exclusive_group(required=True)
    baseline.add_argument(
        "--baseline",
        metavar="PLACE",
        help="compare with a table: a file of this machine, runs:/RUN/PATH, or file:///PATH below the server's --job-folders",
    )
    baseline.add_argument("--baseline-dataset", metavar="NAME", help="compare with an evaluation dataset")
    baseline.add_argument("--baseline-run", metavar="RUN", help="compare with the dataset that a run logged")
    baseline.add_argument("--past", type=int, metavar="N", help="compare with the previous N windows")
    create.add_argument(
        "--window", choices=("hour", "day", "week", "month"), default="day", help="the size of a window (default day)"
    )
    create.add_argument(
        "--timezone", default="UTC", metavar="NAME", help="time zone of days, weeks and months (default UTC)"
    )
    create.add_argument("--latency", type=int, metavar="SECONDS", help="delay for late rows (default 600)")
    create.add_argument("--rules", choices=RULES, default="default", help="rule set (default default)")
    create.add_argument("--columns", nargs="+", metavar="NAME", help="only these columns")
    create.add_argument(
        "--slices", nargs="+", metavar="COLUMN", help="also compare rows separately by the values of these columns"
    )
    create.add_argument("--label", metavar="COLUMN", help="column with the true value (default label)")
    create.add_argument("--score", metavar="COLUMN", help="column with the probability of the positive class")
    create.add_argument("--magnitude", action="store_true", help="also compute how well a classifier separates both")
    create.add_argument("--attribution", action="store_true", help="also compare which features decide predictions")
    create.add_argument("--no-schedule", action="store_true", help="compute windows on request alone")
    create.add_argument("--experiment", default="0", metavar="ID", help="experiment for a baseline file (default 0)")


def _command(
    inner: Any, name: str, summary: str, *, named: bool = True, shows: bool = False
) -> argparse.ArgumentParser:
    return add_call(inner, name, summary, MODULE, named="MONITOR" if named else "", shows=shows)
