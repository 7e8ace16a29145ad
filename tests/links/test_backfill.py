"""Existing data that a link copies: none, data since a date, and later changes."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from support.client import Api
from support.faults.flaky import Flaky
from support.links import LINKS, add, all_runs, settle, until, url_of
from support.processes.servers import Server
from trackside.artifacts.roots import Roots
from trackside.core.seal import Sealer
from trackside.links import store
from trackside.links.model import Kind, Link, Options
from trackside.links.state import item_store
from trackside.links.worker.runner import Runner
from trackside.sync.document import Mode

LINK = "twin"
WS = 1
ITEM = "/api/trackside/v1/sync/item"
OLD, NEW = 1_760_000_000_000, 1_780_000_000_000  # ms: before and after the date
DATE = "2026-01-01"


@pytest.mark.parametrize("mode", [pytest.param("push", marks=pytest.mark.slow), "pull"])
def test_a_link_from_a_date_on_copies_older_runs_when_they_change(
    server: Server, here: Api, there: Api, mode: str
) -> None:
    source, copies = (here, there) if mode == "push" else (there, here)
    old, other, new = (source.new_run(start_time=at) for at in (OLD, OLD, NEW))
    add(here, LINK, url_of(server, "south"), mode=mode, backfill=DATE)
    until(lambda: _ids(copies) == {new}, "the new run to come")
    settle(here, LINK)

    source.post("runs/set-tag", run_id=old, key="late", value="1")
    until(lambda: _ids(copies) == {old, new}, "the old run to come")
    settle(here, LINK)

    assert other not in _ids(copies)
    assert copies.tags(old)["late"] == "1"


def test_existing_items_are_pushed_only_after_a_change(server: Server, here: Api, there: Api) -> None:
    old, other = here.new_run(), here.new_run()
    add(here, LINK, url_of(server, "south"), backfill="none")

    new = here.new_run()
    until(lambda: _ids(there) == {new}, "the new run to arrive")
    here.post("runs/log-metric", run_id=old, key="m", value=1, timestamp=1, step=1)
    until(lambda: _ids(there) == {old, new}, "the old run to arrive")
    settle(here, LINK)

    assert there.history(old, "m") == [(1, 1, 1)]
    assert other not in _ids(there)


def test_an_interrupted_backfill_resumes_in_any_order_of_models(
    db: Any, server: Server, there: Api, tmp_path: Path
) -> None:
    """Versions are listed in the order of their uids, so the model of a later version may come before that of an earlier one."""

    def make(model: str, version: str) -> None:
        there.post(ITEM, entity="registered_model", id=model, put=[["name", "", model]])
        put = [["number", "", "1"], ["source", "", "s3://b/k"]]
        there.post(ITEM, entity="model_version", id=f"{model}/{version}", put=put)

    def load() -> Link:
        with db.read(WS) as tx:
            return store.get(tx, LINK)

    def step_until(condition: Callable[[], bool]) -> None:
        runner = Runner(db, WS, load().link_id, roots, "mlflow-artifacts:/", Sealer(None, tmp_path / "key"), "me")
        while not condition():
            assert runner.step(), load()
        runner.close()

    make("zebra", "1a")
    url, options = url_of(server, "south"), Options(registry=True)
    with db.write(WS) as tx:
        store.create(tx, LINK, Kind.TRACKSIDE, url, Mode.PULL, options, None, "")
    roots = Roots(str(tmp_path / "files"))

    step_until(lambda: load().remote_cursor.endswith("zebra/1a"))
    make("ant", "1b")
    step_until(lambda: load().has_seen_all)
    roots.close()

    found = load()
    with db.read(WS) as tx:
        assert item_store.mirrored(tx, found.link_id)["model_version"] == 2
    assert found.last_error is None


@pytest.mark.slow
def test_an_older_run_of_an_mlflow_server_is_copied_if_it_ends_later(here: Api, there: Api, as_stock: Flaky) -> None:
    old, other = there.new_run(start_time=OLD), there.new_run(start_time=OLD)
    there.post("runs/update", run_id=other, status="FINISHED", end_time=OLD + 1)
    add(here, LINK, f"{as_stock.url}/ws/south", kind="mlflow", mode="pull", backfill=DATE)
    new = there.new_run(start_time=NEW)
    until(lambda: _ids(here) == {new}, "the new run to come")

    there.post("runs/update", run_id=old, status="FINISHED", end_time=NEW)
    until(lambda: _ids(here) == {old, new}, "the old run to come")

    until(lambda: here.run(old)["info"]["status"] == "FINISHED", "its end to come")


def test_data_that_is_logged_during_the_first_pass_is_copied(start: Callable[..., Server]) -> None:
    """The change log has one entry for a run until it is read, so a listing of all runs must count as a reader."""
    near, far = start("--durability", "relaxed").api, start("--durability", "relaxed")
    run = far.api.new_run()
    far.api.post("runs/log-metric", run_id=run, key="m", value=1, timestamp=1, step=1)
    add(near, LINK, far.url, mode="pull")
    until(lambda: _ids(near) == {run} and near.history(run, "m") == [(1, 1, 1)], "the run to come")
    settle(near, LINK)

    far.api.post("runs/log-metric", run_id=run, key="m", value=2, timestamp=2, step=2)

    until(lambda: len(near.history(run, "m")) == 2, "the next point to come")


def test_a_recreated_remote_is_read_from_its_beginning(start: Callable[..., Server]) -> None:
    """Its change log starts again at 1."""
    near, far = start("--durability", "relaxed"), start("--durability", "relaxed")
    for i in range(30):
        far.api.new_run(start_time=i + 1)
    add(near.api, LINK, far.url, mode="pull")
    until(lambda: len(_ids(near.api)) == 30, "the runs to come")
    settle(near.api, LINK)
    port = far.port
    far.kill9()

    anew = start("--durability", "relaxed", "--port", str(port))
    run = anew.api.new_run()

    until(lambda: run in _ids(near.api), "the run of the new remote to come")


def test_a_change_log_that_does_not_go_back_far_enough_is_not_followed(start: Callable[..., Server]) -> None:
    """Changes that were pruned from the log are found by a full comparison."""
    near, far = start("--durability", "relaxed"), start("--durability", "relaxed")
    add(near.api, LINK, far.url, mode="pull")
    before = far.api.new_run()
    until(lambda: _ids(near.api) == {before}, "the run to come")
    settle(near.api, LINK)
    near.api.post(f"{LINKS}/{LINK}/pause")
    missed = [far.api.new_run() for _ in range(3)]
    far.stop()
    with closing(sqlite3.connect(far.data / "trackside.db")) as store, store:
        store.execute("DELETE FROM changes WHERE seq < (SELECT MAX(seq) FROM changes)")
    far.options = (*far.options, "--port", str(far.port))
    far.start()

    near.api.post(f"{LINKS}/{LINK}/resume")

    until(lambda: _ids(near.api) == {before, *missed}, "the runs to come")


def _ids(api: Api) -> set[str]:
    return {run["info"]["run_id"] for run in all_runs(api)}
