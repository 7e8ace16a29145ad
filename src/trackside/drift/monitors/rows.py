"""Computes sums from rows, by window, slice and batch.  Needs pyarrow; runs in the child process."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from msgspec.structs import replace
from pyarrow import compute, csv, json, parquet

from trackside.drift import sums, tables
from trackside.drift.monitors import outcomes
from trackside.drift.monitors.exchange import File, Outcomes
from trackside.drift.monitors.model import MAX_COLUMNS, Config
from trackside.drift.monitors.profiles import Profile
from trackside.drift.sums import ColumnSums, TableSums

Array: TypeAlias = Any
BATCH_ROWS = 1 << 17
MOST_SLICE_VALUES = 20  # in a column
MOST_SAMPLED = 20_000  # sampled rows of a window or baseline
TIME, REQUEST, ROW, DEPLOYMENT, MISFITS = "_time", "_request_id", "_row", "_deployment", "_misfits"
MOST_TIME_MS = 1 << 52
Labels = dict[tuple[str, int], str]


class Refused(Exception):
    """The rows cannot be compared; the message says why."""


class Collector:
    """Collects the sums of one window and slice from its rows."""

    def __init__(self, *, keeps_rows: bool) -> None:
        self.rows = 0
        self._keeps_rows = keeps_rows
        self._parts: dict[str, list[ColumnSums]] = {}
        self._outcomes: list[Outcomes] = []
        self._sample: list[pa.Table] = []
        self._sampled, self._step, self._seen = 0, 1, 0

    def add(self, table: pa.Table, columns: dict[str, ColumnSums], outcome: Outcomes) -> None:
        self.rows += table.num_rows
        for name, each in columns.items():
            self._parts.setdefault(name, []).append(each)
        self._outcomes.append(outcome)
        if self._keeps_rows:
            self._keep(table)

    @property
    def names(self) -> Iterable[str]:
        """Return the columns seen so far."""
        return self._parts

    def profile(self) -> Profile:
        return Profile(
            TableSums(self.rows, {name: sums.merged(parts) for name, parts in self._parts.items()}),
            outcomes.merged(self._outcomes),
        )

    def sample(self) -> pa.Table | None:
        """Return a sample of the rows, in order and at equal distances."""
        return pa.concat_tables(self._sample, promote_options="permissive") if self._sample else None

    def _keep(self, table: pa.Table) -> None:
        places = np.arange((-self._seen) % self._step, table.num_rows, self._step)
        self._seen += table.num_rows
        self._sample.append(table.take(pa.array(places)))
        self._sampled += len(places)
        while self._sampled > 2 * MOST_SAMPLED:
            whole = pa.concat_tables(self._sample, promote_options="permissive")
            self._sample = [whole.take(pa.array(np.arange(0, whole.num_rows, 2)))]
            self._sampled, self._step = self._sample[0].num_rows, self._step * 2


Found = dict[tuple[str, int], Collector]


def of_windows(
    config: Config, files: Sequence[File], wanted: Sequence[tuple[int, int]], labels: Labels, *, keeps_rows: bool
) -> Found:
    """Return the sums of each window, by slice and start.  Every window has an entry for all rows."""
    found: Found = {("", start): Collector(keeps_rows=keeps_rows) for start, _ in wanted}
    ordered: Array = np.array(sorted(wanted), dtype=np.int64)
    starts, ends = ordered[:, 0], ordered[:, 1]
    is_log = bool(config.target.endpoint)
    for file in files:
        if file.end and not any(start < file.end and file.start < end for start, end in wanted):
            continue
        for table in batches(Path(file.path)):
            times: Array = _times(table, TIME if is_log else config.target.timestamp, file.path)
            places: Array = np.searchsorted(starts, times, side="right") - 1
            inside = (places >= 0) & (times < ends[np.maximum(places, 0)])
            if config.target.deployment:
                _check_has(table, DEPLOYMENT, file.path)
                inside &= compute.equal(table[DEPLOYMENT], config.target.deployment).to_numpy(zero_copy_only=False)
            for place in np.unique(places[inside]):
                part = table.filter(pa.array(inside & (places == place)))
                _add(found, config, part, int(starts[place]), labels, keeps_rows=keeps_rows)
    return found


def of_baseline(config: Config, files: Sequence[str]) -> tuple[Found, bool]:
    """Return the sums of a baseline by slice, and whether they are separated by weekday (0 to 6; otherwise -1)."""
    found: Found = {("", -1): Collector(keeps_rows=True)}
    days = _spans_weeks(config, files)
    for path in files:
        for table in batches(Path(path)):
            _add(found, config, table, -1, {}, keeps_rows=True, is_baseline=True)
            if days:
                times = _times(table, config.baseline.timestamp, path)
                weekdays = (times // 86_400_000 + 3) % 7  # 1970 began with a Thursday
                for day in np.unique(weekdays):
                    part = table.filter(pa.array(weekdays == day))
                    _add(found, config, part, int(day), {}, keeps_rows=False, is_baseline=True)
    return found, days


def batches(path: Path) -> Iterator[pa.Table]:
    """Yield the rows of a file in parts.  Raise Refused for a file that is not a table."""
    is_csv = path.suffix.lower() == ".csv"
    try:
        if is_csv:
            yield from _cut(csv.read_csv(path))
            return
        if path.suffix.lower() == ".jsonl":
            yield from _cut(json.read_json(path))
            return
        file = parquet.ParquetFile(path)
        for batch in file.iter_batches(batch_size=BATCH_ROWS):
            yield pa.Table.from_batches([batch])
    except FileNotFoundError:  # deleted from a request log meanwhile
        return
    except (pa.ArrowInvalid, pa.ArrowTypeError, OSError, UnicodeDecodeError) as fault:
        raise Refused(f"{path.name} cannot be read as {'CSV' if is_csv else 'Parquet'}: {fault}") from None


def _cut(table: pa.Table) -> Iterator[pa.Table]:
    for at in range(0, table.num_rows, BATCH_ROWS):
        yield table.slice(at, BATCH_ROWS)


def _add(
    found: Found,
    config: Config,
    table: pa.Table,
    start: int,
    labels: Labels,
    *,
    keeps_rows: bool,
    is_baseline: bool = False,
) -> None:
    """Add rows of one window to their slices."""
    names = names_of(config, table, is_baseline=is_baseline)
    for slice_, part in _slices(config, table):
        key = (slice_, start)
        if key not in found:
            found[key] = Collector(keeps_rows=keeps_rows)
        columns = {name: _summed(part, name) for name in names}
        kept = [*names, config.label] if config.label in part.column_names and config.label not in names else names
        found[key].add(part.select(kept), columns, outcomes_of(config, part, labels))


def names_of(config: Config, table: pa.Table, *, is_baseline: bool = False) -> list[str]:
    """Return the columns to compare.  Raise Refused for too many, or a repeated one."""
    skipped = {config.baseline.timestamp if is_baseline else config.target.timestamp}
    if config.label and config.label != config.prediction:
        skipped.add(config.label)
    is_chosen = set(config.columns)
    names = [
        name
        for name in table.column_names
        if name not in skipped
        and not (config.target.endpoint and name.startswith(tables.META_PREFIX))
        and (not is_chosen or name in is_chosen or is_prediction(config, name))
    ]
    repeated = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
    if repeated is not None:
        raise Refused(f"the table has the column {repeated!r} more than once")
    if len(names) > MAX_COLUMNS:
        raise Refused(
            f"the table has {len(names)} columns; a monitor compares at most {MAX_COLUMNS}: choose with columns"
        )
    return names


def is_prediction(config: Config, name: str) -> bool:
    return bool(config.prediction) and (name == config.prediction or name.startswith(f"{config.prediction}."))


def outcomes_of(config: Config, table: pa.Table, labels: Labels) -> Outcomes:
    """Return the sums of predictions, with the labels of the table or those stored by request id."""
    if config.prediction not in table.column_names:
        return Outcomes()
    truth: list[Any] | None = None
    if labels and REQUEST in table.column_names:
        places = zip(table[REQUEST].to_pylist(), table[ROW].to_pylist(), strict=True)
        truth = [labels.get((request, row)) for request, row in places]
    elif config.label in table.column_names and config.label != config.prediction:
        truth = table[config.label].to_pylist()
    scores = None
    if config.score in table.column_names:
        kind = table[config.score].type
        if pa.types.is_floating(kind) or pa.types.is_integer(kind):
            scores = table[config.score].cast(pa.float64()).to_numpy(zero_copy_only=False)
    if truth is None and scores is None:
        return Outcomes()
    kind = table[config.prediction].type
    is_regression = config.task == "regression" or (not config.task and pa.types.is_floating(kind))
    return outcomes.of_rows(table[config.prediction].to_pylist(), scores, truth, is_regression=is_regression)


def _slices(config: Config, table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    yield "", table
    for column in config.slices:
        if column not in table.column_names:
            continue
        texts = compute.cast(table[column], pa.string()) if not pa.types.is_nested(table[column].type) else None
        if texts is None:
            raise Refused(f"slices names {column!r}, a column of type {table[column].type}, which has no single values")
        counts = compute.value_counts(texts.combine_chunks()).to_pylist()
        counts.sort(key=lambda each: (-each["counts"], str(each["values"])))
        for each in counts[:MOST_SLICE_VALUES]:
            if each["values"] is not None:
                yield f"{column}={each['values']}"[:500], table.filter(compute.equal(texts, each["values"]))


def _summed(table: pa.Table, name: str) -> ColumnSums:
    found = tables.summed(tables.column_of(name, table[name]))
    found = replace(found, points=sums.compressed(found.points))
    if found.kind == "category":
        found = sums.with_labels(found, found.labels.items())
    if MISFITS in table.column_names and table[MISFITS].null_count < table.num_rows:
        named = compute.list_flatten(table[MISFITS].combine_chunks())
        misfits = compute.sum(compute.equal(named, name)).as_py() or 0
        found = replace(found, misfits=misfits, nulls=max(0, found.nulls - misfits))  # a misfit was replaced by null
    return found


def _times(table: pa.Table, name: str, path: str) -> Array:
    """Return times in ms; rows without one belong to no window."""
    _check_has(table, name, path)
    column = table[name]
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        try:
            column = column.cast(pa.timestamp("ms"))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as fault:
            raise Refused(f"the timestamp column {name!r} has text that is not a time: {fault}") from None
    elif pa.types.is_date(kind):
        column = column.cast(pa.timestamp("ms"))
    elif not pa.types.is_timestamp(kind):
        raise Refused(f"the timestamp column {name!r} has type {kind}; it must have timestamps, dates or ISO 8601 text")
    unit = pa.timestamp("ms", column.type.tz)
    found = column.cast(unit, safe=False).cast(pa.int64()).fill_null(-MOST_TIME_MS)
    return found.to_numpy()


def _check_has(table: pa.Table, name: str, path: str) -> None:
    if name not in table.column_names:
        known = ", ".join(table.column_names[:20])
        raise Refused(f"{Path(path).name} has no column {name!r}; its columns are: {known}")


def _spans_weeks(config: Config, files: Sequence[str]) -> bool:
    """Return whether a baseline with times has each weekday four times."""
    name = config.baseline.timestamp
    if not name or config.window not in ("hour", "day"):
        return False
    low, high = MOST_TIME_MS, -MOST_TIME_MS
    for path in files:
        for table in batches(Path(path)):
            times = _times(table, name, path)
            times = times[times > -MOST_TIME_MS]
            if len(times):
                low, high = min(low, int(times.min())), max(high, int(times.max()))
    return high - low >= 27 * 86_400_000
