"""The files of a workspace after its deletion, and after the creation of another one with its name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from support.processes.artifact_server import PROXY, Reply, Server


@pytest.fixture
def served(tmp_path: Path, start: Any) -> Iterator[Server]:
    with start(tmp_path) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def any_served(request: pytest.FixtureRequest, tmp_path: Path, start: Any) -> Iterator[Server]:
    """With a workspace `north`."""
    options = () if request.param == "sqlite" else ("--store", request.getfixturevalue("postgres_store"))
    with start(tmp_path, *options) as server:
        server.call("workspaces", version="3.0", name="north")
        yield server


def put(server: Server, run: Any, workspace: str, body: bytes) -> Reply:
    """As a client does it that read the run's artifact URI."""
    path = run["artifact_uri"].removeprefix("mlflow-artifacts:/")
    return server.ask("PUT", f"{PROXY}/{path}/file", body, workspace=workspace)


def file_of(server: Server, run: Any, workspace: str = "default") -> tuple[int, bytes]:
    query = urlencode({"run_id": run["run_id"], "path": "file"})
    reply = server.ask("GET", f"/get-artifact?{query}", workspace=workspace)
    return reply.status, reply.body if reply.status == 200 else b""


def end(server: Server, name: str, mode: str) -> None:
    assert server.ask("DELETE", f"/api/3.0/mlflow/workspaces/{name}?mode={mode}").status == 204


def run_in_default(server: Server, run: Any) -> Any:
    return server.ask("GET", f"/api/2.0/mlflow/runs/get?run_id={run['run_id']}").json["run"]["info"]


def test_the_default_workspace_serves_the_files_of_a_workspace_that_was_moved_into_it(any_served: Server) -> None:
    served = any_served
    run = served.new_run("north")
    put(served, run, "north", b"before")
    assert file_of(served, run, "north") == (200, b"before")

    end(served, "north", "SET_DEFAULT")

    assert file_of(served, run) == (200, b"before")
    assert put(served, run, "default", b"after").status == 200
    assert file_of(served, run) == (200, b"after")
    experiment = run_in_default(served, run)["experiment_id"]
    later = served.call("runs/create", experiment_id=experiment)["run"]["info"]
    assert put(served, later, "default", b"later").status == 200
    assert file_of(served, later) == (200, b"later")
    listed = served.ask("GET", f"/api/2.0/mlflow/artifacts/list?run_id={later['run_id']}").json
    assert listed["files"] == [{"path": "file", "is_dir": False, "file_size": 5}]


def test_moved_files_are_served_after_a_kill_and_a_restart(tmp_path: Path, start: Any) -> None:
    with start(tmp_path) as served:
        served.call("workspaces", version="3.0", name="north")
        run = served.new_run("north")
        put(served, run, "north", b"before")
        end(served, "north", "SET_DEFAULT")
        served.kill()

    with start(tmp_path) as served:
        assert file_of(served, run) == (200, b"before")


@pytest.mark.parametrize("location", ["mlflow-artifacts:/own", "http://any:1/api/2.0/mlflow-artifacts/artifacts/own"])
def test_a_uri_without_its_workspace_still_refers_to_the_same_file(served: Server, location: str) -> None:
    served.call("workspaces", version="3.0", name="north")
    run = served.new_run("north", name="chosen", artifact_location=location)
    query = urlencode({"run_uuid": run["run_id"], "path": "file"})
    served.ask("POST", f"/ajax-api/2.0/mlflow/upload-artifact?{query}", b"north's", workspace="north")
    served.ask("PUT", f"{PROXY}/own/{run['run_id']}/artifacts/file", b"of the default workspace")

    end(served, "north", "SET_DEFAULT")

    assert file_of(served, run) == (200, b"north's")
    experiment = run_in_default(served, run)["experiment_id"]
    assert served.ask("GET", f"/api/2.0/mlflow/experiments/get?experiment_id={experiment}").json["experiment"][
        "artifact_location"
    ] == location.replace("own", "workspaces/north/own")


@pytest.fixture
def with_roots(tmp_path: Path, start: Any) -> Iterator[Server]:
    with start(tmp_path, "--allowed-artifact-roots", f"{tmp_path}/own,/elsewhere") as server:
        yield server


def test_an_artifact_root_of_a_workspace_is_moved_with_it(with_roots: Server, tmp_path: Path) -> None:
    served, own = with_roots, tmp_path / "own"
    served.call("workspaces", version="3.0", name="north", default_artifact_root=str(own))
    run = served.new_run("north", name="here")
    Path(run["artifact_uri"]).mkdir(parents=True)
    (Path(run["artifact_uri"]) / "file").write_bytes(b"own")
    changed = served.ask(
        "PATCH",
        "/api/3.0/mlflow/workspaces/north",
        b'{"default_artifact_root": "/elsewhere"}',
        content_type="application/json",
    )

    assert changed.status == 200
    assert file_of(served, run, "north") == (200, b"own")
    end(served, "north", "SET_DEFAULT")
    assert file_of(served, run) == (200, b"own")


@pytest.mark.both("each case")
@pytest.mark.parametrize("mode", ["CASCADE", "SET_DEFAULT"])
def test_a_workspace_finds_no_files_of_a_former_one_of_its_name(any_served: Server, mode: str) -> None:
    served = any_served
    former = served.new_run("north")
    put(served, former, "north", b"former")
    end(served, "north", mode)
    served.call("workspaces", version="3.0", name="north")

    run = served.new_run("north")

    path = former["artifact_uri"].removeprefix("mlflow-artifacts:/")
    assert served.ask("GET", f"{PROXY}/{path}/file", workspace="north").status == 400
    short = path.removeprefix("workspaces/north/")
    assert served.ask("GET", f"{PROXY}/{short}/file", workspace="north").status == 404
    assert served.ask("GET", f"{PROXY}?path=", workspace="north").json == {}
    assert put(served, run, "north", b"new").status == 200
    assert file_of(served, run, "north") == (200, b"new")
    assert file_of(served, run)[0] == 404
    assert file_of(served, former) == ((200, b"former") if mode == "SET_DEFAULT" else (404, b""))


def test_names_that_differ_by_case_only_have_folders_that_do_not(any_served: Server) -> None:
    names = ["north", "North", "NORTH"]
    for name in names[1:]:
        any_served.call("workspaces", version="3.0", name=name)

    runs = {name: any_served.new_run(name) for name in names}

    folders = {run["artifact_uri"].split("/")[2].lower() for run in runs.values()}
    assert len(folders) == len(names)
    for name, run in runs.items():
        put(any_served, run, name, name.encode())
        assert file_of(any_served, run, name) == (200, name.encode())
        for other in names:
            if other != name:
                assert put(any_served, run, other, b"x").status == 400
