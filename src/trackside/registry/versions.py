"""Model versions in SQL: lifecycle, stages and tags.  `files.origins` decides where their files come from."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import uuid4

from msgspec import UNSET, Struct, structs

from trackside.artifacts.store import Root
from trackside.core.db.texts import texts
from trackside.core.db.tx import Change, Tx
from trackside.core.errors import NotFound
from trackside.core.filters import trigrams
from trackside.core.http.codec import encode
from trackside.holds import store as holds
from trackside.holds.model import Kind as Held
from trackside.registry import history, stages, uses
from trackside.registry.files.origins import Origin
from trackside.registry.history import Kind, Reason
from trackside.registry.model import (
    IS_PROMPT_TAG,
    NO_STAGE,
    TAG_HEAD,
    ModelVersion,
    Tag,
    check_name,
    check_version,
    marks_prompt,
    model_not_found,
    version_not_found,
)

CHUNK = 1000  # rows by key in one statement

COLUMNS = (
    "version_seq",
    "model_seq",
    "name",
    "version",
    "creation_time",
    "last_updated_time",
    "description",
    "current_stage",
    "source",
    "run_id",
    "run_link",
)
_COLUMNS = ", ".join(f"v.{column}" for column in COLUMNS)


class Key(Struct, frozen=True):
    """Internal keys of a version, for writes."""

    version_seq: int
    model_seq: int
    version: int
    stage: str
    is_prompt: bool
    uid: str  # its id on all sides of links
    model_uid: str


class Model(NamedTuple):
    """The model that gets a version."""

    model_seq: int
    name: str
    uid: str


def create(tx: Tx, name: str, origin: Origin, *, tags: dict[str, str], run_link: str, description: str) -> ModelVersion:
    """Create the next version of a model.

    The number is taken in the transaction that inserts the row, so it is never used twice, even after a crash."""
    model = tx.one(
        """
        UPDATE registered_models SET last_version = last_version + 1, last_updated_time = :now
        WHERE workspace_id = :ws AND name = :name RETURNING model_seq, last_version, uid
        """,
        name=check_name(name),
    )
    if model is None:
        raise model_not_found(name)
    model_seq, version, model_uid = model
    key = insert(
        tx,
        Model(model_seq, name, model_uid),
        version,
        origin,
        uid=uuid4().hex,
        tags=tags,
        run_link=run_link,
        description=description,
    )
    return load(tx, [key.version_seq], with_aliases=True)[0]


def insert(
    tx: Tx,
    model: Model,
    number: int,
    origin: Origin,
    *,
    uid: str,
    tags: dict[str, str],
    run_link: str,
    description: str | None,
    created: int | None = None,
    reason: Reason | None = None,
) -> Key:
    """Insert a version with its tags under a number that the caller has reserved, and record the change.

    `created`: in ms; None: now.  `reason` goes to the history."""
    is_prompt = marks_prompt(tags)
    made = tx.one(
        """
        INSERT INTO model_versions (workspace_id, uid, model_seq, name, version, description, current_stage, source,
            source_grams, storage_location, files_uri, has_own_folder, run_id, run_link, model_id, is_prompt,
            creation_time, last_updated_time)
        VALUES (:ws, :uid, :model, :name, :version, :description, :stage, :source, :trigrams, :storage, :files, :own, :run,
            :link, :logged_model, :is_prompt, :created, :created) RETURNING version_seq
        """,
        uid=uid,
        model=model.model_seq,
        name=model.name,
        version=number,
        description=description,
        stage=NO_STAGE,
        source=origin.source,
        trigrams=trigrams.of_text(origin.source),
        storage=origin.storage_location,
        files=origin.files_uri,
        own=int(origin.has_own_folder),
        run=origin.run_id,
        link=run_link,
        logged_model=origin.model_id,
        is_prompt=int(is_prompt),
        created=tx.now if created is None else created,
    )
    assert made is not None
    put_tags(tx, made[0], tags)
    history.add(
        tx,
        model.model_seq,
        model.name,
        Kind.VERSION,
        before=None,
        after=NO_STAGE,
        version=number,
        uid=uid,
        reason=reason,
    )
    detail = {"source": origin.source, "run_id": origin.run_id, "tags": tags, "description": description or ""}
    key = Key(made[0], model.model_seq, number, NO_STAGE, is_prompt, uid, model.uid)
    record(tx, model.name, key, "create", is_prompt=is_prompt, **detail)
    return key


def get(tx: Tx, name: str, version: str) -> ModelVersion:
    return load(tx, [key_of(tx, name, version).version_seq], with_aliases=True)[0]


def update(tx: Tx, name: str, version: str, description: str | None) -> ModelVersion:
    key = locked(tx, name, version)
    tx.run(
        """
        UPDATE model_versions SET description = :description, last_updated_time = :now
        WHERE workspace_id = :ws AND version_seq = :version
        """,
        version=key.version_seq,
        description=description,
    )
    record(tx, name, key, "update", description=description, is_prompt=key.is_prompt)
    return load(tx, [key.version_seq], with_aliases=True)[0]


def delete(tx: Tx, name: str, version: str) -> None:
    """Delete a version, but not its files.  Its number is not reused.  Raise BadState if the version is in use or on legal
    hold."""
    holds.check(tx, Held.VERSION, f"{name}/{check_version(version)}")
    key = locked(tx, name, version)
    uses.check_free(tx, name, key.model_seq, key.version)
    aliases = tx.all(
        """
        DELETE FROM registered_model_aliases WHERE workspace_id = :ws AND model_seq = :model AND version = :version
        RETURNING alias
        """,
        model=key.model_seq,
        version=key.version,
    )
    for (alias,) in aliases:
        history.add(
            tx, key.model_seq, name, Kind.ALIAS, before=key.version, after=None, version=key.version, alias=alias
        )
    tx.run(
        "DELETE FROM model_version_tags WHERE workspace_id = :ws AND version_seq = :version", version=key.version_seq
    )
    tx.run("DELETE FROM model_versions WHERE workspace_id = :ws AND version_seq = :version", version=key.version_seq)
    tx.run(
        """
        UPDATE stage_requests SET status = 'CANCELLED', decided_at = :now
        WHERE workspace_id = :ws AND model_seq = :model AND version = :version AND status = 'PENDING'
        """,
        model=key.model_seq,
        version=key.version,
    )
    touch(tx, key.model_seq)
    history.add(tx, key.model_seq, name, Kind.VERSION, before=key.stage, after=None, version=key.version, uid=key.uid)
    record(tx, name, key, "delete", is_prompt=key.is_prompt)


def delete_all(tx: Tx, name: str, model_seq: int, model_uid: str) -> None:
    """Delete the versions of a model that is deleted, with a change-log entry for each."""
    tx.run(
        """
        DELETE FROM model_version_tags WHERE workspace_id = :ws AND version_seq IN (
            SELECT version_seq FROM model_versions WHERE workspace_id = :ws AND model_seq = :model)
        """,
        model=model_seq,
    )
    gone = tx.all(
        """
        DELETE FROM model_versions WHERE workspace_id = :ws AND model_seq = :model RETURNING version, uid, is_prompt
        """,
        model=model_seq,
    )
    tx.run(
        """
        UPDATE stage_requests SET status = 'CANCELLED', decided_at = :now
        WHERE workspace_id = :ws AND model_seq = :model AND status = 'PENDING'
        """,
        model=model_seq,
    )
    tx.record_all(
        [
            _change(name, version, "delete", f"{model_uid}/{uid}", is_prompt=bool(is_prompt), with_model=True)
            for version, uid, is_prompt in sorted(gone)
        ]
    )


def set_tag(tx: Tx, name: str, version: str, tag_key: str, value: str) -> None:
    key = locked(tx, name, version)
    put_tags(tx, key.version_seq, {tag_key: value})
    if tag_key == IS_PROMPT_TAG:
        _set_prompt(tx, key.version_seq, is_prompt=marks_prompt({tag_key: value}))
    record(tx, name, key, "set-tag", key=tag_key, value=value, is_prompt=key.is_prompt)


def delete_tag(tx: Tx, name: str, version: str, tag_key: str) -> None:
    """Delete a tag, if it exists."""
    holds.check(tx, Held.VERSION, f"{name}/{check_version(version)}")
    key = locked(tx, name, version)
    gone = tx.run(
        "DELETE FROM model_version_tags WHERE workspace_id = :ws AND version_seq = :version AND key = :key",
        version=key.version_seq,
        key=tag_key,
    )
    if tag_key == IS_PROMPT_TAG:
        _set_prompt(tx, key.version_seq, is_prompt=False)
    if gone:
        record(tx, name, key, "delete-tag", key=tag_key, is_prompt=key.is_prompt)


def latest(tx: Tx, model_seqs: Sequence[int]) -> dict[int, list[ModelVersion]]:
    """Return the highest version of each stage, without aliases, by model."""
    rows = tx.all(
        f"""
        SELECT {_COLUMNS} FROM model_versions v JOIN (
            SELECT model_seq, MAX(version) AS version FROM model_versions
            WHERE +workspace_id = :ws AND model_seq IN :models GROUP BY model_seq, current_stage
        ) l ON l.model_seq = v.model_seq AND l.version = v.version
        WHERE +v.workspace_id = :ws ORDER BY v.model_seq, v.version
        """,
        models=list(model_seqs),
    )
    found: dict[int, list[ModelVersion]] = {}
    for row, version in zip(rows, of_rows(tx, rows), strict=True):
        found.setdefault(row[1], []).append(version)
    return found


def latest_in(tx: Tx, name: str, wanted: Sequence[str]) -> list[ModelVersion]:
    """Return the highest version of each of these stages, or of all stages if none is given."""
    row = tx.one(
        "SELECT model_seq FROM registered_models WHERE workspace_id = :ws AND name = :name", name=check_name(name)
    )
    if row is None:
        raise model_not_found(name)
    known = stages.of(tx)
    names = [stages.find(known, stage).name for stage in wanted] or [stage.name for stage in known]
    seqs = tx.all(
        """
        SELECT version_seq FROM model_versions WHERE workspace_id = :ws AND model_seq = :model AND version IN (
            SELECT MAX(version) FROM model_versions
            WHERE workspace_id = :ws AND model_seq = :model AND current_stage IN :stages GROUP BY current_stage)
        ORDER BY version
        """,
        model=row[0],
        stages=names,
    )
    return load(tx, [seq for (seq,) in seqs], with_aliases=True)


def newest(tx: Tx, model_seq: int) -> int | None:
    row = tx.one(
        "SELECT MAX(version) FROM model_versions WHERE workspace_id = :ws AND model_seq = :model", model=model_seq
    )
    return None if row is None else row[0]


def exists(tx: Tx, model_seq: int, version: int) -> bool:
    return (
        tx.one(
            "SELECT 1 FROM model_versions WHERE workspace_id = :ws AND model_seq = :model AND version = :version",
            model=model_seq,
            version=version,
        )
        is not None
    )


def key_of(tx: Tx, name: str, version: str) -> Key:
    check_name(name)
    row = tx.one(
        """
        SELECT version_seq, model_seq, version, current_stage, is_prompt, uid FROM model_versions
        WHERE workspace_id = :ws AND name = :name AND version = :version
        """,
        name=name,
        version=check_version(version),
    )
    if row is None:
        raise version_not_found(name, version)
    version_seq, model_seq, number, stage, is_prompt, uid = row
    return Key(version_seq, model_seq, number, stage, bool(is_prompt), uid, "")


def download_uri(tx: Tx, name: str, version: str) -> str:
    key = key_of(tx, name, version)
    row = tx.one(
        "SELECT storage_location FROM model_versions WHERE workspace_id = :ws AND version_seq = :version",
        version=key.version_seq,
    )
    assert row is not None
    uri: str = row[0]
    return uri


def root_of(tx: Tx, name: str, version: str) -> Root:
    """Return the location of a version's files, for the server to open."""
    key = key_of(tx, name, version)
    row = tx.one(
        """
        SELECT v.storage_location, v.files_uri, w.default_artifact_root
        FROM model_versions v JOIN workspaces w ON w.workspace_id = v.workspace_id
        WHERE v.workspace_id = :ws AND v.version_seq = :version
        """,
        version=key.version_seq,
    )
    if row is None or row[1] is None:
        raise NotFound(f"The server does not know where the files of version {key.version} of '{name}' are")
    return Root(uri=row[1] if row[0].startswith("runs:") else row[0], workspace_root=row[2])


def load(tx: Tx, version_seqs: Sequence[int], *, with_aliases: bool = False) -> list[ModelVersion]:
    """Return versions in the order of `version_seqs`."""
    found: dict[int, ModelVersion] = {}
    for start in range(0, len(version_seqs), CHUNK):
        part = list(version_seqs[start : start + CHUNK])
        rows = tx.all(
            f"SELECT {_COLUMNS} FROM model_versions v WHERE +v.workspace_id = :ws AND v.version_seq IN :versions",
            versions=part,
        )
        tags = _tags(tx, part)
        aliases = _aliases(tx, part) if with_aliases else {}
        for row in rows:
            found[row[0]] = _version(row, tags.get(row[0], []), aliases.get(row[0], []))
    return [found[seq] for seq in version_seqs if seq in found]


def of_rows(tx: Tx, rows: Sequence[Sequence[Any]]) -> list[ModelVersion]:
    """Return versions, without aliases, from rows that begin with COLUMNS."""
    tags = _tags(tx, [row[0] for row in rows])
    return [_version(row, tags.get(row[0], []), []) for row in rows]


def locked(tx: Tx, name: str, version: str) -> Key:
    """Return the version and lock its model's row, so that writes to one model are serialized."""
    check_name(name)
    check_version(version)
    model = tx.one(
        """
        UPDATE registered_models SET last_version = last_version WHERE workspace_id = :ws AND name = :name RETURNING uid
        """,
        name=name,
    )
    return structs.replace(key_of(tx, name, version), model_uid="" if model is None else model[0])


def touch(tx: Tx, model_seq: int) -> None:
    tx.run(
        "UPDATE registered_models SET last_updated_time = :now WHERE workspace_id = :ws AND model_seq = :model",
        model=model_seq,
    )


def put_tags(tx: Tx, version_seq: int, tags: dict[str, str]) -> None:
    tx.many(
        """
        INSERT INTO model_version_tags (workspace_id, version_seq, key, value, value_head, value_grams)
        VALUES (:ws, :version, :key, :value, :head, :trigrams)
        ON CONFLICT (version_seq, key) DO UPDATE
        SET value = excluded.value, value_head = excluded.value_head, value_grams = excluded.value_grams
        """,
        [
            {"key": key, "value": value, "head": value[:TAG_HEAD], "trigrams": trigrams.of_text(value)}
            for key, value in tags.items()
        ],
        version=version_seq,
    )


def _set_prompt(tx: Tx, version_seq: int, *, is_prompt: bool) -> None:
    tx.run(
        "UPDATE model_versions SET is_prompt = :is_prompt WHERE workspace_id = :ws AND version_seq = :version",
        version=version_seq,
        is_prompt=int(is_prompt),
    )


def record(tx: Tx, name: str, key: Key, action: str, /, **detail: Any) -> None:
    """Record a change of a version.  `key` comes from `locked`."""
    tx.record(_change(name, key.version, action, f"{key.model_uid}/{key.uid}", **detail))


def _change(name: str, version: int, action: str, uid: str, /, **detail: Any) -> Change:
    kept = {what: value for what, value in detail.items() if value is not False}
    return Change("model_version", f"{name}/{version}", action, encode({"uid": uid, **kept}).decode())


def _tags(tx: Tx, version_seqs: Sequence[int]) -> dict[int, list[Tag]]:
    found: dict[int, list[Tag]] = {}
    for start in range(0, len(version_seqs), CHUNK):
        rows = texts(
            tx,
            """
            SELECT version_seq AS seq, key, value FROM model_version_tags WHERE +workspace_id = :ws AND version_seq IN :versions
            ORDER BY version_seq, key
            """,
            versions=list(version_seqs[start : start + CHUNK]),
        )
        for seq, key, value in rows:
            found.setdefault(seq, []).append(Tag(key=key, value=value))
    return found


def _aliases(tx: Tx, version_seqs: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for seq, alias in tx.all(
        """
        SELECT v.version_seq, a.alias FROM model_versions v
        JOIN registered_model_aliases a ON a.model_seq = v.model_seq AND a.version = v.version
        WHERE +v.workspace_id = :ws AND v.version_seq IN :versions ORDER BY v.version_seq, a.alias
        """,
        versions=list(version_seqs),
    ):
        found.setdefault(seq, []).append(alias)
    return found


def _version(row: Sequence[Any], tags: list[Tag], aliases: list[str]) -> ModelVersion:
    _, _, name, version, created, updated, description, stage, source, run_id, run_link = row[: len(COLUMNS)]
    return ModelVersion(
        name=name,
        version=str(version),
        creation_timestamp=created,
        last_updated_timestamp=updated,
        current_stage=stage,
        source=source,
        run_id=run_id,
        status="READY",
        run_link=run_link,
        description=UNSET if description is None else description,
        tags=tags,
        aliases=aliases,
    )
