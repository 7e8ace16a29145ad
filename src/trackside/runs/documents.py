"""Documents of runs for searches: stored ones are read, missing ones are created and passed to the writer, which saves them.
Depends on no filter and no order."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial

from msgspec import Struct

from trackside.core.db.group import GroupWriter
from trackside.core.db.tx import Tx
from trackside.runs import store

SAVE_AT_ONCE = 50  # documents in one command of the writer, which takes a millisecond or two
MOST_UNSAVED_BYTES = 64 << 20


class _Made(Struct, frozen=True):
    run_id: str
    doc: bytes
    epoch: int  # the change-log position of the snapshot that the document was created from


class Documents:
    """A cache of documents until they are saved, so that the next search need not create them again.  Thread-safe.

    Documents are dropped while the writer has `most_bytes` of them to save."""

    def __init__(self, writer: GroupWriter, most_bytes: int = MOST_UNSAVED_BYTES) -> None:
        self._writer = writer
        self._most_bytes = most_bytes
        self._made: dict[tuple[int, int], _Made] = {}  # unsaved documents by (workspace, run_seq)
        self._bytes = 0  # of unsaved documents
        self._lock = threading.Lock()  # guards `_bytes`

    def read(self, tx: Tx, run_seqs: Sequence[int], most_bytes: int) -> list[bytes]:
        """Return the JSON of runs in the order of `run_seqs`, at least one and otherwise at most `most_bytes`."""
        docs, fresh = store.documents(tx, run_seqs, most_bytes, partial(self._unsaved, tx.ws, tx.epoch))
        for start in range(0, len(fresh), SAVE_AT_ONCE):
            self._save(tx.ws, fresh[start : start + SAVE_AT_ONCE], tx.epoch)
        return docs

    def _unsaved(self, ws: int, epoch: int, run_seq: int) -> bytes | None:
        """Return the unsaved document of a run; None if there is none, or if the run has changed between the two snapshots."""
        made = self._made.get((ws, run_seq))
        if made is None or self._writer.changed_since(("run", ws, made.run_id), min(made.epoch, epoch)):
            return None
        return made.doc

    def _save(self, ws: int, docs: Sequence[tuple[int, str, bytes]], epoch: int) -> None:
        if not epoch:  # with several servers, this one does not know whether a run has changed
            self._writer.submit(ws, store.keeping(docs))
            return
        size = sum(len(doc) for _, _, doc in docs)
        with self._lock:
            if self._bytes and self._bytes + size > self._most_bytes:
                return
            self._bytes += size
        made = {(ws, seq): _Made(run_id, doc, epoch) for seq, run_id, doc in docs}
        self._made.update(made)
        self._writer.submit(ws, store.saving(docs, epoch)).add_done_callback(partial(self._forget, made))

    def _forget(self, made: dict[tuple[int, int], _Made], _: "Future[None]") -> None:
        with self._lock:
            self._bytes -= sum(len(each.doc) for each in made.values())
        for key, each in made.items():
            if self._made.get(key) is each:
                self._made.pop(key, None)
