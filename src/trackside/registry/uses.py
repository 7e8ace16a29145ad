"""Who needs a model version, such as an endpoint that serves it.  Knows the table that such users fill; while a row of
theirs stands, nobody can delete the version."""

from collections.abc import Iterable

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.core.errors import BadState, NotFound


class Use(Struct, frozen=True):
    """`kind` is the user's: `endpoint`, `job`."""

    kind: str
    user_name: str
    version: int


def put(tx: Tx, kind: str, user_name: str, versions: Iterable[tuple[str, int]]) -> None:
    """These (model name, version) are what the user needs from now on, and no others."""
    release(tx, kind, user_name)
    for name, version in versions:
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
            raise NotFound(f"Model Version (name={name}, version={version}) not found")


def release(tx: Tx, kind: str, user_name: str) -> None:
    """The user needs nothing any more."""
    tx.run(
        "DELETE FROM model_uses WHERE workspace_id = :ws AND kind = :kind AND user_name = :user",
        kind=kind,
        user=user_name,
    )


def of(tx: Tx, model_seq: int, version: int | None = None) -> list[Use]:
    """The users of a version, or of all versions of a model."""
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
    )
