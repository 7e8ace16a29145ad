"""From counts to the text that Prometheus reads.  Depends on `prometheus_client`, and on neither SQL nor HTTP.

The library writes the format and adds its own metric families of the Python process.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from itertools import accumulate
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    SummaryMetricFamily,
)
from prometheus_client.exposition import choose_encoder

from trackside.core.http.meter import BOUNDS_S, Timing
from trackside.monitoring import families as f
from trackside.monitoring.families import FAMILIES, Family

_MADE = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily}


class Facts(NamedTuple):
    """The values of a scrape.  `requests` is by (method, route, class of status), `scoring` by the labels of `SCORED`.

    `timings` has the other histograms, by the labels of each."""

    values: Mapping[Family, Iterable[tuple[tuple[str, ...], float]]]
    requests: Mapping[Hashable, Timing]
    scoring: Mapping[Hashable, Timing]
    timings: Mapping[Family, Iterable[tuple[tuple[str, ...], Timing]]]


class Exposition:
    """`facts` is called at each scrape.  `is_alone`: include the metrics of the Python process, which are useless for one of
    several workers."""

    def __init__(self, facts: Callable[[], Facts], *, is_alone: bool = True) -> None:
        self._facts = facts
        self._registry = CollectorRegistry(auto_describe=False)
        for collector in (ProcessCollector, PlatformCollector, GCCollector) if is_alone else (PlatformCollector,):
            collector(registry=self._registry)
        self._registry.register(self)

    def text(self, accept: str) -> tuple[str, bytes]:
        """Return the content type and the body, as OpenMetrics if the Accept header requests it, otherwise in Prometheus' text
        format."""
        encode, content_type = choose_encoder(accept)
        return content_type, encode(self._registry)

    def describe(self) -> list[Any]:
        """Return nothing: otherwise the registry would scrape at once to learn the names."""
        return []

    def collect(self) -> Iterable[Any]:
        facts = self._facts()
        requests = [(_words(key), timing) for key, timing in facts.requests.items()]
        scoring = [(_words(key), timing) for key, timing in facts.scoring.items()]
        for family in FAMILIES:
            if family is f.REQUESTS:
                yield _histogram(family, requests)
            elif family is f.SCORED:
                yield _histogram(family, scoring)
            elif family.kind == "histogram":
                yield _histogram(family, facts.timings.get(family, ()))
            elif family is f.ANSWERED:
                yield _summary(family, requests)
            else:
                yield _plain(family, facts.values.get(family, ()))


def _words(key: Any) -> tuple[str, ...]:
    """Return the labels of a timing.  The last one is a class of statuses, or a status that is counted separately."""
    *labels, code = key
    return (*(str(label) for label in labels), f"{code}xx" if code < 10 else str(code))


def _plain(family: Family, values: Iterable[tuple[tuple[str, ...], float]]) -> Any:
    made = _MADE[family.kind](family.full, family.help, labels=family.labels)
    for labels, value in values:
        made.add_metric(_printable(labels), value)
    return made


def _summary(family: Family, timings: Iterable[tuple[tuple[str, ...], Timing]]) -> Any:
    """Return the summary of the sizes that were counted with the timings."""
    made = SummaryMetricFamily(family.full, family.help, labels=family.labels)
    for labels, timing in timings:
        made.add_metric(_printable(labels), count_value=sum(timing.counts), sum_value=timing.size)
    return made


def _histogram(family: Family, timings: Iterable[tuple[tuple[str, ...], Timing]]) -> Any:
    edges = [*(f"{bound * family.scale:g}" for bound in BOUNDS_S), "+Inf"]
    made = HistogramMetricFamily(family.full, family.help, labels=family.labels)
    for labels, timing in timings:
        buckets = list(zip(edges, accumulate(timing.counts), strict=True))
        made.add_metric(
            _printable(labels), [(edge, float(count)) for edge, count in buckets], timing.seconds * family.scale
        )
    return made


def _printable(labels: Iterable[str]) -> list[str]:
    """Return labels that UTF-8 can encode: a lone surrogate becomes a question mark."""
    return [label if label.isascii() else label.encode("utf-8", "replace").decode() for label in labels]
