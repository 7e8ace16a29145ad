"""Scrapes of a server process: while its store is locked, and after a backup of it."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from slices.cleanup.test_deletions import put
from slices.cleanup.test_jobs import ended
from support.processes.servers import Server, trackside
from support.scrapes import samples, total

LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


@contextmanager
def locked(store: Path) -> Iterator[None]:
    """Another process holds an exclusive transaction of the file."""
    with subprocess.Popen(
        [sys.executable, "-c", LOCK, str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        try:
            yield
        finally:
            holder.communicate()


def scrape(server: Server) -> str:
    reply = server.api.ask("GET", "/metrics")
    assert reply.status == 200
    return reply.body.decode()


def test_a_scrape_is_answered_while_another_process_locks_the_store_and_a_write_waits(server: Server) -> None:
    run = server.api.new_run()
    answers: list[int] = []

    def log() -> None:
        metric = {"run_id": run, "key": "loss", "value": 1.0, "timestamp": 1, "step": 1}
        answers.append(server.api.ask("POST", "runs/log-metric", metric).status)

    with locked(server.data / "trackside.db"):
        writer = threading.Thread(target=log)
        writer.start()
        while not answers and total(text := scrape(server), "trackside_http_requests_in_progress") < 2:
            pass  # the scrape itself is one; the write is the other
        is_answered = bool(answers)
    writer.join()

    assert (is_answered, answers) == (False, [200])
    assert (
        total(text, "trackside_http_requests_in_progress", method="POST", route="/api/2.0/mlflow/runs/log-metric") == 1
    )
    assert total(text, "trackside_runs", status="RUNNING") == 1
    assert samples(text, "trackside_store_up") == {(): 1}


def test_a_scrape_has_the_time_of_the_last_backup_and_durations_of_transactions(server: Server, tmp_path: Path) -> None:
    server.api.new_run()
    code, _, complaints = trackside(
        "backup", "create", "--data", str(server.data), "--to", str(tmp_path / "kept"), cwd=tmp_path
    )
    assert code == 0, complaints
    with closing(sqlite3.connect(server.data / "trackside.db")) as store:
        ((ended_at,),) = store.execute("SELECT ended_at FROM last_backup").fetchall()

    text = scrape(server)

    assert samples(text, "trackside_backup_last_success_timestamp_seconds") == {(): ended_at / 1000}
    assert total(text, "trackside_db_query_duration_seconds_count", op="read") > 0
    assert total(text, "trackside_db_query_duration_seconds_count", op="write") > 0
    assert total(text, "trackside_db_pool_connections", state="idle") > 0
    assert total(text, "trackside_http_requests_in_progress") == 1
    assert total(text, "trackside_http_requests_in_progress", method="GET", route="/metrics") == 1


def test_a_scrape_has_bytes_of_files_and_trash_and_orphans_after_their_jobs(server: Server) -> None:
    api = server.api
    kept, trashed = api.new_run(), api.new_run()
    put(api, "0", f"{kept}/artifacts/a.bin", b"x" * 10)
    put(api, "0", f"{trashed}/artifacts/a.bin", b"x" * 20)
    put(api, "0", f"{'0' * 31}1/artifacts/a.bin", b"x" * 40)  # a run that never was
    for path in (server.data / "artifacts").rglob("*.bin"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    api.post("runs/delete", run_id=trashed)
    ended(api, "storage-count")
    ended(api, "orphan-search")

    text = scrape(server)

    sizes = {
        name: total(text, f"trackside_{name}_bytes", workspace="default") for name in ("artifact", "trash", "orphan")
    }
    assert sizes == {"artifact": 30, "trash": 20, "orphan": 40}
