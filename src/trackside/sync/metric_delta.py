"""Determines which points of a series a remote lacks.  Pure: from packed points and a cursor.

Points first go into the tail, leave it in chunks, and small chunks are merged into larger ones, so a sent point may appear again
in another chunk.  Chunks that are large enough do not change: for them the cursor has the number of the last one.  For all other
sent points it has a hash each (8 bytes), at most some thousands.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from zlib import crc32

from msgspec import Struct

from trackside.metrics.series import CHUNK_POINTS, POINT_BYTES

HASH_BYTES = 8
DIGEST_BYTES = 16
MODULUS = 1 << 8 * DIGEST_BYTES
MOST_POINTS = 200_000
SMALL_POINTS = CHUNK_POINTS // 2  # smaller chunks are merged later, larger ones never change


class MetricChunk(Struct, frozen=True):
    """Points that are stored together: a chunk, or the tail (chunk_id 0)."""

    chunk_id: int
    packed: bytes

    @property
    def is_settled(self) -> bool:
        return self.chunk_id != 0 and len(self.packed) >= SMALL_POINTS * POINT_BYTES


class Digest(Struct):
    """A count and a sum of hashes that identify a set of points, independent of order and chunks; `said` is the number of points
    in the series' summary."""

    said: int = 0
    points: int = 0
    total: int = 0

    def add(self, packed: bytes) -> None:
        hashed, read, total = hashlib.blake2b, int.from_bytes, self.total
        for at in range(0, len(packed), POINT_BYTES):
            total += read(hashed(packed[at : at + POINT_BYTES], digest_size=DIGEST_BYTES).digest())
        self.points += len(packed) // POINT_BYTES
        self.total = total % MODULUS

    def join(self, other: "Digest") -> None:
        """Add the digest of other points."""
        self.points += other.points
        self.total = (self.total + other.total) % MODULUS

    @property
    def is_whole(self) -> bool:
        return self.said == self.points


class Cursor(Struct):
    """`chunk_id`: all chunks up to it were sent.  `sent_hashes`: hashes of sent points that may move to a later chunk."""

    chunk_id: int = 0
    point_count: int = 0
    sent_hashes: bytes = b""


def lacking(cursor: Cursor, pieces: Iterable[MetricChunk]) -> Iterator[bytes]:
    """Yield the points that were not sent, packed, chunk by chunk, and advance the cursor, to be saved when all were sent."""
    known = {cursor.sent_hashes[i : i + HASH_BYTES] for i in range(0, len(cursor.sent_hashes), HASH_BYTES)}
    for piece in pieces:
        if known:
            fresh, seen = _parted(piece.packed, known)
        else:
            fresh, seen = piece.packed, set()
        if piece.is_settled:
            known -= seen
        elif fresh:
            known |= {_hash(fresh[i : i + POINT_BYTES]) for i in range(0, len(fresh), POINT_BYTES)}
        cursor.chunk_id = max(cursor.chunk_id, piece.chunk_id)
        if fresh:
            cursor.point_count += len(fresh) // POINT_BYTES
            cursor.sent_hashes = b"".join(sorted(known))
            yield fresh
    cursor.sent_hashes = b"".join(sorted(known))


def difference(
    here: Callable[[], Iterable[bytes]], there: Callable[[], Iterable[bytes]], most: int = MOST_POINTS
) -> tuple[int, int]:
    """Return the number of points that only this side has, and that only the other side has.  Each side is read several times if
    necessary, so that at most about `most` points of a side are in memory."""
    local_digest, remote_digest = _digest(here()), _digest(there())
    if local_digest == remote_digest:
        return 0, 0
    parts = 1 + max(local_digest.points, remote_digest.points) // most
    only_local = only_remote = 0
    for part in range(parts):
        local = {point for point in _points(here()) if crc32(point) % parts == part}
        remote = {point for point in _points(there()) if crc32(point) % parts == part}
        only_local += len(local - remote)
        only_remote += len(remote - local)
    return only_local, only_remote


def _digest(pieces: Iterable[bytes]) -> Digest:
    digest = Digest()
    for packed in pieces:
        digest.add(packed)
    return digest


def _points(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for packed in pieces:
        for at in range(0, len(packed), POINT_BYTES):
            yield packed[at : at + POINT_BYTES]


def _parted(packed: bytes, known: set[bytes]) -> tuple[bytes, set[bytes]]:
    """Return the points that are not known, and the hashes of the others."""
    fresh = []
    seen = set()
    for at in range(0, len(packed), POINT_BYTES):
        point = packed[at : at + POINT_BYTES]
        name = _hash(point)
        if name in known:
            seen.add(name)
        else:
            fresh.append(point)
    return b"".join(fresh), seen


def _hash(point: bytes) -> bytes:
    return hashlib.blake2b(point, digest_size=HASH_BYTES).digest()


def fingerprint(step: int, timestamp: int, value: float) -> str:
    """Return a text that identifies the last point of a series, for remotes that provide no more of a series."""
    return f"{step} {timestamp} {value!r}"
