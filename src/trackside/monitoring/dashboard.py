"""A dashboard for Grafana, made from the metric families.  Pure.

The JSON model: https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
"""

import json
from typing import Any

from msgspec import Struct

from trackside.monitoring import families as f
from trackside.monitoring.rules import WRITES

UID = "trackside-overview"
WIDTH, HEIGHT = 12, 8  # of a panel, on Grafana's grid of 24 columns
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}


class Panel(Struct, frozen=True):
    """`queries` are (PromQL, legend); `unit` is one of Grafana's."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]


def _quantile(share: float, family: f.Family, by: str, selector: str = "") -> str:
    return f"histogram_quantile({share}, sum by (le{by}) (rate({family.series}{selector}[5m])))"


PANELS: tuple[Panel, ...] = (
    Panel("Requests", "reqps", ((f"sum by (code) (rate({f.REQUESTS.full}_count[5m]))", "{{code}}"),)),
    Panel(
        "Latency of all requests",
        "s",
        ((_quantile(0.5, f.REQUESTS, ""), "p50"), (_quantile(0.99, f.REQUESTS, ""), "p99")),
    ),
    Panel(
        "Log calls",
        "reqps",
        ((f'sum by (route) (rate({f.REQUESTS.full}_count{{route=~"{WRITES}"}}[5m]))', "{{route}}"),),
    ),
    Panel(
        "Latency of log calls (p95)",
        "s",
        ((_quantile(0.95, f.REQUESTS, ", route", f'{{route=~"{WRITES}"}}'), "{{route}}"),),
    ),
    Panel("Runs", "short", ((f"sum by (status) ({f.RUNS.full})", "{{status}}"),)),
    Panel(
        "Experiments and models",
        "short",
        ((f"sum({f.EXPERIMENTS.full})", "experiments"), (f"sum({f.MODELS.full})", "registered models")),
    ),
    Panel(
        "Endpoint requests",
        "reqps",
        (
            (
                f"sum by (endpoint, deployment, code) (rate({f.SCORED.full}_count[5m]))",
                "{{endpoint}}/{{deployment}} {{code}}",
            ),
        ),
    ),
    Panel(
        "Latency of endpoints (p95)",
        "s",
        ((_quantile(0.95, f.SCORED, ", endpoint, deployment"), "{{endpoint}}/{{deployment}}"),),
    ),
    Panel(
        "Replicas",
        "short",
        ((f"sum by (endpoint, deployment, state) ({f.REPLICAS.full})", "{{endpoint}}/{{deployment}} {{state}}"),),
    ),
    Panel("Links", "short", ((f"sum({f.LINKS.full})", "links"),)),
    Panel("Lag of links", "s", ((f"{f.LINK_LAG.full} or vector(0)", "{{workspace}}/{{link}}"),)),
    Panel(
        "Webhook deliveries",
        "short",
        ((f"sum({f.DELIVERIES.full})", "waiting"), (f"sum({f.DELIVERIES_DEAD.full})", "given up")),
    ),
    Panel("Store", "bytes", ((f.STORE_BYTES.full, "store"), (f.DISK_FREE.full, "free: {{folder}}"))),
    Panel("Commits of the store (p95)", "s", ((_quantile(0.95, f.COMMITS, ""), "p95"),)),
    Panel("Jobs", "short", ((f"sum by (kind, state) ({f.JOBS.full})", "{{kind}} {{state}}"),)),
    Panel(
        "Used share of quotas",
        "percentunit",
        ((f"{f.QUOTA_USED.full} or vector(0)", "{{workspace}} {{scope}} {{measure}}"),),
    ),
    Panel("Points of metrics", "short", ((f"sum by (workspace) (rate({f.POINTS.series}[5m]))", "{{workspace}}"),)),
    Panel(
        "Jobs that ended",
        "short",
        (
            (
                f"sum by (kind, state) (increase({f.JOB_SECONDS.full}_count[5m])) or vector(0)",
                "{{kind}} {{state}}",
            ),
        ),
    ),
    Panel(
        "Duration of jobs (p95)",
        "s",
        ((f"{_quantile(0.95, f.JOB_SECONDS, ', kind')} or vector(0)", "{{kind}}"),),
    ),
    Panel(
        "Requests under way", "short", ((f"sum by (method, route) ({f.UNDER_WAY.full}) > 0", "{{method}} {{route}}"),)
    ),
    Panel(
        "Mean size of answers",
        "bytes",
        (
            (
                f"sum by (route) (rate({f.ANSWERED.full}_sum[5m])) / sum by (route) (rate({f.ANSWERED.full}_count[5m]))",
                "{{route}}",
            ),
        ),
    ),
    Panel("Transactions of the store (p95)", "s", ((_quantile(0.95, f.QUERIES, ", op"), "{{op}}"),)),
    Panel("Connections for reads", "short", ((f"sum by (state) ({f.CONNECTIONS.full})", "{{state}}"),)),
    Panel(
        "Trash and orphans",
        "bytes",
        (
            (f"{f.TRASH_BYTES.full} or vector(0)", "trash: {{workspace}}"),
            (f"{f.ORPHAN_BYTES.full} or vector(0)", "orphans: {{workspace}}"),
        ),
    ),
    Panel("Time since the last backup", "s", ((f"time() - {f.BACKUP.full} or vector(0)", "backup"),)),
    Panel(
        "Drift: value beside its threshold",
        "percentunit",
        (
            (
                f"topk(10, {f.DRIFT_SCORE.full} / {f.DRIFT_THRESHOLD.full}) or vector(0)",
                "{{monitor}} {{column}} {{subject}}",
            ),
        ),
    ),
    Panel("Open drift incidents", "short", ((f"{f.DRIFT_INCIDENTS.full} or vector(0)", "{{workspace}}/{{monitor}}"),)),
    Panel("CPU", "short", ((f"rate({f.CPU.series}[5m])", "{{part}}"),)),
    Panel("Memory", "bytes", ((f.MEMORY.full, "{{part}}"),)),
)


def document() -> dict[str, Any]:
    """Return the dashboard's JSON model."""
    return {
        "uid": UID,
        "title": "Trackside",
        "tags": ["trackside", "mlflow"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [{"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}]
        },
        "panels": [_panel(number, panel) for number, panel in enumerate(PANELS)],
    }


def text() -> str:
    return json.dumps(document(), indent=2) + "\n"


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(number, 2)
    return {
        "id": number + 1,
        "title": panel.title,
        "type": "timeseries",
        "datasource": _SOURCE,
        "gridPos": {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": _SOURCE, "expr": expr, "legendFormat": legend}
            for place, (expr, legend) in enumerate(panel.queries)
        ],
    }
