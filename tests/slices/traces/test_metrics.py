"""Counts, sums and percentiles of traces, spans and assessments; combinations of two filters."""

from typing import Any

import pytest

from support.client import Api
from support.traces import AT_MS, Sent, export, start, trace_id


@pytest.fixture
def filled(api: Api) -> Api:
    for number in (1, 2, 3, 4):
        start(
            api,
            number,
            request_time=f"2023-11-14T2{number % 2 + 2}:13:20Z",
            execution_duration=f"{number}s",
            state="ERROR" if number == 4 else "OK",
            tags={"mlflow.traceName": "chat" if number < 4 else "tool", "team": "blue"},
            trace_metadata={
                "mlflow.trace.session": "s",
                "mlflow.trace.user": "ana" if number < 3 else "bo",
                "mlflow.trace.tokenUsage": f'{{"input_tokens": {number}}}',
            },
        )
        cost = {"input_cost": 0.25, "output_cost": 0.5, "total_cost": 0.75}
        usage = {"input_tokens": number, "output_tokens": 1, "total_tokens": number + 1}
        attributes = {"mlflow.llm.model": "m-1", "mlflow.llm.cost": cost, "mlflow.chat.tokenUsage": usage}
        export(api, Sent(1, name="llm", end=number * 10, attributes=attributes, trace=number))
    said = {"assessment_name": "good", "feedback": {"value": "yes"}, "source": {"source_type": "CODE"}}
    for number, value in ((1, "yes"), (2, "no"), (3, 0.5)):
        body = {**said, "feedback": {"value": value}}
        api.post(f"traces/{trace_id(number)}/assessments", assessment=body, version="3.0")
    return api


def ask(api: Api, view: str, name: str, *kinds: Any, **fields: Any) -> list[tuple[dict[str, str], dict[str, float]]]:
    aggregations = [
        {"aggregation_type": "PERCENTILE", "percentile_value": kind}
        if isinstance(kind, float)
        else {"aggregation_type": kind}
        for kind in kinds
    ]
    answer = api.post(
        "traces/metrics",
        experiment_ids=["0"],
        view_type=view,
        metric_name=name,
        aggregations=aggregations,
        version="3.0",
        **fields,
    )
    return [(each["dimensions"], each["values"]) for each in answer.get("data_points", [])]


@pytest.mark.both
def test_traces_are_counted_by_name_and_time(filled: Api) -> None:
    assert ask(filled, "TRACES", "trace_count", "COUNT") == [({}, {"COUNT": 4.0})]
    assert ask(filled, "TRACES", "trace_count", "COUNT", dimensions=["trace_name", "trace_status"]) == [
        ({"trace_name": "chat", "trace_status": "OK"}, {"COUNT": 3.0}),
        ({"trace_name": "tool", "trace_status": "ERROR"}, {"COUNT": 1.0}),
    ]
    by_hour = ask(
        filled,
        "TRACES",
        "trace_count",
        "COUNT",
        time_interval_seconds=3600,
        start_time_ms=AT_MS - 10**7,
        end_time_ms=AT_MS + 10**7,
    )
    assert by_hour == [
        ({"time_bucket": "2023-11-14T22:00:00+00:00"}, {"COUNT": 2.0}),
        ({"time_bucket": "2023-11-14T23:00:00+00:00"}, {"COUNT": 2.0}),
    ]
    assert ask(filled, "TRACES", "session_count", "COUNT") == [({}, {"COUNT": 1.0})]
    assert ask(
        filled, "TRACES", "trace_count", "COUNT", filters=["trace.tag.team = 'blue'", "trace.status = 'ERROR'"]
    ) == [({}, {"COUNT": 1.0})]


@pytest.mark.both
def test_percentiles_are_interpolated(filled: Api) -> None:
    found = ask(filled, "TRACES", "latency", "AVG", "MIN", "MAX", 50.0, 99.0, dimensions=["trace_name"])

    assert found[0][0] == {"trace_name": "chat"}
    assert found[0][1] == pytest.approx({"AVG": 2000.0, "MIN": 1000.0, "MAX": 3000.0, "P50.0": 2000.0, "P99.0": 2980.0})
    assert ask(filled, "TRACES", "input_tokens", "SUM", "AVG") == [({}, {"SUM": 10.0, "AVG": 2.5})]


@pytest.mark.both
def test_spans_have_costs_by_model(filled: Api) -> None:
    assert ask(filled, "SPANS", "total_cost", "SUM", dimensions=["span_model_name"]) == [
        ({"span_model_name": "m-1"}, {"SUM": 3.0})
    ]
    assert ask(filled, "SPANS", "latency", "MAX", dimensions=["span_name"]) == [({"span_name": "llm"}, {"MAX": 40.0})]


@pytest.mark.both
def test_latency_and_tokens_and_costs_are_grouped_by_user_and_model(filled: Api) -> None:
    assert ask(filled, "TRACES", "trace_count", "COUNT", dimensions=["trace_user"]) == [
        ({"trace_user": "ana"}, {"COUNT": 2.0}),
        ({"trace_user": "bo"}, {"COUNT": 2.0}),
    ]
    assert ask(filled, "SPANS", "total_cost", "SUM", dimensions=["trace_user"]) == [
        ({"trace_user": "ana"}, {"SUM": 1.5}),
        ({"trace_user": "bo"}, {"SUM": 1.5}),
    ]
    assert ask(filled, "SPANS", "total_tokens", "SUM", "MAX", dimensions=["span_model_name"]) == [
        ({"span_model_name": "m-1"}, {"SUM": 14.0, "MAX": 5.0})
    ]
    assert ask(filled, "SPANS", "latency", 50.0, dimensions=["span_model_name"]) == [
        ({"span_model_name": "m-1"}, {"P50.0": 25.0})
    ]


@pytest.mark.both
def test_assessments_have_values_for_yes_and_no(filled: Api) -> None:
    assert ask(filled, "ASSESSMENTS", "assessment_value", "AVG", dimensions=["assessment_name"]) == [
        ({"assessment_name": "good"}, {"AVG": 0.5})
    ]
    found = ask(filled, "ASSESSMENTS", "assessment_count", "COUNT", dimensions=["assessment_value"])
    assert found == [({"assessment_value": value}, {"COUNT": 1.0}) for value in ('"no"', '"yes"', "0.5")]


def test_an_invalid_query_of_metrics_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"view_type": "RUNS"}, "view_type must be one of ['TRACES', 'SPANS', 'ASSESSMENTS'], got 'RUNS'"),
        ({"metric_name": "speed"}, "metric_name must be one of"),
        ({"aggregations": [{"aggregation_type": "SUM"}]}, "Found invalid aggregation_type(s): ['SUM']"),
        ({"dimensions": ["span_name"]}, "Found invalid dimension(s): ['span_name']"),
        ({"filters": ["span.name = 'x'"]}, "Invalid identifier 'span.name'"),
        ({"time_interval_seconds": 60}, "start_time_ms and end_time_ms are required"),
        ({"time_interval_seconds": 0}, "time_interval_seconds is 0"),
    ]

    for fields, said in cases:
        with subtests.test(fields=fields):
            asked = {
                "experiment_ids": ["0"],
                "view_type": "TRACES",
                "metric_name": "trace_count",
                "aggregations": [{"aggregation_type": "COUNT"}],
                **fields,
            }

            status, _, message = api.fault("traces/metrics", asked, version="3.0")

            assert (status, said in message) == (400, True), message


@pytest.mark.both
def test_filters_that_always_meet_and_filters_that_never_do(filled: Api) -> None:
    def correlate(first: str, second: str) -> Any:
        return filled.post(
            "traces/calculate-filter-correlation",
            experiment_ids=["0"],
            filter_string1=first,
            filter_string2=second,
            version="3.0",
        )

    always = correlate("status = 'ERROR'", "name = 'tool'")
    never = correlate("status = 'ERROR'", "name = 'chat'")
    unknown = correlate("status = 'ERROR'", "name = 'nobody'")

    assert (always["npmi"], always["joint_count"], always["total_count"]) == (pytest.approx(1.0), 1, 4)
    assert (never["npmi"], never["filter2_count"]) == (-1.0, 3)
    assert (unknown["npmi"], unknown["npmi_smoothed"]) == ("NaN", "NaN")


def test_a_filter_of_metrics_is_one_equation(api: Api, subtests: pytest.Subtests) -> None:
    cases = [
        ("span.status != 'OK'", "Invalid comparator: '!=', only '=' operator is supported"),
        ("span.name LIKE 'x%'", "Invalid comparator: 'LIKE', only '=' operator is supported"),
        ("span.status.extra = 'x'", "Filtering by 'span.status' does not require a key"),
    ]

    for filter_text, message in cases:
        with subtests.test(filter_text=filter_text):
            fields = {
                "experiment_ids": ["0"],
                "view_type": "SPANS",
                "metric_name": "span_count",
                "filters": [filter_text],
                "aggregations": [{"aggregation_type": "COUNT"}],
            }
            status, _, text = api.fault("traces/metrics", fields, version="3.0")

            assert status == 400
            assert message in text
