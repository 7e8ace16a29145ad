"""The number of runs of experiments and the start of the last one; on both databases."""

import pytest

from support.client import Api

TOTALS = "/api/trackside/v1/experiments/run-totals"


@pytest.mark.both
def test_runs_are_counted_in_the_lifecycle_stage_of_their_experiment(api: Api) -> None:
    busy, empty, deleted = (api.new_experiment(name) for name in ("busy", "empty", "deleted"))
    for start in (30, 20):
        api.new_run(busy, start_time=start)
    api.post("runs/delete", run_id=api.new_run(busy, start_time=40))
    api.new_run(deleted, start_time=50)
    api.post("experiments/delete", experiment_id=deleted)

    found = api.post(TOTALS, experiment_ids=[deleted, empty, busy, busy, "99"])

    assert found["experiments"] == [
        {"experiment_id": busy, "runs": 2, "last_start_time": 30},
        {"experiment_id": empty, "runs": 0, "last_start_time": None},
        {"experiment_id": deleted, "runs": 1, "last_start_time": 50},
    ]
    assert api.post(TOTALS, experiment_ids=[])["experiments"] == []


def test_experiments_are_ordered_by_their_runs_page_by_page(api: Api) -> None:
    two, none, one = (api.new_experiment(name) for name in ("two", "none", "one"))
    for experiment, start in ((two, 10), (two, 20), (one, 30)):
        api.new_run(experiment, start_time=start)
    for _ in range(3):
        api.post("runs/delete", run_id=api.new_run(none, start_time=99))

    def ordered(order: str) -> list[str]:
        found: list[str] = []
        token = None
        while token != "":
            page = api.post("experiments/search", max_results=1, order_by=[order], page_token=token)
            found += [each["experiment_id"] for each in page["experiments"]]
            token = page.get("next_page_token", "")
        return found

    assert ordered("run_count DESC") == [two, one, none, "0"]
    assert ordered("run_count ASC") == [none, "0", one, two]
    assert ordered("last_run_time DESC") == [one, two, none, "0"]
    refused = api.ask("POST", "experiments/search", {"max_results": 1, "filter": "run_count > 1"})
    assert (refused.status, "run_count" in refused.json["message"]) == (400, True)


def test_too_many_experiments_and_bad_ids_are_refused(api: Api) -> None:
    many = api.ask("POST", TOTALS, {"experiment_ids": ["1"] * 1001})
    bad = api.ask("POST", TOTALS, {"experiment_ids": ["x"]})

    assert (many.status, bad.status) == (400, 400)
    assert "1001" in many.json["message"]
    assert "'x'" in bad.json["message"]
