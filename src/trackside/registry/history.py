"""The history of models: changes of names, versions, stages and aliases, and the state at a time.  Append-only.

The history of a deleted model is kept.  It can be found by every name that the model had, and a name has the history of all
models that had it.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType

from trackside.core.db.tx import Row, Tx
from trackside.core.http.codec import Answer


class Kind(StrEnum):
    MODEL = "model"  # before, after: its name
    VERSION = "version"  # before, after: its stage
    STAGE = "stage"  # before, after: the stage of a version
    ALIAS = "alias"  # before, after: the version that an alias names


class Event(Answer, frozen=True):
    """A change.  `before` and `after` are names, stages or version numbers, depending on `kind`; absent if there was or is none.

    `user` is the name that the caller claimed (header X-Trackside-User), unverified; empty if they gave none."""

    id: str
    time: int  # ms
    kind: str
    name: str
    user: str
    version: str | UnsetType = UNSET
    alias: str | UnsetType = UNSET
    before: str | UnsetType = UNSET
    after: str | UnsetType = UNSET
    comment: str | UnsetType = UNSET
    request_id: str | UnsetType = UNSET


class StagesEvent(Answer, frozen=True):
    """A change of the stages of the workspace, with the stages before and after it as text."""

    id: str
    time: int  # ms
    user: str
    before: str
    after: str


class Reason(Struct, frozen=True):
    """Why a stage was changed."""

    comment: str = ""
    request_id: int | None = None


class Held(Answer, frozen=True):
    """A version that was in a stage or that an alias named, and since when."""

    version: str
    since: int  # ms
    user: str


_COLUMNS = """history_seq, name, kind, version, alias, before_value, after_value, changed_at, user_name, comment,
    request_id"""


def add(
    tx: Tx,
    model_seq: int,
    name: str,
    kind: Kind,
    *,
    before: str | int | None,
    after: str | int | None,
    version: int | None = None,
    alias: str | None = None,
    reason: Reason | None = None,
    uid: str | None = None,
) -> None:
    """Add an entry.  `uid`: of a version that is created or deleted, or of a model that is deleted."""
    tx.run(
        """
        INSERT INTO model_history (workspace_id, model_seq, name, kind, version, alias, before_value, after_value,
            changed_at, user_name, comment, request_id, uid)
        VALUES (:ws, :model, :name, :kind, :version, :alias, :before, :after, :at, :user, :comment, :request, :uid)
        """,
        model=model_seq,
        at=_moment(tx, model_seq, name if kind is Kind.MODEL else ""),
        name=name,
        kind=kind,
        version=version,
        alias=alias,
        before=None if before is None else str(before),
        after=None if after is None else str(after),
        user=tx.user,
        comment="" if reason is None else reason.comment,
        request=None if reason is None else reason.request_id,
        uid=uid,
    )


def add_stages(tx: Tx, before: str, after: str) -> None:
    """Add an entry for a change of the workspace's stages, which belongs to no model."""
    tx.run(
        """
        INSERT INTO model_history (workspace_id, model_seq, name, kind, before_value, after_value, changed_at, user_name,
            comment)
        VALUES (:ws, 0, '', 'stages', :before, :after, :at, :user, '')
        """,
        before=before,
        after=after,
        at=_moment(tx, 0, ""),
        user=tx.user,
    )


def stages(tx: Tx, *, limit: int, after: int = 0) -> list[StagesEvent]:
    """Return changes of the stages, the newest first; `after` is the id of the last one of the previous page, 0 for the first
    page."""
    rows = tx.all(
        """
        SELECT history_seq, changed_at, user_name, before_value, after_value FROM model_history
        WHERE workspace_id = :ws AND model_seq = 0 AND (:after = 0 OR history_seq < :after)
        ORDER BY history_seq DESC LIMIT :limit
        """,
        after=after,
        limit=limit,
    )
    return [
        StagesEvent(id=str(seq), time=time, user=user, before=before, after=after)
        for seq, time, user, before, after in rows
    ]


def has_ended(tx: Tx, kind: Kind, uid: str) -> bool:
    """Return whether a model or version with this uid was deleted, as far as the uid was recorded with its deletion."""
    row = tx.one(
        """
        SELECT 1 FROM model_history
        WHERE workspace_id = :ws AND uid = :uid AND uid <> '' AND kind = :kind AND after_value IS NULL LIMIT 1
        """,
        uid=uid,
        kind=str(kind),
    )
    return row is not None


def end(tx: Tx, model_seq: int, name: str, uid: str) -> None:
    """Add the entries of a model that is deleted with its versions and aliases, whose rows still exist."""
    at = _moment(tx, model_seq, name)
    tx.run(
        """
        INSERT INTO model_history (workspace_id, model_seq, name, kind, version, alias, before_value, changed_at, user_name,
            comment)
        SELECT :ws, model_seq, :name, 'alias', version, alias, CAST(version AS TEXT), :at, :user, ''
        FROM registered_model_aliases WHERE workspace_id = :ws AND model_seq = :model ORDER BY alias
        """,
        model=model_seq,
        name=name,
        at=at,
        user=tx.user,
    )
    tx.run(
        """
        INSERT INTO model_history (workspace_id, model_seq, name, kind, version, before_value, changed_at, user_name,
            comment, uid)
        SELECT :ws, model_seq, :name, 'version', version, current_stage, :at, :user, '', uid
        FROM model_versions WHERE workspace_id = :ws AND model_seq = :model ORDER BY version
        """,
        model=model_seq,
        name=name,
        at=at,
        user=tx.user,
    )
    add(tx, model_seq, name, Kind.MODEL, before=name, after=None, uid=uid)


def models_with_name(tx: Tx, name: str) -> list[int]:
    """Return the models that have or had the name, the first one first."""
    rows = tx.all(
        "SELECT DISTINCT model_seq FROM model_history WHERE workspace_id = :ws AND name = :name ORDER BY model_seq",
        name=name,
    )
    return [seq for (seq,) in rows]


def page(
    tx: Tx,
    models: Sequence[int],
    *,
    name: str,
    current: int | None,
    kinds: Sequence[str],
    limit: int,
    after: int = 0,
    version: int | None = None,
    alias: str | None = None,
) -> list[Event]:
    """Return the changes of `models` under this name, and all changes of the model that has it now (`current`), the newest first.

    `after` is the id of the last one of the previous page, 0 for the first page."""
    rows = tx.all(
        f"""
        SELECT {_COLUMNS} FROM model_history
        WHERE workspace_id = :ws AND model_seq IN :models AND kind IN :kinds
            AND (model_seq = :current OR name = :name OR (kind = 'model' AND before_value = :name))
            AND (:after = 0 OR history_seq < :after) AND (:version = 0 OR version = :version)
            AND (:alias = '' OR alias = :alias)
        ORDER BY history_seq DESC LIMIT :limit
        """,
        models=list(models),
        name=name,
        current=current or 0,
        kinds=list(kinds),
        after=after,
        version=version or 0,
        alias=alias or "",
        limit=limit,
    )
    return [_event(row) for row in rows]


def model_with_name_at(tx: Tx, name: str, time_ms: int) -> int | None:
    """Return the model that had the name at that time."""
    rows = tx.all(
        """
        SELECT model_seq, before_value, after_value FROM model_history
        WHERE workspace_id = :ws AND kind = 'model' AND changed_at <= :time
            AND model_seq IN (SELECT model_seq FROM model_history WHERE workspace_id = :ws AND name = :name)
        ORDER BY history_seq
        """,
        name=name,
        time=time_ms,
    )
    return _bearer(rows, name)


def model_with_name_when_created(tx: Tx, name: str, model_seq: int, version: int) -> int | None:
    """Return the model that had the name when this version, of any model, was created."""
    rows = tx.all(
        """
        SELECT model_seq, before_value, after_value FROM model_history
        WHERE workspace_id = :ws AND kind = 'model'
            AND model_seq IN (SELECT model_seq FROM model_history WHERE workspace_id = :ws AND name = :name)
            AND history_seq < (
                SELECT MAX(history_seq) FROM model_history
                WHERE workspace_id = :ws AND model_seq = :model AND version = :version AND kind = 'version'
                    AND before_value IS NULL
            )
        ORDER BY history_seq
        """,
        name=name,
        model=model_seq,
        version=version,
    )
    return _bearer(rows, name)


def _bearer(renames: Iterable[Row], name: str) -> int | None:
    bearer = None
    for model_seq, before, after in renames:
        if after == name:
            bearer = model_seq
        elif before == name and bearer == model_seq:
            bearer = None
    return bearer


def stage_at(tx: Tx, model_seq: int, stage: str, time_ms: int) -> list[Held]:
    """Return the versions that were in the stage at that time, the highest first."""
    rows = tx.all(
        """
        SELECT version, after_value, changed_at, user_name FROM model_history
        WHERE workspace_id = :ws AND model_seq = :model AND kind IN ('version', 'stage') AND changed_at <= :time
        ORDER BY history_seq
        """,
        model=model_seq,
        time=time_ms,
    )
    return in_stage(rows, stage)


def were_in(tx: Tx, models: Sequence[int], stage: str) -> bool:
    """Return whether any of these versions was ever in the stage."""
    row = tx.one(
        """
        SELECT 1 FROM model_history
        WHERE workspace_id = :ws AND model_seq IN :models AND kind IN ('version', 'stage') AND after_value = :stage LIMIT 1
        """,
        models=list(models),
        stage=stage,
    )
    return row is not None


def in_stage(events: Iterable[Row], stage: str) -> list[Held]:
    """Return the versions in the stage, from rows (version, its stage from then on or None, time, user) in order."""
    held: dict[int, Held] = {}
    for version, after, time, user in events:
        if after == stage:
            held.setdefault(version, Held(version=str(version), since=time, user=user))
        else:
            held.pop(version, None)
    return [held[version] for version in sorted(held, reverse=True)]


def newest_at(tx: Tx, model_seq: int, time_ms: int) -> Held | None:
    """Return the highest version that existed at that time, which `latest` names."""
    rows = tx.all(
        """
        SELECT version, after_value, changed_at, user_name FROM model_history
        WHERE workspace_id = :ws AND model_seq = :model AND kind = 'version' AND changed_at <= :time ORDER BY history_seq
        """,
        model=model_seq,
        time=time_ms,
    )
    return newest(rows)


def newest(events: Iterable[Row]) -> Held | None:
    """Return the highest version, from rows (version, whether it exists from then on or None, time, user) in order."""
    there: set[int] = set()
    highest: Held | None = None
    for version, after, time, user in events:
        if after is None:
            there.discard(version)
        else:
            there.add(version)
        now = str(max(there)) if there else None
        if now is None:
            highest = None
        elif highest is None or now != highest.version:
            highest = Held(version=now, since=time, user=user)
    return highest


def alias_at(tx: Tx, model_seq: int, alias: str, time_ms: int) -> Held | None:
    """Return the version that the alias named at that time."""
    row = tx.one(
        """
        SELECT after_value, changed_at, user_name FROM model_history
        WHERE workspace_id = :ws AND model_seq = :model AND kind = 'alias' AND alias = :alias AND changed_at <= :time
        ORDER BY history_seq DESC LIMIT 1
        """,
        model=model_seq,
        alias=alias,
        time=time_ms,
    )
    return None if row is None or row[0] is None else Held(version=row[0], since=row[1], user=row[2])


def _moment(tx: Tx, model_seq: int, name: str) -> int:
    """Return the time now, but not earlier than the last change of the model or the name.

    On PostgreSQL a writer reads the clock and may then wait for another writer that read it later."""
    row = tx.one(
        """
        SELECT MAX(changed_at) FROM (
            SELECT changed_at FROM (
                SELECT changed_at FROM model_history WHERE workspace_id = :ws AND model_seq = :model
                ORDER BY history_seq DESC LIMIT 1
            ) l
            UNION ALL SELECT changed_at FROM model_history WHERE workspace_id = :ws AND name = :name AND kind = 'model'
        ) m
        """,
        model=model_seq,
        name=name,
    )
    return max(tx.now, (row and row[0]) or 0)


def _event(row: Row) -> Event:
    seq, name, kind, version, alias, before, after, time, user, comment, request_id = row
    return Event(
        id=str(seq),
        time=time,
        kind=kind,
        name=name,
        user=user,
        version=UNSET if version is None else str(version),
        alias=UNSET if alias is None else alias,
        before=UNSET if before is None else before,
        after=UNSET if after is None else after,
        comment=comment or UNSET,
        request_id=UNSET if request_id is None else str(request_id),
    )
