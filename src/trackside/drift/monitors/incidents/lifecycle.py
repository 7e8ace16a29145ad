"""Decides when incidents open, close and are announced again.  Pure.

The scores of a column are replayed in the order of time, so that the same windows give the same incidents in any order of
computation.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from trackside.drift.monitors.model import Score

CLOSE_BELOW = 0.8  # of the threshold
CLOSE_AFTER = 2  # windows in a row
RENOTIFY_MS = 7 * 86_400_000

Key = tuple[str, str]  # column, subject


class Incident(Struct, frozen=True, kw_only=True):
    """`opened_at` and `closed_at` are starts of windows; `notified_at` is the last announced window."""

    column: str
    subject: str
    opened_at: int
    closed_at: int | None = None
    signal: str = ""
    value: float = 0.0
    worst: float = 0.0
    threshold: float = 0.0
    notified_at: int = 0
    notices: int = 0


class Row(Struct, frozen=True):
    """The scores of one window."""

    start: int
    scores: Sequence[Score]


def replay(rows: Iterable[Row]) -> list[Incident]:
    """Return the incidents of windows, which are in the order of time.  A window without a score of a column does not change its
    incident."""
    open_: dict[Key, Incident] = {}
    calm: dict[Key, int] = {}
    ended: list[Incident] = []
    for row in rows:
        for score in row.scores:
            key = (score.column, score.subject)
            found = open_.get(key)
            if found is None:
                if score.is_over:
                    open_[key] = _opened(score, row.start)
                    calm[key] = 0
                continue
            found = _continued(found, score, row.start)
            calm[key] = calm[key] + 1 if score.value < CLOSE_BELOW * score.threshold else 0
            if calm[key] >= CLOSE_AFTER:
                ended.append(replace(found, closed_at=row.start))
                del open_[key]
            else:
                open_[key] = found
    return sorted([*ended, *open_.values()], key=lambda each: (each.opened_at, each.column, each.subject))


def _opened(score: Score, start: int) -> Incident:
    return Incident(
        column=score.column,
        subject=score.subject,
        opened_at=start,
        signal=score.signal,
        value=score.value,
        worst=score.value,
        threshold=score.threshold,
        notified_at=start,
        notices=1,
    )


def _continued(found: Incident, score: Score, start: int) -> Incident:
    is_due = score.is_over and start >= found.notified_at + RENOTIFY_MS
    return replace(
        found,
        value=score.value,
        worst=max(found.worst, score.value),
        threshold=score.threshold,
        notified_at=start if is_due else found.notified_at,
        notices=found.notices + is_due,
    )
