"""Evaluation datasets as documents, and from documents.  Knows their entry for what is mirrored; knows no other side.

Their records are no part of the document: there may be very many.
"""

from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.evaluation_datasets import mirrored, store
from trackside.evaluation_datasets.mirrored import Birth
from trackside.sync.document import Doc, Patch, of_kind
from trackside.sync.local.reader import OWN_TAGS, Part

COMPARED = frozenset({"name", "tag", "null_tag", "experiment"})
# What only Tracksides can set.
KEPT = frozenset({"creation_time", "last_update_time", "created_by", "last_updated_by", "schema", "digest"})
LATE = frozenset({"last_update_time", "last_updated_by", "schema", "digest"})  # told when all records are there
AT_BIRTH = frozenset({"name", *KEPT})


def read(tx: Tx, dataset_id: str) -> Part | None:
    found = mirrored.find(tx, dataset_id)
    if found is None:
        return None
    doc: Doc = {
        ("name", ""): found.name,
        ("digest", ""): found.digest,
        ("creation_time", ""): str(found.created),
        ("last_update_time", ""): str(found.updated),
    }
    for kind, value in (
        ("schema", found.schema),
        ("created_by", found.created_by),
        ("last_updated_by", found.updated_by),
    ):
        if value is not None:
            doc[kind, ""] = value
    for key, value in found.tags.items():
        if value is None:
            doc["null_tag", key] = ""
        elif key not in OWN_TAGS:
            doc["tag", key] = value
    for experiment_id in found.experiments:
        doc["experiment", experiment_id] = ""
    return Part(dataset_id, "", doc)


def put(tx: Tx, dataset_id: str, patch: Patch) -> str:
    """Makes the dataset if it is not there, and changes it."""
    doc = patch.put
    if mirrored.find(tx, dataset_id) is None:
        make(tx, dataset_id, doc)
    tags: dict[str, str | None] = {**dict.fromkeys(of_kind(doc, "null_tag")), **of_kind(doc, "tag")}
    change = mirrored.Patch(
        digest=doc.get(("digest", "")),
        schema=doc.get(("schema", "")),
        created=_number(doc, "creation_time"),
        updated=_number(doc, "last_update_time"),
        created_by=doc.get(("created_by", "")),
        updated_by=doc.get(("last_updated_by", "")),
        no_updated_by=("last_updated_by", "") in patch.drop,
        tags=tags,
        without_tags=[key for kind, key in patch.drop if kind in ("tag", "null_tag")],
        experiments=list(of_kind(doc, "experiment")),
        without_experiments=[key for kind, key in patch.drop if kind == "experiment"],
    )
    mirrored.change(tx, dataset_id, change)
    return dataset_id


def make(tx: Tx, dataset_id: str, doc: Doc) -> None:
    """One that is there stays as it is."""
    name = doc.get(("name", ""))
    if not name:
        raise Invalid(f"Evaluation dataset '{dataset_id[:100]}' is not here; to be made it needs a name")
    birth = Birth(
        name=name,
        created=_number(doc, "creation_time"),
        updated=_number(doc, "last_update_time"),
        created_by=doc.get(("created_by", "")),
        updated_by=doc.get(("last_updated_by", "")),
        digest=doc.get(("digest", "")),
        schema=doc.get(("schema", "")),
    )
    mirrored.make(tx, dataset_id, birth)


def remove(tx: Tx, dataset_id: str) -> None:
    store.delete(tx, dataset_id)


def _number(doc: Doc, kind: str) -> int | None:
    text = doc.get((kind, ""))
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid(f"{kind} is {text[:100]!r}; it must be a whole number of 0 or more")
    return int(text)
