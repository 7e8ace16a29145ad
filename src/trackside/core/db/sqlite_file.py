"""Creates the file of a SQLite store with private permissions, and detects its removal while the server runs.

SQLite continues to write to a file that was deleted or replaced; all later writes are lost.
"""

import logging
import os
import secrets
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from trackside.core import disk
from trackside.core.errors import Unavailable

log = logging.getLogger("trackside.db")

# A folder that changed longer ago cannot change again within the same clock tick; some file systems have ticks of 2 s.
SETTLED_NS = 3_000_000_000
BESIDE = ("-wal", "-shm", "-journal")


def prepare(path: Path) -> None:
    """Create the file if there is none.  It appears complete, so that an empty file is never a store under creation."""
    disk.make_folder(path.parent)
    for name in ("", *BESIDE):
        disk.make_private(path.with_name(path.name + name))
    if path.exists():
        return
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    os.close(disk.create(new))
    try:
        with closing(sqlite3.connect(new)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
        with suppress(FileExistsError):  # another process created it first
            os.link(new, path)
    finally:
        new.unlink()
    disk.sync_folder(path.parent)


def missing_part(path: Path) -> str | None:
    """Return why `path` is neither a store nor a place for a new one; None if it is."""
    log_file = path.with_name(f"{path.name}-wal")
    if path.exists():
        if path.is_file() and path.stat().st_size == 0:
            return "it has no bytes. If it was a store, restore a backup; for a new store, delete it"
    elif log_file.exists() and log_file.stat().st_size:
        return f"it is missing, but its log {log_file.name} exists. Restore the file; for a new store, delete the log"
    return None


class Watch:
    """Detects that the file or its WAL was deleted or replaced.

    Deleting or replacing a file changes the ctime of its folder, which no program can set; mtime is restored by `tar` and `rsync
    -a`.  While the ctime is that of the last check, and was old then, the files need not be checked.  On Linux 6.13 and later,
    reading the times of a file gives the next write a new time, so that some file systems write the inode with each sync."""

    def __init__(
        self,
        path: Path,
        now_ns: Callable[[], int] = time.time_ns,
        look: Callable[[str], tuple[int, int, int]] | None = None,
    ) -> None:
        """`look` returns the identity of a folder and its ctime."""
        self._file = str(path)
        self._log = f"{path}-wal"
        self._folder = str(path.parent)
        # not a symbolic link to a file in another folder
        self._is_in_folder = path.parent.resolve() / path.name == path.resolve()
        self._known: dict[str, tuple[int, int]] = {}
        self._has_told = False
        self._now_ns = now_ns
        self._look = look or _look
        self._seen: tuple[int, int, int] | None = (
            None  # identity and ctime of the folder when the files were last found
        )

    def begin(self) -> None:
        """Record the identity of the file; to be called when it is open."""
        self._known[self._file] = _identity(self._file)

    def fault(self) -> str | None:
        """Return a message for callers on what is wrong, or None.  Takes two system calls."""
        for path in (self._file, self._log):
            known = self._known.get(path)
            try:
                found = _identity(path)
            except OSError:
                if known is None:  # the WAL does not exist before the first write
                    continue
            else:
                if known is None:
                    if self._file in self._known:
                        self._known[path] = found
                    continue
                if known == found:
                    continue
            if not self._has_told:
                self._has_told = True
                log.error(
                    "%s was deleted or replaced while the server runs; writes are refused. Stop the server, put the file back or "
                    "restore a backup (trackside db restore), and start it again",
                    path,
                )
            return (
                f"The database file {os.path.basename(path)} was deleted or replaced while the server runs, so nothing can be "  # noqa: PTH119
                "stored. The server must be restarted by its operator."
            )
        return None

    def check(self) -> None:
        """Raise Unavailable if a write would be lost."""
        try:
            seen: tuple[int, int, int] | None = self._look(self._folder)
        except OSError:
            seen = None
        if seen is not None and seen == self._seen:
            return
        self._seen = None
        fault = self.fault()
        if fault is not None:
            raise Unavailable(fault)
        # A change in the same clock tick would not change the ctime.
        if seen is not None and self._is_in_folder and self._log in self._known:
            self._seen = seen if self._now_ns() - seen[2] > SETTLED_NS else None


def _look(folder: str) -> tuple[int, int, int]:
    found = os.stat(folder)  # noqa: PTH116  # at each commit: a Path costs more than the call
    return found.st_ino, found.st_dev, found.st_ctime_ns


def _identity(path: str) -> tuple[int, int]:
    found = os.stat(path)  # noqa: PTH116  # at each commit: a Path costs more than the call
    return found.st_dev, found.st_ino
