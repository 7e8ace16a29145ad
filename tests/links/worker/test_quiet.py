"""A link polls a quiet remote less often, by a clock that the test moves."""

from pathlib import Path
from typing import Any

from support.client import Api
from support.faults.flaky import Flaky
from trackside.artifacts.roots import Roots
from trackside.core.db.tx import Tx
from trackside.core.seal import Sealer
from trackside.links import store
from trackside.links.model import QUIET_POLL_S, Kind, Link, Options
from trackside.links.worker.runner import Runner
from trackside.sync.document import Mode
from trackside.sync.local import reader

WS = 1
EVERY_S = 0.5  # between two steps of the test


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_quiet_side_is_polled_less_often_until_it_changes(db: Any, there: Api, flaky: Flaky, tmp_path: Path) -> None:
    def add(tx: Tx) -> Link:
        return store.create(tx, "l", Kind.TRACKSIDE, f"{flaky.url}/ws/south", Mode.PULL, Options(), None, "")

    link: Link = db.writer.submit(WS, add).result()
    clock, roots = Clock(), Roots(str(tmp_path / "files"))
    sealer = Sealer(None, tmp_path / "key")
    runner = Runner(db, WS, link.link_id, roots, "mlflow-artifacts:/", sealer, "me", clock=clock)

    def looks(seconds: float) -> int:
        """How often the other side was asked for its changes within so long."""
        flaky.seen.clear()
        for _ in range(int(seconds / EVERY_S)):
            clock.now += EVERY_S
            runner.step()
        return sum("/sync/changes" in path for _, path, _ in flaky.seen)

    while runner.step():
        pass
    at_first = looks(10)
    looks(60)
    later = looks(20)
    run = there.new_run()
    looks(QUIET_POLL_S)
    with db.read(WS) as tx:
        is_here = reader.has_run(tx, run)
    after_it = looks(10)
    runner.close()
    roots.close()

    assert at_first == after_it == 10 / EVERY_S
    assert later == 20 / QUIET_POLL_S
    assert is_here
