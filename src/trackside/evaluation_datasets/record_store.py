"""The records of evaluation datasets in SQL.  A dataset is locked while its records change."""

import uuid
from collections.abc import Sequence

from msgspec import Struct, structs

from trackside.core.db.tx import Change, Row, Tx
from trackside.core.errors import Invalid, NotFound
from trackside.core.filters import keyset
from trackside.evaluation_datasets import model as m
from trackside.evaluation_datasets import records as r
from trackside.evaluation_datasets import store

_PARTS = "input_hash, inputs, outputs, expectations, tags, source, source_id, source_type, created_by, last_updated_by"
_SIZE = """LENGTH(inputs) + LENGTH(COALESCE(outputs, '')) + LENGTH(COALESCE(expectations, ''))
    + LENGTH(tags) + LENGTH(COALESCE(source, ''))"""
_MOST_AT_ONCE = 1_000  # records that one statement looks up


class Dataset(Struct, frozen=True):
    """The values of the dataset that an upsert changes."""

    seq: int
    name: str
    schema: str | None


def upsert(tx: Tx, dataset_id: str, given: Sequence[r.Given]) -> r.Upserted:
    """Insert each record or merge it into the existing one, also into earlier ones of the call, in order."""
    dataset = _locked(tx, dataset_id)
    before = _by_hash(tx, dataset.seq, [record.input_hash for record in given])
    alike: dict[str, list[r.Given]] = {}
    for record in given:
        alike.setdefault(record.input_hash, []).append(record)
    inserted, updated = [], []
    for input_hash, (first, *others) in alike.items():
        if input_hash in before:
            updated.append(r.merged(before[input_hash], [first, *others]))
        else:
            inserted.append(r.merged(r.fresh(first), others))
    _insert(tx, dataset.seq, inserted)
    _update(tx, dataset.seq, updated)
    tx.run(
        """
        UPDATE evaluation_datasets SET digest = :digest, schema_text = :schema, record_count = record_count + :inserted,
            last_update_time = :now, last_updated_by = :user
        WHERE workspace_id = :ws AND evaluation_dataset_seq = :seq
        """,
        seq=dataset.seq,
        digest=m.digest(dataset.name, tx.now),
        schema=r.schema(dataset.schema, given),
        inserted=len(inserted),
        user=next((record.user for record in reversed(given) if record.user is not None), None),
    )
    tx.record(Change("evaluation_dataset", dataset_id, "upsert-records"))
    return r.Upserted(inserted_count=len(inserted), updated_count=len(given) - len(inserted))


def page(tx: Tx, dataset_id: str, most: int | None, page_token: str | None) -> r.Page:
    """Return records in the order of their creation.  A page ends early if it would exceed `MAX_PAGE_CHARS`."""
    if most is not None and most < 0:
        raise Invalid(f"Invalid value {most} for parameter 'max_results' supplied. It must be a positive integer")
    seq = _seq(tx, dataset_id)
    limit = min(most or r.DEFAULT_PAGE, r.MAX_PAGE)
    search = keyset.fingerprint("evaluation_dataset_records", dataset_id)
    after, offset = _start(page_token, search)
    sizes = tx.all(
        f"""
        SELECT record_seq, {_SIZE}
        FROM evaluation_dataset_records
        WHERE workspace_id = :ws AND evaluation_dataset_seq = :seq AND record_seq > :after
        ORDER BY record_seq LIMIT :limit OFFSET :offset
        """,
        seq=seq,
        after=after,
        limit=limit + 1,
        offset=offset,
    )
    fitting = r.fitting([size for _, size in sizes[:limit]])
    seqs = [record_seq for record_seq, _ in sizes[:fitting]]
    rows = tx.all(
        f"""
        SELECT record_id, created_time, last_update_time, {_PARTS} FROM evaluation_dataset_records
        WHERE workspace_id = :ws AND evaluation_dataset_seq = :seq AND record_seq IN :seqs ORDER BY record_seq
        """,
        seq=seq,
        seqs=seqs,
    )
    written = [r.written(dataset_id, row[0], r.Stored(*row[3:]), row[1], row[2]) for row in rows]
    further = keyset.token(search, [0, seqs[-1]]) if len(sizes) > fitting else None
    return r.Page(records=f"[{', '.join(written)}]", next_page_token=further)


def size_of(tx: Tx, dataset_id: str, record_id: str) -> int:
    """Return the bytes of the parts of a record.  Raise NotFound where the dataset has no such record."""
    row = tx.one(
        f"""
        SELECT {_SIZE} FROM evaluation_dataset_records
        WHERE workspace_id = :ws AND evaluation_dataset_seq = :seq AND record_id = :id
        """,
        seq=_seq(tx, dataset_id),
        id=record_id,
    )
    if row is None:
        raise NotFound(f"Dataset {dataset_id} has no record {record_id[:100]!r}")
    return int(row[0])


def delete(tx: Tx, dataset_id: str, record_ids: Sequence[str]) -> int:
    """Delete records and return their number.  Digest and times of the dataset stay, as in stock MLflow."""
    seq = store.locked(tx, dataset_id)
    gone = tx.run(
        """
        DELETE FROM evaluation_dataset_records
        WHERE workspace_id = :ws AND evaluation_dataset_seq = :seq AND record_id IN :ids
        """,
        seq=seq,
        ids=list(record_ids),
    )
    if gone:
        tx.run(
            """
            UPDATE evaluation_datasets SET record_count = record_count - :gone
            WHERE workspace_id = :ws AND evaluation_dataset_seq = :seq
            """,
            seq=seq,
            gone=gone,
        )
        tx.record(Change("evaluation_dataset", dataset_id, "delete-records"))
    return gone


def _locked(tx: Tx, dataset_id: str) -> Dataset:
    row = tx.one(
        """
        SELECT evaluation_dataset_seq, name, schema_text FROM evaluation_datasets
        WHERE workspace_id = :ws AND dataset_id = :id FOR UPDATE
        """,
        id=dataset_id,
    )
    if row is None:
        raise m.missing(dataset_id)
    return Dataset(*row)


def _seq(tx: Tx, dataset_id: str) -> int:
    row = tx.one(
        "SELECT evaluation_dataset_seq FROM evaluation_datasets WHERE workspace_id = :ws AND dataset_id = :id",
        id=dataset_id,
    )
    if row is None:
        raise m.missing(dataset_id)
    return int(row[0])


def _start(page_token: str | None, search: str) -> tuple[int, int]:
    """Return the record after which a page begins, and how many more to skip."""
    start = keyset.start(page_token, search, ["whole number"])
    after = start.after[0][1] if start.after else None
    return (int(after) if after is not None else -1), start.offset


def _by_hash(tx: Tx, seq: int, hashes: Sequence[str]) -> dict[str, r.Stored]:
    rows: list[Row] = []
    distinct = sorted(set(hashes))
    for begin in range(0, len(distinct), _MOST_AT_ONCE):
        rows += tx.all(
            f"""
            SELECT {_PARTS} FROM evaluation_dataset_records
            WHERE workspace_id = :ws AND evaluation_dataset_seq = :seq AND input_hash IN :hashes
            """,
            seq=seq,
            hashes=distinct[begin : begin + _MOST_AT_ONCE],
        )
    return {row[0]: r.Stored(*row) for row in rows}


def _insert(tx: Tx, seq: int, records: Sequence[r.Stored]) -> None:
    tx.many(
        f"""
        INSERT INTO evaluation_dataset_records (workspace_id, evaluation_dataset_seq, record_id, {_PARTS}, created_time,
            last_update_time)
        VALUES (:ws, :seq, :record_id, :input_hash, :inputs, :outputs, :expectations, :tags, :source, :source_id,
            :source_type, :created_by, :last_updated_by, :now, :now)
        """,
        [{**structs.asdict(each), "record_id": f"dr-{uuid.uuid4().hex}"} for each in records],
        seq=seq,
    )


def _update(tx: Tx, seq: int, records: Sequence[r.Stored]) -> None:
    """Write the values that merging can change."""
    tx.many(
        """
        UPDATE evaluation_dataset_records SET outputs = :outputs, expectations = :expectations, tags = :tags,
            last_updated_by = :last_updated_by, last_update_time = :now
        WHERE workspace_id = :ws AND evaluation_dataset_seq = :seq AND input_hash = :input_hash
        """,
        [structs.asdict(each) for each in records],
        seq=seq,
    )
