"""Reads the series of a call as buckets on one grid, or as single points."""

import math
from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.metrics import buckets as b
from trackside.metrics import charts
from trackside.metrics.buckets import Array, Buckets, Grid
from trackside.metrics.charts import Piece, Summary, Wanted
from trackside.runs.charts import model as m

_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


class _Series(Struct):
    """A series of a call, with its summary."""

    given: m.GivenSeries
    run_seq: int | None
    origin: int = 0  # the origin of x
    summary: Summary | None = None
    pieces: Sequence[Piece] = ()


def read(tx: Tx, call: m.GetSeries) -> m.GotSeries:
    m.check(call)
    axis, x_key = m.axis_of(call.x)
    most = m.between("buckets", call.buckets, m.DEFAULT_BUCKETS, m.MAX_BUCKETS)
    max_points = m.between("max_points", call.max_points, m.DEFAULT_POINTS, m.MAX_POINTS)
    by = "step" if axis in ("step", "metric") else "time"
    series, runs = _look_up(tx, call.series or [], axis, by)
    x_of = _XMetric(tx, runs, x_key) if axis == "metric" else None
    if call.exact:
        return _exact(tx, call, axis, by, series, x_of, max_points)
    grid = _grid(call, axis, series, x_of, most)
    drawn = [Buckets(grid) if grid is not None else None for _ in series]
    counts, unmatched = [0] * len(series), [0] * len(series)
    if grid is not None:
        for number, points in charts.blocks(tx, _within(series, *_range(call, axis))):
            buckets, one = drawn[number], series[number]
            assert buckets is not None
            placed = _placed(points, call, axis, by, one, x_of)
            unmatched[number] += len(points) - len(placed.points) if x_of is not None else 0
            counts[number] += len(placed.points)
            buckets.add(placed.points, placed.x, placed.points[by], placed.second)
    return m.GotSeries(
        x=call.x or "step",
        grid=None if grid is None else m.ShownGrid(grid.start, grid.width, grid.count),
        series=[
            _bucketed(one, buckets, counts[i], unmatched[i])
            for i, (one, buckets) in enumerate(zip(series, drawn, strict=True))
        ],
    )


class _Placed(Struct):
    """Points of the range with their x, ordered by `by` (step or time), then by the other."""

    points: Array
    x: Array
    by: str

    @property
    def second(self) -> Array:
        other: Array = self.points["time" if self.by == "step" else "step"]
        return other


class _XMetric:
    """The values of the metric on the x axis by step.  Caches the values of the run that was requested last."""

    def __init__(self, tx: Tx, runs: Mapping[int, int], key: str) -> None:
        self._tx = tx
        self._wanted = {run: Wanted(experiment, run, key) for run, experiment in runs.items()}
        wanted = list(self._wanted.values())
        self._pieces = charts.pieces(tx, wanted, "step")
        self.summaries = charts.summaries(tx, wanted)
        self._at: int | None = None
        self._found: tuple[Array, Array] = (b.joined([]), b.joined([]))

    def of(self, run_seq: int) -> tuple[Array, Array]:
        if self._at != run_seq:
            pieces = self._pieces[run_seq, self._wanted[run_seq].key]
            parts = [points for _, points in charts.blocks(self._tx, [(0, pieces)])]
            self._found = b.last_of_steps(b.joined(parts))
            self._at = run_seq
        return self._found


def _look_up(tx: Tx, given: Sequence[m.GivenSeries], axis: str, by: str) -> tuple[list[_Series], dict[int, int]]:
    """Return the series of the call, and the experiments of their runs."""
    readable, bound = tx.only_readable("experiment", Action.RUNS_READ, "e.experiment_id")
    rows = tx.all(
        f"""
        SELECT r.run_id, r.run_seq, r.experiment_seq, r.start_time
        FROM runs r JOIN experiments e ON e.experiment_seq = r.experiment_seq
        WHERE r.workspace_id = :ws AND r.run_id IN :ids{readable}
        """,
        ids=sorted({each.run_id or "" for each in given}),
        **bound,
    )
    runs = {run_id: rest for run_id, *rest in rows}
    wanted = [
        Wanted(runs[each.run_id or ""][1], runs[each.run_id or ""][0], each.key or "")
        for each in given
        if each.run_id in runs
    ]
    summaries, pieces = charts.summaries(tx, wanted), charts.pieces(tx, wanted, by)
    series = []
    for each in given:
        if each.run_id not in runs:
            series.append(_Series(each, None))
            continue
        run_seq, _, start_time = runs[each.run_id]
        name = (run_seq, each.key or "")
        summary = summaries.get(name)
        origin = 0
        if axis == "relative" and summary is not None:
            origin = start_time if start_time > 0 else summary.first_timestamp
        series.append(_Series(each, run_seq, origin, summary, pieces[name] if summary is not None else ()))
    return series, {run_seq: experiment_seq for run_seq, experiment_seq, _ in runs.values()}


def _range(call: m.GetSeries, axis: str) -> tuple[int, int]:
    """Return the range of x in integers; None if x is a metric, which limits no steps."""
    if axis == "metric":
        return _LOWEST, _HIGHEST
    low = _LOWEST if call.start is None else max(_LOWEST, min(_HIGHEST, math.ceil(call.start)))
    high = _HIGHEST if call.end is None else max(_LOWEST, min(_HIGHEST, math.floor(call.end)))
    return low, high


def _within(series: Sequence[_Series], low: int, high: int) -> list[tuple[int, list[Piece]]]:
    return [
        (i, [piece for piece in one.pieces if piece.high - one.origin >= low and piece.low - one.origin <= high])
        for i, one in enumerate(series)
    ]


def _grid(call: m.GetSeries, axis: str, series: Sequence[_Series], x_of: _XMetric | None, most: int) -> Grid | None:
    """Return the grid over the intersection of the range with the points."""
    if x_of is not None:
        known = [summary for summary in x_of.summaries.values() if summary.min_value is not None]
        if not known:
            return None
        least = min(summary.min_value for summary in known if summary.min_value is not None)
        greatest = max(summary.max_value for summary in known if summary.max_value is not None)
        start = least if call.start is None else max(least, call.start)
        end = greatest if call.end is None else min(greatest, call.end)
        return b.real_grid(start, end, most) if start <= end else None
    low, high = _range(call, axis)
    ends = [
        (piece.low - one.origin, piece.high - one.origin)
        for (_, pieces), one in zip(_within(series, low, high), series, strict=True)
        for piece in pieces
    ]
    if not ends:
        return None
    return b.whole_grid(
        max(low, min(lowest for lowest, _ in ends)), min(high, max(highest for _, highest in ends)), most
    )


def _placed(points: Array, call: m.GetSeries, axis: str, by: str, one: _Series, x_of: _XMetric | None) -> _Placed:
    if x_of is not None:
        assert one.run_seq is not None
        points, x = b.matched(b.ordered(points, "step"), *x_of.of(one.run_seq))
        if call.start is not None or call.end is not None:
            fits = b.inside(x, call.start, call.end)
            points, x = points[fits], x[fits]
        return _Placed(points, x, by)
    points = b.ordered(points, by)
    low, high = _range(call, axis)
    if low > _LOWEST or high < _HIGHEST:
        low, high = max(low + one.origin, _LOWEST), min(high + one.origin, _HIGHEST)
        points = points[b.between(points[by], low, high)]
    x = points[by]
    return _Placed(points, x - one.origin if one.origin else x, by)


def _bucketed(one: _Series, buckets: Buckets | None, count: int, unmatched: int) -> m.Bucketed:
    columns = Buckets(Grid(0, 1, 0)).columns() if buckets is None else buckets.columns()
    return m.Bucketed(
        run_id=one.given.run_id or "",
        key=one.given.key or "",
        points=one.summary.points if one.summary else 0,
        in_range=count,
        unmatched=unmatched,
        cursor=str(_cursor(one)),
        bucket=columns.bucket,
        x=columns.x,
        last=columns.last,
        min=columns.min,
        max=columns.max,
        mean=columns.mean,
        count=columns.count,
        odd=columns.odd,
    )


def _exact(
    tx: Tx, call: m.GetSeries, axis: str, by: str, series: Sequence[_Series], x_of: _XMetric | None, most: int
) -> m.GotSeries:
    is_ranged = call.start is not None or call.end is not None
    if any(one.given.after for one in series) and (axis != "step" or is_ranged):
        raise Invalid(
            "after goes with x = step and neither start nor end, since a cursor counts all points up to a step"
        )
    low, high = _range(call, axis)
    answers: list[m.Bucketed | m.Exact] = []
    total = 0
    for one in series:
        seen = m.cursor_of(one.given.after) if one.given.after else None
        start = low if seen is None else max(low, seen.step + 1)
        ((_, pieces),) = _within([one], start, high)
        parts = [points for _, points in charts.blocks(tx, [(0, pieces)])] if start <= high else []
        read_points = b.joined(parts)
        placed = _placed(read_points, call, axis, by, one, x_of)
        if seen is not None:
            newer = placed.points["step"] > seen.step
            placed = _Placed(placed.points[newer], placed.x[newer], by)
        found = len(placed.points)
        cut = _cut(placed, by, most)
        total += cut
        if total > m.MAX_ALL_POINTS:
            raise Invalid(
                f"The series have more than {m.MAX_ALL_POINTS} points in the range; "
                "ask for fewer series, a smaller range, or buckets"
            )
        exact = _exactly(one, placed, cut, seen, can_go_on=axis == "step" and not is_ranged)
        answers.append(structs.replace(exact, unmatched=len(read_points) - found) if x_of is not None else exact)
    return m.GotSeries(x=call.x or "step", grid=None, series=answers)


def _cut(placed: _Placed, by: str, most: int) -> int:
    """Return the number of points in the answer: at most `most`, with all points of the last step if they fit."""
    if len(placed.points) <= most:
        return len(placed.points)
    places = placed.points[by]
    cut = most
    while cut > 0 and places[cut - 1] == places[most]:
        cut -= 1
    return cut or most


def _exactly(one: _Series, placed: _Placed, cut: int, seen: m.Cursor | None, *, can_go_on: bool) -> m.Exact:
    found, points = len(placed.points), placed.points[:cut]
    values, odd = b.real_column(points["value"])
    total = one.summary.points if one.summary else 0
    before = 0 if seen is None else seen.points
    is_reset = seen is not None and total - found != before
    cursor = str(_cursor(one))
    if cut < found:
        cursor = str(m.Cursor(int(points["step"][-1]), before + cut)) if can_go_on else ""
    return m.Exact(
        run_id=one.given.run_id or "",
        key=one.given.key or "",
        points=total,
        in_range=found,
        unmatched=0,
        cursor=cursor,
        truncated=cut < found,
        reset=is_reset,
        step=points["step"].tolist(),
        time=points["time"].tolist(),
        x=placed.x[:cut].tolist(),
        value=values,
        odd=odd,
    )


def _cursor(one: _Series) -> m.Cursor:
    return m.Cursor(one.summary.max_step, one.summary.points) if one.summary else m.Cursor(_LOWEST, 0)
