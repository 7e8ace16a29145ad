"""The snippets of another workspace, as a link sees them."""

from typing import Any

from links.items.snippets import table
from trackside.sync.document import Patch
from trackside.sync.local.reader import Snapshot


class Snippets:
    def __init__(self, db: Any, ws: int) -> None:
        self._db = db
        self._ws = ws

    def read(self, snippet_id: str) -> Snapshot | None:
        with self._db.read(self._ws) as tx:
            doc = table.read(tx, snippet_id)
        return None if doc is None else Snapshot(snippet_id, "", doc)

    def put(self, snippet_id: str, patch: Patch) -> str:
        self._db.writer.submit(self._ws, lambda tx: table.put(tx, snippet_id, patch)).result()
        return snippet_id

    def delete(self, snippet_id: str) -> None:
        self._db.writer.submit(self._ws, lambda tx: table.delete(tx, snippet_id)).result()
