"""The words of `trackside monitoring`.  Knows no flags, since there are none; what the commands do is in `monitoring`."""

import argparse
from typing import Any

MODULE = "trackside.cli.monitoring.commands"
_COMMANDS = {
    "rules": "write the alert rules for Prometheus (YAML) to standard output",
    "dashboard": "write the dashboard for Grafana (JSON) to standard output",
}


def add_commands(commands: Any) -> None:
    summary = "write the alert rules and the dashboard for the server's metrics"
    parser = commands.add_parser("monitoring", help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    inner = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, help_ in _COMMANDS.items():
        made: argparse.ArgumentParser = inner.add_parser(
            name, help=help_, description=f"{help_[0].upper()}{help_[1:]}."
        )
        made.set_defaults(module=MODULE, function=name, arguments=lambda _: {})
