"""Saved views in SQL."""

import uuid
from collections.abc import Sequence

import msgspec

from trackside.core.access import Action, Object
from trackside.core.db.tx import Change, Row, Tx
from trackside.core.errors import AlreadyExists, Conflict, Invalid, NotFound
from trackside.experiments import store as experiments
from trackside.experiments.model import not_found
from trackside.views.model import MAX_VIEWS, View

_SELECT = """
    SELECT v.view_id, e.experiment_id, v.name, v.state, v.is_default, v.owner, v.version, v.creation_time, v.last_update_time,
        v.experiment_ids
    FROM saved_views v JOIN experiments e ON e.experiment_seq = v.experiment_seq WHERE v.workspace_id = :ws"""


def of_experiment(tx: Tx, experiment_id: str) -> list[View]:
    """Return the views that the experiment keeps, and those of several experiments that show it, as far as the caller may read
    the experiment that keeps them.  Raise NotFound for an experiment that does not exist."""
    found = experiments.get(tx, experiment_id)
    (seq,) = experiments.seqs_of(tx, [experiment_id])
    own = tx.all(f"{_SELECT} AND v.experiment_seq = :experiment", experiment=seq)
    readable, bound = tx.only_readable("experiment", Action.EXPERIMENTS_READ, "e.experiment_id")
    shared = tx.all(
        f"""{_SELECT} AND v.experiment_ids <> '' AND v.experiment_ids LIKE :one
            AND v.experiment_seq <> :experiment{readable}""",
        one=f"%,{found.experiment_id},%",
        experiment=seq,
        **bound,
    )
    return sorted(map(_view, [*own, *shared]), key=lambda view: (view.name, view.experiment_id))


def get(tx: Tx, view_id: str) -> View:
    row = tx.one(f"{_SELECT} AND v.view_id = :id", id=view_id)
    if row is None:
        raise NotFound(f"No view has the id {view_id!r}")
    return _view(row)


def locate(tx: Tx, view_id: str) -> Object | None:
    """Return the experiment that the view belongs to."""
    row = tx.one(f"{_SELECT} AND v.view_id = :id", id=view_id)
    return None if row is None else Object("experiment", str(row[1]))


def create(
    tx: Tx, experiment_id: str, name: str, state: str, together: Sequence[int] = (), *, is_default: bool
) -> View:
    """`together` are the ids of the experiments that the view shows, if it shows several."""
    # A transaction that makes another new view the default does not see this one: they take turns.
    seq, _ = (experiments.lock_active if is_default else experiments.active)(tx, experiment_id)
    _check_readable(tx, together)
    counted = tx.one("SELECT COUNT(*) FROM saved_views WHERE workspace_id = :ws AND experiment_seq = :seq", seq=seq)
    if counted is not None and counted[0] >= MAX_VIEWS:
        raise Invalid(f"Experiment {experiment_id} has {counted[0]} views; at most {MAX_VIEWS} are allowed")
    view_id = uuid.uuid4().hex
    made = tx.run(
        """
        INSERT INTO saved_views (workspace_id, experiment_seq, view_id, name, state, is_default, owner, version,
            creation_time, last_update_time, experiment_ids)
        VALUES (:ws, :experiment, :id, :name, :state, 0, :owner, 1, :now, :now, :together) ON CONFLICT DO NOTHING
        """,
        experiment=seq,
        id=view_id,
        name=name,
        state=state,
        owner=tx.user,
        together=_ids_text(together),
    )
    if not made:
        raise AlreadyExists(f"Experiment {experiment_id} has a view named {name!r} already").because(
            "taken", kind="view", name=name
        )
    if is_default:
        _make_default(tx, view_id)
    tx.record(Change("view", view_id, "create"))
    return get(tx, view_id)


def update(
    tx: Tx,
    view_id: str,
    version: int,
    name: str | None,
    state: str | None,
    together: Sequence[int] | None = None,
    *,
    is_default: bool | None,
) -> View:
    """Change what is not None.  An empty `together` makes it a view of one experiment."""
    before = get(tx, view_id)
    _check_readable(tx, together or ())
    if name is not None:
        taken = tx.one(
            """
            SELECT 1 FROM saved_views v JOIN saved_views o ON o.experiment_seq = v.experiment_seq
            WHERE v.workspace_id = :ws AND v.view_id = :id AND o.name = :name AND o.view_id <> :id
            """,
            id=view_id,
            name=name,
        )
        if taken is not None:
            raise AlreadyExists(f"Experiment {before.experiment_id} has a view named {name!r} already").because(
                "taken", kind="view", name=name
            )
    changed = tx.run(
        """
        UPDATE saved_views SET name = COALESCE(:name, name), state = COALESCE(:state, state), version = version + 1,
            is_default = COALESCE(:is_default, is_default), experiment_ids = COALESCE(:together, experiment_ids),
            last_update_time = :now
        WHERE workspace_id = :ws AND view_id = :id AND version = :version
        """,
        id=view_id,
        version=version,
        name=name,
        state=state,
        is_default=None if is_default is None else int(is_default),
        together=None if together is None else _ids_text(together),
    )
    if not changed:
        raise Conflict(
            f"View {view_id} has version {before.version}, not {version}: it changed after it was read. Read it again, "
            "then change it"
        ).because("changed-meanwhile")
    after = get(tx, view_id)
    if after.is_default:
        _make_default(tx, view_id)
    tx.record(Change("view", view_id, "update"))
    return after


def delete(tx: Tx, view_id: str) -> None:
    if not tx.run("DELETE FROM saved_views WHERE workspace_id = :ws AND view_id = :id", id=view_id):
        raise NotFound(f"No view has the id {view_id!r}")
    tx.record(Change("view", view_id, "delete"))


def _check_readable(tx: Tx, together: Sequence[int]) -> None:
    readable = experiments.readable_ids(tx, together)
    for each in together:
        if each not in readable:
            raise not_found(str(each))


def _make_default(tx: Tx, view_id: str) -> None:
    """The experiment, or the experiments that the view shows together, have no other default."""
    tx.run(
        """
        UPDATE saved_views SET is_default = CASE WHEN view_id = :id THEN 1 ELSE 0 END
        WHERE workspace_id = :ws AND (experiment_seq, experiment_ids) IN (
            SELECT v.experiment_seq, v.experiment_ids FROM saved_views v WHERE v.workspace_id = :ws AND v.view_id = :id)
        """,
        id=view_id,
    )


def _ids_text(together: Sequence[int]) -> str:
    return f",{','.join(map(str, together))}," if together else ""


def _view(row: Row) -> View:
    view_id, experiment_id, name, state, is_default, owner, version, created, updated, together = row
    return View(
        view_id=view_id,
        experiment_id=str(experiment_id),
        name=name,
        state=msgspec.Raw(state.encode()),
        is_default=bool(is_default),
        owner=owner,
        version=version,
        creation_time=created,
        last_update_time=updated,
        experiment_ids=[each for each in together.split(",") if each],
    )
