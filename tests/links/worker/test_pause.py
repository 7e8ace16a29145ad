"""A paused link does not copy later changes."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from support.client import Api
from support.faults.flaky import Flaky
from trackside.artifacts.roots import Roots
from trackside.core.db.tx import Tx
from trackside.core.seal import Sealer
from trackside.links import store
from trackside.links.model import Kind, Link, Options, State
from trackside.links.worker.runner import Runner
from trackside.metrics.series import pack
from trackside.registry import models
from trackside.runs import lifecycle
from trackside.sync.document import Mode
from trackside.sync.local import writer

WS = 1
OLD, NEW = "0" * 32, "1" * 32


class Linked:
    """A workspace of this process with a link to another server."""

    def __init__(self, db: Any, url: str, folder: Path) -> None:
        self._db = db
        self._url = url
        self._roots = Roots(str(folder / "files"))
        self._sealer = Sealer(None, folder / "key")
        self._runner: Runner | None = None

    def link(self, mode: Mode, *, registry: bool = False, max_deletions: int = 20, **more: Any) -> None:
        """`more`: arguments of the runner."""
        options = Options(registry=registry, max_deletions=max_deletions)
        link: Link = self.write(lambda tx: store.create(tx, "l", Kind.TRACKSIDE, self._url, mode, options, None, ""))
        self._runner = Runner(self._db, WS, link.link_id, self._roots, "mlflow-artifacts:/", self._sealer, "me", **more)
        self.finish()

    def step(self) -> None:
        assert self._runner is not None
        self._runner.step(ask=True)

    def finish(self) -> None:
        assert self._runner is not None
        while self._runner.step(ask=True):
            pass

    def pause(self) -> None:
        self.write(lambda tx: store.set_state(tx, "l", State.PAUSED))

    def resume(self) -> None:
        self.write(lambda tx: store.set_state(tx, "l", State.ACTIVE))

    def write(self, work: Callable[[Tx], Any]) -> Any:
        return self._db.writer.submit(WS, work).result()

    def begin(self, *run_ids: str) -> None:
        for run_id in run_ids:
            self.write(partial(_begin, run_id=run_id))

    def rename(self, run_id: str, name: str) -> None:
        self.write(lambda tx: lifecycle.update(tx, run_id, None, None, name))

    def names(self) -> dict[str, str]:
        with self._db.read(WS) as tx:
            return dict(tx.all("SELECT run_id, run_name FROM runs WHERE workspace_id = :ws"))

    def deleted(self) -> list[str]:
        with self._db.read(WS) as tx:
            rows = tx.all("SELECT run_id FROM runs WHERE workspace_id = :ws AND lifecycle_stage = 'deleted'")
        return [run_id for (run_id,) in rows]

    def has_queued(self) -> bool:
        with self._db.read(WS) as tx:
            return tx.one("SELECT 1 FROM link_dirty WHERE workspace_id = :ws LIMIT 1") is not None

    def close(self) -> None:
        if self._runner is not None:
            self._runner.close()
        self._roots.close()


def _begin(tx: Tx, run_id: str) -> None:
    lifecycle.create(tx, "0", run_name="r", user_id="u", start_time=5, tags={}, run_id=run_id)


@pytest.fixture
def here(db: Any, there: Api, flaky: Flaky, tmp_path: Path) -> Iterator[Linked]:
    linked = Linked(db, f"{flaky.url}/ws/south", tmp_path)
    yield linked
    linked.close()


def names_of(api: Api) -> dict[str, str]:
    found = api.post("runs/search", experiment_ids=["0"]).get("runs", [])
    return {run["info"]["run_id"]: run["info"]["run_name"] for run in found}


def test_a_link_that_is_paused_during_a_step_copies_no_later_change(here: Linked, there: Api) -> None:
    def pause(*_: Any) -> str:
        """Called by a step that has found the link active."""
        if pauses:
            pauses.pop()()
            here.begin(NEW)
        return ""

    pauses: list[Callable[[], None]] = []
    here.begin(OLD)
    here.link(Mode.PUSH, why_not=pause)

    pauses.append(here.pause)
    here.step()
    while_paused = set(names_of(there))
    here.resume()
    here.finish()

    assert (while_paused, set(names_of(there))) == ({OLD}, {OLD, NEW})


def test_a_link_that_is_paused_during_a_remote_call_copies_no_later_change(
    here: Linked, there: Api, flaky: Flaky
) -> None:
    def pause(_method: str, path: str) -> None:
        """Called by each request of the link."""
        if pauses and "/changes" in path:
            pauses.pop()()
            made.append(there.new_run())

    pauses: list[Callable[[], None]] = []
    made = [there.new_run()]
    flaky.faults = pause
    here.link(Mode.PULL)

    pauses.append(here.pause)
    here.step()
    while_paused = set(here.names())
    here.resume()
    here.finish()

    assert len(made) == 2
    assert (while_paused, set(here.names())) == ({made[0]}, set(made))


def test_a_link_that_is_paused_at_an_item_copies_no_later_change_of_the_next_one(
    here: Linked, there: Api, flaky: Flaky
) -> None:
    def pause(_method: str, path: str) -> None:
        """Called by each request of the link: the first one for a run."""
        if pauses and (OLD in path or NEW in path):
            pauses.pop()()
            for run in (OLD, NEW):
                here.rename(run, "b")
                there.post("runs/update", run_id=run, run_name="c")

    pauses: list[Callable[[], None]] = []
    flaky.faults = pause
    here.begin(OLD, NEW)
    here.link(Mode.BOTH)
    for run in (OLD, NEW):
        here.rename(run, "a")

    pauses.append(here.pause)
    here.step()
    while_paused = (here.names(), names_of(there))
    here.resume()
    here.finish()

    assert not pauses
    assert while_paused == ({OLD: "b", NEW: "b"}, {OLD: "c", NEW: "c"})
    assert here.names() == names_of(there) == {OLD: "c", NEW: "c"}


def test_a_link_that_is_paused_while_it_reads_a_remote_item_copies_no_later_change(
    here: Linked, there: Api, flaky: Flaky
) -> None:
    def pause(_method: str, path: str) -> None:
        """Called by each request of the link: one for the run."""
        if pauses and run in path:
            pauses.pop()()
            there.post("runs/update", run_id=run, run_name="c")

    pauses: list[Callable[[], None]] = []
    run = there.new_run(run_name="a")
    flaky.faults = pause
    here.link(Mode.PULL)
    there.post("runs/update", run_id=run, run_name="b")

    pauses.append(here.pause)
    here.step()
    while_paused = here.names()
    here.resume()
    here.finish()

    assert not pauses
    assert (while_paused, here.names()) == ({run: "a"}, {run: "c"})


@pytest.mark.parametrize("later", ["a", pytest.param("c", marks=pytest.mark.slow)])
def test_data_sent_before_a_pause_is_not_taken_for_a_remote_change(
    here: Linked, there: Api, flaky: Flaky, later: str
) -> None:
    def pause(method: str, path: str) -> None:
        """Called by each request of the link."""
        if pauses and method == "POST" and "/sync/item" in path:
            pauses.pop()()

    pauses: list[Callable[[], None]] = []
    flaky.faults = pause
    here.begin(OLD)
    here.rename(OLD, "a")
    here.link(Mode.BOTH)
    here.rename(OLD, "z")

    pauses.append(here.pause)
    here.step()
    sent = names_of(there)
    here.rename(OLD, later)
    here.resume()
    here.finish()

    assert not pauses
    assert sent == {OLD: "z"}
    assert here.names() == names_of(there) == {OLD: later}


def test_a_description_sent_before_a_pause_is_not_taken_for_a_remote_change(
    here: Linked, there: Api, flaky: Flaky
) -> None:
    def pause(method: str, _path: str) -> None:
        """Called by each request of the link."""
        if pauses and method != "GET":
            pauses.pop()()

    def descriptions() -> list[str]:
        found = there.get("registered-models/search").get("registered_models", [])
        return [model["description"] for model in found]

    pauses: list[Callable[[], None]] = []
    flaky.faults = pause
    here.write(lambda tx: models.create(tx, "m", {}, "a"))
    here.link(Mode.BOTH, registry=True)
    here.write(lambda tx: models.update(tx, "m", "z"))

    pauses.append(here.pause)
    here.step()
    sent = descriptions()
    here.write(lambda tx: models.update(tx, "m", "a"))
    here.resume()
    here.finish()

    assert not pauses
    assert (sent, descriptions()) == (["z"], ["a"])


def test_a_pause_lets_no_deletion_pass_before_all_are_counted(here: Linked, there: Api, flaky: Flaky) -> None:
    def pause(_method: str, path: str) -> None:
        """Called by each request of the link."""
        if pauses and "/changes" in path:
            pauses.pop()()

    pauses: list[Callable[[], None]] = []
    runs = [there.new_run() for _ in range(15)]
    flaky.faults = pause
    here.link(Mode.PULL, max_deletions=5, step_s=0.0)
    for run in runs[:10]:  # more than a link deletes without a pause
        there.post("runs/delete", run_id=run)
    for _ in range(3):  # some of them are held by then
        here.step()

    pauses.append(here.pause)
    here.step()
    here.resume()
    here.finish()

    assert not pauses
    assert here.deleted() == []


def test_fields_sent_before_a_fault_are_not_taken_for_a_remote_change(here: Linked, there: Api, flaky: Flaky) -> None:
    def fail(method: str, path: str) -> str | None:
        """Called by each request of the link."""
        if is_failing and method == "POST" and "/sync/points" in path:
            is_failing.clear()
            return "500"
        return None

    is_failing: list[bool] = []
    flaky.faults = fail
    here.begin(OLD)
    here.rename(OLD, "a")
    here.link(Mode.BOTH, interval_factor=1e-6)
    here.rename(OLD, "z")
    here.write(lambda tx: writer.points(tx, OLD, {"k": pack([(1, 1, 1.0)])}))

    is_failing.append(True)
    here.step()
    sent = names_of(there)
    here.rename(OLD, "a")
    while here.has_queued():
        here.step()

    assert not is_failing
    assert sent == {OLD: "z"}
    assert here.names() == names_of(there) == {OLD: "a"}
