"""Every run is polled again in turn within its share of the time, and a round takes at least half a minute."""

from typing import Any

from trackside.links import store
from trackside.links.model import CreatedBy, Kind, Options
from trackside.links.poll.ended_runs import LEAST_ROUND_S, SHARE, EndedRuns
from trackside.links.reconcile.context import LinkContext
from trackside.links.state import item_store
from trackside.sync.document import Mode
from trackside.sync.entities import Entity

PERIOD_S = 5.0


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_run_is_read_within_a_twentieth_of_the_time(db: Any) -> None:
    names = [f"{i:02x}" for i in range(0, 256, 8)]
    context = _context(db, names)
    clock = Clock()
    rounds = EndedRuns(clock)
    seen: list[str] = []
    spent = 0.0
    while clock.now < 1000:
        clock.now += PERIOD_S
        for each in rounds.due(context):
            seen.append(each)
            clock.now += 0.5
            spent += 0.5

    assert set(seen) == {f"r-{name}" for name in names}
    assert max(map(seen.count, seen)) - min(map(seen.count, seen)) <= 1
    assert spent <= clock.now / SHARE + 1


def test_a_few_runs_are_not_polled_all_the_time(db: Any) -> None:
    context = _context(db, ["a"])
    clock = Clock()
    rounds = EndedRuns(clock)
    seen = 0
    while clock.now < 10 * LEAST_ROUND_S:
        clock.now += 1
        seen += len(list(rounds.due(context)))

    assert 9 <= seen <= 11


def test_rounds_begin_anywhere_among_runs_whose_ids_grow_with_time(db: Any) -> None:
    context = _context(db, [f"0199{i:028x}" for i in range(20)])
    first = set()
    for _ in range(200):
        clock = Clock()
        rounds = EndedRuns(clock)
        clock.now += PERIOD_S
        first.add(next(rounds.due(context)))

    assert len(first) > 10


def _context(db: Any, names: list[str]) -> LinkContext:
    with db.write(1) as tx:
        link = store.create(tx, "stock", Kind.MLFLOW, "http://127.0.0.1:1", Mode.PULL, Options(), None, "")
        for name in names:
            item_store.save_item(tx, link.link_id, Entity.RUN, name, f"r-{name}", CreatedBy.THEM, None)
    nobody: Any = None  # is asked
    return LinkContext(db, 1, link, nobody, nobody, "")
