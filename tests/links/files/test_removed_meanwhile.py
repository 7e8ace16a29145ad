"""Files that are deleted through the API while a link looks at the change log and at the files."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.client import Api
from support.links import put_file, url_of
from support.processes.servers import Server
from support.stores import s3
from trackside.artifacts import store as artifacts
from trackside.artifacts.roots import Roots, Spot
from trackside.artifacts.store import Removal
from trackside.core.http_client.cancellation import CancelToken
from trackside.core.http_client.credentials import Secret
from trackside.events import store as events
from trackside.links import store
from trackside.links.connect import connect
from trackside.links.model import Kind, Options
from trackside.links.reconcile import files as filesync
from trackside.links.reconcile.context import LinkContext
from trackside.links.state import item_store
from trackside.runs import lifecycle
from trackside.sync.document import Mode
from trackside.sync.entities import Entity
from trackside.sync.local import files

WS = 1
ROOT = "mlflow-artifacts:/"


@pytest.fixture
def side(db: Any, server: Server, there: Api, tmp_path: Path) -> Iterator[LinkContext]:
    """Of a link in both directions that has read the log of changes so far."""
    del there  # it is made
    url, options = url_of(server, "south"), Options()
    link = db.writer.submit(
        WS, lambda tx: store.create(tx, "l", Kind.TRACKSIDE, url, Mode.BOTH, options, None, "")
    ).result()
    roots = Roots(str(tmp_path / "files"))
    peer = connect(Kind.TRACKSIDE, url, options, Secret(), "here", CancelToken())
    yield LinkContext(db, WS, link, peer, roots, ROOT)
    peer.close()
    roots.close()


@pytest.mark.parametrize("was_told", [True, False])
def test_a_file_is_removed_on_the_other_side_if_its_removal_was_requested(
    db: Any, side: LinkContext, there: Api, was_told: bool
) -> None:
    """Even if it was the last file of the run and no step has read its removal yet; otherwise the file is restored."""
    run, spot = on_both_sides(db, side, there)

    spot.blobs.delete(spot.key)
    if was_told:
        side.write(lambda tx: artifacts.record_removal(tx, "run", run, "a/b.txt"))
    converge(side, run)

    assert count(db, side, there, run) == ((0, 0) if was_told else (1, 1))


def test_a_file_is_removed_on_the_other_side_before_the_removal_is_recorded_as_done(
    db: Any, side: LinkContext, there: Api
) -> None:
    """The link has read that the removal begins, and compares the run between the deletion and the record of it."""
    run, spot = on_both_sides(db, side, there)

    side.write(lambda tx: artifacts.begin_removal(tx, "run", run, "a/b.txt"))
    with db.read(WS) as tx:
        page = events.feed(tx, db, side.link.seen_seq, events.Wanted(limit=1000))
    side.write(lambda tx: item_store.take_page(tx, side.link.link_id, page, registry=True))
    side.link = msgspec.structs.replace(side.link, seen_seq=page.after)
    converge(side, run)
    before = count(db, side, there, run)
    spot.blobs.delete(spot.key)
    converge(side, run)

    assert before == (1, 1)
    assert count(db, side, there, run) == (0, 0)


def test_an_unfinished_removal_counts_for_an_hour(db: Any, side: LinkContext, there: Api) -> None:
    run, _ = on_both_sides(db, side, there)
    side.write(lambda tx: artifacts.begin_removal(tx, "run", run, "a/b.txt"))
    with db.read(WS) as tx:
        within = artifacts.removals(tx, "run", run)
    side.write(
        lambda tx: tx.run(
            "UPDATE changes SET changed_at = changed_at - :age WHERE workspace_id = :ws AND action = :removing",
            age=artifacts.REMOVING_MS,
            removing=artifacts.REMOVING,
        )
    )

    with db.read(WS) as tx:
        after = artifacts.removals(tx, "run", run)

    assert (within, after) == ([Removal("a/b.txt")], [])


@pytest.mark.slow
def test_the_server_records_a_removal_before_it_deletes(
    start: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bucket that refuses the deletion keeps the file, so the record must have been written before."""
    with s3.served() as options, closing(s3.Gate(options["endpoint"])) as gate:
        for name, value in {**options, "endpoint": gate.endpoint, "endpoint_url": gate.endpoint}.items():
            monkeypatch.setenv(f"AWS_{name.upper()}", value)
        monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
        api = start("--artifacts", "s3://artifacts/here").api
        run = api.new_run()
        put_file(api, run, "a/b.txt", b"1")
        put_file(api, run, "c.txt", b"1")
        place = api.run(run)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
        gate.is_shut = True

        by_proxy = api.ask("DELETE", f"/api/2.0/mlflow-artifacts/artifacts/{place}/a/b.txt")
        by_link = api.ask("DELETE", f"/api/trackside/v1/sync/file?entity=run&id={run}&path=c.txt")
        found = api.get("/api/trackside/v1/sync/files", entity="run", id=run)

    assert min(by_proxy.status, by_link.status) >= 400
    assert sorted(found["files"]) == ["a/b.txt", "c.txt"]
    assert [each["path"] for each in found["removals"]] == ["a/b.txt", "c.txt"]


def on_both_sides(db: Any, side: LinkContext, there: Api) -> tuple[str, Spot]:
    """Make a run with a file that both sides have.  Return its id and the place of the file here."""
    run = there.new_run()
    put_file(there, run, "a/b.txt", b"1")
    side.write(lambda tx: lifecycle.create(tx, "0", run_name="r", user_id="u", start_time=5, tags={}, run_id=run))
    with db.read(WS) as tx:
        spot = files.place(tx, Entity.RUN, run).spot(side.roots, "a/b.txt")
    files.put(spot, [b"1"])
    converge(side, run)
    return run, spot


def converge(side: LinkContext, run: str) -> None:
    filesync.push(side, Entity.RUN, run, run, verify=True)
    filesync.pull(side, Entity.RUN, run, run)


def count(db: Any, side: LinkContext, there: Api, run: str) -> tuple[int, int]:
    """Return how many files the run has here, and there."""
    with db.read(WS) as tx:
        place = files.place(tx, Entity.RUN, run)
    files_there = there.get("artifacts/list", run_id=run, path="a").get("files", [])
    return len(files.listing(place.spot(side.roots))), len(files_there)
