"""With `full` durability, answers are sent after the sync, so a power failure loses no acknowledged write.  The test makes syncs
fail."""

import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.faults import no_sync
from support.links import until
from support.processes.servers import TRACKSIDE, Server
from trackside.core.db.sqlite import Durability, SqliteDatabase

FILE = "/api/2.0/mlflow-artifacts/artifacts/0/file"


@pytest.fixture
def start_failing(tmp_path: Path) -> Iterator[Callable[[str], Server]]:
    """Starts a server with some durability, to be told that its disk fails."""
    if not no_sync.IS_POSSIBLE:
        pytest.skip("only Linux can be told to let every sync fail")
    started = []

    def begin(durability: str) -> Server:
        command = (sys.executable, str(no_sync.__file__))
        started.append(Server(tmp_path / durability, ("--durability", durability), command=command))
        return started[-1].start()

    yield begin
    for server in started:
        server.kill9()


def fail_syncs(server: Server) -> None:
    process = server.process
    assert process is not None
    process.send_signal(signal.SIGUSR1)
    status = Path(f"/proc/{process.pid}/status")
    until(lambda: process.poll() is not None or "Seccomp:\t2" in status.read_text())
    if process.poll() == no_sync.REFUSED:
        pytest.skip("the kernel lets no process limit itself here")


def test_with_full_durability_only_synced_writes_are_answered(start_failing: Callable[[str], Server]) -> None:
    server = start_failing("full")
    api = server.api
    run_id = api.new_run()
    api.post("runs/log-metric", run_id=run_id, key="m", value=1, timestamp=1)
    fail_syncs(server)

    statuses = [
        api.ask("POST", "runs/log-metric", {"run_id": run_id, "key": "m", "value": 2, "timestamp": 2}).status,
        api.ask("POST", "experiments/create", {"name": "e"}).status,
        api.ask("PUT", FILE, b"x").status,
    ]

    assert all(status >= 500 for status in statuses), statuses
    assert api.history(run_id, "m") == [(0, 1, 1.0)]
    assert api.ask("GET", FILE).status == 404
    server.kill9()
    server.command = TRACKSIDE
    api = server.start().api
    assert (0, 1, 1.0) in api.history(run_id, "m")
    api.post("runs/log-metric", run_id=run_id, key="m", value=3, timestamp=3)


def test_with_relaxed_durability_no_answer_waits_for_a_sync(start_failing: Callable[[str], Server]) -> None:
    """The counterpart of the test above: the same calls succeed, so the sync causes the failures there."""
    server = start_failing("relaxed")
    api = server.api
    with closing(sqlite3.connect(server.data / "trackside.db", isolation_level=None)) as reader:
        # An old reader keeps SQLite from beginning its log again, which syncs the head of the log also in `relaxed`.
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM runs").fetchone()
        run_id = api.new_run()
        fail_syncs(server)

        api.post("runs/log-metric", run_id=run_id, key="m", value=2, timestamp=2)
        api.post("experiments/create", name="e")

        assert api.ask("PUT", FILE, b"x").status == 200
        assert api.history(run_id, "m") == [(0, 2, 2.0)]


@pytest.mark.parametrize(("durability", "level"), [("full", 2), ("relaxed", 1)])
def test_the_writer_syncs_its_log_at_each_commit_or_only_at_checkpoints(
    tmp_path: Path, durability: Durability, level: int
) -> None:
    database = SqliteDatabase(tmp_path / "store.db", durability)

    with database.write(0) as tx:
        assert (tx.one("PRAGMA synchronous"), tx.one("PRAGMA journal_mode")) == ((level,), ("wal",))

    database.close()
