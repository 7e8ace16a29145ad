"""Series of charts in the API: the call, buckets, exact points."""

import math
import re

from msgspec import Struct

from trackside.core.errors import Invalid
from trackside.core.filters.fields import RUNS
from trackside.core.filters.nodes import Aggregate, Entity
from trackside.core.filters.parse import parse_field
from trackside.core.http.codec import Call, Part
from trackside.metrics.columns import Odd
from trackside.runs.selection import SelectRuns

MAX_SERIES = 1_000
MAX_BUCKETS = 5_000
DEFAULT_BUCKETS = 1_000
MAX_POINTS = 1_000_000  # limit of one series in exact mode
DEFAULT_POINTS = 100_000
MAX_KEY_RUNS = 1_000
MAX_KEYS = 10_000
DEFAULT_KEYS = 1_000
MAX_ALL_POINTS = 2_000_000  # limit of all series of an exact answer together
_NUMBER = re.compile(r"-?[0-9]{1,19}")
WHOLE_AXES = ("step", "time", "relative")


class GivenSeries(Part, frozen=True):
    run_id: str | None = None
    key: str | None = None
    after: str | None = None  # exact mode: a cursor of the same series


class GetSeries(Call, frozen=True):
    series: list[GivenSeries] | None = None
    x: str | None = None  # step, time, relative, or a metric
    start: float | None = None
    end: float | None = None
    buckets: int | None = None
    exact: bool | None = None
    max_points: int | None = None


class ShownGrid(Struct, frozen=True):
    start: int | float
    width: int | float
    buckets: int


class Bucketed(Struct, frozen=True, kw_only=True, tag_field="mode", tag="buckets"):
    """`points` counts the whole series, `in_range` the drawn points; `unmatched` points have no value of the metric on the x
    axis."""

    run_id: str
    key: str
    points: int
    in_range: int
    unmatched: int
    cursor: str
    bucket: list[int]
    x: list[int | float]
    last: list[float | None]
    min: list[float | None]
    max: list[float | None]
    mean: list[float | None]
    count: list[int]
    odd: Odd


class Exact(Struct, frozen=True, kw_only=True, tag_field="mode", tag="exact"):
    """Every point of the range.  `odd.bucket` has the indexes of values that are not finite."""

    run_id: str
    key: str
    points: int
    in_range: int
    unmatched: int
    cursor: str
    truncated: bool
    reset: bool
    step: list[int]
    time: list[int]
    x: list[int | float]
    value: list[float | None]
    odd: Odd


class GotSeries(Struct, frozen=True, kw_only=True):
    """`grid` is absent in exact mode, and if no series has a point."""

    x: str
    grid: ShownGrid | None
    series: list[Bucketed | Exact]


class GetKeys(SelectRuns, frozen=True):
    search: str | None = None  # part of a key, ignoring the case of ASCII letters
    max_results: int | None = None
    page_token: str | None = None


class KeySummary(Struct, frozen=True, kw_only=True):
    """A metric over some runs; `min` and `max` are absent if all of its values are NaN."""

    key: str
    runs: int
    points: int
    min: float | None
    max: float | None
    max_step: int
    first_time: int  # ms, of the first point by step; sorts metrics approximately in the order of logging
    is_system: bool


class GotKeys(Struct, frozen=True, kw_only=True):
    """`runs` is the number of runs that were read, from the start of the selection."""

    runs: int
    total: int
    keys: list[KeySummary]
    next_page_token: str | None = None


class Cursor(Struct, frozen=True):
    """The position of a reader in a series: the last step, and the number of points up to this step."""

    step: int
    points: int

    def __str__(self) -> str:
        return f"{self.step}:{self.points}"


def cursor_of(text: str) -> Cursor:
    step, colon, points = text.partition(":")
    if not (colon and _NUMBER.fullmatch(step) and _NUMBER.fullmatch(points)):
        raise _bad_cursor(text)
    found = Cursor(int(step), int(points))
    if not -(2**63) <= found.step < 2**63 or not 0 <= found.points < 2**63:
        raise _bad_cursor(text)
    return found


def axis_of(x: str | None) -> tuple[str, str]:
    """Return the kind of the axis, and the key if the axis is a metric."""
    text = x or "step"
    if text in WHOLE_AXES:
        return text, ""
    field = parse_field(text, RUNS)
    if field.entity is not Entity.METRIC or field.aggregate is not Aggregate.LAST:
        raise Invalid(f"x is {text!r}; it must be step, time, relative or a metric such as metrics.epoch")
    return "metric", field.key


def check(call: GetSeries) -> None:
    if not call.series:
        raise Invalid("series is empty; name at least one run_id and key")
    if len(call.series) > MAX_SERIES:
        raise Invalid(f"series has {len(call.series)} elements; at most {MAX_SERIES} are allowed")
    for i, each in enumerate(call.series):
        if not each.run_id or each.key is None:
            raise Invalid(f"series[{i}] lacks its run_id or key")
    for name, value in (("start", call.start), ("end", call.end)):
        if value is not None and not math.isfinite(value):
            raise Invalid(f"{name} is {value}; it must be a finite number")
    if call.start is not None and call.end is not None and not call.start <= call.end:
        raise Invalid(f"start is {call.start} and end is {call.end}; start must not be greater")


def between(name: str, asked: int | None, default: int, most: int) -> int:
    value = default if asked is None else asked
    if not 1 <= value <= most:
        raise Invalid(f"{name} is {value}; it must be between 1 and {most}")
    return value


def _bad_cursor(text: str) -> Invalid:
    return Invalid(f"after is {text[:100]!r}; it must be the cursor of an earlier answer about this series")
