"""Keeps SQLite's write-ahead log (WAL) short.

A checkpoint copies committed pages into the database while the writer continues.  Under continuous writes each checkpoint leaves
some pages, and the WAL grows; then the writer is paused for the rest, and the WAL is reused from its start.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

SYNC_INTERVAL_S = 1.0
# The limit of the WAL is a quarter of the database's size, between these bounds.
LEAST_LOG_BYTES = 8 << 20
MOST_LOG_BYTES = 16 << 20
FRAME_HEAD_BYTES = 24
FIRST_LOOK = 10  # commits before the first check, while the size of a commit is unknown
LOOKS = (5, 1000)  # commits between two checkpoints


class LogSyncer:
    """A thread that syncs the WAL to the disk one second after a commit.  It does not wait for checkpoints."""

    def __init__(self, sync: Callable[[], None], interval_s: float = SYNC_INTERVAL_S) -> None:
        self._sync = sync
        self._interval_s = interval_s
        self._first_at = 0.0  # time of the first commit that is not synced
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
            self._dirty.clear()  # before the sync: a commit during the sync is synced by the next one
            if self._closing.is_set():  # after `clear`, which may have reset the event that `close` set
                return
            with suppress(OSError):  # the writer gets the same error and reports it to its callers
                self._sync()


class LogKeeper:
    """A thread that runs a checkpoint when the WAL has half of its limit, and one second after a commit.

    `pause` blocks the writer.  `sync`: commits are not synced to the disk, so another thread syncs the WAL by this function."""

    def __init__(
        self,
        path: Path,
        connect: Callable[[], sqlite3.Connection],
        pause: Callable[[], AbstractContextManager[None]],
        *,
        sync: Callable[[], None] | None,
    ) -> None:
        self._path = path
        self._connect = connect
        self._connection: sqlite3.Connection | None = None  # opened by the first checkpoint
        self._frame_bytes = 0
        self._pause = pause
        self._dirty = threading.Event()
        self._closing = threading.Event()
        self._commits = 0  # since the last checkpoint
        self._first_at = 0.0  # time of the first of them
        self._due = FIRST_LOOK
        self._frames = 0  # in the WAL, at the last check
        self._generation = b""  # of the WAL, at the last check
        self._is_looking = False
        self._syncer = None if sync is None else LogSyncer(sync)
        self._thread = threading.Thread(target=self._run, name="trackside-log", daemon=True)
        self._thread.start()

    @property
    def is_content(self) -> bool:
        """Return whether no check is running or due."""
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
                        # From that commit on, not from now: the checkpoint may have taken long.
                        self._dirty.wait(max(self._first_at + SYNC_INTERVAL_S - time.monotonic(), 0))
                self._dirty.clear()
                self._is_looking = True
                commits, self._commits = self._commits, 0
                if self._closing.is_set():
                    return
                with suppress(OSError, sqlite3.Error):  # the writer gets the same error and reports it to its callers
                    self._checkpoint(commits)
                self._is_looking = False
        finally:
            if self._connection is not None:
                self._connection.close()

    def _opened(self) -> sqlite3.Connection:
        """Return the connection, opened when it is first needed: it reads the whole schema, which a start need not wait for."""
        if self._connection is None:
            connection = self._connect()
            try:
                connection.execute("PRAGMA synchronous = FULL")
                # The writer is blocked meanwhile, so do not wait for readers of an old state.
                connection.execute("PRAGMA busy_timeout = 20")
                (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
            except BaseException:
                connection.close()
                raise
            self._connection, self._frame_bytes = connection, page_bytes + FRAME_HEAD_BYTES
        return self._connection

    def _checkpoint(self, commits: int) -> None:
        connection = self._opened()
        most = min(max(self._path.stat().st_size // 4, LEAST_LOG_BYTES), MOST_LOG_BYTES) // self._frame_bytes
        _, frames, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        generation = self._read_generation()
        grown = frames - self._frames if generation == self._generation else frames
        self._frames, self._generation = frames, generation
        if frames > most:
            with self._pause():
                connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        if commits and grown > 0:
            self._due = min(max(most // 2 * commits // grown, LOOKS[0]), LOOKS[1])

    def _read_generation(self) -> bytes:
        """Return a value that changes when the WAL restarts: the checkpoint sequence number and the salt of its header."""
        with self._path.with_name(f"{self._path.name}-wal").open("rb", buffering=0) as log:
            log.seek(12)
            return log.read(12)


def sync_log(path: Path) -> None:
    """Sync the WAL of the store at `path` to the disk."""
    handle = os.open(path.with_name(path.name + "-wal"), os.O_RDONLY)
    try:
        os.fdatasync(handle)
    finally:
        os.close(handle)
