"""The data of the overview pages: of one workspace, counted at the request, and of the server, from the last counts."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence

import msgspec
from msgspec import UNSET, UnsetType

from trackside.alerts import store as alerts
from trackside.alerts.model import Rule, ShownRule, State, shown
from trackside.core.db.tx import Tx
from trackside.core.http.codec import Answer, Call
from trackside.core.http.meter import BOUNDS_S, Timing
from trackside.endpoints.traffic import quantile_ms
from trackside.monitoring import families as f
from trackside.monitoring.families import Family
from trackside.quotas import store as quotas
from trackside.quotas.model import WARN_SHARE, Level, Quota, Use

WINDOW_MS = 3_600_000
DAY_MS = 86_400_000
MOST_QUOTAS = 50  # the fullest ones
MOST_ENDPOINTS = 100
_ERROR_CLASS = 5  # of a status


class OfWorkspace(Call, frozen=True):
    """The workspace of the call."""


class LinkLag(Answer, frozen=True):
    name: str
    state: str
    waiting: int
    failed: int
    lag_s: float


class EndpointLoad(Answer, frozen=True):
    """The load of the last hour; `p95_ms` is absent without requests."""

    name: str
    healthy: int
    deployments: int
    requests: int
    errors: int
    p95_ms: float | UnsetType = UNSET


class QuotaUse(Answer, frozen=True):
    """`is_inherited` is true where a subject has its limit from the quota of `*`, each user or experiment."""

    scope: str
    subject: str
    measure: str
    used: int
    limit: int
    level: str
    is_inherited: bool = False


class WorkspaceOverview(Answer, frozen=True):
    """`runs`, `jobs` are counts by status; `ended` counts runs that ended in the last 24 hours, by status."""

    experiments: int
    models: int
    runs: dict[str, int]
    ended: dict[str, int]
    jobs: dict[str, int]
    job_wait_s: float
    deliveries_waiting: int
    deliveries_dead: int
    changes_today: int
    alert_rules: int
    endpoints: list[EndpointLoad] = []
    links: list[LinkLag] = []
    quotas: list[QuotaUse] = []
    firing: list[ShownRule] = []


class Part(Answer, frozen=True):
    """Processor seconds since the start, and resident memory, of the server's workers or of the processes that they started."""

    name: str
    cpu_s: float
    resident_bytes: int


class Disk(Answer, frozen=True):
    name: str
    free_bytes: int
    size_bytes: int


class WorkspaceLine(Answer, frozen=True):
    name: str
    runs: int
    running: int
    experiments: int
    models: int
    jobs_waiting: int
    deployments: int
    unhealthy: int
    link_lag_s: float
    deliveries_waiting: int
    deliveries_dead: int
    quota_percent: float | UnsetType = UNSET  # of the fullest


class ServerOverview(Answer, frozen=True):
    """`requests`, `errors` (5xx) and `seconds` count since the start; two answers apart in time give rates.  `p95_ms` is since
    the start.  `counted_s` is the age of the counts of rows, absent before the first."""

    version: str
    store: str
    is_store_up: bool
    store_bytes: int
    workers: int
    requests: int
    errors: int
    seconds: float
    parts: list[Part] = []
    disks: list[Disk] = []
    workspaces: list[WorkspaceLine] = []
    p95_ms: float | UnsetType = UNSET
    counted_s: float | UnsetType = UNSET


def of_workspace(tx: Tx, call: OfWorkspace) -> WorkspaceOverview:
    """Return the content and state of a workspace: runs, jobs, endpoints, links, deliveries, quotas, firing alerts."""
    del call
    rules = alerts.all_of(tx)
    waiting, dead = _deliveries(tx)
    return WorkspaceOverview(
        experiments=_count(tx, "experiments", "lifecycle_stage = 'active'"),
        models=_count(tx, "registered_models"),
        runs=_by(tx, "runs", "status", "lifecycle_stage = 'active'"),
        ended=_ended(tx),
        jobs=_by(tx, "jobs", "state"),
        job_wait_s=_job_wait_s(tx),
        deliveries_waiting=waiting,
        deliveries_dead=dead,
        changes_today=_changes_today(tx),
        alert_rules=len(rules),
        endpoints=_endpoints(tx),
        links=_links(tx),
        quotas=_quotas(quotas.shown(tx), quotas.uses(tx, quotas.shown(tx))),
        firing=_firing(rules),
    )


def of_server(
    values: Mapping[Family, Iterable[tuple[tuple[str, ...], float]]],
    requests: Mapping[Hashable, Timing],
) -> ServerOverview:
    """`requests` by (method, route, class of status).  Pure."""
    found = {family: dict(rows) for family, rows in values.items()}

    def one(family: Family) -> float:
        return next(iter(found.get(family, {}).values()), 0.0)

    version, kind = next(iter(found[f.BUILD]))
    counts = [sum(column) for column in zip(*(each.counts for each in requests.values()), strict=True)]
    p95 = quantile_ms(tuple(counts), 0.95) if len(counts) > len(BOUNDS_S) else None
    age = found.get(f.COUNTS_AGE, {}).get(())
    return ServerOverview(
        version=version,
        store=kind,
        is_store_up=one(f.STORE_UP) > 0,
        store_bytes=int(one(f.STORE_BYTES)),
        workers=int(one(f.WORKERS)),
        requests=sum(counts),
        errors=sum(sum(timing.counts) for key, timing in requests.items() if _is_error(key)),
        seconds=sum(timing.seconds for timing in requests.values()),
        parts=[
            Part(name=part, cpu_s=cpu, resident_bytes=int(found[f.MEMORY].get((part,), 0)))
            for (part,), cpu in found.get(f.CPU, {}).items()
        ],
        disks=[
            Disk(name=name, free_bytes=int(free), size_bytes=int(found[f.DISK_SIZE].get((name,), 0)))
            for (name,), free in found.get(f.DISK_FREE, {}).items()
        ],
        workspaces=_lines(found),
        p95_ms=UNSET if p95 is None else p95,
        counted_s=UNSET if age is None else age,
    )


def _is_error(key: Hashable) -> bool:
    return isinstance(key, tuple) and key[-1] == _ERROR_CLASS


def _lines(found: Mapping[Family, Mapping[tuple[str, ...], float]]) -> list[WorkspaceLine]:
    names = sorted(found.get(f.DELIVERIES, {}))  # one value for each workspace

    def total(family: Family, name: str, *wanted: str) -> int:
        rows = found.get(family, {}).items()
        return int(sum(value for labels, value in rows if labels[0] == name and (not wanted or labels[-1] in wanted)))

    def most(family: Family, name: str) -> float | None:
        return max((value for labels, value in found.get(family, {}).items() if labels[0] == name), default=None)

    lines = []
    for (name,) in names:
        share = most(f.QUOTA_USED, name)
        lines.append(
            WorkspaceLine(
                name=name,
                runs=total(f.RUNS, name),
                running=total(f.RUNS, name, "RUNNING"),
                experiments=total(f.EXPERIMENTS, name),
                models=total(f.MODELS, name),
                jobs_waiting=total(f.JOBS, name, "queued"),
                deployments=total(f.DEPLOYMENTS, name),
                unhealthy=total(f.DEPLOYMENTS, name, "Unhealthy", "Failed", "Unschedulable"),
                link_lag_s=most(f.LINK_LAG, name) or 0.0,
                deliveries_waiting=total(f.DELIVERIES, name),
                deliveries_dead=total(f.DELIVERIES_DEAD, name),
                quota_percent=UNSET if share is None else 100 * share,
            )
        )
    return lines


def _firing(rules: Iterable[Rule]) -> list[ShownRule]:
    return [shown(rule) for rule in rules if rule.state is State.FIRING]


def _quotas(rules: Sequence[Quota], uses: Sequence[Use]) -> list[QuotaUse]:
    """Return quotas, the fullest first.  A quota of each user or experiment is shown by its fullest one, and each from 80 %
    on separately."""

    def share(use: Use) -> float:
        return use.used / use.quota.limit if use.quota.limit else 1.0

    found = [use for use in uses if use.quota.subject == use.subject or share(use) >= WARN_SHARE]
    found += [
        Use(rule, "*", max((use.used for use in uses if use.quota == rule), default=0))
        for rule in rules
        if rule.subject == "*"
    ]
    return [
        QuotaUse(
            scope=use.quota.scope,
            subject=use.subject,
            measure=use.quota.measure,
            used=use.used,
            limit=use.quota.limit,
            level=use.level or Level.NONE,
            is_inherited=use.quota.subject != use.subject,
        )
        for use in sorted(found, key=share, reverse=True)[:MOST_QUOTAS]
    ]


def _count(tx: Tx, table: str, condition: str = "1 = 1") -> int:
    row = tx.one(f"SELECT COUNT(*) FROM {table} WHERE workspace_id = :ws AND {condition}")
    return 0 if row is None else int(row[0])


def _by(tx: Tx, table: str, column: str, condition: str = "1 = 1") -> dict[str, int]:
    rows = tx.all(f"SELECT {column}, COUNT(*) FROM {table} WHERE workspace_id = :ws AND {condition} GROUP BY {column}")
    return {str(value): int(count) for value, count in rows}


def _ended(tx: Tx) -> dict[str, int]:
    rows = tx.all(
        """
        SELECT status, COUNT(*) FROM runs WHERE workspace_id = :ws AND lifecycle_stage = 'active' AND end_time >= :since
        GROUP BY status
        """,
        since=tx.now - DAY_MS,
    )
    return {str(status): int(count) for status, count in rows}


def _job_wait_s(tx: Tx) -> float:
    row = tx.one("SELECT MIN(created_at) FROM jobs WHERE workspace_id = :ws AND state = 'queued' AND due_at <= :now")
    return 0.0 if row is None or row[0] is None else max(0.0, (tx.now - row[0]) / 1000)


def _deliveries(tx: Tx) -> tuple[int, int]:
    rows = tx.all(
        """
        SELECT state, COUNT(*) FROM webhook_deliveries WHERE workspace_id = :ws AND state IN ('PENDING', 'DEAD')
        GROUP BY state
        """
    )
    found = {str(state): int(count) for state, count in rows}
    return found.get("PENDING", 0), found.get("DEAD", 0)


def _changes_today(tx: Tx) -> int:
    row = tx.one(
        "SELECT COUNT(*) FROM changes WHERE workspace_id = :ws AND changed_at >= :since AND action <> 'log'",
        since=tx.now - DAY_MS,
    )
    return 0 if row is None else int(row[0])


def _links(tx: Tx) -> list[LinkLag]:
    rows = tx.all(
        """
        SELECT l.name, l.state, COUNT(d.entity), COALESCE(SUM(CASE WHEN d.attempts > 0 THEN 1 ELSE 0 END), 0),
            MIN(d.dirty_since)
        FROM links l LEFT JOIN link_dirty d ON d.link_id = l.link_id WHERE l.workspace_id = :ws
        GROUP BY l.name, l.state ORDER BY l.name
        """
    )
    return [
        LinkLag(
            name=name,
            state=state,
            waiting=int(waiting),
            failed=int(failed),
            lag_s=0.0 if since is None else max(0.0, (tx.now - since) / 1000),
        )
        for name, state, waiting, failed, since in rows
    ]


def _endpoints(tx: Tx) -> list[EndpointLoad]:
    states = tx.all(
        """
        SELECT e.name, d.state, COUNT(*) FROM endpoints e
        LEFT JOIN deployments d ON d.endpoint_seq = e.endpoint_seq AND d.workspace_id = :ws
        WHERE e.workspace_id = :ws GROUP BY e.name, d.state
        """
    )
    deployments: dict[str, Counter[str]] = {}
    for name, state, count in states:
        deployments.setdefault(name, Counter()).update({state: count} if state is not None else {})
    traffic = _traffic(tx)
    found = []
    for name, by_state in deployments.items():
        requests, errors, buckets = traffic.get(name, (0, 0, ()))
        p95 = quantile_ms(buckets, 0.95)
        found.append(
            EndpointLoad(
                name=name,
                healthy=by_state["Healthy"],
                deployments=by_state.total(),
                requests=requests,
                errors=errors,
                p95_ms=UNSET if p95 is None else p95,
            )
        )
    # Unhealthy ones first, then the busiest.
    found.sort(key=lambda each: (each.healthy >= each.deployments, -each.errors, -each.requests, each.name))
    return found[:MOST_ENDPOINTS]


def _traffic(tx: Tx) -> dict[str, tuple[int, int, tuple[int, ...]]]:
    """Requests, answers of 5xx and the histogram of the last hour, by endpoint."""
    rows = tx.all(
        "SELECT endpoint, requests, server_errors, buckets FROM endpoint_minutes WHERE workspace_id = :ws AND minute >= :since",
        since=tx.now - WINDOW_MS,
    )
    found: dict[str, tuple[int, int, tuple[int, ...]]] = {}
    for name, requests, errors, text in rows:
        buckets = tuple(msgspec.json.decode(text, type=list[int]))
        before = found.get(name)
        if before is None:
            found[name] = (requests, errors, buckets)
        else:
            summed = tuple(map(sum, zip(before[2], buckets, strict=True)))
            found[name] = (before[0] + requests, before[1] + errors, summed)
    return found
