"""Legal holds in SQL, and the check that every deletion makes before it changes anything."""

from msgspec import json

from trackside.core.db.tx import Change, Tx
from trackside.core.errors import AlreadyExists, NotFound
from trackside.holds.model import Hold, Kind
from trackside.workspaces import store as workspaces

_COLUMNS = "h.kind, h.object_id, h.reason, h.placed_by, h.placed_at, h.ends_at"
_VALID = "h.workspace_id = :ws AND (h.ends_at IS NULL OR h.ends_at > :now)"
# The holds that a kind of object is under: its own, those of what it is in, and those of what is in it.
_COVERING = {
    Kind.RUN: """
        (h.kind = 'run' AND h.object_id = :id) OR (h.kind = 'experiment' AND h.object_id IN (
            SELECT CAST(e.experiment_id AS TEXT) FROM runs r JOIN experiments e ON e.experiment_seq = r.experiment_seq
            WHERE r.workspace_id = :ws AND r.run_id = :id))""",
    Kind.LOGGED_MODEL: """
        (h.kind = 'logged_model' AND h.object_id = :id) OR (h.kind = 'experiment' AND h.object_id IN (
            SELECT CAST(e.experiment_id AS TEXT) FROM logged_models m JOIN experiments e
                ON e.experiment_seq = m.experiment_seq WHERE m.workspace_id = :ws AND m.model_id = :id))
        OR (h.kind = 'run' AND h.object_id IN (
            SELECT m.source_run_id FROM logged_models m WHERE m.workspace_id = :ws AND m.model_id = :id))""",
    Kind.EXPERIMENT: """
        (h.kind = 'experiment' AND h.object_id = :id) OR (h.kind = 'run' AND h.object_id IN (
            SELECT r.run_id FROM runs r JOIN experiments e ON e.experiment_seq = r.experiment_seq
            WHERE r.workspace_id = :ws AND CAST(e.experiment_id AS TEXT) = :id AND r.run_id = h.object_id))
        OR (h.kind = 'logged_model' AND h.object_id IN (
            SELECT m.model_id FROM logged_models m JOIN experiments e ON e.experiment_seq = m.experiment_seq
            WHERE m.workspace_id = :ws AND CAST(e.experiment_id AS TEXT) = :id AND m.model_id = h.object_id))""",
    Kind.MODEL: """
        (h.kind = 'registered_model' AND h.object_id = :id)
        OR (h.kind = 'model_version' AND h.object_id IN (
            SELECT v.name || '/' || CAST(v.version AS TEXT) FROM model_versions v
            WHERE v.workspace_id = :ws AND v.name = :id))""",
    Kind.VERSION: """
        (h.kind = 'model_version' AND h.object_id = :id) OR (h.kind = 'registered_model' AND h.object_id = :model)""",
    Kind.WORKSPACE: "1 = 1",
}


def all_of(tx: Tx, kind: Kind | None = None, object_id: str | None = None) -> list[Hold]:
    """Return the holds of the workspace, including expired ones."""
    rows = tx.all(
        f"""
        SELECT {_COLUMNS} FROM holds h WHERE h.workspace_id = :ws AND (:kind = '' OR h.kind = :kind)
            AND (:any = 1 OR h.object_id = :id)
        ORDER BY h.placed_at, h.kind, h.object_id
        """,
        kind=kind or "",
        any=1 if object_id is None else 0,
        id=object_id or "",
    )
    return [Hold(Kind(row[0]), *row[1:]) for row in rows]


def has_any(tx: Tx) -> bool:
    return tx.one("SELECT 1 FROM holds WHERE workspace_id = :ws LIMIT 1") is not None


def covering(tx: Tx, kind: Kind, object_id: str) -> list[Hold]:
    """The holds that forbid to delete an object: on it, on what it is in, on what is in it."""
    if not has_any(tx):
        return []
    params = {"model": object_id.rpartition("/")[0]} if kind is Kind.VERSION else {}
    if kind is not Kind.WORKSPACE:
        params["id"] = object_id
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM holds h WHERE {_VALID} AND (h.kind = 'workspace' OR {_COVERING[kind]})"
        " ORDER BY h.placed_at, h.kind, h.object_id LIMIT 20",
        **params,
    )
    return [Hold(Kind(row[0]), *row[1:]) for row in rows]


def covering_workspace(tx: Tx) -> Hold | None:
    """The hold on the workspace itself."""
    row = tx.one(f"SELECT {_COLUMNS} FROM holds h WHERE {_VALID} AND h.kind = 'workspace'")
    return None if row is None else Hold(Kind(row[0]), *row[1:])


def check_not_whole(tx: Tx) -> None:
    """Raise BadState where the workspace itself is on hold."""
    found = covering_workspace(tx)
    if found is not None:
        raise found.refusal


def check(tx: Tx, kind: Kind, object_id: str = "") -> None:
    """Raise BadState, which names the hold, where a hold forbids to delete the object.

    To be called before rows of the object are locked.  No hold is placed meanwhile, until the transaction has ended."""
    if tx.dialect == "postgresql":
        tx.one("SELECT 1 FROM workspaces WHERE workspace_id = :ws FOR KEY SHARE")
    found = covering(tx, kind, object_id)
    if found:
        raise found[0].refusal


def check_workspace(tx: Tx) -> None:
    """Raise BadState where anything of the workspace is on hold."""
    found = covering(tx, Kind.WORKSPACE, "")
    if found:
        raise found[0].refusal


def place(tx: Tx, hold: Hold) -> None:
    """Place a hold, which replaces an expired one.  Raise AlreadyExists if the object has an active hold."""
    workspaces.hold_alone(tx)  # deletions that began before have ended, and later ones see the hold
    tx.run(
        """
        DELETE FROM holds WHERE workspace_id = :ws AND kind = :kind AND object_id = :id AND ends_at <= :now
        """,
        kind=hold.kind,
        id=hold.id,
    )
    made = tx.run(
        """
        INSERT INTO holds (workspace_id, kind, object_id, reason, placed_by, placed_at, ends_at)
        VALUES (:ws, :kind, :id, :reason, :by, :at, :ends) ON CONFLICT DO NOTHING
        """,
        kind=hold.kind,
        id=hold.id,
        reason=hold.reason,
        by=hold.placed_by,
        at=hold.placed_at,
        ends=hold.ends_at,
    )
    if not made:
        raise AlreadyExists(f"The {hold.title} is on legal hold already. Remove that hold first.").because(
            "held-already"
        )
    tx.record(Change("hold", _key(hold.kind, hold.id), "place", json.encode({"reason": hold.reason}).decode()))


def remove(tx: Tx, kind: Kind, object_id: str) -> None:
    gone = tx.run(
        "DELETE FROM holds WHERE workspace_id = :ws AND kind = :kind AND object_id = :id", kind=kind, id=object_id
    )
    if not gone:
        raise NotFound(f"The {kind.replace('_', ' ')} {object_id} has no legal hold of its own.")
    tx.record(Change("hold", _key(kind, object_id), "remove"))


def rename_experiment(tx: Tx, experiment_id: str, new_id: str) -> None:
    """The hold of an experiment follows a new id."""
    tx.run(
        "UPDATE holds SET object_id = :new WHERE workspace_id = :ws AND kind = 'experiment' AND object_id = :id",
        id=experiment_id,
        new=new_id,
    )


def rename_model(tx: Tx, name: str, new_name: str) -> None:
    """The holds of a registered model and of its versions follow a new name."""
    tx.run(
        """
        UPDATE holds SET object_id = :new WHERE workspace_id = :ws AND kind = 'registered_model' AND object_id = :name
        """,
        name=name,
        new=new_name,
    )
    for hold in all_of(tx, Kind.VERSION):
        model, _, version = hold.id.rpartition("/")
        if model == name:
            tx.run(
                """
                UPDATE holds SET object_id = :new WHERE workspace_id = :ws AND kind = 'model_version' AND object_id = :id
                """,
                id=hold.id,
                new=f"{new_name}/{version}",
            )


def _key(kind: Kind, object_id: str) -> str:
    return f"{kind}/{object_id}".rstrip("/")
