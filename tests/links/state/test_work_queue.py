"""The work queue of a link does what a list in plain Python does."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from support.runner.examples import NOT_CHECKED_WITH_FIXTURE, examples
from trackside.core.db.tx import Change
from trackside.events import store as events
from trackside.links import store
from trackside.links.model import CreatedBy, Kind, Lag, Link, Options
from trackside.links.state import item_store, work_queue
from trackside.links.state.work_queue import MAX_WAIT_MS, QueuedItem
from trackside.sync.document import Mode
from trackside.sync.entities import Entity

pytestmark = pytest.mark.both

WS = 1
KINDS = list(Entity)
START = 2**41  # ms


class Row(Struct):
    """An item of the list, in the order of the queue."""

    depth: int
    since: int
    attempts: int = 0
    due: int = 0
    generation: int = 1


Key = tuple[Entity, str, bool]
names = st.tuples(st.sampled_from(KINDS[:3]), st.sampled_from("ab"))
steps = st.one_of(
    st.tuples(st.just("enqueue"), st.lists(names, max_size=4, unique=True), st.booleans(), st.integers(0, 2)),
    st.tuples(st.just("complete"), st.booleans()),
    st.tuples(st.just("requeue")),
    st.tuples(st.just("defer"), st.sampled_from([1, 2500, 2 * MAX_WAIT_MS])),
    st.tuples(st.just("wait"), st.sampled_from([1, 2500, MAX_WAIT_MS])),
    st.tuples(st.just("forget remote")),
)


@given(st.lists(steps, max_size=25))
@settings(max_examples=examples(100), suppress_health_check=NOT_CHECKED_WITH_FIXTURE)
def test_items_of_the_queue_keep_their_position(db: Any, done: list[Any]) -> None:
    line: dict[Key, Row] = {}
    now = START
    with db.write(WS) as tx:
        tx.run("DELETE FROM link_dirty WHERE workspace_id = :ws")
        link_id = _link_of(tx, "queue")
        other = _link_of(tx, "other")
        tx.now = now
        work_queue.enqueue(tx, other, [("run", "a")], is_remote=True)

        for what, *given_ in done:
            due = work_queue.next_items(tx, link_id, 100)
            first = due[0] if due else None
            match what:
                case "enqueue":
                    items, is_remote, depth = given_
                    work_queue.enqueue(
                        tx, link_id, [*map(_named, items), ("unknown", "x")], is_remote=is_remote, depth=depth
                    )
                    for key in sorted({(e, i, is_remote) for e, i in items}, key=lambda k: (KINDS.index(k[0]), k[1])):
                        if key in line:
                            row = line[key]
                            row.generation, row.depth, row.due = row.generation + 1, max(row.depth, depth), 0
                        else:
                            line[key] = Row(depth, now)
                case "complete" if first is not None:
                    seen, row = first, line.pop(_key(first))
                    if given_[0]:  # it changed since it was looked at
                        seen = replace(first, generation=first.generation - 1)
                        line[_key(first)] = Row(row.depth, now, 0, 0, row.generation)
                    work_queue.complete(tx, link_id, seen)
                case "requeue" if first is not None:
                    line[_key(first)] = line.pop(_key(first))
                    work_queue.requeue(tx, link_id, first)
                case "defer" if first is not None:
                    row = line[_key(first)] = line.pop(_key(first))
                    row.attempts, row.due = row.attempts + 1, now + min(given_[0], MAX_WAIT_MS)
                    work_queue.defer(tx, link_id, first, given_[0])
                case "wait":
                    now = tx.now = now + given_[0]
                case "forget remote":
                    line = {key: row for key, row in line.items() if not key[2]}
                    work_queue.forget_remote(tx, link_id)

            found = work_queue.next_items(tx, link_id, 100)
            wanted = [(key, row) for key, row in line.items() if row.due <= now]
            assert sorted(map(_told, found)) == sorted((k, r.depth, r.generation, r.attempts) for k, r in wanted)
            assert [each.position for each in found] == sorted(each.position for each in found)
            assert _order_of_arrival(found, line)
            assert work_queue.next_items(tx, link_id, 2) == found[:2]
            assert work_queue.next_due_at(tx, link_id) == min((r.due for r in line.values() if r.due), default=None)
            link = replace(_find(tx, link_id), seen_seq=events.newest(tx))
            late = max((now - row.since for row in line.values()), default=0) / 1000
            postponed = sum(row.attempts > 0 and row.due > now for row in line.values())
            assert work_queue.lag(tx, link) == Lag(len(line), late, postponed)
        assert [_key(each) for each in work_queue.next_items(tx, other, 9)] == [(Entity.RUN, "a", True)]


def test_items_that_both_sides_have_are_queued_last_by_kind(db: Any) -> None:
    with db.write(WS) as tx:
        link_id, other = _link_of(tx, "queue"), _link_of(tx, "other")
        for entity in KINDS:
            item_store.save_item(tx, link_id, entity, "a", "there", CreatedBy.US, None)
        item_store.save_item(tx, other, Entity.RUN, "b", "there", CreatedBy.US, None)
        work_queue.enqueue(tx, link_id, [("run", "a"), ("run", "queued before")], depth=1)
        work_queue.defer(tx, link_id, work_queue.next_items(tx, link_id, 1)[0], 1000)
        tx.run("UPDATE link_dirty SET may_delete = 1 WHERE workspace_id = :ws")

        may_delete = [each.may_delete for each in work_queue.next_items(tx, link_id, 9)]
        work_queue.enqueue_mirrored(tx, link_id)
        found = work_queue.next_items(tx, link_id, 99)

    assert may_delete == [True]
    assert [(str(each.entity), each.entity_id, each.depth, each.generation, each.may_delete) for each in found] == [
        ("run", "queued before", 1, 1, True),
        ("run", "a", 1, 2, False),  # it keeps its place and its depth
        ("experiment", "a", 0, 1, False),
        ("logged_model", "a", 0, 1, False),
        ("registered_model", "a", 0, 1, False),
        ("model_version", "a", 0, 1, False),
        ("evaluation_dataset", "a", 0, 1, False),
        ("trace", "a", 0, 1, False),
    ]


def test_the_lag_counts_unread_changes_of_the_sides_that_the_link_reads(db: Any) -> None:
    with db.write(WS) as tx:
        link = _find(tx, _link_of(tx, "link"))
        tx.now = START
        link = replace(link, seen_seq=events.newest(tx), created_at=START - 50_000, heard_at=START - 1000)
        tx.now = START - 3000
        tx.record_all(
            [Change("run", "a", "update"), Change("run", "a", "update"), Change("model_version", "v", "create")]
        )
        tx.record(Change("thing", "no item", "create"))
        tx.now = START

        def lag(mode: Mode, *, registry: bool = False, **more: Any) -> tuple[int, float]:
            asked = replace(link, mode=mode, options=Options(registry=registry), **more)
            found = work_queue.lag(tx, asked)
            assert found.postponed == 0
            return found.items, found.seconds

        push, pull, both = Mode.PUSH, Mode.PULL, Mode.BOTH
        assert [lag(mode) for mode in (push, pull, both)] == [(1, 3), (0, 0), (1, 3)]
        assert lag(push, registry=True) == (2, 3)
        assert lag(push, seen_seq=events.newest(tx)) == (0, 0)
        assert lag(push, backfill_cursor="x") == (2, 3)
        assert lag(pull, unread_changes=4) == (4, 1)
        assert lag(push, unread_changes=4) == (1, 3)
        assert lag(pull, remote_cursor="") == lag(pull, remote_cursor="all 9") == (1, 1)
        assert lag(both, unread_changes=4, heard_at=START - 9000) == (5, 9)
        # It is read every 5 s: of twice that and 10 s more it is late.
        assert [lag(pull, heard_at=START - ms) for ms in (20_000, 20_001)] == [(0, 0), (0, 20.001)]
        assert lag(pull, heard_at=None) == (0, 50)
        assert lag(push, heard_at=None, seen_seq=events.newest(tx)) == (0, 0)
        assert lag(pull, unread_changes=1, heard_at=START + 5000) == (1, 0)  # by a clock that was set back


def _order_of_arrival(found: list[QueuedItem], line: dict[Key, Row]) -> bool:
    """Whether items stand as in the list.  Items that came together may be of one position: then their names decide."""
    places = {key: place for place, key in enumerate(line)}
    return all(
        places[_key(a)] < places[_key(b)] or (a.position == b.position and a.entity_id <= b.entity_id)
        for a, b in itertools.pairwise(found)
    )


def _named(item: tuple[Entity, str]) -> tuple[str, str]:
    return str(item[0]), item[1]


def _key(item: QueuedItem) -> Key:
    return item.entity, item.entity_id, item.is_remote


def _told(item: QueuedItem) -> tuple[Key, int, int, int]:
    return _key(item), item.depth, item.generation, item.attempts


def _link_of(tx: Any, name: str) -> int:
    made = store.all_of(tx)
    for each in made:
        if each.name == name:
            return each.link_id
    return store.create(tx, name, Kind.MLFLOW, "http://127.0.0.1:9", Mode.PUSH, Options(), None, "9").link_id


def _find(tx: Any, link_id: int) -> Link:
    found = store.find(tx, link_id)
    assert found is not None
    return found
