"""Keeps SQLite's write-ahead log short, beside the writer.  Knows the log and the database's file; knows no table.

What was committed is copied into the database (a checkpoint) while others write.  A writer who never rests leaves something to
copy each time, and the log grows: then it pauses for the little that is left, and the log starts again in the same file.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

SYNC_INTERVAL_S = 1.0
# The log may have a quarter of the database's size, between these: so it costs disk and time in proportion.
LEAST_LOG_BYTES = 8 << 20
MOST_LOG_BYTES = 16 << 20
FRAME_HEAD_BYTES = 24
FIRST_LOOK = 10  # commits: how much one writes is not known yet
LOOKS = (5, 1000)  # commits between two checkpoints


class LogSyncer:
    """A thread that syncs the log to the disk a second after a commit.  It waits for no checkpoint."""

    def __init__(self, sync: Callable[[], None], interval_s: float = SYNC_INTERVAL_S) -> None:
        self._sync = sync
        self._interval_s = interval_s
        self._first_at = 0.0  # when the first commit was that is not synced
        self._dirty = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trackside-log-sync", daemon=True)
        self._thread.start()

    def count_commit(self) -> None:
        if not self._dirty.is_set():
            self._first_at = time.monotonic()
            self._dirty.set()

    def close(self) -> None:
        self._closing.set()
        self._dirty.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._dirty.wait()
            self._closing.wait(max(self._first_at + self._interval_s - time.monotonic(), 0))
            self._dirty.clear()  # before the sync: a commit that it misses is synced by the next one
            if self._closing.is_set():  # after `clear`, which may have undone the wake of `close`
                return
            with suppress(OSError):  # the writer meets the same trouble, and tells its callers
                self._sync()


class LogKeeper:
    """A thread that checkpoints when the log has half the size that it may have, and a second after a commit.

    `pause` keeps the writer waiting.  `sync`: the writer does not wait for the disk, so a thread of its own syncs the log by
    this function.
    """

    def __init__(
        self,
        path: Path,
        connect: Callable[[], sqlite3.Connection],
        pause: Callable[[], AbstractContextManager[None]],
        *,
        sync: Callable[[], None] | None,
    ) -> None:
        self._path = path
        # Here and not in the thread, so that the caller that opens the store hears of a failure.
        self._connection = connect()
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(
            "PRAGMA busy_timeout = 20"
        )  # the writer waits meanwhile: for no reader of an old state
        (page_bytes,) = self._connection.execute("PRAGMA page_size").fetchone()
        self._frame_bytes = page_bytes + FRAME_HEAD_BYTES
        self._pause = pause
        self._dirty = threading.Event()
        self._closing = threading.Event()
        self._commits = 0  # since the last checkpoint
        self._first_at = 0.0  # when the first of them was
        self._due = FIRST_LOOK
        self._frames = 0  # in the log, at the last look
        self._generation = b""  # of the log, at the same time
        self._is_looking = False
        self._syncer = None if sync is None else LogSyncer(sync)
        self._thread = threading.Thread(target=self._run, name="trackside-log", daemon=True)
        self._thread.start()

    @property
    def is_content(self) -> bool:
        """Tell whether no look is under way or called for by the commits since the last one."""
        return not self._is_looking and self._commits < self._due

    def count_commit(self) -> None:
        if self._syncer is not None:
            self._syncer.count_commit()
        self._commits += 1
        if self._commits == 1:
            self._first_at = time.monotonic()
        if self._commits in (1, self._due):
            self._dirty.set()

    def close(self) -> None:
        if self._syncer is not None:
            self._syncer.close()
        self._closing.set()
        self._dirty.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while True:
                self._dirty.wait()
                if self._commits < self._due and not self._closing.is_set():
                    self._dirty.clear()
                    if self._commits < self._due:
                        # From that commit on, not from now: a checkpoint may have taken a while.
                        self._dirty.wait(max(self._first_at + SYNC_INTERVAL_S - time.monotonic(), 0))
                self._dirty.clear()
                self._is_looking = True
                commits, self._commits = self._commits, 0
                if self._closing.is_set():
                    return
                with suppress(OSError, sqlite3.Error):  # the writer meets the same trouble, and tells its callers
                    self._checkpoint(commits)
                self._is_looking = False
        finally:
            self._connection.close()

    def _checkpoint(self, commits: int) -> None:
        most = min(max(self._path.stat().st_size // 4, LEAST_LOG_BYTES), MOST_LOG_BYTES) // self._frame_bytes
        _, frames, _ = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        generation = self._read_generation()
        grown = frames - self._frames if generation == self._generation else frames
        self._frames, self._generation = frames, generation
        if frames > most:
            with self._pause():
                self._connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        if commits and grown > 0:
            self._due = min(max(most // 2 * commits // grown, LOOKS[0]), LOOKS[1])

    def _read_generation(self) -> bytes:
        """Return what changes when the log starts again: the number of checkpoints and the salt in its header."""
        with self._path.with_name(f"{self._path.name}-wal").open("rb", buffering=0) as log:
            log.seek(12)
            return log.read(12)


def sync_log(path: Path) -> None:
    """Write the log of the store at `path` to the disk."""
    handle = os.open(path.with_name(path.name + "-wal"), os.O_RDONLY)
    try:
        os.fdatasync(handle)
    finally:
        os.close(handle)
