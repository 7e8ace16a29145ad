"""Push links between workspaces of two servers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.client import Api
from support.clocks import Clock
from support.links import add, all_runs, check, everything, get_file, link, log, put_file, settle, until, url_of
from support.processes.servers import Server

LINK = "mirror"


def test_a_run_is_pushed_with_everything_that_was_logged(any_server: Server) -> None:
    server = any_server
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    add(here, LINK, url_of(server, "south"))
    experiment = here.new_experiment("/people/ann/iris")
    parent = here.new_run(experiment, run_name="parent", start_time=1_700_000_000_000, user_id="ann")
    run = here.new_run(experiment, start_time=1_700_000_000_001, tags=[{"key": "mlflow.parentRunId", "value": parent}])
    points = [{"key": "loss", "value": 1 / (i + 1), "timestamp": 1_700_000_000_000 + i, "step": i} for i in range(900)]
    odd = [
        {"key": "odd", "value": v, "timestamp": 5, "step": i} for i, v in enumerate(("NaN", "Infinity", "-Infinity"))
    ]
    here.post("runs/log-batch", run_id=run, metrics=points, params=[{"key": "depth", "value": "3"}])
    here.post("runs/log-batch", run_id=run, metrics=odd, tags=[{"key": "mlflow.note.content", "value": "a *note*"}])
    dataset = {"name": "iris", "digest": "d1", "source_type": "http", "source": "{}", "schema": "s"}
    here.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset, "tags": [{"key": "k", "value": "v"}]}])
    put_file(here, run, "model/weights.bin", b"\x00\x01" * 100_000)
    put_file(here, run, "ü b.txt", b"")
    here.post("runs/update", run_id=run, status="FAILED", end_time=1_700_000_009_000)

    settle(here, LINK)

    assert everything(there, run) == everything(here, run)
    assert everything(there, parent) == everything(here, parent)
    assert get_file(there, run, "model/weights.bin") == b"\x00\x01" * 100_000
    assert get_file(there, run, "ü b.txt") == b""
    assert check(here, LINK) == []
    assert log(here, LINK) == []


def test_later_changes_are_pushed_and_points_are_sent_once(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    add(here, LINK, url_of(server, "south"))
    run = here.new_run(tags=[{"key": "old", "value": "1"}])
    total = 0
    for part in range(5):
        batch = [{"key": "m", "value": i, "timestamp": i, "step": i} for i in range(part * 700, part * 700 + 700)]
        here.post("runs/log-batch", run_id=run, metrics=batch[:350])
        settle(here, LINK)
        here.post("runs/log-batch", run_id=run, metrics=batch[350:])
        for point in range(20):
            here.post("runs/log-metric", run_id=run, key="slow", value=point, timestamp=part * 20 + point, step=0)
        total += 720
        settle(here, LINK)
    here.post("runs/delete-tag", run_id=run, key="old")
    here.post("runs/update", run_id=run, run_name="renamed")
    settle(here, LINK)

    assert everything(there, run) == everything(here, run)
    assert link(here, LINK)["sent_points"] == total


def test_deletions_restorations_and_renames_are_pushed(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    add(here, LINK, url_of(server, "south"))
    experiment = here.new_experiment("a/x", tags=[{"key": "team", "value": "blue"}])
    kept, gone = here.new_run(experiment), here.new_run(experiment)
    here.post("runs/delete", run_id=gone)
    here.post("experiments/update", experiment_id=experiment, new_name="b/x")
    settle(here, LINK)
    mirrored = there.get("experiments/get-by-name", experiment_name="b/x")["experiment"]
    stages = (there.run(kept)["info"]["lifecycle_stage"], there.run(gone)["info"]["lifecycle_stage"])

    here.post("experiments/delete", experiment_id=experiment)
    late = here.run(kept)["info"]["lifecycle_stage"]
    settle(here, LINK)
    deleted = there.get("experiments/get", experiment_id=mirrored["experiment_id"])["experiment"]
    here.post("experiments/restore", experiment_id=experiment)
    settle(here, LINK)

    assert stages == ("active", "deleted")
    assert mirrored["tags"] == [{"key": "team", "value": "blue"}]
    assert late == "deleted"
    assert deleted["lifecycle_stage"] == "deleted"
    assert there.run(kept)["info"]["lifecycle_stage"] == here.run(kept)["info"]["lifecycle_stage"] == "active"
    assert check(here, LINK) == []


@pytest.mark.slow
def test_the_default_experiment_is_deleted_and_restored_like_any_other(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    add(here, LINK, url_of(server, "south"))
    settle(here, LINK)
    own = [api.get("experiments/get-by-name", experiment_name="Default")["experiment"] for api in (here, there)]
    ids = [each["experiment_id"] for each in own]

    here.post("experiments/delete", experiment_id=ids[0])
    settle(here, LINK)
    deleted = there.get("experiments/get", experiment_id=ids[1])["experiment"]["lifecycle_stage"]
    here.post("experiments/restore", experiment_id=ids[0])
    settle(here, LINK)

    assert deleted == "deleted"
    assert there.get("experiments/get", experiment_id=ids[1])["experiment"]["lifecycle_stage"] == "active"
    assert check(here, LINK) == []


@pytest.mark.slow
def test_times_of_experiments_and_logged_models_are_kept(start: Callable[..., Server], tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    server = start(clock=clock)
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    experiment = here.new_experiment("timed")
    model = here.post("logged-models", experiment_id=experiment, name="m")["model"]["info"]["model_id"]
    add(here, LINK, url_of(server, "south"), mode="both")
    settle(here, LINK)

    def times(api: Api) -> Any:
        found = api.get("experiments/get-by-name", experiment_name="timed")["experiment"]
        info = api.get(f"logged-models/{model}")["model"]["info"]
        return (
            *(found["creation_time"], found["last_update_time"]),
            *(info["creation_timestamp_ms"], info["last_updated_timestamp_ms"]),
        )

    first = times(here)
    arrived = times(there)
    clock.move(1000)
    here.post("experiments/set-experiment-tag", experiment_id=experiment, key="k", value="v")
    here.ask("PATCH", f"/api/2.0/mlflow/logged-models/{model}", {"status": "LOGGED_MODEL_READY"})
    settle(here, LINK)

    assert arrived == first
    until(lambda: times(there) == times(here) != first, "both sides to have the new times")
    assert log(here, LINK) == []


def test_excluded_experiments_are_not_copied(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    add(here, LINK, url_of(server, "south"), experiments=["/prod/*"], exclude=["*/secret"])
    for name in ("/prod/a", "/prod/secret", "/dev/a"):
        here.new_run(here.new_experiment(name))

    settle(here, LINK)

    assert len(all_runs(there)) == 1
    assert check(here, LINK) == []


def test_nothing_is_lost_while_the_other_side_is_down(start: Callable[..., Server], tmp_path: Any) -> None:
    near, far = start("--durability", "relaxed"), start("--durability", "relaxed")
    here = near.api
    add(here, LINK, far.url)
    before = here.new_run()
    settle(here, LINK)
    port = far.port
    far.kill9()

    run = here.new_run()
    for i in range(100):
        here.post("runs/log-metric", run_id=run, key="m", value=i, timestamp=i, step=i)
    until(lambda: link(here, LINK).get("last_error") is not None, "the error to be shown")
    lag = link(here, LINK)["lag_items"]
    near.kill9()
    near.start()
    far.options = (*far.options, "--port", str(port))
    far.start()
    here = near.api
    settle(here, LINK)

    assert lag >= 1
    assert everything(far.api, run) == everything(here, run)
    assert len(all_runs(far.api)) == len(all_runs(here)) == 2
    assert far.api.run(before)
    assert check(here, LINK) == []
