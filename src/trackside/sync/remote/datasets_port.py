"""The interface of a remote's evaluation datasets, for the worker: datasets by the remote's ids, records by the hash of their
inputs.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from trackside.evaluation_datasets.whole_record import Record
from trackside.sync.document import Doc, Patch
from trackside.sync.fields import Field, Verb
from trackside.sync.local.reader import Snapshot
from trackside.sync.record_tables import Entry
from trackside.sync.remote.port import Listed


class RemoteDatasets(Listed, Protocol):
    """Calls are idempotent, and raise like those of `Remote`.  Documents are those of `links.datasets`, with the remote's ids of
    experiments."""

    @property
    def is_known(self) -> bool:
        """Return whether the remote supports evaluation datasets."""
        ...

    def can(self, field: Field, verb: Verb) -> bool:
        del field, verb
        return True

    def read(self, dataset_id: str) -> Snapshot | None:
        """Return the dataset.  Where ids are not kept, it has a field `version`, which changes with the records."""
        ...

    def find_copy(self, local_id: str, *, is_brought: bool) -> str | None:
        """Return the remote's copy of a dataset; see `Remote.find_copy`."""
        ...

    def make(self, local_id: str, doc: Doc) -> str:
        """Create a dataset with the part of the document that fits into the creation."""
        ...

    def change(self, dataset_id: str, patch: Patch) -> None: ...

    def remove(self, dataset_id: str) -> None:
        """Remove a dataset, if it exists."""
        ...

    def digest(self, record: Record) -> str | None:
        """Return the digest for the comparison of records; None for a record that the remote cannot store as it is."""
        ...

    def look(self, dataset_id: str) -> None:
        """Read the current state of the dataset, for the calls that follow."""
        del dataset_id

    def buckets(self, dataset_id: str) -> dict[str, str]:
        """Return the digests of `record_tables.Buckets`."""
        ...

    def entries(self, dataset_id: str, buckets: Sequence[str]) -> Iterator[Entry]: ...

    def records(self, dataset_id: str, hashes: Sequence[str]) -> Iterator[Record]:
        """Yield the existing ones of these records, in the remote's order."""
        ...

    def put(self, dataset_id: str, records: Iterable[Record], replaced: set[str]) -> None:
        """Write records.  `replaced` are the hashes of records that replaced another one since they were sent."""
        ...

    def drop(self, dataset_id: str, hashes: Sequence[str]) -> None: ...

    def forget(self) -> None:
        """Free the data of the last dataset."""
        return
