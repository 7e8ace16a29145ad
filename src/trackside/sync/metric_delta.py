"""Which points of a series a remote lacks.  Pure: knows packed points and a cursor; knows no SQL and no remote.

Points come into the tail, leave it in chunks, and small chunks are merged into larger ones; so a point that was sent may
turn up again in another place.  Chunks that are large enough stay: for them the cursor keeps the last one's number.  For
all other points that were sent it keeps a hash each (8 bytes), and there are never more than some thousand of those.
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
SMALL_POINTS = CHUNK_POINTS // 2  # smaller chunks are merged some day, larger ones stay as they are


class MetricChunk(Struct, frozen=True):
    """Points that lie together: a chunk, or the tail (chunk_id 0)."""

    chunk_id: int
    packed: bytes

    @property
    def is_settled(self) -> bool:
        return self.chunk_id != 0 and len(self.packed) >= SMALL_POINTS * POINT_BYTES


class Digest(Struct):
    """A count and a number that tell a set of points from another one, in whatever order and pieces they come; `said`: how many
    there are by the summary of the series."""

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
        """Add another digest, of other points."""
        self.points += other.points
        self.total = (self.total + other.total) % MODULUS

    @property
    def is_whole(self) -> bool:
        return self.said == self.points


class Cursor(Struct):
    """`chunk_id`: every chunk up to it was sent.  `sent_hashes`: the hashes of sent points that may move to a later chunk."""

    chunk_id: int = 0
    point_count: int = 0
    sent_hashes: bytes = b""


def lacking(cursor: Cursor, pieces: Iterable[MetricChunk]) -> Iterator[bytes]:
    """The points that were not sent, packed, piece by piece; the cursor moves along, to be saved when all was sent."""
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
    """How many points of a series only we have, and how many only they.  Each side is read again, piece by piece, as often as
    it takes: no more than about `most` points of a side are in memory."""
    our_digest, their_digest = _digest(here()), _digest(there())
    if our_digest == their_digest:
        return 0, 0
    parts = 1 + max(our_digest.points, their_digest.points) // most
    only_ours = only_theirs = 0
    for part in range(parts):
        ours = {point for point in _points(here()) if crc32(point) % parts == part}
        theirs = {point for point in _points(there()) if crc32(point) % parts == part}
        only_ours += len(ours - theirs)
        only_theirs += len(theirs - ours)
    return only_ours, only_theirs


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
    """Return what tells the last point of a series from another one, for remotes that say no more of a series."""
    return f"{step} {timestamp} {value!r}"
