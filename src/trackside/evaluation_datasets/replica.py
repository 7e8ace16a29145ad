"""Replicated evaluation datasets: written under given ids, times and users, and read by the hash of the inputs.

Writes are idempotent.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, structs

from trackside.core import names
from trackside.core.db.tx import Change, Tx
from trackside.core.errors import Invalid
from trackside.evaluation_datasets import model as m
from trackside.evaluation_datasets import records as r
from trackside.evaluation_datasets import store
from trackside.evaluation_datasets.whole_record import Record

MAX_ID = 255
MAX_DIGEST = 64
PAGE = 1_000  # records that are looked at together, if they are not large

_COLUMNS = """input_hash, record_id, created_time, last_update_time, inputs, outputs, expectations, tags, source, source_id,
    source_type, created_by, last_updated_by"""
_SIZE = """LENGTH(inputs) + LENGTH(COALESCE(outputs, '')) + LENGTH(COALESCE(expectations, '')) + LENGTH(tags)
    + LENGTH(COALESCE(source, ''))"""


class Dataset(Struct, frozen=True):
    """`experiments` are the ids of those that it is for."""

    dataset_id: str
    name: str
    digest: str
    schema: str | None  # JSON
    created: int  # ms
    updated: int  # ms
    created_by: str | None
    updated_by: str | None
    tags: m.Tags
    experiments: list[str]


class ImmutableFields(Struct, frozen=True, kw_only=True):
    name: str
    created: int | None = None  # ms
    updated: int | None = None  # ms
    created_by: str | None = None
    updated_by: str | None = None
    digest: str | None = None
    schema: str | None = None


class Patch(Struct, frozen=True, kw_only=True):
    """Values that are None or not named stay unchanged."""

    digest: str | None = None
    schema: str | None = None
    created: int | None = None
    updated: int | None = None
    created_by: str | None = None
    updated_by: str | None = None
    no_updated_by: bool = False
    tags: m.Tags = {}
    without_tags: Sequence[str] = ()
    experiments: Sequence[str] = ()
    without_experiments: Sequence[str] = ()


def find(tx: Tx, dataset_id: str) -> Dataset | None:
    row = tx.one(
        """
        SELECT evaluation_dataset_seq, name, digest, schema_text, created_time, last_update_time, created_by,
            last_updated_by
        FROM evaluation_datasets WHERE workspace_id = :ws AND dataset_id = :id
        """,
        id=dataset_id,
    )
    if row is None:
        return None
    tags = tx.all(
        "SELECT key, value FROM evaluation_dataset_tags WHERE workspace_id = :ws AND evaluation_dataset_seq = :seq",
        seq=row[0],
    )
    _, name, digest, schema, created, updated, created_by, updated_by = row
    return Dataset(
        dataset_id=dataset_id,
        name=name,
        digest=digest,
        schema=schema,
        created=created,
        updated=updated,
        created_by=created_by,
        updated_by=updated_by,
        tags=dict(tags),
        experiments=store.experiment_ids(tx, dataset_id),
    )


def ids(tx: Tx, after: str, most: int, since: int = 0) -> list[str]:
    """Return ids in order after `after`; `since` (ms): only of datasets that were created or changed then or later."""
    rows = tx.all(
        """
        SELECT dataset_id FROM evaluation_datasets
        WHERE workspace_id = :ws AND dataset_id > :after AND last_update_time >= :since ORDER BY dataset_id LIMIT :most
        """,
        after=after,
        since=since,
        most=most,
    )
    return [dataset_id for (dataset_id,) in rows]


def make(tx: Tx, dataset_id: str, immutable: ImmutableFields) -> None:
    """Create a dataset; an existing one stays unchanged."""
    names.check_item_id(dataset_id, "dataset_id")
    updated = tx.now if immutable.updated is None else immutable.updated
    name = m.check_name(immutable.name)
    made = tx.run(
        """
        INSERT INTO evaluation_datasets (workspace_id, dataset_id, name, digest, schema_text, record_count, created_time,
            last_update_time, created_by, last_updated_by)
        VALUES (:ws, :id, :name, :digest, :schema, 0, :created, :updated, :created_by, :updated_by)
        ON CONFLICT DO NOTHING
        """,
        id=dataset_id,
        name=name,
        digest=_digest(immutable.digest) or m.digest(name, updated),
        schema=_schema(immutable.schema),
        created=updated if immutable.created is None else immutable.created,
        updated=updated,
        created_by=_user(immutable.created_by),
        updated_by=_user(immutable.updated_by),
    )
    if made:
        tx.record(Change("evaluation_dataset", dataset_id, "import"))


def change(tx: Tx, dataset_id: str, patch: Patch) -> None:
    seq = store.locked(tx, dataset_id)
    tx.run(
        """
        UPDATE evaluation_datasets SET digest = COALESCE(:digest, digest), schema_text = COALESCE(:schema, schema_text),
            created_time = COALESCE(:created, created_time), last_update_time = COALESCE(:updated, last_update_time),
            created_by = COALESCE(:created_by, created_by),
            last_updated_by = CASE WHEN :nobody = 1 THEN NULL ELSE COALESCE(:updated_by, last_updated_by) END
        WHERE workspace_id = :ws AND evaluation_dataset_seq = :seq
        """,
        seq=seq,
        digest=_digest(patch.digest),
        schema=_schema(patch.schema),
        created=patch.created,
        updated=patch.updated,
        created_by=_user(patch.created_by),
        updated_by=_user(patch.updated_by),
        nobody=int(patch.no_updated_by),
    )
    store.put_tags(tx, seq, m.check_tags(json.dumps(patch.tags)))
    tx.run(
        """
        DELETE FROM evaluation_dataset_tags
        WHERE workspace_id = :ws AND evaluation_dataset_seq = :seq AND key IN :keys
        """,
        seq=seq,
        keys=[key for key in patch.without_tags if key not in patch.tags],
    )
    store.associate(tx, seq, patch.experiments)
    store.dissociate(tx, seq, patch.without_experiments)
    tx.record(Change("evaluation_dataset", dataset_id, "update"))  # only the making says that it is from elsewhere


def scan(tx: Tx, dataset_id: str, after: str, below: str = "g") -> list[tuple[int, Record]]:
    """Records of hashes between the two, in the order of these, each with its place among those that a client reads.  Fewer
    where they are large; none after the last."""
    where = """
        FROM evaluation_dataset_records r JOIN evaluation_datasets d ON d.evaluation_dataset_seq = r.evaluation_dataset_seq
        WHERE d.workspace_id = :ws AND d.dataset_id = :id AND r.input_hash > :after AND r.input_hash < :below
        """
    sizes = tx.all(
        f"SELECT input_hash, {_SIZE} {where} ORDER BY input_hash LIMIT :most",
        id=dataset_id,
        after=after,
        below=below,
        most=PAGE,
    )
    if not sizes:
        return []
    last = sizes[r.fitting([size for _, size in sizes]) - 1][0]
    rows = tx.all(
        f"SELECT record_seq, {_qualified()} {where} AND r.input_hash <= :last ORDER BY input_hash",
        id=dataset_id,
        after=after,
        below=below,
        last=last,
    )
    return [(row[0], Record(*row[1:])) for row in rows]


def some(tx: Tx, dataset_id: str, hashes: Sequence[str]) -> list[Record]:
    """Return the existing records with these hashes, in the order of their creation, as many as fit into a page, at least one."""
    where = """
        FROM evaluation_dataset_records r JOIN evaluation_datasets d ON d.evaluation_dataset_seq = r.evaluation_dataset_seq
        WHERE d.workspace_id = :ws AND d.dataset_id = :id
        """
    sizes = tx.all(
        f"SELECT record_seq, {_SIZE} {where} AND r.input_hash IN :hashes ORDER BY +r.record_seq",
        id=dataset_id,
        hashes=list(hashes),
    )
    seqs = [seq for seq, _ in sizes[: r.fitting([size for _, size in sizes])]]
    rows = tx.all(
        f"SELECT {_qualified()} {where} AND r.record_seq IN :seqs ORDER BY record_seq", id=dataset_id, seqs=seqs
    )
    return [Record(*row) for row in rows]


def put(tx: Tx, dataset_id: str, records: Sequence[Record]) -> None:
    """Replace the records with the same inputs."""
    seq = store.locked(tx, dataset_id)
    for record in records:
        check(record)
    hashes = list({record.input_hash for record in records})
    given = list({record.record_id for record in records})
    taken = tx.one(
        """
        SELECT record_id FROM evaluation_dataset_records
        WHERE workspace_id = :ws AND evaluation_dataset_seq = :seq AND record_id IN :ids AND input_hash NOT IN :hashes LIMIT 1
        """,
        seq=seq,
        ids=given,
        hashes=hashes,
    )
    if taken is not None or len(given) < len(records) or len(hashes) < len(records):
        which = "one of them" if taken is None else taken[0]
        raise Invalid(f"Two records of dataset '{dataset_id}' have the same dataset_record_id: {which}")
    before = tx.run(
        """
        UPDATE evaluation_dataset_records SET record_id = 'moving ' || input_hash
        WHERE workspace_id = :ws AND evaluation_dataset_seq = :seq AND input_hash IN :hashes
        """,
        seq=seq,
        hashes=hashes,
    )  # two may have exchanged their ids
    tx.many(
        f"""
        INSERT INTO evaluation_dataset_records (workspace_id, evaluation_dataset_seq, {_COLUMNS})
        VALUES (:ws, :seq, :input_hash, :record_id, :created_time, :last_update_time, :inputs, :outputs, :expectations, :tags,
            :source, :source_id, :source_type, :created_by, :last_updated_by)
        ON CONFLICT (evaluation_dataset_seq, input_hash) DO UPDATE SET record_id = excluded.record_id,
            created_time = excluded.created_time, last_update_time = excluded.last_update_time, inputs = excluded.inputs,
            outputs = excluded.outputs, expectations = excluded.expectations, tags = excluded.tags, source = excluded.source,
            source_id = excluded.source_id, source_type = excluded.source_type, created_by = excluded.created_by,
            last_updated_by = excluded.last_updated_by
        """,
        [structs.asdict(record) for record in records],
        seq=seq,
    )
    _grow(tx, seq, len(records) - before)
    tx.record(Change("evaluation_dataset", dataset_id, "put-records"))


def drop(tx: Tx, dataset_id: str, hashes: Sequence[str]) -> None:
    seq = store.locked(tx, dataset_id)
    gone = tx.run(
        """
        DELETE FROM evaluation_dataset_records
        WHERE workspace_id = :ws AND evaluation_dataset_seq = :seq AND input_hash IN :hashes
        """,
        seq=seq,
        hashes=list(hashes),
    )
    _grow(tx, seq, -gone)
    tx.record(Change("evaluation_dataset", dataset_id, "delete-records"))


def check(record: Record) -> None:
    """Raises Invalid for what no record can be."""
    if len(record.input_hash) != 64 or not set(record.input_hash) <= set("0123456789abcdef"):
        raise Invalid(f"The hash of a record is {names.shown(record.input_hash[:100])}; it must be a SHA-256")
    _check_id(record.record_id, "dataset_record_id")
    for value in _values(record):
        if isinstance(value, str) and (value != m.whole(value) or "\0" in value):
            raise Invalid(
                f"Record '{record.record_id}' has half of a character, or NUL (U+0000), which cannot be stored."
            )
        if isinstance(value, int) and not 0 <= value < 2**63:
            raise Invalid(f"Record '{record.record_id}' has the time {value}; it must be a whole number of 0 or more")
    for name in ("inputs", "expectations", "tags", "source"):
        text = getattr(record, name)
        if text is None and name not in ("inputs", "tags"):
            continue
        if not isinstance(m.decoded(text, name), dict):
            raise Invalid(f"The {name} of record '{record.record_id}' must be a JSON object")
    if record.outputs is not None:
        m.decoded(record.outputs, "outputs")
    for user in (record.created_by, record.last_updated_by):
        _user(user)


def _qualified() -> str:
    return ", ".join(f"r.{name.strip()}" for name in _COLUMNS.split(","))


def _values(record: Record) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in record.__struct_fields__)


def _grow(tx: Tx, seq: int, by: int) -> None:
    tx.run(
        """
        UPDATE evaluation_datasets SET record_count = record_count + :by
        WHERE workspace_id = :ws AND evaluation_dataset_seq = :seq
        """,
        seq=seq,
        by=by,
    )


def _check_id(given: str, what: str) -> None:
    if not given or m.storable(given, what) != m.whole(given):
        raise Invalid(f"{what} is {names.shown(given[:100])}; it must be a text of 1 to {MAX_ID} characters")
    names.check_length(given, what, MAX_ID)


def _digest(text: str | None) -> str | None:
    if text is not None:
        names.check_length(m.storable(text, "digest"), "digest", MAX_DIGEST)
    return text


def _schema(text: str | None) -> str | None:
    if text is None:
        return None
    found: Mapping[str, Any] | Any = m.decoded(text, "schema")
    if not isinstance(found, dict) or not {"inputs", "outputs", "expectations"} <= set(found):
        raise Invalid("schema must be a JSON object with inputs, outputs and expectations")
    names.check_length(text, "schema", r.MAX_SCHEMA_CHARS)
    return m.storable(m.whole(text), "schema")


def _user(user: str | None) -> str | None:
    return None if user is None else m.user_of({m.USER_TAG: user})
