"""The parsers of `trackside alert`; the commands are in `commands`."""

from typing import Any

from trackside.alerts.model import Measure, Severity
from trackside.cli.parsers import add_call, add_group, number

MODULE = "trackside.cli.alerts.commands"


def add_commands(commands: Any) -> None:
    inner = add_group(
        commands,
        "alert",
        "fire events when a measure of a workspace is above a threshold",
        "Manage alert rules. A webhook with the events alert.fired and alert.resolved notifies people.",
    )
    put = add_call(inner, "set", "create or change an alert rule", MODULE, "put", named="NAME")
    put.add_argument("measure", metavar="MEASURE", choices=list(Measure), help=", ".join(Measure))
    put.add_argument(
        "--target", metavar="NAME", help="type of the event, or name of the link or endpoint (default all)"
    )
    put.add_argument(
        "--above", type=number, required=True, metavar="VALUE", help="threshold above which the rule fires"
    )
    put.add_argument("--window", type=int, metavar="SECONDS", help="length of the window (default 300)")
    put.add_argument(
        "--for",
        type=int,
        dest="for_s",
        metavar="SECONDS",
        help="time that the value must exceed the threshold (default 0)",
    )
    put.add_argument("--severity", choices=list(Severity), help="severity of the alert (default warning)")
    put.add_argument("--disabled", action="store_true", help="disable the rule")
    add_call(inner, "list", "list the alert rules of a workspace with their states", MODULE, shows=True)
    add_call(inner, "show", "show an alert rule and its current value", MODULE, named="NAME", shows=True)
    add_call(inner, "delete", "remove an alert rule", MODULE, named="NAME")
