"""The call by which open pages wait for changes."""

from concurrent.futures import Future
from typing import Any
from urllib.parse import urlencode

import pytest

from support.client import Api, Inside, Reply
from trackside import app
from trackside.core.settings import Settings

LIVE = "/api/trackside/v1/live"


@pytest.fixture
def inside(application: app.App) -> Any:
    made = Inside(application.asgi)
    yield made
    made.close()


@pytest.fixture
def api(inside: Inside) -> Api:
    return Api(inside)


def begin(inside: Inside, **arguments: Any) -> "Future[Reply]":
    return inside.begin("GET", f"{LIVE}?{urlencode(arguments, doseq=True)}", {}, b"")


def cursor(api: Api) -> int:
    found: int = api.get(LIVE)["cursor"]
    return found


def test_a_page_gets_the_changes_after_its_cursor(api: Api) -> None:
    experiment = api.new_experiment("live")
    before = cursor(api)
    run_id = api.new_run(experiment)
    api.post("runs/set-tag", run_id=run_id, key="k", value="v")

    found = api.get(LIVE, after=before, experiment_id=experiment)

    (change,) = found["changes"]
    assert found["reset"] is False
    assert found["cursor"] > before
    assert {name: change[name] for name in ("entity", "entity_id", "experiment_id")} == {
        "entity": "run",
        "entity_id": run_id,
        "experiment_id": experiment,
    }
    later = api.get(LIVE, after=found["cursor"], experiment_id=experiment, wait_s=0)["changes"]
    assert {each["entity_id"] for each in later} <= {run_id}
    assert {action for each in (change, *later) for action in each["actions"]} <= {"create", "log"}


@pytest.mark.both
def test_a_page_that_waits_is_answered_when_something_happens(api: Api, inside: Inside) -> None:
    run_id = api.new_run()
    waiting = begin(inside, after=cursor(api), run_id=run_id, wait_s=55)
    other = begin(inside, after=cursor(api), wait_s=55)

    api.post("runs/log-metric", run_id=run_id, key="m", value=1.0, timestamp=1, step=1)

    for each in (waiting, other):
        assert run_id in [change["entity_id"] for change in each.result(50).json["changes"]]


def test_logging_is_announced_again_after_each_answer(api: Api, inside: Inside) -> None:
    run_id = api.new_run()
    seen = cursor(api)

    for step in range(3):
        api.post("runs/log-metric", run_id=run_id, key="m", value=1.0, timestamp=step, step=step)
        answer = begin(inside, after=seen, run_id=run_id, wait_s=55).result(50).json
        assert [change["entity_id"] for change in answer["changes"]] == [run_id]
        seen = answer["cursor"]


def test_a_page_gets_only_changes_of_its_experiment_and_workspace(api: Api) -> None:
    mine, other = api.new_experiment("mine"), api.new_experiment("other")
    north = api.new_workspace("north")
    before = cursor(api)
    north.new_run()
    api.new_run(other)
    api.new_experiment("late")

    only_mine = api.get(LIVE, after=before, experiment_id=mine, wait_s=0)
    whole = api.get(LIVE, after=before, wait_s=55)

    assert only_mine["changes"] == []
    assert {change["experiment_id"] for change in whole["changes"]} <= {other, mine, "3", "4", "5"} - {mine}
    assert north.get(LIVE, after=before, wait_s=55)["changes"]


def test_a_cursor_of_another_log_requests_a_full_read(api: Api) -> None:
    found = api.get(LIVE, after=10**9, wait_s=55)

    assert found["reset"] is True
    assert found["cursor"] == cursor(api)


@pytest.mark.both
def test_a_page_that_comes_back_to_another_server_misses_nothing(chosen: Settings) -> None:
    first = app.build(chosen)
    inside = Inside(first.asgi)
    api = Api(inside)
    before = cursor(api)
    run_id = api.new_run()
    inside.close()
    first.close()
    second = app.build(chosen)
    inside = Inside(second.asgi)

    found = Api(inside).get(LIVE, after=before)

    inside.close()
    second.close()
    assert run_id in [change["entity_id"] for change in found["changes"]]
    assert not found["reset"]


@pytest.mark.both
def test_a_stopping_server_answers_waiting_calls(api: Api, inside: Inside, application: app.App) -> None:
    waiting = begin(inside, after=cursor(api), wait_s=55)
    api.get(LIVE, after=cursor(api), wait_s=0)

    application.leave()

    assert waiting.result(50).json["changes"] == []


def test_a_mistake_is_refused_with_its_reason(api: Api, subtests: pytest.Subtests) -> None:
    for arguments in ({"after": "x"}, {"wait_s": -1}, {"wait_s": 56}, {"wait_s": "nan"}):
        with subtests.test(arguments=arguments):
            status, code, _ = api.fault(LIVE, method="GET", **arguments)

            assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
