"""The calls by which another Trackside reads and writes records of evaluation datasets.

Records keep their ids, times and users; each call is idempotent.
"""

from typing import Any, ClassVar, TypeVar

import msgspec

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid, NotFound
from trackside.core.http.codec import Answer, Call
from trackside.core.http.routes import Route, command, query
from trackside.evaluation_datasets import replica
from trackside.evaluation_datasets.records import MAX_UPSERT_BYTES
from trackside.evaluation_datasets.whole_record import Record
from trackside.sync import record_merge
from trackside.sync.api.files import PREFIX
from trackside.sync.local import datasets
from trackside.sync.record_tables import BUCKET, Buckets, Entry

T = TypeVar("T")
MAX_HASHES = 1_000
MAX_ENTRIES = 1_000  # in an answer, or somewhat more
MAX_BODY_BYTES = MAX_UPSERT_BYTES + (16 << 20)  # a record may be as large as a client's call, plus escapes


class OfDataset(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("id",)
    id: str | None = None


class OfBuckets(Call, frozen=True):
    """The entries of some buckets, after a hash."""

    required: ClassVar[tuple[str, ...]] = ("id", "buckets")
    id: str | None = None
    buckets: list[str] | None = None
    after: str | None = None


class OfRecords(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("id", "hashes")
    id: str | None = None
    hashes: list[str] | None = None


class PutRecords(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("id",)
    id: str | None = None
    put: list[list[Any]] | None = None  # in the form of `replica.Record`
    drop: list[str] | None = None  # hashes


class BucketDigests(Answer, frozen=True):
    buckets: dict[str, str] = {}


class Entries(Answer, frozen=True):
    """Entries; none after the last."""

    entries: list[Entry] = []


class Records(Answer, frozen=True):
    """Records in the order in which clients see them, as many as fit into an answer; the caller requests the rest again."""

    records: list[Record] = []


class Taken(Answer, frozen=True):
    id: str


def get_buckets(tx: Tx, call: OfDataset) -> BucketDigests:
    found = Buckets()
    after = ""
    while page := replica.scan(tx, _there(tx, call.id), after):
        for _, record in page:
            found.add(record.input_hash, record_merge.exact(record))
        after = page[-1][1].input_hash
    return BucketDigests(buckets=found.digests())


def get_entries(tx: Tx, call: OfBuckets) -> Entries:
    dataset_id, after = _there(tx, call.id), call.after or ""
    found: list[Entry] = []
    for bucket in sorted(set(call.buckets or [])):
        if len(bucket) != BUCKET:
            raise Invalid(f"buckets has {bucket[:100]!r}; each must be the first {BUCKET} characters of hashes")
        if bucket < after[:BUCKET]:
            continue
        while page := replica.scan(tx, dataset_id, max(after, bucket), f"{bucket}g"):
            found += [Entry(record.input_hash, record_merge.exact(record), place) for place, record in page]
            after = page[-1][1].input_hash
            if len(found) >= MAX_ENTRIES:
                return Entries(entries=found)
    return Entries(entries=found)


def get_records(tx: Tx, call: OfRecords) -> Records:
    return Records(records=replica.some(tx, _there(tx, call.id), _few(call.hashes)))


def put_records(tx: Tx, call: PutRecords) -> Taken:
    dataset_id = _there(tx, call.id)
    if call.put:
        replica.put(tx, dataset_id, [_record(each) for each in _few(call.put)])
    if call.drop:
        replica.drop(tx, dataset_id, _few(call.drop))
    return Taken(id=dataset_id)


def routes() -> list[Route]:
    one = f"{PREFIX}/records"
    return [
        query(f"GET {one}/buckets", OfDataset, get_buckets, needs=Action.SYNC_READ, answer=BucketDigests),
        query(f"POST {one}/entries", OfBuckets, get_entries, needs=Action.SYNC_READ, answer=Entries),
        query(f"POST {one}/get", OfRecords, get_records, needs=Action.SYNC_READ, answer=Records),
        command(
            f"POST {one}", PutRecords, put_records, needs=Action.SYNC_WRITE, answer=Taken, max_body_bytes=MAX_BODY_BYTES
        ),
    ]


def _there(tx: Tx, dataset_id: str | None) -> str:
    if datasets.read(tx, dataset_id or "") is None:
        raise NotFound(f"There is no evaluation_dataset {(dataset_id or '')[:100]}")
    return dataset_id or ""


def _record(given: list[Any]) -> Record:
    try:
        record: Record = msgspec.convert(given, Record)
    except msgspec.MsgspecError as error:
        raise Invalid(f"put has a record that cannot be read: {error}") from None
    return record


def _few(given: list[T] | None) -> list[T]:
    if given is not None and len(given) > MAX_HASHES:
        raise Invalid(f"One call has {len(given)} records; at most {MAX_HASHES} are allowed.")
    return given or []
