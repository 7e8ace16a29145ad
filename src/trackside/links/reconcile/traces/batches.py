"""Sends many new traces to another Trackside by a few calls, before the reconciler takes them one by one.

What is sent here needs no further call: the reconciler finds both sides equal.  What is left out goes the longer way.
"""

from collections.abc import Callable, Iterator, Sequence

from trackside.core.db.tx import Tx
from trackside.links.model import Made
from trackside.links.reconcile.context import Side
from trackside.links.reconcile.traces.compare import Comparison
from trackside.links.state import item_store
from trackside.sync.entities import Entity
from trackside.sync.local import traces
from trackside.sync.local.reader import Part
from trackside.sync.remote.traces_port import NewTrace

MOST_BYTES = 8 << 20  # of the spans of one call
AT_ONCE = 100
LEAST = 2  # traces for which a batch saves calls


class Batches:
    def __init__(self, side: Side, comparison: Comparison, experiment_there: Callable[[Part], str]) -> None:
        self._side = side
        self._peer = side.peer.traces
        self._comparison = comparison
        self._experiment_there = experiment_there

    def send(self, trace_ids: Sequence[str]) -> dict[str, Part]:
        """Send those of the traces that the link has not sent yet, and return what the other side has of them then."""
        found: dict[str, Part] = {}
        for start in range(0, len(trace_ids), AT_ONCE):
            new = self._new(trace_ids[start : start + AT_ONCE])
            if len(new) < LEAST:
                continue
            there = self._peer.find_all([part.item_id for part in new])
            lacking = [part for part in new if part.item_id not in there]
            self._intend([part.item_id for part in lacking])
            made: list[str] = []
            for portion in self._portions(lacking):
                self._side.beat()
                made += self._peer.make_all(portion)
            if made:
                there |= self._peer.find_all(made)
                self._save([trace_id for trace_id in made if trace_id in there])
            found |= there
        return found

    def _new(self, trace_ids: Sequence[str]) -> list[Part]:
        link_id = self._side.link.link_id

        def read(tx: Tx) -> list[Part]:
            unknown = [each for each in trace_ids if item_store.item(tx, link_id, Entity.TRACE, each) is None]
            return traces.some(tx, unknown)

        return [part for part in self._side.read(read) if self._comparison.is_wanted(part)]

    def _portions(self, parts: Sequence[Part]) -> Iterator[list[NewTrace]]:
        portion: list[NewTrace] = []
        size = 0
        for part in parts:
            files = self._side.body_files
            read = self._side.read(lambda tx, part=part, files=files: traces.stored(tx, part.item_id, files))  # type: ignore[misc]
            lines = read()
            trace_bytes = sum(map(len, lines))
            if trace_bytes > MOST_BYTES:
                continue
            if portion and size + trace_bytes > MOST_BYTES:
                yield portion
                portion, size = [], 0
            doc = self._comparison.there(self._comparison.mine(part.doc))
            portion.append(NewTrace(part.item_id, self._experiment_there(part), doc, lines))
            size += trace_bytes
        if portion:
            yield portion

    def _intend(self, trace_ids: Sequence[str]) -> None:
        def work(tx: Tx) -> None:
            for trace_id in trace_ids:
                item_store.save_item(tx, self._side.link.link_id, Entity.TRACE, trace_id, "", Made.US, None)

        if trace_ids:
            self._side.write(work)

    def _save(self, trace_ids: Sequence[str]) -> None:
        def work(tx: Tx) -> None:
            for trace_id in trace_ids:
                item_store.save_item(tx, self._side.link.link_id, Entity.TRACE, trace_id, trace_id, Made.US, None)

        self._side.write(work)
