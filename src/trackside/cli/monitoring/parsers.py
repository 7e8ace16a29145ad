"""The parser of `trackside monitoring`; the commands are in `monitoring`."""

from typing import Any

from trackside.cli.parsers import add_command, add_group

MODULE = "trackside.cli.monitoring.commands"
_COMMANDS = {
    "rules": "write the alert rules for Prometheus (YAML) to standard output",
    "dashboard": "write the dashboard for Grafana (JSON) to standard output",
}


def add_commands(commands: Any) -> None:
    inner = add_group(commands, "monitoring", "write the alert rules and the dashboard for the server's metrics")
    for name, summary in _COMMANDS.items():
        add_command(inner, name, summary, MODULE).set_defaults(kwargs=lambda _: {})
