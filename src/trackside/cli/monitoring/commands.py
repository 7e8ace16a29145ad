"""`trackside monitoring`: the alert rules and the dashboard that go with `GET /metrics`."""

import sys

from trackside.cli.output import OK
from trackside.monitoring import dashboard as dashboards
from trackside.monitoring import rules as alert_rules


def rules() -> int:
    sys.stdout.write(alert_rules.text())
    return OK


def dashboard() -> int:
    sys.stdout.write(dashboards.text())
    return OK
