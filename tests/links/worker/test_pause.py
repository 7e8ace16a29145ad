"""What changes once a link is paused is left to the time after it."""

from pathlib import Path
from typing import Any

from support.client import Api
from support.faults.flaky import Flaky
from trackside.artifacts.roots import Roots
from trackside.core.db.tx import Tx
from trackside.core.seal import Sealer
from trackside.links import store
from trackside.links.model import Kind, Link, Options, State
from trackside.links.worker.runner import Runner
from trackside.runs import lifecycle
from trackside.sync.document import Mode

WS = 1
OLD, NEW = "0" * 32, "1" * 32


def begin(tx: Tx, run_id: str) -> None:
    lifecycle.create(tx, "0", run_name="r", user_id="u", start_time=5, tags={}, run_id=run_id)


def test_a_link_that_is_paused_in_a_step_takes_no_later_change(
    db: Any, there: Api, flaky: Flaky, tmp_path: Path
) -> None:
    def write(work: Any) -> Any:
        return db.writer.submit(WS, work).result()

    def pause(*_: Any) -> str:
        """Called by a step that has found the link active."""
        if pauses:
            write(pauses.pop())
            write(lambda tx: begin(tx, NEW))
        return ""

    pauses: list[Any] = []
    link: Link = write(
        lambda tx: store.create(tx, "l", Kind.TRACKSIDE, f"{flaky.url}/ws/south", Mode.PUSH, Options(), None, "")
    )
    roots, sealer = Roots(str(tmp_path / "files")), Sealer(None, tmp_path / "key")
    runner = Runner(db, WS, link.link_id, roots, "mlflow-artifacts:/", sealer, "me", why_not=pause)
    write(lambda tx: begin(tx, OLD))
    while runner.step():
        pass

    pauses.append(lambda tx: store.set_state(tx, "l", State.PAUSED))
    runner.step()
    while_paused = runs_of(there)
    write(lambda tx: store.set_state(tx, "l", State.ACTIVE))
    while runner.step():
        pass
    runner.close()
    roots.close()

    assert (while_paused, runs_of(there)) == ({OLD}, {OLD, NEW})


def test_a_link_that_is_paused_while_it_asks_the_other_side_takes_no_later_change(
    db: Any, there: Api, flaky: Flaky, tmp_path: Path
) -> None:
    def write(work: Any) -> Any:
        return db.writer.submit(WS, work).result()

    def copies() -> set[str]:
        with db.read(WS) as tx:
            return {row[0] for row in tx.all("SELECT run_id FROM runs WHERE workspace_id = :ws")}

    def pause(_method: str, path: str) -> None:
        """Called by each request of the link."""
        if pauses and "/changes" in path:
            write(pauses.pop())
            made.append(there.new_run())

    pauses: list[Any] = []
    made = [there.new_run()]
    flaky.faults = pause
    link: Link = write(
        lambda tx: store.create(tx, "l", Kind.TRACKSIDE, f"{flaky.url}/ws/south", Mode.PULL, Options(), None, "")
    )
    roots, sealer = Roots(str(tmp_path / "files")), Sealer(None, tmp_path / "key")
    runner = Runner(db, WS, link.link_id, roots, "mlflow-artifacts:/", sealer, "me")
    while runner.step():
        pass

    pauses.append(lambda tx: store.set_state(tx, "l", State.PAUSED))
    runner.step(ask=True)
    while_paused = copies()
    write(lambda tx: store.set_state(tx, "l", State.ACTIVE))
    while runner.step(ask=True):
        pass
    runner.close()
    roots.close()

    assert len(made) == 2
    assert (while_paused, copies()) == ({made[0]}, set(made))


def runs_of(api: Api) -> set[str]:
    return {run["info"]["run_id"] for run in api.post("runs/search", experiment_ids=["0"]).get("runs", [])}
