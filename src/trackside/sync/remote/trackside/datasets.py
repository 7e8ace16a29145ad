"""The evaluation datasets of another Trackside, by the calls of `sync.api.datasets`.  They keep ids, times and users."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import msgspec

from trackside.core.http_client.client import HttpClient
from trackside.evaluation_datasets.whole_record import Record
from trackside.sync import record_merge
from trackside.sync.api.datasets import BucketDigests, Entries, Records
from trackside.sync.api.files import PREFIX
from trackside.sync.document import Doc, Patch
from trackside.sync.entities import Entity
from trackside.sync.local.reader import Snapshot
from trackside.sync.record_tables import Entry
from trackside.sync.remote.datasets_port import RemoteDatasets
from trackside.sync.remote.decoding import read
from trackside.sync.remote.paging import check_progress
from trackside.sync.remote.trackside import items

AT_ONCE = 500
JSON = {"content-type": "application/json"}


class TracksideDatasets(RemoteDatasets):
    def __init__(self, http: HttpClient) -> None:
        self._http = http

    @cached_property
    def is_known(self) -> bool:
        return Entity.EVALUATION_DATASET in items.about(self._http).kinds

    def read(self, dataset_id: str) -> Snapshot | None:
        return items.find(self._http, Entity.EVALUATION_DATASET, dataset_id)

    def find_copy(self, local_id: str, *, is_brought: bool) -> str | None:
        del is_brought
        return None if self.read(local_id) is None else local_id

    def make(self, local_id: str, doc: Doc) -> str:
        self.change(local_id, Patch(doc))
        return local_id

    def change(self, dataset_id: str, patch: Patch) -> None:
        items.put(self._http, Entity.EVALUATION_DATASET, dataset_id, patch)

    def remove(self, dataset_id: str) -> None:
        items.remove(self._http, Entity.EVALUATION_DATASET, dataset_id)

    def digest(self, record: Record) -> str | None:
        return record_merge.exact(record)

    def buckets(self, dataset_id: str) -> dict[str, str]:
        return read(self._http, BucketDigests, "GET", f"{PREFIX}/records/buckets", id=dataset_id).buckets

    def entries(self, dataset_id: str, buckets: Sequence[str]) -> Iterator[Entry]:
        after = ""
        while True:
            body = {"id": dataset_id, "buckets": list(buckets), "after": after}
            found = read(self._http, Entries, "POST", f"{PREFIX}/records/entries", body).entries
            if not found:
                return
            yield from found
            check_progress("records", after, found[-1].input_hash)
            after = found[-1].input_hash

    def records(self, dataset_id: str, hashes: Sequence[str]) -> Iterator[Record]:
        def ask(wanted: list[str]) -> tuple[list[Record], set[str]]:
            body = {"id": dataset_id, "hashes": wanted}
            found = read(self._http, Records, "POST", f"{PREFIX}/records/get", body).records
            return found, {record.input_hash for record in found}

        for found in items.find_all(f"records of {dataset_id}", hashes, AT_ONCE, ask):
            yield from found

    def put(self, dataset_id: str, records: Iterable[Record], replaced: set[str]) -> None:
        del replaced
        self._put(dataset_id, put=list(records))

    def drop(self, dataset_id: str, hashes: Sequence[str]) -> None:
        self._put(dataset_id, drop=list(hashes))

    def _put(self, dataset_id: str, **what: Any) -> None:
        self._http.call("POST", f"{PREFIX}/records", msgspec.json.encode({"id": dataset_id, **what}), JSON)
