"""A file that somebody has the server remove while a link is between its look at the log and its look at the files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.client import Api
from support.links import put_file, url_of
from support.servers import Server
from trackside.artifacts import store as artifacts
from trackside.artifacts.roots import Roots
from trackside.core.http_client.cancellation import Ending
from trackside.core.http_client.credentials import Secret
from trackside.links import store
from trackside.links.connect import connect
from trackside.links.model import Kind, Options
from trackside.links.reconcile import files as filesync
from trackside.links.reconcile.context import Side
from trackside.runs import lifecycle
from trackside.sync.document import Mode
from trackside.sync.entities import Entity
from trackside.sync.local import files

WS = 1
ROOT = "mlflow-artifacts:/"


@pytest.fixture
def side(db: Any, server: Server, there: Api, tmp_path: Path) -> Iterator[Side]:
    """Of a link in both directions that has read the log of changes so far."""
    del there  # it is made
    url, options = url_of(server, "south"), Options()
    link = db.writer.submit(
        WS, lambda tx: store.create(tx, "l", Kind.TRACKSIDE, url, Mode.BOTH, options, None, "")
    ).result()
    roots = Roots(str(tmp_path / "files"))
    peer = connect(Kind.TRACKSIDE, url, options, Secret(), "here", Ending())
    yield Side(db, WS, link, peer, roots, ROOT)
    peer.close()
    roots.close()


@pytest.mark.parametrize("was_told", [True, False])
def test_it_goes_on_the_other_side_if_the_server_was_told_to_remove_it(
    db: Any, side: Side, there: Api, was_told: bool
) -> None:
    """Though it was the last one of the run, and no step has read of it yet; else it comes back."""
    run = there.new_run()
    put_file(there, run, "a/b.txt", b"1")
    side.write(lambda tx: lifecycle.create(tx, "0", run_name="r", user_id="u", start_time=5, tags={}, run_id=run))
    with db.read(WS) as tx:
        place = files.place(tx, Entity.RUN, run)
    spot = place.spot(side.roots, "a/b.txt")
    files.put(spot, [b"1"])
    filesync.send(side, Entity.RUN, run, run, verify=True)
    filesync.receive(side, Entity.RUN, run, run)

    spot.blobs.delete(spot.key)
    if was_told:
        side.write(lambda tx: artifacts.record_removal(tx, "run", run, "a/b.txt"))
    filesync.send(side, Entity.RUN, run, run, verify=True)
    filesync.receive(side, Entity.RUN, run, run)

    files_here = files.listing(place.spot(side.roots))
    files_there = there.get("artifacts/list", run_id=run, path="a").get("files", [])
    assert (len(files_here), len(files_there)) == ((0, 0) if was_told else (1, 1))
