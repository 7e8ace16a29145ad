"""Series of a chart, as a page sees them; on both databases."""

import math
from typing import Any

import pytest

from support.client import Api

SERIES = "/api/trackside/v1/metrics/series"
KEYS = "/api/trackside/v1/metrics/keys"


def log(api: Api, run_id: str, key: str, points: list[tuple[int, int, Any]]) -> None:
    for start in range(0, len(points), 1000):
        api.post(
            "runs/log-batch",
            run_id=run_id,
            metrics=[
                {"key": key, "step": step, "timestamp": timestamp, "value": value}
                for step, timestamp, value in points[start : start + 1000]
            ],
        )


def series(api: Api, *names: tuple[str, str], **more: Any) -> Any:
    return api.post(SERIES, series=[{"run_id": run_id, "key": key} for run_id, key in names], **more)


@pytest.mark.both
def test_two_runs_share_one_grid(api: Api) -> None:
    one, two = api.new_run(), api.new_run()
    log(api, one, "loss", [(step, 1000 + step, float(step)) for step in range(10)])
    log(api, two, "loss", [(step, 1000 + step, -float(step)) for step in range(5, 15)])

    found = series(api, (one, "loss"), (two, "loss"), buckets=3)

    assert found["grid"] == {"start": 0, "width": 5, "buckets": 3}
    first, second = found["series"]
    assert first == {
        "mode": "buckets",
        "run_id": one,
        "key": "loss",
        "points": 10,
        "in_range": 10,
        "unmatched": 0,
        "cursor": "9:10",
        "bucket": [0, 1],
        "x": [4, 9],
        "last": [4.0, 9.0],
        "min": [0.0, 5.0],
        "max": [4.0, 9.0],
        "mean": [2.0, 7.0],
        "count": [5, 5],
        "odd": {"bucket": [], "last": [], "nan": [], "inf": [], "minus_inf": []},
    }
    assert (second["bucket"], second["last"], second["min"]) == ([1, 2], [-9.0, -14.0], [-9.0, -14.0])


def test_a_range_reads_only_what_lies_in_it(api: Api) -> None:
    run_id = api.new_run()
    log(api, run_id, "m", [(step, step, float(step)) for step in range(5000)])

    found = series(api, (run_id, "m"), start=1500, end=1509.9, buckets=100)

    assert found["grid"] == {"start": 1500, "width": 1, "buckets": 10}
    (one,) = found["series"]
    assert (one["points"], one["in_range"], one["count"]) == (5000, 10, [1] * 10)
    assert one["x"] == list(range(1500, 1510))


def test_nan_and_infinities_are_distinguished(api: Api) -> None:
    run_id = api.new_run()
    values: list[Any] = [1.0, "NaN", 3.0, "Infinity", "-Infinity", "NaN"]
    log(api, run_id, "m", [(step, step, value) for step, value in enumerate(values)])

    (one,) = series(api, (run_id, "m"), buckets=3)["series"]
    (exact,) = series(api, (run_id, "m"), exact=True)["series"]

    assert (one["last"], one["min"], one["max"], one["mean"]) == (
        [None, None, None],
        [1.0, 3.0, None],
        [1.0, 3.0, None],
        [1.0, 3.0, None],
    )
    assert one["count"] == [2, 2, 2]
    assert one["odd"] == {
        "bucket": [0, 1, 2],
        "last": ["NaN", "Infinity", "NaN"],
        "nan": [1, 0, 1],
        "inf": [0, 1, 0],
        "minus_inf": [0, 0, 1],
    }
    assert exact["value"] == [1.0, None, 3.0, None, None, None]
    assert exact["odd"]["last"] == ["NaN", "Infinity", "-Infinity", "NaN"]


@pytest.mark.both
def test_time_counts_from_the_start_of_the_run_or_from_1970(api: Api) -> None:
    run_id = api.new_run(start_time=1000)
    unknown = api.new_run()
    for each in (run_id, unknown):
        log(api, each, "m", [(2, 1100, 2.0), (1, 1200, 1.0), (3, 1050, 3.0)])

    relative = series(api, (run_id, "m"), (unknown, "m"), x="relative")
    wall = series(api, (run_id, "m"), x="time", start=1060, end=1150)

    assert [one["x"] for one in relative["series"]] == [[50, 100, 200], [-150, -100, 0]]
    assert relative["series"][0]["last"] == [3.0, 2.0, 1.0]
    assert (wall["series"][0]["x"], wall["series"][0]["last"]) == ([1100], [2.0])


def test_another_metric_can_be_the_x_axis(api: Api) -> None:
    run_id = api.new_run()
    log(api, run_id, "epoch", [(step, step, step / 10) for step in range(0, 100, 10)])
    log(api, run_id, "acc", [(step, step, float(step)) for step in range(0, 100, 5)])

    found = series(api, (run_id, "acc"), x="metrics.epoch", buckets=9)
    (exact,) = series(api, (run_id, "acc"), x="metrics.epoch", exact=True, start=2.5, end=4)["series"]

    (one,) = found["series"]
    assert found["grid"] == {"start": 0.0, "width": 1.0, "buckets": 9}
    assert (one["points"], one["in_range"], one["unmatched"]) == (20, 10, 10)
    assert (one["x"], one["last"]) == ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 9.0], [*range(0, 80, 10), 90.0])
    assert (one["min"][-1], one["count"][-1]) == (80.0, 2)
    assert (exact["x"], exact["value"], exact["step"]) == ([3.0, 4.0], [30.0, 40.0], [30, 40])


def test_exact_mode_returns_every_point_of_a_range(api: Api) -> None:
    run_id = api.new_run()
    log(api, run_id, "m", [(1, 20, 1.0), (1, 10, 2.0), (0, 30, 3.0), (2, 5, 4.0)])

    (whole,) = series(api, (run_id, "m"), exact=True)["series"]
    (cut,) = series(api, (run_id, "m"), exact=True, max_points=2)["series"]

    assert (whole["step"], whole["time"], whole["value"]) == ([0, 1, 1, 2], [30, 10, 20, 5], [3.0, 2.0, 1.0, 4.0])
    assert (whole["truncated"], whole["reset"], whole["cursor"]) == (False, False, "2:4")
    assert (cut["step"], cut["truncated"], cut["cursor"]) == ([0], True, "0:1")


def test_a_cursor_continues_and_detects_points_before_it(api: Api) -> None:
    run_id = api.new_run()
    log(api, run_id, "m", [(step, step, 1.0) for step in range(10)])
    (before,) = series(api, (run_id, "m"))["series"]
    log(api, run_id, "m", [(10, 10, 2.0), (11, 11, 3.0)])

    (further,) = api.post(SERIES, series=[{"run_id": run_id, "key": "m", "after": before["cursor"]}], exact=True)[
        "series"
    ]
    log(api, run_id, "m", [(5, 77, 9.0)])
    (late,) = api.post(SERIES, series=[{"run_id": run_id, "key": "m", "after": further["cursor"]}], exact=True)[
        "series"
    ]

    assert (further["step"], further["value"], further["reset"]) == ([10, 11], [2.0, 3.0], False)
    assert (late["step"], late["reset"]) == ([], True)


@pytest.mark.both
def test_pages_of_exact_points_have_each_point_once(api: Api) -> None:
    run_id = api.new_run()
    points = [(step // 2, step, float(step)) for step in range(25)]
    log(api, run_id, "m", points)
    values: list[float] = []
    cursor = None

    while True:
        given = {"run_id": run_id, "key": "m", **({"after": cursor} if cursor else {})}
        (page,) = api.post(SERIES, series=[given], exact=True, max_points=7)["series"]
        assert not page["reset"]
        values += page["value"]
        cursor = page["cursor"]
        if not page["truncated"]:
            break

    assert values == [value for _, _, value in points]


@pytest.mark.both
def test_steps_of_64_bits_are_placed_on_the_grid(api: Api) -> None:
    run_id = api.new_run()
    low, high = -(2**63), 2**63 - 1
    log(api, run_id, "m", [(low, 1, 1.0), (0, 2, 2.0), (high, 3, 3.0)])

    found = series(api, (run_id, "m"), buckets=2)

    assert found["grid"] == {"start": low, "width": 2**63, "buckets": 2}
    assert (found["series"][0]["bucket"], found["series"][0]["x"]) == ([0, 1], [low, high])


@pytest.mark.both
def test_values_near_the_largest_double_have_a_mean(api: Api) -> None:
    run_id = api.new_run()
    log(api, run_id, "m", [(0, 1, 1.7e308), (1, 2, 1.7e308)])

    (one,) = series(api, (run_id, "m"), buckets=1)["series"]

    assert one["count"] == [2]
    assert math.isfinite(one["mean"][0])


def test_missing_runs_and_keys_have_no_points(api: Api) -> None:
    run_id = api.new_run()

    found = series(api, (run_id, "m"), ("f" * 32, "m"))
    exact = series(api, (run_id, "m"), ("f" * 32, "m"), exact=True)

    assert found["grid"] is None
    assert [(one["points"], one["bucket"]) for one in found["series"]] == [(0, []), (0, [])]
    assert [(one["points"], one["value"]) for one in exact["series"]] == [(0, []), (0, [])]


def test_an_invalid_value_is_quoted(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"series": []}, "series is empty"),
        ({"series": [{"run_id": "r"}]}, "series[0]"),
        ({"series": [{"run_id": "r", "key": "k"}] * 1001}, "1001"),
        ({"x": "params.a"}, "params.a"),
        ({"x": "min(metrics.a)"}, "min(metrics.a)"),
        ({"start": 2, "end": 1}, "start is 2"),
        ({"start": "NaN"}, "nan"),
        ({"buckets": 5001}, "5001"),
        ({"exact": True, "max_points": 0}, "0"),
        ({"exact": True, "series": [{"run_id": "r", "key": "k", "after": "x"}]}, "'x'"),
        ({"exact": True, "start": 1, "series": [{"run_id": "r", "key": "k", "after": "1:2"}]}, "after goes with"),
    ]

    run_id = api.new_run()

    for fields, word in cases:
        with subtests.test(fields=fields):
            given = {"series": [{"run_id": run_id, "key": "m"}], **fields}
            status, code, message = api.fault(SERIES, given)

            assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
            assert word in message


def test_the_metric_keys_of_runs_are_returned_in_pages(api: Api) -> None:
    experiment = api.new_experiment("keys")
    one, two = api.new_run(experiment), api.new_run(experiment)
    for key in ("b/loss", "a/Loss", "system/cpu"):
        log(api, one, key, [(0, 0, 1.0), (1, 1, 2.0)])
    log(api, two, "b/loss", [(7, 0, -5.0)])

    first = api.post(KEYS, experiment_ids=[experiment], max_results=2)
    second = api.post(KEYS, experiment_ids=[experiment], max_results=2, page_token=first["next_page_token"])
    found = api.post(KEYS, run_ids=[one], search="LOSS")

    assert (first["total"], first["runs"]) == (3, 2)
    assert first["keys"][1] == {
        "key": "b/loss",
        "runs": 2,
        "points": 3,
        "min": -5.0,
        "max": 2.0,
        "max_step": 7,
        "first_time": 0,
        "is_system": False,
    }
    assert [key["key"] for key in second["keys"]] == ["system/cpu"]
    assert second["keys"][0]["is_system"]
    assert second["next_page_token"] is None
    assert [key["key"] for key in found["keys"]] == ["a/Loss", "b/loss"]
