"""Aggregates over traces, spans or assessments: counts, sums, percentiles, by name and time."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.filters.parse import parse_name_and_value
from trackside.core.filters.to_sql import Binder
from trackside.traces import model as m

DEFAULT_RESULTS = 1_000  # MLflow's maximum
MAX_RESULTS = 20_000
BUCKET = "time_bucket"

_NUMBERS = ("AVG", "MIN", "MAX", "PERCENTILE")
_SUMS = ("SUM", *_NUMBERS)
_DIMENSIONS = {
    "trace_name": "COALESCE(t.name, t.root_name)",
    "trace_status": "t.state",
    "trace_user": "t.user_id",
    "span_name": "s.name",
    "span_type": "s.type",
    "span_status": "s.status",
    "span_model_name": "s.model",
    "span_model_provider": "s.provider",
    "assessment_name": "a.name",
    "assessment_value": "a.value",
}


class Metric(Struct, frozen=True):
    """`value` is the SQL expression to aggregate, by dialect if it differs; None counts rows."""

    value: str | None
    aggregations: tuple[str, ...]
    dimensions: tuple[str, ...] = ()
    postgresql: str | None = None

    def of(self, dialect: str) -> str | None:
        return self.postgresql if dialect == "postgresql" and self.postgresql else self.value


def _span_tokens(place: int, key: str) -> Metric:
    """Return the metric of the tokens of each span's own model call: in an array of counts, or in the object of older rows."""
    return Metric(
        f"COALESCE(json_extract(s.token_usage, '$[{place}]'), json_extract(s.token_usage, '$.{key}'))",
        _SUMS,
        (*_MODELS, *_OF_TRACE),
        postgresql=(
            f"CAST(COALESCE(CAST(s.token_usage AS JSON) ->> {place}, CAST(s.token_usage AS JSON) ->> '{key}') "
            "AS DOUBLE PRECISION)"
        ),
    )


_MODELS = ("span_model_name", "span_model_provider")
_OF_TRACE = ("trace_name", "trace_user")
METRICS: dict[str, dict[str, Metric]] = {
    "TRACES": {
        "trace_count": Metric(None, ("COUNT",), ("trace_name", "trace_status", "trace_user")),
        "session_count": Metric("t.session_id", ("COUNT",)),
        "latency": Metric("t.duration_ms", _NUMBERS, _OF_TRACE),
        **{key: Metric(f"t.{key}", _SUMS, _OF_TRACE) for key in (*m.TOKEN_KEYS, *m.CACHE_KEYS)},
    },
    "SPANS": {
        "span_count": Metric(None, ("COUNT",), ("span_name", "span_type", "span_status", *_MODELS)),
        "latency": Metric("s.duration_us / 1000.0", _NUMBERS, ("span_name", "span_status", *_MODELS)),
        **{key: Metric(f"s.{key}", _SUMS, (*_MODELS, *_OF_TRACE)) for key in m.COST_KEYS},
        **{key: _span_tokens(place, key) for place, key in enumerate(m.TOKEN_KEYS)},
    },
    "ASSESSMENTS": {
        "assessment_count": Metric(None, ("COUNT",), ("assessment_name", "assessment_value")),
        "assessment_value": Metric("a.number", _NUMBERS, ("assessment_name",)),
    },
}
_TABLES = {
    "TRACES": "traces t",
    "SPANS": "traces t JOIN trace_spans s ON s.trace_seq = t.trace_seq",
    "ASSESSMENTS": "traces t JOIN trace_assessments a ON a.trace_seq = t.trace_seq AND a.is_valid = 1",
}
_TIMES = {"TRACES": "t.timestamp_ms", "SPANS": "s.start_ms", "ASSESSMENTS": "t.timestamp_ms"}
_FILTERS = {
    "trace": {"status": "t.state", "name": "t.name"},
    "span": {"name": "s.name", "status": "s.status", "type": "s.type"},
    "assessment": {"name": "a.name", "type": "a.kind"},
}
_OF_VIEW = {"TRACES": ("trace",), "SPANS": ("trace", "span"), "ASSESSMENTS": ("trace", "assessment")}


class Aggregation(Struct, frozen=True):
    kind: str
    percentile: float = 0.0

    @property
    def label(self) -> str:
        return f"P{self.percentile}" if self.kind == "PERCENTILE" else self.kind


class MetricQuery(Struct, frozen=True):
    view: str
    name: str
    metric: Metric
    aggregations: tuple[Aggregation, ...]
    dimensions: tuple[str, ...]
    filters: tuple[str, ...]
    interval_s: int | None
    start_ms: int | None
    end_ms: int | None
    most: int


class Point(Struct, frozen=True):
    metric_name: str
    dimensions: dict[str, str]
    values: dict[str, float]


def check(view: str, name: str, aggregations: Sequence[Aggregation], dimensions: Sequence[str]) -> Metric:
    """Return the metric, or raise Invalid with MLflow's message."""
    if view not in METRICS:
        raise Invalid(f"view_type must be one of {list(METRICS)}, got '{view}'")
    found = METRICS[view].get(name)
    if found is None:
        raise Invalid(f"metric_name must be one of {list(METRICS[view])}, got '{name}'")
    if wrong := sorted({each.kind for each in aggregations} - set(found.aggregations)):
        raise Invalid(
            f"Found invalid aggregation_type(s): {wrong}. Supported aggregation types: {sorted(found.aggregations)}"
        )
    if wrong := sorted(set(dimensions) - set(found.dimensions)):
        raise Invalid(f"Found invalid dimension(s): {wrong}. Supported dimensions: {sorted(found.dimensions)}")
    return found


def points(tx: Tx, asked: MetricQuery, experiment_seqs: Sequence[int]) -> list[Point]:
    """Return the aggregates of the groups.  Percentiles are exact, with linear interpolation."""
    if not experiment_seqs:
        return []
    bind = Binder()
    keys = [_DIMENSIONS[name] for name in asked.dimensions]
    if asked.interval_s is not None:
        size = asked.interval_s * 1000
        at = _TIMES[asked.view]
        keys.insert(0, f"({at} - (({at} % {size}) + {size}) % {size})")
    conditions = [f"t.experiment_seq IN {bind(list(experiment_seqs))}"]
    if asked.start_ms is not None:
        conditions.append(f"{_TIMES[asked.view]} >= {bind(asked.start_ms)}")
    if asked.end_ms is not None:
        conditions.append(f"{_TIMES[asked.view]} <= {bind(asked.end_ms)}")
    conditions += [_condition(text, asked.view, tx.dialect, bind) for text in asked.filters]
    conditions += [f"{key} IS NOT NULL" for key in keys]
    value = asked.metric.of(tx.dialect)
    if value is not None:
        conditions.append(f"{value} IS NOT NULL")
    source = f"FROM {_TABLES[asked.view]} WHERE +t.workspace_id = :ws AND {' AND '.join(conditions)}"
    groups = ", ".join(str(i + 1) for i in range(len(keys)))
    if any(each.kind == "PERCENTILE" for each in asked.aggregations):
        rows = _with_percentiles(tx, asked, [*keys, str(value)], source, bind)
    else:
        chosen = ", ".join([*keys, *(_aggregate(value, each.kind) for each in asked.aggregations)])
        order = f" GROUP BY {groups} ORDER BY {groups}" if keys else ""
        rows = tx.all(f"SELECT {chosen} {source}{order} LIMIT {bind(asked.most)}", **bind.params)
    return [point for row in rows if (point := _point(asked, row, len(keys))) is not None]


def _aggregate(value: str | None, kind: str) -> str:
    if kind == "COUNT":
        return "COUNT(*)" if value is None else f"COUNT(DISTINCT {value})"
    return f"{kind}({value})"


def _with_percentiles(
    tx: Tx, asked: MetricQuery, columns: Sequence[str], source: str, bind: Binder
) -> list[tuple[Any, ...]]:
    """Return the rows with percentiles, computed from the ordered values of each group: SQLite has no such function.  `columns`:
    the keys and the value."""
    order = ", ".join(str(i + 1) for i in range(len(columns)))
    found: dict[tuple[Any, ...], list[float]] = {}
    for row in tx.all(f"SELECT {', '.join(columns)} {source} ORDER BY {order}", **bind.params):
        found.setdefault(tuple(row[:-1]), []).append(float(row[-1]))
    rows = []
    for key, values in list(found.items())[: asked.most]:
        numbers = []
        for each in asked.aggregations:
            match each.kind:
                case "PERCENTILE":
                    numbers.append(percentile(values, each.percentile))
                case "SUM":
                    numbers.append(sum(values))
                case "AVG":
                    numbers.append(sum(values) / len(values))
                case "MIN":
                    numbers.append(values[0])
                case _:
                    numbers.append(values[-1])
        rows.append((*key, *numbers))
    return rows


def percentile(values: Sequence[float], percent: float) -> float:
    """Return a percentile of `values`, which are sorted and not empty."""
    at = percent / 100 * (len(values) - 1)
    low = math.floor(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (at - low)


def _point(asked: MetricQuery, row: Sequence[Any], key_count: int) -> Point | None:
    keys = list(row[:key_count])
    dimensions: dict[str, str] = {}
    if asked.interval_s is not None:
        dimensions[BUCKET] = _time(int(keys.pop(0)))
    dimensions.update({name: str(value) for name, value in zip(asked.dimensions, keys, strict=True)})
    values = {
        each.label: float(value)
        for each, value in zip(asked.aggregations, row[key_count:], strict=True)
        if value is not None
    }
    return Point(asked.name, dimensions, values) if values else None


def _time(ms: int) -> str:
    low, high = -62_135_596_800_000, 253_402_300_799_000
    return datetime.fromtimestamp(min(max(ms, low), high) / 1000, UTC).isoformat()


def _condition(text: str, view: str, dialect: str, bind: Binder) -> str:
    """Return the condition of a clause such as `trace.status = 'OK'` or `trace.tag.team = 'blue'`."""
    name, value = parse_name_and_value(text)
    entity, _, key = name.partition(".")
    if entity not in _OF_VIEW[view]:
        raise Invalid(
            f"Invalid identifier {name!r}. Columns should be specified as 'trace.<key>', 'span.<key>', 'assessment.<key>'."
        )
    column = _FILTERS[entity].get(key)
    field, dot, rest = key.partition(".")
    if dot and field in _FILTERS[entity]:
        raise Invalid(f"Filtering by '{entity}.{field}' does not require a key, got '{rest[:200]}'")
    if column is None and entity == "trace":
        kind, dot, key = key.partition(".")
        if kind in ("tag", "metadata") and not dot:
            raise Invalid(f"Filtering by {kind} requires a key, e.g. 'trace.{kind}.<key> = <value>'")
        if kind in ("tag", "metadata"):
            column = _member(f"t.{'tags' if kind == 'tag' else 'metadata'}", key.strip("`\"'"), dialect, bind)
    if column is None:
        valid = [*_FILTERS[entity], *(("tag", "metadata") if entity == "trace" else ())]
        raise Invalid(f"Invalid entity '{key}' specified for view type '{entity}'. Valid entities are {valid}")
    return f"{column} = {bind(value)}"


def _member(column: str, key: str, dialect: str, bind: Binder) -> str:
    if dialect == "postgresql":
        return f"(CAST({column} AS JSON) ->> CAST({bind(key)} AS TEXT))"
    return f"(SELECT j.value FROM json_each({column}) AS j WHERE j.key = {bind(key)})"
