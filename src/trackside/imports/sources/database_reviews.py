"""Scorers, label schemas, review queues and issues in a database of MLflow 3; older releases have none."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from trackside.core.db.tx import Row
from trackside.imports.source import Reviews
from trackside.imports.sources.rows import Rows
from trackside.traces.replica.model import Kind

TABLES = {
    Kind.SCORER: "scorers",
    Kind.LABEL_SCHEMA: "label_schemas",
    Kind.REVIEW_QUEUE: "review_queues",
    Kind.ISSUE: "issues",
}


def reviews(rows: Rows, experiments: Mapping[str, object]) -> Iterator[Reviews]:
    holders = {
        kind: {str(each) for (each,) in rows.all(f"SELECT DISTINCT experiment_id FROM {table}")}
        for kind, table in TABLES.items()
        if rows.columns(table)
    }
    has_configs = bool(rows.columns("online_scoring_configs"))
    for experiment_id in experiments:
        objects: dict[Kind, list[dict[str, Any]]] = {}
        default_id = None
        if experiment_id in holders.get(Kind.SCORER, ()):
            objects[Kind.SCORER] = _scorers(rows, int(experiment_id), has_configs=has_configs)
        if experiment_id in holders.get(Kind.LABEL_SCHEMA, ()):
            objects[Kind.LABEL_SCHEMA], default_id = _schemas(rows, int(experiment_id))
        if experiment_id in holders.get(Kind.REVIEW_QUEUE, ()):
            objects[Kind.REVIEW_QUEUE] = _queues(rows, int(experiment_id))
        if experiment_id in holders.get(Kind.ISSUE, ()):
            objects[Kind.ISSUE] = _issues(rows, int(experiment_id))
        found = {kind: given for kind, given in objects.items() if given}
        if found:
            yield Reviews(experiment_id, found, default_id)


def _scorers(rows: Rows, experiment_id: int, *, has_configs: bool) -> list[dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    for scorer_id, name, version, serialized, created in rows.all(
        """
        SELECT s.scorer_id, s.scorer_name, v.scorer_version, v.serialized_scorer, v.creation_time
        FROM scorers s JOIN scorer_versions v ON v.scorer_id = s.scorer_id
        WHERE s.experiment_id = ? ORDER BY s.scorer_name, v.scorer_version
        """,
        experiment_id,
    ):
        scorer = made.setdefault(scorer_id, {"scorer_id": scorer_id, "name": name, "versions": []})
        scorer["versions"].append({"version": version, "serialized_scorer": serialized, "creation_time": created or 0})
    if has_configs:
        for scorer_id, rate, filter_text in rows.all(
            "SELECT scorer_id, sample_rate, filter_string FROM online_scoring_configs WHERE experiment_id = ?",
            experiment_id,
        ):
            if scorer_id in made:
                made[scorer_id] |= {"sample_rate": rate, "filter_string": filter_text}
    return list(made.values())


def _schemas(rows: Rows, experiment_id: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return the label schemas except the default one, and the id of that."""
    found: list[dict[str, Any]] = []
    default_id = None
    optional = "is_default" if "is_default" in rows.columns("label_schemas") else "0"
    for schema_id, name, kind, instruction, comment, input_kind, config, by, created, updated, is_default in rows.all(
        f"""
        SELECT schema_id, name, type, instruction, enable_comment, input_type, input_config, created_by, created_time,
            last_update_time, {optional}
        FROM label_schemas WHERE experiment_id = ? ORDER BY created_time, schema_id
        """,
        experiment_id,
    ):
        if is_default:
            default_id = schema_id
            continue
        found.append(
            {
                "schema_id": schema_id,
                "name": name,
                "type": kind.upper(),
                "instruction": instruction,
                "enable_comment": bool(comment),
                "input": {input_kind: json.loads(config)},
                "created_by": by,
                "created_at": created,
                "last_updated_at": updated,
            }
        )
    return found, default_id


def _queues(rows: Rows, experiment_id: int) -> list[dict[str, Any]]:
    ours = "queue_id IN (SELECT queue_id FROM review_queues WHERE experiment_id = ?)"
    users = _lists(
        rows.all(
            f"SELECT queue_id, user_id FROM review_queue_users WHERE {ours} ORDER BY queue_id, user_id", experiment_id
        )
    )
    schemas = _lists(
        rows.all(
            f"SELECT queue_id, schema_id FROM review_queue_label_schemas WHERE {ours} ORDER BY queue_id, schema_id",
            experiment_id,
        )
    )
    items: dict[str, list[dict[str, Any]]] = {}
    for queue_id, item_id, status, by, at, created, updated in rows.all(
        f"""
        SELECT queue_id, item_id, status, completed_by, completed_time_ms, creation_time_ms, last_update_time_ms
        FROM review_queue_items WHERE {ours} AND LOWER(item_type) = 'trace' ORDER BY queue_id, creation_time_ms, item_id
        """,
        experiment_id,
    ):
        items.setdefault(queue_id, []).append(
            {
                "item_id": item_id,
                "status": status.upper(),
                "completed_by": by,
                "completed_time_ms": at,
                "creation_time_ms": created,
                "last_update_time_ms": updated,
            }
        )
    return [
        {
            "queue_id": queue_id,
            "name": name,
            "queue_type": kind.upper(),
            "created_by": by,
            "users": users.get(queue_id, []),
            "schema_ids": schemas.get(queue_id, []),
            "creation_time_ms": created,
            "last_update_time_ms": updated,
            "items": items.get(queue_id, []),
        }
        for queue_id, name, kind, by, created, updated in rows.all(
            """
            SELECT queue_id, name, queue_type, created_by, creation_time_ms, last_update_time_ms
            FROM review_queues WHERE experiment_id = ? ORDER BY creation_time_ms, queue_id
            """,
            experiment_id,
        )
    ]


def _issues(rows: Rows, experiment_id: int) -> list[dict[str, Any]]:
    names = ("issue_id", "name", "description", "status", "severity", "source_run_id", "created_by")
    return [
        {
            **dict(zip(names, row, strict=False)),
            "root_causes": _list(row[7]),
            "categories": _list(row[8]),
            "created_timestamp": row[9],
            "last_updated_timestamp": row[10],
        }
        for row in rows.all(
            """
            SELECT issue_id, name, description, status, severity, source_run_id, created_by, root_causes, categories,
                created_timestamp, last_updated_timestamp
            FROM issues WHERE experiment_id = ? ORDER BY created_timestamp, issue_id
            """,
            experiment_id,
        )
    ]


def _lists(rows: Iterable[Row]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in rows:
        found.setdefault(key, []).append(value)
    return found


def _list(text: str | None) -> list[str] | None:
    found = json.loads(text) if text else None
    return found if isinstance(found, list) else None
