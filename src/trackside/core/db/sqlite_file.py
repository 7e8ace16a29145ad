"""The file of a SQLite store: made whole and private, and watched while the server runs.

SQLite goes on writing to a file that was deleted or replaced; everything that it stores from then on is lost.
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

SETTLED_NS = (
    3_000_000_000  # a folder that changed before is not in the middle of several changes; some systems count in 2 s
)
BESIDE = ("-wal", "-shm", "-journal")


def prepare(path: Path) -> None:
    """Make the file if there is none: it appears whole, so that a file without bytes is never a store that is being made."""
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
        with suppress(FileExistsError):  # another process was quicker
            os.link(new, path)
    finally:
        new.unlink()
    disk.sync_folder(path.parent)


def missing_part(path: Path) -> str | None:
    """Return why what lies at `path` is no store, and no place for a new one; None if it may be either."""
    log_file = path.with_name(f"{path.name}-wal")
    if path.exists():
        if path.is_file() and path.stat().st_size == 0:
            return "it has no bytes. If it was a store, restore a backup; for a new store, delete it"
    elif log_file.exists() and log_file.stat().st_size:
        return f"it is missing, while its log {log_file.name} is there. Put it back; for a new store, delete the log"
    return None


class Watch:
    """Tells whether the file and its log are still those that were opened.

    A file that is deleted or replaced changes its folder, and with it a time that no program sets (ctime): the other one
    (mtime) is put back by `tar` and `rsync -a`.  As long as that time is the one of the last look, and was old then, nobody
    needs to look at the files.  On Linux 6.13 and later a look at a file's times gives the next write a time of its own, so
    that some file systems write the inode with each sync."""

    def __init__(
        self,
        path: Path,
        now_ns: Callable[[], int] = time.time_ns,
        look: Callable[[str], tuple[int, int, int]] | None = None,
    ) -> None:
        """`look` returns what identifies a folder, and its time."""
        self._file = str(path)
        self._log = f"{path}-wal"
        self._folder = str(path.parent)
        self._is_in_folder = path.parent.resolve() / path.name == path.resolve()  # no link to a file of another folder
        self._known: dict[str, tuple[int, int]] = {}
        self._has_told = False
        self._now_ns = now_ns
        self._look = look or _look
        self._seen: tuple[int, int, int] | None = None  # the folder at a look that found the files, and its time

    def begin(self) -> None:
        """To be called when the file is open."""
        self._known[self._file] = _identity(self._file)

    def fault(self) -> str | None:
        """Return what is wrong in words for callers; None if nothing is.  Costs two calls of the system."""
        for path in (self._file, self._log):
            known = self._known.get(path)
            try:
                found = _identity(path)
            except OSError:
                if known is None:  # the log: nothing was written yet
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
        """Raise Unavailable if what is stored would be lost."""
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
        # A change in the same tick of the system's clock would leave the time as it is.
        if seen is not None and self._is_in_folder and self._log in self._known:
            self._seen = seen if self._now_ns() - seen[2] > SETTLED_NS else None


def _look(folder: str) -> tuple[int, int, int]:
    found = os.stat(folder)  # noqa: PTH116  # at each commit: a Path costs more than the call
    return found.st_ino, found.st_dev, found.st_ctime_ns


def _identity(path: str) -> tuple[int, int]:
    found = os.stat(path)  # noqa: PTH116  # at each commit: a Path costs more than the call
    return found.st_dev, found.st_ino
