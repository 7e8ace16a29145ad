"""The calls for metrics of traces and for the correlation of two filters."""

from dataclasses import dataclass
from typing import Any

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http import codec
from trackside.core.http.codec import Answer, Call, Part
from trackside.core.http.routes import LISTED, Route, query
from trackside.traces.api.calls import seqs_of
from trackside.traces.search import scan, sql
from trackside.traces.search.correlation import npmi
from trackside.traces.search.metrics import DEFAULT_RESULTS, MAX_RESULTS, Aggregation, MetricQuery, Point, check, points
from trackside.traces.storage.body_files import BodyFiles

_VIEWS = {"1": "TRACES", "2": "SPANS", "3": "ASSESSMENTS"}
_KINDS = {"1": "COUNT", "2": "SUM", "3": "AVG", "4": "PERCENTILE", "5": "MIN", "6": "MAX"}
MAX_INTERVAL_S = 10 * 366 * 86_400


class WireAggregation(Part, frozen=True):
    aggregation_type: str | None = None
    percentile_value: float | None = None


class QueryMetrics(Call, frozen=True):
    required = ("metric_name", "view_type")
    experiment_ids: list[str] | None = None
    view_type: str | None = None
    metric_name: str | None = None
    aggregations: list[WireAggregation] | None = None
    dimensions: list[str] | None = None
    filters: list[str] | None = None
    time_interval_seconds: int | None = None
    start_time_ms: int | None = None
    end_time_ms: int | None = None
    max_results: int | None = None
    page_token: str | None = None


class Points(Answer, frozen=True):
    data_points: list[Point] = []


class Correlate(Call, frozen=True):
    required = ("filter_string1", "filter_string2")
    experiment_ids: list[str] | None = None
    filter_string1: str | None = None
    filter_string2: str | None = None
    base_filter: str | None = None


class Correlation(Answer, frozen=True):
    npmi: Any
    npmi_smoothed: Any
    filter1_count: int
    filter2_count: int
    joint_count: int
    total_count: int


def query_metrics(tx: Tx, call: QueryMetrics) -> Points:
    if not call.experiment_ids:
        raise codec.missing("experiment_ids")
    if not call.aggregations:
        raise codec.missing("aggregations")
    aggregations = tuple(_aggregation(each) for each in call.aggregations)
    view = _VIEWS.get(call.view_type or "", call.view_type or "")
    name, dimensions = call.metric_name or "", tuple(call.dimensions or ())
    metric = check(view, name, aggregations, dimensions)
    most = DEFAULT_RESULTS if call.max_results is None else call.max_results
    if not 1 <= most <= MAX_RESULTS:
        raise Invalid(f"max_results is {most}; it must be between 1 and {MAX_RESULTS}")
    interval = call.time_interval_seconds
    if interval is not None:
        if not 1 <= interval <= MAX_INTERVAL_S:
            raise Invalid(f"time_interval_seconds is {interval}; it must be between 1 and {MAX_INTERVAL_S}")
        if call.start_time_ms is None or call.end_time_ms is None:
            raise Invalid("start_time_ms and end_time_ms are required if time_interval_seconds is set")
    asked = MetricQuery(
        view=view,
        name=name,
        metric=metric,
        aggregations=aggregations,
        dimensions=dimensions,
        filters=tuple(call.filters or ()),
        interval_s=interval,
        start_ms=call.start_time_ms,
        end_ms=call.end_time_ms,
        most=most,
    )
    return Points(data_points=points(tx, asked, seqs_of(tx, call.experiment_ids)))


def _aggregation(given: WireAggregation) -> Aggregation:
    kind = _KINDS.get(given.aggregation_type or "", given.aggregation_type or "")
    if kind not in _KINDS.values():
        raise Invalid(f"aggregation_type is {kind[:100]!r}; it must be one of {', '.join(_KINDS.values())}")
    if kind != "PERCENTILE":
        if given.percentile_value is not None:
            raise Invalid(f"percentile_value is only allowed for PERCENTILE aggregation type, got {kind}")
        return Aggregation(kind)
    if given.percentile_value is None:
        raise Invalid("percentile_value is required for PERCENTILE aggregation")
    if not 0 <= given.percentile_value <= 100:
        raise Invalid(f"percentile_value must be between 0 and 100, got {given.percentile_value}")
    return Aggregation(kind, given.percentile_value)


@dataclass(frozen=True)
class Calls:
    files: BodyFiles

    def correlate(self, tx: Tx, call: Correlate) -> Correlation:
        return _correlate(tx, call, self.files)


def _correlate(tx: Tx, call: Correlate, files: BodyFiles) -> Correlation:
    if not call.experiment_ids:
        raise codec.missing("experiment_ids")
    seqs = seqs_of(tx, call.experiment_ids)
    readable = tx.only_readable("experiment", Action.TRACES_READ, "e.experiment_id")
    base, first, second = (
        scan.count(tx, sql.parse(text, (), seqs), readable, files) if seqs else set()
        for text in (call.base_filter, call.filter_string1, call.filter_string2)
    )
    first, second = first & base, second & base
    joint = len(first & second)
    plain, smoothed = npmi(joint, len(first), len(second), len(base))
    return Correlation(
        npmi=codec.wire_double(plain),
        npmi_smoothed=codec.wire_double(smoothed),
        filter1_count=len(first),
        filter2_count=len(second),
        joint_count=joint,
        total_count=len(base),
    )


def routes(files: BodyFiles) -> list[Route]:
    reads = Action.TRACES_READ
    return [
        query("POST traces/metrics", QueryMetrics, query_metrics, needs=reads, on=LISTED, version="3.0", answer=Points),
        query(
            "POST traces/calculate-filter-correlation",
            Correlate,
            Calls(files).correlate,
            needs=reads,
            on=LISTED,
            version="3.0",
            answer=Correlation,
        ),
    ]
