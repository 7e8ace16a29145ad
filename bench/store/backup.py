"""Measure a backup, its check and its restore, in a store with many runs and files, compared with SQLite's own copy.

    python bench/store/backup.py [--runs 100000] [--files 10000] [--size 20000] [--store URL] [--data FOLDER]

A server runs on the store, and a client logs to it during the backup.  Prints wall seconds and CPU seconds of each command, and
the duration of the slowest concurrent call.  `--store` also restores to an empty PostgreSQL database. `--data` keeps the filled
store for the next run with the same folder.
"""

import argparse
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[0] = str(ROOT / "tests")  # remove this folder, whose modules have the names of libraries

from support.processes.servers import TRACKSIDE, Server, environment  # found by the path above
from support.stores.many_runs import fill


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--store", default="")
    parser.add_argument("--data", type=Path)
    words = parser.parse_args()
    if words.data is not None and not words.data.exists():
        _fill(words.data, words.runs, words.files, words.size)
        return
    with tempfile.TemporaryDirectory(prefix="backup-") as folder:
        data = words.data or Path(folder) / "data"
        if words.data is None:
            _fill(data, words.runs, words.files, words.size)
        print(f"{words.runs} runs, {words.files} files of {words.size} bytes", flush=True)
        _measure(Path(folder), data, words.store)


def _fill(data: Path, runs: int, files: int, size: int) -> None:
    fill(data, "churn", runs)
    for number in range(files):
        path = data / "artifacts" / "1" / f"{number % 1000}" / f"{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(8) * (size // 8))


def _measure(folder: Path, data: Path, store: str) -> None:
    kept, database = folder / "kept", data / "trackside.db"
    print(f"{database.stat().st_size / 2**20:.0f} MiB of database", flush=True)
    began = time.perf_counter()
    with closing(sqlite3.connect(database)) as live, closing(sqlite3.connect(folder / "copy.db")) as copy:
        live.backup(copy)
    print(f"{'SQLite copies its file':34} {time.perf_counter() - began:8.1f} s", flush=True)
    (folder / "copy.db").unlink()
    server = Server(data).start()
    try:
        slowest = _logging(server, lambda: _run("create", "backup", "create", "--data", data, "--to", kept))
        _logging(server, lambda: _run("create again", "backup", "create", "--data", data, "--to", kept))
    finally:
        server.stop()
    print(f"{'the slowest call meanwhile':34} {slowest * 1000:8.0f} ms", flush=True)
    _run("verify --restore", "backup", "verify", kept, "--restore")
    _run("restore to SQLite", "backup", "restore", "--data", folder / "again", kept)
    if store:
        shutil.rmtree(folder / "again")
        _run("restore to PostgreSQL", "backup", "restore", "--data", folder / "again", "--store", store, kept)


def _logging(server: Server, work) -> float:  # type: ignore[no-untyped-def]  # a function without arguments
    """Return the seconds of the slowest call during `work`."""
    ended = threading.Event()
    slowest = 0.0

    def log() -> None:
        nonlocal slowest
        api = server.api
        run_id = api.new_run()
        step = 0
        while not ended.is_set():
            began = time.perf_counter()
            api.post("runs/log-metric", run_id=run_id, key="loss", value=1.0, timestamp=step, step=step)
            slowest = max(slowest, time.perf_counter() - began)
            step += 1

    thread = threading.Thread(target=log)
    thread.start()
    work()
    ended.set()
    thread.join()
    return slowest


def _run(title: str, *words: object) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(
        [*TRACKSIDE, *map(str, words), "--json"], env=environment(), capture_output=True, text=True, check=False
    )
    took = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{title}: {done.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found = json.loads(done.stdout)
    print(f"{title:34} {took:8.1f} s {cpu:8.1f} s of CPU  {found.get('file_count', '')} files", flush=True)


if __name__ == "__main__":
    main()
