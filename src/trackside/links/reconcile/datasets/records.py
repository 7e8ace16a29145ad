"""Transfers the records of an evaluation dataset in both directions.

Can run again at any time: each batch is recorded, so the next run continues after it. Both sides are read in the order
of hashes and compared by digests; only differing records are transferred.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct
from msgspec.structs import replace

from trackside.core.db.tx import Tx
from trackside.evaluation_datasets import replica
from trackside.evaluation_datasets.whole_record import Record
from trackside.links.model import LogKind
from trackside.links.reconcile.context import LinkContext
from trackside.links.state import dataset_records
from trackside.links.state.dataset_records import Agreed
from trackside.sync import portions, record_merge
from trackside.sync.entities import Entity
from trackside.sync.record_merge import Difference, Step
from trackside.sync.record_tables import Entry, Lists
from trackside.sync.remote.datasets_port import RemoteDatasets
from trackside.sync.remote.port import Unmirrored

AT_ONCE = 500
MAX_CHARS = 4 << 20  # of one batch, except for a single larger record


class Moved(Struct):
    sent: int = 0
    taken: int = 0

    def __bool__(self) -> bool:
        return bool(self.sent or self.taken)


class Origin(Struct, frozen=True):
    """The fields of a record that never change."""

    record_id: str
    created_time: int  # ms
    created_by: str | None


class RecordSync:
    """Both sides of one dataset's records."""

    def __init__(self, context: LinkContext, remote: RemoteDatasets, local_id: str, remote_id: str) -> None:
        self._context = context
        self._remote = remote
        self._link_id = context.link_id
        self._local_id = local_id
        self._remote_id = remote_id

    def run(self, *, look: bool) -> Moved:
        """`look`: compare the remote records; otherwise they count as agreed."""
        moved = Moved()
        began = time.monotonic()
        with self._lists() as lists:
            self._compare(lists, look=look)
            self._note_conflicts(lists)
            compared = time.monotonic()
            for found in lists.differences():
                self._context.beat()
                self._do(found[0].step, found, moved)
                if time.monotonic() - compared > compared - began:  # the next run has to compare again
                    self._context.time_slice.check()
        return moved

    def differences(self) -> dict[Step, int]:
        """Return the number of records that differ from the link's rules, by step."""
        with self._lists() as lists:
            self._compare(lists, look=True)
            counts = lists.counts()
        return {step: count for step, count in counts.items() if step not in (Step.FORGET, Step.AGREE)}

    def is_as_agreed(self) -> bool:
        """Return whether the local records are in the agreed state."""
        with Lists() as lists:
            lists.add("local", self._local_entries(is_quiet=True))
            lists.add("base", self._base())
            return lists.buckets("local") == lists.buckets("base")

    def is_remote_as_agreed(self) -> bool:
        """Return whether the remote records are in the agreed state."""
        with self._lists() as lists:
            lists.add("base", self._base())
            self._remote.look(self._remote_id)
            return self._remote.buckets(self._remote_id) == lists.buckets("base")

    @contextmanager
    def _lists(self) -> Iterator[Lists]:
        with Lists() as lists:
            try:
                yield lists
            finally:
                self._remote.forget()

    def _compare(self, lists: Lists, *, look: bool) -> None:
        lists.add("base", self._base())
        lists.add("local", self._local_entries())
        other: list[str] = []
        if look:
            self._remote.look(self._remote_id)
            known, there = lists.buckets("base"), self._remote.buckets(self._remote_id)
            other = sorted(bucket for bucket in {*known, *there} if known.get(bucket) != there.get(bucket))
        lists.copy_base(without=other)
        if other:
            lists.add("remote", self._remote.entries(self._remote_id, other))
        lists.compare(self._context.link.mode)

    def _base(self) -> Iterator[Entry]:
        page = self._base_page("")
        while page:
            yield from (Entry(each.input_hash, each.digest) for each in page)
            page = self._base_page(page[-1].input_hash)

    def _base_page(self, after: str) -> list[Agreed]:
        return self._context.read(dataset_records.page, self._link_id, self._local_id, after)

    def _local_page(self, after: str) -> list[tuple[int, Record]]:
        return self._context.read(replica.scan, self._local_id, after)

    def _some(self, hashes: Sequence[str]) -> list[Record]:
        return self._context.read(replica.some, self._local_id, hashes)

    def _local_entries(self, *, is_quiet: bool = False) -> Iterator[Entry]:
        page = self._local_page("")
        while page:
            for place, record in page:
                digest = self._remote.digest(record)
                if digest is not None:
                    yield Entry(record.input_hash, digest, place)
                elif not is_quiet:
                    text = f"record {record.record_id} is not sent: the remote would read its inputs differently"
                    self._context.note_once(LogKind.SKIPPED, Entity.EVALUATION_DATASET, self._local_id, text)
            page = self._local_page(page[-1][1].input_hash)

    def _note_conflicts(self, lists: Lists) -> None:
        """Write one log entry for each dataset, for any number of records with conflicts."""
        joined = lists.counts().get(Step.JOIN, 0)
        put_back = 0 if self._is_both else sum(each.is_overwriting for found in lists.differences() for each in found)
        if joined:
            text = (
                f"both sides changed {_records(joined)}: kept all expectations and tags of both, and of the rest what was"
                " changed later"
            )
            self._context.note_conflict(Entity.EVALUATION_DATASET, self._local_id, text)
        if put_back:
            where = "there" if self._context.link.mode.sends else "here"
            text = f"{_records(put_back)} of the copy changed {where}; now as before again"
            self._context.note_conflict(Entity.EVALUATION_DATASET, self._local_id, text)

    @property
    def _is_both(self) -> bool:
        return self._context.link.mode.sends and self._context.link.mode.takes

    def _do(self, step: Step, found: Sequence[Difference], moved: Moved) -> None:
        hashes = [each.input_hash for each in found]
        match step:
            case Step.FORGET:
                self._context.write(dataset_records.forget, self._link_id, self._local_id, hashes)
            case Step.AGREE:
                self._agree(found)
            case Step.DROP_THERE:
                moved.sent += self._delete_remote(hashes)
            case Step.DROP_HERE:
                moved.taken += self._delete_local(found)
            case Step.TAKE:
                for records in _batches(self._remote.records(self._remote_id, hashes)):
                    moved.taken += self._take(records, {each.input_hash: each.local for each in found})
            case Step.SEND:
                for records in _batches(self._here(hashes)):
                    moved.sent += self._send(records)
            case Step.JOIN:
                for records in _batches(self._remote.records(self._remote_id, hashes)):
                    count = self._join(records, {each.input_hash: each.local for each in found})
                    moved.sent, moved.taken = moved.sent + count, moved.taken + count

    def _here(self, hashes: Sequence[str]) -> Iterator[Record]:
        """Return the current local records."""
        wanted = list(hashes)
        while wanted:
            found = self._some(wanted)
            if not found:
                return
            yield from found
            known = {record.input_hash for record in found}
            wanted = [each for each in wanted if each not in known]

    def _agree(self, found: Sequence[Difference]) -> None:
        digests = {each.input_hash: each.local for each in found}
        for records in _batches(self._here(list(digests))):
            agreed = [Agreed(each.input_hash, digests[each.input_hash] or "", each.record_id) for each in records]
            self._context.write(dataset_records.save, self._link_id, self._local_id, agreed)

    def _send(self, records: Sequence[Record]) -> int:
        hashes = [record.input_hash for record in records]
        before = self._context.read(dataset_records.record_ids, self._link_id, self._local_id, hashes)
        replaced = {
            each.input_hash for each in records if before.get(each.input_hash, each.record_id) != each.record_id
        }
        try:
            self._remote.put(self._remote_id, records, replaced)
        except Unmirrored as reason:
            self._context.note_once(LogKind.SKIPPED, Entity.EVALUATION_DATASET, self._local_id, str(reason))
            return 0
        self._save(records)
        return len(records)

    def _take(self, records: Sequence[Record], expected: dict[str, str | None]) -> int:
        """Store received records and return their number.  A record that changed locally meanwhile is compared again."""

        def work(tx: Tx) -> int:
            here = self._unchanged(tx, [each.input_hash for each in records], expected)
            taken = [self._with_our_id(each, here[each.input_hash]) for each in records if each.input_hash in here]
            if taken:
                replica.put(tx, self._local_id, taken)
                self._save_in(tx, taken)
            return len(taken)

        return self._context.write(work)

    def _join(self, records: Sequence[Record], expected: dict[str, str | None]) -> int:
        joined = [record_merge.join(local, each) for each in records for local in self._here([each.input_hash])]
        if not joined:
            return 0
        self._remote.put(self._remote_id, joined, set())
        return self._take(joined, expected)

    def _delete_remote(self, hashes: Sequence[str]) -> int:
        try:
            self._remote.drop(self._remote_id, hashes)
        except Unmirrored as reason:
            self._context.note_once(LogKind.SKIPPED, Entity.EVALUATION_DATASET, self._local_id, str(reason))
            return 0
        self._context.write(dataset_records.forget, self._link_id, self._local_id, hashes)
        return len(hashes)

    def _delete_local(self, found: Sequence[Difference]) -> int:
        expected = {each.input_hash: each.local for each in found}

        def work(tx: Tx) -> int:
            hashes = list(self._unchanged(tx, list(expected), expected))
            if hashes:
                replica.drop(tx, self._local_id, hashes)
                dataset_records.forget(tx, self._link_id, self._local_id, hashes)
            return len(hashes)

        return self._context.write(work)

    def _unchanged(self, tx: Tx, hashes: Sequence[str], expected: dict[str, str | None]) -> dict[str, Origin | None]:
        """Return the origins of local records that are unchanged since the comparison; in a pull link, of all."""
        digests: dict[str, str | None] = {}
        origins: dict[str, Origin] = {}
        wanted = list(hashes)
        while wanted:
            found = replica.some(tx, self._local_id, wanted)
            for each in found:
                digests[each.input_hash] = self._remote.digest(each)
                origins[each.input_hash] = Origin(each.record_id, each.created_time, each.created_by)
            wanted = [each for each in wanted if each not in origins] if found else []
        return {
            each: origins.get(each) for each in hashes if not self._is_both or digests.get(each) == expected.get(each)
        }

    def _with_our_id(self, record: Record, local: Origin | None) -> Record:
        """Return the record with the local id and creation time, for a remote that does not keep ids."""
        if local is None or self._context.remote.preserves_ids:
            return record
        return replace(record, record_id=local.record_id, created_time=local.created_time, created_by=local.created_by)

    def _save(self, records: Sequence[Record]) -> None:
        self._context.write(self._save_in, records)

    def _save_in(self, tx: Tx, records: Sequence[Record]) -> None:
        agreed = [Agreed(each.input_hash, self._remote.digest(each) or "", each.record_id) for each in records]
        dataset_records.save(tx, self._link_id, self._local_id, agreed)


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    return portions.batched(records, lambda record: record.size, MAX_CHARS, AT_ONCE)


def _records(count: int) -> str:
    return f"{count} record" if count == 1 else f"{count} records"
