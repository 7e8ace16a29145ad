"""Label schemas in SQL, and the default schema of each experiment, which has no row."""

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw

from trackside.core.access import Object
from trackside.core.db.tx import Change, Tx
from trackside.core.errors import Invalid
from trackside.core.filters.keyset import Term
from trackside.experiments import store as experiments
from trackside.traces import paging
from trackside.traces.label_schemas import model as lm
from trackside.traces.storage.changes import check_not_held

# The first columns are the fields of `LabelSchema` in their order.
_STORED = """
SELECT l.schema_id, e.experiment_id, l.name, l.type, l.enable_comment, l.input, l.created_at, l.updated_at, 0 AS is_default,
    l.instruction, l.created_by
FROM label_schemas l JOIN experiments e ON e.experiment_seq = l.experiment_seq WHERE l.workspace_id = :ws
"""
_DEFAULT = f"""
SELECT :default_id AS schema_id, e.experiment_id, '{lm.DEFAULT_NAME}' AS name, 'FEEDBACK' AS type, 0 AS enable_comment,
    '{lm.DEFAULT_INPUT}' AS input, e.creation_time AS created_at, e.creation_time AS updated_at, 1 AS is_default,
    '{lm.DEFAULT_INSTRUCTION}' AS instruction, NULL AS created_by
FROM experiments e WHERE e.workspace_id = :ws
"""
_ORDER = (Term("x.created_at", ascending=False, kind="whole number"), Term("x.schema_id"))
_decode = msgspec.json.Decoder(lm.Input).decode


def create(tx: Tx, experiment_id: str, new: lm.New) -> lm.LabelSchema:
    seq, _ = experiments.active(tx, experiment_id)
    schema_id = f"ls-{uuid.uuid4().hex}"
    made = tx.one(
        """
        INSERT INTO label_schemas (workspace_id, experiment_seq, schema_id, name, type, instruction, enable_comment, input,
            created_by, created_at, updated_at)
        VALUES (:ws, :seq, :id, :name, :type, :instruction, :comment, :input, :by, :now, :now)
        ON CONFLICT (experiment_seq, name) DO NOTHING RETURNING schema_id
        """,
        seq=seq,
        id=schema_id,
        name=new.name,
        type=new.type,
        instruction=new.instruction,
        comment=int(new.enable_comment),
        input=_encoded(new.input),
        by=tx.user or None,
    )
    if made is None:
        raise lm.taken(new.name, experiment_id)
    tx.record(Change("label_schema", schema_id, "create"))
    return get(tx, schema_id)


def get(tx: Tx, schema_id: str) -> lm.LabelSchema:
    experiment_id = lm.experiment_of(schema_id)
    row = (
        tx.one(f"{_STORED} AND l.schema_id = :id", id=schema_id)
        if experiment_id is None
        else tx.one(f"{_DEFAULT} AND e.experiment_id = :experiment", default_id=schema_id, experiment=experiment_id)
    )
    if row is None:
        raise lm.missing(schema_id)
    return _of(row)


def get_by_name(tx: Tx, experiment_id: str, name: str) -> lm.LabelSchema:
    seq = experiments.active_seq(tx, experiment_id)
    if name == lm.DEFAULT_NAME:
        return get(tx, lm.default_id(int(experiment_id)))
    row = tx.one(f"{_STORED} AND l.experiment_seq = :seq AND l.name = :name", seq=seq, name=name)
    if row is None:
        raise lm.not_named(name, experiment_id)
    return _of(row)


def page(
    tx: Tx, experiment_id: str, max_results: int | None, page_token: str | None
) -> tuple[list[lm.LabelSchema], str | None]:
    """Return the schemas of an experiment, the newest first, and the token of the next page."""
    most = paging.check_most(max_results, lm.DEFAULT_RESULTS)
    seq = experiments.active_seq(tx, experiment_id)
    rows, token = paging.page(
        tx,
        f"{_STORED} AND l.experiment_seq = :seq UNION ALL {_DEFAULT} AND e.experiment_seq = :seq",
        _ORDER,
        most,
        page_token,
        ("label_schemas", experiment_id),
        seq=seq,
        default_id=lm.default_id(int(experiment_id)),
    )
    return [_of(row) for row in rows], token


def update(tx: Tx, call: lm.Update) -> lm.LabelSchema:
    schema_id = call.schema_id or ""
    old = get(tx, schema_id)
    if old.is_default:
        raise Invalid("The experiment's default question cannot be edited.")
    wanted = None if call.input is None else lm.check_input(call.input)
    if wanted is not None:
        lm.check_unchanged(_decode(bytes(old.input)), wanted)
    name = old.name if call.name is None else lm.check_name(call.name)
    if name != old.name and tx.one(
        """
        SELECT 1 FROM label_schemas l JOIN experiments e ON e.experiment_seq = l.experiment_seq
        WHERE l.workspace_id = :ws AND e.experiment_id = :experiment AND l.name = :name
        """,
        experiment=int(old.experiment_id),
        name=name,
    ):
        raise lm.taken(name, old.experiment_id)
    tx.run(
        """
        UPDATE label_schemas SET name = :name, instruction = COALESCE(:instruction, instruction),
            enable_comment = COALESCE(:comment, enable_comment), input = COALESCE(:input, input), updated_at = :now
        WHERE workspace_id = :ws AND schema_id = :id
        """,
        name=name,
        instruction=lm.check_instruction(call.instruction),
        comment=None if call.enable_comment is None else int(call.enable_comment),
        input=None if wanted is None else _encoded(wanted),
        id=schema_id,
    )
    tx.record(Change("label_schema", schema_id, "update"))
    return get(tx, schema_id)


def delete(tx: Tx, schema_id: str) -> None:
    """Delete a schema, if it exists.  Existing answers stay."""
    if lm.experiment_of(schema_id) is not None:
        raise Invalid("The experiment's default question cannot be deleted.")
    place = locate(tx, schema_id)
    if place is None:
        return
    check_not_held(tx, place.id)
    tx.run("DELETE FROM label_schemas WHERE workspace_id = :ws AND schema_id = :id", id=schema_id)
    tx.record(Change("label_schema", schema_id, "delete"))


def locate(tx: Tx, schema_id: str) -> Object | None:
    """Return the experiment of a schema, for access control; None if there is no such schema."""
    experiment_id = lm.experiment_of(schema_id)
    if experiment_id is not None:
        row = tx.one(
            "SELECT experiment_id FROM experiments WHERE workspace_id = :ws AND experiment_id = :id", id=experiment_id
        )
    else:
        row = tx.one(
            """
            SELECT e.experiment_id FROM label_schemas l JOIN experiments e ON e.experiment_seq = l.experiment_seq
            WHERE l.workspace_id = :ws AND l.schema_id = :id
            """,
            id=schema_id,
        )
    return None if row is None else Object("experiment", str(row[0]))


def check_known(tx: Tx, experiment_id: str, experiment_seq: int, schema_ids: Sequence[str]) -> None:
    """Raise Invalid for ids that are not schemas of the experiment."""
    known = {lm.default_id(int(experiment_id))}
    known |= {
        row[0]
        for row in tx.all(
            "SELECT schema_id FROM label_schemas WHERE workspace_id = :ws AND experiment_seq = :seq AND schema_id IN :ids",
            seq=experiment_seq,
            ids=list(schema_ids),
        )
    }
    if unknown := [each for each in schema_ids if each not in known]:
        raise Invalid(f"Label schema id(s) {unknown} not found for experiment '{experiment_id}'.")


def _of(row: Sequence[Any]) -> lm.LabelSchema:
    fields = dict(zip(lm.LabelSchema.__struct_fields__, row, strict=False))
    fields["experiment_id"] = str(fields["experiment_id"])
    fields["enable_comment"], fields["is_default"] = bool(fields["enable_comment"]), bool(fields["is_default"])
    return lm.LabelSchema(**{**fields, "input": Raw(fields["input"].encode())})


def _encoded(given: lm.Input) -> str:
    return msgspec.json.encode(given).decode()
