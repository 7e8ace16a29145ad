"""The job that counts used storage: bytes of files, metric points and spans, by run, logged model and model version, and for
traces by experiment and day.

The rows are written in batches under a new count number, which becomes visible when the count is complete.
"""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from trackside.artifacts import keys
from trackside.artifacts.roots import Roots
from trackside.core.db.tx import Row, Tx
from trackside.jobs.kinds import Kind
from trackside.jobs.running import Running
from trackside.monitoring.recount import files_of
from trackside.traces.model import time_text
from trackside.workspaces import store as workspaces

KIND = "storage-count"
BATCH = 2000
CHECK_EVERY = 500  # files
VERSIONS = "registry"  # the folder of model versions that have their own files
REST = "rest"
DAY_MS = 86_400_000
NOWHERE = -1  # the experiment of items without one


class Count(Struct, frozen=True):
    """The parameters of the job: none."""


class Counted(Struct, frozen=True):
    items: int
    files: int
    file_bytes: int
    row_bytes: int


Item = tuple[str, str]  # kind, id
Size = list[int]  # files, bytes


def kind(roots: Roots) -> Kind[Count]:
    def run(running: Running, params: Count) -> Counted:
        del params
        return _run(running, roots)

    return Kind(name=KIND, title="Count storage", params=Count, run=run)


def item_of(key: str) -> Item:
    """Return the owner of a file, by its key in the store of the workspace."""
    owner = keys.owner(key)
    if owner is not None:
        return owner[0], owner[1]
    segments = key.split("/")
    if VERSIONS in segments[:-2]:
        return "model_version", segments[segments.index(VERSIONS) + 1]
    return REST, ""


def _run(running: Running, roots: Roots) -> Counted:
    workspace = running.store.read(workspaces.current)
    sizes: dict[Item, Size] = {}
    files = 0
    for key, size_bytes in files_of(roots, workspace):
        found = sizes.setdefault(item_of(key), [0, 0])
        found[0] += 1
        found[1] += size_bytes
        files += 1
        if files % CHECK_EVERY == 0:
            running.check()
            running.progress(files, unit="files")
    sizes |= running.store.read(_span_files)
    scan = running.store.write(_begin)
    items = file_bytes = row_bytes = 0
    for read in (_runs, _models, _versions, _traces):
        for batch in _batches(running, read):
            made = []
            for item_kind, item_id, experiment, owner, created_at, is_deleted, points in batch:
                count, size_bytes = sizes.pop((item_kind, item_id), (0, 0))
                row = (experiment, item_kind, item_id, owner, created_at, is_deleted, count, size_bytes, points)
                made.append(dict(zip(_ITEM, row, strict=True)))
                items, file_bytes, row_bytes = items + 1, file_bytes + size_bytes, row_bytes + points
            running.store.write(lambda tx, made=made: _save(tx, scan, made))  # type: ignore[misc]  # mypy knows no defaults of lambdas
            running.check()
            running.progress(items, unit="items")
    rest = [sum(size[at] for size in sizes.values()) for at in (0, 1)]  # without an existing run, model or version
    if rest[0]:
        of_none = dict(zip(_ITEM, (NOWHERE, REST, "", "", 0, 0, rest[0], rest[1], 0), strict=True))
        running.store.write(lambda tx: _save(tx, scan, [of_none]))
    running.store.write(lambda tx: _show(tx, scan))
    while running.store.write(lambda tx: _drop(tx, scan)):
        running.check()
    return Counted(items, files, file_bytes + rest[1], row_bytes)


def _batches(running: Running, read: Callable[[Tx, int], tuple[list[Row], int]]) -> Iterator[list[Row]]:
    after = -1
    while True:
        rows, last = running.store.read(lambda tx, after=after: read(tx, after))  # type: ignore[misc]  # as above
        if not rows:
            return
        yield rows
        after = last


def _runs(tx: Tx, after: int) -> tuple[list[Row], int]:
    found = tx.all(
        """
        SELECT run_seq, run_id, experiment_seq, CASE WHEN owner = '' THEN user_id ELSE owner END, start_time,
            CASE WHEN lifecycle_stage = 'deleted' THEN 1 ELSE 0 END
        FROM runs WHERE workspace_id = :ws AND run_seq > :after ORDER BY run_seq LIMIT :most
        """,
        after=after,
        most=BATCH,
    )
    seqs = [row[0] for row in found]
    points: dict[int, int] = {}
    for table in ("metric_chunks", "metric_tails"):
        for seq, size in tx.all(
            f"""
            SELECT run_seq, SUM(LENGTH(points)) FROM {table} WHERE workspace_id = :ws AND run_seq IN :runs GROUP BY run_seq
            """,
            runs=seqs,
        ):
            points[seq] = points.get(seq, 0) + int(size)
    rows: list[Row] = [("run", *row[1:], points.get(row[0], 0)) for row in found]
    return rows, seqs[-1] if seqs else after


def _models(tx: Tx, after: int) -> tuple[list[Row], int]:
    found = tx.all(
        """
        SELECT m.model_seq, m.model_id, m.experiment_seq, COALESCE(NULLIF(r.owner, ''), r.user_id, ''),
            m.creation_timestamp_ms, CASE WHEN m.lifecycle_stage = 'deleted' THEN 1 ELSE 0 END
        FROM logged_models m LEFT JOIN runs r ON r.workspace_id = m.workspace_id AND r.run_id = m.source_run_id
        WHERE m.workspace_id = :ws AND m.model_seq > :after ORDER BY m.model_seq LIMIT :most
        """,
        after=after,
        most=BATCH,
    )
    rows: list[Row] = [("logged_model", *row[1:], 0) for row in found]
    return rows, found[-1][0] if found else after


def _versions(tx: Tx, after: int) -> tuple[list[Row], int]:
    """Return the versions whose files were copied by an import or a link.  Other versions use the files of a run or a logged
    model."""
    found = tx.all(
        """
        SELECT version_seq, files_uri, creation_time FROM model_versions
        WHERE workspace_id = :ws AND has_own_folder = 1 AND version_seq > :after ORDER BY version_seq LIMIT :most
        """,
        after=after,
        most=BATCH,
    )
    rows: list[Row] = [("model_version", uri.rpartition("/")[2], NOWHERE, "", at, 0, 0) for _, uri, at in found]
    return rows, found[-1][0] if found else after


def _traces(tx: Tx, after: int) -> tuple[list[Row], int]:
    """Return the traces of each experiment by the day of their start.  `after` is the last experiment that was read."""
    row = tx.one(
        """
        SELECT MIN(e.experiment_seq) FROM experiments e WHERE e.workspace_id = :ws AND e.experiment_seq > :after
            AND EXISTS (SELECT 1 FROM traces t
                WHERE t.workspace_id = :ws AND t.experiment_seq IN (e.experiment_seq, -1 - e.experiment_seq))
        """,
        after=after,
    )
    if row is None or row[0] is None:
        return [], after
    found = tx.all(
        f"""
        SELECT t.timestamp_ms / {DAY_MS}, e.experiment_id, MIN(t.timestamp_ms),
            SUM(t.size_bytes - COALESCE(f.size_bytes, 0)),
            CASE WHEN e.lifecycle_stage = 'deleted' OR t.experiment_seq < 0 THEN 1 ELSE 0 END, t.experiment_seq < 0
        FROM traces t JOIN experiments e ON e.experiment_seq = :seq
        LEFT JOIN (
            SELECT trace_seq, SUM(size_bytes) AS size_bytes FROM trace_files WHERE workspace_id = :ws GROUP BY trace_seq
        ) f ON f.trace_seq = t.trace_seq
        WHERE t.workspace_id = :ws AND t.experiment_seq IN (:seq, -1 - :seq)
        GROUP BY t.timestamp_ms / {DAY_MS}, e.experiment_id, e.lifecycle_stage, t.experiment_seq ORDER BY 1
        """,
        seq=row[0],
    )
    rows: list[Row] = [
        (
            "traces",
            _day(experiment_id, day, in_trash),
            row[0],
            "",
            at,
            is_deleted,
            int(size),
        )
        for day, experiment_id, at, size, is_deleted, in_trash in found
    ]
    return rows, row[0]


def _day(experiment_id: int, day: int, in_trash: int) -> str:
    return f"{experiment_id}/{time_text(day * DAY_MS)[:10]}{'/trash' if in_trash else ''}"


def _span_files(tx: Tx) -> dict[Item, Size]:
    """Return the number and bytes of span files, for the items of `_traces`."""
    return {
        ("traces", _day(experiment_id, day, in_trash)): [count, int(size)]
        for day, experiment_id, in_trash, count, size in tx.all(
            f"""
            SELECT t.timestamp_ms / {DAY_MS}, e.experiment_id, t.experiment_seq < 0, COUNT(*), SUM(f.size_bytes)
            FROM trace_files f JOIN traces t ON t.trace_seq = f.trace_seq
            JOIN experiments e ON e.experiment_seq IN (t.experiment_seq, -1 - t.experiment_seq)
            WHERE f.workspace_id = :ws AND t.workspace_id = :ws
            GROUP BY t.timestamp_ms / {DAY_MS}, e.experiment_id, t.experiment_seq
            """
        )
    }


def _begin(tx: Tx) -> int:
    """Return the number of a new count, higher than that of every count so far."""
    row = tx.one("SELECT COALESCE(MAX(scan), 0) FROM storage_items WHERE workspace_id = :ws")
    shown = tx.one("SELECT scan FROM storage_scans WHERE workspace_id = :ws")
    return max(0 if row is None else row[0], 0 if shown is None else shown[0]) + 1


_ITEM = ("experiment", "kind", "id", "owner", "created", "deleted", "files", "bytes", "points")


def _save(tx: Tx, scan: int, rows: list[dict[str, Any]]) -> None:
    tx.many(
        """
        INSERT INTO storage_items (workspace_id, scan, experiment_seq, kind, item_id, owner, created_at, is_deleted,
            file_count, file_bytes, row_bytes)
        VALUES (:ws, :scan, :experiment, :kind, :id, :owner, :created, :deleted, :files, :bytes, :points)
        ON CONFLICT DO NOTHING
        """,
        rows,
        scan=scan,
    )


def _show(tx: Tx, scan: int) -> None:
    tx.run(
        """
        INSERT INTO storage_scans (workspace_id, scan, counted_at) VALUES (:ws, :scan, :now)
        ON CONFLICT (workspace_id) DO UPDATE SET scan = excluded.scan, counted_at = excluded.counted_at
        """,
        scan=scan,
    )


def _drop(tx: Tx, scan: int) -> int:
    """Delete a batch of rows of other counts."""
    return tx.run(
        """
        DELETE FROM storage_items WHERE workspace_id = :ws AND scan <> :scan AND (experiment_seq, kind, item_id) IN (
            SELECT experiment_seq, kind, item_id FROM storage_items WHERE workspace_id = :ws AND scan <> :scan LIMIT :most)
        """,
        scan=scan,
        most=BATCH,
    )
