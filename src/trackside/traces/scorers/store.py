"""Scorers in SQL."""

import uuid
from collections.abc import Sequence
from typing import Any

from trackside.core.access import Action
from trackside.core.db.tx import Change, Tx
from trackside.experiments import store as experiments
from trackside.experiments.model import check_id
from trackside.traces.scorers import model as sm
from trackside.traces.storage.changes import check_not_held

_SELECT = """
SELECT e.experiment_id, s.name, v.version, v.serialized, v.created_at, s.scorer_id FROM scorers s
JOIN scorer_versions v ON v.scorer_seq = s.scorer_seq JOIN experiments e ON e.experiment_seq = s.experiment_seq
WHERE s.workspace_id = :ws
"""
_NEWEST = "AND v.version = (SELECT MAX(n.version) FROM scorer_versions n WHERE n.scorer_seq = s.scorer_seq)"
_CONFIG = "s.config_id, s.scorer_id, s.sample_rate, e.experiment_id, s.filter_text"


def register(tx: Tx, experiment_id: str, name: str, serialized: str) -> sm.Registered:
    """Store the next version of a scorer."""
    seq, _ = experiments.active(tx, experiment_id)
    scorer = tx.one(
        """
        INSERT INTO scorers (workspace_id, experiment_seq, scorer_id, name, created_at) VALUES (:ws, :seq, :id, :name, :now)
        ON CONFLICT (experiment_seq, name) DO UPDATE SET name = excluded.name RETURNING scorer_seq, scorer_id
        """,
        seq=seq,
        id=str(uuid.uuid4()),
        name=name,
    )
    assert scorer is not None
    made = tx.one(
        """
        INSERT INTO scorer_versions (workspace_id, scorer_seq, version, experiment_seq, serialized, created_at)
        SELECT :ws, :scorer, COALESCE(MAX(v.version), 0) + 1, :seq, :serialized, :now FROM scorer_versions v
        WHERE v.workspace_id = :ws AND v.scorer_seq = :scorer RETURNING version
        """,
        scorer=scorer[0],
        seq=seq,
        serialized=serialized,
    )
    assert made is not None
    tx.record(Change("scorer", scorer[1], "register"))
    return sm.Registered(
        version=made[0],
        scorer_id=scorer[1],
        experiment_id=experiment_id,
        name=name,
        serialized_scorer=serialized,
        creation_time=tx.now,
    )


def newest(tx: Tx, experiment_id: str) -> list[sm.ScorerVersion]:
    """Return the newest version of each scorer of an experiment."""
    seq = experiments.active_seq(tx, experiment_id)
    rows = tx.all(f"{_SELECT} AND s.experiment_seq = :seq {_NEWEST} ORDER BY s.name", seq=seq)
    return [_of(row) for row in rows]


def newest_of(tx: Tx, experiment_ids: Sequence[str] | None) -> list[sm.ScorerVersion]:
    """Return the newest version of each scorer of the active experiments that the caller may read; None: of all of them."""
    readable, bound = tx.only_readable("experiment", Action.TRACES_READ, "e.experiment_id")
    only = ""
    if experiment_ids is not None:
        only, bound = " AND e.experiment_id IN :ids", {**bound, "ids": [check_id(each) for each in experiment_ids]}
    rows = tx.all(
        f"{_SELECT} AND e.lifecycle_stage = 'active'{only}{readable} {_NEWEST} ORDER BY e.experiment_id, s.name",
        **bound,
    )
    return [_of(row) for row in rows]


def versions(tx: Tx, experiment_id: str, name: str) -> list[sm.ScorerVersion]:
    """Return all versions of a scorer, the oldest first."""
    seq = experiments.active_seq(tx, experiment_id)
    rows = tx.all(f"{_SELECT} AND s.experiment_seq = :seq AND s.name = :name ORDER BY v.version", seq=seq, name=name)
    if not rows:
        raise sm.missing(name, experiment_id)
    return [_of(row) for row in rows]


def get(tx: Tx, experiment_id: str, name: str, version: int | None = None) -> sm.ScorerVersion:
    """Return a version of a scorer, the newest if none is named."""
    seq = experiments.active_seq(tx, experiment_id)
    which = _NEWEST if version is None else "AND v.version = :version"
    row = tx.one(
        f"{_SELECT} AND s.experiment_seq = :seq AND s.name = :name {which}",
        seq=seq,
        name=name,
        **({} if version is None else {"version": version}),
    )
    if row is None:
        raise sm.missing(name, experiment_id, version)
    return _of(row)


def delete(tx: Tx, experiment_id: str, name: str, version: int | None) -> None:
    """Delete a version of a scorer; without a version the scorer with all of them."""
    seq, _ = experiments.active(tx, experiment_id)
    check_not_held(tx, experiment_id)
    scorer = tx.one(
        """
        SELECT scorer_seq, scorer_id FROM scorers WHERE workspace_id = :ws AND experiment_seq = :seq AND name = :name FOR UPDATE
        """,
        seq=seq,
        name=name,
    )
    if scorer is None:
        raise sm.missing(name, experiment_id)
    gone = tx.run(
        """
        DELETE FROM scorer_versions
        WHERE workspace_id = :ws AND scorer_seq = :scorer AND (version = :version OR :every = 1)
        """,
        scorer=scorer[0],
        version=version or 0,
        every=int(version is None),
    )
    if not gone:
        raise sm.missing(name, experiment_id, version)
    if version is None:
        tx.run("DELETE FROM scorers WHERE workspace_id = :ws AND scorer_seq = :scorer", scorer=scorer[0])
    tx.record(Change("scorer", scorer[1], "delete"))


def put_config(tx: Tx, experiment_id: str, name: str, rate: float, filter_text: str | None) -> sm.Config:
    """Replace a scorer's settings for automatic evaluation."""
    seq, _ = experiments.active(tx, experiment_id)
    row = tx.one(
        """
        UPDATE scorers SET config_id = :id, sample_rate = :rate, filter_text = :filter
        WHERE workspace_id = :ws AND experiment_seq = :seq AND name = :name RETURNING config_id, scorer_id
        """,
        id=uuid.uuid4().hex,
        rate=rate,
        filter=filter_text,
        seq=seq,
        name=name,
    )
    if row is None:
        raise sm.missing(name, experiment_id)
    tx.record(Change("scorer", row[1], "configure"))
    return sm.Config(
        online_scoring_config_id=row[0],
        scorer_id=row[1],
        sample_rate=rate,
        experiment_id=experiment_id,
        filter_string=filter_text,
    )


def configs(tx: Tx, scorer_ids: Sequence[str]) -> list[sm.Config]:
    """Return the settings of those scorers that have some and that the caller may read."""
    readable, bound = tx.only_readable("experiment", Action.TRACES_READ, "e.experiment_id")
    rows = tx.all(
        f"""
        SELECT {_CONFIG} FROM scorers s JOIN experiments e ON e.experiment_seq = s.experiment_seq
        WHERE s.workspace_id = :ws AND s.scorer_id IN :ids AND s.config_id IS NOT NULL{readable} ORDER BY s.scorer_seq
        """,
        ids=list(scorer_ids),
        **bound,
    )
    return [
        sm.Config(
            online_scoring_config_id=row[0],
            scorer_id=row[1],
            sample_rate=row[2],
            experiment_id=str(row[3]),
            filter_string=row[4],
        )
        for row in rows
    ]


def _of(row: Sequence[Any]) -> sm.ScorerVersion:
    return sm.ScorerVersion(**dict(zip(sm.ScorerVersion.__struct_fields__, row, strict=True)))
