"""Transfers the points of a run in both directions.  Can run again at any time."""

import time
from collections.abc import Iterator, Mapping, Set

from trackside.core.db.tx import Tx
from trackside.core.http_client.errors import RequestRejected
from trackside.links import store
from trackside.links.reconcile.context import LinkContext
from trackside.links.state import item_store
from trackside.metrics.series import POINT_BYTES, canonical, pack, unpack
from trackside.sync import metric_delta, portions
from trackside.sync.api import digests
from trackside.sync.api.digests import SeriesPosition
from trackside.sync.local import reader, writer
from trackside.sync.metric_delta import Cursor, Digest
from trackside.sync.time_slice import TimeSliceExpired

MAX_BYTES = 50_000 * POINT_BYTES  # of points in memory at once
MOST_REFUSED = 10  # series of a pass that are sent one by one, before others


def is_behind(context: LinkContext, run_id: str) -> bool:
    """Return whether there are unsent points."""
    return bool(context.read(_behind, context, run_id))


def push(context: LinkContext, run_id: str, remote_id: str, *, at_once: bool = False) -> str:
    """Send the points that the remote lacks.  Return why it still lacks some; empty if it has all.

    Points logged meanwhile are sent after the next change-log entry, so that a busy run does not delay others.  A rejected series
    is retried later, unless `at_once`, and does not delay others."""
    refused = {} if at_once else context.refusals.waiting(run_id, list(context.read(_behind, context, run_id)))
    total = 0
    is_all = False
    began = time.monotonic()
    while not is_all:
        batch, moved = context.read(_gather, context, run_id, refused.keys())
        if not moved:
            break
        is_all = sum(map(len, batch.values())) < MAX_BYTES
        for key, reason in _offer(context, run_id, remote_id, batch).items():
            refused[key] = reason
            del batch[key], moved[key]
        count = sum(map(len, batch.values())) // POINT_BYTES
        total += count
        rate = total / max(time.monotonic() - began, 1e-3) if total > 1000 else None
        context.write(_save_sent, context, run_id, moved, count, rate)
        if not is_all:
            context.time_slice.check()
    if not refused:
        return ""
    first, *others = sorted(refused)
    which = f"the metric {first}" + (" and of others" if others else "")
    return f"the remote refused points of {which}: {refused[first]}"


def _offer(context: LinkContext, run_id: str, remote_id: str, batch: Mapping[str, bytes]) -> dict[str, str]:
    """Send series in one call, or one by one if they are rejected together; return the rejected ones with the reasons."""
    refused: dict[str, str] = {}
    if not batch:
        return refused
    try:
        context.remote.send_points(remote_id, batch)
    except RequestRejected as together:
        if together.is_missing:
            raise
        for key, packed in batch.items():
            if len(refused) == MOST_REFUSED:  # the others follow in the next passes
                refused |= dict.fromkeys(list(batch)[list(batch).index(key) :], str(together))
                break
            try:
                if len(batch) == 1:
                    raise together
                context.remote.send_points(remote_id, {key: packed})
            except RequestRejected as alone:
                refused[key] = str(alone)
                context.refusals.note(run_id, key, str(alone))
            else:
                context.refusals.forget(run_id, key)
    return refused


def lacking(context: LinkContext, run_id: str, remote_id: str, key: str) -> tuple[int, int]:
    """Return the number of points that only the local side has, and that only the remote has, by reading both."""

    def here() -> Iterator[bytes]:
        with context.db.read(context.ws) as tx:
            for piece in reader.pieces(tx, run_id, key, 0):
                yield piece.packed

    return metric_delta.difference(here, lambda: (packed for _, packed in context.remote.points(remote_id, key, 0)))


def differing_series(context: LinkContext, run_id: str, remote_id: str) -> dict[str, tuple[Digest, Digest]] | None:
    """Return the series of both sides whose digests of stored points differ from each other or from a summary.

    None if the remote has no such call.
    """
    remote = context.remote.digests(remote_id) if context.remote.preserves_ids else None
    if remote is None:
        return None
    local: dict[str, Digest] = {}
    place: SeriesPosition | None = SeriesPosition()
    while place is not None:
        place = context.read(digests.add, run_id, place, local)
        context.beat()
    both = {key: (local[key], remote[key]) for key in sorted({*local} & {*remote})}
    return {
        key: (here, there)
        for key, (here, there) in both.items()
        if (here.points, here.total) != (there.points, there.total) or not (here.is_whole and there.is_whole)
    }


def recount(context: LinkContext, run_id: str, remote_id: str) -> set[str]:
    """Return the series of both sides whose points differ, and correct their summaries by a count of the points."""
    found = differing_series(context, run_id, remote_id)
    if found is None:  # an earlier release, or one without digests
        return {*context.remote.series(remote_id)} if context.remote.preserves_ids else set()
    keys = sorted(found)
    if keys and context.link.mode.sends:
        context.remote.recount(remote_id, keys)
    if keys:
        context.write(digests.recount, run_id, keys)
    return set(keys)


def resend_if_missing(context: LinkContext, run_id: str, remote_id: str, doubted: Set[str] = frozenset()) -> None:
    """Send again the series of which the remote lacks points, also points that were sent before.

    `doubted`: series that are checked even if their fingerprints are equal.
    """
    remote = context.remote.series(remote_id)
    for key, summary in context.read(reader.summaries, run_id).items():
        is_same = remote.get(key) == context.remote.fingerprint_of(summary) and key not in doubted
        if is_same and context.remote.preserves_ids:
            continue
        if key not in remote or lacking(context, run_id, remote_id, key)[0]:
            context.write(item_store.forget_series, context.link_id, run_id, "out", key)


def has_seen(context: LinkContext, run_id: str, fingerprints: Mapping[str, str]) -> bool:
    """Return whether the remote series are equal to the last read ones, or to the local ones."""

    def read(tx: Tx) -> bool:
        known = item_store.series(tx, context.link_id, run_id, "in")
        news = {key for key, each in fingerprints.items() if known.get(key, Cursor()).sent_hashes != each.encode()}
        have = reader.summaries(tx, run_id) if news else {}
        return all(key in have and context.remote.fingerprint_of(have[key]) == fingerprints[key] for key in news)

    return bool(context.read(read))


def pull(context: LinkContext, run_id: str, remote_id: str, *, verify: bool, doubted: Set[str] = frozenset()) -> int:
    """Pull points and return their number.

    `verify`: if a fingerprint cannot show all differences, read every history. `doubted`: series whose fingerprint is wrong.
    """
    began = time.monotonic()
    remote = context.remote.series(remote_id)
    have = {key: context.remote.fingerprint_of(each) for key, each in context.read(reader.summaries, run_id).items()}
    known = context.read(item_store.series, context.link_id, run_id, "in")
    total = read = 0
    for key, fingerprint in remote.items():
        same = have.get(key) == fingerprint and key not in doubted
        before = known.get(key, Cursor())
        if same and (context.remote.preserves_ids or not verify):
            continue
        if before.sent_hashes == fingerprint.encode() and not verify:
            continue
        after = 0 if verify else before.chunk_id
        last = after
        for number, packed in context.remote.points(remote_id, key, after):
            last = max(last, number)
            read += len(packed) // POINT_BYTES
            rate = read / max(time.monotonic() - began, 1e-3) if read > 1000 else None
            fresh = packed
            if verify:  # most points exist already, and rewriting them would notify other links
                fresh = context.read(_lacking, run_id, key, packed)
            for some in portions.of_series({key: fresh} if fresh else {}):
                total += context.write(_take, context, run_id, key, some[key], rate)
            # Other remotes send a history from its beginning.
            if context.remote.preserves_ids and not verify and context.time_slice.is_over:
                context.write(item_store.save_series, context.link_id, run_id, "in", {key: Cursor(last)})
                raise TimeSliceExpired
        now = Cursor(last, 0, fingerprint.encode())
        if known.get(key) == now:
            continue
        context.write(item_store.save_series, context.link_id, run_id, "in", {key: now})
        if not verify:  # and is not saved
            context.time_slice.check()
    return total


def _lacking(tx: Tx, run_id: str, key: str, packed: bytes) -> bytes:
    """Return the remote points that the local store lacks."""
    wanted = {pack([(step, timestamp, canonical(value))]): None for step, timestamp, value in unpack(packed)}
    for piece in reader.pieces(tx, run_id, key, 0):
        for at in range(0, len(piece.packed), POINT_BYTES):
            wanted.pop(piece.packed[at : at + POINT_BYTES], None)
        if not wanted:
            break
    return b"".join(wanted)


def _save_sent(
    tx: Tx, context: LinkContext, run_id: str, cursors: Mapping[str, Cursor], count: int, rate: float | None
) -> None:
    item_store.save_series(tx, context.link_id, run_id, "out", cursors)
    if count:
        store.count(tx, context.link_id, sent_points=count, points_per_s=rate)


def _behind(tx: Tx, context: LinkContext, run_id: str) -> dict[str, Cursor]:
    """Return the cursors of the series with unsent points."""
    sent = item_store.series(tx, context.link_id, run_id, "out")
    cursors = {key: (sent.get(key) or Cursor(), count) for key, count in reader.series_counts(tx, run_id).items()}
    return {key: cursor for key, (cursor, count) in cursors.items() if cursor.point_count != count}


def _gather(
    tx: Tx, context: LinkContext, run_id: str, passed_over: Set[str]
) -> tuple[dict[str, bytes], dict[str, Cursor]]:
    """Return points to send, at most as many as fit into memory, and the cursors after them."""
    batch: dict[str, bytes] = {}
    moved: dict[str, Cursor] = {}
    size = 0
    for key, cursor in _behind(tx, context, run_id).items():
        if key in passed_over:
            continue
        moved[key] = cursor
        parts = []
        for packed in metric_delta.lacking(cursor, reader.pieces(tx, run_id, key, cursor.chunk_id)):
            parts.append(packed)
            size += len(packed)
            if size >= MAX_BYTES:
                break
        if parts:
            batch[key] = b"".join(parts)
        elif size < MAX_BYTES:
            # A common hash: nothing is left to send.
            cursor.point_count = reader.series_counts(tx, run_id).get(key, 0)
        if size >= MAX_BYTES:
            break
    return batch, moved


def _take(tx: Tx, context: LinkContext, run_id: str, key: str, packed: bytes, rate: float | None) -> int:
    """Store the remote's points and return the number of new ones.

    The same transaction records them as sent, but no local points.
    """
    cursor = item_store.series(tx, context.link_id, run_id, "out").get(key) or Cursor()
    before = reader.series_counts(tx, run_id).get(key, 0)
    is_clean = before == cursor.point_count
    writer.points(tx, run_id, {key: packed})
    after = reader.series_counts(tx, run_id).get(key, 0)
    store.count(tx, context.link_id, taken_points=after - before, points_per_s=rate)
    if is_clean:
        for _ in metric_delta.lacking(cursor, reader.pieces(tx, run_id, key, cursor.chunk_id)):
            pass
        cursor.point_count = after
        item_store.save_series(tx, context.link_id, run_id, "out", {key: cursor})
    return int(after - before)
