"""Known defects of `mlflow gc` 3.17 that Trackside does not have.  Numbers are issues of mlflow/mlflow."""

import http.client
import json
import re
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from slices.cleanup.test_command import Said, said
from slices.cleanup.test_deletions import delete, filled_run, preview, put, stored_bytes
from support.client import Api
from support.links import until
from support.people import OURS
from support.processes.servers import Server
from support.stores import s3
from trackside.core.settings import Settings

__all__ = ["said"]


def empty(api: Api) -> None:
    """What `trackside trash purge --older-than 0 --yes` does."""
    for item in api.get(f"{OURS}/trash").get("items", []):
        field = {"run": "run_id", "experiment": "experiment_id", "logged_model": "model_id"}[item["kind"]]
        shown = preview(api, item["kind"], **{field: item["id"]})
        delete(api, item["kind"], **{field: item["id"]}, confirm=shown.get("confirm"))


def test_more_than_a_thousand_files_are_deleted(api: Api, chosen: Settings) -> None:  # #14654
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
    """`mlflow gc` of an experiment removes the row of a logged model, and leaves its files and an empty folder of the run."""
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


def test_a_name_in_the_trash_is_free(api: Api) -> None:
    """In MLflow the name cannot be reused, and the error contains SQL."""
    experiment_id = api.new_experiment("taken")
    api.post("experiments/delete", experiment_id=experiment_id)

    again = api.new_experiment("taken")
    empty(api)

    assert again != experiment_id
    assert api.get("experiments/get-by-name", experiment_name="taken")["experiment"]["experiment_id"] == again
    assert api.ask("GET", f"experiments/get?experiment_id={experiment_id}").status == 404


def test_only_the_trash_is_deleted_and_orphans_are_previewed(api: Api, chosen: Settings) -> None:
    """MLflow has neither a dry run nor sizes."""
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


@pytest.mark.both
def test_a_deleted_run_is_purged_with_all_logged_data(api: Api, chosen: Settings) -> None:  # #13393
    """In MLflow on PostgreSQL, foreign keys of tags, metrics, params or inputs prevent the deletion of the run."""
    experiment_id = api.new_experiment("old")
    run_id = filled_run(api, experiment_id)
    dataset = {"name": "rows", "digest": "d1", "source_type": "local", "source": "/x"}
    api.post("runs/log-inputs", run_id=run_id, datasets=[{"tags": [{"key": "a", "value": "b"}], "dataset": dataset}])
    model = api.post("logged-models", experiment_id=experiment_id, name="net", source_run_id=run_id)["model"]["info"]
    api.post("runs/outputs", run_id=run_id, models=[{"model_id": model["model_id"], "step": 1}])
    api.post("experiments/delete", experiment_id=experiment_id)

    empty(api)

    assert api.ask("GET", f"runs/get?run_id={run_id}").status == 404
    assert api.ask("GET", f"experiments/get?experiment_id={experiment_id}").status == 404
    assert stored_bytes(chosen) == 0


def test_a_deletion_completes_after_its_caller_has_disconnected(server: Server) -> None:  # #12005
    """MLflow deletes the files of a run in one HTTP call.  A call that exceeds the timeout is repeated and fails with 500, and
    the run stays.  In Trackside a job deletes, and an interrupted call can be repeated."""
    api, run_id, other = server.api, filled_run(server.api), filled_run(server.api)
    for each in (run_id, other):
        folder = next((server.data / "artifacts").rglob(f"*{each}*/**/note.txt")).parent / "many"
        folder.mkdir()
        for number in range(500):
            (folder / f"{number}.txt").write_bytes(b"x")

    queued = api.ask("POST", f"{OURS}/jobs", {"kind": "delete", "params": {"kind": "run", "run_id": run_id}})
    assert queued.status == 201  # before the files are looked at: no caller waits for them
    leave(server, f"{OURS}/deletions", {"kind": "run", "run_id": other})

    until(lambda: api.ask("GET", f"runs/get?run_id={run_id}").status == 404, "the job to delete the run")
    again = {"kind": "run", "run_id": other}
    until(lambda: api.ask("POST", f"{OURS}/deletions", again).status == 404, "the deletion to end")
    assert api.ask("GET", f"runs/get?run_id={other}").status == 404
    assert [path for path in (server.data / "artifacts").glob("[!.]*/**/*") if path.is_file()] == []


def leave(server: Server, path: str, body: dict[str, Any]) -> None:
    """Send a call and close the connection without waiting for its answer."""
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port)
    connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
    connection.close()


@pytest.mark.parametrize("uri", ["", "file:///nowhere", "http://127.0.0.1:1"])
def test_served_files_in_a_folder_are_deleted_with_any_tracking_uri_of_the_shell(
    server: Server, said: Said, monkeypatch: pytest.MonkeyPatch, uri: str
) -> None:  # #5852, #13188
    """In MLflow the command opens the proxy's URIs itself by the tracking URI of the shell, and fails without the right one."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri) if uri else monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    run_id = filled_run(server.api)
    server.api.post("runs/delete", run_id=run_id)

    code, out, _ = said("trash", "purge", "--older-than", "0", "--yes")

    assert (code, "deleted 1 item: freed 2.0 KiB of files" in out) == (0, True)
    assert [path for path in (server.data / "artifacts").glob("[!.]*/**/*") if path.is_file()] == []


@pytest.mark.slow
def test_served_files_in_a_bucket_are_deleted_and_a_refusal_of_the_bucket_keeps_rows(
    start: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:  # #7558
    """`mlflow gc` deletes no file of a served bucket.  Trackside reports a bucket that refuses, keeps the rows, and the next call
    completes the deletion."""
    url = request.getfixturevalue("postgres_url")
    with s3.served() as options, closing(s3.Gate(options["endpoint"])) as gate:
        for name, value in {**options, "endpoint": gate.endpoint, "allow_http": "true"}.items():
            monkeypatch.setenv(f"AWS_{name.upper()}", value)
        bucket = f"{options['endpoint']}/artifacts"
        api = start("--store", url, "--artifacts", "s3://artifacts").api
        run_id = filled_run(api)
        api.post("runs/delete", run_id=run_id)
        gate.is_shut = True

        refused = api.ask("POST", f"{OURS}/deletions", {"kind": "run", "run_id": run_id})
        kept = api.run(run_id)["info"]["lifecycle_stage"]
        listed = _keys(bucket, run_id)
        gate.is_shut = False
        done = delete(api, "run", run_id=run_id)

        assert refused.status in (403, 503), refused.json
        assert "delete" in refused.json["message"]
        assert (kept, len(listed)) == ("deleted", 2)
        assert (done["is_done"], done["file_count"], done["file_bytes"], _keys(bucket, run_id)) == (True, 2, 2000, [])


def _keys(bucket: str, run_id: str) -> list[str]:
    """The keys of a run's files.  The bucket has files of other tests of the process too."""
    with urllib.request.urlopen(f"{bucket}?list-type=2&prefix=0/{run_id}/") as answer:
        return re.findall(r"<Key>([^<]+)</Key>", answer.read().decode())
