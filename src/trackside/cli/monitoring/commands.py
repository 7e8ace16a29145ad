"""`trackside monitoring`: the alert rules and the dashboard for the metrics of `GET /metrics`."""

from trackside.cli.output import OK, say
from trackside.monitoring import dashboard as dashboards
from trackside.monitoring import rules as alert_rules


def rules() -> int:
    say(alert_rules.text().removesuffix("\n"))
    return OK


def dashboard() -> int:
    say(dashboards.text().removesuffix("\n"))
    return OK
