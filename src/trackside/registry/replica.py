"""Replicas of registered models and versions, read and written by uid, with the numbers and times of the other side.  `files` has
their locations.  Depends on no remote.

Writes are idempotent.  If another version has, or had, the number on this server, the replica gets the next number that was never
used.
"""

import hashlib
from collections.abc import Mapping, Sequence

from msgspec import Struct

from trackside.core import names
from trackside.core.db.tx import Tx
from trackside.core.errors import AlreadyExists, Invalid, NotFound
from trackside.registry import aliases, history, models, stages, transitions, uses, versions
from trackside.registry.files import removal, replica_files, sources
from trackside.registry.files.origins import Origin
from trackside.registry.history import Kind, Reason
from trackside.registry.model import (
    MAX_VERSION,
    check_model_tag,
    check_name,
    check_new_alias,
    check_version_tag,
    marks_prompt,
)
from trackside.workspaces import store as workspaces


class Model(Struct, frozen=True):
    """`aliases` name versions by uid."""

    uid: str
    name: str
    description: str
    created: int  # ms
    updated: int  # ms
    last_version: int
    tags: dict[str, str]
    aliases: dict[str, str]


class Version(Struct, frozen=True):
    """`origin` is the location of the files if they belong to a run or logged model: `run/ID/PATH` or `model/ID/PATH`."""

    uid: str
    model_uid: str
    number: int
    created: int  # ms
    updated: int  # ms
    user: str  # who made it
    description: str | None
    stage: str
    source: str
    origin: str
    run_id: str
    run_link: str
    model_id: str
    tags: dict[str, str]


class ModelPatch(Struct, frozen=True, kw_only=True):
    """Changes of a model.  Values that are None or absent stay unchanged."""

    name: str | None = None
    description: str | None = None
    updated: int | None = None
    last_version: int | None = None
    tags: Mapping[str, str] = {}
    aliases: Mapping[str, str] = {}
    without_tags: Sequence[str] = ()
    without_aliases: Sequence[str] = ()


class VersionPatch(Struct, frozen=True, kw_only=True):
    description: str | None = None
    no_description: bool = False
    stage: str | None = None
    updated: int | None = None
    tags: Mapping[str, str] = {}
    without_tags: Sequence[str] = ()


class ImmutableFields(Struct, frozen=True, kw_only=True):
    """The immutable values of a version.  `copied`: its files are in a separate folder."""

    number: int
    created: int  # ms
    user: str = ""
    source: str = ""
    origin: str = ""
    run_id: str = ""
    run_link: str = ""
    model_id: str = ""
    copied: bool = False


def derived_uid(*said: object) -> str:
    """Return a deterministic uid for an item of a source without uids: equal on all servers and in all imports."""
    return hashlib.sha256("\0".join(str(each) for each in said).encode()).hexdigest()[:32]


def find_model(tx: Tx, uid: str) -> Model | None:
    row = tx.one(
        """
        SELECT model_seq, name, description, creation_time, last_updated_time, last_version FROM registered_models
        WHERE workspace_id = :ws AND uid = :uid AND uid <> ''
        """,
        uid=uid,
    )
    if row is None:
        return None
    seq, name, description, created, updated, last = row
    tags = tx.all(
        "SELECT key, value FROM registered_model_tags WHERE workspace_id = :ws AND model_seq = :model", model=seq
    )
    named = tx.all(
        """
        SELECT a.alias, v.uid FROM registered_model_aliases a
        JOIN model_versions v ON v.model_seq = a.model_seq AND v.version = a.version
        WHERE a.workspace_id = :ws AND a.model_seq = :model
        """,
        model=seq,
    )
    return Model(uid, name, description, created, updated, last, dict(tags), dict(named))


def brought_at(tx: Tx, uid: str) -> int | None:
    """Return when a version was replicated to this server, in ms; None if it was created here."""
    row = tx.one(
        """
        SELECT v.creation_time, MAX(h.changed_at) FROM model_versions v
        JOIN model_history h ON h.workspace_id = :ws AND h.model_seq = v.model_seq AND h.version = v.version
            AND h.kind = 'version' AND h.before_value IS NULL
        WHERE v.workspace_id = :ws AND v.uid = :uid AND v.uid <> '' GROUP BY v.version_seq, v.creation_time
        """,
        uid=uid,
    )
    return None if row is None or row[0] == row[1] else int(row[1])


def find_version(tx: Tx, uid: str) -> Version | None:
    row = tx.one(
        """
        SELECT v.version_seq, v.model_seq, m.uid, v.version, v.creation_time, v.last_updated_time, v.description,
            v.current_stage, v.source, v.files_uri, v.run_id, v.run_link, v.model_id
        FROM model_versions v JOIN registered_models m ON m.model_seq = v.model_seq
        WHERE v.workspace_id = :ws AND v.uid = :uid AND v.uid <> ''
        """,
        uid=uid,
    )
    if row is None:
        return None
    seq, model_seq, model_uid, number, created, updated, description, stage, source, place, run_id, link, logged = row
    tags = tx.all(
        "SELECT key, value FROM model_version_tags WHERE workspace_id = :ws AND version_seq = :version", version=seq
    )
    made = tx.one(
        """
        SELECT user_name FROM model_history
        WHERE workspace_id = :ws AND model_seq = :model AND version = :version AND kind = 'version' AND before_value IS NULL
        ORDER BY history_seq DESC LIMIT 1
        """,
        model=model_seq,
        version=number,
    )
    return Version(
        uid=uid,
        model_uid=model_uid,
        number=number,
        created=created,
        updated=updated,
        user="" if made is None else made[0],
        description=description,
        stage=stage,
        source=source,
        origin="" if place is None else replica_files.origin_of(tx, place, run_id, logged),
        run_id=run_id,
        run_link=link,
        model_id=logged,
        tags=dict(tags),
    )


def uid_of_name(tx: Tx, name: str) -> str | None:
    row = tx.one("SELECT uid FROM registered_models WHERE workspace_id = :ws AND name = :name", name=name)
    return None if row is None or not row[0] else str(row[0])


def made_at(tx: Tx, created: int) -> list[str]:
    """Return the models that were created at a time (ms)."""
    rows = tx.all(
        "SELECT uid FROM registered_models WHERE workspace_id = :ws AND creation_time = :created AND uid <> ''",
        created=created,
    )
    return [uid for (uid,) in rows]


def version_uids(tx: Tx, model_uid: str) -> list[str]:
    """Return the uids in the order of the version numbers."""
    rows = tx.all(
        """
        SELECT v.uid FROM model_versions v JOIN registered_models m ON m.model_seq = v.model_seq
        WHERE +v.workspace_id = :ws AND m.workspace_id = :ws AND m.uid = :uid AND m.uid <> '' AND v.uid <> ''
        ORDER BY v.version
        """,
        uid=model_uid,
    )
    return [uid for (uid,) in rows]


def make_model(tx: Tx, uid: str, name: str, created: int | None, tags: Mapping[str, str], description: str) -> str:
    """Create a model and return its uid.  An existing one, by uid or by name, stays unchanged."""
    if find_model(tx, uid) is not None:
        return uid
    names.check_item_id(uid, "The uid of a registered model")
    workspaces.hold(tx)
    checked = dict(check_model_tag(key, value) for key, value in tags.items())
    made = tx.one(
        """
        INSERT INTO registered_models (workspace_id, uid, name, description, is_prompt, last_version, creation_time,
            last_updated_time)
        VALUES (:ws, :uid, :name, :description, :is_prompt, 0, COALESCE(:created, :now), COALESCE(:created, :now))
        ON CONFLICT DO NOTHING RETURNING model_seq
        """,
        uid=uid,
        name=check_name(name),
        description=description,
        is_prompt=int(marks_prompt(checked)),
        created=created,
    )
    if made is None:
        there = uid_of_name(tx, name)
        if there is None:
            raise AlreadyExists(f"Registered Model (name={name}) already exists.")
        return there
    for key, value in checked.items():
        models.put_tag(tx, made[0], key, value)
    history.add(tx, made[0], name, Kind.MODEL, before=None, after=name)
    model_key = models.Key(made[0], name, marks_prompt(checked), uid)
    models.record(tx, model_key, "create", tags=checked, description=description)
    return uid


def change_model(tx: Tx, uid: str, patch: ModelPatch) -> None:
    """Change a model.  Raise NotFound for an alias of a version that does not exist on this server."""
    found = find_model(tx, uid)
    if found is None:
        raise NotFound(f"Registered model with uid '{uid}' not found")
    name = found.name
    if patch.name is not None and patch.name != name:
        models.rename(tx, name, patch.name)
        name = patch.name
        if patch.updated is not None:  # a rename also changes each version
            tx.run(
                """
                UPDATE model_versions SET last_updated_time = :updated WHERE workspace_id = :ws AND name = :name
                """,
                updated=patch.updated,
                name=name,
            )
    if patch.description is not None and patch.description != found.description:
        models.update(tx, name, patch.description)
    for key, value in patch.tags.items():
        models.set_tag(tx, name, *check_model_tag(key, value))
    for key in patch.without_tags:
        models.delete_tag(tx, name, key)
    for alias, version_uid in patch.aliases.items():
        check_new_alias(alias)
        aliases.put(tx, name, alias, str(_number_of(tx, version_uid)))
    for alias in patch.without_aliases:
        aliases.delete(tx, name, alias)
    tx.run(
        """
        UPDATE registered_models SET last_updated_time = COALESCE(:updated, last_updated_time),
            last_version = CASE WHEN last_version < :last THEN :last ELSE last_version END
        WHERE workspace_id = :ws AND uid = :uid AND uid <> ''
        """,
        uid=uid,
        updated=patch.updated,
        last=min(patch.last_version or 0, MAX_VERSION),
    )


def make_version(
    tx: Tx,
    model_uid: str,
    uid: str,
    immutable: ImmutableFields,
    tags: Mapping[str, str],
    description: str | None,
    server_root: str,
) -> int:
    """Create a version and return its number.  An existing one stays unchanged."""
    there = find_version(tx, uid)
    if there is not None:
        return there.number
    names.check_item_id(uid, "The uid of a version")
    workspaces.hold(tx)
    found = find_model(tx, model_uid)
    key = None if found is None else models.find_locked(tx, found.name)
    if found is None or key is None:
        raise NotFound(f"Registered model with uid '{model_uid}' not found")
    checked = dict(check_version_tag(tag, value) for tag, value in tags.items())
    number = _free_number(tx, key.model_seq, uid, immutable.number)
    is_prompt = marks_prompt(checked)
    source, storage = _source(tx, uid, immutable, is_prompt, server_root)
    sources.check_length(source)
    files_uri = None if is_prompt else sources.place(replica_files.place(tx, immutable.origin) or storage)
    removal.check_not_being_removed(tx, files_uri)
    origin = Origin(
        source=source,
        storage_location=storage,
        files_uri=files_uri,
        run_id=immutable.run_id,
        model_id=immutable.model_id,
        has_own_folder=immutable.copied and files_uri is not None,
    )
    said = [f"made by {immutable.user}"] if immutable.user else []
    if number != immutable.number:
        said.append(f"version {immutable.number} where it comes from")
    versions.insert(
        tx,
        versions.Model(key.model_seq, key.name, key.uid),
        number,
        origin,
        uid=uid,
        tags=checked,
        run_link=immutable.run_link,
        description=description,
        created=immutable.created,
        reason=Reason(", ".join(said)),
    )
    tx.run(
        """
        UPDATE registered_models SET last_version = CASE WHEN last_version < :version THEN :version ELSE last_version END
        WHERE workspace_id = :ws AND model_seq = :model
        """,
        model=key.model_seq,
        version=number,
    )
    return number


def change_version(tx: Tx, uid: str, patch: VersionPatch) -> None:
    """Change a version.  A stage needs no approval: the other side has checked its own rules."""
    workspaces.hold(tx)  # lock the stages
    name, key = _key(tx, uid)
    if patch.no_description or patch.description is not None:
        versions.update(tx, name, str(key.version), patch.description)
    for tag, value in patch.tags.items():
        versions.set_tag(tx, name, str(key.version), *check_version_tag(tag, value))
    for tag in patch.without_tags:
        versions.delete_tag(tx, name, str(key.version), tag)
    if patch.stage is not None and patch.stage != key.stage:
        stage = stages.find(stages.of(tx), patch.stage).name
        tx.run(
            """
            UPDATE model_versions SET current_stage = :stage, last_updated_time = :now
            WHERE workspace_id = :ws AND version_seq = :version
            """,
            version=key.version_seq,
            stage=stage,
        )
        transitions.moved(tx, name, key, stage, None)
    if patch.updated is not None:
        tx.run(
            "UPDATE model_versions SET last_updated_time = :updated WHERE workspace_id = :ws AND version_seq = :version",
            version=key.version_seq,
            updated=patch.updated,
        )


def remove_version(tx: Tx, uid: str) -> None:
    """Remove a version, if it exists.  Raise BadState if it is in use."""
    if find_version(tx, uid) is None:
        return
    name, key = _key(tx, uid)
    model = tx.one(
        "SELECT last_updated_time FROM registered_models WHERE workspace_id = :ws AND model_seq = :model",
        model=key.model_seq,
    )
    versions.delete(tx, name, str(key.version))
    tx.run(
        "UPDATE registered_models SET last_updated_time = :updated WHERE workspace_id = :ws AND model_seq = :model",
        model=key.model_seq,
        updated=0 if model is None else model[0],
    )


def remove_model(tx: Tx, uid: str) -> bool:
    """Remove a model, if it exists.  Return False if the model is kept because it has versions."""
    found = find_model(tx, uid)
    if found is None:
        return True
    key = models.lock(tx, found.name)
    if versions.newest(tx, key.model_seq) is not None:
        return False
    uses.check_free(tx, found.name, key.model_seq)
    models.delete(tx, found.name)
    return True


def _key(tx: Tx, uid: str) -> tuple[str, versions.Key]:
    row = tx.one(
        "SELECT name, version FROM model_versions WHERE workspace_id = :ws AND uid = :uid AND uid <> ''", uid=uid
    )
    if row is None:
        raise NotFound(f"Model version with uid '{uid}' not found")
    return row[0], versions.locked(tx, row[0], str(row[1]))


def _number_of(tx: Tx, uid: str) -> int:
    row = tx.one("SELECT version FROM model_versions WHERE workspace_id = :ws AND uid = :uid AND uid <> ''", uid=uid)
    if row is None:
        raise NotFound(f"Model version with uid '{uid}' not found")
    return int(row[0])


def _free_number(tx: Tx, model_seq: int, uid: str, wanted: int) -> int:
    """Return `wanted`, or the next number that no version ever had."""
    if not 1 <= wanted <= MAX_VERSION:
        raise Invalid(f"The number of the version is {wanted}; it must be between 1 and {MAX_VERSION}")
    given = {
        number
        for (number,) in tx.all(
            """
            SELECT version FROM model_versions WHERE workspace_id = :ws AND model_seq = :model AND version >= :wanted
            UNION
            SELECT version FROM model_history
            WHERE workspace_id = :ws AND model_seq = :model AND kind = 'version' AND before_value IS NULL
                AND version >= :wanted AND (uid IS NULL OR uid <> :uid)
            """,
            model=model_seq,
            wanted=wanted,
            uid=uid,
        )
    }
    return next(number for number in range(wanted, MAX_VERSION) if number not in given)


def _source(tx: Tx, uid: str, immutable: ImmutableFields, is_prompt: bool, server_root: str) -> tuple[str, str]:
    """Return `source` and `storage_location`: the value that clients see, and the location that they read."""
    if is_prompt:
        sources.check_prompt(immutable.source)
        return immutable.source, immutable.source
    if immutable.copied:
        folder = replica_files.own_folder(tx, uid, server_root)
        return folder, folder
    absolute = replica_files.place(tx, immutable.origin)
    scheme = immutable.source.partition(":")[0]
    if absolute is not None and scheme not in ("runs", "models"):
        return absolute, absolute
    sources.check_elsewhere(immutable.source)
    return immutable.source, immutable.source if absolute is None or scheme == "runs" else absolute
