"""The lag of a link and its transferred items, also of a pull link."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from support.links import LINKS, add, all_runs, check, link, put_file, settle, until, url_of
from support.processes.servers import Server
from trackside.links import store
from trackside.links.model import Kind, Link, Options
from trackside.links.state import work_queue
from trackside.sync.api.files import PREFIX
from trackside.sync.document import Mode

LINK = "lab"


@pytest.mark.slow
def test_a_pull_link_counts_what_it_copied(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    run = there.new_run()
    metrics = [{"key": "m", "value": i, "timestamp": i, "step": i} for i in range(1000)]
    there.post("runs/log-batch", run_id=run, metrics=metrics)
    there.post("runs/log-batch", run_id=run, metrics=[{**each, "key": "n"} for each in metrics[:500]])
    put_file(there, run, "a.bin", b"x" * 1234)

    add(here, LINK, url_of(server, "south"), mode="pull")
    until(lambda: len(all_runs(here)) == 1, "the run to come")
    until(lambda: check(here, LINK) == [], "both to be the same")
    first = settle(here, LINK)
    there.post("runs/log-metric", run_id=run, key="m", value=5, timestamp=5000, step=5000)
    until(lambda: len(here.history(run, "m")) == 1001, "the last point to come")

    assert (first["taken_points"], first["taken_bytes"]) == (1500, 1234)
    assert first["taken_items"] >= 1
    assert first["points_per_s"] > 0
    assert first["sent_points"] == 0
    # The item counts when the round that took its point has ended.
    until(lambda: link(here, LINK)["taken_items"] > first["taken_items"], "the run to count as taken again")
    assert link(here, LINK)["taken_points"] == 1501
    assert link(here, LINK)["taken_items"] == first["taken_items"] + 1


def test_the_time_since_the_other_side_was_heard_is_lag_when_it_is_longer_than_between_two_looks(db: Any) -> None:
    made = [
        db.writer.submit(
            1, lambda tx, mode=mode: store.create(tx, mode, Kind.MLFLOW, "http://x", mode, Options(), None, "9")
        )
        for mode in Mode
    ]
    push, pull, both = (each.result() for each in made)

    def lag(link: Link, heard_ms_ago: int) -> float:
        with db.read(1) as tx:
            heard = msgspec.structs.replace(link, heard_at=tx.now - heard_ms_ago, seen_seq=10**9)
            return work_queue.lag(tx, heard).seconds

    assert [lag(link, 19_000) for link in (push, pull, both)] == [0, 0, 0]
    assert [lag(link, 60_000) for link in (push, pull, both)] == [0, 60, 60]


@pytest.mark.slow
def test_a_pull_link_lags_while_the_remote_does_not_answer(start: Callable[..., Server]) -> None:
    near, far = start("--durability", "relaxed"), start("--durability", "relaxed")
    far.options = (*far.options, "--port", str(far.port))
    add(near.api, LINK, far.url, mode="pull")
    until(lambda: settle(near.api, LINK).get("last_success_at") is not None, "the link to be heard")
    in_time = link(near.api, LINK)["lag_s"]
    far.kill9()

    until(lambda: link(near.api, LINK)["lag_s"] > 11, "the lag to be told")
    far.start()
    near.api.post(f"{LINKS}/{LINK}/resume")
    until(lambda: link(near.api, LINK)["lag_s"] == 0, "the link to be in time again")

    assert in_time == 0


@pytest.mark.slow
def test_a_page_of_the_log_returns_the_number_of_later_entries(server: Server) -> None:
    api = server.api.new_workspace("north")
    for _ in range(520):
        api.new_run()

    first = api.get(f"{PREFIX}/changes", after=0)
    last = api.get(f"{PREFIX}/changes", after=first["next"])

    assert first["more"] is True
    assert first["unread"] >= 20
    assert (last["more"], last.get("unread", 0)) == (False, 0)
