"""Logs metrics at the highest rate of the API, for tests and benchmarks of charts."""

from collections.abc import Iterable

from support.client import Api

POINTS_AT_ONCE = 1000
Point = tuple[str, float | str, int]  # key, value, step


def log(api: Api, run_id: str, points: Iterable[Point], start_ms: int = 1_700_000_000_000) -> None:
    """A point each second of its step."""
    metrics = [
        {"key": key, "value": value, "step": step, "timestamp": start_ms + 1000 * step} for key, value, step in points
    ]
    for at in range(0, len(metrics), POINTS_AT_ONCE):
        api.post("runs/log-batch", run_id=run_id, metrics=metrics[at : at + POINTS_AT_ONCE])
