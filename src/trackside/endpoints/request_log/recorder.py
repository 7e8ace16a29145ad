"""Queues requests of the router and writes them to spool files.

`offer` is called on the event loop after the answer was sent; it never blocks.  `step` appends the queued requests to spool
files; from time to time it closes these, converts them in a child process, and deletes old files.
"""

import contextlib
import json
import logging
import random
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from trackside.core import disk
from trackside.core.db.tx import Tx
from trackside.endpoints.request_log import files, spool, store
from trackside.endpoints.request_log.model import Counters, LogSettings
from trackside.endpoints.request_log.spool import Entry

log = logging.getLogger("trackside.endpoints")

ROLL_S = 60.0
ROLL_BYTES = 32 << 20  # of a spool file
MOST_QUEUED_BYTES = 32 << 20
MOST_QUEUED_EACH = 8 << 20  # of one endpoint: a busy one cannot displace the requests of others
MOST_SPOOLED_SHARE = 0.5  # of `max_mb`, for files that are not converted yet
LEAST_FREE_BYTES = 256 << 20  # free space on the disk
CONVERT_TIMEOUT_S = 1800.0


class Database(Protocol):
    def read(self, ws: int) -> AbstractContextManager[Tx]: ...


class _Open(Struct):
    writer: spool.Writer
    since: float
    hour: int


class Recorder:
    """`folder` is the server's own.  `variables` are the environment variables of the converter."""

    def __init__(
        self,
        db: Database,
        folder: Path,
        variables: dict[str, str],
        *,
        clock: Callable[[], float] = time.time,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self.folder = folder
        self._db = db
        self._variables = variables
        self._clock = clock
        self._dice = dice
        self._name = secrets.token_hex(4)
        self._number = 0
        self._lock = threading.Lock()  # for the queue and the counters
        self._queue: list[tuple[int, Entry, LogSettings]] = []
        self._queued_bytes = 0
        self._queued_each: Counter[int] = Counter()
        self._counts: dict[str, Counter[int]] = {
            name: Counter() for name in ("logged", "sampled_out", "dropped", "unreadable")
        }
        self._writing = threading.Lock()  # for the spool files
        self._converting = threading.Lock()
        self._open: dict[int, _Open] = {}
        self._full: set[int] = set()  # endpoints with too many unconverted files
        self._rolled_at = self._clock()
        self._known: set[tuple[int, int, int]] = set()  # stored signatures
        self.wake: Callable[[], None] = lambda: None
        self.note_dropped: Callable[[int, int], None] = lambda _endpoint_seq, _count: None

    def offer(self, endpoint_seq: int, settings: LogSettings, entry: Entry) -> None:
        """Queue a request, or drop and count it."""
        if settings.sampling < 1 and self._dice() >= settings.sampling:
            self._count("sampled_out", endpoint_seq)
            return
        size = len(entry.body) + len(entry.answer)
        with self._lock:
            has_room = (
                self._queued_bytes + size <= MOST_QUEUED_BYTES
                and self._queued_each[endpoint_seq] + size <= MOST_QUEUED_EACH
            )
            if has_room and endpoint_seq not in self._full:
                self._queue.append((endpoint_seq, entry, settings))
                self._queued_bytes += size
                self._queued_each[endpoint_seq] += size
            else:
                self._counts["dropped"][endpoint_seq] += 1
                self.note_dropped(endpoint_seq, 1)
            is_half_full = self._queued_bytes > MOST_QUEUED_BYTES // 2
        if is_half_full:
            self.wake()

    def knows(self, endpoint_seq: int, deployment_seq: int, generation: int) -> bool:
        return (endpoint_seq, deployment_seq, generation) in self._known

    def learn(self, endpoint_seq: int, deployment_seq: int, generation: int, signature: bytes) -> None:
        """Store the signature of a model that the scorer returned; empty if it has none."""
        self._known.add((endpoint_seq, deployment_seq, generation))
        if signature:
            with contextlib.suppress(OSError, msgspec.DecodeError):
                found = msgspec.json.format(signature, indent=0)
                target = files.place(self.folder, endpoint_seq).signature(deployment_seq, generation)
                disk.make_folder(target.parent)
                unfinished = target.with_name(f".{target.name}-{self._name}{files.PART}")
                unfinished.write_bytes(found)
                unfinished.replace(target)

    def counters(self, endpoint_seq: int) -> Counters:
        with self._lock:
            return Counters(**{name: counts[endpoint_seq] for name, counts in self._counts.items()})

    def step(self) -> bool:
        """Write queued requests.  Return False: the next step can wait."""
        with self._writing:
            self._spool()
            now = self._clock()
            if now - self._rolled_at < ROLL_S:
                return False
            self._rolled_at = now
            self._roll(lambda _: True)
        self._convert()
        self._delete_old_files(now)
        return False

    def flush(self) -> None:
        """Write all offered requests to Parquet files, for a reader of the newest rows."""
        with self._writing:
            self._spool()
            self._roll(lambda _: True)
        self._convert()

    def forget(self, endpoint_seq: int) -> None:
        """Delete the log of an endpoint, written by any process."""
        with self._writing:
            self._spool()
            self._roll(lambda _: True)
        files.place(self.folder, endpoint_seq).delete()
        with self._lock:
            self._known = {each for each in self._known if each[0] != endpoint_seq}

    def close(self) -> None:
        """Write the queued requests.  They are converted when a server runs again."""
        with self._writing:
            self._spool()
            self._roll(lambda _: True)

    def _spool(self) -> None:
        with self._lock:
            taken, self._queue = self._queue, []
            self._queued_bytes = 0
            self._queued_each.clear()
        groups: dict[tuple[int, int], list[bytes]] = {}
        for endpoint_seq, entry, _ in taken:
            groups.setdefault((endpoint_seq, entry.time // files.HOUR_MS), []).append(spool.framed(entry))
        for (endpoint_seq, hour), frames in groups.items():
            try:
                if shutil.disk_usage(self._existing()).free < LEAST_FREE_BYTES:
                    raise OSError("the disk is almost full")  # reported like the error of a write
                writer = self._writer(endpoint_seq, hour)
                writer.write(b"".join(frames))
            except OSError as error:
                log.warning("%d requests of endpoint %d are not logged: %s", len(frames), endpoint_seq, error)
                self._count("dropped", endpoint_seq, len(frames))
                self.note_dropped(endpoint_seq, len(frames))
            else:
                self._count("logged", endpoint_seq, len(frames))
        self._roll(lambda each: each.writer.size_bytes >= ROLL_BYTES)

    def _existing(self) -> Path:
        disk.make_folder(self.folder)
        return self.folder

    def _writer(self, endpoint_seq: int, hour: int) -> spool.Writer:
        found = self._open.get(endpoint_seq)
        if found is not None and found.hour != hour:
            found.writer.close()
            found = None
        if found is None:
            self._number += 1
            path = files.place(self.folder, endpoint_seq).spool / f"{self._name}-{self._number}{spool.SUFFIX}"
            found = self._open[endpoint_seq] = _Open(spool.Writer(path), self._clock(), hour)
        return found.writer

    def _roll(self, is_due: Callable[[_Open], bool]) -> None:
        for endpoint_seq, each in list(self._open.items()):
            if is_due(each):
                each.writer.close()
                del self._open[endpoint_seq]

    def _convert(self) -> None:
        with self._converting:
            self._convert_alone()

    def _convert_alone(self) -> None:
        if not any(any(place.spool.glob(f"*{spool.SUFFIX}")) for place in files.places(self.folder).values()):
            return
        done = subprocess.run(  # noqa: S603  # a module of ours, and a folder of the server
            [sys.executable, "-m", "trackside.endpoints.request_log.convert", str(self.folder)],
            env=self._variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=CONVERT_TIMEOUT_S,
            check=False,
        )
        if done.returncode:
            last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
            log.error("the request log cannot be converted to Parquet: %s", last[0] if last else "no message")
            return
        for seq, count in json.loads(done.stdout)["unreadable"].items():
            self._count("unreadable", int(seq), count)

    def _delete_old_files(self, now: float) -> None:
        """Delete files beyond the limits, and the logs of deleted endpoints."""
        found = files.places(self.folder)  # before the store is read: a folder is never older than its endpoint
        with self._db.read(0) as tx:
            known = store.endpoints_everywhere(tx)
        full = set()
        for seq, place in found.items():
            if seq not in known:
                place.delete()
                continue
            settings = known[seq] or LogSettings()
            place.prune(settings.max_mb << 20, settings.keep_days, int(now * 1000))
            place.drop_stale_parts(now)
            if place.spooled_bytes() > MOST_SPOOLED_SHARE * (settings.max_mb << 20):
                full.add(seq)
        self._full = full
        files.drop_stale_tables(self.folder, now)

    def _count(self, what: str, endpoint_seq: int, by: int = 1) -> None:
        with self._lock:
            self._counts[what][endpoint_seq] += by
