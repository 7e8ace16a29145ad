"""The folders of request logs: spool files, signatures and Parquet files by hour.

    <folder>/<endpoint_seq>/spool/<writer>-<number>.spool
    <folder>/<endpoint_seq>/signatures/<deployment_seq>-<generation>.json
    <folder>/<endpoint_seq>/<YYYY-MM-DD>/<HH>/<spool file>-<deployment_seq>-<generation>.parquet

All names are numbers, times and random text of the server.
"""

import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from trackside.core import disk

HOUR_MS = 3_600_000
STALE_PART_S = 3600.0
PART = ".part"
_TABLE = ".table-"
_DAY, _HOUR = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\d\d")


class Parquet(Struct, frozen=True):
    path: Path
    hour: int  # ms
    size_bytes: int

    @property
    def day(self) -> str:
        """Return the day in UTC, such as 2026-01-31."""
        return self.path.parent.parent.name


class Place(Struct, frozen=True):
    """The folder of an endpoint's log."""

    folder: Path

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    def signature(self, deployment_seq: int, generation: int) -> Path:
        return self.folder / "signatures" / f"{deployment_seq}-{generation}.json"

    def parquet(self, time: int, stem: str) -> Path:
        moment = datetime.fromtimestamp(time / 1000, UTC)
        return self.folder / moment.strftime("%Y-%m-%d") / moment.strftime("%H") / f"{stem}.parquet"

    def all(self) -> list[Parquet]:
        """Return the Parquet files, the oldest hour first."""
        return sorted(self._all(), key=lambda each: (each.hour, each.path.name))

    def _all(self) -> Iterator[Parquet]:
        for day in _children(self.folder, _DAY):
            for hour in _children(day, _HOUR):
                moment = datetime.fromisoformat(f"{day.name}T{hour.name}:00:00+00:00")
                for path in hour.glob("*.parquet"):
                    with suppress(FileNotFoundError):  # deleted meanwhile
                        yield Parquet(path, int(moment.timestamp() * 1000), path.stat().st_size)

    def of_day(self, day: str) -> list[Parquet]:
        """Return the Parquet files of a day such as 2026-01-31."""
        return [each for each in self._all() if each.day == day]

    def spooled_bytes(self) -> int:
        total = 0
        for path in self.spool.glob("*.spool"):
            with suppress(FileNotFoundError):
                total += path.stat().st_size
        return total

    def prune(self, max_bytes: int, keep_days: int, now: int) -> int:
        """Delete files that are too old, and the oldest ones while the total is too large; return their number."""
        files = self.all()
        total = sum(each.size_bytes for each in files) + self.spooled_bytes()
        oldest = now - int(timedelta(days=keep_days).total_seconds() * 1000)
        deleted = 0
        for each in files:
            if each.hour + HOUR_MS > oldest and total <= max_bytes:
                break
            each.path.unlink(missing_ok=True)
            for empty in (each.path.parent, each.path.parent.parent):
                with suppress(OSError):  # it has other files
                    empty.rmdir()
            total -= each.size_bytes
            deleted += 1
        return deleted

    def delete_day(self, day: str) -> tuple[int, int]:
        """Delete the Parquet files of a day.  Return their number and bytes."""
        found = self.of_day(day)
        for each in found:
            each.path.unlink(missing_ok=True)
            for empty in (each.path.parent, each.path.parent.parent):
                with suppress(OSError):  # it has other files
                    empty.rmdir()
        return len(found), sum(each.size_bytes for each in found)

    def drop_stale_parts(self, now_s: float) -> None:
        """Delete unfinished files of a converter that was killed."""
        for path in self.folder.glob(f"*/*/*{PART}"):
            with suppress(FileNotFoundError):
                if now_s - path.stat().st_mtime > STALE_PART_S:
                    path.unlink()

    def delete(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def table_file(folder: Path) -> Path:
    """Return the path of a file for a download."""
    return folder / f"{_TABLE}{secrets.token_hex(8)}{PART}"


def drop_stale_tables(folder: Path, now_s: float) -> None:
    """Delete files of downloads of a server that was killed."""
    for path in folder.glob(f"{_TABLE}*"):
        with suppress(FileNotFoundError):
            if now_s - path.stat().st_mtime > STALE_PART_S:
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()


def place(folder: Path, endpoint_seq: int) -> Place:
    return Place(folder / str(endpoint_seq))


def places(folder: Path) -> dict[int, Place]:
    """Return the logs with files, by endpoint."""
    return {int(path.name): Place(path) for path in _children(folder, re.compile(r"\d{1,18}"))}


def settle(unfinished: Path, target: Path) -> None:
    disk.settle(unfinished, target)


def _children(folder: Path, named: re.Pattern[str]) -> list[Path]:
    try:
        return sorted(each for each in folder.iterdir() if named.fullmatch(each.name) and each.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []
