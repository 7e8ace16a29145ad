"""Items are marked for comparison in batches, which resume after an interruption."""

from typing import Any

import pytest

from trackside.core.db.tx import Tx
from trackside.experiments import store as experiments
from trackside.links import store
from trackside.links.model import CreatedBy, Kind, Link, Options
from trackside.links.state import backfill, item_store, work_queue
from trackside.links.state.backfill import PIECE, Depth
from trackside.runs import lifecycle
from trackside.sync.document import Mode
from trackside.sync.entities import Entity

pytestmark = pytest.mark.both

WS = 1
COUNT = PIECE + 5


@pytest.fixture
def link(db: Any) -> Link:
    """Of a workspace with more experiments than one piece has, and a run."""

    def make(tx: Tx) -> Link:
        for number in range(COUNT - 1):  # the default experiment is there
            experiments.create(tx, f"e{number}", "mlflow-artifacts:/")
        lifecycle.create(tx, "0", run_name="r", user_id="u", start_time=5, tags={}, run_id="r" * 32)
        return store.create(tx, "l", Kind.TRACKSIDE, "http://127.0.0.1:9", Mode.BOTH, Options(), None, "")

    found: Link = db.writer.submit(WS, make).result()
    return found


def begin(db: Any, link: Link, backfill_cursor: str) -> Link:
    def work(tx: Tx) -> Link:
        store.set_backfill_cursor(tx, link.link_id, backfill_cursor)
        return store.get(tx, link.name)

    found: Link = db.writer.submit(WS, work).result()
    return found


def step(db: Any, link: Link) -> int:
    """How many were marked."""
    with db.read(WS) as tx:
        found, following = backfill.piece(tx, link)
    db.writer.submit(WS, lambda tx: backfill.enqueue(tx, link, found, following)).result()
    return len(found)


def read(db: Any, link: Link) -> Link:
    with db.read(WS) as tx:
        return store.get(tx, link.name)


def depths(db: Any, link: Link) -> dict[tuple[str, str], int]:
    with db.read(WS) as tx:
        rows = tx.all(
            "SELECT entity, entity_id, depth FROM link_dirty WHERE workspace_id = :ws AND link_id = :id",
            id=link.link_id,
        )
    return {(entity, entity_id): depth for entity, entity_id, depth in rows}


def test_marking_works_in_small_pieces_and_loses_none(db: Any, link: Link) -> None:
    now = begin(db, link, backfill.backfill())
    sizes = []
    while now.backfill_cursor:
        sizes.append(step(db, now))
        now = read(db, link)

    assert max(sizes) == PIECE
    assert sum(sizes) == COUNT + 1
    assert set(depths(db, link).values()) == {Depth.TRUST_BASE}
    assert len(depths(db, link)) == COUNT + 1
    assert ("run", "r" * 32) in depths(db, link)


def test_items_of_both_sides_are_marked_in_a_pull_link(db: Any, link: Link) -> None:
    db.writer.submit(
        WS, lambda tx: item_store.save_item(tx, link.link_id, Entity.RUN, "r" * 32, "there", CreatedBy.HERE, None)
    ).result()
    now = begin(db, link, backfill.whole(Mode.PULL, Depth.COMPARE, ""))
    while now.backfill_cursor:
        step(db, now)
        now = read(db, link)

    assert depths(db, link) == {("run", "r" * 32): Depth.COMPARE}


def test_a_sync_during_marking_starts_at_the_beginning_and_reads_everything(db: Any, link: Link) -> None:
    before = begin(db, link, backfill.whole(Mode.BOTH, Depth.COMPARE_BYTES, ""))
    step(db, before)
    between = read(db, link)
    now = begin(db, link, backfill.whole(Mode.BOTH, Depth.COMPARE, between.backfill_cursor))

    step(db, between)  # which was read before the new one came
    unchanged = read(db, link)
    while now.backfill_cursor:
        step(db, now)
        now = read(db, link)

    assert unchanged.backfill_cursor == backfill.whole(Mode.BOTH, Depth.COMPARE_BYTES, "")
    assert set(depths(db, link).values()) == {Depth.COMPARE_BYTES}
    assert len(depths(db, link)) == COUNT + 1


def test_a_link_lags_while_items_remain_to_be_marked(db: Any, link: Link) -> None:
    now = begin(db, link, backfill.backfill())
    with db.read(WS) as tx:
        at_first = work_queue.lag(tx, now).items
    later = begin(db, link, "")
    with db.read(WS) as tx:
        at_last = work_queue.lag(tx, later).items

    assert at_first == at_last + 1
