"""Each item of a link is processed in turn, and no busy item delays the others for long."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from support.client import Api
from support.faults.flaky import Flaky
from support.links import get_file, put_file, registry_of, url_of
from support.processes.servers import Server
from trackside.artifacts.roots import Roots
from trackside.core.db.tx import Tx
from trackside.core.seal import Sealer
from trackside.links import store
from trackside.links.model import Kind, Link, Options
from trackside.links.reconcile.runs.metrics import MAX_BYTES
from trackside.links.state import work_queue
from trackside.links.worker.queued_items import ITEMS_AT_ONCE
from trackside.links.worker.runner import Runner
from trackside.logged_models import store as models
from trackside.metrics.series import POINT_BYTES
from trackside.registry import models as registered_models
from trackside.runs import batch, lifecycle
from trackside.runs.limits import Logged
from trackside.sync.document import Mode
from trackside.sync.entities import Entity
from trackside.sync.local import files, reader
from trackside.sync.local.resumable_upload import PART_BYTES

WS = 1
BUSY = [f"{number:032x}" for number in range(ITEMS_AT_ONCE + 20)]
HUGE, SMALL = "0" * 32, "1" * 32  # in this order
AT_ONCE = MAX_BYTES // POINT_BYTES

MakeRunner = Callable[..., Runner]


@pytest.fixture
def roots(tmp_path: Path) -> Iterator[Roots]:
    found = Roots(str(tmp_path / "files"))
    yield found
    found.close()


@pytest.fixture
def make_runner(db: Any, server: Server, there: Api, roots: Roots, tmp_path: Path) -> Iterator[MakeRunner]:
    """Of a link between the store and a workspace of a server; by its own clock it would never stop an item."""
    del there  # it is made
    made: list[Runner] = []

    def make(mode: Mode = Mode.PUSH, slice_s: float = 1e6, step_s: float = 1e6, url: str = "") -> Runner:
        def add(tx: Tx) -> Link:
            to, options = url or url_of(server, "south"), Options(registry=True)
            return store.create(tx, "l", Kind.TRACKSIDE, to, mode, options, None, "")

        link = write(db, add)
        sealer = Sealer(None, tmp_path / "key")
        made.append(
            Runner(db, WS, link.link_id, roots, "mlflow-artifacts:/", sealer, "me", slice_s=slice_s, step_s=step_s)
        )
        return made[0]

    yield make
    for each in made:
        each.close()


def write(db: Any, work: Callable[[Tx], Any]) -> Any:
    return db.writer.submit(WS, work).result()


def begin(tx: Tx, run_ids: Sequence[str]) -> None:
    for run_id in run_ids:
        lifecycle.create(tx, "0", run_name="r", user_id="u", start_time=5, tags={}, run_id=run_id)


def log(tx: Tx, run_ids: Sequence[str], steps: Sequence[int]) -> None:
    points = [(step, step, 0.5) for step in steps]
    batch.log(tx, [Logged(run_id, {"loss": points}, [], {}, [], True) for run_id in run_ids])


def count_here(db: Any, run_id: str) -> int:
    with db.read(WS) as tx:
        return int(reader.series_counts(tx, run_id).get("loss", 0))


def count_there(there: Api, run_id: str) -> int:
    return len(there.history(run_id, "loss"))


def finish(runner: Runner, most: int = 100) -> int:
    """After how many steps there was nothing left to do."""
    for number in range(1, most + 1):
        if not runner.step(ask=True):
            return number
    pytest.fail(f"not done after {most} steps")


@pytest.mark.slow
def test_busy_runs_do_not_delay_models(db: Any, make_runner: MakeRunner, there: Api) -> None:
    runner = make_runner()
    write(db, lambda tx: begin(tx, BUSY))
    finish(runner)

    def log_models(tx: Tx) -> None:
        log(tx, BUSY, [0])
        models.create(tx, "0", name="m", model_type="", source_run_id=BUSY[0], model_id="m-" + "a" * 32)
        registered_models.create(tx, "known", {}, "")

    write(db, log_models)
    for step in range(1, 3):
        runner.step()
        write(db, lambda tx, step=step: log(tx, BUSY, [step]))  # type: ignore[misc]

    found = there.post("logged-models/search", experiment_ids=["0"])["models"]
    assert [each["info"]["name"] for each in found] == ["m"]
    assert list(registry_of(there)) == ["known"]


@pytest.mark.slow
def test_a_run_with_very_many_points_does_not_delay_others(db: Any, make_runner: MakeRunner, there: Api) -> None:
    runner = make_runner(slice_s=0)
    write(db, lambda tx: begin(tx, [HUGE]))
    for start in range(0, 5 * AT_ONCE // 2, AT_ONCE // 2):
        write(db, lambda tx, start=start: log(tx, [HUGE], range(start, start + AT_ONCE // 2)))  # type: ignore[misc]
    write(db, lambda tx: begin(tx, [SMALL]))
    write(db, lambda tx: log(tx, [SMALL], range(3)))

    runner.step()
    first = count_there(there, HUGE), count_there(there, SMALL)
    finish(runner)

    assert first == (AT_ONCE, 3)
    assert count_there(there, HUGE) == 5 * AT_ONCE // 2


@pytest.mark.slow
def test_a_large_file_does_not_delay_others_and_resumes(
    db: Any, make_runner: MakeRunner, there: Api, roots: Roots
) -> None:
    runner = make_runner(slice_s=0)
    content = bytes(2 * PART_BYTES) + b"the end"
    write(db, lambda tx: begin(tx, [HUGE]))
    with db.read(WS) as tx:
        place = files.place(tx, Entity.RUN, HUGE)
    files.put(place.spot(roots, "large.bin"), [content])
    write(db, lambda tx: begin(tx, [SMALL]))

    runner.step()
    first = there.run(SMALL)["info"]["run_id"], there.get("artifacts/list", run_id=HUGE).get("files")
    steps = finish(runner)

    assert first == (SMALL, None)
    assert get_file(there, HUGE, "large.bin") == content
    assert steps == 2


def test_many_files_do_not_delay_others(db: Any, make_runner: MakeRunner, there: Api, roots: Roots) -> None:
    runner = make_runner(slice_s=0)
    write(db, lambda tx: begin(tx, [HUGE]))
    with db.read(WS) as tx:
        place = files.place(tx, Entity.RUN, HUGE)
    for number in range(3):
        files.put(place.spot(roots, f"{number}.bin"), [b"x"])

    seen = []
    for _ in range(4):
        runner.step()
        seen.append(len(there.get("artifacts/list", run_id=HUGE).get("files", [])))

    assert seen == [1, 2, 3, 3]
    assert waiting_for(db) == []


def test_pulled_items_do_not_delay_others(db: Any, make_runner: MakeRunner, there: Api) -> None:
    huge, small = sorted(there.new_run() for _ in range(2))
    for start in range(0, 5000, 1000):
        metrics = [{"key": "loss", "value": 0.5, "timestamp": i, "step": i} for i in range(start, start + 1000)]
        there.post("runs/log-batch", run_id=huge, metrics=metrics)
    for name in ("a.bin", "b.bin", "c.bin"):
        put_file(there, huge, name, b"x")
    there.post("runs/log-metric", run_id=small, key="loss", value=1, timestamp=1, step=1)
    runner = make_runner(Mode.PULL, slice_s=0)

    while not count_here(db, small):
        assert runner.step(ask=True), "the small one never came"
    first = count_here(db, huge)
    finish(runner)

    assert 0 < first < 5000
    assert count_here(db, huge) == 5000


@pytest.mark.slow
def test_a_large_file_is_read_in_one_turn_from_a_remote_without_ranges(
    db: Any, make_runner: MakeRunner, there: Api, flaky: Flaky
) -> None:
    content = bytes(2 * PART_BYTES) + b"the end"
    put_file(there, there.new_run(), "large.bin", content)
    flaky.drops = frozenset({"range", "if-range"})
    runner = make_runner(Mode.PULL, slice_s=0, url=f"{flaky.url}/ws/south")

    finish(runner, most=20)

    asked = [path for method, path, _ in flaky.seen if method == "GET" and "/sync/file?" in path]
    assert len(asked) == 2  # only by the second it is known


def test_a_step_is_bounded_for_any_number_of_waiting_items(db: Any, make_runner: MakeRunner) -> None:
    runner = make_runner(step_s=0)
    write(db, lambda tx: begin(tx, BUSY[:5]))

    left = []
    while runner.step():
        left.append(len(waiting_for(db)))

    assert left == [5, 4, 3, 2, 1]  # the default experiment is one of them


def test_waiting_items_keep_their_order_in_the_queue(db: Any, make_runner: MakeRunner) -> None:
    make_runner()
    a, b, c = (("run", name) for name in "abc")

    def now(work: Callable[[Tx], Any]) -> list[str]:
        write(db, work)
        return [each.entity_id for each in waiting_for(db)]

    def first() -> work_queue.QueuedItem:
        return waiting_for(db)[0]

    assert [now(lambda tx, one=one: work_queue.enqueue(tx, 1, [one])) for one in (c, a, b)][-1] == ["c", "a", "b"]  # type: ignore[misc]
    assert now(lambda tx: work_queue.enqueue(tx, 1, [a, b])) == ["c", "a", "b"]
    at_first = first()
    assert now(lambda tx: work_queue.complete(tx, 1, at_first)) == ["a", "b"]
    assert now(lambda tx: work_queue.enqueue(tx, 1, [c])) == ["a", "b", "c"]
    stale = first()
    assert now(lambda tx: work_queue.enqueue(tx, 1, [a])) == ["a", "b", "c"]
    assert now(lambda tx: work_queue.complete(tx, 1, stale)) == ["b", "c", "a"]
    going_on = first()
    assert now(lambda tx: work_queue.requeue(tx, 1, going_on)) == ["c", "a", "b"]
    troubled = first()
    assert now(lambda tx: work_queue.defer(tx, 1, troubled, 60_000)) == ["a", "b"]
    assert now(lambda tx: work_queue.enqueue(tx, 1, [c])) == ["a", "b", "c"]


def test_of_items_that_are_marked_together_dependencies_come_first(db: Any, make_runner: MakeRunner) -> None:
    make_runner()
    kinds = [str(each) for each in sorted(Entity)]

    write(db, lambda tx: work_queue.enqueue(tx, 1, [(kind, name) for kind in kinds for name in "yx"]))

    assert [f"{each.entity} {each.entity_id}" for each in waiting_for(db)] == [
        "experiment x", "experiment y", "run x", "run y", "logged_model x", "logged_model y",
        "registered_model x", "registered_model y", "model_version x", "model_version y",
        "evaluation_dataset x", "evaluation_dataset y", "trace x", "trace y",
    ]  # fmt: skip


def test_a_clock_that_is_set_back_delays_no_item(db: Any, make_runner: MakeRunner) -> None:
    make_runner()
    write(db, lambda tx: work_queue.enqueue(tx, 1, [("run", "a")]))
    (item,) = waiting_for(db)
    write(db, lambda tx: work_queue.defer(tx, 1, item, 60_000))

    before = waiting_for(db)
    write(db, lambda tx: tx.run("UPDATE link_dirty SET due_at = due_at + 86400000 WHERE workspace_id = :ws"))

    assert before == []
    assert [each.entity_id for each in waiting_for(db)] == ["a"]


def test_the_next_item_is_read_from_an_index(db: Any, make_runner: MakeRunner) -> None:
    make_runner()
    for start in range(0, 3000, 1000):
        write(db, lambda tx, start=start: work_queue.enqueue(tx, 1, [("run", f"{start + n}") for n in range(1000)]))  # type: ignore[misc]
    how = "EXPLAIN QUERY PLAN" if db.dialect == "sqlite" else "EXPLAIN"
    if db.dialect == "postgresql":
        write(db, lambda tx: tx.run("ANALYZE link_dirty"))

    with db.read(WS) as tx:
        plan = "\n".join(str(row) for row in tx.all(f"{how} {work_queue.DUE}", link=1, low=0, high=0, most=100))

    assert "link_dirty_by_turn" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


def waiting_for(db: Any) -> list[work_queue.QueuedItem]:
    """What is due, in turn."""
    with db.read(WS) as tx:
        return work_queue.next_items(tx, 1, 1000)
