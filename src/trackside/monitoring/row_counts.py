"""Counts the rows of all workspaces for `GET /metrics`, whose callers have a right on the whole server."""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.drift.monitors.model import Score
from trackside.monitoring import families as f
from trackside.monitoring.families import Family
from trackside.quotas import store as quotas
from trackside.quotas.model import Scope

Label = tuple[str, ...]

MOST_SERIES = 2000  # of endpoints in one family
MOST_CHECKS = 50  # of one drift monitor
OTHER = "(other)"  # no endpoint has this name


class Reading(Struct, frozen=True):
    """Values by family and labels, in the order of the family's `labels`."""

    values: dict[Family, list[tuple[Label, float]]]
    workspaces: dict[int, str]  # names by id
    endpoints: dict[int, tuple[str, str]]  # workspace and name by number
    taken_at: int  # ms since 1970


def read(tx: Tx) -> Reading:
    """Return the counts of all families: one scan of the runs, and reads of small tables."""
    names = {int(ws): str(name) for ws, name in tx.all("SELECT workspace_id, name FROM workspaces")}
    values: dict[Family, list[tuple[Label, float]]] = {
        f.WORKSPACES: [((), float(len(names)))],
        f.EXPERIMENTS: _by_workspace(names, _experiments(tx)),
        f.RUNS: _by_workspace(names, _runs(tx)),
        f.DELETED_RUNS: _by_workspace(names, _deleted_runs(tx)),
        f.MODELS: _by_workspace(names, _models(tx)),
        f.VERSIONS: _by_workspace(names, _versions(tx)),
        f.DEPLOYMENTS: _by_workspace(names, _deployments(tx)),
        f.REPLICAS: capped(_by_workspace(names, _replicas(tx))),
        f.STORE_BYTES: [((), float(_size(tx)))],
        f.SCHEMA: [((), float(_schema(tx)))],
        f.JOBS: _by_workspace(names, _jobs(tx)),
        f.JOB_AGE: _by_workspace(names, [(ws, _age_s(tx, since)) for ws, since in _waiting_jobs(tx)]),
    }
    values[f.QUOTA_LIMIT], values[f.QUOTA_USED] = _quotas(tx, names)
    links = _links(tx)
    values[f.LINK_WAITING] = _by_workspace(names, [(ws, link, count) for ws, link, count, _, _ in links])
    values[f.LINK_LAG] = _by_workspace(names, [(ws, link, _age_s(tx, since)) for ws, link, _, since, _ in links])
    values[f.LINK_FAILED] = _by_workspace(names, [(ws, link, failed) for ws, link, _, _, failed in links])
    monitors = _monitors(tx)
    values[f.DRIFT_INCIDENTS] = _by_workspace(names, [(ws, name, count) for ws, name, count, *_ in monitors])
    values[f.DRIFT_LENGTH] = _by_workspace(
        names, [(ws, name, int(str(ms)) / 1000) for ws, name, _, _, ms in monitors if ms is not None]
    )
    values[f.DRIFT_END] = _by_workspace(
        names, [(ws, name, int(str(end)) / 1000) for ws, name, _, end, _ in monitors if end is not None]
    )
    values[f.DRIFT_SCORE], values[f.DRIFT_THRESHOLD] = _checks(tx, names)
    values[f.DRIFT_AGE] = _by_workspace(
        names, [(ws, name, _age_s(tx, end)) for ws, name, _, end, _ in monitors if end is not None]
    )
    deliveries = _deliveries(tx)
    values[f.LINKS] = _with_zeros(names, [(ws, 1) for ws, *_ in links])
    values[f.DELIVERIES] = _with_zeros(names, [(ws, count) for ws, count, _ in deliveries])
    values[f.DELIVERIES_DEAD] = _with_zeros(names, _dead(tx))
    values[f.DELIVERY_AGE] = _with_zeros(names, [(ws, _age_s(tx, since)) for ws, _, since in deliveries])
    endpoints = _endpoints(tx)
    values[f.ENDPOINTS] = _with_zeros(names, [(ws, 1) for ws, *_ in endpoints])
    values[f.TRASH_BYTES] = _by_workspace(names, _trash_bytes(tx))
    values[f.ORPHAN_BYTES] = _by_workspace(names, _orphan_bytes(tx))
    values[f.BACKUP] = [((), int(str(at)) / 1000) for (at,) in tx.all("SELECT ended_at FROM last_backup")]
    values[f.ARTIFACT_BYTES] = _by_workspace(names, _artifact_bytes(tx))
    named = {int(str(seq)): (names[int(str(ws))], str(name)) for ws, seq, name in endpoints if int(str(ws)) in names}
    return Reading(values, names, named, tx.now)


def _by_workspace(names: dict[int, str], rows: list[tuple[object, ...]]) -> list[tuple[Label, float]]:
    """Return (labels, value) of rows that begin with the workspace's id and end with the value."""
    return [
        ((names[int(str(ws))], *(str(label) for label in labels)), float(str(value)))
        for ws, *labels, value in rows
        if int(str(ws)) in names  # otherwise the workspace was just deleted
    ]


def capped(rows: list[tuple[Label, float]], most: int = MOST_SERIES) -> list[tuple[Label, float]]:
    """Return the first `most` rows of (workspace, endpoint, deployment, ...); the rest are summed as endpoint OTHER.

    The limit protects a monitoring system from too many series."""
    kept, rest = rows[:most], rows[most:]
    sums: dict[Label, float] = {}
    for (workspace, _, _, *more), value in rest:
        label = (workspace, OTHER, "", *more)
        sums[label] = sums.get(label, 0.0) + value
    return [*kept, *sums.items()]


def _with_zeros(names: dict[int, str], rows: Iterable[tuple[object, ...]]) -> list[tuple[Label, float]]:
    """Return one value for each workspace: the sum of its rows of (workspace, value)."""
    sums = dict.fromkeys(names.values(), 0.0)
    for (name, *_), value in _by_workspace(names, list(rows)):
        sums[name] += value
    return [((name,), value) for name, value in sums.items()]


def _age_s(tx: Tx, since: object) -> float:
    return 0.0 if since is None else max(0.0, (tx.now - int(str(since))) / 1000)


def _experiments(tx: Tx) -> list[tuple[object, ...]]:
    return tx.all(
        "SELECT workspace_id, COUNT(*) FROM experiments WHERE lifecycle_stage = 'active' GROUP BY workspace_id"
    )


def _runs(tx: Tx) -> list[tuple[object, ...]]:
    return tx.all(
        """
        SELECT workspace_id, status, COUNT(*) FROM runs WHERE lifecycle_stage = 'active' GROUP BY workspace_id, status
        """
    )


def _deleted_runs(tx: Tx) -> list[tuple[object, ...]]:
    return tx.all("SELECT workspace_id, COUNT(*) FROM runs WHERE lifecycle_stage = 'deleted' GROUP BY workspace_id")


def _models(tx: Tx) -> list[tuple[object, ...]]:
    return tx.all("SELECT workspace_id, COUNT(*) FROM registered_models GROUP BY workspace_id")


def _versions(tx: Tx) -> list[tuple[object, ...]]:
    return tx.all(
        "SELECT workspace_id, current_stage, COUNT(*) FROM model_versions GROUP BY workspace_id, current_stage"
    )


def _deployments(tx: Tx) -> list[tuple[object, ...]]:
    return tx.all("SELECT workspace_id, state, COUNT(*) FROM deployments GROUP BY workspace_id, state")


def _replicas(tx: Tx) -> list[tuple[object, ...]]:
    return tx.all(
        """
        SELECT r.workspace_id, e.name, d.name, r.state, COUNT(*) FROM replicas r
        JOIN deployments d ON d.deployment_seq = r.deployment_seq JOIN endpoints e ON e.endpoint_seq = d.endpoint_seq
        GROUP BY r.workspace_id, e.name, d.name, r.state ORDER BY r.workspace_id, e.name, d.name, r.state
        """
    )


def _links(tx: Tx) -> list[tuple[object, ...]]:
    """Return (workspace, link, queued items, time of the oldest, failed items)."""
    return tx.all(
        """
        SELECT l.workspace_id, l.name, COUNT(d.entity), MIN(d.dirty_since),
            COALESCE(SUM(CASE WHEN d.attempts > 0 THEN 1 ELSE 0 END), 0)
        FROM links l LEFT JOIN link_dirty d ON d.link_id = l.link_id GROUP BY l.workspace_id, l.name
        """
    )


def _monitors(tx: Tx) -> list[tuple[object, ...]]:
    """Return (workspace, monitor, open incidents, end and length of the newest complete window)."""
    return tx.all(
        """
        SELECT m.workspace_id, m.name,
            (SELECT COUNT(*) FROM drift_incidents i WHERE i.monitor_seq = m.monitor_seq AND i.closed_at IS NULL),
            (SELECT MAX(w.end_at) FROM drift_windows w
                WHERE w.monitor_seq = m.monitor_seq AND w.slice = '' AND w.is_complete = 1),
            (SELECT MAX(w.end_at - w.start_at) FROM drift_windows w
                WHERE w.monitor_seq = m.monitor_seq AND w.slice = '' AND w.is_complete = 1)
        FROM drift_monitors m
        """
    )


def _checks(tx: Tx, names: dict[int, str]) -> tuple[list[tuple[Label, float]], list[tuple[Label, float]]]:
    """Return values and thresholds of the newest complete windows, of the checks with the highest ratio of both."""
    rows = tx.all(
        """
        SELECT m.workspace_id, m.name, w.scores FROM drift_monitors m JOIN drift_windows w
            ON w.monitor_seq = m.monitor_seq AND w.slice = '' AND w.start_at = (SELECT MAX(n.start_at) FROM drift_windows n
                WHERE n.monitor_seq = m.monitor_seq AND n.slice = '' AND n.is_complete = 1)
        ORDER BY m.workspace_id, m.name LIMIT :most
        """,
        most=MOST_SERIES,
    )
    most = min(MOST_CHECKS, max(1, MOST_SERIES // max(1, len(rows))))
    values: list[tuple[Label, float]] = []
    thresholds: list[tuple[Label, float]] = []
    for ws, name, text in rows:
        if int(ws) not in names:
            continue
        scores = msgspec.json.decode(text, type=list[Score])
        scores.sort(key=lambda each: each.value / each.threshold if each.threshold else 0.0, reverse=True)
        for each in scores[:most]:
            label = (names[int(ws)], str(name), each.column, each.subject)
            values.append((label, each.value))
            thresholds.append((label, each.threshold))
    return values, thresholds


def _endpoints(tx: Tx) -> list[tuple[object, ...]]:
    return tx.all("SELECT workspace_id, endpoint_seq, name FROM endpoints")


def _artifact_bytes(tx: Tx) -> list[tuple[object, ...]]:
    """Return (workspace, bytes) of the workspaces whose bytes are counted: at each upload for a quota, else by a job."""
    by_quota = tx.all("SELECT workspace_id, SUM(size_bytes) FROM quota_totals GROUP BY workspace_id")
    by_job = tx.all(
        """
        SELECT c.workspace_id, COALESCE(SUM(s.file_bytes), 0) FROM storage_scans c LEFT JOIN storage_items s
            ON s.workspace_id = c.workspace_id AND s.scan = c.scan AND s.kind IN ('run', 'logged_model')
        WHERE c.workspace_id NOT IN (SELECT workspace_id FROM quota_totals)
        GROUP BY c.workspace_id
        """
    )
    return [*by_quota, *by_job]


def _trash_bytes(tx: Tx) -> list[tuple[object, ...]]:
    """Return (workspace, bytes) of the workspaces whose storage was counted."""
    return tx.all(
        """
        SELECT c.workspace_id, COALESCE(SUM(s.file_bytes), 0) FROM storage_scans c LEFT JOIN storage_items s
            ON s.workspace_id = c.workspace_id AND s.scan = c.scan AND s.is_deleted = 1
        GROUP BY c.workspace_id
        """
    )


def _orphan_bytes(tx: Tx) -> list[tuple[object, ...]]:
    """Return (workspace, bytes) of the workspaces that were searched."""
    return tx.all(
        """
        SELECT c.workspace_id, COALESCE(SUM(o.file_bytes), 0) FROM orphan_searches c LEFT JOIN orphans o
            ON o.workspace_id = c.workspace_id AND o.side = 'files'
        GROUP BY c.workspace_id
        """
    )


def _deliveries(tx: Tx) -> list[tuple[object, ...]]:
    """Return (workspace, queued deliveries, time of the oldest)."""
    return tx.all(
        """
        SELECT workspace_id, COUNT(*), MIN(created_at) FROM webhook_deliveries WHERE state = 'PENDING'
        GROUP BY workspace_id
        """
    )


def _dead(tx: Tx) -> list[tuple[object, ...]]:
    return tx.all("SELECT workspace_id, COUNT(*) FROM webhook_deliveries WHERE state = 'DEAD' GROUP BY workspace_id")


def _jobs(tx: Tx) -> list[tuple[object, ...]]:
    return tx.all("SELECT workspace_id, kind, state, COUNT(*) FROM jobs GROUP BY workspace_id, kind, state")


def _waiting_jobs(tx: Tx) -> list[tuple[object, ...]]:
    """Return (workspace, time since which the oldest job could have been started)."""
    return tx.all(
        "SELECT workspace_id, MIN(due_at) FROM jobs WHERE state = 'queued' AND due_at <= :now GROUP BY workspace_id"
    )


def _quotas(tx: Tx, names: dict[int, str]) -> tuple[list[tuple[Label, float]], list[tuple[Label, float]]]:
    """Return limits of workspaces, and used shares.  The number of users and experiments is unlimited, so only the fullest
    is included."""
    limits: list[tuple[Label, float]] = []
    shares: dict[Label, float] = {}
    for ws in quotas.workspaces(tx):
        inside = tx.within(ws)
        for use in quotas.uses(inside, quotas.watched(inside)):
            if ws not in names:
                continue
            name = "" if use.quota.scope is Scope.SERVER else names[ws]
            if use.quota.scope in (Scope.SERVER, Scope.WORKSPACE):
                limits.append(((name, use.quota.measure), float(use.quota.limit)))
            label = (name, str(use.quota.scope), str(use.quota.measure))
            share = use.used / use.quota.limit if use.quota.limit else 1.0
            shares[label] = max(share, shares.get(label, 0.0))
    return limits, list(shares.items())


def _schema(tx: Tx) -> int:
    row = tx.one("SELECT MAX(number) FROM schema_migrations")
    return 0 if row is None else int(row[0])


def _size(tx: Tx) -> int:
    if tx.dialect == "postgresql":
        row = tx.one("SELECT pg_database_size(current_database())")
    else:
        row = tx.one("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
    return 0 if row is None else int(row[0])
