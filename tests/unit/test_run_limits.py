"""The limits of values of runs, and messages of refusals."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from trackside.core.errors import Invalid
from trackside.core.http.codec import HINT
from trackside.runs import limits
from trackside.runs.limits import Logged, ModelPoint
from trackside.runs.model import (
    ENDED,
    GivenMetric,
    GivenTag,
    LogBatch,
    LogMetric,
    LogParam,
    SetTag,
    Status,
    random_name,
    status_of,
)

INT64 = 2**63 - 1
NAMES = "Names may be treated as files in certain cases"
POINT: dict[str, Any] = {"key": "m", "value": 1.5, "timestamp": 7, "step": 3}
numbers = st.sampled_from([None, 0, 1, -1, INT64, INT64 + 1, -INT64 - 1, -INT64 - 2])
metrics = st.builds(
    GivenMetric,
    key=st.sampled_from(["m", "n", "../m", "x" * 250, "x" * 251]),
    value=st.floats() | st.sampled_from([0.0, -0.0, 1.7e308, -1.7e308, 1.79e308, math.inf, -math.inf, math.nan]),
    timestamp=st.sampled_from([0, 1, INT64, INT64 + 1, -1]),
    step=numbers,
)


def batch(**more: Any) -> Logged:
    return limits.batch(LogBatch(run_id="r", **more))


def tags(*items: tuple[str | None, str | None]) -> list[GivenTag]:
    return [GivenTag(key, value) for key, value in items]


@given(metrics)
def test_a_batch_accepts_the_same_points_as_single_calls(metric: GivenMetric) -> None:
    def result(log: Any, path: str) -> str:
        try:
            return repr(log().points)
        except Invalid as fault:
            return fault.message.replace(f"'{path}", "'")

    single = LogMetric(run_id="r", **{k: v for k, v in structs.asdict(metric).items() if k != "run_id"})

    assert result(lambda: batch(metrics=[metric]), "metrics[0].") == result(lambda: limits.metric(single), "")


def test_the_data_of_a_logging_call() -> None:
    of_model = {**POINT, "model_id": "m-1", "dataset_name": "d", "dataset_digest": "1"}
    point = (3, 7, 1.5)
    model_point = ModelPoint("m-1", "m", point, "d", "1")

    assert limits.metric(LogMetric(run_id="r", **POINT)) == Logged("r", {"m": [point]}, [], {}, [], False)
    assert limits.metric(LogMetric(run_id="r", **of_model)).model_points == [model_point]
    assert limits.param(LogParam("r", None, "k", "v")) == Logged("r", {}, [("k", "v")], {}, [], False)
    assert limits.param(LogParam("r", None, "k")).params == [("k", "")]
    assert limits.tag(SetTag("r", None, "k", "v")) == Logged("r", {}, [], {"k": "v"}, [], False)
    assert limits.tag(SetTag("r", None, "k")).tags == {"k": ""}
    assert batch() == Logged("r", {}, [], {}, [], True)
    assert batch(
        metrics=[GivenMetric(**POINT), GivenMetric(**of_model), GivenMetric("n", 2, 8)],
        params=tags(("a", "1"), ("b", None)),
        tags=tags(("t", "1"), ("t", "2")),
    ) == Logged(
        "r", {"m": [point, point], "n": [(0, 8, 2.0)]}, [("a", "1"), ("b", "")], {"t": "2"}, [model_point], True
    )


def test_long_values_are_cut() -> None:
    long = "x" * 9000

    assert limits.param(LogParam("r", None, "k", long)).params == [("k", "x" * 6000)]
    assert limits.tag(SetTag("r", None, "k", long)).tags == {"k": "x" * 8000}
    assert (limits.run_name(long), limits.run_name(None)) == ("x" * 8000, "")
    assert limits.new_tags(tags(("a", long), ("b", None))) == {"a": "x" * 8000, "b": ""}


def test_refused_calls(subtests: pytest.Subtests) -> None:
    cases: list[tuple[Any, str]] = [
        (lambda: limits.metric(LogMetric(run_id="r", value=1, timestamp=1)), f"""parameter 'name' supplied: {NAMES}"""),
        (
            lambda: limits.metric(LogMetric(run_id="r", **{**POINT, "key": "x" * 251})),
            "'Metric name' exceeds the maximum",
        ),
        (lambda: limits.metric(LogMetric(run_id="r", key="m", timestamp=1)), f"parameter 'value'.{HINT}"),
        (
            lambda: limits.metric(LogMetric(run_id="r", key="m", value=2)),
            "Invalid value None for parameter 'timestamp' supplied: metric 'm' (value=2). Timestamp must be a nonnegative long",
        ),
        (
            lambda: batch(metrics=[GivenMetric(**POINT), GivenMetric(**{**POINT, "step": INT64 + 1})]),
            f"Invalid value {INT64 + 1} for parameter 'metrics[1].step' supplied: metric 'm' (value=1.5). Step must be",
        ),
        (
            lambda: batch(metrics=[GivenMetric(**{**POINT, "key": "a//b"})]),
            "\"a//b\" for parameter 'metrics[0].name' suppl",
        ),
        (lambda: limits.param(LogParam("r")), f"Invalid value \"\" for parameter 'key' supplied: {NAMES}"),
        (lambda: limits.param(LogParam("r", None, "x" * 251)), "'Param key' exceeds the maximum length of 250"),
        (lambda: limits.tag(SetTag("r")), f"Invalid value \"\" for parameter 'key' supplied: {NAMES}"),
        (lambda: limits.tag(SetTag("r", None, "x" * 251)), "'key' exceeds the maximum length of 250"),
        (lambda: batch(tags=tags(("a", "b"), ("x" * 251, ""))), "'tags[1].key' exceeds the maximum length of 250"),
        (lambda: batch(tags=tags(("a", "b"), ("/", ""))), "for parameter 'tags[1].key' supplied"),
        (lambda: batch(params=tags(("a", "b"), ("/", ""))), "for parameter 'params[1].key' supplied"),
        (lambda: batch(params=tags(("a", "b"), (None, "c"))), f"parameter 'params[1].key'.{HINT}"),
        (lambda: batch(tags=tags(("", "b"))), f"parameter 'tags[0].key'.{HINT}"),
        (lambda: batch(metrics=[GivenMetric(**POINT), GivenMetric()]), f"parameter 'metrics[1].key'.{HINT}"),
        (lambda: batch(metrics=[GivenMetric("m", None, 1)]), f"parameter 'metrics[0].value'.{HINT}"),
        (lambda: batch(metrics=[GivenMetric("m", 1)]), f"parameter 'metrics[0].timestamp'.{HINT}"),
        (lambda: limits.batch(LogBatch("")), "Invalid value \"\" for parameter 'run_id' supplied"),
        (lambda: limits.batch(LogBatch("a/b")), "Invalid value \"a/b\" for parameter 'run_id' supplied"),
        (lambda: batch(params=tags(*[("a", ""), ("b", ""), ("a", "x")])), "keys have been submitted: ['a']."),
        (lambda: limits.new_tags(tags(("/", ""))), "for parameter 'key' supplied"),
        (lambda: limits.new_tags(tags(*[("a", "")] * 1001)), "with at most 1000 tags. Got 1001 tags."),
    ]
    for call, message in cases:
        with subtests.test(call=call, message=message):
            with pytest.raises(Invalid) as caught:
                call()

            assert message in caught.value.message


@pytest.mark.parametrize(
    ("sizes", "what"),
    [
        ((1000, 0, 0), None), ((0, 100, 100), None), ((800, 100, 100), None), ((1001, 0, 0), "1000 metrics. Got 1001 metrics."),
        ((0, 101, 0), "100 params. Got 101 params."), ((0, 0, 101), "100 tags. Got 101 tags."),
        ((801, 100, 100), "1000 metrics, params, and tags. Got 1001 metrics, params, and tags."),
    ],
)  # fmt: skip
def test_the_limits_of_a_batch(sizes: tuple[int, int, int], what: str | None) -> None:
    given_metrics, params, own_tags = sizes
    fields = {
        "metrics": [GivenMetric(**POINT)] * given_metrics,
        "params": tags(*[(str(i), "") for i in range(params)]),
        "tags": tags(*[(str(i), "") for i in range(own_tags)]),
    }
    if what is None:
        assert len(batch(**fields).params) == params
        return
    with pytest.raises(Invalid) as caught:
        batch(**fields)
    assert f"can contain at most {what}" in caught.value.message


def test_the_dataset_of_a_models_metric(subtests: pytest.Subtests) -> None:
    cases = [
        ("dataset_name", 500, True),
        ("dataset_name", 501, False),
        ("dataset_digest", 36, True),
        ("dataset_digest", 37, False),
    ]
    for field, length, is_right in cases:
        with subtests.test(field=field, length=length, is_right=is_right):
            metric = GivenMetric(**{**POINT, "model_id": "m-1", field: "x" * length})

            assert batch(metrics=[GivenMetric(**{**POINT, field: "x" * length})]).model_points == []
            if is_right:
                assert getattr(batch(metrics=[metric]).model_points[0], field) == "x" * length
            else:
                with pytest.raises(Invalid, match=f"^'{field}' exceeds the maximum length of {length - 1} characters$"):
                    batch(metrics=[metric])


def test_a_status_has_a_name_and_a_number() -> None:
    given: list[str | int | None] = ["RUNNING", "FAILED", 1, "2", 3, 4, 5, 6, 0, "running", None]

    assert [status_of(each) for each in given] == [
        Status.RUNNING, Status.FAILED, Status.RUNNING, Status.SCHEDULED, Status.FINISHED, Status.FAILED, Status.KILLED,
        None, None, None, None,
    ]  # fmt: skip
    assert set(ENDED) == set(Status) - {Status.RUNNING, Status.SCHEDULED}


def test_a_random_name_has_two_words_and_a_number() -> None:
    for _ in range(20):
        adjective, animal, number = random_name().split("-")
        assert adjective.isalpha()
        assert animal.isalpha()
        assert 0 <= int(number) < 1000
