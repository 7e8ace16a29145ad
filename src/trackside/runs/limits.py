"""Checks of the values of runs: MLflow's limits and messages.  Pure."""

import re
from collections.abc import Sequence

from msgspec import Struct

from trackside.core import names
from trackside.core.errors import Invalid
from trackside.core.http.codec import INT64_MAX, INT64_MIN, invalid_value, missing
from trackside.metrics.series import Point, canonical
from trackside.runs.model import GivenMetric, GivenTag, LogBatch, LogMetric, LogParam, SetTag

MAX_METRICS = 1000
MAX_PARAMS = 100
MAX_TAGS = 100
MAX_ENTITIES = 1000
MAX_NEW_TAGS = 1000  # of a new run: MLflow has no limit, but the writer blocks other calls while it stores the tags
MAX_PARAM_VALUE = 6000
MAX_TAG_VALUE = 8000
MAX_USER_ID = 256  # as in the table of MLflow's server
MAX_DATASET_NAME, MAX_DATASET_DIGEST = 500, 36
MAX_RESULTS = 50_000
DEFAULT_RESULTS = 1000
_RUN_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,255}")


class ModelPoint(Struct, frozen=True):
    """A metric that is logged for a model in addition to its run."""

    model_id: str
    key: str
    point: Point
    dataset_name: str | None
    dataset_digest: str | None


class Logged(Struct):
    """A checked logging call: the data for the writer to add to a run."""

    run_id: str
    points: dict[str, list[Point]]
    params: list[tuple[str, str]]
    tags: dict[str, str]
    model_points: list[ModelPoint]
    in_batch: bool


def metric(call: LogMetric) -> Logged:
    key = call.key or ""
    given = GivenMetric(
        key=key,
        value=call.value,
        timestamp=call.timestamp,
        step=call.step,
        model_id=call.model_id,
        dataset_name=call.dataset_name,
        dataset_digest=call.dataset_digest,
    )
    point = _point(given, "")
    return Logged(call.run, {key: [point]}, [], {}, _model_points([(given, point)]), False)


def param(call: LogParam) -> Logged:
    return Logged(call.run, {}, [_param(call.key or "", call.value, "")], {}, [], False)


def tag(call: SetTag) -> Logged:
    key, value = check_tag(call.key or "", call.value, "")
    return Logged(call.run, {}, [], {key: value}, [], False)


def batch(call: LogBatch) -> Logged:
    """Return the checked batch.  The checks are in MLflow's order: missing values, the run id, each value, the sizes, duplicate
    params."""
    metrics, params, tags = call.metrics or [], call.params or [], call.tags or []
    _check_present(metrics, params, tags)
    if not _RUN_ID.fullmatch(call.run):
        raise invalid_value("run_id", call.run)
    points: dict[str, list[Point]] = {}
    of_models = []
    odd_keys: set[str] = set()
    for i, given in enumerate(metrics):
        key, value, timestamp, step = given.key or "", given.value, given.timestamp, given.step or 0
        own = points.get(key)
        if own is None:
            own = points[key] = []
            if names.fault_of(key) is not None or len(key) > names.MAX_KEY:
                odd_keys.add(key)
        # Other values are out of range, infinite or not a number, and need the slow check.
        if (
            value is not None
            and -1.7e308 < value < 1.7e308
            and timestamp is not None
            and 0 <= timestamp <= INT64_MAX
            and INT64_MIN <= step <= INT64_MAX
            and key not in odd_keys
        ):
            point = (step, timestamp, value + 0.0)
        else:
            point = _point(given, f"metrics[{i}].")
        own.append(point)
        if given.model_id:
            of_models.append((given, point))
    checked_params = [_param(p.key or "", p.value, f"params[{i}].") for i, p in enumerate(params)]
    checked_tags = [check_tag(t.key or "", t.value, f"tags[{i}].") for i, t in enumerate(tags)]
    _check_sizes(len(metrics), len(params), len(tags))
    if len({key for key, _ in checked_params}) != len(checked_params):
        _raise_duplicates(checked_params)
    return Logged(call.run, points, checked_params, dict(checked_tags), _model_points(of_models), True)


def check_tag(key: str, value: str | None, path: str) -> tuple[str, str]:
    """Return the checked tag.  Long values are truncated, as MLflow does by default."""
    names.check_key(key, f"{path}key")
    names.check_length(key, f"{path}key", names.MAX_KEY)
    return key, (value or "")[:MAX_TAG_VALUE]


def new_tags(tags: Sequence[GivenTag]) -> dict[str, str]:
    if len(tags) > MAX_NEW_TAGS:
        raise Invalid(
            f"A run can be made with at most {MAX_NEW_TAGS} tags. Got {len(tags)} tags. Please log the others in batches."
        )
    return dict(check_tag(given.key or "", given.value, "") for given in tags)


def run_name(name: str | None) -> str:
    """Return the run name in a call, truncated like the value of the tag `mlflow.runName`; "" if the call has none."""
    return (name or "")[:MAX_TAG_VALUE]


def _point(given: GivenMetric, path: str) -> Point:
    key = given.key or ""
    names.check_key(key, f"{path}name")
    names.check_length(key, "Metric name", names.MAX_KEY)
    if given.value is None:
        raise missing(f"{path}value")
    timestamp, step = given.timestamp, given.step or 0
    if timestamp is None or not 0 <= timestamp <= INT64_MAX:
        raise Invalid(
            f"Invalid value {timestamp} for parameter '{path}timestamp' supplied: metric '{key}' (value={given.value}). "
            "Timestamp must be a nonnegative long (64-bit integer) "
        )
    if not INT64_MIN <= step <= INT64_MAX:
        raise Invalid(
            f"Invalid value {step} for parameter '{path}step' supplied: metric '{key}' (value={given.value}). "
            "Step must be a valid long (64-bit integer)."
        )
    return step, timestamp, canonical(given.value)


def _param(key: str, value: str | None, path: str) -> tuple[str, str]:
    names.check_key(key, f"{path}key")
    names.check_length(key, "Param key", names.MAX_KEY)
    return key, (value or "")[:MAX_PARAM_VALUE]


def _model_points(given: Sequence[tuple[GivenMetric, Point]]) -> list[ModelPoint]:
    for metric, _ in given:
        if metric.model_id:
            names.check_length(metric.dataset_name or "", "dataset_name", MAX_DATASET_NAME)
            names.check_length(metric.dataset_digest or "", "dataset_digest", MAX_DATASET_DIGEST)
    return [
        ModelPoint(metric.model_id, metric.key or "", point, metric.dataset_name, metric.dataset_digest)
        for metric, point in given
        if metric.model_id
    ]


def _check_present(metrics: Sequence[GivenMetric], params: Sequence[GivenTag], tags: Sequence[GivenTag]) -> None:
    for i, given in enumerate(metrics):
        if not given.key:
            raise missing(f"metrics[{i}].key")
        if given.value is None:
            raise missing(f"metrics[{i}].value")
        if given.timestamp is None:
            raise missing(f"metrics[{i}].timestamp")
    for what, items in (("params", params), ("tags", tags)):
        for i, item in enumerate(items):
            if not item.key:
                raise missing(f"{what}[{i}].key")


def _check_sizes(metrics: int, params: int, tags: int) -> None:
    for what, size, limit in (
        ("metrics", metrics, MAX_METRICS),
        ("params", params, MAX_PARAMS),
        ("tags", tags, MAX_TAGS),
        ("metrics, params, and tags", metrics + params + tags, MAX_ENTITIES),
    ):
        if size > limit:
            raise Invalid(
                f"A batch logging request can contain at most {limit} {what}. Got {size} {what}. Please split up {what} "
                "across multiple requests and try again."
            )


def _raise_duplicates(params: Sequence[tuple[str, str]]) -> None:
    seen: set[str] = set()
    twice = []
    for key, _ in params:
        if key in seen:
            twice.append(key)
        seen.add(key)
    raise Invalid(
        f"Duplicate parameter keys have been submitted: {twice}. Please ensure the request contains only "
        "one param value per param key."
    )
