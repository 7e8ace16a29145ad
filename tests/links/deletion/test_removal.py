"""The removal of a link, or of its workspace, while the other side is unavailable: no call hangs, and the requested copies
remain."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import make_settings
from support.faults.flaky import Flaky
from support.links import LINKS, add, all_runs, link, settle, until
from support.processes.servers import Server
from trackside import opening
from trackside.artifacts.roots import Roots
from trackside.core.http_client.cancellation import CancelToken
from trackside.core.http_client.credentials import Secret
from trackside.core.seal import Sealer
from trackside.links import store
from trackside.links.cleanup import CopyRemover
from trackside.links.connect import connect_trackside
from trackside.links.model import CreatedBy, Kind, Options
from trackside.links.reconcile.context import LinkContext
from trackside.links.state import item_store
from trackside.links.worker.runner import Runner
from trackside.sync.document import Mode
from trackside.sync.entities import Entity

LINK = "twin"
WS = 1


def test_a_workspace_is_deleted_with_its_links_while_the_remote_is_away(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    near, far = start(data=tmp_path / "near"), start("--durability", "relaxed")
    here = near.api.new_workspace("north")
    run = here.new_run()
    add(here, LINK, far.url, mode="both")
    settle(here, LINK)
    far.options = (*far.options, "--port", str(far.port))
    far.kill9()
    late = here.new_run()
    until(lambda: link(here, LINK).get("last_error") is not None, "the link to notice")

    near.api.ask("DELETE", "/api/3.0/mlflow/workspaces/north?mode=CASCADE")
    again = near.api.new_workspace("north")
    far.start()
    add(again, "next", far.url, mode="push")  # its own link works: the first one's worker is gone
    settle(again, "next")
    near.stop()

    assert {each["info"]["run_id"] for each in all_runs(far.api)} == {run}
    assert far.api.run(run)["info"]["lifecycle_stage"] == "active"
    assert late != run
    assert _left(tmp_path / "near") == {"links": 1, "cursors": 1, "log": 0}


def test_a_link_can_be_removed_during_a_call_of_its_remote(db: Any, flaky: Flaky, tmp_path: Path) -> None:
    """The running step also ends without an error, although it can no longer store the failure of the remote."""
    with db.write(WS) as tx:
        made = store.create(tx, LINK, Kind.TRACKSIDE, flaky.url, Mode.PULL, Options(), None, "")
    roots = Roots(str(tmp_path / "files"))
    runner = Runner(db, WS, made.link_id, roots, "mlflow-artifacts:/", Sealer(None, tmp_path / "key"), "one")

    def remove(method: str, path: str) -> str:
        with db.write(WS) as tx:
            store.remove(tx, made)
        return "500"

    flaky.faults = remove
    more = runner.step()
    runner.close()
    roots.close()

    assert flaky.seen
    assert more is False


def test_the_log_says_why_a_copy_stays_that_another_link_also_mirrors(
    db: Any, flaky: Flaky, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with db.write(WS) as tx:
        ours, others = (
            store.create(tx, name, Kind.TRACKSIDE, flaky.url, Mode.PUSH, Options(), None, "") for name in ("one", "two")
        )
        for made in (ours, others):
            item_store.save_item(tx, made.link_id, Entity.RUN, "mine", "copy", CreatedBy.US, None)
    roots, token = Roots(str(tmp_path / "files")), CancelToken()
    remote = connect_trackside(flaky.url, Options(), Secret(), token)
    context = LinkContext(db, WS, ours, remote, roots, "mlflow-artifacts:/")

    more = CopyRemover(context, lambda: None).there()
    remote.close()
    roots.close()

    assert more
    assert [record.getMessage() for record in caplog.records] == [
        "run copy stays on the remote: another link of this server also mirrors it"
    ]


def test_a_link_is_removed_at_once_or_removes_its_copies_when_the_remote_is_back(
    start: Callable[..., Server],
) -> None:
    near, far = start(), start("--durability", "relaxed")
    far.options = (*far.options, "--port", str(far.port))
    here, kept = near.api.new_workspace("north"), near.api.new_workspace("west")
    mine, other = here.new_run(), kept.new_run()
    for api in (here, kept):
        add(api, LINK, far.url)
        settle(api, LINK)
    far.kill9()

    kept.ask("DELETE", f"{LINKS}/{LINK}")
    at_once = kept.get(LINKS).get("links", [])
    here.ask("DELETE", f"{LINKS}/{LINK}", arguments={"copies": "remove"})
    until(lambda: link(here, LINK).get("last_error") is not None, "the link to find nobody there")
    waiting = link(here, LINK)["state"]
    paused = here.ask("POST", f"{LINKS}/{LINK}/pause", {})
    again = here.ask("DELETE", f"{LINKS}/{LINK}", arguments={"copies": "remove"}).status
    far.start()
    until(lambda: here.get(LINKS).get("links", []) == [], "the link to go")

    stages = {each["info"]["run_id"]: each["info"]["lifecycle_stage"] for each in all_runs(far.api)}
    assert at_once == []
    assert waiting == "removing"
    assert (paused.status, again) == (400, 200)
    assert f"Link '{LINK}' is being removed." in paused.json["message"]
    assert stages == {mine: "deleted", other: "active"}
    assert here.run(mine)["info"]["lifecycle_stage"] == "active"


def _left(data: Path) -> dict[str, int]:
    db = opening.open_database(make_settings(data))
    with db.read(0) as tx:
        found = {
            "links": tx.one("SELECT COUNT(*) FROM links")[0],
            "cursors": tx.one("SELECT COUNT(*) FROM change_cursors WHERE consumer LIKE 'link/%'")[0],
            "log": tx.one("SELECT COUNT(*) FROM link_log")[0],
        }
    db.close()
    return found
