"""Stores scorers, label schemas and issues of another server in an experiment; queues are in `queue_store`.

Each call is idempotent: a local object that is not older is kept.  A refused call writes nothing.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from trackside.core.db.tx import Change, Tx
from trackside.core.errors import AlreadyExists, Invalid
from trackside.experiments.model import check_id as check_experiment
from trackside.experiments.model import not_found
from trackside.traces.issues import model as im
from trackside.traces.label_schemas import model as lm
from trackside.traces.replica.model import (
    GivenIssue,
    GivenSchema,
    GivenScorer,
    GivenVersion,
    ReplicaResult,
    check_creator,
    check_id,
    check_ms,
)
from trackside.traces.scorers import model as sm


class Place(NamedTuple):
    """The experiment."""

    seq: int
    experiment_id: str


class Stored(NamedTuple):
    """An object of the same id."""

    seq: int
    experiment_seq: int
    updated_at: int


def place(tx: Tx, experiment_id: str) -> Place:
    row = tx.one(
        "SELECT experiment_seq FROM experiments WHERE workspace_id = :ws AND experiment_id = :id FOR SHARE",
        id=check_experiment(experiment_id),
    )
    if row is None:
        raise not_found(experiment_id)
    return Place(row[0], experiment_id)


def how(stored: Stored | None, at: Place, updated_at: int) -> ReplicaResult:
    if stored is None:
        return ReplicaResult.NEW
    if stored.experiment_seq != at.seq:
        raise AlreadyExists("this workspace has it in another experiment")
    return ReplicaResult.CHANGED if stored.updated_at < updated_at else ReplicaResult.SAME


def put_scorer(tx: Tx, at: Place, given: GivenScorer, *, dry_run: bool) -> ReplicaResult:
    """Add the missing versions, and the settings of automatic evaluation if the stored scorer has none.

    Raise AlreadyExists if a stored version has another content, or another scorer has the id."""
    name, scorer_id = sm.check_name(given.name), check_id(given.scorer_id, "scorer_id")
    rate = None if given.sample_rate is None else sm.check_rate(given.sample_rate)
    for each in given.versions:
        sm.check_serialized(each.serialized_scorer)
        if not 0 < each.version < 2**31:
            raise Invalid(f"the version is {each.version}; it must be a number from 1")
    stored = _scorer(tx, at, name)
    missing = _missing_versions(tx, stored, given)
    sets_rate = rate is not None and not (stored and stored.is_configured)
    if stored is None:
        how = ReplicaResult.NEW
    else:
        how = ReplicaResult.CHANGED if missing or sets_rate else ReplicaResult.SAME
    if dry_run or how is ReplicaResult.SAME:
        return how
    seq = _insert_scorer(tx, at, name, scorer_id, given) if stored is None else stored.seq
    _insert_versions(tx, at, seq, missing)
    if sets_rate:
        tx.run(
            """
            UPDATE scorers SET config_id = :id, sample_rate = :rate, filter_text = :filter
            WHERE workspace_id = :ws AND scorer_seq = :seq
            """,
            id=scorer_id,
            rate=rate,
            filter=given.filter_string,
            seq=seq,
        )
    tx.record(Change("scorer", scorer_id, "import"))
    return how


class _Scorer(NamedTuple):
    seq: int
    is_configured: bool  # has settings of automatic evaluation


def _scorer(tx: Tx, at: Place, name: str) -> _Scorer | None:
    row = tx.one(
        """
        SELECT scorer_seq, config_id FROM scorers
        WHERE workspace_id = :ws AND experiment_seq = :experiment AND name = :name FOR UPDATE
        """,
        experiment=at.seq,
        name=name,
    )
    return None if row is None else _Scorer(row[0], row[1] is not None)


def _missing_versions(tx: Tx, stored: _Scorer | None, given: GivenScorer) -> list[GivenVersion]:
    """Return the versions that are not stored.  Raise AlreadyExists if a stored one has another content."""
    if stored is None:
        return list(given.versions)
    contents: dict[int, str] = dict(
        tx.all(
            "SELECT version, serialized FROM scorer_versions WHERE workspace_id = :ws AND scorer_seq = :seq",
            seq=stored.seq,
        )
    )
    for each in given.versions:
        if contents.get(each.version, each.serialized_scorer) != each.serialized_scorer:
            raise AlreadyExists(f"the version {each.version} in this workspace has another content")
    return [each for each in given.versions if each.version not in contents]


def _insert_scorer(tx: Tx, at: Place, name: str, scorer_id: str, given: GivenScorer) -> int:
    if tx.one("SELECT 1 FROM scorers WHERE workspace_id = :ws AND scorer_id = :id", id=scorer_id):
        raise AlreadyExists("another scorer of this workspace has its id")
    row = tx.one(
        """
        INSERT INTO scorers (workspace_id, experiment_seq, scorer_id, name, created_at)
        VALUES (:ws, :experiment, :id, :name, :created) RETURNING scorer_seq
        """,
        experiment=at.seq,
        id=scorer_id,
        name=name,
        created=min((check_ms(each.creation_time) for each in given.versions), default=tx.now),
    )
    assert row is not None
    seq: int = row[0]
    return seq


def _insert_versions(tx: Tx, at: Place, seq: int, versions: Sequence[GivenVersion]) -> None:
    tx.many(
        """
        INSERT INTO scorer_versions (workspace_id, scorer_seq, version, experiment_seq, serialized, created_at)
        VALUES (:ws, :seq, :version, :experiment, :serialized, :created)
        """,
        [
            {"version": each.version, "serialized": each.serialized_scorer, "created": check_ms(each.creation_time)}
            for each in versions
        ],
        seq=seq,
        experiment=at.seq,
    )


def put_schema(tx: Tx, at: Place, given: GivenSchema, *, dry_run: bool) -> ReplicaResult:
    new = lm.read(
        lm.Create(
            experiment_id=at.experiment_id,
            name=given.name,
            type=given.type,
            input=given.input,
            instruction=given.instruction,
            enable_comment=given.enable_comment,
        )
    )
    schema_id = check_id(given.schema_id, "schema_id")
    stored = _stored(tx, "label_schemas", "schema_seq", "schema_id", schema_id)
    made = how(stored, at, check_ms(given.last_updated_at))
    if made is ReplicaResult.SAME:
        return made
    if tx.one(
        """
        SELECT 1 FROM label_schemas
        WHERE workspace_id = :ws AND experiment_seq = :experiment AND name = :name AND schema_id <> :id
        """,
        experiment=at.seq,
        name=new.name,
        id=schema_id,
    ):
        raise lm.taken(new.name, at.experiment_id)
    if not dry_run:
        tx.run(
            """
            INSERT INTO label_schemas (workspace_id, experiment_seq, schema_id, name, type, instruction, enable_comment, input,
                created_by, created_at, updated_at)
            VALUES (:ws, :experiment, :id, :name, :type, :instruction, :comment, :input, :by, :created, :updated)
            ON CONFLICT (workspace_id, schema_id) DO UPDATE SET name = excluded.name, type = excluded.type,
                instruction = excluded.instruction, enable_comment = excluded.enable_comment, input = excluded.input,
                updated_at = excluded.updated_at
            """,
            experiment=at.seq,
            id=schema_id,
            name=new.name,
            type=new.type,
            instruction=new.instruction,
            comment=int(new.enable_comment),
            input=encoded(new.input),
            by=check_creator(given.created_by, im.MAX_USER),
            created=check_ms(given.created_at),
            updated=given.last_updated_at,
        )
        tx.record(Change("label_schema", schema_id, "import"))
    return made


def put_issue(tx: Tx, at: Place, given: GivenIssue, *, dry_run: bool) -> ReplicaResult:
    issue_id = check_id(given.issue_id, "issue_id")
    values = {
        "name": im.check_text(given.name, "name", im.MAX_NAME),
        "description": im.check_text(given.description, "description", im.MAX_DESCRIPTION),
        "status": im.check_status(given.status),
        "severity": im.rank(given.severity),
        "causes": encoded(im.check_list(given.root_causes, "root_causes")),
        "categories": encoded(im.check_list(given.categories, "categories")),
        "run": im.check_text(given.source_run_id, "source_run_id", im.MAX_NAME) if given.source_run_id else None,
        "by": check_creator(given.created_by, im.MAX_USER),
        "created": check_ms(given.created_timestamp),
        "updated": check_ms(given.last_updated_timestamp),
    }
    stored = _stored(tx, "trace_issues", "issue_seq", "issue_id", issue_id)
    made = how(stored, at, given.last_updated_timestamp)
    if made is ReplicaResult.SAME or dry_run:
        return made
    tx.run(
        """
        INSERT INTO trace_issues (workspace_id, experiment_seq, issue_id, name, description, status, severity, root_causes,
            categories, source_run_id, created_by, created_at, updated_at)
        VALUES (:ws, :experiment, :id, :name, :description, :status, :severity, :causes, :categories, :run, :by, :created,
            :updated)
        ON CONFLICT (workspace_id, issue_id) DO UPDATE SET name = excluded.name, description = excluded.description,
            status = excluded.status, severity = excluded.severity, root_causes = excluded.root_causes,
            categories = excluded.categories, source_run_id = excluded.source_run_id, updated_at = excluded.updated_at
        """,
        experiment=at.seq,
        id=issue_id,
        **values,
    )
    tx.record(Change("issue", issue_id, "import"))
    return made


def _stored(tx: Tx, table: str, key: str, id_column: str, id_: str) -> Stored | None:
    """Return the stored object of an id; `table` and the columns are names of this module."""
    row = tx.one(
        f"""
        SELECT {key}, experiment_seq, updated_at FROM {table} WHERE workspace_id = :ws AND {id_column} = :id FOR UPDATE
        """,
        id=id_,
    )
    return None if row is None else Stored(*row)


def encoded(value: Sequence[str] | Any) -> str:
    return msgspec.json.encode(value).decode()
