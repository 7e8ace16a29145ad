"""The first meeting of an evaluation dataset with its counterpart, which is made if there is none."""

from trackside.core.db.tx import Tx
from trackside.links.model import Made
from trackside.links.reconcile import identity
from trackside.links.reconcile.datasets.compare import Comparison
from trackside.links.reconcile.runs import PATIENCE_MS, Early, Mirror, brought
from trackside.links.state import item_store
from trackside.links.state.item_store import Item
from trackside.sync.document import Field
from trackside.sync.entities import Entity
from trackside.sync.local import datasets, reader
from trackside.sync.local.reader import Part

DATASET = Entity.DATASET
MAKER: Field = ("tag", reader.SOURCE_WORKSPACE)
SOURCE: Field = ("tag", reader.SOURCE_DATASET)


class Meeting:
    def __init__(self, comparison: Comparison, runs: Mirror) -> None:
        self.side = comparison.side
        self.peer = comparison.peer
        self._comparison = comparison
        self._runs = runs

    def first(self, part: Part, item: Item | None, theirs: Part | None) -> tuple[Item, Part | None]:
        """Of one of ours."""
        side, local_id = self.side, part.item_id
        if theirs is not None:
            is_ours = item is not None and identity.is_known_as_ours(side, theirs)
            self._runs.meet(DATASET, local_id, theirs.item_id, Made.US if is_ours else Made.THEM)
            return self._saved(local_id), theirs
        # Another link may have brought it there: from here, or from where we have it.
        is_brought, age_ms = side.read(lambda tx: brought(tx, side.link.link_id, DATASET, local_id))
        remote_id = self.peer.find_copy(local_id, is_brought=is_brought)
        if remote_id is not None:
            theirs = self.peer.read(remote_id)
            is_ours = item is not None and theirs is not None and identity.is_known_as_ours(side, theirs)
            self._runs.meet(DATASET, local_id, remote_id, Made.US if is_ours else Made.THEM)
            return self._saved(local_id), theirs
        if is_brought and not side.peer.keeps_ids and 0 <= age_ms < PATIENCE_MS:
            raise Early((PATIENCE_MS - age_ms) / 1000)
        doc = self._comparison.there(self._comparison.mine(part))
        side.save(DATASET, local_id, "", Made.US, None)
        remote_id = self.peer.make(local_id, doc)
        side.save(DATASET, local_id, remote_id, Made.US, None)
        return self._saved(local_id), self.peer.read(remote_id)

    def adopt(self, part: Part) -> str | None:
        """Our id of one of theirs that none of ours is known to match; it is made here if it shall be."""
        if self._is_before(part) or not self._comparison.wants_theirs(part):
            return None
        local_id = self._id_here(part)
        if local_id is None:
            return None
        exists = self.side.read(lambda tx: datasets.read(tx, local_id)) is not None
        is_by_us = local_id == part.doc.get(SOURCE) and identity.is_known_as_ours(self.side, part)
        doc = {field: value for field, value in part.doc.items() if field[0] in datasets.AT_BIRTH}

        def make(tx: Tx) -> None:
            datasets.make(tx.by(f"link {self.side.link.name}"), local_id, doc)
            made_by = Made.HERE if not exists else Made.US if is_by_us else Made.THEM
            identity.save_met(self.side, tx, DATASET, local_id, part.item_id, made_by)

        self.side.write(make)
        return local_id

    def _is_before(self, part: Part) -> bool:
        """Whether it was made, and changed, before the moment from which on the link takes."""
        side, options = self.side, self.side.link.options
        if side.peer.keeps_ids and side.link.has_seen_all and options.backfill == "none":
            return False  # its log tells of it, since it changed
        return touched(part) < options.since

    def _id_here(self, part: Part) -> str | None:
        """As that of `reconcile.runs`."""
        said = part.doc.get(SOURCE)
        known = None if not said else self.side.item(DATASET, said)
        if not said or known is None or known.remote_id in ("", part.item_id):
            return said or part.item_id
        other = self.peer.read(known.remote_id)
        if other is None:
            return said
        if other.doc.get(SOURCE, said) != said or other.doc.get(MAKER) == part.doc.get(MAKER):
            return part.item_id
        words = f"{part.item_id} is left alone: it is a copy of {said} too, as {known.remote_id} is"
        self.side.note_once("skipped", DATASET, said, words)
        return None

    def _saved(self, local_id: str) -> Item:
        item = self.side.read(lambda tx: item_store.item(tx, self.side.link.link_id, DATASET, local_id))
        assert item is not None
        return item


def touched(part: Part) -> int:
    """When it was made or changed, in ms."""
    return max(int(part.doc.get((kind, ""), "0")) for kind in ("creation_time", "last_update_time"))
