"""By what two Tracksides see whether they have the same points, from the points themselves: a summary says what it was told.

A digest is a count and a sum of hashes, so points may come in any order and piece by piece.
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

MAX_READ_BYTES = 4 << 20  # of points that one answer tells of


class SeriesPosition(Struct, frozen=True):
    """In the series of a run: after that chunk of that one."""

    key: str = ""
    chunk: int = 0


def add(tx: Tx, run_id: str, place: SeriesPosition, found: dict[str, Digest]) -> SeriesPosition | None:
    """Adds some of a run's points, from that place on, and gives the next place; None after the last one."""
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
    """Has the summaries of series say what their points are."""
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
    """By key: how many points there are by the summary, how many lie here, and the sum of their hashes in hexadecimal digits;
    of a series that this answer begins with or ends in, of a part of its points.  The next answer begins at `key`, after the
    chunk `after`; without a key all is told."""

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
