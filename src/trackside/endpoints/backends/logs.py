"""Logs of replicas, in files of a bounded size."""

import threading
from pathlib import Path
from typing import IO

from trackside.core import disk

MAX_BYTES = 2 << 20  # of each of two files
PIECE_BYTES = 64 << 10


class Logs:
    """The logs of all deployments, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, deployment_seq: int) -> "Log":
        return Log(self._folder / f"{deployment_seq}.log")


class Log:
    """The log of one deployment.  A full file becomes `.1` and replaces the previous one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def write(self, data: bytes) -> None:
        with self._lock:
            disk.make_folder(self._path.parent)
            if self._path.exists() and self._path.stat().st_size + len(data) > MAX_BYTES:
                self._path.replace(self._older)
            with self._path.open("ab") as file:
                file.write(data[-MAX_BYTES:])

    def tail(self, lines: int) -> list[str]:
        """Return the last lines, the oldest first."""
        with self._lock:
            parts = [path.read_bytes() for path in (self._older, self._path) if path.exists()]
        return b"".join(parts).decode("utf-8", "replace").splitlines()[-lines:]

    def follow(self, stream: IO[bytes]) -> threading.Thread:
        """Copy the output of a pipe until it ends, in a thread."""

        def copy() -> None:
            with stream:
                while data := stream.read1(PIECE_BYTES):  # type: ignore[attr-defined]  # a pipe's buffered reader has it
                    self.write(data)

        thread = threading.Thread(target=copy, name="trackside-replica-log", daemon=True)
        thread.start()
        return thread

    @property
    def _older(self) -> Path:
        return self._path.with_name(f"{self._path.name}.1")
