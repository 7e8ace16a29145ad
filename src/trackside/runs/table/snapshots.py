"""Snapshots of the order of rows, so that further windows of a table need no search and rows do not shift.

They are in memory, by a token that the first answer returns.  A server without the snapshot creates it from current data.
"""

import re
import threading
import uuid
from array import array
from collections import OrderedDict

from msgspec import Struct

from trackside.core.errors import Invalid
from trackside.runs.table.tree import Tree

MAX_ROWS = 4_000_000  # in all snapshots together, 8 bytes each and more for a tree
_TOKEN = re.compile(r"[0-9a-f]{32}")


class Snapshot(Struct, frozen=True):
    rows: "array[int]"
    tree: Tree | None = None


class Snapshots:
    """The most recently used snapshots.  Thread-safe."""

    def __init__(self, most_rows: int = MAX_ROWS) -> None:
        self._most_rows = most_rows
        self._kept: OrderedDict[tuple[str, int, str], Snapshot] = OrderedDict()
        self._rows = 0
        self._lock = threading.Lock()

    def find(self, token: str, ws: int, search: str) -> Snapshot | None:
        """Return the snapshot of a search in a workspace."""
        key = (token, ws, search)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def keep(self, token: str, ws: int, search: str, snapshot: Snapshot) -> None:
        with self._lock:
            before = self._kept.pop((token, ws, search), None)
            self._rows += len(snapshot.rows) - (0 if before is None else len(before.rows))
            self._kept[token, ws, search] = snapshot
            while self._rows > self._most_rows and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._rows -= len(dropped.rows)


def token_of(asked: str | None) -> str:
    if not asked:
        return uuid.uuid4().hex
    if not _TOKEN.fullmatch(asked):
        raise Invalid(f"snapshot is {asked[:100]!r}; it must be the snapshot of an earlier answer")
    return asked
