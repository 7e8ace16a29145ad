"""What of a workspace is to be compared, marked piece by piece, so that no writer waits while a large store is marked.
Knows our tables and what both sides have; asks nobody.

How far that has come is a text in the link's row, so a server that was killed goes on.
"""

from enum import IntEnum

import msgspec
from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.evaluation_datasets import mirrored as datasets
from trackside.experiments.model import check_id
from trackside.links.model import Link
from trackside.links.state import item_store, work_queue
from trackside.sync.document import Mode
from trackside.sync.entities import Entity
from trackside.sync.local import registry, traces

PIECE = 1000


class Depth(IntEnum):
    """How thoroughly an item is compared."""

    CHANGED = 0  # what was agreed is trusted
    LOOK = 1  # the other side is looked at too
    READ = 2  # and points and files are read on both sides


class Sweep(Struct, frozen=True):
    """`step` counts the kinds of what is here, then those of what both sides have; `end` is the first that is not marked."""

    depth: Depth
    step: int
    end: int
    after: str = ""


Found = list[tuple[str, str]]
KINDS = list(Entity)


def backfill() -> str:
    """Everything here that a new link sends."""
    return _text(Sweep(Depth.CHANGED, 0, len(KINDS)))


def whole(mode: Mode, depth: Depth, before: str) -> str:
    """Everything that either side shall have; `before`: what was still to be marked, which is not marked less thoroughly."""
    if before:
        depth = max(depth, _sweep(before).depth)
    return _text(Sweep(depth, 0 if mode.sends else len(KINDS), 2 * len(KINDS)))


def piece(tx: Tx, link: Link) -> tuple[Found, str]:
    """What is to be marked next, and what is to be marked then."""
    sweep = _sweep(link.backfill_cursor)
    entity = KINDS[sweep.step % len(KINDS)]
    found: list[str] = []
    if link.options.registry or not entity.is_of_registry:
        if sweep.step < len(KINDS):
            found = ids(tx, entity, sweep.after, PIECE, link.options.since)
        else:
            found = [item.local_id for item in item_store.items(tx, link.link_id, entity, sweep.after, PIECE)]
    marks = [(str(entity), each) for each in found]
    if len(found) == PIECE:
        return marks, _text(msgspec.structs.replace(sweep, after=found[-1]))
    following = msgspec.structs.replace(sweep, step=sweep.step + 1, after="")
    return marks, _text(following) if following.step < following.end else ""


def mark(tx: Tx, link: Link, found: Found, following: str) -> None:
    """Unless the marking was started again meanwhile."""
    moved = tx.run(
        """
        UPDATE links SET backfill_cursor = :following
        WHERE workspace_id = :ws AND link_id = :id AND backfill_cursor = :before
        """,
        id=link.link_id,
        following=following,
        before=link.backfill_cursor,
    )
    if moved:
        work_queue.mark(tx, link.link_id, found, depth=_sweep(link.backfill_cursor).depth)


def ids(tx: Tx, entity: Entity, after: str, most: int, since: int) -> list[str]:
    """The ids of what is here, in order, after one of them; `since` (ms): runs that began then or later, and what was made or
    changed since."""
    match entity:
        case Entity.EXPERIMENT:
            sql = """
                SELECT experiment_id FROM experiments
                WHERE workspace_id = :ws AND experiment_id > :after AND last_update_time >= :since
                ORDER BY experiment_id LIMIT :most
                """
            return [str(each) for (each,) in tx.all(sql, after=check_id(after or "-1"), since=since, most=most)]
        case Entity.RUN:
            sql = """
                SELECT run_id FROM runs WHERE workspace_id = :ws AND run_id > :after AND start_time >= :since
                ORDER BY run_id LIMIT :most
                """
        case Entity.MODEL:
            sql = """
                SELECT model_id FROM logged_models
                WHERE workspace_id = :ws AND model_id > :after AND creation_timestamp_ms >= :since
                ORDER BY model_id LIMIT :most
                """
        case Entity.DATASET:
            return datasets.ids(tx, after, most, since)
        case Entity.TRACE:
            return traces.ids(tx, after, most, since)
        case _:
            return registry.ids(tx, entity, after, most, since)
    return [each for (each,) in tx.all(sql, after=after, since=since, most=most)]


def _sweep(text: str) -> Sweep:
    return msgspec.json.decode(text, type=Sweep)


def _text(sweep: Sweep) -> str:
    return msgspec.json.encode(sweep).decode()
