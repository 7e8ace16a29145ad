"""Local registered models and versions as documents, and writes from documents.

A registered model is identified by its uid, a version by `MODEL/VERSION`, the uids of both.  The model's uid may differ on the
two sides, if both had a model of that name before they were linked; the version's is the same everywhere.
"""

from collections.abc import Iterable

import msgspec

from trackside.artifacts.store import Root
from trackside.core.db.tx import Tx
from trackside.core.errors import NotFound
from trackside.events.entries import Entry
from trackside.registry import history, replica
from trackside.registry.files import replica_files
from trackside.registry.replica import ImmutableFields, Model, ModelPatch, Version, VersionPatch
from trackside.sync import fields
from trackside.sync.document import Doc, Patch, of_kind
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local.files import ArtifactRoot
from trackside.sync.local.reader import OWN_TAGS, Snapshot
from trackside.sync.validation import whole_number
from trackside.workspaces import store as workspaces

# Immutable values of a version, which are sent at its creation and not compared.
BIRTH = frozenset(
    {
        *(FieldKind.NUMBER, FieldKind.CREATED, FieldKind.USER, FieldKind.SOURCE, FieldKind.ORIGIN),
        *(FieldKind.RUN_ID, FieldKind.RUN_LINK, FieldKind.MODEL_ID, FieldKind.COPIED),
    }
)
AT_BIRTH = BIRTH | {FieldKind.DESCRIPTION, FieldKind.TAG}


def read(tx: Tx, entity: Entity, item_id: str) -> Snapshot | None:
    if entity is Entity.REGISTERED_MODEL:
        model = replica.find_model(tx, item_id)
        return None if model is None else Snapshot(item_id, "", of_model(tx, model))
    version = replica.find_version(tx, uid_of(item_id))
    return (
        None
        if version is None
        else Snapshot(id_of(version.model_uid, version.uid), version.model_uid, of_version(version))
    )


def of_model(tx: Tx, model: Model) -> Doc:
    doc: Doc = {
        fields.NAME: model.name,
        fields.DESCRIPTION: model.description,
        fields.CREATED: str(model.created),
        fields.UPDATED: str(model.updated),
        fields.LAST_VERSION: str(model.last_version),
    }
    for key, value in model.tags.items():
        if key not in OWN_TAGS:
            doc[Field(FieldKind.TAG, key)] = value
    for alias, uid in model.aliases.items():
        doc[Field(FieldKind.ALIAS, alias)] = alias_value(tx, uid)
    return doc


def of_version(version: Version) -> Doc:
    doc: Doc = {
        fields.NUMBER: str(version.number),
        fields.CREATED: str(version.created),
        fields.UPDATED: str(version.updated),
        fields.USER: version.user,
        fields.STAGE: version.stage,
        fields.SOURCE: version.source,
        fields.ORIGIN: version.origin,
        fields.RUN_ID: version.run_id,
        fields.RUN_LINK: version.run_link,
        fields.MODEL_ID: version.model_id,
    }
    if version.description is not None:
        doc[fields.DESCRIPTION] = version.description
    for key, value in version.tags.items():
        if key not in OWN_TAGS:
            doc[Field(FieldKind.TAG, key)] = value
    return doc


def put(tx: Tx, entity: Entity, item_id: str, patch: Patch, server_root: str) -> str:
    """Create or change the item; return its local id."""
    if entity is Entity.REGISTERED_MODEL:
        return _put_model(tx, item_id, patch)
    return _put_version(tx, item_id, patch, server_root)


def put_new(tx: Tx, entity: Entity, item_id: str, patch: Patch, server_root: str) -> str:
    """Create the item; an existing one stays unchanged.  Return its local id."""
    if entity is Entity.REGISTERED_MODEL:
        return _make_model(tx, item_id, patch.put)
    uid = uid_of(item_id)
    if replica.find_version(tx, uid) is None:
        _make_version(tx, item_id, patch.put, server_root)
    return _local_id_of(tx, uid)


def remove(tx: Tx, entity: Entity, item_id: str) -> bool:
    """Remove an item.  Return False if a model stays because it has versions."""
    if entity is Entity.REGISTERED_MODEL:
        return replica.remove_model(tx, item_id)
    replica.remove_version(tx, uid_of(item_id))
    return True


def was_removed(tx: Tx, entity: Entity, item_id: str) -> bool:
    """Return whether the history records the removal of a missing item."""
    kind = history.Kind.MODEL if entity is Entity.REGISTERED_MODEL else history.Kind.VERSION
    return history.has_ended(tx, kind, uid_of(item_id))


def versions_of(tx: Tx, model_id: str) -> list[str]:
    return [id_of(model_id, uid) for uid in replica.version_uids(tx, model_id)]


def ids(tx: Tx, entity: Entity, after: str, most: int, since: int = 0) -> list[str]:
    """Return ids in the order of the uids; `since` (ms): only of items that were created or changed then or later."""
    if entity is Entity.REGISTERED_MODEL:
        rows = tx.all(
            """
            SELECT uid FROM registered_models
            WHERE workspace_id = :ws AND uid > :after AND last_updated_time >= :since ORDER BY uid LIMIT :most
            """,
            after=after,
            most=most,
            since=since,
        )
        return [uid for (uid,) in rows]
    rows = tx.all(
        """
        SELECT m.uid, v.uid FROM model_versions v JOIN registered_models m ON m.model_seq = v.model_seq
        WHERE v.workspace_id = :ws AND v.uid > :after AND v.last_updated_time >= :since ORDER BY v.uid LIMIT :most
        """,
        after=uid_of(after),
        most=most,
        since=since,
    )
    return [id_of(model_uid, uid) for model_uid, uid in rows]


def named(changes: Iterable[Entry]) -> list[tuple[str, str]]:
    """Return the items in a page of the change log, of kinds that links replicate, each once.

    A version includes its model, which has the last assigned number.  Versions deleted with their model are covered by the
    model."""
    known = set(Entity)
    found: dict[tuple[str, str], None] = {}
    for each in changes:
        if each.entity not in known:
            continue
        if not Entity(each.entity).is_of_registry:
            found[each.entity, each.entity_id] = None
            continue
        detail = msgspec.json.decode(each.detail or "{}")
        item_id = detail.get("uid")
        if item_id and not detail.get("with_model"):
            if each.entity == Entity.MODEL_VERSION:
                found[str(Entity.REGISTERED_MODEL), model_of(item_id)] = None
            found[each.entity, item_id] = None
    return list(found)


def brought(tx: Tx, version_id: str) -> tuple[bool, int]:
    """Return whether a version is a copy, and its age here in ms."""
    at = replica.brought_at(tx, uid_of(version_id))
    return at is not None, tx.now - (at or 0)


def place(tx: Tx, version_id: str, server_root: str) -> ArtifactRoot:
    """Return the location of a version's files, also of a version that is to be created."""
    workspace = workspaces.current(tx)
    uid = uid_of(version_id)
    uri = replica_files.files_of(tx, uid) or replica_files.own_folder(tx, uid, server_root)
    return ArtifactRoot(Root(uri, workspace.default_artifact_root), workspace)


def id_of(model_id: str, uid: str) -> str:
    return f"{model_id}/{uid}"


def uid_of(version_id: str) -> str:
    return version_id.rpartition("/")[2]


def model_of(version_id: str) -> str:
    return version_id.rpartition("/")[0]


def alias_value(tx: Tx, uid: str) -> str:
    """Return the value of an alias: of two versions, the one created later sorts last."""
    row = tx.one(
        "SELECT creation_time FROM model_versions WHERE workspace_id = :ws AND uid = :uid AND uid <> ''", uid=uid
    )
    return f"{0 if row is None else row[0]:015d} {uid}"


def alias_uid(value: str) -> str:
    return value.rpartition(" ")[2]


def _put_model(tx: Tx, uid: str, patch: Patch) -> str:
    doc = patch.put
    if replica.find_model(tx, uid) is None:
        uid = _make_model(tx, uid, doc)
    change = ModelPatch(
        name=doc.get(fields.NAME),
        description=doc.get(fields.DESCRIPTION),
        updated=whole_number(doc, FieldKind.UPDATED),
        last_version=whole_number(doc, FieldKind.LAST_VERSION),
        tags=of_kind(doc, FieldKind.TAG),
        aliases={alias: alias_uid(value) for alias, value in of_kind(doc, FieldKind.ALIAS).items()},
        without_tags=patch.dropped(FieldKind.TAG),
        without_aliases=patch.dropped(FieldKind.ALIAS),
    )
    replica.change_model(tx, uid, change)
    return uid


def _put_version(tx: Tx, item_id: str, patch: Patch, server_root: str) -> str:
    doc, uid = patch.put, uid_of(item_id)
    if replica.find_version(tx, uid) is None:
        _make_version(tx, item_id, doc, server_root)
        doc = {field: value for field, value in doc.items() if field.kind not in AT_BIRTH}
    change = VersionPatch(
        description=doc.get(fields.DESCRIPTION),
        no_description=fields.DESCRIPTION in patch.drop,
        stage=doc.get(fields.STAGE),
        updated=whole_number(doc, FieldKind.UPDATED),
        tags=of_kind(doc, FieldKind.TAG),
        without_tags=patch.dropped(FieldKind.TAG),
    )
    replica.change_version(tx, uid, change)
    return _local_id_of(tx, uid)


def _make_model(tx: Tx, uid: str, doc: Doc) -> str:
    name = doc.get(fields.NAME)
    if not name:
        raise NotFound(f"Registered model with uid '{uid}' not found")
    description = doc.get(fields.DESCRIPTION, "")
    return replica.make_model(
        tx, uid, name, whole_number(doc, FieldKind.CREATED), of_kind(doc, FieldKind.TAG), description
    )


def _make_version(tx: Tx, item_id: str, doc: Doc, server_root: str) -> None:
    number = whole_number(doc, FieldKind.NUMBER)
    if number is None:
        raise NotFound(f"Model version with uid '{uid_of(item_id)}' not found")
    immutable = ImmutableFields(
        number=number,
        created=whole_number(doc, FieldKind.CREATED) or tx.now,
        user=doc.get(fields.USER, ""),
        source=doc.get(fields.SOURCE, ""),
        origin=doc.get(fields.ORIGIN, ""),
        run_id=doc.get(fields.RUN_ID, ""),
        run_link=doc.get(fields.RUN_LINK, ""),
        model_id=doc.get(fields.MODEL_ID, ""),
        copied=fields.COPIED in doc,
    )
    description = doc.get(fields.DESCRIPTION)
    replica.make_version(
        tx, model_of(item_id), uid_of(item_id), immutable, of_kind(doc, FieldKind.TAG), description, server_root
    )


def _local_id_of(tx: Tx, uid: str) -> str:
    found = replica.find_version(tx, uid)
    assert found is not None
    return id_of(found.model_uid, uid)
