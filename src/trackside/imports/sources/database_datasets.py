"""Evaluation datasets in a database of MLflow, 3.4 or later."""

import json
from collections.abc import Iterator
from typing import Any

from trackside.evaluation_datasets.whole_record import Record
from trackside.imports.source import PAGE, Given
from trackside.imports.sources import revisions
from trackside.imports.sources.revisions import Schema
from trackside.imports.sources.rows import Rows, some
from trackside.sync import fields
from trackside.sync.document import Doc
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local.reader import Snapshot

AT_ONCE = 200  # records
_WRAPPED = "mlflow_wrapped"  # MLflow wraps outputs, which may be any value, in an object
_SCHEMA = ("inputs", "outputs", "expectations")


def datasets(rows: Rows, schema: Schema, where: str, wanted: list[str]) -> Iterator[Given]:
    """Yield the datasets; `where` and `wanted` select the workspace."""
    if not schema.has(revisions.EVALUATION_DATASETS):
        return
    found = rows.all(
        f"""
        SELECT dataset_id, name, schema, digest, created_time, last_update_time, created_by, last_updated_by
        FROM evaluation_datasets {where} ORDER BY created_time, dataset_id
        """,
        *wanted,
    )
    for start in range(0, len(found), PAGE):
        page = found[start : start + PAGE]
        ids = [row[0] for row in page]
        docs: dict[str, Doc] = {dataset_id: {} for dataset_id in ids}
        for dataset_id, key, value in rows.all(
            f"SELECT dataset_id, key, value FROM evaluation_dataset_tags WHERE dataset_id IN {some(ids)}", *ids
        ):
            docs[dataset_id][Field(FieldKind.NULL_TAG if value is None else FieldKind.TAG, key)] = value or ""
        for dataset_id, experiment_id in rows.all(
            f"""
            SELECT source_id, destination_id FROM entity_associations
            WHERE source_type = 'evaluation_dataset' AND destination_type = 'experiment' AND source_id IN {some(ids)}
            ORDER BY created_time
            """,
            *ids,
        ):
            docs[dataset_id][Field(FieldKind.EXPERIMENT, str(experiment_id))] = ""
        for dataset_id, name, text, digest, created, updated, creator, updater in page:
            doc: Doc = {
                fields.NAME: name,
                fields.CREATION_TIME: str(created or 0),
                fields.LAST_UPDATE_TIME: str(updated or created or 0),
            }
            named = {
                fields.SCHEMA: _schema(text),
                fields.DIGEST: digest,
                fields.CREATED_BY: creator,
                fields.LAST_UPDATED_BY: updater,
            }
            doc.update({field: value for field, value in named.items() if value})
            yield Given(Snapshot(dataset_id, "", {**doc, **docs[dataset_id]}))


def records(rows: Rows, schema: Schema, dataset_id: str) -> Iterator[Record]:
    """Yield the records in the order in which clients see them."""
    outputs = "CAST(outputs AS TEXT)" if schema.has(revisions.DATASET_OUTPUTS) else "NULL"
    after = (-1, "")
    while True:
        found = rows.all(
            f"""
            SELECT input_hash, dataset_record_id, created_time, last_update_time, CAST(inputs AS TEXT), {outputs},
                CAST(expectations AS TEXT), CAST(tags AS TEXT), CAST(source AS TEXT), source_id, source_type, created_by,
                last_updated_by
            FROM evaluation_dataset_records
            WHERE dataset_id = ? AND (created_time, dataset_record_id) > (?, ?)
            ORDER BY created_time, dataset_record_id LIMIT {AT_ONCE}
            """,
            dataset_id,
            *after,
        )
        if not found:
            return
        for row in found:
            yield _record(row)
        after = (found[-1][2], found[-1][1])


def _record(row: Any) -> Record:
    input_hash, record_id, created, updated, inputs, outputs, expectations, tags, source, *rest = row
    output = _loaded(outputs)
    if isinstance(output, dict) and _WRAPPED in output:
        output = output[_WRAPPED]
    source_id, source_type, creator, updater = rest
    return Record(
        input_hash,
        record_id,
        created or 0,
        updated or created or 0,
        _text(_loaded(inputs) or {}),
        None if output is None else _text(output),
        _optional(expectations),
        _text(_loaded(tags) or {}),
        _optional(source),
        source_id,
        source_type,
        creator,
        updater,
    )


def _schema(text: str | None) -> str | None:
    """Return the schema; the first releases had none for outputs."""
    found = _loaded(text)
    if not isinstance(found, dict):
        return None
    return json.dumps({**{snapshot: {} for snapshot in _SCHEMA if snapshot not in found}, **found}, ensure_ascii=False)


def _loaded(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _optional(text: str | None) -> str | None:
    found = _loaded(text)
    return None if found is None else _text(found)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
