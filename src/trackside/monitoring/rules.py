"""Alert rules for Prometheus, made from the metric families.  Pure.

The burn rates of the error budget are those of Google's "The Site Reliability Workbook", chapter 5 (multiwindow, multi-burn-rate
alerts): 14.4, 6 and 1 times the budget of 30 days.
"""

import json
from collections.abc import Iterator

from msgspec import Struct

from trackside.monitoring import families as f

SLO = 0.995  # of the answers are no 5xx
WRITES = ".*/mlflow/runs/(create|update|log-metric|log-batch|log-parameter|set-tag)"
FAST_S = "0.25"  # a bucket's bound, in seconds: 95 % of the writes are faster
FAST_SHARE = 0.95


class Rule(Struct, frozen=True):
    """`expr` is PromQL; `wait` is how long it must hold; `severity` is page or ticket."""

    name: str
    expr: str
    wait: str
    severity: str
    summary: str


def _errors(window: str) -> str:
    count = f"{f.REQUESTS.full}_count"
    return f'sum(rate({count}{{code="5xx"}}[{window}])) / sum(rate({count}[{window}]))'


def _burn_rate(factor: float, long: str, short: str) -> str:
    budget = f"{factor * (1 - SLO):.3g}"
    return f"({_errors(long)}) > {budget} and ({_errors(short)}) > {budget}"


_SLOW = (
    f'1 - sum(rate({f.REQUESTS.series}{{route=~"{WRITES}",le="{FAST_S}"}}[15m]))'
    f' / sum(rate({f.REQUESTS.full}_count{{route=~"{WRITES}"}}[15m])) > {1 - FAST_SHARE:.3g}'
)
_BY_DEPLOYMENT = "sum by (workspace, endpoint, deployment)"
_FAILING = (
    f'{_BY_DEPLOYMENT} (rate({f.SCORED.full}_count{{code=~"5xx|424"}}[10m]))'  # 424: the model raised
    f" / {_BY_DEPLOYMENT} (rate({f.SCORED.full}_count[10m])) > 0.05"
)

RULES: tuple[Rule, ...] = (
    Rule("TracksideAbsent", f"absent({f.BUILD.full})", "5m", "page", "No Trackside server is scraped."),
    Rule("TracksideStoreDown", f"{f.STORE_UP.full} == 0", "1m", "page", "The store takes no writes."),
    Rule("TracksideErrorBudgetFast", _burn_rate(14.4, "1h", "5m"), "2m", "page", "2 % of a month's error budget in 1 h."),
    Rule("TracksideErrorBudget", _burn_rate(6, "6h", "30m"), "15m", "page", "5 % of a month's error budget in 6 h."),
    Rule("TracksideErrorBudgetSlow", _burn_rate(1, "3d", "2h"), "1h", "ticket", "10 % of a month's error budget in 3 d."),
    Rule("TracksideSlowWrites", _SLOW, "15m", "ticket", "More than 5 % of the writes of runs take over 250 ms."),
    Rule(
        "TracksideDiskFull",
        f"{f.DISK_FREE.full} / {f.DISK_SIZE.full} < 0.1",
        "10m",
        "page",
        "Less than 10 % of the file system of folder {{ $labels.folder }} is free.",
    ),
    Rule(
        "TracksideLinkLate",
        f"{f.LINK_LAG.full} > 900",
        "10m",
        "ticket",
        "Link {{ $labels.link }} of workspace {{ $labels.workspace }} is over 15 minutes behind.",
    ),
    Rule(
        "TracksideLinkFailing",
        f"{f.LINK_FAILED.full} > 0",
        "1h",
        "ticket",
        "Items of link {{ $labels.link }} of workspace {{ $labels.workspace }} keep failing.",
    ),
    Rule(
        "TracksideWebhookLate",
        f"{f.DELIVERY_AGE.full} > 900",
        "5m",
        "ticket",
        "A webhook delivery of workspace {{ $labels.workspace }} waits for over 15 minutes.",
    ),
    Rule(
        "TracksideDeploymentFailed",
        f'{f.DEPLOYMENTS.full}{{state=~"Unhealthy|Failed|Unschedulable"}} > 0',
        "10m",
        "page",
        "A deployment of workspace {{ $labels.workspace }} is {{ $labels.state }}.",
    ),
    Rule(
        "TracksideEndpointErrors",
        _FAILING,
        "10m",
        "page",
        "Over 5 % of the requests to {{ $labels.endpoint }}/{{ $labels.deployment }} fail.",
    ),
    Rule(
        "TracksideQuota",
        f"{f.QUOTA_USED.full} > 0.9",
        "5m",
        "ticket",
        "Over 90 % of the quota of {{ $labels.measure }} ({{ $labels.scope }}) of workspace {{ $labels.workspace }} is used.",
    ),
    Rule(
        "TracksideJobsWaiting",
        f"{f.JOB_AGE.full} > 3600",
        "10m",
        "ticket",
        "A job of workspace {{ $labels.workspace }} waits for over an hour to be started.",
    ),
    Rule(
        "TracksideDriftLate",
        f"{f.DRIFT_AGE.full} > 2 * {f.DRIFT_LENGTH.full} + 3600",
        "10m",
        "ticket",
        "Monitor {{ $labels.monitor }} of workspace {{ $labels.workspace }} has had no window for two periods.",
    ),
    Rule(
        "TracksideRequestsNotLogged",
        f"increase({f.DROPPED.series}[15m]) > 0",
        "0m",
        "ticket",
        "Requests of endpoint {{ $labels.endpoint }} of workspace {{ $labels.workspace }} are missing in its request log.",
    ),
    Rule(
        "TracksideBackupOld",
        f"time() - {f.BACKUP.full} > 93600",
        "10m",
        "ticket",
        "The last backup that succeeded is older than 26 hours.",
    ),
    Rule("TracksideCountsOld", f"{f.COUNTS_AGE.full} > 300", "5m", "ticket", "The store has not been counted for 5 minutes."),
)  # fmt: skip


def text() -> str:
    """Return the rules as the YAML that Prometheus reads."""
    return "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    yield "# Alert rules for Trackside; `trackside monitoring rules` writes this file."
    yield "groups:"
    yield "  - name: trackside"
    yield "    rules:"
    for rule in RULES:
        yield f"      - alert: {rule.name}"
        yield f"        expr: {json.dumps(rule.expr)}"  # a JSON string is a YAML string
        yield f"        for: {rule.wait}"
        yield f"        labels: {{severity: {rule.severity}}}"
        yield f"        annotations: {{summary: {json.dumps(rule.summary)}}}"
