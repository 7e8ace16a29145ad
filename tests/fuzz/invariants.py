"""Invariants of a store after any calls.  Reads the tables of the database, and does not use the application."""

import json
import math
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import trackside
from trackside.core.http.codec import encode
from trackside.metrics.series import Point, rank, unpack
from trackside.runs import store as runs

_MIGRATIONS = Path(trackside.__file__).parent / "core" / "db" / "migrations"
_CREATE = re.compile(r"CREATE TABLE (\w+) \((.*?)\n\)", re.DOTALL)

_OWNERS = {
    "experiment_seq": "experiments",
    "run_seq": "runs",
    "dataset_seq": "datasets",
    "version_seq": "model_versions",
    "webhook_seq": "webhooks",
    "link_id": "links",
    "evaluation_dataset_seq": "evaluation_datasets",
    "trace_seq": "traces",
    "scorer_seq": "scorers",
    "queue_seq": "review_queues",
    "workspace_id": "workspaces",
}
# Rows that outlive what they tell of, or are of no one.
_FREE = {
    ("changes", "workspace_id"),
    ("model_history", "workspace_id"),
    ("model_history", "model_seq"),
    ("stage_requests", "model_seq"),
    ("file_deletions", "workspace_id"),
    ("storage_items", "experiment_seq"),  # until the next count of the storage
}


def problems(database: Any) -> list[str]:
    """Return the violations as text; none if the store is consistent."""
    with database.read(0) as tx:
        found = [*_orphans(tx), *_series(tx), *_names(tx), *_numbers(tx), *_documents(tx), *_records(tx)]
        if tx.dialect == "sqlite":
            found += [row[0] for row in tx.all("PRAGMA integrity_check") if row[0] != "ok"]
    return found


def _tables() -> dict[str, set[str]]:
    """The columns of each table."""
    found: dict[str, set[str]] = {}
    for file in sorted(_MIGRATIONS.glob("*.sql")):
        text = re.sub(r"--[^\n]*", "", file.read_text())
        for name, columns in _CREATE.findall(text):
            found[name] = set(re.findall(r"^\s*(\w+)\s", columns, re.MULTILINE))
    return found


def _orphans(tx: Any) -> list[str]:
    found = []
    tables = _tables()
    for table, columns in tables.items():
        for column in columns:
            owner = _OWNERS.get(column)
            if column == "model_seq":
                owner = "logged_models" if table.startswith("logged_model") else "registered_models"
            if owner is None or owner == table or (table, column) in _FREE:
                continue
            same = (
                "" if owner == "workspaces" or "workspace_id" not in columns else "AND o.workspace_id = t.workspace_id"
            )
            key = f"t.{column}"
            if owner == "experiments" and table.startswith("trace"):  # -1 - experiment_seq in the trash
                key = f"CASE WHEN {key} < 0 THEN -1 - {key} ELSE {key} END"
            (count,) = tx.one(
                f"SELECT COUNT(*) FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM {owner} o WHERE o.{column} = {key} {same})"
            )
            if count:
                found.append(f"{count} rows of {table} have no {owner} of their workspace")
            if owner == "runs" and "experiment_seq" in columns:
                (count,) = tx.one(
                    f"SELECT COUNT(*) FROM {table} t JOIN runs o ON o.run_seq = t.run_seq"
                    " WHERE o.experiment_seq <> t.experiment_seq"
                )
                # A point of a model lies with its model.
                if count and not table.startswith("logged_model"):
                    found.append(f"{count} rows of {table} are of another experiment than their run")
    return found


def _records(tx: Any) -> list[str]:
    """Check that a dataset has its number of records, and that they contain JSON."""
    found = [
        f"dataset {dataset} says {said} records and has {count}"
        for dataset, said, count in tx.all(
            """
            SELECT d.dataset_id, d.record_count, COUNT(r.record_seq) FROM evaluation_datasets d
            LEFT JOIN evaluation_dataset_records r ON r.evaluation_dataset_seq = d.evaluation_dataset_seq
            GROUP BY d.dataset_id, d.record_count
            """
        )
        if said != count
    ]
    for row in tx.all("SELECT inputs, outputs, expectations, tags, source FROM evaluation_dataset_records"):
        for text in row:
            json.loads(text or "{}")
    return found


def _series(tx: Any) -> list[str]:
    """Check that each summary matches its points."""
    found = []
    points: dict[tuple[int, str], list[Point]] = defaultdict(list)
    for run, key, packed in tx.all("SELECT run_seq, key, points FROM metric_tails"):
        points[run, key] += unpack(bytes(packed))
    for run, key, count, low, high, packed in tx.all(
        "SELECT run_seq, key, point_count, min_step, max_step, points FROM metric_chunks"
    ):
        chunk = list(unpack(bytes(packed)))
        steps = [point[0] for point in chunk]
        if (len(chunk), min(steps), max(steps)) != (count, low, high):
            found.append(f"a chunk of {(run, key)} is not what its row says")
        points[run, key] += chunk
    for run, key, *said in tx.all(
        """
        SELECT run_seq, key, last_step, last_timestamp, last_value, last_is_nan, first_step, first_timestamp, first_value,
            first_is_nan, min_value, max_value, value_count, nan_count, point_count, max_step, max_timestamp, sum_value
        FROM metric_series
        """
    ):
        stored = points.pop((run, key), [])
        if not stored:
            found.append(f"the series {(run, key)} has no points")
            continue
        if len({_same(point) for point in stored}) != len(stored):
            found.append(f"the series {(run, key)} has a point twice")
        values = [value for _, _, value in stored if value == value]
        true = [
            *_ranked(max(stored, key=rank)),
            *_ranked(min(stored, key=rank)),
            *((min(values), max(values)) if values else (None, None)),
            len(values),
            len(stored) - len(values),
            len(stored),
            max(point[0] for point in stored),
            max(point[1] for point in stored),
        ]
        # Of equal rank are a NaN and 0.0: the flag may be either's.
        given = [*said[:3], *said[4:7], *said[8:-1]]
        if given != [*true[:3], *true[4:7], *true[8:]]:
            found.append(f"the series {(run, key)} says {given}, and its points {true}")
        total = sum(values)
        is_large = not math.isfinite(total) or max(map(abs, values), default=0.0) > 1e300
        if not is_large and not math.isclose(said[-1], total, rel_tol=1e-6, abs_tol=1e-6):
            found.append(f"the series {(run, key)} says the sum {said[-1]}, and its points {total}")
    return [*found, *(f"points of {key} have no series" for key in points)]


def _ranked(point: Point) -> tuple[int, int, float, int]:
    step, timestamp, value = point
    return step, timestamp, 0.0 if value != value else value, int(value != value)


def _same(point: Point) -> tuple[int, int, float | str]:
    step, timestamp, value = point
    return step, timestamp, "NaN" if value != value else value


def _names(tx: Any) -> list[str]:
    rows = tx.all(
        """
        SELECT r.run_id, r.run_name, t.value FROM runs r
        LEFT JOIN tags t ON t.run_seq = r.run_seq AND t.key = 'mlflow.runName' WHERE t.value IS NOT NULL
        """
    )
    return [f"run {run_id} is called {name!r}, and its tag says {tag!r}" for run_id, name, tag in rows if name != tag]


def _numbers(tx: Any) -> list[str]:
    found = []
    for name, last, highest in tx.all(
        """
        SELECT m.name, m.last_version, MAX(v.version) FROM registered_models m
        JOIN model_versions v ON v.model_seq = m.model_seq GROUP BY m.model_seq, m.name, m.last_version
        """
    ):
        if highest > last:
            found.append(f"{name!r} has version {highest}, and counted to {last}")
    (lost,) = tx.one(
        """
        SELECT COUNT(*) FROM registered_model_aliases a WHERE NOT EXISTS
            (SELECT 1 FROM model_versions v WHERE v.model_seq = a.model_seq AND v.version = a.version)
        """
    )
    return [*found, *([f"{lost} aliases name no version"] if lost else [])]


def _documents(tx: Any) -> list[str]:
    """Check that a document equals a new one."""
    found = []
    for ws, seq, doc in tx.all("SELECT workspace_id, run_seq, doc FROM run_docs"):
        made = runs.load(tx.within(ws), [seq])
        if [encode(run) for run in made] != [bytes(doc)]:
            found.append(f"the document of run {seq} is old")
    return found
