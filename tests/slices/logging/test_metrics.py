"""Histories of metrics, as a client reads them; on both databases."""

import random
from typing import Any

import pytest

from support.client import Api

NAN = "NaN"
Point = tuple[int, int, float | str]  # step, timestamp, value


def log(api: Api, run_id: str, key: str, *given: Point) -> None:
    for start in range(0, len(given), 1000):
        metrics = [
            {"key": key, "step": step, "timestamp": timestamp, "value": value}
            for step, timestamp, value in given[start : start + 1000]
        ]
        api.post("runs/log-batch", run_id=run_id, metrics=metrics)


def pages(api: Api, run_id: str, key: str, size: int) -> list[list[Point]]:
    found = []
    token: dict[str, str] = {}
    while True:
        page = api.get("metrics/get-history", run_id=run_id, metric_key=key, max_results=size, **token)
        found.append([(each["step"], each["timestamp"], each["value"]) for each in page.get("metrics", [])])
        if "next_page_token" not in page:
            return found
        token = {"page_token": page["next_page_token"]}


def ntile(ordered: list[Point], most: int) -> list[Point]:
    """Return the first row of each bucket of SQL's NTILE, with the last row of all instead of the last of these."""
    if len(ordered) <= most:
        return ordered
    size, larger = divmod(len(ordered), most)
    firsts = []
    at = 0
    for bucket in range(most):
        firsts.append(ordered[at])
        at += size + (bucket < larger)
    return [*firsts[:-1], ordered[-1]]


def test_a_history_is_ordered_by_time_then_step_then_value(api: Api) -> None:
    run_id = api.new_run()

    log(api, run_id, "m", (3, 1, 5.0), (1, 2, 0.0), (0, 2, 9.0), (0, 2, -1.0), (7, 0, 1.0), (0, 2, NAN))

    assert api.history(run_id, "m") == [(7, 0, 1.0), (3, 1, 5.0), (0, 2, -1.0), (0, 2, NAN), (0, 2, 9.0), (1, 2, 0.0)]


def test_a_missing_metric_has_an_empty_history(api: Api) -> None:
    run_id = api.new_run()

    assert api.get("metrics/get-history", run_id=run_id, metric_key="m") == {}
    assert api.get("metrics/get-history", run_id="0" * 32, metric_key="m") == {}
    assert api.get("metrics/get-history", run_uuid=run_id, metric_key="m", max_results=5) == {}
    assert api.fault("metrics/get-history", method="GET", run_id=run_id)[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert api.fault("metrics/get-history", method="GET", metric_key="m")[:2] == (400, "INVALID_PARAMETER_VALUE")


def test_pages_follow_each_other_without_gap_or_overlap(api: Api, subtests: pytest.Subtests) -> None:
    for size in (1, 7, 64, 999, 5000):
        with subtests.test(size=size):
            run_id = api.new_run()
            given: list[Point] = [(i, 1000 + (i * 7919) % 200, float(i)) for i in range(200 if size < 64 else 3000)]
            log(api, run_id, "m", *given)

            found = pages(api, run_id, "m", size)

            assert [len(page) for page in found[:-1]] == [size] * (len(found) - 1)
            assert [point for page in found for point in page] == sorted(given, key=lambda p: (p[1], p[0], p[2]))


@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_has_at_least_one_point(sqlite_api: Api, limit: int) -> None:
    run_id = sqlite_api.new_run()

    assert (
        sqlite_api.fault("metrics/get-history", method="GET", run_id=run_id, metric_key="m", max_results=limit)[0]
        == 400
    )


def test_an_invalid_page_token_is_refused(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    asked: dict[str, Any] = {"run_id": sqlite_api.new_run(), "metric_key": "m", "max_results": 1}

    for token in ("garbage!", "bm8=", "eyJvZmZzZXQiOiAtMX0=", "eyJvZmZzZXQiOiAieCJ9"):
        with subtests.test(token=token):
            fault = sqlite_api.fault("metrics/get-history", method="GET", **asked, page_token=token)

            assert fault[:2] == (400, "INVALID_PARAMETER_VALUE")
            assert fault[2].startswith("Invalid page token")


def test_a_long_history_comes_whole(api: Api) -> None:
    run_id = api.new_run()
    given: list[Point] = [(i, i, i / 7) for i in range(20_000)]
    log(api, run_id, "m", *given)

    assert api.history(run_id, "m") == given
    assert api.latest(run_id) == {"m": given[-1]}


def bulk(api: Api, path: str, **arguments: Any) -> list[tuple[str, int, int, float | str]]:
    found = api.get(f"/ajax-api/2.0/mlflow/metrics/{path}", **arguments).get("metrics", [])
    return [(each["run_id"], each["step"], each["timestamp"], each["value"]) for each in found]


def test_bulk_is_ordered_by_run_then_time(api: Api) -> None:
    first, second = sorted([api.new_run(), api.new_run()])
    log(api, second, "m", (0, 2, 1.0), (1, 1, NAN))
    log(api, first, "m", (0, 5, 3.0), (0, 5, 2.0))
    log(api, first, "other", (0, 0, 0.0))

    found = bulk(api, "get-history-bulk", run_id=[second, first, "0" * 32], metric_key="m")

    assert found == [(first, 0, 5, 2.0), (first, 0, 5, 3.0), (second, 1, 1, NAN), (second, 0, 2, 1.0)]
    assert bulk(api, "get-history-bulk", run_id=[first, second], metric_key="m", max_results=3) == found[:3]


def test_bulk_needs_runs_and_a_key(api: Api) -> None:
    path = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"

    assert api.fault(path, method="GET", metric_key="m")[0] == 400
    assert api.fault(path, method="GET", run_id=["a"])[0] == 400
    assert api.fault(path, method="GET", run_id=[f"r{i}" for i in range(101)], metric_key="m")[0] == 400
    assert api.ask("GET", "metrics/get-history-bulk", arguments={"run_id": "a", "metric_key": "m"}).status == 404


def test_a_sample_is_what_ntile_would_take(api: Api, subtests: pytest.Subtests) -> None:
    for count in (0, 1, 2, 65, 700, 2600):
        with subtests.test(count=count):
            run_id = api.new_run()
            given: list[Point] = [(i // 2, 5000 - i, float(i % 3)) for i in range(count)]
            random.Random(count).shuffle(given)
            log(api, run_id, "m", *given)

            for most in (1, 2, 3, 10, 999, 2500):
                found = bulk(api, "get-history-bulk-interval", run_ids=[run_id], metric_key="m", max_results=most)
                assert [point for _, *point in found] == [list(point) for point in ntile(sorted(given), most)]


def test_a_sample_of_several_runs_keeps_their_order_and_their_steps(api: Api) -> None:
    first, second = api.new_run(), api.new_run()
    log(api, first, "m", *((i, i, 1.0) for i in range(300)))
    log(api, second, "m", *((i, i, 2.0) for i in range(0, 300, 10)))

    found = bulk(
        api,
        "get-history-bulk-interval",
        run_ids=[second, first],
        metric_key="m",
        start_step=100,
        end_step=120,
        max_results=5,
    )

    assert [(run_id, step) for run_id, step, _, _ in found] == [
        *((second, step) for step in (100, 110, 120)),
        *((first, step) for _, step, _ in [(0, s, 0) for s in (100, 105, 109, 113, 120)]),
    ]


def test_an_invalid_sample_is_refused(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    cases: list[dict[str, Any]] = [
        {"run_ids": ["r"]},
        {"metric_key": "m"},
        {"run_ids": [f"r{i}" for i in range(101)], "metric_key": "m"},
        {"run_ids": ["r"], "metric_key": "m", "max_results": 0},
        {"run_ids": ["r"], "metric_key": "m", "max_results": 2501},
        {"run_ids": ["r"], "metric_key": "m", "start_step": 1},
        {"run_ids": ["r"], "metric_key": "m", "end_step": 1},
        {"run_ids": ["r"], "metric_key": "m", "start_step": 2, "end_step": 1},
    ]

    for arguments in cases:
        with subtests.test(arguments=arguments):
            assert sqlite_api.fault("metrics/get-history-bulk-interval", method="GET", **arguments)[0] == 400
