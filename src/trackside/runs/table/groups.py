"""Runs grouped by params, tags or attributes, with aggregates of metrics."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.filters.fields import RUNS
from trackside.core.filters.nodes import Aggregate, Entity, Field
from trackside.core.filters.parse import parse_field
from trackside.core.filters.to_python import number
from trackside.core.filters.write import equals
from trackside.metrics.series import DOUBLE_MAX
from trackside.runs import selection
from trackside.runs.selection import SelectRuns

MAX_BY = 5
MAX_METRICS = 50
MAX_GROUPS = 1_000
DEFAULT_GROUPS = 100
FEW_RUNS = 1_000  # up to this number of runs, each run is looked up
ATTRIBUTES = ("status", "user_id", "run_name")
AGGREGATES = ("mean", "sd", "min", "max", "runs")

_VALUES = {
    Aggregate.LAST: "CASE WHEN last_is_nan = 1 THEN NULL ELSE last_value END",
    Aggregate.FIRST: "CASE WHEN first_is_nan = 1 THEN NULL ELSE first_value END",
    Aggregate.MIN: "min_value",
    Aggregate.MAX: "max_value",
    Aggregate.MEAN: "sum_value / NULLIF(value_count, 0)",
    Aggregate.COUNT: "point_count",
}
_TABLES = {Entity.PARAM: "params", Entity.TAG: "tags"}

Group = tuple[str | None, ...]


class GroupRuns(SelectRuns, frozen=True):
    by: list[str] | None = None
    metrics: list[str] | None = None
    order_by: str | None = None  # count, a field of `by`, or `sd of metrics.loss`; with DESC for the other direction
    max_results: int | None = None
    offset: int | None = None


class MetricOfGroup(Struct, frozen=True, kw_only=True):
    """The aggregates of a metric over the runs of a group with finite values; `odd` is the number of runs with other values."""

    runs: int
    odd: int
    mean: float | None
    sd: float | None  # standard deviation of a sample
    min: float | None
    max: float | None


class RunGroup(Struct, frozen=True, kw_only=True):
    """A group of runs.  `filter` selects its runs; null if no filter can."""

    values: list[str | None]
    count: int
    filter: str | None
    metrics: list[MetricOfGroup]


class Groups(Struct, frozen=True, kw_only=True):
    matching: int
    groups_total: int
    offset: int
    groups: list[RunGroup]


class _Sums:
    """Sums by Welford's algorithm, which is numerically stable."""

    __slots__ = ("high", "low", "mean", "n", "odd", "squares")

    def __init__(self) -> None:
        self.n = self.odd = 0
        self.mean = self.squares = 0.0
        self.low, self.high = math.inf, -math.inf

    def add(self, value: float | None) -> None:
        if value is None or abs(value) >= DOUBLE_MAX:
            self.odd += 1
            return
        self.n += 1
        delta = value - self.mean
        self.mean += delta / self.n
        self.squares += delta * (value - self.mean)
        self.low, self.high = min(self.low, value), max(self.high, value)

    def answer(self) -> MetricOfGroup:
        sd = math.sqrt(self.squares / (self.n - 1)) if self.n > 1 else None
        return MetricOfGroup(
            runs=self.n,
            odd=self.odd,
            mean=_finite(self.mean) if self.n else None,
            sd=_finite(sd),
            min=self.low if self.n else None,
            max=self.high if self.n else None,
        )


def read(tx: Tx, call: GroupRuns) -> Groups:
    by = _fields(call.by or [])
    metrics = [_metric(name) for name in call.metrics or []]
    _bound("metrics", len(metrics), 0, MAX_METRICS)
    most = DEFAULT_GROUPS if call.max_results is None else call.max_results
    _bound("max_results", most, 1, MAX_GROUPS)
    offset = call.offset or 0
    _bound("offset", offset, 0, 2**62)
    order, is_descending = _order(call.order_by, call.by or [], call.metrics or [])
    search = selection.read(tx, call)
    seqs = selection.seqs(tx, search)
    columns = [_texts(tx, field, search.experiments) for field in by]
    members: dict[Group, list[int]] = {}
    for seq in seqs:
        members.setdefault(tuple(column.get(seq) for column in columns), []).append(seq)
    # There may be thousands of groups, and the answer has one page: the others need only the metric of the order.
    answers: dict[int, dict[Group, MetricOfGroup]] = {}  # by the place of the metric
    what, place, _ = order
    if what == "metric":
        answers[place] = _aggregate(tx, metrics[place], members, search.experiments)
    names = _ordered(list(members), order, members, answers, is_descending=is_descending)
    shown = {name: members[name] for name in names[offset : offset + most]}
    for i, field in enumerate(metrics):
        if i not in answers:
            answers[i] = _aggregate(tx, field, shown, search.experiments)
    return Groups(
        matching=len(seqs),
        groups_total=len(names),
        offset=offset,
        groups=[
            RunGroup(
                values=list(name),
                count=len(own),
                filter=_filter(by, name),
                metrics=[answers[i][name] for i in range(len(metrics))],
            )
            for name, own in shown.items()
        ],
    )


def _fields(names: Sequence[str]) -> list[Field]:
    _bound("by", len(names), 1, MAX_BY)
    found = []
    for name in names:
        field = parse_field(name, RUNS)
        is_attribute = field.entity is Entity.ATTRIBUTE and field.key in ATTRIBUTES
        if field.entity not in _TABLES and not is_attribute:
            raise Invalid(f"by has {name!r}; runs are grouped by params, tags, {', '.join(ATTRIBUTES)}")
        found.append(field)
    return found


def _metric(name: str) -> Field:
    field = parse_field(name, RUNS)
    if field.entity is not Entity.METRIC:
        raise Invalid(f"metrics has {name!r}; each must be a metric such as metrics.loss or min(metrics.loss)")
    return field


def _bound(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise Invalid(f"{name} is {value}; it must be between {least} and {most}")


Order = tuple[str, int, str]  # what to sort by (count, value or metric), its index, and the aggregate


def _order(text: str | None, by: Sequence[str], metrics: Sequence[str]) -> tuple[Order, bool]:
    """Return the order of a call; by default, the largest group first."""
    if not text:
        return ("count", 0, ""), True
    name, _, direction = text.strip().rpartition(" ")
    if direction.upper() not in ("ASC", "DESC"):
        name, direction = text.strip(), "ASC"
    is_descending = direction.upper() == "DESC"
    name = name.strip()
    if name == "count":
        return ("count", 0, ""), is_descending
    if name in by:
        return ("value", list(by).index(name), ""), is_descending
    aggregate, of, field = name.partition(" of ")
    if of and aggregate in AGGREGATES and field in metrics:
        return ("metric", list(metrics).index(field), aggregate), is_descending
    raise Invalid(
        f"order_by is {text!r}; it must be count, an element of by, or one of {', '.join(AGGREGATES)} with an element of "
        "metrics, such as 'mean of metrics.loss DESC'"
    )


def _ordered(
    names: list[Group],
    order: Order,
    members: Mapping[Group, Sequence[int]],
    answers: Mapping[int, Mapping[Group, MetricOfGroup]],
    *,
    is_descending: bool,
) -> list[Group]:
    """Sort groups.  Groups without a value come last in both directions; ties are in the order of the groups' values."""
    what, place, aggregate = order

    def value(name: Group) -> Any:
        if what == "count":
            return len(members[name])
        if what == "value":
            return None if name[place] is None else _natural(name[place] or "")
        return getattr(answers[place][name], aggregate)

    names.sort(key=lambda name: [(part is None, _natural(part or "")) for part in name])
    with_value = [name for name in names if value(name) is not None]
    with_value.sort(key=value, reverse=is_descending)
    return with_value + [name for name in names if value(name) is None]


def _natural(text: str) -> tuple[int, float, str]:
    """Return the sort key of a text: numbers by value, before other texts."""
    said = number(text)
    return (1, 0.0, text) if said is None else (0, said, text)


def _filter(by: Sequence[Field], name: Group) -> str | None:
    parts = [equals(field, value, RUNS) for field, value in zip(by, name, strict=True)]
    return None if None in parts else " AND ".join(part for part in parts if part is not None)


def _texts(tx: Tx, field: Field, experiments: Sequence[int]) -> dict[int, str]:
    if field.entity is Entity.ATTRIBUTE:
        rows = tx.all(
            f"SELECT run_seq, {field.key} FROM runs WHERE +workspace_id = :ws AND experiment_seq IN :experiments",
            experiments=list(experiments),
        )
    else:
        rows = tx.all(
            f"""
            SELECT run_seq, value FROM {_TABLES[field.entity]}
            WHERE workspace_id = :ws AND experiment_seq IN :experiments AND key = :key
            """,
            experiments=list(experiments),
            key=field.key,
        )
    return dict(rows)


def _aggregate(
    tx: Tx, field: Field, members: Mapping[Group, Sequence[int]], experiments: Sequence[int]
) -> dict[Group, MetricOfGroup]:
    """Return the aggregates of a metric over each group."""
    values = _numbers(tx, field, experiments, members)
    found = {}
    for name, own in members.items():
        sums = _Sums()
        for seq in own:
            if seq in values:
                sums.add(values[seq])
        found[name] = sums.answer()
    return found


def _numbers(
    tx: Tx, field: Field, experiments: Sequence[int], members: Mapping[Group, Sequence[int]]
) -> dict[int, float | None]:
    """Return the metric by run: of the members if they are few, otherwise of all runs of the experiments."""
    own_key = "+" if tx.dialect == "sqlite" else ""  # keeps SQLite from reading all series of the workspace
    among, bound = "", {}
    if sum(map(len, members.values())) <= FEW_RUNS:
        among, bound = " AND run_seq IN :runs", {"runs": [seq for own in members.values() for seq in own]}
    rows = tx.all(
        f"""
        SELECT run_seq, {_VALUES[field.aggregate]} FROM metric_series
        WHERE {own_key}workspace_id = :ws AND experiment_seq IN :experiments AND key = :key{among}
        """,
        experiments=list(experiments),
        key=field.key,
        **bound,
    )
    return dict(rows)


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value
