"""Evaluation datasets of a server with MLflow's REST API, 3.4 or later.  It chooses the ids, also of records, and returns records
by pages only.

Tags identify the source of a copy.  The records are read once for a comparison, into a temporary file.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any
from urllib.parse import quote

import msgspec

from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.errors import RemoteUnavailable, RequestRejected, ResponseTooLarge, unless_missing
from trackside.evaluation_datasets import model as dm
from trackside.evaluation_datasets.whole_record import Record
from trackside.sync import fields, record_merge
from trackside.sync.document import Doc, Patch, of_kind
from trackside.sync.fields import Field, FieldKind, Verb
from trackside.sync.local.reader import SOURCE_DATASET, SOURCE_WORKSPACE, Snapshot
from trackside.sync.record_tables import BUCKET, Buckets, Entry
from trackside.sync.remote.entries import ListEntry, read_each
from trackside.sync.remote.mlflow.answers import (
    DatasetPage,
    DatasetProfile,
    DatasetRecord,
    EvaluationDataset,
    ExperimentIds,
    OneDataset,
    RecordPage,
)
from trackside.sync.remote.mlflow.shapes import decoded, decoded_text
from trackside.sync.remote.paging import Pages, entries_of
from trackside.sync.remote.port import Unmirrored

API = "/api/3.0/mlflow/datasets"
PAGE = 500  # datasets
PAGE_RECORDS = 1_000
LEAST_PAGE_RECORDS = 1
IDS_AT_ONCE = 500
MIXED = "does not support item assignment"  # MLflow's error for a schema that has become a text
NO_STORE = ("FEATURE_DISABLED", "NOT_IMPLEMENTED")  # codes of a server that has the calls without a store


class MlflowDatasets:
    def __init__(self, http: HttpClient, source: str) -> None:
        """`source` is the name of the local workspace in the tags of copies."""
        self._http = http
        self._source = source
        self._records: Records | None = None

    @cached_property
    def is_known(self) -> bool:
        # A server with the file store fails at this call on each attempt, but not at others.
        return self._answers() or (self._is_there() and self._answers())

    @property
    def log_tells(self) -> bool:
        return False

    def everything(self) -> Iterator[ListEntry]:
        return self._search({})

    def recent(self, since: int) -> Iterator[ListEntry]:
        for each in self._search({"order_by": ["last_update_time DESC"]}):
            if isinstance(each, Snapshot) and int(each.doc[fields.LAST_UPDATE_TIME]) < since:
                return
            yield each

    def can(self, field: Field, verb: Verb) -> bool:
        return field.kind in (FieldKind.TAG, FieldKind.EXPERIMENT) or (
            field.kind == FieldKind.NULL_TAG and verb == "drop"
        )

    def read(self, dataset_id: str) -> Snapshot | None:
        return unless_missing(lambda: self._read(quote(dataset_id, safe="")))

    def _read(self, one: str) -> Snapshot:
        snapshot = _snapshot(decoded(OneDataset, self._ask("GET", one)).dataset)
        found = decoded(ExperimentIds, self._ask("GET", f"{one}/experiment-ids"))
        experiments: Doc = {Field(FieldKind.EXPERIMENT, str(each)): "" for each in found.experiment_ids}
        return msgspec.structs.replace(snapshot, doc={**snapshot.doc, **experiments})

    def find_copy(self, local_id: str, *, is_brought: bool) -> str | None:
        """Return the copy that was created first; None if there is none."""
        body = {
            # MLflow's parser does not support quotes around a key with dots.
            "filter_string": f"tags.{SOURCE_DATASET} = '{local_id}'",
            "order_by": ["created_time ASC"],
            "max_results": 1,
        }
        found = decoded(DatasetPage, self._ask("POST", "search", body)).datasets
        if found:
            return str(decoded(EvaluationDataset, found[0]).dataset_id)
        return local_id if is_brought and self.read(local_id) is not None else None

    def make(self, local_id: str, doc: Doc) -> str:
        tags: dict[str, str | None] = {**dict.fromkeys(of_kind(doc, FieldKind.NULL_TAG)), **of_kind(doc, FieldKind.TAG)}
        tags |= {SOURCE_DATASET: local_id, SOURCE_WORKSPACE: self._source}
        body = {
            "name": doc[fields.NAME],
            "experiment_ids": list(of_kind(doc, FieldKind.EXPERIMENT)),
            "tags": json.dumps(tags),
        }
        return str(decoded(OneDataset, self._ask("POST", "create", body, idempotent=False)).dataset.dataset_id)

    def change(self, dataset_id: str, patch: Patch) -> None:
        one = quote(dataset_id, safe="")
        for key in patch.dropped(FieldKind.TAG, FieldKind.NULL_TAG):
            self._ask("DELETE", f"{one}/tags/{quote(key, safe='')}")
        tags = of_kind(patch.put, FieldKind.TAG)
        if tags:
            self._ask("PATCH", f"{one}/tags", {"tags": json.dumps(tags)})
        added = list(of_kind(patch.put, FieldKind.EXPERIMENT))
        if added:
            self._ask("POST", f"{one}/add-experiments", {"experiment_ids": added})
        gone = patch.dropped(FieldKind.EXPERIMENT)
        if gone:
            self._ask("POST", f"{one}/remove-experiments", {"experiment_ids": gone})

    def remove(self, dataset_id: str) -> None:
        unless_missing(lambda: self._ask("DELETE", quote(dataset_id, safe="")))

    def digest(self, record: Record) -> str | None:
        if record_merge.hash_of(json.loads(record.inputs)) != record.input_hash:
            return None  # a lone surrogate, which MLflow has replaced
        return record_merge.content(record)

    def look(self, dataset_id: str) -> None:
        self.forget()
        self._records = Records(dataset_id)
        self._records.read(self.pages(dataset_id))

    def buckets(self, dataset_id: str) -> dict[str, str]:
        return self._seen(dataset_id).buckets()

    def entries(self, dataset_id: str, buckets: Sequence[str]) -> Iterator[Entry]:
        return self._seen(dataset_id).entries(buckets)

    def records(self, dataset_id: str, hashes: Sequence[str]) -> Iterator[Record]:
        return self._seen(dataset_id).some(hashes)

    def put(self, dataset_id: str, records: Iterable[Record], replaced: set[str]) -> None:
        """Write records.  An upsert merges; a record that must lose a part is deleted first."""
        given = list(records)
        gone = set(replaced)
        if self._records is not None and self._records.dataset_id == dataset_id:
            there = {each.input_hash: each for each in self._records.some([each.input_hash for each in given])}
            gone = {
                each.input_hash
                for each in given
                if each.input_hash in there and not record_merge.is_reached(there[each.input_hash], each)
            }
        if gone:
            self.drop(dataset_id, sorted(gone))
        # MLflow fails at an object after a text, so objects are sent first.
        told = sorted(map(_given, given), key=lambda each: not isinstance(each["outputs"], dict))
        body = {"records": json.dumps(told)}
        path = f"{quote(dataset_id, safe='')}/records"
        try:
            self._ask("POST", path, body)
        except RemoteUnavailable as down:
            if down.status != 500 or MIXED not in str(down):
                raise
            raise Unmirrored(
                "the remote does not allow outputs that are objects in a dataset that began with texts: records are not sent"
            ) from None
        except RequestRejected as refused:
            if refused.is_missing or refused.is_unknown_call:
                raise
            # MLflow checks and then inserts: a concurrent insert of the same record makes the call fail, and the record exists
            # then.
            self._ask("POST", path, body)

    def drop(self, dataset_id: str, hashes: Sequence[str]) -> None:
        """Delete records by their ids, which are read first if necessary."""
        ids = self._seen(dataset_id).ids(hashes)
        for start in range(0, len(ids), IDS_AT_ONCE):
            body = {"dataset_record_ids": ids[start : start + IDS_AT_ONCE]}
            try:
                self._ask("DELETE", f"{quote(dataset_id, safe='')}/records", body)
            except RequestRejected as refused:
                if not refused.is_unknown_call:
                    raise
                raise Unmirrored(
                    "the remote's release cannot delete records of evaluation datasets: records that are deleted in "
                    "this workspace stay on the remote"
                ) from None

    def forget(self) -> None:
        if self._records is not None:
            self._records.close()
            self._records = None

    def _answers(self) -> bool:
        try:
            self._ask("POST", "search", {"max_results": 1})
        except RequestRejected as refused:
            if not refused.is_unknown_call and refused.code not in NO_STORE:
                raise
            return False
        except RemoteUnavailable as down:
            if down.status != 500:
                raise
            return False
        return True

    def _is_there(self) -> bool:
        """Return whether the server has datasets.  Raise RemoteUnavailable unless it answers other calls."""
        try:
            self._http.json("GET", "/api/2.0/mlflow/experiments/get-by-name", experiment_name="Default")
        except RequestRejected:
            return True
        return True

    def _seen(self, dataset_id: str) -> "Records":
        if self._records is None or self._records.dataset_id != dataset_id:
            self.look(dataset_id)
        assert self._records is not None
        return self._records

    def _search(self, query: dict[str, Any]) -> Iterator[ListEntry]:
        def ask(token: str | None) -> tuple[list[ListEntry], str | None]:
            page = decoded(
                DatasetPage, self._ask("POST", "search", {**query, "max_results": PAGE, "page_token": token})
            )
            return read_each(page.datasets, _snapshot, itemgetter("dataset_id")), page.next_page_token

        return entries_of("datasets/search", ask)

    def pages(self, dataset_id: str) -> Iterator[list[Record]]:
        """Yield all records in their current state."""
        token: str | None = None
        most = PAGE_RECORDS
        pages = Pages("datasets/records")
        while True:
            try:
                answer = self._ask("GET", f"{quote(dataset_id, safe='')}/records", max_results=most, page_token=token)
            except ResponseTooLarge:
                if most <= LEAST_PAGE_RECORDS:
                    raise
                most //= 4
                continue
            page = decoded(RecordPage, answer)
            found = decoded_text(list[DatasetRecord], page.records or "[]")
            yield [_record(each) for each in found]
            token = pages.next(page.next_page_token, found)
            if not token:
                return

    def _ask(self, method: str, path: str, body: Any = None, /, *, idempotent: bool = True, **query: Any) -> Any:
        given = None if body is None else {key: value for key, value in body.items() if value is not None}
        return self._http.json(method, f"{API}/{path}", given, idempotent=idempotent, **query)


class NoDatasets(MlflowDatasets):
    """The datasets of a remote that has none in MLflow's API."""

    is_known = False


class Records:
    """The records of one dataset, in a temporary file; for one thread at a time."""

    def __init__(self, dataset_id: str) -> None:
        self.dataset_id = dataset_id
        # By one thread at a time: a link creates a new one after a longer pause, and another thread closes the old one.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("BEGIN")
        self._db.execute(
            "CREATE TABLE records (place INTEGER PRIMARY KEY, hash TEXT UNIQUE, digest TEXT, id TEXT, record BLOB)"
        )

    def read(self, pages: Iterable[list[Record]]) -> None:
        for records in pages:
            self._db.executemany(
                "INSERT OR REPLACE INTO records (hash, digest, id, record) VALUES (?, ?, ?, ?)",
                [
                    (each.input_hash, record_merge.content(each), each.record_id, msgspec.msgpack.encode(each))
                    for each in records
                ],
            )

    def buckets(self) -> dict[str, str]:
        found = Buckets()
        for input_hash, digest in self._db.execute("SELECT hash, digest FROM records ORDER BY hash"):
            found.add(input_hash, digest)
        return found.digests()

    def entries(self, buckets: Sequence[str]) -> Iterator[Entry]:
        wanted = set(buckets)
        for row in self._db.execute("SELECT hash, digest, place FROM records"):
            if row[0][:BUCKET] in wanted:
                yield Entry(*row)

    def some(self, hashes: Sequence[str]) -> Iterator[Record]:
        """Yield records in the order in which they were read."""
        places = [row[0] for row in self._rows("place", hashes)]
        for place in sorted(places):
            row = self._db.execute("SELECT record FROM records WHERE place = ?", (place,)).fetchone()
            yield msgspec.msgpack.decode(row[0], type=Record)

    def ids(self, hashes: Sequence[str]) -> list[str]:
        return [row[0] for row in self._rows("id", hashes)]

    def close(self) -> None:
        self._db.close()

    def _rows(self, column: str, hashes: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        for each in hashes:
            row = self._db.execute(f"SELECT {column} FROM records WHERE hash = ?", (each,)).fetchone()
            if row is not None:
                yield row


def _snapshot(given: object) -> Snapshot:
    found = decoded(EvaluationDataset, given)
    doc: Doc = {
        fields.NAME: found.name,
        fields.CREATION_TIME: str(found.created_time or 0),
        fields.LAST_UPDATE_TIME: str(found.last_update_time or 0),
        fields.DIGEST: found.digest or "",
    }
    for kind in (FieldKind.CREATED_BY, FieldKind.LAST_UPDATED_BY, FieldKind.SCHEMA):
        if getattr(found, kind):
            doc[Field(kind)] = getattr(found, kind)
    for key, value in decoded_text(dict[str, str | None], found.tags or "{}").items():
        if value is None:
            doc[Field(FieldKind.NULL_TAG, key)] = ""
        else:
            doc[Field(FieldKind.TAG, key)] = value
    profile = decoded_text(DatasetProfile, found.profile or "{}")
    doc[fields.VERSION] = " ".join((doc[fields.DIGEST], doc[fields.LAST_UPDATE_TIME], str(profile.num_records)))
    return Snapshot(str(found.dataset_id), "", doc)


def _record(found: DatasetRecord) -> Record:
    inputs, source = found.inputs or {}, found.source
    created = found.created_time or 0
    return Record(
        input_hash=record_merge.hash_of(inputs),
        record_id=str(found.dataset_record_id),
        created_time=created,
        last_update_time=found.last_update_time or created,
        inputs=_text(inputs),
        outputs=_optional(found.outputs),
        expectations=_optional(found.expectations),
        tags=_text(found.tags or {}),
        source=_optional(source),
        source_id=found.source_id,
        source_type=source.get("source_type") if isinstance(source, dict) else None,
        created_by=found.created_by,
        last_updated_by=found.last_updated_by,
    )


def _given(record: Record) -> dict[str, Any]:
    """Return a record in the form of MLflow's client."""
    told: dict[str, Any] = {"inputs": json.loads(record.inputs), "outputs": _loaded(record.outputs)}
    for name in ("expectations", "tags", "source"):
        value = _loaded(getattr(record, name))
        if value:
            told[name] = value
    return told


def _text(value: Any) -> str:
    return dm.whole(json.dumps(value, ensure_ascii=False))


def _optional(value: Any) -> str | None:
    return None if value is None else _text(value)


def _loaded(text: str | None) -> Any:
    return None if text is None else json.loads(text)
