"""The other side's evaluation datasets, as the worker sees them.  A narrow port: datasets by the remote's ids, their records by
the hash of their inputs."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from trackside.evaluation_datasets.whole_record import Record
from trackside.sync.document import Doc, Patch
from trackside.sync.fields import Field, Verb
from trackside.sync.local.reader import Snapshot
from trackside.sync.record_tables import Entry
from trackside.sync.remote.port import Listed


class RemoteDatasets(Listed, Protocol):
    """Calls may be repeated, and raise as those of `Remote` do.  Documents are those of `links.datasets`, with the remote's ids
    of experiments."""

    @property
    def is_known(self) -> bool:
        """Whether the remote has evaluation datasets at all."""
        ...

    def can(self, field: Field, verb: Verb) -> bool:
        del field, verb
        return True

    def read(self, dataset_id: str) -> Snapshot | None:
        """Where ids are not kept, with a field `version`, which is another one when records are others."""
        ...

    def find_copy(self, local_id: str, *, is_brought: bool) -> str | None:
        """As that of `Remote`."""
        ...

    def make(self, local_id: str, doc: Doc) -> str:
        """With as much of the document as fits into the making."""
        ...

    def change(self, dataset_id: str, patch: Patch) -> None: ...

    def remove(self, dataset_id: str) -> None:
        """Remove a dataset; harmless if it is not there."""
        ...

    def digest(self, record: Record) -> str | None:
        """By which the two sides' records are compared; None for one that cannot be there as it is here."""
        ...

    def look(self, dataset_id: str) -> None:
        """Read the dataset as it is there now, for the calls that follow."""
        del dataset_id

    def buckets(self, dataset_id: str) -> dict[str, str]:
        """As `record_tables.Buckets` has them."""
        ...

    def entries(self, dataset_id: str, buckets: Sequence[str]) -> Iterator[Entry]: ...

    def records(self, dataset_id: str, hashes: Sequence[str]) -> Iterator[Record]:
        """Yield those records that are there, in the order of the remote."""
        ...

    def put(self, dataset_id: str, records: Iterable[Record], replaced: set[str]) -> None:
        """`replaced`: hashes of those that took another's place here since they were sent."""
        ...

    def drop(self, dataset_id: str, hashes: Sequence[str]) -> None: ...

    def forget(self) -> None:
        """Free what was read of the last dataset."""
        return
