"""The parts of a backup: names, manifest, checks of files.  Pure."""

import hashlib
import re
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

FORMAT = 1  # of a backup of a whole store
ARCHIVE_FORMAT = (
    2  # of an archive of one workspace: releases without archives reject it. A release reads formats up to this.
)
MANIFEST, SUMS = "MANIFEST.json", "SHA256SUMS"
KEY_FILE = "secret.key"
SEALING_KEYS = "sealing_keys"  # has a row once a secret was sealed
OBJECTS, BACKUPS = "objects", "backups"
ARTIFACTS, REQUESTS = "artifacts", "requests"  # roots of files: the artifact store, the request logs of endpoints
LEFT_OUT = frozenset(
    {"schema_migrations", "leases", "sessions", "sign_ins", "last_backup"}
)  # of one server, or of one sign-in
_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")  # of a table or a column


class Damaged(Exception):
    """A file differs from the one that was written; the message names it."""


class Refused(Exception):
    """The backup cannot be used as requested; the message says what would be right."""


class Table(Struct, frozen=True):
    """A table.  `counter` is the last number that the database assigned to a row; None for a table without a sequence."""

    name: str
    columns: list[str]
    row_count: int
    size_bytes: int
    counter: int | None = None


class Manifest(Struct, frozen=True):
    """`sources` are the migrations that made the tables, with their checksums.  `elsewhere` are artifact roots outside of the
    artifact store, whose files are not in the backup."""

    format: int
    backup_id: str
    product: str  # version of Trackside
    schema: int
    sources: dict[str, str]
    store_uid: str
    dialect: str
    created_at: int  # ms
    took_ms: int
    tables: list[Table]
    file_count: int
    file_bytes: int
    new_bytes: int  # of files that no earlier backup in the place has
    vanished: list[str]  # files that were deleted while they were copied
    elsewhere: list[str]
    has_secrets: bool
    workspace: str = ""  # of an archive: the only one that is in it

    def count(self, table: str) -> int:
        return next((each.row_count for each in self.tables if each.name == table), 0)


class File(Struct, frozen=True, array_like=True):
    """A file.  `root` is `artifacts` or `requests`; `sha256` names its object."""

    root: str
    key: str
    size_bytes: int
    modified_ms: int
    etag: str
    sha256: str


def new_id(now_ms: int, random: str) -> str:
    return f"{datetime.fromtimestamp(now_ms / 1000, UTC):%Y%m%dT%H%M%SZ}-{random}"


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def object_key(sha256: str) -> str:
    """Raise Damaged for an invalid digest, so that no name from a file becomes a path."""
    if _DIGEST.fullmatch(sha256) is None:
        raise Damaged(f"{sha256[:80]!r} is no SHA-256 of a file")
    return f"{OBJECTS}/{sha256[:2]}/{sha256}"


def key(backup_id: str, name: str) -> str:
    return f"{BACKUPS}/{backup_id}/{name}"


def table_name(name: str) -> str:
    return f"tables/{name}.mp.gz"


FILES = "files.mp.gz"


def manifest(raw: bytes, backup_id: str) -> Manifest:
    """Return the manifest of the backup.  Raise Refused for a format of a newer release, Damaged for what cannot be read.

    Its names of tables and columns become SQL."""
    file = key(backup_id, MANIFEST)
    try:
        head = msgspec.json.decode(raw, type=dict[str, object])
        number = head.get("format")
        if isinstance(number, int) and number > ARCHIVE_FORMAT:
            raise Refused(
                f"The backup has format {number}, made by Trackside {head.get('product')}; this release reads up to"
                f" {ARCHIVE_FORMAT}. "
                "Use that release, or a newer one."
            )
        found = msgspec.json.decode(raw, type=Manifest)
    except msgspec.MsgspecError as fault:
        raise Damaged(f"{file} cannot be read ({fault})") from None
    if found.backup_id != backup_id:
        raise Damaged(f"{file} is of another backup: it names {found.backup_id[:80]!r}")
    for table in found.tables:
        for name in (table.name, *table.columns):
            if _NAME.fullmatch(name) is None:
                raise Damaged(f"{file} names {name[:80]!r}, which is not a table or a column")
    return found


def sums(digests: dict[str, str]) -> bytes:
    """Return the checksum file in the format of `sha256sum -c`."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())).encode()


def read_sums(raw: bytes) -> dict[str, str]:
    found = {}
    for line in raw.decode("utf-8", "replace").splitlines():
        digest, separator, name = line.partition("  ")
        if not separator or _DIGEST.fullmatch(digest) is None:
            raise Damaged(f"{SUMS} has a line that is none of it: {line[:80]!r}")
        found[name] = digest
    return found


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def check_schema(found: Manifest, known: dict[str, str]) -> None:
    """Raise Refused unless this release has the migrations that made the tables.  `known`: its own, with checksums."""
    missing = sorted(set(found.sources) - set(known))
    if missing:
        raise Refused(
            f"The backup has schema version {found.schema}, made by Trackside {found.product}, and this release does not have "
            f"{missing[0]}. Use that release, or a newer one."
        )
    changed = sorted(name for name, checksum in found.sources.items() if known[name] != checksum)
    if changed:
        raise Refused(f"The backup was made with another migration {changed[0]} than this release has.")
