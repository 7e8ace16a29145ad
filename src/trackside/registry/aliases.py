"""Aliases of versions in SQL."""

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid, NotFound
from trackside.registry import history, models, versions
from trackside.registry.history import Kind
from trackside.registry.model import (
    LATEST,
    ModelVersion,
    check_alias,
    check_name,
    check_new_alias,
    check_version,
    version_not_found,
)


class Named(Struct, frozen=True):
    alias: str
    version: int


def put(tx: Tx, name: str, alias: str, version: str) -> None:
    """Set an alias, or move it from another version."""
    check_name(name)
    check_new_alias(alias)
    number = check_version(version)
    key = models.find_locked(tx, name)
    if key is None or not versions.exists(tx, key.model_seq, number):
        raise version_not_found(name, version)
    before = find(tx, key.model_seq, alias)
    tx.run(
        """
        INSERT INTO registered_model_aliases (workspace_id, model_seq, alias, version)
        VALUES (:ws, :model, :alias, :version)
        ON CONFLICT (model_seq, alias) DO UPDATE SET version = excluded.version
        """,
        model=key.model_seq,
        alias=alias,
        version=number,
    )
    if before != number:
        history.add(tx, key.model_seq, name, Kind.ALIAS, before=before, after=number, version=number, alias=alias)
    models.record(tx, key, "set-alias", alias=alias, version=str(number), is_prompt=key.is_prompt)


def delete(tx: Tx, name: str, alias: str) -> None:
    """Delete an alias, if it exists."""
    check_alias(alias)
    key = models.lock(tx, name)
    before = find(tx, key.model_seq, alias)
    if before is None:
        return
    tx.run(
        "DELETE FROM registered_model_aliases WHERE workspace_id = :ws AND model_seq = :model AND alias = :alias",
        model=key.model_seq,
        alias=alias,
    )
    history.add(tx, key.model_seq, name, Kind.ALIAS, before=before, after=None, version=before, alias=alias)
    models.record(tx, key, "delete-alias", alias=alias, version=str(before), is_prompt=key.is_prompt)


def get(tx: Tx, name: str, alias: str) -> ModelVersion:
    """Return the version that an alias names.  `latest`, in upper or lower case, is the highest version."""
    check_alias(alias)
    key = models.key_of(tx, name)
    if alias.lower() == LATEST:
        newest = versions.newest(tx, key.model_seq)
        if newest is None:
            raise NotFound(f"Latest version not found for model {name}.")
        return versions.get(tx, name, str(newest))
    version = find(tx, key.model_seq, alias)
    if version is None:
        raise Invalid(f"Registered model alias {alias} not found.")
    return versions.get(tx, name, str(version))


def find(tx: Tx, model_seq: int, alias: str) -> int | None:
    row = tx.one(
        """
        SELECT version FROM registered_model_aliases
        WHERE workspace_id = :ws AND model_seq = :model AND alias = :alias
        """,
        model=model_seq,
        alias=alias,
    )
    return None if row is None else row[0]


def of(tx: Tx, model_seq: int, version: int | None = None) -> list[Named]:
    """Return the aliases of a model, or of one of its versions."""
    rows = tx.all(
        """
        SELECT alias, version FROM registered_model_aliases
        WHERE workspace_id = :ws AND model_seq = :model AND (:version = 0 OR version = :version) ORDER BY alias
        """,
        model=model_seq,
        version=version or 0,
    )
    return [Named(*row) for row in rows]
