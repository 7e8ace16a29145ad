"""Transfer of the points of a run during logging, on both databases."""

from collections.abc import Mapping
from typing import Any

from trackside.links import store
from trackside.links.model import Kind, Options
from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.runs import metrics
from trackside.metrics.series import unpack
from trackside.runs import batch, lifecycle
from trackside.runs.limits import Logged
from trackside.sync.document import Mode


class Busy:
    """A peer; each time that points are sent to it, somebody logs another one here."""

    def __init__(self, db: Any, run_id: str) -> None:
        self._db = db
        self._run_id = run_id
        self.sent: list[list[int]] = []

    def log(self, step: int) -> None:
        with self._db.write(1) as tx:
            point = (step, step, float(step))
            assert batch.log(tx, [Logged(self._run_id, {"m": [point]}, [], {}, [], False)]) == [batch.ANSWER]

    def send_points(self, remote_id: str, series: Mapping[str, bytes]) -> None:
        assert remote_id == "there"
        assert len(self.sent) < 10, "it never ends"
        self.sent.append([step for step, _, _ in unpack(series["m"])])
        self.log(len(self.sent))


def test_points_logged_during_a_transfer_are_sent_next(db: Any) -> None:
    with db.write(1) as tx:
        run_id = lifecycle.create(tx, "0", run_name=None, user_id="", start_time=0, tags={})
        link = store.create(tx, "busy", Kind.TRACKSIDE, "http://127.0.0.1:1", Mode.PUSH, Options(), None, "")
    peer: Any = Busy(db, run_id)
    nowhere: Any = None  # no file is asked for
    side = LinkContext(db, 1, link, peer, nowhere, "")
    peer.log(0)

    refused = [metrics.push(side, run_id, "there") for _ in range(3)]

    assert peer.sent == [[0], [1], [2]]
    assert refused == ["", "", ""]
    assert metrics.is_behind(side, run_id)
