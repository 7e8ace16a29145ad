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
        "Look after alert rules. A webhook that listens to alert.fired and alert.resolved tells people.",
    )
    put = add_call(inner, "set", "make an alert rule, or change the one of this name", MODULE, "put", named="NAME")
    put.add_argument("measure", metavar="MEASURE", choices=list(Measure), help=", ".join(Measure))
    put.add_argument("--target", metavar="NAME", help="type of the event, name of the link or endpoint (default all)")
    put.add_argument("--above", type=number, required=True, metavar="VALUE", help="the rule fires above this value")
    put.add_argument("--window", type=int, metavar="SECONDS", help="the time that is looked at (default 300)")
    put.add_argument("--for", type=int, dest="for_s", metavar="SECONDS", help="how long it must be above (default 0)")
    put.add_argument("--severity", choices=list(Severity), help="how bad it is (default warning)")
    put.add_argument("--disabled", action="store_true", help="keep the rule, and do not look")
    add_call(inner, "list", "list the alert rules of a workspace with their states", MODULE, shows=True)
    add_call(inner, "show", "show an alert rule, and its value now", MODULE, named="NAME", shows=True)
    add_call(inner, "delete", "remove an alert rule", MODULE, named="NAME")
