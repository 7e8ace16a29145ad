"""Sends many new traces to another Trackside in few calls, before the reconciler processes them one by one.

The reconciler then finds both sides equal without further calls. Traces that are skipped here are sent by the reconciler.
"""

from collections.abc import Callable, Iterator, Sequence

from trackside.core.db.tx import Tx
from trackside.links.model import CreatedBy
from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.traces.compare import Comparison
from trackside.links.state import item_store
from trackside.sync import portions
from trackside.sync.entities import Entity
from trackside.sync.local import traces
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.traces_port import NewTrace

MOST_BYTES = 8 << 20  # of the spans of one call
AT_ONCE = 100
LEAST = 2  # from this number of traces on a batch saves calls


class Batches:
    def __init__(
        self, context: LinkContext, comparison: Comparison, remote_experiment: Callable[[Snapshot], str]
    ) -> None:
        self._context = context
        self._remote = context.remote.traces
        self._comparison = comparison
        self._remote_experiment = remote_experiment

    def send(self, trace_ids: Sequence[str]) -> dict[str, Snapshot]:
        """Send the traces that the link has not sent yet, and return their remote state."""
        found: dict[str, Snapshot] = {}
        for start in range(0, len(trace_ids), AT_ONCE):
            new = self._new(trace_ids[start : start + AT_ONCE])
            if len(new) < LEAST:
                continue
            there = self._remote.find_all([snapshot.item_id for snapshot in new])
            lacking = [snapshot for snapshot in new if snapshot.item_id not in there]
            self._intend(lacking)
            made: list[str] = []
            for portion in self._portions(lacking):
                self._context.beat()
                made += self._remote.make_all(portion)
            if made:
                there |= self._remote.find_all(made)
                self._save([trace_id for trace_id in made if trace_id in there])
            found |= there
        return found

    def _new(self, trace_ids: Sequence[str]) -> list[Snapshot]:
        link_id = self._context.link_id

        def read(tx: Tx) -> list[Snapshot]:
            unknown = [each for each in trace_ids if item_store.item(tx, link_id, Entity.TRACE, each) is None]
            return traces.some(tx, unknown)

        return [snapshot for snapshot in self._context.read_local(read) if self._comparison.is_wanted(snapshot)]

    def _portions(self, snapshots: Sequence[Snapshot]) -> Iterator[list[NewTrace]]:
        """Divide traces by the size of their spans.  One that does not fit into a call is left out."""
        stored = ((snapshot, self._stored(snapshot.item_id)) for snapshot in snapshots)
        fitting = (self._new_trace(*each) for each in stored if _size(each[1]) <= MOST_BYTES)
        return portions.batched(fitting, lambda trace: _size(trace.lines), MOST_BYTES)

    def _new_trace(self, snapshot: Snapshot, lines: list[bytes]) -> NewTrace:
        doc = self._comparison.there(self._comparison.local_doc(snapshot.doc))
        return NewTrace(snapshot.item_id, self._remote_experiment(snapshot), doc, lines)

    def _intend(self, snapshots: Sequence[Snapshot]) -> None:
        def work(tx: Tx) -> None:
            for each in snapshots:
                agreed = self._comparison.as_given(each)
                item_store.save_item(tx, self._context.link_id, Entity.TRACE, each.item_id, "", CreatedBy.US, agreed)

        if snapshots:
            self._context.write(work)

    def _save(self, trace_ids: Sequence[str]) -> None:
        def work(tx: Tx) -> None:
            for trace_id in trace_ids:
                item_store.save_item(tx, self._context.link_id, Entity.TRACE, trace_id, trace_id, CreatedBy.US, None)

        self._context.write(work)

    def _stored(self, trace_id: str) -> list[bytes]:
        read_lines = self._context.read(traces.stored, trace_id, self._context.body_files)
        return read_lines()


def _size(lines: Sequence[bytes]) -> int:
    return sum(map(len, lines))
