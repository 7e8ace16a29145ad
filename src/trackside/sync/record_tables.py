"""Compares the records of a dataset on both sides with the agreed state, in a temporary file, so that memory does not grow with
the dataset.  It uses hashes and digests alone.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Literal, Self

from msgspec import Struct

from trackside.sync import record_merge
from trackside.sync.document import Mode
from trackside.sync.record_merge import Difference, Step

List = Literal["base", "local", "remote"]
BUCKET = 2  # length of the hash prefix that the records of a bucket share
AT_ONCE = 1_000


class Entry(Struct, frozen=True, array_like=True):
    """An entry; `place` is its position on its side."""

    input_hash: str
    digest: str
    place: int = 0


class Buckets:
    """The digest of each bucket's entries, which are added in the order of their hashes."""

    def __init__(self) -> None:
        self._open: dict[str, hashlib._Hash] = {}

    def add(self, input_hash: str, digest: str) -> None:
        self._open.setdefault(input_hash[:BUCKET], hashlib.sha256()).update(f"{input_hash} {digest}\n".encode())

    def digests(self) -> dict[str, str]:
        return {bucket: digest.hexdigest()[:32] for bucket, digest in self._open.items()}


class Lists:
    """The lists of both sides and the agreed state; for one thread."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)  # a private temporary file, once it outgrows memory
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("BEGIN")
        self._db.execute(
            """
            CREATE TABLE entries (list TEXT, hash TEXT, digest TEXT, place INTEGER, PRIMARY KEY (list, hash)) WITHOUT ROWID
            """
        )
        self._db.execute(
            "CREATE TABLE steps (step INTEGER, place INTEGER, hash TEXT, base TEXT, local TEXT, remote TEXT)"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def add(self, name: List, entries: Iterable[Entry]) -> None:
        rows = ((name, each.input_hash, each.digest, each.place) for each in entries)
        self._db.executemany("INSERT OR IGNORE INTO entries VALUES (?, ?, ?, ?)", rows)

    def buckets(self, name: List) -> dict[str, str]:
        found = Buckets()
        for input_hash, digest in self._db.execute(
            "SELECT hash, digest FROM entries WHERE list = ? ORDER BY hash", (name,)
        ):
            found.add(input_hash, digest)
        return found.digests()

    def copy_base(self, without: Iterable[str]) -> None:
        """Copy the agreed state to the remote's list, except some buckets."""
        self._db.execute(
            "INSERT OR IGNORE INTO entries SELECT 'remote', hash, digest, 0 FROM entries WHERE list = 'base'"
        )
        self._db.executemany(
            "DELETE FROM entries WHERE list = 'remote' AND substr(hash, 1, length(?1)) = ?1",
            [(each,) for each in without],
        )

    def compare(self, mode: Mode) -> None:
        """Compute the steps."""
        rows = self._db.execute(
            """
            SELECT h.hash, b.digest, o.digest, t.digest, o.place, t.place
            FROM (SELECT DISTINCT hash FROM entries) h
            LEFT JOIN entries b ON b.list = 'base' AND b.hash = h.hash
            LEFT JOIN entries o ON o.list = 'local' AND o.hash = h.hash
            LEFT JOIN entries t ON t.list = 'remote' AND t.hash = h.hash
            WHERE b.digest IS NOT o.digest OR o.digest IS NOT t.digest
            """
        )
        self._db.executemany("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?)", self._steps(rows, mode))

    def counts(self) -> dict[Step, int]:
        found = self._db.execute("SELECT step, COUNT(*) FROM steps GROUP BY step")
        return {_STEPS[step]: count for step, count in found}

    def differences(self) -> Iterator[list[Difference]]:
        """Yield the differences by kind, in portions."""
        for number, step in enumerate(_STEPS):
            found = self._db.execute(
                "SELECT hash, base, local, remote, place FROM steps WHERE step = ? ORDER BY place, hash", (number,)
            )
            while rows := found.fetchmany(AT_ONCE):
                yield [Difference(row[0], step, *row[1:]) for row in rows]

    @staticmethod
    def _steps(rows: Iterable[tuple[str, str, str, str, int, int]], mode: Mode) -> Iterator[tuple[object, ...]]:
        for input_hash, base, local, remote, local_place, remote_place in rows:
            step = record_merge.step(base, local, remote, mode)
            if step is not None:
                place = remote_place if step is Step.TAKE else local_place
                yield _STEPS.index(step), place or 0, input_hash, base, local, remote


_STEPS = list(Step)
