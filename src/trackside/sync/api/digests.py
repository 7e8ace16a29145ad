"""Digests by which two Tracksides compare points.  They are computed from the points themselves, because a summary may be wrong.

A digest is a count and a sum of hashes, so points may arrive in any order and in pieces.
"""

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.http.codec import Answer, Call
from trackside.core.http.routes import Route, command, query
from trackside.metrics import store as metrics
from trackside.runs import store as runs
from trackside.sync.api.files import PREFIX
from trackside.sync.local import reader, writer
from trackside.sync.metric_delta import Digest

MAX_READ_BYTES = 4 << 20  # of points for one answer


class SeriesPosition(Struct, frozen=True):
    """A position in the series of a run: after this chunk of this key."""

    key: str = ""
    chunk: int = 0


def add(tx: Tx, run_id: str, place: SeriesPosition, found: dict[str, Digest]) -> SeriesPosition | None:
    """Add some of a run's points, from a position on, to the digests; return the next position, None at the end."""
    read = 0
    counts = reader.series_counts(tx, run_id)
    for key in sorted(each for each in counts if each >= place.key):
        if read > MAX_READ_BYTES:
            return SeriesPosition(key)
        digest = found.setdefault(key, Digest(counts[key]))
        for piece in reader.pieces(tx, run_id, key, place.chunk if key == place.key else 0):
            digest.add(piece.packed)
            read += len(piece.packed)
            if read > MAX_READ_BYTES and piece.chunk_id:
                return SeriesPosition(key, piece.chunk_id)
    return None


def recount(tx: Tx, run_id: str, keys: Sequence[str]) -> None:
    """Recompute the summaries of series from their points."""
    writer.hold(tx, run_id)
    seq = runs.seq_of(tx, run_id)
    before = reader.summaries(tx, run_id)
    repaired = False
    for key in keys:
        if key in before:
            repaired |= metrics.recount(tx, seq, key, (piece.packed for piece in reader.pieces(tx, run_id, key, 0)))
    if repaired:
        runs.changed(tx, run_id, seq, "import")


class DigestsCall(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("run_id",)
    run_id: str | None = None
    key: str | None = None
    after: int | None = None


class Digests(Answer, frozen=True):
    """By key: the number of points in the summary, the number of stored points, and the sum of their hashes in hexadecimal
    digits.  The first and the last series may be partial.  The next answer begins at `key`, after the chunk `after`; without a
    key the answer is complete."""

    series: dict[str, tuple[int, int, str]]
    key: str | None = None
    after: int = 0


class Recount(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("run_id",)
    run_id: str | None = None
    keys: list[str] | None = None


class Recounted(Answer, frozen=True):
    pass


def get_digests(tx: Tx, call: DigestsCall) -> Digests:
    runs.seq_of(tx, call.run_id or "")
    found: dict[str, Digest] = {}
    following = add(tx, call.run_id or "", SeriesPosition(call.key or "", call.after or 0), found)
    series = {key: (each.said, each.points, f"{each.total:x}") for key, each in found.items()}
    return (
        Digests(series=series)
        if following is None
        else Digests(series=series, key=following.key, after=following.chunk)
    )


def post_recount(tx: Tx, call: Recount) -> Recounted:
    recount(tx, call.run_id or "", call.keys or [])
    return Recounted()


ROUTES: list[Route] = [
    query(f"GET {PREFIX}/digests", DigestsCall, get_digests, needs=Action.SYNC_READ, answer=Digests),
    command(f"POST {PREFIX}/recount", Recount, post_recount, needs=Action.SYNC_WRITE, answer=Recounted),
]
