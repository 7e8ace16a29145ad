"""Several servers on one store: one works on a link at a time, and another one continues after its end."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import make_settings
from support.client import Api
from support.faults.flaky import Flaky
from support.links import add, all_runs, check, settle
from support.processes.servers import Server
from trackside import opening
from trackside.artifacts.roots import Roots
from trackside.core.seal import Sealer
from trackside.core.settings import Settings
from trackside.links import store
from trackside.links.model import Kind, Options
from trackside.links.state import work_queue
from trackside.links.worker.runner import Runner
from trackside.runs import lifecycle
from trackside.sync.document import Mode

pytestmark = pytest.mark.both

LINK = "shared"
WS = 1


@pytest.fixture
def database(postgres_settings: Settings) -> Iterator[Any]:
    db = opening.open_database(postgres_settings)
    yield db
    db.close()


def test_one_server_works_on_a_link_until_its_lease_expires(
    database: Any, flaky: Flaky, there: Api, tmp_path: Path
) -> None:
    """Two workers of the same link, as on two servers; the lease expires by the store's clock, which the test moves."""
    url = f"{flaky.url}/ws/{there.workspace}"
    with database.write(WS) as tx:
        link = store.create(tx, LINK, Kind.TRACKSIDE, url, Mode.PUSH, Options(), None, "")
    roots = Roots(str(tmp_path / "files"))

    def runner(name: str) -> Runner:
        return Runner(database, WS, link.link_id, roots, "mlflow-artifacts:/", Sealer(None, tmp_path / "key"), name)

    one, other = runner("one"), runner("other")

    def logs(run_id: str) -> None:
        with database.write(WS) as tx:
            lifecycle.create(tx, "0", run_name="r", user_id="", start_time=1, tags={}, run_id=run_id)

    def lag() -> int:
        with database.read(WS) as tx:
            found = store.find(tx, link.link_id)
            assert found is not None
            return work_queue.lag(tx, found).items

    def asked(by: Runner) -> bool:
        before = len(flaky.seen)
        for _ in range(3):
            by.step()
        return len(flaky.seen) > before

    logs("a" * 32)
    first = asked(one), asked(other), lag()
    logs("b" * 32)
    second = asked(other), lag() > 0, asked(one), lag()
    with database.write(WS) as tx:  # `one` was not heard of for so long
        tx.run("UPDATE links SET owned_until = owned_until - :ms WHERE workspace_id = :ws", ms=2 * store.LEASE_MS)
    logs("c" * 32)
    third = asked(other), lag()
    back = runner("one")  # as it looks again
    logs("d" * 32)
    fourth = asked(back), asked(other), lag()
    for each in (one, other, back):
        each.close()
    roots.close()

    assert first == (True, False, 0)
    assert second == (False, True, True, 0)
    assert third == (True, 0)
    assert fourth == (False, True, 0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["workers", "servers"])
def test_another_process_continues_when_the_first_one_is_killed(
    start: Callable[..., Server], postgres_url: str, tmp_path: Path, kind: str
) -> None:
    far = start()
    options = ("--store", postgres_url)
    near = start(*options, *(("--workers", "2") if kind == "workers" else ()))
    second = near if kind == "workers" else start(*options)
    db = opening.open_database(make_settings(tmp_path / "look", postgres_url))
    add(near.api, LINK, far.url)
    for _ in range(20):
        near.api.new_run()
    settle(near.api, LINK)
    killed = _owner(db)

    os.kill(killed, signal.SIGKILL)
    here = second.api if kind == "servers" and near.process and near.process.pid == killed else near.api
    more = {here.new_run() for _ in range(20)}
    settle(here, LINK)
    goes_on = _owner(db)
    db.close()

    assert goes_on != killed
    assert len(all_runs(far.api)) == 40
    assert {run["info"]["run_id"] for run in all_runs(far.api)} >= more
    assert check(here, LINK) == []


def _owner(db: Any) -> int:
    """The process that works on the link."""
    with db.read(WS) as tx:
        row = tx.one("SELECT owner FROM links WHERE workspace_id = :ws")
    return int(row[0].split(".")[2].split("-")[0])
