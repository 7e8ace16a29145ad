"""Local evaluation datasets as documents, and writes from documents.

Records are not part of a document: there may be very many.
"""

from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.evaluation_datasets import replica, store
from trackside.evaluation_datasets.replica import ImmutableFields
from trackside.sync import fields
from trackside.sync.document import Doc, Patch, of_kind
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local.reader import OWN_TAGS, Snapshot
from trackside.sync.validation import whole_number

COMPARED = frozenset({FieldKind.NAME, FieldKind.TAG, FieldKind.NULL_TAG, FieldKind.EXPERIMENT})
# Sent after all records.
LATE = frozenset({FieldKind.LAST_UPDATE_TIME, FieldKind.LAST_UPDATED_BY, FieldKind.SCHEMA, FieldKind.DIGEST})
# Only Tracksides can set these.
KEPT = LATE | {FieldKind.CREATION_TIME, FieldKind.CREATED_BY}
AT_BIRTH = KEPT | {FieldKind.NAME}


def read(tx: Tx, dataset_id: str) -> Snapshot | None:
    found = replica.find(tx, dataset_id)
    if found is None:
        return None
    doc: Doc = {
        fields.NAME: found.name,
        fields.DIGEST: found.digest,
        fields.CREATION_TIME: str(found.created),
        fields.LAST_UPDATE_TIME: str(found.updated),
    }
    for kind, value in (
        (FieldKind.SCHEMA, found.schema),
        (FieldKind.CREATED_BY, found.created_by),
        (FieldKind.LAST_UPDATED_BY, found.updated_by),
    ):
        if value is not None:
            doc[Field(kind)] = value
    for key, value in found.tags.items():
        if value is None:
            doc[Field(FieldKind.NULL_TAG, key)] = ""
        elif key not in OWN_TAGS:
            doc[Field(FieldKind.TAG, key)] = value
    for experiment_id in found.experiments:
        doc[Field(FieldKind.EXPERIMENT, experiment_id)] = ""
    return Snapshot(dataset_id, "", doc)


def put(tx: Tx, dataset_id: str, patch: Patch) -> str:
    """Create or change the dataset; return its id."""
    doc = patch.put
    if replica.find(tx, dataset_id) is None:
        make(tx, dataset_id, doc)
    tags: dict[str, str | None] = {**dict.fromkeys(of_kind(doc, FieldKind.NULL_TAG)), **of_kind(doc, FieldKind.TAG)}
    change = replica.Patch(
        digest=doc.get(fields.DIGEST),
        schema=doc.get(fields.SCHEMA),
        created=whole_number(doc, FieldKind.CREATION_TIME),
        updated=whole_number(doc, FieldKind.LAST_UPDATE_TIME),
        created_by=doc.get(fields.CREATED_BY),
        updated_by=doc.get(fields.LAST_UPDATED_BY),
        no_updated_by=fields.LAST_UPDATED_BY in patch.drop,
        tags=tags,
        without_tags=patch.dropped(FieldKind.TAG, FieldKind.NULL_TAG),
        experiments=list(of_kind(doc, FieldKind.EXPERIMENT)),
        without_experiments=patch.dropped(FieldKind.EXPERIMENT),
    )
    replica.change(tx, dataset_id, change)
    return dataset_id


def make(tx: Tx, dataset_id: str, doc: Doc) -> None:
    """Create the dataset; an existing one stays unchanged."""
    name = doc.get(fields.NAME)
    if not name:
        raise Invalid(
            f"Evaluation dataset '{dataset_id[:100]}' does not exist in this workspace; a name is needed to create it"
        )
    immutable = ImmutableFields(
        name=name,
        created=whole_number(doc, FieldKind.CREATION_TIME),
        updated=whole_number(doc, FieldKind.LAST_UPDATE_TIME),
        created_by=doc.get(fields.CREATED_BY),
        updated_by=doc.get(fields.LAST_UPDATED_BY),
        digest=doc.get(fields.DIGEST),
        schema=doc.get(fields.SCHEMA),
    )
    replica.make(tx, dataset_id, immutable)


def remove(tx: Tx, dataset_id: str) -> None:
    store.delete(tx, dataset_id)
