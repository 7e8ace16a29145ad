"""Users of model versions, such as endpoints.  A version with a row in this table cannot be deleted."""

from collections.abc import Iterable

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.core.errors import BadState
from trackside.registry.model import version_not_found


class Use(Struct, frozen=True):
    """A use of a version.  `kind` is the kind of the user: `endpoint`, `job`."""

    kind: str
    user_name: str
    version: int


def put(tx: Tx, kind: str, user_name: str, versions: Iterable[tuple[str, int]]) -> None:
    """Replace the versions (model name, version) that the user needs."""
    wanted = sorted(set(versions))
    # A deletion of a version also locks its model's row, so one of the two transactions sees the other's writes.
    tx.all(
        "SELECT 1 FROM registered_models WHERE workspace_id = :ws AND name IN :names ORDER BY name FOR UPDATE",
        names=sorted({name for name, _ in wanted}),
    )
    release(tx, kind, user_name)
    for name, version in wanted:
        added = tx.run(
            """
            INSERT INTO model_uses (workspace_id, kind, user_name, model_seq, version, used_since)
            SELECT :ws, :kind, :user, model_seq, version, :now FROM model_versions
            WHERE workspace_id = :ws AND name = :name AND version = :version
            """,
            kind=kind,
            user=user_name,
            name=name,
            version=version,
        )
        if not added:
            raise version_not_found(name, version)


def release(tx: Tx, kind: str, user_name: str) -> None:
    """Delete all rows of the user."""
    tx.run(
        "DELETE FROM model_uses WHERE workspace_id = :ws AND kind = :kind AND user_name = :user",
        kind=kind,
        user=user_name,
    )


def of(tx: Tx, model_seq: int, version: int | None = None) -> list[Use]:
    """Return the users of a version, or of all versions of a model."""
    rows = tx.all(
        """
        SELECT kind, user_name, version FROM model_uses
        WHERE workspace_id = :ws AND model_seq = :model AND (:version = 0 OR version = :version)
        ORDER BY version, kind, user_name
        """,
        model=model_seq,
        version=version or 0,
    )
    return [Use(*row) for row in rows]


def check_all_free(tx: Tx) -> None:
    """Raise BadState if any version of a workspace that is to be deleted is in use."""
    rows = tx.all(
        """
        SELECT m.name, u.version, u.kind, u.user_name FROM model_uses u
        JOIN registered_models m ON m.model_seq = u.model_seq
        WHERE u.workspace_id = :ws ORDER BY m.name, u.version, u.kind, u.user_name LIMIT 11
        """
    )
    if not rows:
        return
    users = ", ".join(f"{name}/{version} by {kind} '{user}'" for name, version, kind, user in rows[:10])
    more = " and others" if len(rows) > 10 else ""
    raise BadState(
        f"The workspace cannot be deleted, since model versions are in use: {users}{more}. Delete what uses them first."
    ).because("in-use", users=f"{users}{more}")


def check_free(tx: Tx, name: str, model_seq: int, version: int | None = None) -> None:
    found = of(tx, model_seq, version)
    if not found:
        return
    what = f"Registered Model (name={name})" if version is None else f"Model Version (name={name}, version={version})"
    users = ", ".join(f"version {use.version} by {use.kind} '{use.user_name}'" for use in found[:10])
    more = f" and {len(found) - 10} more" if len(found) > 10 else ""
    raise BadState(
        f"{what} is in use and cannot be deleted: {users}{more}. "
        "Delete what uses it, or let it use another version, first."
    ).because("in-use", users=f"{users}{more}")
