"""A link's items in SQL: their counterparts, agreed states, sent points and files.  Calls neither side."""

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec.structs import asdict

from trackside.artifacts import store as artifacts
from trackside.core.db.changes import LOOKED_UP
from trackside.core.db.tx import Tx
from trackside.events.entries import Entry
from trackside.events.store import Page
from trackside.links.model import CreatedBy
from trackside.links.state import dataset_records, work_queue
from trackside.links.state.item import ItemState
from trackside.sync import document
from trackside.sync.document import Doc
from trackside.sync.entities import Entity
from trackside.sync.file_plan import FileState, Known
from trackside.sync.local import registry as registered
from trackside.sync.metric_delta import Cursor

Direction = Literal["out", "in"]


def take_page(tx: Tx, link_id: int, page: Page, *, registry: bool) -> None:
    """Enqueue the changes of a change-log page, and advance the link's position in the log."""
    found = registered.named(page.changes)
    work_queue.enqueue(tx, link_id, {each for each in found if registry or not Entity(each[0]).is_of_registry})
    note_removals(tx, link_id, page.changes)
    tx.run(
        "UPDATE links SET seen_seq = :seen WHERE workspace_id = :ws AND link_id = :id AND seen_seq < :seen",
        id=link_id,
        seen=page.after,
    )


def mirrored(tx: Tx, link_id: int, made_by: CreatedBy | None = None) -> dict[str, int]:
    """Return the number of items that both sides have, by kind.  `made_by`: only those of this creator."""
    return dict(
        tx.all(
            """
            SELECT entity, COUNT(*) FROM link_items
            WHERE workspace_id = :ws AND link_id = :link AND remote_id <> '' AND (:made_by = '' OR made_by = :made_by)
            GROUP BY entity ORDER BY entity
            """,
            link=link_id,
            made_by=made_by or "",
        )
    )


def item(tx: Tx, link_id: int, entity: Entity, local_id: str) -> ItemState | None:
    return _item(tx, link_id, entity, "local_id", local_id)


def by_remote(tx: Tx, link_id: int, entity: Entity, remote_id: str) -> ItemState | None:
    return _item(tx, link_id, entity, "remote_id", remote_id)


def _item(tx: Tx, link_id: int, entity: Entity, column: str, item_id: str) -> ItemState | None:
    row = tx.one(
        f"""
        SELECT local_id, remote_id, made_by, agreed, store_generation FROM link_items
        WHERE workspace_id = :ws AND link_id = :link AND entity = :entity AND {column} = :id
        """,
        link=link_id,
        entity=str(entity),
        id=item_id,
    )
    return None if row is None else item_of(row)


def synced_at(tx: Tx, link_id: int, entity: Entity, local_id: str) -> int:
    """Return when the item was last synced or first attempted, in ms; 0 if never."""
    row = tx.one(
        """
        SELECT synced_at FROM link_items
        WHERE workspace_id = :ws AND link_id = :link AND entity = :entity AND local_id = :id
        """,
        link=link_id,
        entity=str(entity),
        id=local_id,
    )
    return 0 if row is None else row[0]


def enqueue_mirrored(tx: Tx, link_id: int, entity: Entity, local_ids: Sequence[str]) -> None:
    """Enqueue those of the items that the remote has."""
    if not local_ids:
        return
    rows = tx.all(
        """
        SELECT local_id FROM link_items
        WHERE workspace_id = :ws AND link_id = :link AND entity = :entity AND local_id IN :ids AND remote_id <> ''
        """,
        link=link_id,
        entity=str(entity),
        ids=list(local_ids),
    )
    work_queue.enqueue(tx, link_id, [(str(entity), local_id) for (local_id,) in rows])


def brought_at(tx: Tx, link_id: int, entity: Entity, local_id: str) -> int | None:
    """Return when a local item was created by another link, an import, or a push of another workspace, in ms; 0 if that time is
    unknown; None if it was created here."""
    row = tx.one(
        f"""
        SELECT MIN(changed_at) FROM changes
        WHERE workspace_id = :ws AND entity = :entity AND entity_id = :id AND action = 'import' AND {LOOKED_UP}
        """,
        entity=str(entity),
        id=local_id,
    )
    if row is not None and row[0] is not None:
        return int(row[0])
    return 0 if is_of_another_link(tx, link_id, entity, local_id) else None


def is_of_another_link(tx: Tx, link_id: int, entity: Entity, local_id: str) -> bool:
    """Return whether the item is known to another link of this workspace, other than as a copy of the local item."""
    other = tx.one(
        """
        SELECT 1 FROM link_items WHERE workspace_id = :ws AND link_id <> :link AND entity = :entity AND local_id = :id
            AND made_by <> 'us' AND link_id IN (SELECT link_id FROM links WHERE workspace_id = :ws)
        """,
        link=link_id,
        entity=str(entity),
        id=local_id,
    )
    return other is not None


def is_shared(tx: Tx, link_id: int, entity: Entity, remote_id: str) -> bool:
    """Return whether another link of this workspace to the same remote also has the remote item."""
    other = tx.one(
        """
        SELECT 1 FROM link_items i JOIN links o ON o.link_id = i.link_id JOIN links l ON l.link_id = :link
        WHERE i.workspace_id = :ws AND i.link_id <> :link AND i.entity = :entity AND i.remote_id = :id AND o.url = l.url
        """,
        link=link_id,
        entity=str(entity),
        id=remote_id,
    )
    return other is not None


def items(
    tx: Tx, link_id: int, entity: Entity, after: str, most: int, made_by: CreatedBy | None = None
) -> list[ItemState]:
    rows = tx.all(
        """
        SELECT local_id, remote_id, made_by, NULL, store_generation FROM link_items
        WHERE workspace_id = :ws AND link_id = :link AND entity = :entity AND local_id > :after AND remote_id <> ''
            AND (:made_by = '' OR made_by = :made_by)
        ORDER BY local_id LIMIT :most
        """,
        link=link_id,
        entity=str(entity),
        after=after,
        most=most,
        made_by=made_by or "",
    )
    return [item_of(row) for row in rows]


def agreed_items(tx: Tx, link_id: int, entity: Entity) -> list[ItemState]:
    """Return all agreed items of a kind, with their agreed states."""
    rows = tx.all(
        """
        SELECT local_id, remote_id, made_by, agreed, store_generation FROM link_items
        WHERE workspace_id = :ws AND link_id = :link AND entity = :entity AND remote_id <> ''
        ORDER BY local_id
        """,
        link=link_id,
        entity=str(entity),
    )
    return [item_of(row) for row in rows]


def random_place(tx: Tx, link_id: int, entity: Entity) -> str:
    """Return a random local id, or "", as the start of a scan in which each item is equally likely to come first."""
    scope = {"link": link_id, "entity": str(entity)}
    row = tx.one(
        "SELECT COUNT(*) FROM link_items WHERE workspace_id = :ws AND link_id = :link AND entity = :entity", **scope
    )
    before = random.randrange(max(row[0] if row else 0, 1))  # noqa: S311  # a place to begin at, no secret
    if not before:
        return ""
    row = tx.one(
        """
        SELECT local_id FROM link_items WHERE workspace_id = :ws AND link_id = :link AND entity = :entity
        ORDER BY local_id LIMIT 1 OFFSET :offset
        """,
        **scope,
        offset=before - 1,
    )
    return "" if row is None else str(row[0])


def items_below(tx: Tx, link_id: int, entity: Entity, above: str) -> list[ItemState]:
    """Return the items whose local id is `above/…`, with their agreed states."""
    rows = tx.all(
        """
        SELECT local_id, remote_id, made_by, agreed, store_generation FROM link_items
        WHERE workspace_id = :ws AND link_id = :link AND entity = :entity AND local_id > :low AND local_id < :high
        ORDER BY local_id
        """,
        link=link_id,
        entity=str(entity),
        low=f"{above}/",
        high=f"{above}0",  # the character after the slash
    )
    return [item_of(row) for row in rows]


def rename_remote(tx: Tx, link_id: int, entity: Entity, before: str, after: str) -> None:
    """Rename the remote's ids `before/…` to `after/…`."""
    tx.run(
        """
        UPDATE link_items SET remote_id = :after || substr(remote_id, CAST(:length AS INTEGER))
        WHERE workspace_id = :ws AND link_id = :link AND entity = :entity AND remote_id > :low AND remote_id < :high
        """,
        link=link_id,
        entity=str(entity),
        after=after,
        length=len(before) + 1,
        low=f"{before}/",
        high=f"{before}0",
    )


def save_item(
    tx: Tx, link_id: int, entity: Entity, local_id: str, remote_id: str, made_by: CreatedBy, base: Doc | None
) -> None:
    """Save the counterpart and the agreed state.  The recorded creator does not change."""
    tx.run(
        """
        INSERT INTO link_items (workspace_id, link_id, entity, local_id, remote_id, made_by, agreed, synced_at, store_generation)
        VALUES (:ws, :link, :entity, :local, :remote, :made_by, :agreed, :now,
            COALESCE((SELECT store_generation FROM links WHERE workspace_id = :ws AND link_id = :link), 0))
        ON CONFLICT (link_id, entity, local_id) DO UPDATE SET remote_id = excluded.remote_id,
            agreed = COALESCE(excluded.agreed, link_items.agreed), synced_at = excluded.synced_at
        """,
        link=link_id,
        entity=str(entity),
        local=local_id,
        remote=remote_id,
        made_by=str(made_by),
        agreed=None if base is None else document.pack(base),
    )


def set_created_by(tx: Tx, link_id: int, entity: Entity, local_id: str, made_by: CreatedBy) -> None:
    tx.run(
        """
        UPDATE link_items SET made_by = :made_by
        WHERE workspace_id = :ws AND link_id = :link AND entity = :entity AND local_id = :id
        """,
        link=link_id,
        entity=str(entity),
        id=local_id,
        made_by=str(made_by),
    )


def forget_item(tx: Tx, link_id: int, entity: Entity, local_id: str) -> None:
    for table in ("link_items", "link_files"):
        tx.run(
            f"DELETE FROM {table} WHERE workspace_id = :ws AND link_id = :link AND entity = :entity AND local_id = :id",
            link=link_id,
            entity=str(entity),
            id=local_id,
        )
    if entity is Entity.EVALUATION_DATASET:
        dataset_records.forget_all(tx, link_id, local_id)
    if entity is Entity.RUN:
        tx.run(
            "DELETE FROM link_series WHERE workspace_id = :ws AND link_id = :link AND run_id = :id",
            link=link_id,
            id=local_id,
        )


def forget_series(tx: Tx, link_id: int, run_id: str, direction: Direction, key: str) -> None:
    """Forget the sent and received points of a series."""
    tx.run(
        """
        DELETE FROM link_series
        WHERE workspace_id = :ws AND link_id = :link AND run_id = :run AND direction = :direction AND key = :key
        """,
        link=link_id,
        run=run_id,
        direction=direction,
        key=key,
    )


def series(tx: Tx, link_id: int, run_id: str, direction: Direction) -> dict[str, Cursor]:
    """Return the transferred points by key.  For the direction `in`, `sent_hashes` is the fingerprint that was read last."""
    return {
        key: Cursor(chunk_id, point_count, bytes(sent_hashes))
        for key, chunk_id, point_count, sent_hashes in tx.all(
            """
            SELECT key, chunk_id, point_count, sent_hashes FROM link_series
            WHERE workspace_id = :ws AND link_id = :link AND run_id = :run AND direction = :direction
            """,
            link=link_id,
            run=run_id,
            direction=direction,
        )
    }


def save_series(tx: Tx, link_id: int, run_id: str, direction: Direction, cursors: Mapping[str, Cursor]) -> None:
    tx.many(
        """
        INSERT INTO link_series (workspace_id, link_id, run_id, direction, key, chunk_id, point_count, sent_hashes)
        VALUES (:ws, :link, :run, :direction, :key, :chunk_id, :point_count, :sent_hashes)
        ON CONFLICT (link_id, run_id, direction, key) DO UPDATE SET chunk_id = excluded.chunk_id,
            point_count = excluded.point_count, sent_hashes = excluded.sent_hashes
        """,
        [{"key": key, **asdict(cursor)} for key, cursor in cursors.items()],
        link=link_id,
        run=run_id,
        direction=direction,
    )


def files(tx: Tx, link_id: int, entity: Entity, local_id: str) -> dict[str, Known]:
    return {
        path: Known(path, size, etag, sha, remote_etag)
        for path, size, etag, sha, remote_etag in tx.all(
            """
            SELECT path, size_bytes, etag, sha256, remote_etag FROM link_files
            WHERE workspace_id = :ws AND link_id = :link AND entity = :entity AND local_id = :id
            """,
            link=link_id,
            entity=str(entity),
            id=local_id,
        )
    }


def save_file(tx: Tx, link_id: int, entity: Entity, local_id: str, known: Known) -> None:
    tx.run(
        """
        INSERT INTO link_files (workspace_id, link_id, entity, local_id, path, size_bytes, etag, sha256, remote_etag)
        VALUES (:ws, :link, :entity, :id, :path, :size, :etag, :sha, :remote_etag)
        ON CONFLICT (link_id, entity, local_id, path) DO UPDATE SET size_bytes = excluded.size_bytes,
            etag = excluded.etag, sha256 = excluded.sha256, remote_etag = excluded.remote_etag
        """,
        link=link_id,
        entity=str(entity),
        id=local_id,
        path=known.path,
        size=known.size_bytes,
        etag=str(known.etag),
        sha=known.sha256,
        remote_etag=str(known.remote_etag),
    )


def mark_files_unverified(tx: Tx, link_id: int, entity: Entity, local_id: str) -> None:
    """Make the next comparison read the item's files on both sides."""
    tx.run(
        """
        UPDATE link_files SET etag = :unsure, remote_etag = :unsure
        WHERE workspace_id = :ws AND link_id = :link AND entity = :entity AND local_id = :id AND etag NOT IN :states
            AND remote_etag <> :lost
        """,
        link=link_id,
        entity=str(entity),
        id=local_id,
        unsure=str(FileState.UNSURE),
        states=[str(each) for each in (FileState.STAYS, FileState.REMOVED, FileState.LOST)],
        lost=str(FileState.LOST),
    )


def note_removals(tx: Tx, link_id: int, changes: Iterable[Entry]) -> None:
    """Record that files on both sides were removed by a request to this server."""
    for each in changes:
        if each.action != artifacts.REMOVED:
            continue
        removal = artifacts.removal_of(each.detail)
        path = removal.path
        tx.run(
            """
            UPDATE link_files SET etag = :removed
            WHERE workspace_id = :ws AND link_id = :link AND entity = :entity AND local_id = :id AND etag <> :stays
                AND (:path = '' OR path = :path OR (path > :low AND path < :high)) AND path NOT IN :but
            """,
            link=link_id,
            entity=each.entity,
            id=each.entity_id,
            removed=str(FileState.REMOVED),
            stays=str(FileState.STAYS),
            path=path,
            low=f"{path}/",
            high=f"{path}0",  # the character after the slash
            but=["", *removal.but],
        )


def item_of(row: tuple[str, str, str, bytes | None, int]) -> ItemState:
    local, remote, made_by, agreed, store_generation = row
    return ItemState(
        local, remote, CreatedBy(made_by), None if agreed is None else document.unpack(bytes(agreed)), store_generation
    )


def forget_file(tx: Tx, link_id: int, entity: Entity, local_id: str, path: str) -> None:
    tx.run(
        """
        DELETE FROM link_files
        WHERE workspace_id = :ws AND link_id = :link AND entity = :entity AND local_id = :id AND path = :path
        """,
        link=link_id,
        entity=str(entity),
        id=local_id,
        path=path,
    )
