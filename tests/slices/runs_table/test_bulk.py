"""Changes of many runs at once, and their undo; on both databases."""

from typing import Any

import pytest

from support.client import Api

OURS = "/api/trackside/v1"
BULK = f"{OURS}/runs/bulk"


@pytest.fixture
def experiment(api: Api) -> str:
    return api.new_experiment("source")


def log(api: Api, experiment: str, loss: float, **tags: str) -> str:
    run_id = api.new_run(experiment, start_time=int(loss))
    api.post(
        "runs/log-batch",
        run_id=run_id,
        metrics=[{"key": "loss", "value": loss, "timestamp": 1, "step": 1}],
        params=[{"key": "lr", "value": str(loss)}],
        tags=[{"key": key, "value": value} for key, value in tags.items()],
    )
    return run_id


def change(api: Api, **fields: Any) -> Any:
    return api.post(BULK, fields)


def undo(api: Api, answer: Any) -> None:
    for call in answer["undo"]:
        api.post(BULK, call)


def state(api: Api, *run_ids: str) -> list[Any]:
    found = []
    for run_id in run_ids:
        run = api.run(run_id)
        found.append(
            (run["info"]["lifecycle_stage"], run["info"]["experiment_id"], run["info"]["run_name"], run["data"])
        )
    return found


@pytest.mark.both
def test_a_tag_is_set_on_all_matching_runs_and_undone(api: Api, experiment: str) -> None:
    runs = [log(api, experiment, 1), log(api, experiment, 2, team="a"), log(api, experiment, 3, team="b")]
    other = log(api, experiment, 9)
    before = state(api, *runs, other)

    answer = change(
        api, experiment_ids=[experiment], filter="metrics.loss < 5", action="set-tag", key="team", value="b"
    )
    after = [api.tags(run_id).get("team") for run_id in (*runs, other)]
    undo(api, answer)

    assert {name: answer[name] for name in ("matching", "changed", "unchanged", "refused")} == {
        "matching": 3,
        "changed": 2,
        "unchanged": 1,
        "refused": [],
    }
    assert after == ["b", "b", "b", None]
    assert state(api, *runs, other) == before


def test_the_deletion_of_a_tag_is_undone(api: Api, experiment: str) -> None:
    runs = [log(api, experiment, 1, team="a"), log(api, experiment, 2)]

    answer = change(api, run_ids=runs, action="delete-tag", key="team")
    gone = api.tags(runs[0]).get("team")
    undo(api, answer)

    assert (answer["changed"], answer["unchanged"], gone, api.tags(runs[0])["team"]) == (1, 1, None, "a")


@pytest.mark.both
def test_a_name_is_changed_with_its_tag(api: Api, experiment: str) -> None:
    run_id = log(api, experiment, 1)
    name = api.run(run_id)["info"]["run_name"]

    answer = change(api, run_ids=[run_id], action="set-tag", key="mlflow.runName", value="new")
    assert api.run(run_id)["info"]["run_name"] == "new"

    undo(api, answer)
    assert api.run(run_id)["info"]["run_name"] == name


@pytest.mark.both
def test_runs_are_deleted_and_restored(api: Api, experiment: str) -> None:
    runs = [log(api, experiment, loss) for loss in (1, 2)]

    deleted = change(api, experiment_ids=[experiment], action="delete")
    again = change(api, experiment_ids=[experiment], action="delete")
    tagged = change(api, run_ids=runs, lifecycle="all", action="set-tag", key="k", value="v")
    stages = [api.run(run_id)["info"]["lifecycle_stage"] for run_id in runs]
    undo(api, deleted)

    assert (deleted["changed"], again["matching"]) == (2, 0)
    assert stages == ["deleted", "deleted"]
    assert (tagged["changed"], tagged["refused_total"]) == (0, 2)
    assert "restore it first" in tagged["refused"][0]["reason"]
    assert [api.run(run_id)["info"]["lifecycle_stage"] for run_id in runs] == ["active", "active"]
    assert change(api, experiment_ids=[experiment], action="restore")["matching"] == 0


@pytest.mark.both
def test_a_moved_run_keeps_all_that_it_has(api: Api, experiment: str) -> None:
    target = api.new_experiment("target")
    run_id = log(api, experiment, 2, team="a")
    stays = log(api, experiment, 7)
    dataset = {"name": "d", "digest": "1", "source_type": "local", "source": "s"}
    inputs = [{"dataset": dataset, "tags": [{"key": "mlflow.data.context", "value": "train"}]}]
    api.post("runs/log-inputs", run_id=run_id, datasets=inputs)
    api.post("runs/log-inputs", run_id=stays, datasets=inputs)
    before = api.run(run_id)
    uri = before["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    api.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{uri}/a.txt", b"kept")

    answer = change(api, run_ids=[run_id], action="move", experiment_id=target)
    moved = api.run(run_id)
    found = api.post(
        "runs/search",
        experiment_ids=[target],
        filter="metrics.loss = 2 AND params.lr = '2.0' OR params.lr = '2' AND dataset.context = 'train'",
    )
    api.post("runs/log-metric", run_id=run_id, key="loss", value=1.0, timestamp=2, step=2)
    listed = api.get("artifacts/list", run_id=run_id)["files"]
    datasets = api.post("experiments/search-datasets", experiment_ids=[target])["dataset_summaries"]

    assert moved["info"]["experiment_id"] == target
    assert moved["info"]["artifact_uri"] == before["info"]["artifact_uri"]
    assert (moved["data"], moved["inputs"]) == (before["data"], before["inputs"])
    assert [run["info"]["run_id"] for run in found["runs"]] == [run_id]
    assert [file["path"] for file in listed] == ["a.txt"]
    assert [each["name"] for each in datasets] == ["d"]
    assert api.run(stays)["inputs"] == before["inputs"]
    assert len(api.history(run_id, "loss")) == 2

    undo(api, answer)
    assert api.run(run_id)["info"]["experiment_id"] == experiment
    assert api.run(run_id)["inputs"] == before["inputs"]


def test_the_change_log_says_who_did_what(api: Api, experiment: str) -> None:
    run_id = log(api, experiment, 1, team="a")
    body = {"run_ids": [run_id], "action": "set-tag", "key": "team", "value": "b"}

    api.ask("POST", BULK, body, headers={"X-Trackside-User": "ada"})

    (last, *_) = api.get(f"{OURS}/changes", entity="run", entity_id=run_id)["changes"]
    assert (last["action"], last["user"]) == ("set-tag", "ada")
    assert last["detail"] == {"key": "team", "before": "a", "value": "b"}


@pytest.mark.slow
def test_more_runs_than_a_transaction_takes_are_changed(api: Api, experiment: str) -> None:
    runs = [api.new_run(experiment) for _ in range(501)]

    counted = change(api, experiment_ids=[experiment], action="delete", dry_run=True)
    answer = change(api, experiment_ids=[experiment], action="delete")

    assert (counted["matching"], counted["changed"]) == (501, 0)
    assert (answer["changed"], sorted(answer["undo"][0]["run_ids"])) == (501, sorted(runs))


def test_a_mistake_is_refused_with_its_reason(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"action": "burn"}, 400, "burn"),
        ({"action": "set-tag"}, 400, "key"),
        ({"action": "set-tag", "key": "k" * 251}, 400, "250"),
        ({"action": "delete-tag"}, 400, "key"),
        ({"action": "move"}, 400, "experiment_id"),
        ({"action": "move", "experiment_id": "4711"}, 404, "4711"),
        ({"action": "delete", "experiment_ids": None}, 400, "experiment_ids"),
    ]

    api.new_run()

    for fields, status, word in cases:
        with subtests.test(fields=fields):
            found, _, message = api.fault(BULK, {"experiment_ids": ["0"], **fields})

            assert found == status
            assert word in message
