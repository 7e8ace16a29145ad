"""Orphans, the folders that identify them, and the parameters of their jobs.  Pure."""

import re
from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from trackside.artifacts import keys
from trackside.core.errors import Invalid
from trackside.registry.files.replica_files import FOLDER as VERSIONS

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MIN_GRACE_HOURS, MAX_GRACE_HOURS = 1, 24 * 365
MAX_DAYS = 36_500
MAX_ENTRIES = 1000  # ids in the parameters of one job
QUARANTINE = f"{keys.WORKSPACES}/.quarantine"  # no workspace has this folder, so no client can access it
OWN_QUARANTINE = ".trackside-quarantine"  # the same in the workspace's own root
_ENTRY = re.compile(r"[0-9a-f]{32}")
_RUN = re.compile(r"[0-9a-f]{32}")
_MODEL = re.compile(r"m-[0-9a-f]{32}")
_TRACE = re.compile(r"tr-[0-9a-f]{32}")


class Side(StrEnum):
    FILES = "files"  # files without a row
    ROWS = "rows"  # rows without files


class Kind(StrEnum):
    RUN = "run"
    LOGGED_MODEL = "logged_model"
    TRACE = "trace"
    VERSION = "model_version"
    SPANS = "trace_spans"
    UPLOAD = "upload"
    OTHER = "other"  # files in an unknown layout: a job moves them only on request


class State(StrEnum):
    MOVING = "moving"
    KEPT = "kept"
    RESTORING = "restoring"
    PURGING = "purging"


class Group(Struct, frozen=True):
    """The files that are listed as one orphan: all files below `key`; for the kind `other`, the files directly in `key`."""

    kind: Kind
    key: str
    item_id: str

    def has(self, key: str) -> bool:
        if self.kind is Kind.OTHER:
            return key.rpartition("/")[0] == self.key
        return key.startswith(f"{self.key}/")


class FindOrphans(Struct, frozen=True, kw_only=True):
    """The parameters of a search.  Files that are younger than `grace_hours` may belong to an upload and are skipped."""

    grace_hours: int = 24


class Quarantine(Struct, frozen=True, kw_only=True):
    """The files to move: the results of the last search that no row refers to now.  `keys` selects some of them; without it all
    are moved, except those of the kind `other`, which `with_other` includes."""

    grace_hours: int = 24
    keys: list[str] = []
    with_other: bool = False


class Restore(Struct, frozen=True, kw_only=True):
    entries: list[str]


class Purge(Struct, frozen=True, kw_only=True):
    """The entries to purge: those that were moved at least `older_than_days` ago, or those in `entries`."""

    older_than_days: int = 30
    entries: list[str] = []


class Searched(Struct, frozen=True):
    """`files` and `file_bytes` of `orphans`; `missing`: rows whose files are missing; `young`: files within the grace period."""

    orphans: int
    files: int
    file_bytes: int
    missing: int
    young: int


class Moved(Struct, frozen=True):
    """The result of a job.  `kept` lists at most 50 files that were not moved, with the reasons."""

    items: int
    file_count: int
    file_bytes: int
    kept: list[str] = []


def group_of(key: str) -> Group:
    """Return the orphan that a file without a row belongs to, from its key."""
    segments = key.split("/")
    if keys.is_span_file(key):
        return Group(Kind.SPANS, "/".join(segments[:-1]), segments[-2])
    for at in range(len(segments) - 2, 0, -1):
        if segments[at] != "artifacts":
            continue
        owner, above = segments[at - 1], segments[at - 2] if at >= 2 else ""
        for kind, pattern, folder in (
            (Kind.LOGGED_MODEL, _MODEL, "models"),
            (Kind.TRACE, _TRACE, "traces"),
            (Kind.RUN, _RUN, ""),
        ):
            if pattern.fullmatch(owner) and (not folder or above == folder):
                return Group(kind, "/".join(segments[:at]), owner)
    for at, segment in enumerate(segments[:-2]):
        if segment == VERSIONS and _RUN.fullmatch(segments[at + 1].replace("-", "")):
            return Group(Kind.VERSION, "/".join(segments[: at + 2]), segments[at + 1])
        if segment == keys.UPLOADS and len(segments) > at + 3:
            return Group(Kind.UPLOAD, "/".join(segments[: at + 3]), segments[at + 2])
    return Group(Kind.OTHER, "/".join(segments[:-1]), "")


def names_of(key: str) -> Iterator[str]:
    """Return the possible ids of the owner of a file: each segment of its key."""
    if not keys.is_span_file(key):
        yield from key.split("/")


def check_grace(hours: int) -> None:
    if not MIN_GRACE_HOURS <= hours <= MAX_GRACE_HOURS:
        raise Invalid(f"grace_hours is {hours}; it must be between {MIN_GRACE_HOURS} and {MAX_GRACE_HOURS}")


def check_days(days: int) -> None:
    if not 0 <= days <= MAX_DAYS:
        raise Invalid(f"older_than_days is {days}; it must be between 0 and {MAX_DAYS}")


def check_entries(entries: list[str], *, may_be_empty: bool) -> None:
    if len(entries) > MAX_ENTRIES:
        raise Invalid(f"entries has {len(entries)} ids; a job takes at most {MAX_ENTRIES}")
    if not entries and not may_be_empty:
        raise Invalid("entries is empty; name what to restore by the ids of `trackside orphans quarantined`")
    for entry in entries:
        if _ENTRY.fullmatch(entry) is None:
            raise Invalid(f"entries has {entry[:100]!r}; an id has 32 characters 0-9 and a-f")


def check_keys(wanted: list[str]) -> None:
    if len(wanted) > MAX_ENTRIES:
        raise Invalid(f"keys has {len(wanted)} keys; a job takes at most {MAX_ENTRIES}")
    for key in wanted:
        keys.checked(key)
