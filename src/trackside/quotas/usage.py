"""Counts the use of runs, points and files, in the transaction that creates them.

Only workspaces with a quota are counted.  A row of `quota_usage` belongs to an experiment and to the owner of its runs, for
the quotas of users and experiments.  `quota_totals` has the sums of each workspace, for its quotas and those of the server.
"""

from collections.abc import Mapping

from trackside.core.db.tx import Query, Tx
from trackside.quotas.model import Measure, Scope, Subject
from trackside.workspaces import store as workspaces

SERVER_WS = 0  # the workspace of a quota of the server: no workspace has this id
DAY_MS = 86_400_000
DELETED_MS = 5_000  # after a deletion; those that follow are counted with it
COPIED_MS = 600_000  # after files came by a link or an import
Owned = tuple[int, str]  # experiment_seq, and the owner of runs
_COLUMNS = {Measure.RUNS: "runs", Measure.POINTS: "points", Measure.BYTES: "size_bytes"}


def add(tx: Tx, used: Mapping[Owned, tuple[int, int, int]]) -> None:
    """Add runs, points and bytes.  To be called for workspaces that are counted."""
    if not used:
        return
    # Two connections never wait for each other's rows; SQLite has one writer.
    holder = "0" if tx.dialect == "sqlite" else "pg_backend_pid()"
    tx.many(
        f"""
        INSERT INTO quota_usage (workspace_id, experiment_seq, owner, holder, runs, points, size_bytes)
        VALUES (:ws, :experiment, :owner, {holder}, :runs, :points, :bytes)
        ON CONFLICT (workspace_id, experiment_seq, owner, holder) DO UPDATE SET runs = quota_usage.runs + excluded.runs,
            points = quota_usage.points + excluded.points, size_bytes = quota_usage.size_bytes + excluded.size_bytes
        """,
        [
            {"experiment": experiment, "owner": owner, "runs": runs, "points": points, "bytes": size}
            for (experiment, owner), (runs, points, size) in sorted(used.items())
        ],
    )
    runs, points, size = (sum(amounts) for amounts in zip(*used.values(), strict=True))
    tx.post(
        f"""
        INSERT INTO quota_totals (workspace_id, holder, runs, points, size_bytes)
        VALUES (:ws, {holder}, :runs, :points, :bytes)
        ON CONFLICT (workspace_id, holder) DO UPDATE SET runs = quota_totals.runs + excluded.runs,
            points = quota_totals.points + excluded.points, size_bytes = quota_totals.size_bytes + excluded.size_bytes
        """,
        runs=runs,
        points=points,
        bytes=size,
    )


def reading(measure: Measure, subject: Subject) -> Query:
    """Return the query of what a subject uses of a measure that is counted."""
    column = _COLUMNS[measure]
    if subject.scope is Scope.SERVER:
        return Query(f"SELECT COALESCE(SUM({column}), 0) FROM quota_totals", {})
    if subject.scope is Scope.WORKSPACE:
        return Query(f"SELECT COALESCE(SUM({column}), 0) FROM quota_totals WHERE workspace_id = :ws", {})
    if subject.scope is Scope.USER:
        narrow, bound = "owner = :owner", dict[str, str | int](owner=subject.name)
    else:
        narrow = """experiment_seq = (
            SELECT e.experiment_seq FROM experiments e WHERE e.workspace_id = :ws AND e.experiment_id = :id)"""
        bound = {"id": int(subject.name)}
    return Query(f"SELECT COALESCE(SUM({column}), 0) FROM quota_usage WHERE workspace_id = :ws AND {narrow}", bound)


def of(tx: Tx, measure: Measure, subject: Subject) -> int:
    """Return the usage of a counted measure by a subject."""
    query = reading(measure, subject)
    row = tx.one(query.sql, **query.params)
    return 0 if row is None else int(row[0])


def objects_of_server(tx: Tx, measure: Measure) -> int:
    """Return the endpoints, or the jobs that wait or run, of all workspaces."""
    if measure is Measure.ENDPOINTS:
        row = tx.one("SELECT COUNT(*) FROM endpoints")
    else:
        row = tx.one("SELECT COUNT(*) FROM jobs WHERE state IN ('queued', 'running')")
    return 0 if row is None else int(row[0])


def by_subject(tx: Tx, measure: Measure, scope: Scope) -> dict[str, int]:
    """Return what each user (owner of runs) or experiment (by its id) uses."""
    if scope is Scope.USER:
        rows = tx.all(
            f"""
            SELECT owner, SUM({_COLUMNS[measure]}) FROM quota_usage WHERE workspace_id = :ws AND owner <> '' GROUP BY owner
            """
        )
    else:
        rows = tx.all(
            f"""
            SELECT e.experiment_id, SUM(u.{_COLUMNS[measure]}) FROM quota_usage u
            JOIN experiments e ON e.experiment_seq = u.experiment_seq
            WHERE u.workspace_id = :ws AND e.workspace_id = :ws GROUP BY e.experiment_id
            """
        )
    return {str(name): int(used) for name, used in rows}


def owner_of(tx: Tx, entity: str, item_id: str) -> Owned:
    """Return the owner of the files of a run or a logged model; (0, '') for other files."""
    if entity == "run":
        row = tx.one("SELECT experiment_seq, owner FROM runs WHERE workspace_id = :ws AND run_id = :id", id=item_id)
    else:
        row = tx.one(
            """
            SELECT m.experiment_seq, COALESCE(r.owner, '') FROM logged_models m
            LEFT JOIN runs r ON r.workspace_id = m.workspace_id AND r.run_id = m.source_run_id
            WHERE m.workspace_id = :ws AND m.model_id = :id
            """,
            id=item_id,
        )
    return (0, "") if row is None else (int(row[0]), str(row[1]))


def bytes_by_owner(tx: Tx) -> dict[Owned, int]:
    rows = tx.all(
        """
        SELECT experiment_seq, owner, SUM(size_bytes) FROM quota_usage WHERE workspace_id = :ws
        GROUP BY experiment_seq, owner
        """
    )
    return {(experiment, owner): int(size) for experiment, owner, size in rows}


def recount(tx: Tx, sizes: Mapping[Owned, int] | None) -> None:
    """Count runs and points again, and set the bytes; None keeps them."""
    if tx.dialect == "postgresql":
        tx.run("LOCK TABLE quota_usage IN EXCLUSIVE MODE")  # earlier additions are committed, and counted now
    kept = bytes_by_owner(tx) if sizes is None else sizes
    counts: dict[Owned, list[int]] = {owned: [0, 0, size] for owned, size in kept.items() if size}
    for experiment, owner, runs in tx.all(
        "SELECT experiment_seq, owner, COUNT(*) FROM runs WHERE workspace_id = :ws GROUP BY experiment_seq, owner"
    ):
        counts.setdefault((experiment, owner), [0, 0, 0])[0] = runs
    for experiment, owner, points in tx.all(
        """
        SELECT r.experiment_seq, r.owner, SUM(s.points) FROM runs r
        JOIN (SELECT run_seq, SUM(point_count) AS points FROM metric_series WHERE workspace_id = :ws GROUP BY run_seq) s
            ON s.run_seq = r.run_seq
        WHERE r.workspace_id = :ws GROUP BY r.experiment_seq, r.owner
        """
    ):
        counts.setdefault((experiment, owner), [0, 0, 0])[1] = int(points)
    tx.run("DELETE FROM quota_usage WHERE workspace_id = :ws")
    tx.run("DELETE FROM quota_totals WHERE workspace_id = :ws")
    add(tx, {owned: (runs, points, size) for owned, (runs, points, size) in counts.items()})


def bytes_of_traces(tx: Tx) -> dict[Owned, int]:
    """Return the bytes of the spans of each experiment, which belong to no user."""
    rows = tx.all("SELECT experiment_seq, SUM(size_bytes) FROM traces WHERE workspace_id = :ws GROUP BY experiment_seq")
    found: dict[Owned, int] = {}
    for experiment, size in rows:
        owned = (experiment if experiment >= 0 else -1 - experiment, "")  # negative: of traces in the trash
        found[owned] = found.get(owned, 0) + int(size)
    return found


def begin(tx: Tx) -> None:
    """Count the workspace from now on: what can be counted at once is, and a job counts the files."""
    if tx.run("INSERT INTO quota_counts (workspace_id, recount_at) VALUES (:ws, :now) ON CONFLICT DO NOTHING"):
        recount(tx, bytes_of_traces(tx))


def end(tx: Tx) -> None:
    for table in ("quota_counts", "quota_usage", "quota_totals", "quota_levels"):
        tx.run(f"DELETE FROM {table} WHERE workspace_id = :ws")


def begin_everywhere(tx: Tx) -> None:
    """Count every workspace from now on."""
    for ws in uncounted(tx):
        begin(tx.within(ws))


def end_where_unlimited(tx: Tx) -> None:
    """End counting in workspaces without quotas, if the server has none."""
    if has_server_quota(tx):
        return
    rows = tx.all("SELECT workspace_id FROM quota_counts WHERE workspace_id NOT IN (SELECT workspace_id FROM quotas)")
    for (ws,) in rows:
        end(tx.within(ws))


def uncounted(tx: Tx) -> list[int]:
    """Return the workspaces that are to be counted for a quota of the server and are not yet, such as new ones."""
    if not has_server_quota(tx):
        return []
    counted = {ws for (ws,) in tx.all("SELECT workspace_id FROM quota_counts")}
    return [each.workspace_id for each in workspaces.all_of(tx) if each.workspace_id not in counted]


def has_server_quota(tx: Tx) -> bool:
    return tx.one("SELECT 1 FROM quotas WHERE workspace_id = :server", server=SERVER_WS) is not None


def request_recount(tx: Tx, in_ms: int = DELETED_MS) -> None:
    """Schedule a recount by a job, after a change that is not counted immediately.  Does nothing for a workspace without a
    quota."""
    tx.run("UPDATE quota_counts SET recount_at = :at WHERE workspace_id = :ws AND recount_at > :at", at=tx.now + in_ms)


def counted(tx: Tx) -> None:
    """A job has counted; another one follows in a day."""
    tx.run(
        "UPDATE quota_counts SET counted_at = :now, recount_at = :later WHERE workspace_id = :ws", later=tx.now + DAY_MS
    )


def counted_at(tx: Tx) -> int | None:
    row = tx.one("SELECT counted_at FROM quota_counts WHERE workspace_id = :ws")
    return None if row is None else row[0]


def due(tx: Tx) -> list[int]:
    """Return the workspaces that a job is to count again."""
    return [ws for (ws,) in tx.all("SELECT workspace_id FROM quota_counts WHERE recount_at <= :now")]


def is_counted(tx: Tx) -> bool:
    return tx.one("SELECT 1 FROM quota_counts WHERE workspace_id = :ws") is not None
