"""Experiments and their tags in SQL.  The deletion of an experiment deletes its runs."""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from trackside.core.access import Action, Object
from trackside.core.db.tx import Change, Query, Row, Tx
from trackside.core.errors import AlreadyExists, BadState, Conflict, Invalid, NotFound
from trackside.core.uris import check_place
from trackside.experiments.model import (
    DEFAULT_ID,
    Experiment,
    Lifecycle,
    Tag,
    check_id,
    check_name,
    not_found,
)
from trackside.holds import store as holds
from trackside.holds.model import Kind as Held
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import artifact_root

SOURCE_ID = "mlflow.experiment.sourceId"
# The number of the next experiment, which is also its public id.
_NEXT_SEQ = {
    "sqlite": "SELECT COALESCE(MAX(seq), 0) + 1 AS seq FROM sqlite_sequence WHERE name = 'experiments'",
    "postgresql": "SELECT nextval(pg_get_serial_sequence('experiments', 'experiment_seq')) AS seq",
}
# As in the index `experiments_by_name`: -1 for the active experiment with a name, a unique number for each deleted one.
_NAME_HOLDER = "(CASE WHEN lifecycle_stage = 'active' THEN -1 ELSE experiment_seq END)"
_ACTIVE = "active experiment"  # experiments in the writer's cache
_ACTIVE_FIRST = """
    ORDER BY CASE WHEN lifecycle_stage = 'active' THEN 0 ELSE 1 END, last_update_time DESC, experiment_seq DESC LIMIT 1"""
_COLUMNS = """experiment_seq, experiment_id, name, artifact_location, lifecycle_stage, last_update_time, creation_time,
    (SELECT w.name FROM workspaces w WHERE w.workspace_id = :ws)"""


def create_default(tx: Tx, server_root: str) -> None:
    """Create the experiment "0" of a workspace unless it exists."""
    if tx.one("SELECT 1 FROM experiments WHERE workspace_id = :ws AND experiment_id = :id", id=DEFAULT_ID):
        return
    location = f"{artifact_root(workspaces.hold(tx), server_root)}/{DEFAULT_ID}"
    if tx.ws == 1:  # so that the first experiment of a user gets the id "1", as in MLflow
        tx.run(
            """
            INSERT INTO experiments (experiment_seq, workspace_id, experiment_id, name, artifact_location, lifecycle_stage,
                creation_time, last_update_time)
            VALUES (0, :ws, 0, 'Default', :location, 'active', :now, :now) ON CONFLICT DO NOTHING
            """,
            location=location,
        )
    else:
        tx.run(
            """
            INSERT INTO experiments (workspace_id, experiment_id, name, artifact_location, lifecycle_stage,
                creation_time, last_update_time)
            VALUES (:ws, 0, 'Default', :location, 'active', :now, :now) ON CONFLICT DO NOTHING
            """,
            location=location,
        )


def create(
    tx: Tx, name: str | None, server_root: str, artifact_location: str | None = None, tags: Sequence[Tag] = ()
) -> str:
    """Create an experiment and return its id.

    `server_root` is the artifact root if neither the call nor the workspace has one.  If an experiment of the same source
    exists, its id is returned: MLflow creates the experiment of a Databricks notebook in each session."""
    name = check_name(name)
    if artifact_location:
        artifact_location = _absolute(check_place(artifact_location))
    root = "" if artifact_location else artifact_root(workspaces.hold(tx), server_root)
    made = tx.one(
        f"""
        INSERT INTO experiments (experiment_seq, workspace_id, experiment_id, name, artifact_location, lifecycle_stage,
            creation_time, last_update_time)
        SELECT n.seq, :ws, n.seq, :name, COALESCE(:location, :root || '/' || CAST(n.seq AS TEXT)), 'active', :now, :now
        FROM ({_NEXT_SEQ[tx.dialect]}) n WHERE true
        ON CONFLICT (workspace_id, name, {_NAME_HOLDER}) DO NOTHING RETURNING experiment_seq
        """,
        name=name,
        location=artifact_location or None,
        root=root,
    )
    if made is None:
        of_notebook = _of_source(tx, name, tags)
        if of_notebook is None:
            raise AlreadyExists(f"Experiment(name={name}) already exists.").because(
                "taken", kind="experiment", name=name
            )
        return of_notebook
    seq: int = made[0]
    for tag in tags:
        set_tag_of(tx, seq, tag)
    tx.record(Change("experiment", str(seq), "create"))
    return str(seq)


def _of_source(tx: Tx, name: str, tags: Sequence[Tag]) -> str | None:
    sources = [tag.value for tag in tags if tag.key == SOURCE_ID]
    if not sources:
        return None
    row = tx.one(
        """
        SELECT e.experiment_id FROM experiments e
        JOIN experiment_tags t ON t.workspace_id = :ws AND t.experiment_seq = e.experiment_seq
        WHERE e.workspace_id = :ws AND e.name = :name AND e.lifecycle_stage = 'active' AND t.key = :key AND t.value = :source
        """,
        name=name,
        key=SOURCE_ID,
        source=sources[-1],
    )
    return None if row is None else str(row[0])


def get(tx: Tx, experiment_id: str) -> Experiment:
    row = tx.one(
        f"SELECT {_COLUMNS} FROM experiments WHERE workspace_id = :ws AND experiment_id = :id",
        id=check_id(experiment_id),
    )
    if row is None:
        raise not_found(experiment_id)
    return with_tags(tx, [row])[0]


def get_by_name(tx: Tx, name: str) -> Experiment:
    """Return the active experiment with the name, or else the one that was deleted last."""
    readable, bound = tx.only_readable("experiment", Action.EXPERIMENTS_READ, "experiment_id")
    row = tx.one(
        f"SELECT {_COLUMNS} FROM experiments WHERE workspace_id = :ws AND name = :name{readable} {_ACTIVE_FIRST}",
        name=name,
        **bound,
    )
    if row is None:
        raise NotFound(f"Could not find experiment with name '{name}'").because("missing", kind="experiment", name=name)
    return with_tags(tx, [row])[0]


def by_seqs(tx: Tx, seqs: Sequence[int]) -> list[Experiment]:
    """Return experiments in the order of `seqs`."""
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM experiments WHERE workspace_id = :ws AND experiment_seq IN :seqs", seqs=list(seqs)
    )
    by_seq = {row[0]: row for row in rows}
    return with_tags(tx, [by_seq[seq] for seq in seqs if seq in by_seq])


def seqs_of(tx: Tx, experiment_ids: Sequence[str]) -> list[int]:
    """Return the internal keys of the ids that exist and that the caller may read; others are ignored, as in MLflow's search."""
    ids = [check_id(given) for given in experiment_ids]
    readable, bound = tx.only_readable("experiment", Action.RUNS_READ, "experiment_id")
    return [
        seq
        for (seq,) in tx.all(
            f"SELECT experiment_seq FROM experiments WHERE workspace_id = :ws AND experiment_id IN :ids{readable}",
            ids=ids,
            **bound,
        )
    ]


def readable_ids(tx: Tx, ids: Sequence[int]) -> set[int]:
    """Return those of the ids whose experiments exist and may be read by the caller."""
    if not ids:
        return set()
    readable, bound = tx.only_readable("experiment", Action.EXPERIMENTS_READ, "experiment_id")
    sql = f"SELECT experiment_id FROM experiments WHERE workspace_id = :ws AND experiment_id IN :ids{readable}"
    return {id_ for (id_,) in tx.all(sql, ids=list(ids), **bound)}


def locate_named(tx: Tx, name: str) -> Object | None:
    """Return the experiment with the name, for access control; None if there is none."""
    row = tx.one(
        f"SELECT experiment_id FROM experiments WHERE workspace_id = :ws AND name = :name {_ACTIVE_FIRST}", name=name
    )
    return None if row is None else Object("experiment", str(row[0]))


def active(tx: Tx, experiment_id: str) -> tuple[int, str]:
    """Return the internal key and artifact location of an active experiment, which stays active until the transaction ends."""
    return _active(tx, experiment_id, " FOR SHARE")


def lock_active(tx: Tx, experiment_id: str) -> tuple[int, str]:
    """Return the result of `active`; other transactions that call this or `active` wait until the transaction ends."""
    return _active(tx, experiment_id, " FOR UPDATE")


def remembered_active(tx: Tx, experiment_id: str) -> tuple[int, str]:
    """Return the result of `active` from the cache of SQLite's only writer.  A change of such a value must call
    `forget_active`."""
    if tx.memory is None:
        return active(tx, experiment_id)
    found: tuple[int, str] | None = tx.memory.get((_ACTIVE, tx.ws, experiment_id))
    if found is None:
        found = active(tx, experiment_id)
        tx.memory[_ACTIVE, tx.ws, str(check_id(experiment_id))] = found
        tx.memory.weight += 1
    return found


def forget_active(tx: Tx, experiment_id: str) -> None:
    """Remove an experiment from the cache; to be called before it is deleted or its key or artifact location changes."""
    if tx.memory is not None:
        tx.memory.pop((_ACTIVE, tx.ws, str(check_id(experiment_id))), None)


def active_seq(tx: Tx, experiment_id: str) -> int:
    """Return the internal key of an active experiment.  Raise NotFound if it does not exist, Invalid if it is deleted."""
    return _active(tx, experiment_id, "")[0]


def activating(experiment_ids: Iterable[str]) -> Query:
    """Return the query of `active` for several experiments, for `activated`."""
    ids = set()
    for experiment_id in experiment_ids:
        with suppress(Invalid):  # `activated` raises the error for the call with this id
            ids.add(check_id(experiment_id))
    return Query(
        """
        SELECT experiment_id, experiment_seq, artifact_location, lifecycle_stage FROM experiments
        WHERE workspace_id = :ws AND experiment_id IN :ids ORDER BY experiment_seq FOR SHARE
        """,
        {"ids": sorted(id_ for id_ in ids if abs(id_) < 2**63)},
    )


def activated(experiment_id: str, rows: Iterable[Row]) -> tuple[int, str]:
    """Return the result of `active`, or raise its fault, from the rows of `activating`."""
    wanted = check_id(experiment_id)
    return _checked(experiment_id, next((row[1:] for row in rows if row[0] == wanted), None))


def _active(tx: Tx, experiment_id: str, lock: str) -> tuple[int, str]:
    row = tx.one(
        f"""
        SELECT experiment_seq, artifact_location, lifecycle_stage FROM experiments
        WHERE workspace_id = :ws AND experiment_id = :id{lock}
        """,
        id=check_id(experiment_id),
    )
    return _checked(experiment_id, row)


def _checked(experiment_id: str, row: Row | None) -> tuple[int, str]:
    if row is None:
        raise not_found(experiment_id)
    if row[2] != Lifecycle.ACTIVE:
        raise Invalid(f"The experiment {experiment_id} must be in the 'active' state. \nCurrent state is {row[2]}.")
    return row[0], row[1]


def rename(tx: Tx, experiment_id: str, name: str) -> None:
    taken = tx.one(
        """
        SELECT 1 FROM experiments WHERE workspace_id = :ws AND name = :name AND experiment_id <> :id
            AND lifecycle_stage = 'active'
        """,
        name=check_name(name),
        id=check_id(experiment_id),
    )
    if taken:
        raise AlreadyExists(f"Experiment(name={name}) already exists.").because("taken", kind="experiment", name=name)
    changed = tx.run(
        """
        UPDATE experiments SET name = :name, last_update_time = :now
        WHERE workspace_id = :ws AND experiment_id = :id AND lifecycle_stage = 'active'
        """,
        id=check_id(experiment_id),
        name=name,
    )
    if not changed:
        _raise_missing(tx, experiment_id)
        raise BadState("Cannot rename a non-active experiment.")
    tx.record(Change("experiment", experiment_id, "rename"))


def delete(tx: Tx, experiment_id: str) -> None:
    """Mark the experiment and its active runs as deleted, with a time after that of every run that was deleted before."""
    holds.check(tx, Held.EXPERIMENT, str(check_id(experiment_id)))
    row = tx.one(
        """
        UPDATE experiments SET lifecycle_stage = 'deleted', last_update_time = (
            SELECT COALESCE(MAX(CASE WHEN deleted_time >= :now THEN deleted_time + 1 END), :now) FROM runs
            WHERE experiment_seq = experiments.experiment_seq AND lifecycle_stage = 'deleted'
        )
        WHERE workspace_id = :ws AND experiment_id = :id AND lifecycle_stage = 'active'
        RETURNING experiment_seq, last_update_time
        """,
        id=check_id(experiment_id),
    )
    if row is None:
        raise not_found(experiment_id)
    forget_active(tx, experiment_id)
    seq, deleted_time = row
    runs = tx.all(
        """
        UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = :deleted_time
        WHERE workspace_id = :ws AND experiment_seq = :seq AND lifecycle_stage = 'active' RETURNING run_id
        """,
        seq=seq,
        deleted_time=deleted_time,
    )
    _drop_documents(tx, seq)
    tx.record_all([Change("run", run_id, "delete") for (run_id,) in runs])
    tx.record(Change("experiment", experiment_id, "delete"))


def restore(tx: Tx, experiment_id: str) -> None:
    """Restore an experiment and the runs that were deleted with it.  Runs that were deleted separately stay deleted.

    Raise AlreadyExists if an active experiment has its name."""
    taken = tx.one(
        """
        SELECT e.name, o.experiment_id FROM experiments e JOIN experiments o ON o.workspace_id = e.workspace_id
            AND o.name = e.name AND o.lifecycle_stage = 'active' AND o.experiment_seq <> e.experiment_seq
        WHERE e.workspace_id = :ws AND o.workspace_id = :ws AND e.experiment_id = :id
        """,
        id=check_id(experiment_id),
    )
    if taken is not None:
        raise AlreadyExists(
            f"Experiment(name={taken[0]}) already exists: the experiment {taken[1]} has the name by now. Rename that one, then"
            f" restore {experiment_id}."
        ).because("taken", kind="experiment", name=taken[0])
    runs = tx.all(
        """
        UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL
        WHERE workspace_id = :ws AND lifecycle_stage = 'deleted' AND run_seq IN (
            SELECT r.run_seq FROM experiments e JOIN runs r ON r.experiment_seq = e.experiment_seq
            WHERE e.workspace_id = :ws AND e.experiment_id = :id AND e.lifecycle_stage = 'deleted'
                AND r.lifecycle_stage = 'deleted' AND (r.deleted_time IS NULL OR r.deleted_time >= e.last_update_time)
        ) RETURNING run_id
        """,
        id=check_id(experiment_id),
    )
    row = tx.one(
        """
        UPDATE experiments SET lifecycle_stage = 'active', last_update_time = :now
        WHERE workspace_id = :ws AND experiment_id = :id AND lifecycle_stage = 'deleted' RETURNING experiment_seq
        """,
        id=check_id(experiment_id),
    )
    if row is None:
        raise not_found(experiment_id)
    _drop_documents(tx, row[0])
    tx.record_all([Change("run", run_id, "restore") for (run_id,) in runs])
    tx.record(Change("experiment", experiment_id, "restore"))


def set_tag(tx: Tx, experiment_id: str, tag: Tag) -> None:
    seq, _ = active(tx, experiment_id)
    set_tag_of(tx, seq, tag)
    tx.record(Change("experiment", experiment_id, "set-tag"))


def set_tag_of(tx: Tx, seq: int, tag: Tag) -> None:
    tx.run(
        """
        INSERT INTO experiment_tags (workspace_id, experiment_seq, key, value) VALUES (:ws, :seq, :key, :value)
        ON CONFLICT (experiment_seq, key) DO UPDATE SET value = excluded.value
        """,
        seq=seq,
        key=tag.key,
        value=tag.value,
    )


def delete_tag(tx: Tx, experiment_id: str, key: str) -> None:
    holds.check(tx, Held.EXPERIMENT, str(check_id(experiment_id)))
    seq, _ = active(tx, experiment_id)
    gone = tx.run(
        "DELETE FROM experiment_tags WHERE workspace_id = :ws AND experiment_seq = :seq AND key = :key",
        seq=seq,
        key=key,
    )
    if not gone:
        raise NotFound(f"No tag with name: {key} in experiment with id {experiment_id}")
    tx.record(Change("experiment", experiment_id, "delete-tag"))


def edit_tag(tx: Tx, experiment_id: str, key: str, value: str | None, expected: str | None) -> None:
    """Set a tag, or delete it if the value is None.  `expected` is the value that the caller saw (None: no tag).

    Raise Conflict if the tag has another value now."""
    seq, _ = active(tx, experiment_id)
    tx.all(
        "SELECT experiment_seq FROM experiments WHERE workspace_id = :ws AND experiment_seq = :seq FOR UPDATE", seq=seq
    )
    row = tx.one(
        "SELECT value FROM experiment_tags WHERE workspace_id = :ws AND experiment_seq = :seq AND key = :key",
        seq=seq,
        key=key,
    )
    check_unchanged(key, None if row is None else row[0], expected)
    if value is not None:
        set_tag(tx, experiment_id, Tag(key=key, value=value))
    elif row is not None:
        delete_tag(tx, experiment_id, key)


def check_unchanged(key: str, value: str | None, expected: str | None) -> None:
    """Raise Conflict unless a tag still has the value that the caller saw (None: no tag)."""
    if value != expected:
        now = "is deleted" if value is None else f"is {value[:200]!r}"
        raise Conflict(
            f"The tag {key!r} {now} now: it changed after it was read. Read it again, then change it"
        ).because("changed-meanwhile")


def with_tags(tx: Tx, rows: Sequence[Row]) -> list[Experiment]:
    tags: dict[int, list[Tag]] = {}
    if rows:
        seqs = [row[0] for row in rows]
        which = "= :seqs" if len(seqs) == 1 else "IN :seqs"  # binding one value is faster than binding a list
        for seq, key, value in tx.all(
            f"""
            SELECT experiment_seq, key, value FROM experiment_tags
            WHERE workspace_id = :ws AND experiment_seq {which} ORDER BY experiment_seq, key
            """,
            seqs=seqs[0] if len(seqs) == 1 else seqs,
        ):
            tags.setdefault(seq, []).append(Tag(key=key, value=value))
    return [
        Experiment(
            experiment_id=str(public),
            name=name,
            artifact_location=location,
            lifecycle_stage=stage,
            last_update_time=updated,
            creation_time=created,
            workspace=workspace,
            tags=tags.get(seq, []),
        )
        for seq, public, name, location, stage, updated, created, workspace in rows
    ]


def _drop_documents(tx: Tx, experiment_seq: int) -> None:
    """Delete the cached documents of the experiment's runs."""
    tx.run(
        """
        DELETE FROM run_docs WHERE workspace_id = :ws
            AND run_seq IN (SELECT run_seq FROM runs WHERE workspace_id = :ws AND experiment_seq = :seq)
        """,
        seq=experiment_seq,
    )


def _raise_missing(tx: Tx, experiment_id: str) -> None:
    if not tx.one(
        "SELECT 1 FROM experiments WHERE workspace_id = :ws AND experiment_id = :id", id=check_id(experiment_id)
    ):
        raise not_found(experiment_id)


def _absolute(location: str) -> str:
    """Return a location with an absolute path.  A path without a scheme is a folder of the server."""
    if urlsplit(location).scheme == "" and not location.startswith("/"):
        return os.path.abspath(location)  # noqa: PTH100  # links are the caller's to name
    return location
