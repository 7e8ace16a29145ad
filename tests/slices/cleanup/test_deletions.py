"""Permanent deletions: previews, freed data, obstacles, and repeated calls."""

from pathlib import Path
from typing import Any

import pytest

from support.client import Api
from support.people import OURS
from trackside.core.settings import Settings

DELETIONS = f"{OURS}/deletions"
ML = "Microsoft.MachineLearningServices/workspaces"


def preview(api: Api, kind: str, **named: Any) -> Any:
    return api.post(f"{DELETIONS}/preview", {"kind": kind, **named})


def delete(api: Api, kind: str, **named: Any) -> Any:
    return api.post(DELETIONS, {"kind": kind, **named})


def filled_run(api: Api, experiment_id: str = "0", *, steps: int = 300, size: int = 1000) -> str:
    """A run with a metric, a param, a tag and two files."""
    run_id = api.new_run(experiment_id)
    points = [
        {"key": "loss", "value": 1.0 / (step + 1), "timestamp": 1000 + step, "step": step} for step in range(steps)
    ]
    for first in range(0, steps, 1000):
        api.post("runs/log-batch", run_id=run_id, metrics=points[first : first + 1000])
    api.post("runs/log-parameter", run_id=run_id, key="lr", value="0.1")
    api.post("runs/set-tag", run_id=run_id, key="team", value="growth")
    for name in ("model/weights.bin", "note.txt"):
        put(api, experiment_id, f"{run_id}/artifacts/{name}", b"x" * size)
    return run_id


def put(api: Api, experiment_id: str, path: str, body: bytes) -> None:
    target = f"/api/2.0/mlflow-artifacts/artifacts/{experiment_id}/{path}"
    assert api.transport.send("PUT", target, {}, body).status == 200


def history(api: Api, run_id: str, key: str = "loss") -> list[int]:
    found = api.get("metrics/get-history", run_id=run_id, metric_key=key)
    return [int(each["step"]) for each in found.get("metrics", [])]


def metric(api: Api, run_id: str, key: str = "loss") -> Any:
    data = api.get("runs/get", run_id=run_id)["run"]["data"]
    return {each["key"]: each["value"] for each in data.get("metrics", [])}.get(key)


def stored_bytes(settings: Settings) -> int:
    return sum(path.stat().st_size for path in (settings.data / "artifacts").rglob("*") if path.is_file())


def test_a_batch_deletes_what_is_allowed_and_reports_why_the_rest_stays(api: Api, chosen: Settings) -> None:
    kept, gone = filled_run(api), filled_run(api)
    api.post("runs/set-tag", run_id=kept, key="trackside.protected", value="yes")
    targets = [{"kind": "run", "run_id": each} for each in (kept, gone, "f" * 32)] + [{"kind": "planet"}]

    previews = api.post(f"{DELETIONS}/batch/preview", {"targets": targets})["items"]
    tokens = [{"token": each["preview"]["token"]} if "preview" in each else {} for each in previews]
    deletions = [{**target, **token} for target, token in zip(targets, tokens, strict=True)]
    results = api.post(f"{DELETIONS}/batch", {"deletions": deletions})["items"]

    assert [each["preview"]["file_bytes"] for each in previews[:2]] == [2000, 2000]
    assert [each["error"]["error_code"] for each in previews[2:]] == [
        "RESOURCE_DOES_NOT_EXIST",
        "INVALID_PARAMETER_VALUE",
    ]
    assert [each.get("result", {}).get("file_bytes") for each in results] == [None, 2000, None, None]
    assert "trackside.protected" in results[0]["error"]["message"]
    assert stored_bytes(chosen) == 2000


def test_a_batch_has_one_to_a_hundred_elements(api: Api) -> None:
    most = [{"kind": "run", "run_id": "a"}] * 101

    assert (
        api.fault(f"{DELETIONS}/batch", {"deletions": most})[2] == "deletions has 101 elements; it must have 1 to 100"
    )
    assert api.fault(f"{DELETIONS}/batch/preview", {"targets": []})[2] == (
        "targets has 0 elements; it must have 1 to 100"
    )


def test_a_run_is_previewed_and_deleted_with_its_files_and_points(api: Api, chosen: Settings) -> None:
    run_id, other = filled_run(api), filled_run(api)
    before = stored_bytes(chosen)

    shown = preview(api, "run", run_id=run_id)
    assert shown["counts"] == {"runs": 1, "params": 1, "tags": 2, "metrics": 1, "points": 300, "files": 2}
    assert (shown["file_bytes"], shown["row_bytes"]) == (2000, 300 * 24)
    assert stored_bytes(chosen) == before
    assert api.get("runs/get", run_id=run_id)["run"]["info"]["lifecycle_stage"] == "active"

    done = delete(api, "run", run_id=run_id, token=shown["token"])
    assert done["is_done"]
    assert (done["file_count"], done["file_bytes"], done["row_bytes"]) == (2, 2000, 300 * 24)
    assert before - stored_bytes(chosen) == 2000
    assert api.ask("GET", f"runs/get?run_id={run_id}").status == 404
    assert history(api, other) == list(range(300))
    assert api.ask("POST", DELETIONS, {"kind": "run", "run_id": run_id}).status == 404


@pytest.mark.both("each case")
@pytest.mark.parametrize("steps", [50, 300, 3000])
def test_a_range_of_steps_is_deleted_and_the_summary_has_the_remaining_points(api: Api, steps: int) -> None:
    run_id = filled_run(api, steps=steps)
    low, high = steps // 3, steps - 2

    shown = preview(api, "metric_steps", run_id=run_id, key="loss", from_step=low, to_step=high)
    done = delete(api, "metric_steps", run_id=run_id, key="loss", from_step=low, to_step=high)

    assert shown["counts"] == {"points": high - low + 1}
    assert (done["row_count"], done["row_bytes"]) == (high - low + 1, (high - low + 1) * 24)
    left = [*range(low), steps - 1]
    assert history(api, run_id) == left
    assert metric(api, run_id) == 1.0 / steps
    (row,) = api.post(f"{OURS}/metrics/keys", experiment_ids=["0"], run_ids=[run_id])["keys"]
    assert (row["points"], row["max_step"], row["min"]) == (len(left), steps - 1, 1.0 / steps)
    # The last points go: the latest value is an earlier one, and what is logged next is there.
    delete(api, "metric_steps", run_id=run_id, key="loss", from_step=low - 1, to_step=2**62)
    assert metric(api, run_id) == 1.0 / (low - 1)
    api.post("runs/log-metric", run_id=run_id, key="loss", value=7.0, timestamp=9, step=low)
    assert history(api, run_id) == [low, *range(low - 1)]  # by time
    assert metric(api, run_id) == 7.0


@pytest.mark.both
def test_a_metric_is_deleted_and_can_be_logged_again(api: Api) -> None:
    run_id = filled_run(api)
    api.post("runs/log-metric", run_id=run_id, key="auc", value=0.5, timestamp=1, step=1)

    done = delete(api, "metric", run_id=run_id, key="loss")

    assert done["row_count"] == 300
    assert (metric(api, run_id), metric(api, run_id, "auc")) == (None, 0.5)
    api.post("runs/log-metric", run_id=run_id, key="loss", value=2.0, timestamp=1, step=5)
    assert history(api, run_id) == [5]
    every = delete(api, "metric_steps", run_id=run_id, key="auc", from_step=0, to_step=10)
    assert every["row_count"] == 1
    assert api.ask("POST", DELETIONS, {"kind": "metric", "run_id": run_id, "key": "auc"}).status == 404


def test_a_param_and_a_tag_and_files_are_deleted_individually(api: Api, chosen: Settings) -> None:
    run_id = filled_run(api)

    delete(api, "param", run_id=run_id, key="lr")
    delete(api, "tag", run_id=run_id, key="team")
    folder = delete(api, "artifact", run_id=run_id, path="model")

    assert (folder["file_count"], folder["file_bytes"]) == (1, 1000)
    data = api.get("runs/get", run_id=run_id)["run"]["data"]
    assert "params" not in data
    assert "team" not in {each["key"] for each in data["tags"]}
    assert [each["path"] for each in api.get("artifacts/list", run_id=run_id)["files"]] == ["note.txt"]
    api.post("runs/log-parameter", run_id=run_id, key="lr", value="0.2")
    assert api.ask("POST", DELETIONS, {"kind": "artifact", "run_id": run_id, "path": "model"}).status == 404
    assert api.ask("POST", DELETIONS, {"kind": "artifact", "run_id": run_id, "path": "../x"}).status == 400
    assert stored_bytes(chosen) == 1000


def test_an_experiment_is_deleted_in_portions(api: Api, chosen: Settings) -> None:
    experiment_id = api.new_experiment("old")
    for _ in range(21):
        filled_run(api, experiment_id, steps=5, size=10)
    run_id = api.new_run(experiment_id)
    model = api.post("logged-models", experiment_id=experiment_id, name="m", source_run_id=run_id)["model"]["info"]
    put(api, experiment_id, f"models/{model['model_id']}/artifacts/MLmodel", b"y" * 50)
    kept = filled_run(api)
    named: dict[str, Any] = {"kind": "experiment", "experiment_id": experiment_id}

    shown = preview(api, **named)
    assert (shown["counts"]["runs"], shown["counts"]["logged_models"], shown["confirm"]) == (22, 1, "old")
    assert shown["file_bytes"] == 21 * 20 + 50
    refused = api.ask("POST", DELETIONS, named)
    assert (refused.status, "confirm is ''; it must be 'old'" in refused.json["message"]) == (400, True)
    first = delete(api, **named, confirm="old")
    second = delete(api, **named)

    assert (first["is_done"], second["is_done"]) == (False, True)
    assert (second["file_count"], second["file_bytes"]) == (43, 21 * 20 + 50)
    assert api.ask("GET", f"experiments/get?experiment_id={experiment_id}").status == 404
    assert stored_bytes(chosen) == 2000
    assert api.get("runs/get", run_id=kept)
    assert api.new_experiment("old") != experiment_id


def test_a_version_and_its_model_are_deleted_with_unused_files(api: Api, chosen: Settings) -> None:
    run_id = filled_run(api)
    api.post("registered-models/create", name="churn")
    api.post("model-versions/create", name="churn", source=f"runs:/{run_id}/model", run_id=run_id)
    api.post("registered-models/alias", {"name": "churn", "alias": "champion", "version": "1"})

    shown = preview(api, "model_version", name="churn", version="1")
    assert [each["kind"] for each in shown["obstacles"]] == ["aliased"]
    assert api.ask("POST", DELETIONS, {"kind": "model_version", "name": "churn", "version": "1"}).status == 400
    assert [each["kind"] for each in preview(api, "run", run_id=run_id)["obstacles"]] == ["registered"]
    assert [each["kind"] for each in preview(api, "artifact", run_id=run_id, path="model")["obstacles"]] == [
        "registered"
    ]
    assert api.ask("POST", DELETIONS, {"kind": "run", "run_id": run_id}).status == 400
    assert stored_bytes(chosen) == 2000

    api.ask("DELETE", "registered-models/alias", {"name": "churn", "alias": "champion"})
    api.post("runs/delete", run_id=run_id)
    shown = preview(api, "registered_model", name="churn")
    assert (shown["counts"], shown["file_bytes"]) == ({"versions": 1, "files": 1}, 1000)
    done = delete(api, "registered_model", name="churn", confirm="churn")
    assert (done["file_count"], done["file_bytes"], stored_bytes(chosen)) == (1, 1000, 1000)
    assert delete(api, "run", run_id=run_id)["file_bytes"] == 1000


def test_protected_objects_are_not_deleted(api: Api) -> None:
    experiment_id = api.new_experiment("kept")
    run_id = filled_run(api, experiment_id)
    api.post("runs/set-tag", run_id=run_id, key="trackside.protected", value="paper of May")

    for named in ({"kind": "run"}, {"kind": "metric", "key": "loss"}, {"kind": "artifact", "path": "note.txt"}):
        assert [each["kind"] for each in preview(api, run_id=run_id, **named)["obstacles"]] == ["protected"], named
        refused = api.ask("POST", DELETIONS, {"run_id": run_id, **named})
        assert (refused.status, "trackside.protected" in refused.json["message"]) == (400, True), named
    assert preview(api, "experiment", experiment_id=experiment_id)["obstacles"][0]["kind"] == "protected"

    delete(api, "tag", run_id=run_id, key="trackside.protected")
    assert delete(api, "run", run_id=run_id)["is_done"]


def test_an_outdated_preview_is_refused(api: Api) -> None:
    run_id = filled_run(api)
    shown = preview(api, "run", run_id=run_id)
    api.post("runs/log-metric", run_id=run_id, key="late", value=1.0, timestamp=1)

    refused = api.ask("POST", DELETIONS, {"kind": "run", "run_id": run_id, "token": shown["token"]})

    assert (refused.status, refused.json["error_code"]) == (409, "RESOURCE_CONFLICT")
    assert metric(api, run_id, "late") == 1.0


def test_the_default_experiment_stays(api: Api) -> None:
    assert [each["kind"] for each in preview(api, "experiment", experiment_id="0")["obstacles"]] == ["default"]


def test_an_invalid_target_is_refused_with_the_reason(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"kind": "everything"}, "kind is 'everything'; it must be one of run, experiment,"),
        ({"kind": "run"}, "run_id is missing; a run is named by run_id"),
        ({"kind": "run", "run_id": "r", "key": "k"}, "key is given; a run is named by run_id"),
        ({"kind": "metric_steps", "run_id": "r", "key": "k", "from_step": 5, "to_step": 1}, "from_step is 5"),
        ({"kind": "metric", "run_id": "r", "key": "k" * 1001}, "key has 1001 characters"),
        ({"kind": "model_version", "name": "m", "version": "one"}, "version is 'one'"),
        ({"kind": "experiment", "experiment_id": "x"}, "Invalid experiment ID"),
    ]

    for body, message in cases:
        with subtests.test(body=body):
            for path in (f"{DELETIONS}/preview", DELETIONS):
                refused = api.ask("POST", path, body)
                assert refused.status == 400
                assert message in refused.json["message"]


def test_files_that_the_server_cannot_access_are_named_and_kept(api: Api, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    experiment_id = api.post("experiments/create", name="far", artifact_location=f"file://{elsewhere}")["experiment_id"]
    run_id = api.new_run(experiment_id)

    shown = preview(api, "run", run_id=run_id)
    done = delete(api, "run", run_id=run_id)

    assert str(elsewhere) in shown["kept"][0]
    assert done["is_done"]
    assert str(elsewhere) in done["pending"][0]


def test_the_trash_lists_items_that_can_be_restored_by_age(api: Api) -> None:
    experiment_id, gone = api.new_experiment("kept"), api.new_experiment("gone")
    runs = [api.new_run(experiment_id) for _ in range(3)]
    api.new_run(gone)
    for run_id in runs:
        api.post("runs/delete", run_id=run_id)
    api.post("experiments/delete", experiment_id=gone)

    found, token = [], ""
    while True:
        page = api.get(f"{OURS}/trash", max_results=2, page_token=token)
        found += page["items"]
        token = page.get("next_page_token", "")
        if not token:
            break

    assert {(each["kind"], each["id"]) for each in found} == {*(("run", each) for each in runs), ("experiment", gone)}
    assert [each["deleted_at"] for each in found] == sorted(each["deleted_at"] for each in found)
    assert api.get(f"{OURS}/trash", older_than_days=1).get("items", []) == []
    assert [each["id"] for each in api.get(f"{OURS}/trash", kind="experiment")["items"]] == [gone]
    assert api.ask("GET", f"{OURS}/trash?page_token=x").status == 400


@pytest.mark.both
def test_runs_experiments_and_logged_models_are_restored_from_the_trash(api: Api) -> None:
    experiment_id = api.new_experiment("old")
    run_id = api.new_run()
    model_id = api.post("logged-models", experiment_id="0", name="net")["model"]["info"]["model_id"]
    api.post("runs/delete", run_id=run_id)
    api.post("experiments/delete", experiment_id=experiment_id)
    assert api.ask("DELETE", f"logged-models/{model_id}").status == 200
    found = {(each["kind"], each["id"]) for each in api.get(f"{OURS}/trash")["items"]}

    for kind, item_id in found:
        api.post(f"{OURS}/trash/restore", {"kind": kind, "id": item_id})

    assert found == {("run", run_id), ("experiment", experiment_id), ("logged_model", model_id)}
    assert api.get(f"{OURS}/trash").get("items", []) == []
    assert api.get(f"logged-models/{model_id}")["model"]["info"]["model_id"] == model_id
    assert api.ask("POST", f"{OURS}/trash/restore", {"kind": "run", "id": "f" * 32}).status == 404
    assert api.ask("POST", f"{OURS}/trash/restore", {"kind": "link", "id": "x"}).status == 400
