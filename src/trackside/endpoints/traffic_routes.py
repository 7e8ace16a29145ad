"""The call for the charts of an endpoint: requests, errors and latency by minute."""

from collections.abc import Sequence

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call
from trackside.core.http.routes import Route, query
from trackside.core.http.targets import by
from trackside.endpoints import store, traffic_store
from trackside.endpoints.traffic import MINUTE_MS, quantile_ms
from trackside.endpoints.traffic_store import Minute

MAX_MINUTES = 8 * 24 * 60
DEFAULT_MINUTES = 60
_POINTS = 240  # a longer range has points of several minutes


class TrafficCall(Call, frozen=True):
    name: str | None = None
    minutes: int | None = None


class Point(Answer, frozen=True):
    """The requests of a deployment from `start` (ms) on, during the answer's `step_s`.  Latencies are estimates from a histogram;
    a point without requests is omitted."""

    deployment: str
    start: int
    requests: int
    client_errors: int
    server_errors: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


class GotTraffic(Answer, frozen=True):
    since: int
    until: int
    step_s: int
    points: list[Point]


def get(tx: Tx, call: TrafficCall) -> GotTraffic:
    """Return the last `minutes`, including the current one."""
    minutes = DEFAULT_MINUTES if call.minutes is None else call.minutes
    if not 1 <= minutes <= MAX_MINUTES:
        raise Invalid(f"minutes is {minutes}; it must be a number from 1 to {MAX_MINUTES}.")
    endpoint = store.get(tx, call.name or "")
    step_ms = -(-minutes // _POINTS) * MINUTE_MS
    until = (tx.now // step_ms + 1) * step_ms
    since = until - -(-minutes * MINUTE_MS // step_ms) * step_ms
    points = summed(traffic_store.since(tx, endpoint.name, since), step_ms)
    return GotTraffic(since=since, until=until, step_s=step_ms // 1000, points=points)


def summed(minutes: Sequence[Minute], step_ms: int) -> list[Point]:
    """Return the sums over servers and over each step, by time and deployment."""
    groups: dict[tuple[int, str], list[Minute]] = {}
    for each in minutes:
        groups.setdefault((each.start // step_ms * step_ms, each.deployment), []).append(each)
    points = []
    for (start, deployment), group in sorted(groups.items()):
        buckets = tuple(map(sum, zip(*(each.buckets for each in group), strict=True)))
        p50, p95, p99 = (round(quantile_ms(buckets, share) or 0.0, 3) for share in (0.5, 0.95, 0.99))
        points.append(
            Point(
                deployment=deployment,
                start=start,
                requests=sum(each.requests for each in group),
                client_errors=sum(each.client_errors for each in group),
                server_errors=sum(each.server_errors for each in group),
                p50_ms=p50,
                p95_ms=p95,
                p99_ms=p99,
            )
        )
    return points


def routes() -> list[Route]:
    path = "/api/trackside/v1/endpoints/{name}/traffic"
    return [
        query(
            f"GET {path}", TrafficCall, get, on=by("endpoint", "name"), needs=Action.ENDPOINTS_READ, answer=GotTraffic
        )
    ]
