"""The contract of log-batch and of the calls for single values, on both databases."""

import math

import pytest

from support.client import Api

BIG = 1.7976931348623157e308


def points(*values: tuple[str, object, int, int]) -> list[dict[str, object]]:
    """(key, value, timestamp, step)."""
    return [{"key": k, "value": v, "timestamp": t, "step": s} for k, v, t, s in values]


@pytest.mark.both
def test_a_batch_logs_all_kinds_at_once(api: Api) -> None:
    run_id = api.new_run(run_name="r")

    answer = api.post(
        "runs/log-batch",
        run_id=run_id,
        metrics=points(("loss", 0.5, 10, 0), ("loss", 0.25, 20, 1), ("acc", 1, 10, 0)),
        params=[{"key": "lr", "value": "0.1"}, {"key": "empty", "value": ""}, {"key": "absent"}],
        tags=[{"key": "t", "value": "1"}, {"key": "t", "value": "2"}],
    )

    assert answer == {}
    assert api.latest(run_id) == {"acc": (0, 10, 1.0), "loss": (1, 20, 0.25)}
    assert api.params(run_id) == {"absent": "", "empty": "", "lr": "0.1"}
    assert api.tags(run_id) == {"mlflow.runName": "r", "t": "2"}


def test_an_empty_batch_is_fine(api: Api) -> None:
    run_id = api.new_run()

    assert api.post("runs/log-batch", run_id=run_id) == {}


@pytest.mark.both
def test_params_are_written_once(api: Api) -> None:
    run_id = api.new_run()
    api.post("runs/log-parameter", run_id=run_id, key="p", value="1")
    api.post("runs/log-parameter", run_id=run_id, key="p", value="1")
    api.post("runs/log-batch", run_id=run_id, params=[{"key": "p", "value": "1"}, {"key": "q", "value": "2"}])

    assert api.fault("runs/log-parameter", run_id=run_id, key="p", value="2") == (
        400,
        "INVALID_PARAMETER_VALUE",
        (
            "Changing param values is not allowed. Param with key='p' was already logged with value='1' "
            f"for run ID='{run_id}'. Attempted logging new value '2'."
        ),
    )
    clash = [{"key": "p", "old_value": "1", "new_value": "2"}]
    assert api.fault("runs/log-batch", run_id=run_id, params=[{"key": "p", "value": "2"}]) == (
        400,
        "INVALID_PARAMETER_VALUE",
        f"Changing param values is not allowed. Params were already logged='{clash}' for run ID='{run_id}'.",
    )
    assert api.params(run_id) == {"p": "1", "q": "2"}


def test_an_empty_value_is_a_value_too(api: Api) -> None:
    run_id = api.new_run()
    api.post("runs/log-parameter", run_id=run_id, key="p", value="")

    assert api.fault("runs/log-parameter", run_id=run_id, key="p", value="x")[0] == 400
    api.post("runs/log-parameter", run_id=run_id, key="p")  # no value is the empty one

    assert api.params(run_id) == {"p": ""}


def test_a_batch_with_one_mistake_stores_nothing(api: Api, subtests: pytest.Subtests) -> None:
    mistakes: list[dict[str, list[dict[str, object]]]] = [
        {"params": [{"key": "p", "value": "other"}]},
        {"params": [{"key": "n", "value": "1"}, {"key": "n", "value": "1"}]},
        {"params": [{"key": "../n", "value": "1"}]},
        {"tags": [{"key": "t" * 251, "value": "1"}]},
        {"metrics": points(("m", 1.0, -1, 0))},
        {"metrics": [{"key": "m", "value": 1.0, "step": 1}]},
        {"metrics": points(("m", 1.0, 1, 2**63))},
        {"tags": [{"key": "t", "value": "v"}] * 101},
    ]

    good: dict[str, list[dict[str, object]]] = {
        "metrics": points(("good", 1.0, 1, 0)),
        "params": [{"key": "good", "value": "1"}],
        "tags": [{"key": "good", "value": "1"}],
    }
    run_id = api.new_run(run_name="r")
    api.post("runs/log-parameter", run_id=run_id, key="p", value="1")

    for bad in mistakes:
        with subtests.test(kind=list(bad), last=[items[-1] for items in bad.values()]):
            batch = {kind: good[kind] + bad.get(kind, []) for kind in good}
            assert api.fault("runs/log-batch", {"run_id": run_id, **batch})[:2] == (400, "INVALID_PARAMETER_VALUE")

            stored = (api.latest(run_id), api.params(run_id), api.tags(run_id))
            assert stored == ({}, {"p": "1"}, {"mlflow.runName": "r"})
            assert api.history(run_id, "good") == []


def test_the_limits_of_a_batch(api: Api) -> None:
    run_id = api.new_run()

    api.post("runs/log-batch", run_id=run_id, metrics=points(*((f"m{i}", i, 1, 0) for i in range(1000))))
    status, _, message = api.fault(
        "runs/log-batch", run_id=run_id, metrics=points(*((f"n{i}", i, 1, 0) for i in range(1001)))
    )

    assert status == 400
    assert message.startswith("A batch logging request can contain at most 1000 metrics. Got 1001 metrics.")
    assert len(api.latest(run_id)) == 1000


def test_the_latest_is_the_largest_step_then_time_then_value(api: Api) -> None:
    run_id = api.new_run()

    def latest_after(value: object, timestamp: int, step: int) -> object:
        api.post("runs/log-metric", run_id=run_id, key="m", value=value, timestamp=timestamp, step=step)
        return api.latest(run_id)["m"]

    assert latest_after(1.0, 100, 5) == (5, 100, 1.0)
    assert latest_after(9.0, 200, 4) == (5, 100, 1.0)  # a lower step, though later
    assert latest_after(0.5, 100, 5) == (5, 100, 1.0)  # a lower value
    assert latest_after(2.0, 100, 5) == (5, 100, 2.0)
    assert latest_after(0.1, 101, 5) == (5, 101, 0.1)
    assert latest_after(-1.0, 0, 6) == (6, 0, -1.0)
    assert latest_after("NaN", 0, 6) == (6, 0, "NaN")  # counts as 0 among equals
    assert latest_after(0.5, 0, 6) == (6, 0, 0.5)
    assert latest_after("NaN", 0, 6) == (6, 0, 0.5)
    assert latest_after("NaN", 1, 6) == (6, 1, "NaN")
    assert latest_after(-5.0, -0, -(2**63)) == (6, 1, "NaN")


def test_a_point_logged_again_is_one_point(api: Api) -> None:
    run_id = api.new_run()
    given = points(("m", 1.0, 1, 0), ("m", "NaN", 1, 0), ("m", 1.0, 1, 0), ("m", 2.0, 1, 0), ("m", "NaN", 1, 0))

    for _ in range(3):
        api.post("runs/log-batch", run_id=run_id, metrics=given)
    api.post("runs/log-metric", run_id=run_id, key="m", value=1, timestamp=1)

    assert api.history(run_id, "m") == [(0, 1, "NaN"), (0, 1, 1.0), (0, 1, 2.0)]


@pytest.mark.both
def test_odd_values_come_back_as_mlflow_keeps_them(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[object, object]] = [
        ("Infinity", BIG),
        ("-Infinity", -BIG),
        (1e400, BIG),
        (-0.0, 0.0),
        (5e-324, 5e-324),
        ("NaN", "NaN"),
        ("1.5", 1.5),
        (2**53 + 1, float(2**53)),
        (10**400, BIG),
    ]

    for given, kept in cases:
        with subtests.test(given=given):
            run_id = api.new_run()

            api.post("runs/log-metric", run_id=run_id, key="m", value=given, timestamp=1)

            assert api.latest(run_id) == {"m": (0, 1, kept)}
            assert api.history(run_id, "m") == [(0, 1, kept)]


@pytest.mark.both
def test_bare_nan_and_infinity_are_understood(api: Api) -> None:
    run_id = api.new_run()
    body = f'{{"run_id": "{run_id}", "key": "m", "value": %s, "timestamp": "7", "step": "1"}}'

    for literal in ("NaN", "Infinity", "-Infinity"):
        assert api.ask("POST", "runs/log-metric", (body % literal).encode()).status == 200

    assert api.history(run_id, "m") == [(1, 7, -BIG), (1, 7, "NaN"), (1, 7, BIG)]


@pytest.mark.both
def test_steps_may_be_any_64_bit_number(api: Api) -> None:
    run_id = api.new_run()

    for step in (2**63 - 1, 0, -(2**63), -1):
        api.post("runs/log-metric", run_id=run_id, key="m", value=1.0, timestamp=1, step=step)
    api.post("runs/log-metric", run_id=run_id, key="m", value=1.0, timestamp=2**63 - 1, step=0)

    assert api.latest(run_id)["m"][0] == 2**63 - 1
    assert api.history(run_id, "m") == [
        (-(2**63), 1, 1.0), (-1, 1, 1.0), (0, 1, 1.0), (2**63 - 1, 1, 1.0), (0, 2**63 - 1, 1.0)
    ]  # fmt: skip


def test_an_invalid_metric_is_refused(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    cases: list[dict[str, object]] = [
        {"value": 1.0},
        {"timestamp": 1},
        {"value": "one", "timestamp": 1},
        {"value": None, "timestamp": 1},
        {"value": True, "timestamp": 1},
        {"value": 1.0, "timestamp": 1.5},
        {"value": 1.0, "timestamp": -1},
        {"value": 1.0, "timestamp": 2**63},
        {"value": 1.0, "timestamp": 1, "step": "x"},
        {"value": [1.0], "timestamp": 1},
    ]

    run_id = sqlite_api.new_run()

    for fields in cases:
        with subtests.test(fields=fields):
            status, code, _ = sqlite_api.fault("runs/log-metric", {"run_id": run_id, "key": "m", **fields})
            assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
            assert sqlite_api.latest(run_id) == {}


@pytest.mark.both
def test_a_thousand_points_of_one_key_can_be_logged_twice(api: Api) -> None:
    run_id = api.new_run()
    given = points(*(("m", math.sin(i), 1000 + i, i) for i in range(1000)))

    for _ in range(2):
        api.post("runs/log-batch", run_id=run_id, metrics=given)

    assert api.history(run_id, "m") == [(i, 1000 + i, math.sin(i)) for i in range(1000)]
