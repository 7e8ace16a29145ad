"""What `mlflow gc` of 3.17 does wrong, and its issues tell: not here.  Numbers are those of issues of mlflow/mlflow."""

from pathlib import Path

import pytest

from slices.cleanup.test_deletions import delete, filled_run, preview, put, stored_bytes
from support.client import Api
from support.people import OURS
from trackside.core.settings import Settings


def empty(api: Api) -> None:
    """What `trackside trash purge --older-than 0 --yes` does."""
    for item in api.get(f"{OURS}/trash").get("items", []):
        field = {"run": "run_id", "experiment": "experiment_id", "logged_model": "model_id"}[item["kind"]]
        shown = preview(api, item["kind"], **{field: item["id"]})
        delete(api, item["kind"], **{field: item["id"]}, confirm=shown.get("confirm"))


def test_more_than_a_thousand_files_go(api: Api, chosen: Settings) -> None:  # #14654
    run_id = filled_run(api)
    folder = next(path for path in (chosen.data / "artifacts").rglob("note.txt")).parent / "many"
    folder.mkdir()
    for number in range(1200):
        (folder / f"{number}.txt").write_bytes(b"x")

    done = delete(api, "run", run_id=run_id, confirm=preview(api, "run", run_id=run_id).get("confirm"))

    assert (done["file_count"], stored_bytes(chosen)) == (1202, 0)


def test_a_missing_file_or_folder_stops_nothing(api: Api, chosen: Settings) -> None:  # #15461, #19467
    lost, whole = filled_run(api), filled_run(api)
    for path in (chosen.data / "artifacts").rglob("*"):
        if path.is_file() and lost in str(path):
            path.unlink()
    for run_id in (lost, whole):
        api.post("runs/delete", run_id=run_id)

    empty(api)

    assert api.get(f"{OURS}/trash").get("items", []) == []
    assert stored_bytes(chosen) == 0


def test_an_experiment_takes_the_files_of_its_logged_models_and_their_folders(api: Api, chosen: Settings) -> None:
    """There `gc` of an experiment removes the row of a logged model, and leaves its files and an empty folder of the run."""
    experiment_id = api.new_experiment("old")
    run_id = filled_run(api, experiment_id)
    made = api.post("logged-models", experiment_id=experiment_id, name="net", source_run_id=run_id)["model"]["info"]
    path = made["artifact_uri"].removeprefix("mlflow-artifacts:/")
    assert (
        api.transport.send("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}/MLmodel", {}, b"x" * 100).status == 200
    )
    api.post("experiments/delete", experiment_id=experiment_id)

    empty(api)

    assert stored_bytes(chosen) == 0
    left = [each for each in (chosen.data / "artifacts").rglob(f"*{run_id}*") if each.exists()]
    assert left == []
    assert api.ask("GET", f"logged-models/{made['model_id']}").status == 404


def test_a_run_whose_model_is_registered_stays(api: Api) -> None:  # #3160, #3175
    run_id = filled_run(api)
    api.post("registered-models/create", name="churn")
    source = f"{api.run(run_id)['info']['artifact_uri']}/model"
    api.post("model-versions/create", name="churn", source=source, run_id=run_id)
    api.post("runs/delete", run_id=run_id)

    shown = preview(api, "run", run_id=run_id)

    assert [each["kind"] for each in shown["obstacles"]] == ["registered"]
    assert api.ask("POST", f"{OURS}/deletions", {"kind": "run", "run_id": run_id}).status == 400


@pytest.mark.both
def test_a_name_in_the_trash_is_free(api: Api) -> None:
    """There it cannot be used again, and the error shows SQL."""
    experiment_id = api.new_experiment("taken")
    api.post("experiments/delete", experiment_id=experiment_id)

    again = api.new_experiment("taken")
    empty(api)

    assert again != experiment_id
    assert api.get("experiments/get-by-name", experiment_name="taken")["experiment"]["experiment_id"] == again
    assert api.ask("GET", f"experiments/get?experiment_id={experiment_id}").status == 404


def test_what_is_active_is_not_touched_and_what_is_linked_to_nothing_is_told_before(api: Api, chosen: Settings) -> None:
    """There is no dry run and no size there; here both are, and nothing but the trash goes."""
    kept, gone = filled_run(api), filled_run(api)
    api.post("runs/delete", run_id=gone)
    before = stored_bytes(chosen)

    shown = preview(api, "run", run_id=gone)
    assert stored_bytes(chosen) == before
    empty(api)

    assert before - stored_bytes(chosen) == shown["file_bytes"] == 2000
    assert api.run(kept)["info"]["lifecycle_stage"] == "active"


def test_one_file_of_a_run_is_deleted_over_http(api: Api, chosen: Settings) -> None:  # #13368
    run_id = filled_run(api)
    put(api, "0", f"{run_id}/artifacts/extra.bin", b"x" * 10)

    done = delete(api, "artifact", run_id=run_id, path="extra.bin")

    assert (done["file_count"], done["file_bytes"]) == (1, 10)
    assert not list(Path(chosen.data, "artifacts").rglob("extra.bin"))
